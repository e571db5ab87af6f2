import type { ErrorData } from '../core/errors.ts'
import type { NyahEvent } from '../core/events.ts'
import { countChanges, noProgress, progressed } from '../core/progress.ts'
import type { Progress } from '../core/progress.ts'
import { errorLines } from './errors.ts'
import { escapeLong, escapeText } from './escape.ts'
import { findingLines } from './findings.ts'
import { outcomeLines, saidBriefly } from './outcome.ts'
import type { Paint } from './paint.ts'
import { SKIPPED, stepText } from './run.ts'
import { count, KINDS, span, timeOfDay, wordsOf } from './words.ts'
import type { KindWords } from './words.ts'

/** Progress where there is no live view: one line per step, and a sign of life while nothing happens. */

/** Silence after which a heartbeat is due. */
export const HEARTBEAT_MS = 30_000

export interface LogView {
  readonly paint: Paint
  readonly width: number
  /** Only what goes wrong. */
  readonly quiet: boolean
  /** Also every repetition of a read. */
  readonly debug?: boolean
}

export interface LogState {
  readonly progress: Progress
  /** When the last line was printed; null: none yet. Milliseconds since the epoch. */
  readonly spokeAt: number | null
  /** Reads that were said to fail, with their error: said once, then in each heartbeat's time. */
  readonly retried: ReadonlySet<string>
}

export interface LogStep {
  readonly state: LogState
  /** Without newlines. */
  readonly lines: readonly string[]
}

/** As wide as the time before each first line. */
const STAMP = ' '.repeat('21:03:10  '.length)

export const noLog: LogState = { progress: noProgress, spokeAt: null, retried: new Set() }

/** `target-group nyah-shop-80`, by the id of its change. */
function named(progress: Progress, id: string): string {
  const change = progress.changes.find((one) => one.change.id === id)?.change
  return change === undefined ? escapeText(id) : `${escapeText(change.ref.type)} ${escapeLong(change.ref.name, 120)}`
}

function wordsAbout(progress: Progress, id: string): KindWords {
  const change = progress.changes.find((one) => one.change.id === id)?.change
  return change === undefined ? KINDS.update : wordsOf(change)
}

/** So many names that are moved at once are counted, not listed one by one. */
const MANY = 50

const isOneOfMany = ({ changes }: Progress, id: string): boolean =>
  changes.length > MANY && changes.find(({ change }) => change.id === id)?.change.kind === 'shift'

/** `3 of 12 changes done` */
function tally(progress: Progress): string {
  const { succeeded, failed, running, retrying } = countChanges(progress.changes)
  const parts = [`${succeeded} of ${count(progress.changes.length, 'change')} done`]
  if (running + retrying > 0) parts.push(`${running + retrying} under way`)
  if (failed > 0) parts.push(`${failed} failed`)
  return parts.join(', ')
}

function waitingText(progress: Progress): string {
  const shown = progress.waiting.slice(0, 3)
  const rest = progress.waiting.length - shown.length
  const items = shown.map(({ subject, detail }) => `${escapeLong(subject, 80)}: ${escapeLong(detail, 110)}`)
  const until = progress.deadlineAt === null ? '' : `; until ${timeOfDay(progress.deadlineAt)}`
  return `waiting for ${items.join(' | ')}${rest > 0 ? ` … and ${rest} more` : ''}${until}`
}

/** What made a change fail is often also what ends the run: said once. */
const isSaid = ({ code, message }: ErrorData, { changes }: Progress): boolean =>
  changes.some(({ status, error }) => status === 'failed' && error?.code === code && error.message === message)

/** The lines of one event; `progress` has it folded in already. */
function eventLines(event: NyahEvent, progress: Progress, view: LogView): readonly string[] {
  const { paint } = view
  const width = view.width - STAMP.length
  switch (event.type) {
    // Until here nothing is written, and there is no journal to look the id up in.
    case 'plan.confirmed': {
      const { request, resumes } = progress
      const again = resumes === null ? '' : `, takes up ${escapeText(resumes)}`
      return [
        paint(
          'dim',
          `run ${escapeText(event.run)}: ${escapeText(request?.operation ?? '')} in ${escapeText(request?.context ?? '')}${again} (times in UTC)`,
        ),
      ]
    }
    // The plan that was agreed to stands above; those of a walk's later steps come one by one.
    case 'plan.made':
      return progress.confirmedBy === null
        ? []
        : [`${paint('bold', `step ${progress.earlier.length + 1}`)}: ${stepText(progress.changes)}`]
    case 'step.waiting': {
      const { untilAt, next } = event.data
      return [`step ${next} is due at ${timeOfDay(untilAt)}, in ${span(Date.parse(untilAt) - Date.parse(event.at))}`]
    }
    case 'reading.second':
      return [`second reading in ${span(event.data.delayMs)}, before anything is taken away`]
    case 'reading.compared':
      return [
        event.data.agree ? 'the second reading agrees' : paint('warn', 'the second reading does not agree'),
        ...event.data.findings.flatMap((finding) => findingLines(finding, width, paint)),
      ]
    case 'change.started':
      return event.data.attempt > 1 || isOneOfMany(progress, event.data.id)
        ? []
        : [`${paint('dim', wordsAbout(progress, event.data.id).doing)} ${named(progress, event.data.id)}`]
    case 'change.retrying': {
      const { id, attempt, delayMs, error } = event.data
      return [
        `${paint('warn', 'retrying')} ${named(progress, id)} in ${span(delayMs)} (attempt ${attempt}): ${escapeText(error.code)} ${escapeLong(error.message, 300)}`,
      ]
    }
    case 'change.succeeded': {
      const { id, ms } = event.data
      const { done, tone } = wordsAbout(progress, id)
      if (isOneOfMany(progress, id)) {
        const { succeeded } = countChanges(progress.changes)
        return succeeded % MANY === 0 || succeeded === progress.changes.length
          ? [`${paint(tone, done)}: ${tally(progress)}`]
          : []
      }
      return [`${paint(tone, done)} ${named(progress, id)} ${paint('dim', `(${span(ms)})`)}`]
    }
    case 'change.failed':
      return [
        `${paint('error', 'failed')} ${named(progress, event.data.id)}`,
        ...errorLines(event.data.error, width, paint),
      ]
    case 'change.skipped':
      return [`${paint('hold', 'not started')} ${named(progress, event.data.id)}: ${SKIPPED[event.data.why]}`]
    case 'read.retrying': {
      const { what, delayMs, attempt, error } = event.data
      return [
        `${paint('warn', 'reading again')} ${escapeLong(what, 120)} in ${span(delayMs)} (attempt ${attempt}): ${escapeText(error.code)} ${escapeLong(error.message, 300)}`,
      ]
    }
    case 'spread.reached': {
      const { name, state, afterMs } = event.data
      return state === 'visible'
        ? [`${paint('ok', 'seen')} ${escapeLong(name, 120)} at the name servers, ${span(afterMs)} after it was sent`]
        : []
    }
    case 'verify.waiting':
      return [waitingText(progress)]
    case 'verify.finished':
      return event.data.healthy ? [paint('ok', 'all that is waited for is healthy')] : []
    case 'note':
      return [`${paint('bold', escapeText(event.data.code))}  ${escapeLong(event.data.message, 1200)}`]
    case 'run.error':
      return isSaid(event.data.error, progress) ? [] : errorLines(saidBriefly(event.data.error, progress), width, paint)
    case 'run.finished':
      return outcomeLines(progress, width, paint)
    default:
      return []
  }
}

/** What is printed although the operator wants quiet. */
function isGrave({ type, data }: NyahEvent): boolean {
  if (type === 'run.finished') return data.exitCode !== 0
  // An allowance that did nothing may be a slip of the pen.
  if (type === 'note') return data.code.startsWith('ALLOWANCE_') || data.code === 'RUN_UNJOURNALLED'
  return type === 'change.failed' || type === 'run.error' || (type === 'reading.compared' && !data.agree)
}

/** A failing read, told from others by what it is and how it fails. */
const failureOf = (event: NyahEvent): string | null =>
  event.type === 'read.retrying' ? `${event.data.what} ${event.data.error.code}` : null

/** A poll is news when something it waits for came or went; that a number in it moved can wait for the heartbeat. */
const isNews = (event: NyahEvent, before: Progress): boolean =>
  event.type !== 'verify.waiting' ||
  event.data.waiting.map((one) => one.subject).join('\n') !== before.waiting.map((one) => one.subject).join('\n')

/** One more event. */
export function logEvent(before: LogState, event: NyahEvent, view: LogView): LogStep {
  const progress = progressed(before.progress, event)
  const now = Date.parse(event.at)
  const silentFor = before.spokeAt === null ? Infinity : now - before.spokeAt
  const failure = failureOf(event)
  const isOld = failure !== null && view.debug !== true && before.retried.has(failure)
  const isDue = before.spokeAt !== null && silentFor >= HEARTBEAT_MS
  const speaks = view.quiet ? isGrave(event) : (isNews(event, before.progress) && !isOld) || isDue
  const lines = speaks ? stamped(eventLines(event, progress, view), event.at, view) : []
  const retried = failure === null ? before.retried : new Set([...before.retried, failure])
  // Silence counts from the beginning.
  return { state: { progress, retried, spokeAt: lines.length > 0 ? now : (before.spokeAt ?? now) }, lines }
}

/** The clock moved on (`now`: milliseconds since the epoch): after 30 s of silence, what is being done. */
export function logHeartbeat(before: LogState, now: number, view: LogView): LogStep {
  const { progress, spokeAt } = before
  const busy = progress.phase !== 'finished' && progress.phase !== 'asking'
  if (view.quiet || !busy || spokeAt === null || now - spokeAt < HEARTBEAT_MS) return { state: before, lines: [] }
  const since = progress.startedAt === null ? '' : ` (${span(now - Date.parse(progress.startedAt))} so far)`
  const { phase, nextStep } = progress
  const doing =
    phase === 'verifying'
      ? waitingText(progress)
      : phase === 'pausing' && nextStep !== null
        ? `waiting for step ${nextStep.next}, due at ${timeOfDay(nextStep.untilAt)}`
        : phase === 'applying'
          ? `applying: ${tally(progress)}`
          : 'reading'
  const lines = stamped([`${doing}${since}`], new Date(now).toISOString(), view)
  return { state: { ...before, spokeAt: now }, lines }
}

/** The first line of a step carries the time, the others stand below it. */
const stamped = (lines: readonly string[], at: string, { paint }: LogView): readonly string[] =>
  lines.map((line, index) => `${index === 0 ? `${paint('dim', timeOfDay(at))}  ` : STAMP}${line}`)
