import type { Guard } from '../engine/operation.ts'
import { emptiedIn } from './emptied.ts'
import { changesOf, found, ids, letGo, subjectOf, takesAway } from './guards-scope.ts'
import { judge } from './judge.ts'
import type { LbWorld, Observed } from './model.ts'
import { exists, ownedOf } from './owned.ts'
import { count, some } from './remarks.ts'

/** Fewer say nothing about the one who looks. */
const FLEET_FROM = 3

/**
 * Do so many look dead at once that rather the one who looks is ill? More than a third, where at least three are looked at.
 *
 * @param all how many are looked at
 * @param mirrored how many of them have a mirror
 * @param dead how many of those are gone, cannot be read, are empty or have failed
 */
export const looksBlind = (all: number, mirrored: number, dead: number): boolean =>
  all >= FLEET_FROM && dead * 3 > mirrored

/** Why a mirrored load balancer looks dead in Octavia, in one word or two; null: it does not. */
export function deadness(observed: Observed): string | null {
  if (observed.unread !== null) return 'unread'
  if (observed.source === null) return 'gone'
  const { provisioning_status, operating_status } = observed.source.loadbalancer
  if (provisioning_status === 'ERROR' || operating_status === 'ERROR') return 'ERROR'
  const judged = judge(observed)
  if (judged === null) return null
  return emptiedIn(judged) === 'all' ? 'empty' : null
}

/** When much of a fleet vanishes at once, nothing is taken away from any of it. */
export const fleetVanishing: Guard<LbWorld> = (draft, world) => {
  const mirrored = world.scopes.filter((observed) => exists(ownedOf(observed)))
  const dead = mirrored.flatMap((observed) => {
    const why = deadness(observed)
    return why === null ? [] : [`${draft.names[observed.id] ?? observed.id} (${why})`]
  })
  if (!looksBlind(world.scopes.length, mirrored.length, dead.length)) return []
  return world.scopes.flatMap((observed) => {
    const removals = changesOf(draft, observed.id).filter(takesAway)
    if (removals.length === 0) return []
    return [
      found(observed, {
        code: 'LB_FLEET_VANISHING',
        severity: 'hold',
        subject: subjectOf(observed),
        evidence: `${dead.length} of ${count(mirrored.length, 'mirrored load balancer')} look dead in Octavia at once (more than a third): ${some(dead)}; rather nyah does not see, so nothing of any of them is taken away, ${count(removals.length, 'removal')} here`,
        remedy: `Look at Octavia (openstack loadbalancer list) and at nyah's credentials (nyah doctor); if it is so: ${letGo(observed.id, 'LB_FLEET_VANISHING')}`,
        allowable: true,
        holds: ids(removals),
      }),
    ]
  })
}
