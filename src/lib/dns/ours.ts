import type { Change, Outputs } from '../core/change.ts'
import { WEIGHTED_SET } from './changes.ts'
import { standings } from './delta.ts'
import type { Ours } from './model.ts'
import { ownedSets, sameWeights, weightsIn } from './set.ts'

/** `ours` with what was just carried out. Pure. */
export function noted(ours: Ours, changes: readonly Change[], results: ReadonlyMap<string, Outputs | Error>): Ours {
  const done = changes.filter(({ id, ref }) => ref.type === WEIGHTED_SET && !(results.get(id) instanceof Error))
  return {
    ...ours,
    moved: new Map([
      ...ours.moved,
      ...done.map((change) => [change.ref.name, { reason: change.reason, back: wentBack(change) }] as const),
    ]),
  }
}

/** Did a walk end where it began? */
function wentBack(change: Change): boolean {
  const { name } = change.ref
  const { before, after } = standings(change)
  const [old, next] = [before, after].map(({ records }) => ownedSets({ name, records })[0])
  const walk = old?.state.walk ?? null
  if (walk === null || next === undefined || next.state.walk !== null) return false
  return sameWeights(weightsIn(next), walk.from) && !sameWeights(walk.from, walk.to)
}
