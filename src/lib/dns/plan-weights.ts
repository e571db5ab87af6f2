import type { Change } from '../core/change.ts'
import { nameChange } from './changes.ts'
import type { ObservedName, SetState, Walk, Weights } from './model.ts'
import { ownedSets, sameWeights, shareText, weightsIn, type OwnedSet } from './set.ts'
import { stateRecord } from './state.ts'

/** What a name is to have from now on. Who, when and why are written when it is carried out (`stamped`). */
export interface NextWeights {
  /** Raw, of all sets of the name. */
  readonly weights: Weights
  /** Why, for people, after the shares: `failover to aws`. */
  readonly reason: string
  /** Absent: as they are. */
  readonly steady?: Weights
  /** Absent: a walk that was under way ends here. */
  readonly walk?: Walk
  /** ISO 8601, UTC; absent: nobody promised anything. */
  readonly until?: string
  readonly drill?: boolean
  /** Absent: as it was. */
  readonly proven?: SetState['proven']
}

/**
 * One change for all sets that nyah owns at this name, A and AAAA in step: the weights of both members and the state, with an
 * epoch that is greater by one. Nothing: it is so already, or nyah owns none. Pure.
 */
export function planWeights(seen: ObservedName, next: NextWeights): readonly Change[] {
  const sets = ownedSets(seen)
  if (sets.every((set) => isSo(set, next))) return []
  const before = sets.flatMap((set) => [...set.records, set.stateRecord])
  const after = sets.flatMap((set) => [
    ...set.records.map((record) =>
      record.setIdentifier === 'octavia' || record.setIdentifier === 'aws'
        ? { ...record, weight: next.weights[record.setIdentifier] }
        : record,
    ),
    stateRecord(seen.name, set.type, seen.zone.name, nextState(set.state, next)),
  ])
  const [first] = sets
  const now = first === undefined ? '' : `${shareText(weightsIn(first))} → `
  return [nameChange(seen, 'shift', { before, after }, { reason: `${now}${shareText(next.weights)}: ${next.reason}` })]
}

const isSo = (set: OwnedSet, next: NextWeights): boolean => {
  const { state } = set
  const wanted = nextState(state, next)
  return (
    sameWeights(weightsIn(set), next.weights) &&
    sameWeights(state.steady, wanted.steady) &&
    JSON.stringify(state.walk) === JSON.stringify(wanted.walk) &&
    state.until === wanted.until &&
    state.drill === wanted.drill
  )
}

/** The state after one more change; who made it is not known yet. */
export const nextState = (
  state: SetState,
  { steady, walk, until, drill, proven }: Omit<NextWeights, 'weights' | 'reason'>,
): SetState => ({
  epoch: state.epoch + 1,
  steady: steady ?? state.steady,
  at: '',
  by: '',
  why: '',
  run: '',
  formerly: state.formerly,
  walk: walk ?? null,
  until: until ?? null,
  drill: drill ?? false,
  proven: proven ?? state.proven,
})
