import { countChanges } from '../core/progress.ts'
import type { ChangeProgress, ChangeStatus, Progress } from '../core/progress.ts'
import type { Waiting } from '../core/events.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { fidelityCounts } from '../render/fidelity.ts'
import { outlinePlan } from '../render/outline.ts'
import type { Tone } from '../render/paint.ts'
import { reportsToTell } from '../render/report.ts'
import { SKIPPED, statusWord } from '../render/run.ts'
import { clip, padEnd, textWidth, wrap } from '../render/width.ts'
import { count, scopeWord, span, timeOfDay } from '../render/words.ts'
import { fit, spread } from './lines.ts'
import type { Line } from './lines.ts'

/** The live view of a run, as a pure function of its progress, the time and the terminal. */

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Counts the ticks of the animation. */
  readonly frame: number
  readonly columns: number
  readonly rows: number
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

const GLYPHS: Readonly<Record<ChangeStatus, string>> = {
  pending: ' ',
  running: '',
  retrying: '!',
  succeeded: '✔',
  failed: '✖',
  skipped: '-',
}

const TONES: Readonly<Record<ChangeStatus, Tone>> = {
  pending: 'dim',
  running: 'bold',
  retrying: 'warn',
  succeeded: 'ok',
  failed: 'error',
  skipped: 'hold',
}

const spinner = ({ frame }: Moment): string => SPINNER[frame % SPINNER.length] ?? ''

/** Names are cut here at the latest; the plan above the live view has them whole. */
const NAME_LIMIT = 120

function header(progress: Progress, moment: Moment): readonly Line[] {
  const { request, plan, startedAt } = progress
  if (request === null) return []
  const elapsed = startedAt === null ? '' : span(moment.now - Date.parse(startedAt))
  const scopes = plan === null ? [] : outlinePlan(plan).scopes.filter(({ changes }) => changes.length > 0)
  const [only] = scopes
  const what =
    only !== undefined && scopes.length === 1
      ? escapeLong(only.name ?? only.id, NAME_LIMIT)
      : scopes.length > 1
        ? count(scopes.length, scopeWord(request.operation).toLowerCase())
        : ''
  const left: Line = [
    { text: escapeText(request.operation), tone: 'bold' },
    { text: what === '' ? '' : `  ${what}` },
    { text: `  in ${escapeText(request.context)}`, tone: 'dim' },
  ]
  return [spread(left, [{ text: elapsed, tone: 'dim' }], moment.columns), ...reportLine(progress, moment)]
}

/** How faithful what is built is: the plan above the question said it in full. */
function reportLine({ plan }: Progress, moment: Moment): readonly Line[] {
  if (plan === null || moment.rows < 12) return []
  const { whole } = reportsToTell(plan, outlinePlan(plan))
  const items = whole.flatMap(({ report }) => report.fidelity)
  return items.length === 0 ? [] : [fit([{ text: `fidelity: ${fidelityCounts(items)}`, tone: 'dim' }], moment.columns)]
}

/** How long a change has been at it, or took; why it was not started. */
function remark(one: ChangeProgress, { now }: Moment): string {
  if (one.status === 'succeeded') return one.ms === null ? '' : span(one.ms)
  if (one.status === 'skipped') return one.skipped === null ? '' : SKIPPED[one.skipped]
  if (one.status === 'retrying') {
    const since = one.retryingSince === null ? now : Date.parse(one.retryingSince)
    const left = Math.max(0, (one.delayMs ?? 0) - (now - since))
    return `attempt ${one.attempt + 1} in ${span(left)}`
  }
  if (one.status !== 'running' || one.startedAt === null) return ''
  const tries = one.attempt > 1 ? `, attempt ${one.attempt}` : ''
  return `${span(now - Date.parse(one.startedAt))}${tries}`
}

function changeLine(one: ChangeProgress, typeWidth: number, moment: Moment): Line {
  const { status, change } = one
  const glyph = status === 'running' ? spinner(moment) : GLYPHS[status]
  const text = remark(one, moment)
  return fit(
    [
      { text: `  ${glyph} ${padEnd(statusWord(one), 9)} `, tone: TONES[status] },
      { text: `${padEnd(escapeText(change.ref.type), typeWidth)} ` },
      { text: escapeLong(change.ref.name, NAME_LIMIT), tone: status === 'pending' ? 'dim' : 'bold' },
      { text: text === '' ? '' : `  ${text}`, tone: status === 'retrying' ? 'warn' : 'dim' },
    ],
    moment.columns,
  )
}

/** Why it failed or is tried again. */
const errorLine = ({ error }: ChangeProgress, moment: Moment): readonly Line[] =>
  error === null
    ? []
    : [
        fit(
          [{ text: `      ${escapeText(error.code)}`, tone: 'warn' }, { text: ` ${escapeLong(error.message, 300)}` }],
          moment.columns,
        ),
      ]

/** What a small window shows first: what went wrong, what is under way, what was done last, what comes next. */
function urgency(one: ChangeProgress): number {
  if (one.status === 'failed') return 0
  if (one.status === 'retrying') return 1
  if (one.status === 'running') return 2
  return one.status === 'pending' ? 3 : 4
}

/** At most `room` changes, in the order of the plan. */
function windowOf(changes: readonly ChangeProgress[], room: number): readonly ChangeProgress[] {
  if (changes.length <= room) return changes
  const ranked = changes
    .map((one, index) => ({ one, index }))
    .sort((a, b) => {
      const byUrgency = urgency(a.one) - urgency(b.one)
      if (byUrgency !== 0) return byUrgency
      // Of what is done the latest, of all else the first in the plan.
      const latest = (b.one.finishedAt ?? '') > (a.one.finishedAt ?? '') ? 1 : -1
      return urgency(a.one) === 4 && a.one.finishedAt !== b.one.finishedAt ? latest : a.index - b.index
    })
  // Where all that is under way fits, a third of the rest shows what was done: the view then moves like a log.
  const active = ranked.filter(({ one }) => urgency(one) < 3).slice(0, room)
  const done = ranked.filter(({ one }) => urgency(one) === 4)
  const next = ranked.filter(({ one }) => urgency(one) === 3)
  const rest = room - active.length
  const doneShown = done.slice(0, Math.max(Math.ceil(rest / 3), rest - next.length))
  const nextShown = next.slice(0, rest - doneShown.length)
  return [...active, ...doneShown, ...nextShown].sort((a, b) => a.index - b.index).map(({ one }) => one)
}

const withErrors = (changes: readonly ChangeProgress[]): number => changes.filter(({ error }) => error !== null).length

function changeLines(changes: readonly ChangeProgress[], room: number, moment: Moment): readonly Line[] {
  if (changes.length === 0 || room < 1) return []
  const isWhole = changes.length <= room
  // Half of a window may go to what failed or is tried again, so that there is room for the reasons.
  const shown = isWhole ? changes : windowOf(changes, room - 1 - Math.min(Math.floor(room / 3), withErrors(changes)))
  const typeWidth = Math.max(0, ...shown.map(({ change }) => textWidth(escapeText(change.ref.type))))
  let spare = room - shown.length - (isWhole ? 0 : 1)
  const lines = shown.flatMap((one): readonly Line[] => {
    const why = spare > 0 ? errorLine(one, moment) : []
    spare -= why.length
    return [changeLine(one, typeWidth, moment), ...why]
  })
  return isWhole ? lines : [...lines, fit([{ text: hiddenText(changes, shown), tone: 'dim' }], moment.columns)]
}

const COUNTED: readonly (readonly [ChangeStatus, string])[] = [
  ['succeeded', 'done'],
  ['failed', 'failed'],
  ['running', 'under way'],
  ['retrying', 'retrying'],
  ['skipped', 'not started'],
  ['pending', 'to come'],
]

const tallies = (changes: readonly ChangeProgress[]): string => {
  const counts = countChanges(changes)
  return COUNTED.flatMap(([status, word]) => (counts[status] > 0 ? [`${counts[status]} ${word}`] : [])).join(', ')
}

const hiddenText = (changes: readonly ChangeProgress[], shown: readonly ChangeProgress[]): string => {
  const visible = new Set(shown)
  return `    … not shown: ${tallies(changes.filter((one) => !visible.has(one)))}`
}

/** A subject and how it stands; below each other where one line is too narrow for both. */
function waitingLines({ subject, detail }: Waiting, moment: Moment): readonly Line[] {
  const name = `    ${escapeLong(subject, NAME_LIMIT)}`
  const state = escapeLong(detail, 300)
  if (textWidth(name) + textWidth(state) + 2 <= moment.columns)
    return [[{ text: name, tone: 'bold' }, { text: `  ${state}` }]]
  const room = Math.max(20, moment.columns - 6)
  const [first = '', ...rest] = wrap(state, room)
  const below = rest.length === 0 ? [first] : [first, clip(rest.join(' '), room)]
  return [[{ text: name, tone: 'bold' }], ...below.map((line) => [{ text: `      ${line}` }])]
}

/** What it is waiting for, and until when. */
function activityLines(progress: Progress, room: number, moment: Moment): readonly Line[] {
  const { phase, readRetry, waiting, deadlineAt, pass, nextStep } = progress
  const lines: Line[] = []
  if (readRetry !== null) {
    const left = readRetry.delayMs - (moment.now - Date.parse(readRetry.at))
    const why = `${escapeText(readRetry.error.code)} ${escapeLong(readRetry.error.message, 200)}`
    lines.push([
      { text: `reading ${escapeLong(readRetry.what, NAME_LIMIT)} again in ${span(left)}: ${why}`, tone: 'warn' },
    ])
  } else if (phase === 'starting' || phase === 'observing')
    lines.push([{ text: `${spinner(moment)} reading both clouds`, tone: 'bold' }])
  else if (phase === 'second-reading')
    lines.push([
      {
        text: `${spinner(moment)} ${pass === null ? 'waiting for' : 'making'} a second reading, before anything is taken away`,
        tone: 'bold',
      },
    ])
  if (phase === 'pausing' && nextStep !== null) {
    const left = span(Date.parse(nextStep.untilAt) - moment.now)
    lines.push([
      { text: `${spinner(moment)} step ${nextStep.next} in ${left}`, tone: 'bold' },
      { text: `  at ${timeOfDay(nextStep.untilAt)} UTC`, tone: 'dim' },
    ])
  }
  if (phase === 'verifying' && progress.healthy === null) {
    const left =
      deadlineAt === null
        ? ''
        : `  ${span(Date.parse(deadlineAt) - moment.now)} left, until ${timeOfDay(deadlineAt)} UTC`
    lines.push([
      { text: `${spinner(moment)} waiting until healthy`, tone: 'bold' },
      { text: left, tone: 'dim' },
    ])
  }
  if (phase === 'verifying') {
    const targets = waiting.map((one) => waitingLines(one, moment))
    const left = room - lines.length
    const all = targets.flat()
    // Too many for the room: one line each, then how many more there are.
    const heads = targets.flatMap(([first]) => (first === undefined ? [] : [first]))
    const shown = heads.slice(0, heads.length <= left ? left : Math.max(0, left - 1))
    if (all.length <= left) lines.push(...all)
    else lines.push(...shown)
    if (all.length > left && shown.length < heads.length)
      lines.push([{ text: `    … and ${heads.length - shown.length} more`, tone: 'dim' }])
  }
  return lines.slice(0, Math.max(0, room)).map((line) => fit(line, moment.columns))
}

/** How far it is, then what Ctrl-C does. */
function footer(progress: Progress, moment: Moment): readonly Line[] {
  const { changes, phase, earlier } = progress
  if (phase !== 'applying' && phase !== 'second-reading' && phase !== 'verifying' && phase !== 'pausing') return []
  const step = earlier.length === 0 ? '' : `step ${earlier.length + 1}: `
  const lines: Line[] = []
  if (changes.length > 0) {
    const { succeeded } = countChanges(changes)
    const filled = Math.floor((succeeded / changes.length) * BAR)
    lines.push([
      { text: '  [', tone: 'dim' },
      { text: '='.repeat(filled), tone: 'ok' },
      { text: `${'-'.repeat(BAR - filled)}] `, tone: 'dim' },
      { text: `${step}${succeeded} of ${count(changes.length, 'change')}` },
    ])
  }
  const hint =
    phase === 'verifying'
      ? 'Ctrl-C stops waiting; what was applied stays'
      : phase === 'pausing'
        ? 'Ctrl-C stops here; nyah run resume goes on from there'
        : 'Ctrl-C stops after the calls under way; nyah run resume goes on from there'
  // On a very low terminal what happens is worth more than the hint.
  if (moment.rows >= 10) lines.push([{ text: `  ${hint}`, tone: 'dim' }])
  return lines.map((line) => fit(line, moment.columns))
}

const BAR = 20

/** The latest notes; when it has ended, all of them stand below the view. */
const noteLines = ({ notes, phase }: Progress, moment: Moment): readonly Line[] =>
  notes
    .slice(phase === 'finished' ? notes.length : -2)
    .map(({ code, message }) =>
      fit([{ text: `  ${escapeText(code)}`, tone: 'warn' }, { text: `  ${escapeLong(message, 300)}` }], moment.columns),
    )

/** Never higher than the terminal less one row (a full one would scroll), never wider than it. */
export function liveLines(progress: Progress, moment: Moment): readonly Line[] {
  // The last column stays free: some terminals wrap when it is filled.
  const inner = { ...moment, columns: Math.max(1, moment.columns - 1) }
  const rows = Math.max(1, moment.rows - 1)
  const top = header(progress, inner)
  const notes = noteLines(progress, inner)
  const bottom = footer(progress, inner)
  const room = rows - top.length - notes.length - bottom.length
  const activity = activityLines(progress, Math.max(1, Math.ceil(room / 2)), inner)
  const changes = changeLines(progress.changes, room - activity.length, inner)
  return [...top, ...changes, ...activity, ...notes, ...bottom].slice(0, rows)
}
