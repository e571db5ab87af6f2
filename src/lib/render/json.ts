import type { ErrorData, ExitCode } from '../core/errors.ts'
import type { EventData, NyahEvent, Outcome } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import type { Plan } from '../core/plan.ts'
import type { Progress } from '../core/progress.ts'

/** The one document of `--json`. Nothing in it is escaped: JSON is lossless. Schema: docs/schemas/result.json. */
export interface ResultDocument {
  /** Did it end as asked? The exit code says more. */
  readonly ok: boolean
  readonly outcome: Outcome
  readonly exitCode: ExitCode
  /** The run's id; null: it ended before it was one. */
  readonly run: string | null
  readonly result: Json
  /** What the operator should know that stops nothing. Absent: nothing. */
  readonly notes?: readonly EventData['note'][]
  readonly plan?: Plan
  readonly error?: ErrorData
  /** The run that followed under the same consent: names attached to the mirrors. Absent: none followed. */
  readonly names?: Omit<ResultDocument, 'names'>
}

/** What the runs of nyah end with, plus what stands in the document. */
export interface Ending {
  readonly outcome: Outcome
  readonly exitCode: ExitCode
  readonly run: string | null
  readonly result: Json
  readonly notes?: readonly EventData['note'][]
  readonly plan: Plan | null
  readonly error: ErrorData | null
}

const FINE: ReadonlySet<Outcome> = new Set(['nothing-to-do', 'planned', 'applied'])

export function resultDocument(ending: Ending): ResultDocument {
  const { outcome, exitCode, run, result, notes = [], plan, error } = ending
  return {
    ok: FINE.has(outcome) && error === null,
    outcome,
    exitCode,
    run,
    result,
    ...(notes.length === 0 ? {} : { notes }),
    ...(plan === null ? {} : { plan }),
    ...(error === null ? {} : { error }),
  }
}

/**
 * One command, two runs: `run`, `result`, `plan` and `notes` are of the mirrors; how it ended (`ok`, `outcome`, `exitCode`,
 * `error`) is how the names ended, unless nothing was left to do with them.
 */
export const withNames = (first: ResultDocument, names: ResultDocument): ResultDocument => ({
  ...first,
  ok: first.ok && names.ok,
  outcome: names.outcome === 'nothing-to-do' ? first.outcome : names.outcome,
  exitCode: names.exitCode,
  ...(names.error === undefined ? {} : { error: names.error }),
  names,
})

/** The same document for an error that ended the command before there was a run. */
export const failureDocument = (error: ErrorData): ResultDocument =>
  resultDocument({ outcome: 'failed', exitCode: error.exit, run: null, result: null, plan: null, error })

/** The document of a run, folded from its events; null while it has not ended. */
export function runDocument(progress: Progress): ResultDocument | null {
  const { outcome, exitCode, run, result, notes, plan, errors } = progress
  if (outcome === null || exitCode === null) return null
  return resultDocument({ outcome, exitCode, run, result, notes, plan, error: errors.at(-1) ?? null })
}

/** A document as text, for people and for `jq` alike. Ends with a newline. */
export const renderJson = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`

/** One event as one line of NDJSON. */
export const renderEventLine = (event: NyahEvent): string => `${JSON.stringify(event)}\n`
