import { EXIT, nyahError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { ObservedName } from '../dns/model.ts'
import type { Way } from '../failover/model.ts'
import type { CardDrift } from '../failover/card.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { age, count } from '../render/words.ts'
import { cardAt, type CardRead } from './failover-card.ts'
import { configuredSwitch } from './failover-ways.ts'
import { readNames } from './names-read.ts'
import { unknown, type Look } from './doctor-check.ts'
import type { CardPlace, Opened } from './open.ts'
import type { Clock } from '../ports/clock.ts'
import type { SwitchPlace } from '../ports/switch.ts'

/** What is there for the worst day. */
export interface Armed {
  readonly armed: boolean
  /** For people: `3 names on a card, 2 h old, as the zone has them`. */
  readonly text: string
  readonly document: JsonObject
}

/** Looks at the card; `names`: all that nyah owns now, null where that is not known. */
export async function armedOf(place: CardPlace, names: readonly ObservedName[] | null, now: number): Promise<Armed> {
  const read = await cardAt(place)
  const at = { path: place.path }
  if (read.state === 'absent')
    return {
      armed: false,
      text: 'Not armed: a failover has to read the zone first. To write a card: nyah failover arm --all',
      document: { state: 'absent', ...at },
    }
  if (read.state === 'unusable')
    return {
      armed: false,
      text: `Not armed: the card ${escapeText(place.path)} cannot be used: ${escapeLong(read.why, 200)}. Write it anew: nyah failover arm --all`,
      document: { state: 'unusable', ...at, why: read.why },
    }
  const { cardAge, driftOf } = await import('../failover/card.ts')
  const { card } = read
  const drift = names === null ? null : driftOf(card, names)
  const ageMs = cardAge(card, now)
  const scope = card.covers === 'all' ? '' : ' (not all that nyah owns)'
  return {
    armed: true,
    text: `Armed: ${count(card.names.length, 'name')} on a card${scope}, ${age(ageMs)} old${drift === null ? '' : `; ${driftText(drift)}`}.`,
    document: {
      state: 'ready',
      ...at,
      at: card.at,
      ageSeconds: Math.round(ageMs / 1000),
      context: card.context,
      account: card.account,
      covers: card.covers,
      names: card.names.length,
      drift: drift === null ? null : { ...drift },
    },
  }
}

/** A line for each switch: does it move users now? */
export const wayLines = (ways: readonly Way[], configured: SwitchPlace | null): readonly string[] =>
  ways.map(({ place, names, engaged }) => {
    const where = `${switchText(place)} in ${place.region}`
    const some = names.length === 0 ? 'nobody follows it: nyah failover arm --all' : followText(names)
    const follow = isNamed(place, configured) ? some : `${some}; ${UNNAMED}: nyah failover arm --all takes them off`
    if (engaged === null) return `Switch ${where}: whether it is engaged is not known; ${follow}.`
    return engaged
      ? `Switch ${where}: ENGAGED, so the users of all that follow it are on AWS, whatever the weights say; ${follow}. To let go: nyah failover end --all`
      : `Switch ${where}: not engaged; ${follow}.`
  })

const switchText = ({ bucket, key }: SwitchPlace): string => `s3://${bucket}/${key}`

const followText = (names: readonly string[]): string =>
  `${count(names.length, 'name')} ${names.length === 1 ? 'follows' : 'follow'} it`

const isNamed = (place: SwitchPlace, configured: SwitchPlace | null): boolean =>
  configured !== null && switchText(place) === switchText(configured) && place.region === configured.region

const UNNAMED = 'the configuration does not name it'

const NO_SWITCH = 'none: while Route 53’s API is down nobody can be moved'

/** How long reading whom a switch moves may take where nobody is in a hurry. */
const SWITCH_MS = 20_000

/** `nyah doctor`: does what follows a switch follow the one that is configured? */
export const switchLook =
  (opened: Opened, clock: Clock, signal: AbortSignal): Look =>
  async () => {
    const configured = configuredSwitch(opened)
    // Whoever armed names has a card: where there is none, nobody has to be able to read Route 53.
    if (configured === null && (await cardAt(opened.card)).state === 'absent') return NO_SWITCH
    const { names, unread } = await readNames(opened, { names: null, healthMs: SWITCH_MS }, { clock, signal })
    const [error] = unread
    if (error !== undefined) return unknown(`who follows one could not be read (${error.code})`)
    const { switchesOf } = await import('../dns/plan-armed.ts')
    const found = switchesOf(names)
    const left = found.filter(({ place }) => !isNamed(place, configured))
    if (left.length > 0)
      throw nyahError({
        code: 'SWITCH_NOT_CONFIGURED',
        message: left
          .map(({ place, names: its }) => `${followText(its).replace(' it', '')} ${switchText(place)}, and ${UNNAMED}`)
          .join('; '),
        exit: EXIT.configuration,
        tries: ['nyah failover arm --all', 'write it into failover.switch again, if it was meant to stay'],
      })
    if (configured === null) return NO_SWITCH
    const [its] = found
    if (its === undefined) return `${switchText(configured)}: nobody follows it; nyah failover arm --all`
    return `${switchText(configured)}: ${followText(its.names)}`
  }

const isTrue = ({ stale, gone, missing }: CardDrift): boolean => stale.length + gone.length + missing.length === 0

function driftText(drift: CardDrift): string {
  if (isTrue(drift)) return 'as the zone has them'
  const some = (what: string, names: readonly string[]): readonly string[] =>
    names.length === 0
      ? []
      : [
          `${what} ${escapeLong(names.slice(0, 5).join(', '), 300)}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`,
        ]
  const parts = [
    ...some('moved since:', drift.stale),
    ...some('no longer nyah’s:', drift.gone),
    ...some('not on it:', drift.missing),
  ]
  return `${parts.join('; ')}: nyah failover arm --all`
}

/** `nyah doctor`: does the card say what the zone says? */
export const cardLook =
  (opened: Opened, clock: Clock, signal: AbortSignal): Look =>
  async () => {
    const read: CardRead = await cardAt(opened.card)
    if (read.state === 'absent') return 'none: a failover reads the zone first; nyah failover arm --all writes one'
    if (read.state === 'unusable')
      throw nyahError({
        code: 'CARD_UNUSABLE',
        message: `the card ${opened.card.path} cannot be used: ${read.why}`,
        exit: EXIT.configuration,
        tries: ['nyah failover arm --all'],
      })
    const { cardAge, driftOf } = await import('../failover/card.ts')
    const { names, unread } = await readNames(opened, { names: null, healthMs: 1 }, { clock, signal })
    const [error] = unread
    if (error !== undefined) throw nyahError(error)
    const drift = driftOf(read.card, names)
    const what = `${count(read.card.names.length, 'name')}, ${age(cardAge(read.card, clock.now()))} old`
    if (isTrue(drift)) return `${what}, as the zone has them`
    throw nyahError({
      code: 'CARD_STALE',
      message: `${what}; ${driftText(drift).replace(/: nyah failover arm --all$/, '')}`,
      exit: EXIT.configuration,
      tries: ['nyah failover arm --all'],
    })
  }
