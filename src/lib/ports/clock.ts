/** Time, owned by the engine: nothing else sleeps or asks what time it is. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Rejects with `signal.reason` when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
