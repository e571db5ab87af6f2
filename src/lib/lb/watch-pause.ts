/** How long a watch waits before it looks again at what did not end well. Pure: chance is a hash of the id. */

/** A held one is looked at again at the latest after this time. */
export const HELD_AT_MOST_MS = 5 * 60_000
/** A failing one. */
export const FAILED_AT_MOST_MS = 10 * 60_000

/** 0 ≤ x < 1, the same for the same text (FNV-1a, then mixed so that near texts lie far apart). */
export function phaseOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/**
 * One interval, then twice as long each time, up to the limit; failures spread over the upper half of that, so that what
 * failed together does not come back together.
 *
 * @param times runs in a row that ended so, from 1
 */
export function pauseAfter(how: 'held' | 'failed' | 'locked', times: number, intervalMs: number, id: string): number {
  if (how === 'locked') return intervalMs
  const atMost = how === 'held' ? HELD_AT_MOST_MS : FAILED_AT_MOST_MS
  const whole = Math.min(atMost, intervalMs * 2 ** Math.min(times - 1, 20))
  if (how === 'held') return whole
  return Math.max(Math.min(intervalMs, atMost), Math.ceil(whole * (0.5 + phaseOf(`${id} ${times}`) / 2)))
}
