import type { Change, Outputs } from '../core/change.ts'
import { type ErrorData, errorData } from '../core/errors.ts'
import type { Emit } from '../core/events.ts'
import { resolveTokens } from '../core/token.ts'
import type { Clock } from '../ports/clock.ts'
import type { Deadline } from './deadline.ts'
import { unlessAborted } from './interrupt.ts'
import type { Scene } from './operation.ts'
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
      const ready = change.after === null ? change : { ...change, after: resolveTokens(change.after, outputsOf) }
      const outputs = await unlessAborted(cut, () => apply(ready, { clock, emit, signal: cut }))
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
