import type { Change, Outputs } from '../core/change.ts'
import { type ErrorData, errorData } from '../core/errors.ts'
import type { Emit } from '../core/events.ts'
import { resolveTokens } from '../core/token.ts'
import type { Clock } from '../ports/clock.ts'
import type { Deadline } from './deadline.ts'
import { unlessAborted } from './interrupt.ts'
import type { Scene, Together } from './operation.ts'
import { backOff } from './retry.ts'

export type Attempted =
  | { readonly ok: true; readonly outputs: Outputs; readonly ms: number }
  | { readonly ok: false; readonly error: ErrorData }

/** What every attempt of a run shares. */
export interface Surroundings {
  readonly deadline: Pick<Deadline, 'at'>
  readonly clock: Clock
  readonly emit: Emit
  readonly random: () => number
  /** Aborted: nothing new is started, and what runs is waited for, but not for ever. */
  readonly signal: AbortSignal
  /** An error that must stop everything (a journal that can no longer be written); looked at before each write. */
  readonly broken: () => ErrorData | null
  readonly apply: (change: Change, scene: Scene) => Promise<Outputs>
  /** Absent: nothing is applied together. */
  readonly together?: Together | undefined
}

interface AttemptOptions extends Surroundings {
  /** Aborted when even what is under way must be left alone. */
  readonly cut: AbortSignal
  readonly outputsOf: (change: string) => Outputs | undefined
  /** Is another attempt pointless: its scope has failed, or the run was stopped? */
  readonly givenUp: () => boolean
}

/**
 * Applies one change, again while its error is retryable and the deadline allows. A lost answer is no special case:
 * `apply` looks before it creates. `apply` gets the signal that ends the grace, not the interruption itself: a write
 * that is under way may finish.
 */
export async function applyChange(change: Change, options: AttemptOptions): Promise<Attempted> {
  const { clock, emit, random, deadline, signal, cut, broken, givenUp, outputsOf, apply } = options
  const { id, scope } = change
  const began = clock.now()
  for (let attempt = 1; ; attempt += 1) {
    emit('change.started', scope, { id, attempt })
    const unwritable = broken()
    if (unwritable !== null) return { ok: false, error: unwritable }
    try {
      const outputs = await unlessAborted(cut, () => apply(resolved(change, outputsOf), { clock, emit, signal: cut }))
      return { ok: true, outputs, ms: clock.now() - began }
    } catch (thrown) {
      const error = errorData(thrown)
      const delayMs = backOff(attempt, random(), error)
      if (!error.retryable || givenUp() || clock.now() + delayMs > deadline.at()) return { ok: false, error }
      emit('change.retrying', scope, { id, attempt, delayMs, error })
      await clock.sleep(delayMs, signal).catch(() => undefined)
      if (givenUp()) return { ok: false, error }
    }
  }
}

const resolved = (change: Change, outputsOf: AttemptOptions['outputsOf']): Change =>
  change.after === null ? change : { ...change, after: resolveTokens(change.after, outputsOf) }

type GroupOptions = Omit<AttemptOptions, 'givenUp'> & {
  readonly together: Together
  readonly givenUp: (change: Change) => boolean
}

/**
 * Applies several changes in one call; those whose error is retryable again, together again. Each is settled as soon as it
 * is known how it ended.
 */
export async function applyGroup(
  changes: readonly Change[],
  options: GroupOptions,
  settle: (change: Change, end: Attempted) => void,
): Promise<void> {
  const { clock, emit, random, deadline, signal, cut, broken, givenUp, outputsOf, together } = options
  const began = clock.now()
  let left = changes
  for (let attempt = 1; left.length > 0; attempt += 1) {
    for (const { id, scope } of left) emit('change.started', scope, { id, attempt })
    const unwritable = broken()
    if (unwritable !== null) {
      for (const change of left) settle(change, { ok: false, error: unwritable })
      return
    }
    const results = await called(left, options)
    const failed = left.flatMap((change) => {
      const result = results.get(change.id) ?? new Error(`${change.id} was applied without a result`)
      if (result instanceof Error) return [{ change, error: errorData(result) }]
      settle(change, { ok: true, outputs: result, ms: clock.now() - began })
      return []
    })
    const delayMs = Math.max(0, ...failed.map(({ error }) => backOff(attempt, random(), error)))
    const late = clock.now() + delayMs > deadline.at()
    const again = failed.filter(({ change, error }) => error.retryable && !givenUp(change) && !late)
    for (const { change, error } of failed) {
      if (again.some((one) => one.change === change))
        emit('change.retrying', change.scope, { id: change.id, attempt, delayMs, error })
      else settle(change, { ok: false, error })
    }
    if (again.length > 0) await clock.sleep(delayMs, signal).catch(() => undefined)
    left = again.flatMap(({ change, error }) => {
      if (!givenUp(change)) return [change]
      settle(change, { ok: false, error })
      return []
    })
  }

  async function called(some: readonly Change[], { cut: end }: GroupOptions): ReturnType<Together['apply']> {
    try {
      const ready = some.map((change) => resolved(change, outputsOf))
      return await unlessAborted(end, () => together.apply(ready, { clock, emit, signal: cut }))
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      return new Map(some.map(({ id }) => [id, error]))
    }
  }
}
