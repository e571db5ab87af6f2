/**
 * The engine's retrier, handed to adapters for one wire call at a time: repeats `call` while it throws a NyahError
 * with `retryable: true`, with back-off and jitter, to the run's deadline. For reads and for writes that are
 * idempotent on the wire. Creates are not repeated here: the executor repeats the whole change, whose `ensure` looks
 * first.
 */
export type Retry = <T>(what: string, call: () => Promise<T>, signal?: AbortSignal) => Promise<T>
