import type { Change } from '../core/change.ts'
import { sameJson } from '../core/hash.ts'
import type { Json } from '../core/json.ts'
import type { RecordChange, RecordSet } from '../ports/dns.ts'
import type { SetState } from './model.ts'
import { encodeState, ownerOf } from './state.ts'

/** All that stands at a name and in its state records, before or after a change. */
export interface Standing {
  readonly zoneId: string
  readonly records: readonly RecordSet[]
}

/**
 * Compare and swap: DELETE each record that is not the same afterwards, exactly as it stands, and CREATE what is not there.
 * Route 53 does the batch whole, or refuses it when a record is no longer that.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
export const recordDelta = (before: readonly RecordSet[], after: readonly RecordSet[]): readonly RecordChange[] => [
  ...without(before, after).map((record) => ({ action: 'DELETE' as const, record })),
  ...without(after, before).map((record) => ({ action: 'CREATE' as const, record })),
]

const without = (records: readonly RecordSet[], others: readonly RecordSet[]): readonly RecordSet[] =>
  records.filter((record) => !others.some((other) => sameRecord(record, other)))

export const sameRecord = (one: RecordSet, other: RecordSet): boolean =>
  one.name === other.name && one.type === other.type && sameJson(one as unknown as Json, other as unknown as Json)

/** Who changes a name, when, why and in which run: known when a plan is carried out, and no part of what it does. */
export type Stamp = Pick<SetState, 'at' | 'by' | 'why' | 'run'>

/** The records as they are written: the state of each set that `name` has says who did it. */
export const stamped = (records: readonly RecordSet[], name: string, stamp: Stamp): readonly RecordSet[] =>
  records.map((record) => {
    const type = record.name.slice(0, record.name.indexOf('-')).toUpperCase()
    const owner = record.type === 'TXT' ? ownerOf([record], name, type) : null
    return owner?.kind === 'nyah' ? { ...record, values: [encodeState({ ...owner.state, ...stamp })] } : record
  })

/** What a change of a weighted set carries; both are `Standing`. */
export const standings = ({ before, after }: Change): { readonly before: Standing; readonly after: Standing } => ({
  before: before as unknown as Standing,
  after: after as unknown as Standing,
})
