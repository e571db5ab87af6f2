import { sameJson } from '../core/hash.ts'
import type { Json } from '../core/json.ts'
import type { Entrance, ObservedName } from '../dns/model.ts'
import { judgeName } from '../dns/plan.ts'
import type { Protection, RecordChange, RecordSet, Zone } from '../ports/dns.ts'
import type { Check } from '../ports/health-checks.ts'
import type { Which } from './model.ts'

/** One name as it stood when it was written down, or last changed from this machine. */
export interface CardName {
  readonly name: string
  /** ISO 8601, UTC */
  readonly at: string
  readonly zone: Zone
  /** Of the name itself, and of its state records. */
  readonly records: readonly RecordSet[]
  /** Null: nobody could say. */
  readonly protections: readonly Protection[] | null
}

/** All that a failover has to know of names, so that it asks for no list. No secrets: it may be handed on. */
export interface Card {
  /** ISO 8601, UTC: when the zones were read for it. */
  readonly at: string
  /** Name of the configuration's context on the machine that wrote it. */
  readonly context: string
  /** Of AWS: twelve digits. */
  readonly account: string
  /** `all`: every name that nyah owned then; `fewer`: others came since; `some`: those that were named. */
  readonly covers: 'all' | 'fewer' | 'some'
  readonly names: readonly CardName[]
  /** By id, of those that records refer to. */
  readonly checks: Readonly<Record<string, Check>>
  /** By alias DNS name: which NLB it is. How well it was then says nothing. */
  readonly entrances: Readonly<Record<string, Omit<Entrance, 'side'>>>
}

/** Seven days: after that, somebody should look whether the zone still says the same. */
export const OLD_CARD_MS = 7 * 24 * 3_600_000

/** How old a card is, in milliseconds. */
export const cardAge = ({ at }: Card, now: number): number => Math.max(0, now - Date.parse(at))

/** What stands in the zone now, written down. Names that are not nyah's cannot be moved, so they are left out. Pure. */
export function cardOf(
  names: readonly ObservedName[],
  { at, ...about }: Pick<Card, 'at' | 'context' | 'account' | 'covers'>,
): Card {
  const owned = names.filter((seen) => judgeName(seen).owner === 'nyah')
  const records = owned.flatMap((seen) => seen.records)
  const ids = new Set(records.flatMap(({ healthCheckId }) => healthCheckId ?? []))
  const aliases = new Set(records.flatMap(({ alias }) => alias?.dnsName ?? []))
  return {
    at,
    ...about,
    names: owned.map(({ name, zone, records: its, protections }) => ({
      name,
      at,
      zone,
      records: its,
      protections: protections?.filter((one) => one.name === name) ?? null,
    })),
    checks: Object.fromEntries(
      owned.flatMap(({ checks }) => Object.entries(checks).filter(([id]) => isNeeded(id, ids, checks))),
    ),
    entrances: Object.fromEntries(
      owned.flatMap(({ entrances }) =>
        Object.entries(entrances)
          .filter(([dnsName]) => aliases.has(dnsName))
          .map(([dnsName, { side: _then, ...which }]) => [dnsName, which]),
      ),
    ),
  }
}

/** Referred to by a record, or counted by a check that is. */
const isNeeded = (id: string, ids: ReadonlySet<string>, checks: ObservedName['checks']): boolean =>
  ids.has(id) || [...ids].some((one) => checks[one]?.children.includes(id))

/** Can these names be served from the card? Pure. */
export function serves(card: Card, which: Which): boolean {
  if (which.by !== 'names') return card.covers === 'all' && card.names.length > 0
  const known = new Set(card.names.map(({ name }) => name))
  return which.names.every((name) => known.has(name))
}

/** The names of a card, as if they had just been read; how well anything is, is not known. Pure. */
export function namesOn({ names, checks, entrances: told }: Card, now: number): readonly ObservedName[] {
  const side = { health: 'unknown', detail: 'not read', at: null } as const
  const entrances = Object.fromEntries(Object.entries(told).map(([dnsName, which]) => [dnsName, { ...which, side }]))
  return names.map(({ name, at, zone, records, protections }) => ({
    name,
    at: now,
    zone,
    records,
    origin: { from: 'card', at },
    protections,
    checks,
    statuses: {},
    entrances,
    unread: [],
  }))
}

/** The card after a batch that Route 53 took. A name that came is not on it: it then no longer covers all. Pure. */
export function afterBatch(card: Card, zoneId: string, changes: readonly RecordChange[], at: string): Card {
  const names = card.names.flatMap((one): readonly CardName[] => {
    if (one.zone.id !== zoneId) return [one]
    const of = changes.filter(({ record }) => belongs(record, one))
    if (of.length === 0) return [one]
    const gone = of.flatMap(({ action, record }) => (action === 'DELETE' ? [record] : []))
    const records = [
      ...one.records.filter((record) => !gone.some((other) => same(record, other))),
      ...of.flatMap(({ action, record }) => (action === 'CREATE' ? [record] : [])),
    ]
    return kept({ ...one, at, records })
  })
  const known = new Set(card.names.flatMap(({ name }) => name))
  const isNew = changes.some(
    ({ action, record }) => action === 'CREATE' && record.type !== 'TXT' && !known.has(record.name),
  )
  return { ...card, names, covers: isNew ? fewer(card) : card.covers }
}

const fewer = ({ covers }: Card): Card['covers'] => (covers === 'all' ? 'fewer' : covers)

/** The card after these names' records were read. Pure. */
export const afterReading = (card: Card, zoneId: string, records: readonly RecordSet[], at: string): Card => ({
  ...card,
  names: card.names.flatMap((one): readonly CardName[] => {
    if (one.zone.id !== zoneId) return [one]
    const its = records.filter((record) => belongs(record, one))
    return its.some(({ name }) => name === one.name) ? kept({ ...one, at, records: its }) : [one]
  }),
})

/** Where nyah's state is gone, there is nothing that it could move. */
const kept = (one: CardName): readonly CardName[] => (judgeName(seenOn(one)).owner === 'nyah' ? [one] : [])

const seenOn = ({ name, zone, records }: CardName): ObservedName => ({
  name,
  at: 0,
  zone,
  records,
  origin: { from: 'zone' },
  protections: null,
  checks: {},
  statuses: {},
  entrances: {},
  unread: [],
})

/** Is this record the name's own, or where its state stands? */
const belongs = (record: RecordSet, { name, records }: CardName): boolean =>
  record.name === name || records.some((one) => one.name === record.name && one.type === record.type)

const same = (one: RecordSet, other: RecordSet): boolean => sameJson(one as unknown as Json, other as unknown as Json)

/** How a card stands to what the zones say. */
export interface CardDrift {
  /** Names whose records are others by now. */
  readonly stale: readonly string[]
  /** Names on the card that nyah no longer owns. */
  readonly gone: readonly string[]
  /** Names that nyah owns and the card does not have, although it is to cover all. */
  readonly missing: readonly string[]
}

/** Compares a card with every name that nyah owns now. Pure. */
export function driftOf(card: Card, names: readonly ObservedName[]): CardDrift {
  const owned = new Map(names.filter((seen) => judgeName(seen).owner === 'nyah').map((seen) => [seen.name, seen]))
  const known = new Set(card.names.map(({ name }) => name))
  return {
    stale: card.names.flatMap((one) => {
      const seen = owned.get(one.name)
      return seen === undefined || judgeName(seen).basis === judgeName(seenOn(one)).basis ? [] : [one.name]
    }),
    gone: card.names.flatMap(({ name }) => (owned.has(name) ? [] : [name])),
    missing: card.covers !== 'some' ? [...owned.keys()].filter((name) => !known.has(name)) : [],
  }
}

/** What was armed now, beside what the card has of other names. Pure. */
export function mergedCard(old: Card, fresh: Card): Card {
  if (fresh.covers === 'all' || old.account !== fresh.account) return fresh
  const armed = new Set(fresh.names.map(({ name }) => name))
  const known = new Set(old.names.map(({ name }) => name))
  const isNew = fresh.names.some(({ name }) => !known.has(name))
  return {
    ...old,
    covers: isNew ? fewer(old) : old.covers,
    names: [...old.names.filter(({ name }) => !armed.has(name)), ...fresh.names],
    checks: { ...old.checks, ...fresh.checks },
    entrances: { ...old.entrances, ...fresh.entrances },
  }
}
