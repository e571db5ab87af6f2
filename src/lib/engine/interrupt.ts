import { interrupted, isNyahError, type NyahError } from '../core/errors.ts'

/** Why a signal was aborted, as the error that ends the run (130 or 143). */
export const interruption = (signal: AbortSignal): NyahError =>
  isNyahError(signal.reason) ? signal.reason : interrupted('SIGINT')

/** Waits for `work`, but no longer than until the signal; whoever ignores the signal cannot hold the run up. */
export function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(interruption(signal))
    const onAbort = () => reject(interruption(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
