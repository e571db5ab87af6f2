import type { Clock } from '../../ports/clock.ts'

/** Node's timers count in 31 bits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The machine's clock.
 *
 * @param speed how many times faster than real time it runs (a sandbox at `--speed 60`: a minute per second); now() is
 *   the real time at the moment it is made, whatever the speed
 */
export function realClock(speed = 1): Clock {
  const start = Date.now()
  const now = speed === 1 ? Date.now : () => start + (Date.now() - start) * speed
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(LONGEST_TIMER_MS, Math.max(0, ms / speed)),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  return { now, sleep }
}
