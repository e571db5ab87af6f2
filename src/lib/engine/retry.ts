import { type ErrorData, errorData } from '../core/errors.ts'
import type { Emit } from '../core/events.ts'
import type { Clock } from '../ports/clock.ts'
import type { Retry } from '../ports/retry.ts'
import type { Deadline } from './deadline.ts'

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 20_000

/**
 * How long to wait before the next attempt: doubles from 0.5 s to 20 s, spread over ± 50 % so that many nyahs that
 * failed together do not come back together. A remote's own wish (`details.retryAfterMs`) is a lower bound.
 *
 * @param attempt the one that failed, from 1
 * @param random 0 ≤ random < 1
 */
export function backOff(attempt: number, random: number, error: ErrorData): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 16))
  const { retryAfterMs } = error.details
  const wish = typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0
  return Math.ceil(Math.max(wish, delay * (0.5 + random)))
}

/**
 * The retrier for adapters' wire calls. Repeats what throws a retryable NyahError until the next attempt would start
 * after the deadline; then the last error is thrown as it is. Each repetition is a `read.retrying` event.
 */
export function makeRetry(options: {
  clock: Clock
  /** 0 ≤ random() < 1 */
  random: () => number
  deadline: Pick<Deadline, 'at'>
  emit: Emit
  /** Ends every wait, besides the call's own signal. */
  signal?: AbortSignal
}): Retry {
  const { clock, random, deadline, emit, signal: whole } = options
  return async (what, call, own) => {
    const signal = whole && own ? AbortSignal.any([whole, own]) : (own ?? whole)
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call()
      } catch (thrown) {
        const error = errorData(thrown)
        const delayMs = backOff(attempt, random(), error)
        if (!error.retryable || signal?.aborted || clock.now() + delayMs > deadline.at()) throw thrown
        emit('read.retrying', null, { what, attempt, delayMs, error })
        await clock.sleep(delayMs, signal)
      }
    }
  }
}
