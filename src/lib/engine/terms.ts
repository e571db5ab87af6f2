import type { ErrorData, ExitCode } from '../core/errors.ts'
import type { Emit, NyahEvent, Outcome } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import type { Plan } from '../core/plan.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Deadline } from './deadline.ts'

/** How a run is to be carried out: data, made of flags by the runtime. */
export interface RunOptions {
  /** `plan` only shows. */
  readonly mode: 'apply' | 'plan'
  /** A plan that is not empty ends with 4 (`plan` mode only). */
  readonly detailedExitcode: boolean
  /** `yes`: --yes was given. `ask`: there is a terminal. `none`: neither. */
  readonly consent: 'yes' | 'ask' | 'none'
  /** There is a terminal, whatever `consent` says: --yes does not answer for what cannot be taken back. Absent: none. */
  readonly terminal?: boolean
  /** --confirm ID; null when it was not given. */
  readonly confirmed: string | null
  readonly timeoutMs: number
  /** Changes in flight at once. */
  readonly parallel: number
  readonly actor: string
  readonly reason: string | null
  /** Id of the run that this one takes up again. */
  readonly resumes: string | null
  /** A saved plan: the same changes must come out again, else STALE_PLAN (10). Never prompts. */
  readonly saved: Plan | null
  /** What the operator typed, quoted for a shell and without secrets: hints are made of it (`… --yes`). */
  readonly command?: string
}

/** What a run needs of its surroundings. */
export interface RunDeps {
  readonly run: string
  readonly nyah: string
  readonly clock: Clock
  readonly store: Store
  /** Made by `emitter.ts` before the adapters, so that their retries are in the same stream. */
  readonly emit: Emit
  /** The journal is attached when the first write to a remote is near; it gets all events from `run.started` on. */
  readonly attach: (sink: (event: NyahEvent) => void) => void
  /** Asks on the terminal: y/N, or the id to be typed. */
  readonly ask: (plan: Plan, confirmId: string | null) => Promise<boolean>
  /** Aborted with `interrupted('SIGINT' | 'SIGTERM')`. */
  readonly signal: AbortSignal
  /** Jitter of the executor's retries, 0 ≤ random() < 1; absent: Math.random. */
  readonly random?: () => number
  /** The one that the adapters' retriers have too; absent: `timeoutMs` from now. */
  readonly deadline?: Deadline
}

export interface RunResult {
  readonly outcome: Outcome
  readonly exitCode: ExitCode
  readonly plan: Plan | null
  readonly result: Json
  readonly error: ErrorData | null
}
