import type { Outage } from './state.ts'

/** What a row of probes shows. */
export interface Probed {
  /** `initial`: neither row is whole yet. */
  readonly shown: 'initial' | 'healthy' | 'unhealthy'
  /** Since when it is unhealthy, if it is. */
  readonly unhealthyAt: number
}

/**
 * What probing since `from` shows by `now`: a state changes after a whole row of equal answers.
 *
 * @param outages oldest first
 * @param upAfter milliseconds of answers that make it healthy
 * @param downAfter milliseconds of silence that make it unhealthy
 */
export function probing(
  outages: readonly Outage[],
  from: number,
  upAfter: number,
  downAfter: number,
  now: number,
): Probed {
  let shown: Probed['shown'] = 'initial'
  let goodSince = from
  let unhealthyAt = from
  for (const { downAt, upAt } of outages) {
    const end = upAt ?? now
    const start = Math.max(downAt, from)
    if (end < start) continue
    if (start >= goodSince + upAfter) shown = 'healthy'
    if (end >= start + downAfter && shown !== 'unhealthy') {
      shown = 'unhealthy'
      unhealthyAt = start + downAfter
    }
    goodSince = Math.max(goodSince, upAt ?? Number.POSITIVE_INFINITY)
  }
  if (now >= goodSince + upAfter) shown = 'healthy'
  return { shown, unhealthyAt }
}
