import type { Change, Outputs } from './change.ts'
import type { ErrorData, ExitCode } from './errors.ts'
import type { EventData, NyahEvent, Outcome, Waiting } from './events.ts'
import type { Json } from './json.ts'
import type { Finding, Plan, Request } from './plan.ts'

/** Where one change of the plan stands. `succeeded`, `failed` and `skipped` are final. */
export type ChangeStatus = 'pending' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'skipped'

export interface ChangeProgress {
  readonly change: Change
  readonly status: ChangeStatus
  /** 0: never started. */
  readonly attempt: number
  /** ISO 8601, UTC; of the first attempt. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  /** How long it took when it succeeded. */
  readonly ms: number | null
  /** While retrying: how long until the next attempt, counted from `retryingSince`. */
  readonly delayMs: number | null
  readonly retryingSince: string | null
  /** The last error, also while it is being retried. */
  readonly error: ErrorData | null
  readonly outputs: Outputs | null
  readonly skipped: EventData['change.skipped']['why'] | null
}

/**
 * What a run is doing. `asking` lasts from the plan to the answer (or to the end, where nothing is asked); `pausing` is a
 * walk between two of its steps.
 */
export type Phase =
  | 'starting'
  | 'observing'
  | 'asking'
  | 'second-reading'
  | 'applying'
  | 'verifying'
  | 'pausing'
  | 'finished'

/** A remote that is being asked again. */
interface ReadRetry {
  readonly what: string
  readonly attempt: number
  readonly delayMs: number
  readonly error: ErrorData
  /** ISO 8601, UTC. */
  readonly at: string
}

/** A step of a walk that is over: its plan, and where its changes stood then. */
export interface StepProgress {
  readonly plan: Plan
  readonly changes: readonly ChangeProgress[]
}

/** All that the events of a run say so far: the one fold behind the terminal, `run show` and the reports. */
export interface Progress {
  readonly run: string | null
  readonly request: Request | null
  readonly actor: string | null
  readonly reason: string | null
  readonly nyah: string | null
  readonly resumes: string | null
  /** ISO 8601, UTC. */
  readonly startedAt: string | null
  /** Of the last event. */
  readonly at: string | null
  readonly phase: Phase
  /** The reading that is under way; null between readings. */
  readonly pass: number | null
  /** With the findings that came later (a second reading). */
  readonly plan: Plan | null
  readonly confirmedBy: EventData['plan.confirmed']['by'] | null
  /** In the order of the plan. */
  readonly changes: readonly ChangeProgress[]
  /** Steps of a walk before the plan that stands there now; empty where there is but one plan. */
  readonly earlier: readonly StepProgress[]
  /** When the next step of a walk is due; null: none is waited for. */
  readonly nextStep: EventData['step.waiting'] | null
  /** The last read that is being repeated; null once a reading was finished. */
  readonly readRetry: ReadRetry | null
  /** What is not healthy yet. */
  readonly waiting: readonly Waiting[]
  /** Until when it is waited for. */
  readonly deadlineAt: string | null
  /** Null: not verified (yet). */
  readonly healthy: boolean | null
  readonly notes: readonly EventData['note'][]
  readonly errors: readonly ErrorData[]
  /** Null: still running, or killed. */
  readonly outcome: Outcome | null
  readonly exitCode: ExitCode | null
  readonly result: Json
}

/** A run before its first event. */
export const noProgress: Progress = {
  run: null,
  request: null,
  actor: null,
  reason: null,
  nyah: null,
  resumes: null,
  startedAt: null,
  at: null,
  phase: 'starting',
  pass: null,
  plan: null,
  confirmedBy: null,
  changes: [],
  earlier: [],
  nextStep: null,
  readRetry: null,
  waiting: [],
  deadlineAt: null,
  healthy: null,
  notes: [],
  errors: [],
  outcome: null,
  exitCode: null,
  result: null,
}

const pending = (change: Change): ChangeProgress => ({
  change,
  status: 'pending',
  attempt: 0,
  startedAt: null,
  finishedAt: null,
  ms: null,
  delayMs: null,
  retryingSince: null,
  error: null,
  outputs: null,
  skipped: null,
})

/** The progress after one more event. An event of a type it does not know (a newer nyah's journal) changes only `at`. */
export function progressed(before: Progress, event: NyahEvent): Progress {
  const state: Progress = { ...before, at: event.at, run: event.run }
  const patch = (id: string, part: Partial<ChangeProgress>): Progress => ({
    ...state,
    phase: state.phase === 'finished' ? 'finished' : 'applying',
    changes: state.changes.map((one) => (one.change.id === id ? { ...one, ...part } : one)),
  })
  switch (event.type) {
    case 'run.started':
      return { ...state, ...event.data, startedAt: event.at }
    case 'observe.started':
      return { ...state, pass: event.data.pass, phase: state.plan === null ? 'observing' : state.phase }
    case 'observe.finished':
      return { ...state, pass: null, readRetry: null }
    case 'plan.made': {
      const { plan, changes, earlier, confirmedBy } = state
      const isStep = plan !== null && confirmedBy !== null
      const begun = changes.filter(({ status }) => status !== 'pending')
      return {
        ...state,
        phase: isStep ? 'applying' : 'asking',
        plan: withReports(event.data.plan),
        changes: event.data.plan.changes.map(pending),
        // A walk that waits, or is taken up between two steps, begins with a plan of which nothing was done.
        earlier: isStep && begun.length > 0 ? [...earlier, { plan, changes: begun }] : earlier,
        nextStep: null,
        waiting: [],
        deadlineAt: null,
        healthy: null,
      }
    }
    case 'plan.confirmed':
      return { ...state, phase: 'applying', confirmedBy: event.data.by }
    case 'reading.second':
      return { ...state, phase: 'second-reading' }
    case 'reading.compared':
      return { ...state, phase: 'applying', plan: state.plan && withFindings(state.plan, event.data.findings) }
    case 'change.started': {
      const { id, attempt } = event.data
      const first = attempt === 1 ? { startedAt: event.at } : {}
      return patch(id, { status: 'running', attempt, delayMs: null, retryingSince: null, ...first })
    }
    case 'change.retrying': {
      const { id, attempt, delayMs, error } = event.data
      return patch(id, { status: 'retrying', attempt, delayMs, error, retryingSince: event.at })
    }
    case 'change.succeeded': {
      const { id, outputs, ms } = event.data
      return patch(id, { status: 'succeeded', outputs, ms, error: null, finishedAt: event.at })
    }
    case 'change.failed':
      return patch(event.data.id, { status: 'failed', error: event.data.error, finishedAt: event.at })
    case 'change.skipped':
      return patch(event.data.id, { status: 'skipped', skipped: event.data.why, finishedAt: event.at })
    case 'read.retrying':
      return { ...state, readRetry: { ...event.data, at: event.at } }
    case 'verify.waiting':
      return { ...state, phase: 'verifying', waiting: event.data.waiting, deadlineAt: event.data.deadlineAt }
    case 'verify.finished':
      return { ...state, phase: 'verifying', waiting: event.data.waiting, healthy: event.data.healthy }
    case 'step.waiting':
      return { ...state, phase: 'pausing', nextStep: event.data }
    case 'note':
      return { ...state, notes: [...state.notes, event.data] }
    case 'run.error':
      return { ...state, errors: [...state.errors, event.data.error] }
    case 'run.finished':
      return { ...state, ...event.data, phase: 'finished', pass: null, readRetry: null, nextStep: null }
    default:
      return state
  }
}

/** A plan as it may stand in the journal of an earlier nyah, which knew no reports. */
const withReports = (plan: Omit<Plan, 'reports'> & Partial<Pick<Plan, 'reports'>>): Plan => ({ reports: {}, ...plan })

/** A plan with what was found after it was made. */
export const withFindings = (plan: Plan, findings: readonly Finding[]): Plan =>
  findings.length === 0 ? plan : { ...plan, findings: [...plan.findings, ...findings] }

/** All events of a run, folded. */
export const foldRun = (events: readonly NyahEvent[]): Progress => events.reduce(progressed, noProgress)

/** The changes of all plans of a run: each step of a walk has its own. */
export const allChanges = ({ earlier, changes }: Progress): readonly ChangeProgress[] => [
  ...earlier.flatMap((step) => step.changes),
  ...changes,
]

/** How many changes stand where. */
export function countChanges(changes: readonly ChangeProgress[]): Readonly<Record<ChangeStatus, number>> {
  const counts = { pending: 0, running: 0, retrying: 0, succeeded: 0, failed: 0, skipped: 0 }
  for (const { status } of changes) counts[status] += 1
  return counts
}
