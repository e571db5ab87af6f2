/** A record of a weighted set as Route 53 looks at it when it answers. */
export interface Candidate {
  /** 0-255 */
  readonly weight: number
  /** What has no health check, and what nobody can judge, is healthy to Route 53. */
  readonly healthy: boolean
}

/**
 * Which part of the answers each record of a weighted set gives, in percent: healthy records by their weights; those of
 * weight zero only while every other one is unhealthy; all alike where all weights are zero; and where every record is
 * unhealthy, all are treated as healthy.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
 */
export function answerShares(records: readonly Candidate[]): readonly number[] {
  const anyHealthy = records.some(({ healthy }) => healthy)
  const pool = records.map((one) => ({ ...one, in: one.healthy || !anyHealthy }))
  const total = pool.reduce((sum, one) => sum + (one.in ? one.weight : 0), 0)
  const many = pool.filter((one) => one.in).length
  return pool.map((one) => (one.in ? 100 * (total === 0 ? 1 / many : one.weight / total) : 0))
}

/** Does Route 53 pass over the health of all of them, since none is healthy? */
export const isLastResort = (records: readonly Candidate[]): boolean =>
  records.length > 0 && records.every(({ healthy }) => !healthy)
