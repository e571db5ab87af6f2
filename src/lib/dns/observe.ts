import { errorData } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'
import type { Dns, Protection, RecordSet, Zone } from '../ports/dns.ts'
import type { Check, CheckStatus, HealthChecks } from '../ports/health-checks.ts'
import type { Mirrors } from '../ports/mirrors.ts'
import { canonicalDns, entranceOf, goneEntrance, keyOf } from './entrances.ts'
import type { Entrance, ObservedName } from './model.ts'
import { TYPES } from './set.ts'
import { stateNames } from './state.ts'
import { zoneOf, type ZoneChoice } from './zones.ts'

/** What names are read through; null: cannot be had, and is said to be unread. */
export interface NamesPorts {
  readonly dns: Pick<Dns, 'zones' | 'records' | 'recordsOf' | 'protections'>
  readonly checks: Pick<HealthChecks, 'list' | 'read' | 'status'> | null
  readonly mirrors: Pick<Mirrors, 'list' | 'read'> | null
}

export interface Look {
  /** Null: every name that nyah owns, and, with `weighted`, every weighted one. */
  readonly names: readonly string[] | null
  readonly weighted?: boolean
  readonly choice: ZoneChoice
  /** How long health and protections may take, in milliseconds, beside the records; what is late is unread. */
  readonly healthMs: number
  /** Also the health checks whose tags name these, referred to or not. */
  readonly ownChecks?: boolean
}

/** The health checks' tag that says of which name they are. */
export const NAME_TAG = 'nyah:name'

/**
 * Names with all that stands at them, and how well their sides are. Records have to be readable; all else is best effort, and
 * what is missing is in `unread`.
 *
 * Throws DNS_ZONE_MISSING, DNS_ZONE_AMBIGUOUS (2), and what keeps zones or records from being read.
 */
export async function observeNames(ports: NamesPorts, look: Look, scene: Scene): Promise<readonly ObservedName[]> {
  const { clock, signal } = scene
  const at = clock.now()
  // What is late is given up: it would stand in the way of the changes that come next.
  const enough = new AbortController()
  const whileAwaited = AbortSignal.any([signal, enough.signal])
  const balancers = ports.mirrors?.list(whileAwaited)
  balancers?.catch(() => undefined)
  const health = emptyHealth()
  let found: readonly Found[]
  let inTime: boolean
  try {
    const zones = await ports.dns.zones(signal)
    found = look.names === null ? await foundIn(zones, ports, look, signal) : await named(zones, ports, look, signal)
    const reading = readHealth(found, ports, balancers, look, health, at, whileAwaited)
    const timeIsUp = clock.sleep(look.healthMs, whileAwaited).then(
      () => false,
      () => false,
    )
    inTime = await Promise.race([reading.then(() => true), timeIsUp])
  } finally {
    enough.abort()
  }
  signal.throwIfAborted()
  const late = inTime ? [] : [`health was not read whole within ${look.healthMs / 1000} s`]
  const unread = [...health.unread, ...late]
  return found.map(({ name, zone, records }) => ({
    name,
    at,
    zone,
    records,
    origin: { from: 'zone' },
    protections: health.protections.get(zone.id) ?? null,
    checks: { ...health.checks },
    statuses: { ...health.statuses },
    entrances: { ...health.entrances },
    unread,
  }))
}

interface Found {
  readonly name: string
  readonly zone: Zone
  readonly records: readonly RecordSet[]
}

async function named(
  zones: readonly Zone[],
  { dns }: NamesPorts,
  { names, choice }: Look,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const placed = (names ?? []).map((name) => ({ name, zone: zoneOf(name, zones, choice) }))
  const read = await Promise.all(
    [...new Set(placed.map(({ zone }) => zone))].map(async (zone) => {
      const its = placed.filter((one) => one.zone === zone).flatMap(({ name }) => [...around(name)])
      return [zone.id, await dns.recordsOf(zone.id, [...new Set(its)], signal)] as const
    }),
  )
  const byZone = new Map(read)
  return placed.map(({ name, zone }) => ({ name, zone, records: of(name, byZone.get(zone.id) ?? []) }))
}

async function foundIn(
  zones: readonly Zone[],
  { dns }: NamesPorts,
  { weighted = false, choice }: Look,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const configured = (zone: Zone): boolean => (choice.zones[zone.name] ?? zone.id) === zone.id
  const read = await Promise.all(
    zones.filter(configured).map(async (zone) => ({ zone, records: await dns.records(zone.id, signal) })),
  )
  return read.flatMap(({ zone, records }) => {
    const names = new Set<string>()
    for (const { name, type, values, weight } of records) {
      if (type === 'TXT' && values.some((value) => value.includes('external-dns/owner=nyah,'))) {
        const [, prefixed = ''] = /^(?:a|aaaa)-(.+)$/.exec(name) ?? []
        names.add(prefixed.startsWith('_apex.') ? zone.name : prefixed)
      } else if (weighted && weight !== null) names.add(name)
    }
    names.delete('')
    const byName = new Map<string, RecordSet[]>()
    for (const record of records) byName.set(record.name, [...(byName.get(record.name) ?? []), record])
    return [...names].map((name) => ({
      name,
      zone,
      records: [...around(name)].flatMap((one) => byName.get(one) ?? []),
    }))
  })
}

/** A name and where its state stands. */
const around = (name: string): ReadonlySet<string> =>
  new Set([name, ...TYPES.flatMap((type) => stateNames(name, type))])

function of(name: string, records: readonly RecordSet[]): readonly RecordSet[] {
  const wanted = around(name)
  return records.filter((record) => wanted.has(record.name))
}

interface HealthRead {
  readonly checks: Record<string, Check>
  readonly statuses: Record<string, CheckStatus>
  readonly entrances: Record<string, Entrance>
  readonly protections: Map<string, readonly Protection[] | null>
  readonly unread: string[]
}

const emptyHealth = (): HealthRead => ({ checks: {}, statuses: {}, entrances: {}, protections: new Map(), unread: [] })

/** Fills `into` as answers come; never throws. */
async function readHealth(
  found: readonly Found[],
  { dns, checks, mirrors }: NamesPorts,
  balancers: ReturnType<Mirrors['list']> | undefined,
  { ownChecks = false }: Look,
  into: HealthRead,
  at: number,
  signal: AbortSignal,
): Promise<void> {
  const records = found.flatMap((one) => one.records)
  const say = (what: string) => (error: unknown) => {
    into.unread.push(`${what}: ${errorData(error).code}`)
  }
  const ids = [...new Set(records.flatMap(({ healthCheckId }) => healthCheckId ?? []))]
  const names = new Set(found.map(({ name }) => name))
  const readChecks = async (port: NonNullable<NamesPorts['checks']>): Promise<void> => {
    const statuses = ids.map(async (id) => {
      into.statuses[id] = await port.status(id, signal)
    })
    const results = await Promise.allSettled([chosenChecks(port), ...statuses])
    const failed = results.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
  const chosenChecks = async (port: NonNullable<NamesPorts['checks']>): Promise<void> => {
    if (!ownChecks && ids.length === 0) return
    const all = ownChecks ? await port.list(signal) : await port.read(ids, signal)
    for (const one of all) if (ids.includes(one.id) || names.has(one.tags[NAME_TAG] ?? '')) into.checks[one.id] = one
  }
  const readEntrances = async (port: NonNullable<NamesPorts['mirrors']>): Promise<void> => {
    const all = (await balancers) ?? []
    const aliases = new Map(records.flatMap(({ alias }) => (alias === null ? [] : [[alias.dnsName, alias] as const])))
    const time = new Date(at).toISOString()
    const hit = all.filter((one) =>
      [...aliases.keys()].some((dnsName) => canonicalDns(dnsName) === canonicalDns(one.dnsName)),
    )
    const trees = hit.length === 0 ? [] : await port.read(hit.map(keyOf), signal)
    for (const [dnsName, alias] of aliases) {
      const index = hit.findIndex((one) => canonicalDns(one.dnsName) === canonicalDns(dnsName))
      const balancer = hit[index]
      const entrance =
        balancer === undefined
          ? goneEntrance(dnsName, alias.zoneId, all, time)
          : entranceOf(balancer, trees[index] ?? null, time)
      if (entrance !== null) into.entrances[dnsName] = entrance
    }
  }
  const readProtections = async (): Promise<void> => {
    await Promise.all(
      [...new Set(found.map(({ zone }) => zone.id))].map(async (id) => {
        into.protections.set(id, await dns.protections(id, signal))
      }),
    )
  }
  await Promise.all([
    checks === null ? into.unread.push('health checks') : readChecks(checks).catch(say('health checks')),
    mirrors === null ? into.unread.push('load balancers') : readEntrances(mirrors).catch(say('load balancers')),
    readProtections().catch(say('protections')),
  ])
}
