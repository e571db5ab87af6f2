import { EXIT, type ErrorData, type ExitCode, errorData, nyahError } from '../core/errors.ts'
import type { Outcome } from '../core/events.ts'
import type { Execution } from './execute.ts'

/** How a run ends. */
export interface Ending {
  readonly outcome: Outcome
  readonly exitCode: ExitCode
  readonly error: ErrorData | null
}

export const APPLIED: Ending = { outcome: 'applied', exitCode: EXIT.ok, error: null }

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  INTERRUPTED: 'interrupted',
  STALE_PLAN: 'stale',
  RUN_NOT_HEALTHY: 'not-healthy',
  RUN_MORE_TO_DO: 'not-healthy',
  RUN_WORLD_MOVED: 'held',
}

/** The end that an error brings about. */
export function endedBy(thrown: unknown): Ending {
  const error = errorData(thrown)
  return { outcome: OUTCOMES[error.code] ?? 'failed', exitCode: error.exit, error }
}

/**
 * The end that an execution brings about, or null: everything that was neither held nor refused has succeeded, so go on
 * and verify.
 * An interruption comes first, then a half-done plan (8); where nothing at all succeeded, the first error is the run's.
 */
export function endedIn(execution: Execution, run: string): Ending | null {
  const { succeeded, failed, skipped, stopped } = execution
  if (stopped?.code === 'INTERRUPTED') {
    return { outcome: 'interrupted', exitCode: stopped.exit, error: stopped }
  }
  const unfinished = [...skipped.values()].filter((why) => why !== 'held' && why !== 'refused').length
  const first = stopped ?? failed.values().next().value ?? null
  if (first === null || failed.size + unfinished === 0) return null
  if (succeeded.size === 0) return { outcome: 'failed', exitCode: first.exit, error: first }
  const error = nyahError({
    code: 'RUN_PARTLY_APPLIED',
    message:
      `${succeeded.size} of ${succeeded.size + failed.size + unfinished} changes were applied, ${failed.size} failed, ` +
      `${unfinished} were not started; the first error was ${first.code}: ${first.message}`,
    exit: EXIT.partial,
    tries: [`nyah run resume ${run}`, ...first.tries],
    details: { succeeded: succeeded.size, failed: failed.size, notStarted: unfinished },
  })
  return { outcome: 'partly-applied', exitCode: EXIT.partial, error: errorData(error) }
}
