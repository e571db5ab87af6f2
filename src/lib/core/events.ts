import type { Outputs } from './change.ts'
import type { ErrorData, ExitCode } from './errors.ts'
import type { Json } from './json.ts'
import type { Finding, Plan, Request } from './plan.ts'

/** How a run ended. */
export type Outcome =
  | 'nothing-to-do'
  | 'planned' // --plan: shown, not applied
  | 'applied'
  | 'partly-applied'
  | 'not-healthy'
  | 'held'
  | 'refused'
  | 'declined'
  | 'stale'
  | 'failed'
  | 'interrupted'

/** What `verify` still waits for, per scope. */
export interface Waiting {
  readonly subject: string
  /** `2 of 3 targets healthy; 10.20.0.13:8080 is unhealthy (Target.Timeout)` */
  readonly detail: string
  /** Absent: of no scope in particular. What a refused scope lacks is not waited for. */
  readonly scope?: string
  /** True: only what came meanwhile is missing, and that takes a new plan; everything planned for is well. */
  readonly unplanned?: boolean
}

/** Data of each event type. Data, never prose: whatever people read is a fold of these. */
export interface EventData {
  'run.started': { request: Request; actor: string; reason: string | null; nyah: string; resumes: string | null }
  'observe.started': { pass: number }
  'observe.finished': { pass: number; ms: number }
  /** Each one after `plan.confirmed` is the next step of a walk, under the consent that was given. */
  'plan.made': { plan: Plan }
  'plan.confirmed': { by: 'yes-flag' | 'terminal' | 'confirm-flag' | 'saved-plan' }
  'plan.declined': { by: 'terminal' | 'no-terminal' }
  /** Removals wait for a second reading that agrees. */
  'reading.second': { delayMs: number }
  /** What the second reading found; `findings` (READINGS_DISAGREE and the like) join those of the plan. */
  'reading.compared': { agree: boolean; findings: readonly Finding[] }
  'change.started': { id: string; attempt: number }
  'change.retrying': { id: string; attempt: number; delayMs: number; error: ErrorData }
  'change.succeeded': { id: string; outputs: Outputs; ms: number }
  'change.failed': { id: string; error: ErrorData }
  /** Never started: held or its scope refused by a guard, something it needs failed, its scope failed, or the run was interrupted. */
  'change.skipped': { id: string; why: 'held' | 'refused' | 'needs' | 'scope-failed' | 'interrupted' }
  'read.retrying': { what: string; attempt: number; delayMs: number; error: ErrorData }
  'verify.waiting': { waiting: readonly Waiting[]; deadlineAt: string }
  'verify.finished': { healthy: boolean; waiting: readonly Waiting[] }
  /**
   * A walk pauses: what falls due at `untilAt` (ISO 8601, UTC) is the run's plan number `next`. Until then the world is
   * watched; emitted again where that changes when the step is due.
   */
  'step.waiting': { untilAt: string; next: number }
  /**
   * How far a name that this run changed has come, in milliseconds since the change was sent: Route 53 took it (`accepted`),
   * says that all its name servers have it (`insync`), and those of the zone answer with it (`visible`; asked for a few names).
   * Resolvers may keep what they know for the record's TTL after that.
   */
  'spread.reached': { name: string; state: 'accepted' | 'insync' | 'visible'; afterMs: number }
  /** Something the operator should know that stops nothing: `{code, message}`. */
  note: { code: string; message: string }
  'run.error': { error: ErrorData }
  'run.finished': { outcome: Outcome; exitCode: ExitCode; result: Json }
}

export type EventType = keyof EventData

/** One event. `seq` starts at 1 and has no gaps; the last event of a run is always `run.finished`. */
export type NyahEvent<T extends EventType = EventType> = {
  [K in T]: {
    readonly v: 1
    readonly seq: number
    /** ISO 8601, UTC. */
    readonly at: string
    /** The run's id. */
    readonly run: string
    readonly type: K
    /** Null: the whole run. */
    readonly scope: string | null
    readonly data: EventData[K]
  }
}[T]

/** How anything below the engine speaks. */
export type Emit = <T extends EventType>(type: T, scope: string | null, data: EventData[T]) => void
