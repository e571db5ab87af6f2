import type { Clock } from '../ports/clock.ts'

/** Until when a run may wait and retry. One per run, shared by the engine and the adapters' retriers. */
export interface Deadline {
  /** Milliseconds since the epoch. */
  at(): number
  /** The time a person took to answer is not the run's. */
  extend(ms: number): void
}

export function makeDeadline(clock: Clock, timeoutMs: number): Deadline {
  let at = clock.now() + timeoutMs
  return {
    at: () => at,
    extend: (ms) => {
      at += Math.max(0, ms)
    },
  }
}
