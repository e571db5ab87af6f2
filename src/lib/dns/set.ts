import type { RecordSet } from '../ports/dns.ts'
import type { ObservedName, Owner, SetState, Side, Weights } from './model.ts'
import { ownerOf } from './state.ts'

/** Types of records that nyah splits. */
export const TYPES = ['A', 'AAAA'] as const
export type SetType = (typeof TYPES)[number]

/** All that stands at a name for one type, and whose it is. */
export interface FoundSet {
  readonly type: SetType
  readonly records: readonly RecordSet[]
  readonly owner: Owner
}

/** The set of this type as it stands, empty or not. */
export const foundSet = (seen: Pick<ObservedName, 'name' | 'records'>, type: SetType): FoundSet => ({
  type,
  records: seen.records.filter((one) => one.name === seen.name && one.type === type),
  owner: ownerOf(seen.records, seen.name, type),
})

/** One that nyah owns, with its two members; null: somebody took it away. */
export interface OwnedSet extends FoundSet {
  readonly state: SetState
  readonly stateRecord: RecordSet
  readonly members: Readonly<Record<Side, RecordSet | null>>
}

/** Those sets of a name whose state says nyah. */
export const ownedSets = (seen: Pick<ObservedName, 'name' | 'records'>): readonly OwnedSet[] =>
  TYPES.flatMap((type) => {
    const set = foundSet(seen, type)
    if (set.owner.kind !== 'nyah') return []
    const member = (side: Side) => set.records.find(({ setIdentifier }) => setIdentifier === side) ?? null
    const members = { octavia: member('octavia'), aws: member('aws') }
    return [{ ...set, state: set.owner.state, stateRecord: set.owner.record, members }]
  })

/** What stands there now; a missing member has nothing. */
export const weightsIn = ({ members }: Pick<OwnedSet, 'members'>): Weights => ({
  octavia: members.octavia?.weight ?? 0,
  aws: members.aws?.weight ?? 0,
})

/** AWS's part of the answers in percent, as the weights mean it; of a total of zero: half. */
export const awsShare = ({ octavia, aws }: Weights): number => {
  const total = octavia + aws
  return total === 0 ? 50 : (100 * aws) / total
}

export const sameWeights = (one: Weights, other: Weights): boolean =>
  one.octavia === other.octavia && one.aws === other.aws

/** `octavia 90 %, aws 10 %` */
export const shareText = (weights: Weights): string => {
  const aws = awsShare(weights)
  return `octavia ${rounded(100 - aws)} %, aws ${rounded(aws)} %`
}

/** A little is not nothing. */
const rounded = (percent: number): string =>
  percent > 0 && percent < 0.1
    ? '<0.1'
    : percent > 99.9 && percent < 100
      ? '>99.9'
      : String(Math.round(percent * 10) / 10)
