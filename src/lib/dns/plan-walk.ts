import { fromPercent } from './weights.ts'
import type { ObservedName, SetState, Walk, Weights } from './model.ts'
import type { NextWeights } from './plan.ts'
import { awsShare, ownedSets } from './set.ts'

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
export function nextStep(walk: Walk): NextWeights {
  const percent = walk.steps[walk.done] ?? 100
  const step = `step ${Math.min(walk.done + 1, walk.steps.length)} of ${walk.steps.length}`
  if (percent >= 100) return { weights: walk.to, reason: step }
  return { weights: weightsAlong(walk, percent), walk: { ...walk, done: walk.done + 1 }, reason: step }
}

/** Milliseconds until the next step of any of these names; null: none is on its way. */
export function nextDueIn(names: readonly ObservedName[], now: number): number | null {
  const due = names.flatMap((seen) => ownedSets(seen).flatMap(({ state }) => dueAt(state) ?? []))
  return due.length === 0 ? null : Math.max(0, Math.min(...due) - now)
}
