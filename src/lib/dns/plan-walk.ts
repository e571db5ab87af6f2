import type { Change } from '../core/change.ts'
import { healthOf } from './health.ts'
import type { ObservedName, Ours, SetState, Side, Walk, WalkWorld, Weights } from './model.ts'
import { planWeights, type NextWeights } from './plan-weights.ts'
import { awsShare, ownedSets, sameWeights, weightsIn, type OwnedSet } from './set.ts'
import { fromPercent } from './weights.ts'

/** Nobody on AWS yet. */
export const ALL_ON_OCTAVIA: Weights = { octavia: 100, aws: 0 }

/**
 * The walk of a name's first days, from nobody on AWS to its steady weights by these percents of users; null: there is
 * nothing to walk.
 */
export function rampWalk(percents: readonly number[], steady: Weights, everySeconds: number): Walk | null {
  const share = awsShare(steady)
  if (share === 0) return null
  const way = percents.filter((percent) => percent < share).map((percent) => hundredths((100 * percent) / share))
  return { from: ALL_ON_OCTAVIA, to: steady, steps: [...way, 100], done: 0, everySeconds, onUnhealthy: 'hold' }
}

const hundredths = (percent: number): number => Math.round(percent * 100) / 100

/** Raw weights so many percent of the way; the end exactly. Who has users at either end is never rounded to none. */
export function weightsAlong({ from, to }: Pick<Walk, 'from' | 'to'>, percent: number): Weights {
  if (percent >= 100) return to
  const [begin, end] = [awsShare(from), awsShare(to)]
  return fromPercent(Math.round((begin + ((end - begin) * percent) / 100) * 1000) / 1000)
}

/** Milliseconds since the epoch at which the next step is due; null: nobody is on the way. */
export function dueAt({ walk, at }: Pick<SetState, 'walk' | 'at'>): number | null {
  if (walk === null) return null
  const since = Date.parse(at)
  return Number.isNaN(since) ? 0 : since + walk.everySeconds * 1000
}

/** What a walk does next. */
function nextStep(walk: Walk, reason: string): NextWeights {
  const percent = walk.steps[walk.done] ?? 100
  const step = `${reason === '' ? '' : `${reason}, `}step ${Math.min(walk.done + 1, walk.steps.length)} of ${walk.steps.length}`
  if (percent >= 100) return { weights: walk.to, reason: step }
  return { weights: weightsAlong(walk, percent), walk: { ...walk, done: walk.done + 1 }, reason: step }
}

/**
 * The next step of the walk that a name's state tells of, when it is due; the way back, at once, where that was asked for and
 * the side that gains users is unhealthy. Nothing: not yet, no walk, or it is somebody else's by now. Pure.
 */
export function walkOn(seen: ObservedName, { at, ours }: WalkWorld, reason = ''): readonly Change[] {
  const [set] = ownedSets(seen)
  const walk = set?.state.walk ?? null
  if (set === undefined || walk === null || isOvertaken(seen.name, set, ours)) return []
  const ill = walk.onUnhealthy === 'return' && walk.done > 0 ? illness(seen, set, walk) : null
  if (ill !== null) return planWeights(seen, { weights: walk.from, reason: `back, since ${ill}` })
  const due = dueAt(set.state)
  return due === null || at < due ? [] : planWeights(seen, nextStep(walk, reason))
}

/** Where a name is to be led. */
export interface Way extends Pick<Walk, 'to' | 'steps' | 'everySeconds' | 'onUnhealthy'> {
  /** Why, for people. */
  readonly reason: string
}

/** The walk of a name to this end: its first step now, or the next one of a walk there that somebody began. Pure. */
export function planWalk(seen: ObservedName, world: WalkWorld, way: Way): readonly Change[] {
  const [set] = ownedSets(seen)
  if (set === undefined) return []
  const { walk } = set.state
  if (walk !== null && walk.done > 0 && sameWeights(walk.to, way.to)) return walkOn(seen, world, way.reason)
  // What this run walked is there, went back, or was taken over: it does not begin again.
  if (world.ours.moved.has(seen.name)) return []
  const from = weightsIn(set)
  const { to, steps, everySeconds, onUnhealthy, reason } = way
  if (sameWeights(from, to)) return planWeights(seen, { weights: to, reason })
  if (steps.length < 2) return planWeights(seen, { weights: to, reason })
  return planWeights(seen, nextStep({ from, to, steps, done: 0, everySeconds, onUnhealthy }, reason))
}

/** Somebody else changed the name after this run did. */
export const isOvertaken = (name: string, { state }: Pick<OwnedSet, 'state'>, { run, moved }: Ours): boolean =>
  moved.has(name) && state.run !== run

/** The side that gains users, where it is known to be unhealthy; null: it is not. */
function illness(seen: ObservedName, { members }: OwnedSet, { from, to }: Walk): string | null {
  const side: Side = awsShare(to) > awsShare(from) ? 'aws' : 'octavia'
  const record = members[side]
  if (record === null) return null
  const { health, detail } = healthOf(record, seen)
  return health === 'unhealthy' ? `${side} is unhealthy (${detail})` : null
}

/** Milliseconds until the next step of any of these names; null: none is on its way. */
export function nextDueIn(names: readonly ObservedName[], now: number): number | null {
  const due = names.flatMap((seen) => ownedSets(seen).flatMap(({ state }) => dueAt(state) ?? []))
  return due.length === 0 ? null : Math.max(0, Math.min(...due) - now)
}
