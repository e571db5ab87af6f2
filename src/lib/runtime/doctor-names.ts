import { EXIT, errorData, nyahError } from '../core/errors.ts'
import type { ActedOn, Permissions } from '../ports/permissions.ts'
import type { Clock } from '../ports/clock.ts'
import type { RecordSet } from '../ports/dns.ts'
import { count } from '../render/words.ts'
import { unknown, type Look } from './doctor-check.ts'
import { cardAt } from './failover-card.ts'
import { configuredSwitch } from './failover-ways.ts'
import { readNames } from './names-read.ts'
import type { Opened } from './open.ts'

/** What names, a failover and the switch call in AWS (docs/aws.md), asked of the zones and the object that they act on. */

/** Where nyah's names are. */
interface Place {
  readonly zoneId: string
  readonly zoneName: string
  /** Of the records that nyah changes there, as far as they are known. */
  readonly names: readonly string[]
}

interface Purpose {
  readonly name: string
  /** On anything, and on each zone. */
  readonly actions: readonly string[]
  readonly zoneActions: readonly string[]
}

const route53 = (...names: readonly string[]): readonly string[] => names.map((name) => `route53:${name}`)
const CHANGE = route53('ChangeResourceRecordSets')

/** In the order in which an operator gives them out: the smallest first. */
export const NAMES_PURPOSES: readonly Purpose[] = [
  {
    name: 'may look at names',
    actions: route53('ListHostedZones', 'ListHealthChecks', 'ListTagsForResources', 'GetHealthCheckStatus'),
    zoneActions: route53('ListResourceRecordSets', 'ListResourceRecordSetProtections', 'GetHostedZone'),
  },
  {
    name: 'may fail over',
    actions: route53('ListHostedZones'),
    zoneActions: [...route53('ListResourceRecordSets'), ...CHANGE],
  },
  {
    name: 'may change names',
    actions: [
      ...route53('CreateHealthCheck', 'UpdateHealthCheck', 'DeleteHealthCheck', 'ChangeTagsForResource', 'GetChange'),
    ],
    zoneActions: CHANGE,
  },
]

const SWITCH = 'may engage the switch'
const SWITCH_ACTIONS = ['s3:PutObject', 's3:DeleteObject', 's3:GetObject']

/** A look through more zones than these, at 4 requests a second, is no matter of a doctor's. */
const ZONES_LOOKED_THROUGH = 20
const CHANGED_TYPES = ['A', 'AAAA', 'TXT']

/** What is asked at once: these actions, of this thing; null: of anything. */
interface Question {
  readonly actions: readonly string[]
  readonly on: ActedOn | null
  /** For people. */
  readonly of: string
}

/** One check per purpose. IAM is asked only where nyah has, or is to have, names. */
export function namesLooks(
  opened: Opened,
  who: () => Promise<string>,
  clock: Clock,
  signal: AbortSignal,
): readonly (readonly [name: string, look: Look])[] {
  let found: ReturnType<typeof placesOf> | null = null
  const judge = async (questions: (partition: string) => readonly Question[]): ReturnType<Look> => {
    const [arn, permissions] = [await who(), await opened.permissions()]
    return verdict(permissions, questions(partitionOf(arn)), arn, signal)
  }
  const place = configuredSwitch(opened)
  return [
    ...NAMES_PURPOSES.map(({ name, actions, zoneActions }): readonly [string, Look] => [
      name,
      async () => {
        const places = await (found ??= placesOf(opened, clock, signal))
        if ('why' in places) return places.isKnown ? places.why : unknown(places.why)
        return judge((partition) => [
          { actions, on: null, of: '' },
          ...places.zones.map((one) => ({ actions: zoneActions, ...zoneOf(partition, one) })),
        ])
      },
    ]),
    ...(place === null
      ? []
      : [
          [
            SWITCH,
            () =>
              judge((partition) => [
                {
                  actions: SWITCH_ACTIONS,
                  on: { resource: `arn:${partition}:s3:::${place.bucket}/${place.key}` },
                  of: ` on s3://${place.bucket}/${place.key}`,
                },
              ]),
          ] as const,
        ]),
  ]
}

const partitionOf = (arn: string): string => /^arn:([a-z-]+):/.exec(arn)?.[1] ?? 'aws'

const zoneOf = (partition: string, { zoneId, zoneName, names }: Place): Pick<Question, 'on' | 'of'> => ({
  on: {
    resource: `arn:${partition}:route53:::hostedzone/${zoneId}`,
    batch: { names, types: names.length === 0 ? [] : CHANGED_TYPES },
  },
  of: ` on zone ${zoneName} (${zoneId})`,
})

/** Zones of the configuration and of the card; without either, those in which something of nyah's stands. */
async function placesOf(
  opened: Opened,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly zones: readonly Place[] } | { readonly why: string; readonly isKnown: boolean }> {
  const configured = Object.entries(opened.context.dns?.zones ?? {})
  const card = await cardAt(opened.card)
  const carded = card.state === 'ready' ? card.card.names : []
  if (configured.length + carded.length > 0)
    return {
      zones: gathered([
        ...configured.map(([zoneName, zoneId]) => ({ zoneId, zoneName, names: [] })),
        ...carded.map(({ zone, records }) => ({ zoneId: zone.id, zoneName: zone.name, names: changedIn(records) })),
      ]),
    }
  const none = 'not asked: no dns.zones, no card'
  try {
    const amount = (await (await opened.names()).zones(signal)).length
    if (amount > ZONES_LOOKED_THROUGH)
      return {
        why: `${none}, and ${amount} zones are many to look through: name those of nyah in dns.zones`,
        isKnown: false,
      }
    const [{ names, unread }, { ownedSets }] = await Promise.all([
      readNames(opened, { names: null, healthMs: 0 }, { clock, signal }),
      import('../dns/set.ts'),
    ])
    const [error] = unread
    if (error !== undefined) throw nyahError(error)
    const owned = names.filter((seen) => ownedSets(seen).length > 0)
    if (owned.length === 0) return { why: `not asked: no name in ${count(amount, 'zone')} is nyah's`, isKnown: true }
    return {
      zones: gathered(
        owned.map(({ zone, records }) => ({ zoneId: zone.id, zoneName: zone.name, names: changedIn(records) })),
      ),
    }
  } catch (error) {
    signal.throwIfAborted()
    return { why: `${none}, and Route 53 cannot be read (${errorData(error).code})`, isKnown: false }
  }
}

const changedIn = (records: readonly RecordSet[]): readonly string[] => [
  ...new Set(records.filter(({ type }) => CHANGED_TYPES.includes(type)).map(({ name }) => name)),
]

const gathered = (all: readonly Place[]): readonly Place[] =>
  [...new Set(all.map(({ zoneId }) => zoneId))].map((zoneId) => {
    const its = all.filter((one) => one.zoneId === zoneId)
    return { zoneId, zoneName: its[0]?.zoneName ?? '', names: [...new Set(its.flatMap(({ names }) => names))] }
  })

async function verdict(
  permissions: Permissions,
  questions: readonly Question[],
  arn: string,
  signal: AbortSignal,
): ReturnType<Look> {
  const answers = await Promise.all(
    questions.map(async (question) => {
      const { actions, on } = question
      const { decisions, why } = await permissions.simulate(actions, signal, ...(on === null ? [] : [on]))
      const having = (decision: string) => actions.filter((action) => (decisions[action] ?? 'unknown') === decision)
      return { ...question, denied: having('denied'), open: having('unknown'), why }
    }),
  )
  const lacking = answers.filter(({ denied }) => denied.length > 0)
  if (lacking.length > 0) throw missing(lacking, arn)
  const open = answers.filter((answer) => answer.open.length > 0)
  const [first] = open
  const why = first?.why ?? "IAM's simulator does not say"
  if (first === undefined) return `${count(answers.flatMap(({ actions }) => actions).length, 'action')} allowed`
  if (open.length === answers.length && open.every((one) => one.open.length === one.actions.length)) return unknown(why)
  return unknown(`${open.map((one) => `${one.open.join(', ')}${one.of}`).join('; ')}: ${why}`)
}

const missing = (lacking: readonly (Question & { readonly denied: readonly string[] })[], arn: string) =>
  nyahError({
    code: 'AWS_PERMISSION_MISSING',
    message: `IAM's simulator denies ${lacking.map(({ denied, of }) => `${denied.join(', ')}${of}`).join('; ')} to ${arn}`,
    exit: EXIT.configuration,
    tries: lacking.map(
      ({ denied, on }) =>
        `add to a policy of ${arn}: "Effect": "Allow", "Action": ${JSON.stringify(denied)}, "Resource": "${on?.resource ?? '*'}"`,
    ),
  })
