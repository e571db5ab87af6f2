import type { Change, Outputs } from '../core/change.ts'
import { withDependents } from '../core/dag.ts'
import { EXIT, type ErrorData, errorData, nyahError } from '../core/errors.ts'
import type { EventData } from '../core/events.ts'
import { applyChange, applyGroup, type Attempted, type Surroundings } from './attempt.ts'
import { interruption } from './interrupt.ts'

/** How every change ended: each id stands in exactly one of the three. */
export interface Execution {
  readonly succeeded: ReadonlyMap<string, Outputs>
  /** In the order in which they failed. */
  readonly failed: ReadonlyMap<string, ErrorData>
  readonly skipped: ReadonlyMap<string, EventData['change.skipped']['why']>
  /** Why nothing more was started, other than by a failure in a scope; null: nothing stopped it. */
  readonly stopped: ErrorData | null
}

export interface ExecuteOptions extends Surroundings {
  readonly changes: readonly Change[]
  /** Ids that a guard keeps back, with their dependents. */
  readonly held: ReadonlySet<string>
  /** Scopes that a guard refuses: nothing of them is done. */
  readonly refused: ReadonlySet<string>
  readonly parallel: number
}

/** How long what is under way may take to finish after an interruption, before it is abandoned. */
const GRACE_MS = 10_000

/**
 * Carries out a graph of changes: as many at once as `parallel` says, none before what it needs. A failure stops its
 * scope only; an interruption, the deadline or a broken journal stop all. Never throws: the Execution says it all.
 */
export function execute(options: ExecuteOptions): Promise<Execution> {
  const { changes, held, refused, parallel, deadline, clock, emit, signal, broken, together } = options
  const pending = new Map(changes.map((change) => [change.id, change]))
  const succeeded = new Map<string, Outputs>()
  const failed = new Map<string, ErrorData>()
  const skipped = new Map<string, EventData['change.skipped']['why']>()
  const failedScopes = new Set<string>()
  /** Aborted at the end of the grace: what still runs is cut off. */
  const cut = new AbortController()
  let stopped: ErrorData | null = null
  let running = 0

  const skip = (change: Change, why: EventData['change.skipped']['why']) => {
    if (!pending.delete(change.id)) return
    skipped.set(change.id, why)
    emit('change.skipped', change.scope, { id: change.id, why })
  }
  const stop = (why: ErrorData) => {
    stopped ??= why
    for (const change of pending.values()) skip(change, 'interrupted')
  }
  const fail = (change: Change, error: ErrorData) => {
    failed.set(change.id, error)
    failedScopes.add(change.scope)
    emit('change.failed', change.scope, { id: change.id, error })
    const needing = withDependents(changes, [change.id])
    for (const other of pending.values()) {
      if (other.scope === change.scope) skip(other, needing.has(other.id) ? 'needs' : 'scope-failed')
    }
  }
  const ready = ({ needs }: Change) => needs.every((need) => succeeded.has(need))
  /** What is ready: one change, or all that go with it in one call. A removal has its own fresh look, so goes alone. */
  const next = (): readonly Change[] => {
    const first = [...pending.values()].find(ready)
    if (first === undefined) return []
    const keyOf = (change: Change) => (change.risk === 'removes' ? null : (together?.keyOf(change) ?? null))
    const key = keyOf(first)
    return key === null ? [first] : [...pending.values()].filter((change) => keyOf(change) === key && ready(change))
  }
  const givenUp = ({ scope }: Change) => stopped !== null || failedScopes.has(scope)
  const start = async (changes: readonly Change[]) => {
    for (const { id } of changes) pending.delete(id)
    running += 1
    const attempt = { ...options, cut: cut.signal, outputsOf: (id: string) => succeeded.get(id) }
    const [first] = changes
    if (together !== undefined && changes.length > 1)
      await applyGroup(changes, { ...attempt, together, givenUp }, settle)
    else if (first !== undefined) settle(first, await applyChange(first, { ...attempt, givenUp: () => givenUp(first) }))
    running -= 1
  }
  const settle = (change: Change, end: Attempted) => {
    if (end.ok) {
      succeeded.set(change.id, end.outputs)
      emit('change.succeeded', change.scope, { id: change.id, outputs: end.outputs, ms: end.ms })
    } else {
      fail(change, end.error)
    }
  }

  return new Promise((resolve) => {
    const onAbort = () => {
      stop(errorData(interruption(signal)))
      if (running > 0) void cutOff()
      pump()
    }
    const cutOff = async () => {
      await clock.sleep(GRACE_MS, cut.signal).catch(() => undefined)
      cut.abort(signal.reason)
    }
    const pump = () => {
      if (stopped === null) {
        const why = broken() ?? (pending.size > 0 && clock.now() > deadline.at() ? timedOut() : null)
        if (why !== null) stop(why)
      }
      while (running < Math.max(1, parallel)) {
        const group = next()
        if (group.length === 0) break
        void start(group).then(pump)
      }
      if (running > 0) return
      signal.removeEventListener('abort', onAbort)
      cut.abort()
      resolve({ succeeded, failed, skipped, stopped })
    }
    for (const change of changes) {
      if (refused.has(change.scope)) skip(change, 'refused')
      else if (held.has(change.id)) skip(change, 'held')
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    else pump()
  })
}

/** The error of a run whose time was over before everything was done. */
export const timedOut = (): ErrorData =>
  errorData(
    nyahError({
      code: 'RUN_TIMED_OUT',
      message: 'the time given for this run was over before everything was applied',
      exit: EXIT.remote,
      tries: ['run the command again with a greater --timeout; it does what is left'],
    }),
  )
