import { healthOf, type MemberHealth } from './health.ts'
import type { ObservedName, Side, Walk, Weights } from './model.ts'
import { basisOf } from './changes.ts'
import { awsShare, foundSet, ownedSets, TYPES, weightsIn } from './set.ts'

/** What planners of other domains need to know of a name: whose it is, where users go, how well the sides are. */
export interface JudgedName {
  /** `external-dns` and `unreadable` with why; `nobody` also where there is no set at all. */
  readonly owner: 'nyah' | 'external-dns' | 'unreadable' | 'nobody'
  readonly ownerDetail: string
  /** Fingerprint of the records that decide its changes. */
  readonly basis: string
  readonly sets: readonly JudgedSet[]
}

export interface JudgedSet {
  readonly type: string
  readonly now: Weights
  readonly steady: Weights
  readonly walk: Walk | null
  /** Null: nobody promised to bring it back. */
  readonly until: string | null
  /** ISO 8601, UTC: when it was last changed; empty: not said. */
  readonly changedAt: string
  /** Null: there is no such record. */
  readonly sides: Readonly<Record<Side, MemberHealth | null>>
  /** Set: a member has another routing than weights. */
  readonly otherRouting: string | null
  readonly isProtected: boolean
}

/** What was seen never changes: planner and every guard judge the same names, hundreds of them while users wait. */
const judgements = new WeakMap<ObservedName, JudgedName>()

/** Pure. */
export function judgeName(seen: ObservedName): JudgedName {
  const known = judgements.get(seen)
  if (known !== undefined) return known
  const judged = judge(seen)
  judgements.set(seen, judged)
  return judged
}

function judge(seen: ObservedName): JudgedName {
  const owned = ownedSets(seen)
  const found = TYPES.map((type) => foundSet(seen, type))
  const foreign = found.map(({ owner }) => owner).find(({ kind }) => kind === 'external-dns' || kind === 'unreadable')
  const sets = owned.map((set): JudgedSet => {
    const side = (which: Side): MemberHealth | null => {
      const record = set.members[which]
      return record === null ? null : healthOf(record, seen)
    }
    return {
      type: set.type,
      now: weightsIn(set),
      steady: set.state.steady,
      walk: set.state.walk,
      until: set.state.until,
      changedAt: set.state.at,
      sides: { octavia: side('octavia'), aws: side('aws') },
      otherRouting: set.records.find(({ otherRouting }) => otherRouting !== null)?.otherRouting ?? null,
      isProtected: (seen.protections ?? []).some((one) => one.name === seen.name && one.type === set.type),
    }
  })
  const basis = basisOf(seen)
  if (foreign?.kind === 'unreadable') return { owner: 'unreadable', ownerDetail: foreign.why, basis, sets }
  if (foreign?.kind === 'external-dns') return { owner: 'external-dns', ownerDetail: foreign.owner, basis, sets }
  return { owner: sets.length === 0 ? 'nobody' : 'nyah', ownerDetail: '', basis, sets }
}

/** A side's part of the answers in percent, as weights mean it. */
export const shareOf = (side: Side, weights: Weights): number =>
  side === 'aws' ? awsShare(weights) : 100 - awsShare(weights)

// Other domains see no other file of this one's rules.
export { totalNeverZero } from './guards.ts'
export { walkStops } from './guards-walk.ts'
export { nextDueIn, planWalk } from './plan-walk.ts'
export { sameWeights, shareText } from './set.ts'
export { noted } from './ours.ts'
export { waitingFor } from './waiting.ts'
export { planWeights } from './plan-weights.ts'
