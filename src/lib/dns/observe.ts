import { errorData } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'
import type { Dns, Protection, Zone } from '../ports/dns.ts'
import type { Check, CheckStatus, HealthChecks } from '../ports/health-checks.ts'
import type { Mirrors } from '../ports/mirrors.ts'
import { needingFloatingIp, type FindFloatingIp, type FloatingIps } from './destinations.ts'
import { canonicalDns, entranceOf, goneEntrance, keyOf } from './entrances.ts'
import type { Entrance, ObservedName } from './model.ts'
import { around, foundNames, recordsAround, type Found } from './found.ts'
import { zoneOf, type ZoneChoice } from './zones.ts'

/** What names are read through; null: cannot be had, and is said to be unread. */
export interface NamesPorts {
  readonly dns: Pick<Dns, 'zones' | 'records' | 'recordsOf' | 'protections'>
  readonly checks: Pick<HealthChecks, 'list' | 'status'> | null
  readonly mirrors: Pick<Mirrors, 'list' | 'read' | 'standings'> | null
}

export interface Look {
  /** Null: every name that nyah owns, and, with `weighted`, every weighted one. */
  readonly names: readonly string[] | null
  readonly weighted?: boolean
  readonly choice: ZoneChoice
  /** How long health and protections may take, in milliseconds, beside the records; what is late is unread. 0: they are not asked for. */
  readonly healthMs: number
  /** So much more for each health check that the records refer to. Absent: none. */
  readonly checkMs?: number
  /** Also the health checks whose tags name these, referred to or not. */
  readonly ownChecks?: boolean
}

/** The health checks' tag that says of which name they are. */
export const NAME_TAG = 'nyah:name'
const SWITCH_TAG = 'nyah:switch'

/**
 * Names with all that stands at them, and how well their sides are. Records have to be readable; all else is best effort, and
 * what is missing is in `unread`.
 *
 * Throws DNS_ZONE_MISSING, DNS_ZONE_AMBIGUOUS (2), and what keeps zones or records from being read.
 */
export async function observeNames(ports: NamesPorts, look: Look, scene: Scene): Promise<readonly ObservedName[]> {
  const read = async (): Promise<readonly Found[]> => {
    const zones = await ports.dns.zones(scene.signal)
    return look.names === null ? foundIn(zones, ports, look, scene.signal) : named(zones, ports, look, scene.signal)
  }
  const { at, found, health, unread } = await withHealth(read, ports, look, scene)
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

/** Names whose records are known already (from a card), with health as it is now: Route 53 is asked for no list. */
export async function observeKnown(
  ports: NamesPorts,
  known: readonly ObservedName[],
  healthMs: number,
  scene: Scene,
): Promise<readonly ObservedName[]> {
  const read = (): Promise<readonly Found[]> => Promise.resolve(known)
  // All have what the card says of checks and entrances.
  const { checks = {}, entrances: told = {} } = known[0] ?? {}
  const { at, health, unread } = await withHealth(read, ports, { healthMs, known: { checks, entrances: told } }, scene)
  const statuses = { ...health.statuses }
  const entrances = { ...told, ...health.entrances }
  return known.map((seen) => ({ ...seen, at, statuses, entrances, unread }))
}

/** `known`: health checks and entrances that no list has to be asked for. */
type HealthLook = Pick<Look, 'healthMs' | 'checkMs' | 'ownChecks'> & {
  readonly known?: Pick<ObservedName, 'checks' | 'entrances'>
}

/** Records, and beside them health, for as long as it may take. */
async function withHealth(
  read: () => Promise<readonly Found[]>,
  ports: NamesPorts,
  look: HealthLook,
  { clock, signal }: Scene,
): Promise<{ at: number; found: readonly Found[]; health: HealthRead; unread: readonly string[] }> {
  const at = clock.now()
  if (look.healthMs === 0) return { at, found: await read(), health: emptyHealth(), unread: [] }
  // What is late is given up: it would stand in the way of the changes that come next.
  const enough = new AbortController()
  const whileAwaited = AbortSignal.any([signal, enough.signal])
  const balancers = look.known === undefined ? ports.mirrors?.list(whileAwaited) : undefined
  balancers?.catch(() => undefined)
  const health = emptyHealth()
  let found: readonly Found[]
  let inTime: boolean
  let atMostMs = look.healthMs
  try {
    found = await read()
    const reading = readHealth(found, ports, balancers, look, health, at, whileAwaited)
    atMostMs += (look.checkMs ?? 0) * checksOf(found).length
    const timeIsUp = clock.sleep(atMostMs, whileAwaited).then(
      () => false,
      () => false,
    )
    inTime = await Promise.race([reading.then(() => true), timeIsUp])
  } finally {
    enough.abort()
  }
  signal.throwIfAborted()
  const late = inTime ? [] : [`health was not read whole within ${atMostMs / 1000} s`]
  return { at, found, health, unread: [...health.unread, ...late] }
}

/** Ids of the health checks that records refer to. */
const checksOf = (found: readonly Found[]): readonly string[] => [
  ...new Set(found.flatMap(({ records }) => records.flatMap(({ healthCheckId }) => healthCheckId ?? []))),
]

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
  return placed.map(({ name, zone }) => ({ name, zone, records: recordsAround(name, byZone.get(zone.id) ?? []) }))
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
  return read.flatMap(({ zone, records }) => foundNames(zone, records, weighted))
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
  { ownChecks = false, known }: HealthLook,
  into: HealthRead,
  at: number,
  signal: AbortSignal,
): Promise<void> {
  const records = found.flatMap((one) => one.records)
  const say = (what: string) => (error: unknown) => {
    into.unread.push(`${what}: ${errorData(error).code}`)
  }
  const ids = checksOf(found)
  const names = new Set(found.map(({ name }) => name))
  const readChecks = async (port: NonNullable<NamesPorts['checks']>): Promise<void> => {
    const ask = async (id: string): Promise<void> => {
      into.statuses[id] = await port.status(id, signal)
    }
    // A check that counts others has no status of its own: they have. One that follows an alarm has no checkers.
    const hasNone = (id: string): boolean => ['CALCULATED', 'OTHER'].includes(checkOf(id)?.type ?? '')
    const results = await Promise.allSettled([chosenChecks(port), ...ids.map((id) => (hasNone(id) ? null : ask(id)))])
    const children = new Set(ids.flatMap((id) => checkOf(id)?.children ?? []).filter((id) => !hasNone(id)))
    const later = await Promise.allSettled([...children].map(ask))
    const failed = [...results.filter((_, index) => index === 0 || !hasNone(ids[index - 1] ?? '')), ...later]
    const first = failed.find((one) => one.status === 'rejected')
    if (first !== undefined) throw first.reason
  }
  const checkOf = (id: string): Check | undefined => into.checks[id] ?? known?.checks[id]
  const chosenChecks = async (port: NonNullable<NamesPorts['checks']>): Promise<void> => {
    if (known !== undefined || (!ownChecks && ids.length === 0)) return
    const all = await port.list(signal)
    const take = (some: readonly Check[]): void => some.forEach((one) => (into.checks[one.id] = one))
    take(all.filter(({ id, tags }) => ids.includes(id) || (ownChecks && names.has(tags[NAME_TAG] ?? ''))))
    const children = new Set(Object.values(into.checks).flatMap((one) => one.children))
    take(all.filter(({ id }) => children.has(id)))
    // Switches, and who else follows them: none of them is one name's alone.
    if (ownChecks) take(all.filter(({ tags }) => tags[SWITCH_TAG] !== undefined))
  }
  const readKnown = async (
    port: NonNullable<NamesPorts['mirrors']>,
    told: ObservedName['entrances'],
  ): Promise<void> => {
    const aliases = new Map(records.flatMap(({ alias }) => (alias === null ? [] : [[alias.dnsName, alias] as const])))
    const wanted = new Set([...aliases.keys()].map(canonicalDns))
    const { all, asked } = await port.standings((dnsName) => wanted.has(canonicalDns(dnsName)), signal)
    const byName = new Map(asked.map((one) => [canonicalDns(one.balancer.dnsName), one]))
    const time = new Date(at).toISOString()
    for (const [dnsName, { zoneId }] of aliases) {
      const standing = byName.get(canonicalDns(dnsName))
      // Its tags are not asked for: the card has them.
      const { octaviaId = null, tags } = told[dnsName] ?? {}
      const entrance =
        standing === undefined
          ? goneEntrance(dnsName, zoneId, all, time)
          : { ...entranceOf(standing.balancer, standing, time), octaviaId, tags }
      if (entrance !== null) into.entrances[dnsName] = entrance
    }
  }
  const readEntrances = async (port: NonNullable<NamesPorts['mirrors']>): Promise<void> => {
    if (known !== undefined) return readKnown(port, known.entrances)
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
    known === undefined ? readProtections().catch(say('protections')) : null,
  ])
}

/** The floating IPs that names need to be attached, by Octavia UUID. */
export async function floatingIpsFor(
  names: Parameters<typeof needingFloatingIp>[0],
  args: Parameters<typeof needingFloatingIp>[1],
  find: FindFloatingIp,
  scene: Scene,
): Promise<FloatingIps> {
  const ids = needingFloatingIp(names, args)
  return Object.fromEntries(await Promise.all(ids.map(async (id) => [id, await find(id, scene)] as const)))
}
