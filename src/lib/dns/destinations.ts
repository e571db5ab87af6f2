import type { Scene } from '../engine/operation.ts'
import { canonicalDns } from './entrances.ts'
import type { Entrance, ObservedName, WalkWorld } from './model.ts'
import { isReachable } from './reach.ts'
import { ownedSets, TYPES } from './set.ts'

/** The NLB that becomes the other side of a name. */
export interface Destination {
  readonly entrance: Entrance
  /** That it listens on. */
  readonly ports: readonly number[]
}

export interface FloatingIp {
  /** Null: there is none, or it is not known. */
  readonly address: string | null
  /** Why it is not known; null: it was looked up. */
  readonly why: string | null
}

/** In front of Octavia's VIPs, by Octavia UUID. Absent: nobody was asked, since names say what Octavia's address is. */
export type FloatingIps = Readonly<Record<string, FloatingIp>>

/** Of a load balancer, by its Octavia UUID; never throws but for a signal. */
export type FindFloatingIp = (octaviaId: string, scene: Scene) => Promise<FloatingIp>

export interface AttachWorld extends WalkWorld {
  /** By the Octavia UUID of the mirror; absent: there is none. */
  readonly destinations: Readonly<Record<string, Destination>>
  readonly floatingIps: FloatingIps
}

/** Octavia UUID of the mirror that this name is to be attached to. */
export const mirrorOf = (
  { mirror }: { readonly mirror: string | Readonly<Record<string, string>> },
  name: string,
): string => (typeof mirror === 'string' ? mirror : (mirror[name] ?? ''))

/** The same world with NLBs that names may not point to yet: each name knows them all. */
export const withDestinations = (
  world: WalkWorld,
  { destinations, floatingIps }: Pick<AttachWorld, 'destinations' | 'floatingIps'>,
): AttachWorld => {
  const known = Object.fromEntries(Object.values(destinations).map(({ entrance }) => [entrance.dnsName, entrance]))
  const names = world.names.map((seen) => ({ ...seen, entrances: { ...seen.entrances, ...known } }))
  return { ...world, names, destinations, floatingIps }
}

/** Nyah's, with both sides, and this NLB is one of them. */
export const isAttached = (seen: Pick<ObservedName, 'name' | 'records'>, { dnsName }: Entrance): boolean =>
  ownedSets(seen).some(
    ({ members: { octavia, aws } }) => octavia !== null && canonicalDns(aws?.alias?.dnsName ?? '') === dnsName,
  )

/** Octavia UUIDs whose floating IP says something: their names answer nothing today, or, in public, what nobody there reaches. */
export function needingFloatingIp(
  names: readonly Pick<ObservedName, 'name' | 'records' | 'zone'>[],
  args: { readonly octaviaAddress: string | null; readonly mirror: string | Readonly<Record<string, string>> },
): readonly string[] {
  if (args.octaviaAddress !== null) return []
  const needing = names.filter((seen) => {
    const own = seen.records.filter(({ name, type }) => name === seen.name && TYPES.some((one) => one === type))
    const values = own.flatMap((one) => one.values)
    return own.length === 0 || (!seen.zone.private && values.some((value) => !isReachable(value)))
  })
  return [...new Set(needing.map(({ name }) => mirrorOf(args, name)))]
}
