import type { Change, ChangeKind, Risk } from '../core/change.ts'
import { fingerprint } from '../core/hash.ts'
import type { JsonObject } from '../core/json.ts'
import type { RecordSet } from '../ports/dns.ts'
import type { Standing } from './delta.ts'
import type { ObservedName } from './model.ts'

export const WEIGHTED_SET = 'weighted-set'

/** One change of a name: everything before and after, so that it can be compared, swapped, and sent by hand. */
export function nameChange(
  seen: Pick<ObservedName, 'name' | 'zone'>,
  kind: Extract<ChangeKind, 'create' | 'update' | 'shift' | 'delete'>,
  standing: { readonly before: readonly RecordSet[]; readonly after: readonly RecordSet[] },
  { reason, needs = [], risk = 'changes' }: { reason: string; needs?: readonly string[]; risk?: Risk },
): Change {
  const { name, zone } = seen
  const data = (records: readonly RecordSet[]): JsonObject =>
    ({ zoneId: zone.id, records }) satisfies Standing as unknown as JsonObject
  return {
    id: `${name}/${WEIGHTED_SET}/${name}/${kind}`,
    scope: name,
    ref: { type: WEIGHTED_SET, id: zone.id, name },
    kind,
    before: data(standing.before),
    after: data(standing.after),
    needs,
    reason,
    risk,
  }
}

/** Fingerprint of what decides a name's changes: its records, neither health nor time. */
export const basisOf = ({ zone, records }: Pick<ObservedName, 'zone' | 'records'>): string =>
  fingerprint({ zone: zone.id, records: records.map((one) => JSON.stringify(one)).toSorted() })
