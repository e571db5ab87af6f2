import { EXIT, nyahError } from '../core/errors.ts'
import type { NyahEvent } from '../core/events.ts'
import type { Request } from '../core/plan.ts'
import { foldRun } from '../core/progress.ts'

export interface Resumable {
  /** The id for `RunOptions.resumes`. */
  readonly run: string
  /** To be run anew: what is left comes out of a fresh observation. */
  readonly request: Request
  readonly reason: string | null
}

/**
 * What to run to finish an earlier run. Pure.
 *
 * Throws RUN_NOT_RESUMABLE (exit 2) when there is nothing to finish or its journal does not say what was asked.
 */
export function resumable(events: readonly NyahEvent[]): Resumable {
  const { run, request, reason, outcome } = foldRun(events)
  if (run === null || request === null) {
    throw nyahError({
      code: 'RUN_NOT_RESUMABLE',
      message: 'the journal of this run does not say what was asked: its first event is missing',
      exit: EXIT.usage,
      tries: ['run the original command again; it finds what is left to do'],
    })
  }
  if (outcome === 'applied' || outcome === 'nothing-to-do' || outcome === 'planned') {
    throw nyahError({
      code: 'RUN_NOT_RESUMABLE',
      message: `run ${run} has finished (${outcome}): nothing of it is left to do`,
      exit: EXIT.usage,
      tries: [`nyah run show ${run}`],
    })
  }
  return { run, request, reason }
}
