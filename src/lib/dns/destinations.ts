import { canonicalDns } from './entrances.ts'
import type { Entrance, ObservedName, WalkWorld } from './model.ts'
import { ownedSets } from './set.ts'

/** The NLB that becomes the other side of a name. */
export interface Destination {
  readonly entrance: Entrance
  /** That it listens on. */
  readonly ports: readonly number[]
}

export interface AttachWorld extends WalkWorld {
  /** By the Octavia UUID of the mirror; absent: there is none. */
  readonly destinations: Readonly<Record<string, Destination>>
}

/** Octavia UUID of the mirror that this name is to be attached to. */
export const mirrorOf = (
  { mirror }: { readonly mirror: string | Readonly<Record<string, string>> },
  name: string,
): string => (typeof mirror === 'string' ? mirror : (mirror[name] ?? ''))

/** The same world with NLBs that names may not point to yet: each name knows them all. */
export const withDestinations = (world: WalkWorld, destinations: AttachWorld['destinations']): AttachWorld => {
  const known = Object.fromEntries(Object.values(destinations).map(({ entrance }) => [entrance.dnsName, entrance]))
  const names = world.names.map((seen) => ({ ...seen, entrances: { ...seen.entrances, ...known } }))
  return { ...world, names, destinations }
}

/** Nyah's, with both sides, and this NLB is one of them. */
export const isAttached = (seen: Pick<ObservedName, 'name' | 'records'>, { dnsName }: Entrance): boolean =>
  ownedSets(seen).some(
    ({ members: { octavia, aws } }) => octavia !== null && canonicalDns(aws?.alias?.dnsName ?? '') === dnsName,
  )
