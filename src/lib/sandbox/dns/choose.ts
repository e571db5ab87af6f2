import type { RecordState } from '../aws/route53-state.ts'

/** Which of the records of one name and type Route 53 answers with: pure. */

/** A record, and whether Route 53 takes it for healthy. */
interface Candidate {
  readonly record: RecordState
  readonly healthy: boolean
}

/**
 * Healthy records by their weights; those of weight 0 only when no other is healthy, and all alike when all weights are
 * 0; where nothing is healthy, everything is treated as healthy. Null: there are no records.
 *
 * "How Amazon Route 53 chooses records when health checking is configured" and "Weighted routing" pages.
 *
 * @param random 0 ≤ … < 1, drawn for this query
 */
export function chosen(candidates: readonly Candidate[], random: number): RecordState | null {
  const healthy = candidates.filter((one) => one.healthy)
  const alive = healthy.length > 0 ? healthy : candidates
  const weighty = alive.filter(({ record }) => (record.weight ?? 0) > 0)
  if (weighty.length === 0) return alive[Math.floor(random * alive.length)]?.record ?? null
  const total = weighty.reduce((sum, { record }) => sum + (record.weight ?? 0), 0)
  let left = random * total
  for (const { record } of weighty) {
    left -= record.weight ?? 0
    if (left < 0) return record
  }
  return null
}
