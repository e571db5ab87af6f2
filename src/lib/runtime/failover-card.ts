import { readCard, writeCard } from '../adapters/host/cards.ts'
import { EXIT, errorData, nyahError } from '../core/errors.ts'
import type { Emit } from '../core/events.ts'
import type { JsonObject } from '../core/json.ts'
import type { Card } from '../failover/card.ts'
import type { Which } from '../failover/model.ts'
import type { Scene } from '../engine/operation.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dns } from '../ports/dns.ts'
import { age, count } from '../render/words.ts'
import type { CardPlace, Opened } from './open.ts'

export type CardRead =
  | { readonly state: 'absent' }
  | { readonly state: 'unusable'; readonly why: string }
  | { readonly state: 'ready'; readonly card: Card }

/** What stands there. Never throws. */
export async function cardAt({ path }: CardPlace): Promise<CardRead> {
  const file = readCard(path)
  if (file.state !== 'sealed') return file
  const { cardIn } = await import('../failover/card-shape.ts')
  const card = cardIn(file.data)
  return 'why' in card ? { state: 'unusable', why: card.why } : { state: 'ready', card }
}

/** Throws CARD_UNWRITABLE (3). */
export const saveCard = ({ path, given }: CardPlace, card: Card): void =>
  writeCard(path, card as unknown as JsonObject, !given)

/** A card that is kept true to what this run does. */
export interface Keeper {
  readonly card: () => Card
  /** The same, and each batch that Route 53 takes is written onto the card. */
  readonly keeping: (dns: Dns) => Dns
}

type Cards = typeof import('../failover/card.ts')

/** @param emit says once that the card could not be written */
function keeperOf(first: Card, place: CardPlace, cards: Cards, clock: Clock, emit: Emit): Keeper {
  let card = first
  let isWritable = true
  const keep = (next: Card): void => {
    card = next
    if (!isWritable) return
    try {
      saveCard(place, next)
    } catch (error) {
      isWritable = false
      const { code, message } = errorData(error)
      emit('note', null, { code, message: `${message}; it no longer says what stands in the zone` })
    }
  }
  const now = (): string => new Date(clock.now()).toISOString()
  return {
    card: () => card,
    keeping: (dns) => ({
      ...dns,
      async change(zoneId, changes, comment) {
        const id = await dns.change(zoneId, changes, comment)
        keep(cards.afterBatch(card, zoneId, changes, now()))
        return id
      },
      async recordsOf(zoneId, names, signal) {
        const records = await dns.recordsOf(zoneId, names, signal)
        keep(cards.afterReading(card, zoneId, records, now()))
        return records
      },
    }),
  }
}

/** `dns`, and where this context has a card, that is kept true to what is done. */
export async function keepingCard(dns: Dns, { card: place }: Opened, clock: Clock, emit: Emit): Promise<Dns> {
  const read = await cardAt(place)
  if (read.state !== 'ready') return dns
  return keeperOf(read.card, place, await import('../failover/card.ts'), clock, emit).keeping(dns)
}

/** The card that a failover goes by; null: there is none, or it cannot be used, and why is said. */
export async function chosenCard(
  { card: place, name: context }: Pick<Opened, 'card' | 'name'>,
  which: Which,
  { clock, emit }: Pick<Scene, 'clock' | 'emit'>,
): Promise<Keeper | null> {
  if (!place.used) return null
  const read = await cardAt(place)
  const say = (note: { readonly code: string; readonly message: string }): null => {
    emit('note', null, note)
    return null
  }
  if (read.state === 'absent')
    return place.given ? say({ code: 'CARD_UNUSABLE', message: `there is no card ${place.path}: ${INSTEAD}` }) : null
  if (read.state === 'unusable')
    return say({ code: 'CARD_UNUSABLE', message: `the card ${place.path} cannot be used: ${read.why}; ${INSTEAD}` })
  const { card } = read
  const cards = await import('../failover/card.ts')
  if (!cards.serves(card, which))
    return say({
      code: 'CARD_NOT_COVERING',
      message: `the card (${count(card.names.length, 'name')}) does not have all that is asked for: ${INSTEAD}; afterwards: nyah failover arm --all`,
    })
  const old = cards.cardAge(card, clock.now())
  const whose = card.context === context ? 'the card' : `a card of the context ${card.context}`
  say({
    code: 'CARD_USED',
    message: `${count(card.names.length, 'name')} on ${whose}, ${age(old)} old: Route 53 is asked for no list`,
  })
  if (old > cards.OLD_CARD_MS)
    say({
      code: 'CARD_OLD',
      message: `the card is ${age(old)} old: names that came since are not on it; afterwards: nyah failover arm --all`,
    })
  return keeperOf(card, place, cards, clock, emit)
}

const INSTEAD = 'the zone is read instead'

/**
 * Are these credentials of the account that the card was written for? False: they are not, which is said; a card that was
 * named by hand throws CARD_OTHER_ACCOUNT (6). Where STS does not answer in time, nobody knows, and nothing is lost: the
 * zones of another account cannot be changed.
 */
export async function isOwnAccount(
  { account: wanted }: Card,
  { card: { path, given }, account }: Pick<Opened, 'card' | 'account'>,
  { clock, emit, signal }: Scene,
): Promise<boolean> {
  const known = await soon(account(signal), clock, signal, ACCOUNT_MS)
  if (known === null || known === wanted) return true
  const message = `the card ${path} is of account ${wanted}, and these credentials are of ${known}`
  if (!given) {
    emit('note', null, { code: 'CARD_OTHER_ACCOUNT', message: `${message}: ${INSTEAD}` })
    return false
  }
  throw nyahError({
    code: 'CARD_OTHER_ACCOUNT',
    message: `${message}: nothing was done`,
    exit: EXIT.refused,
    tries: ['use the credentials of that account', 'leave out --card: the zone is read then'],
  })
}

/** How long a failover waits to hear whose credentials it has. */
const ACCOUNT_MS = 2_500

/** Null: nobody said in time. */
export async function soon<T>(
  asked: Promise<T>,
  clock: Clock,
  signal: AbortSignal,
  atMostMs: number,
): Promise<T | null> {
  const enough = new AbortController()
  const late = clock.sleep(atMostMs, AbortSignal.any([signal, enough.signal])).then(
    () => null,
    () => null,
  )
  try {
    return await Promise.race([asked.catch(() => null), late])
  } finally {
    enough.abort()
  }
}
