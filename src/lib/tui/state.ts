import { countChanges } from '../core/progress.ts'
import type { ChangeProgress, ChangeStatus, Progress } from '../core/progress.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { fidelityCounts } from '../render/fidelity.ts'
import { outlinePlan } from '../render/outline.ts'
import type { Tone } from '../render/paint.ts'
import { reportsToTell } from '../render/report.ts'
import { SKIPPED, statusWord } from '../render/run.ts'
import { padEnd, textWidth } from '../render/width.ts'
import { count, scopeWord, span } from '../render/words.ts'
import { activityLines } from './activity.ts'
import { fit, NAME_LIMIT, spinner, spread } from './lines.ts'
import type { Line, Moment } from './lines.ts'

/** The live view of a run, as a pure function of its progress, the time and the terminal. */

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

/** How far it is, then what Ctrl-C does. */
function footer(progress: Progress, moment: Moment): readonly Line[] {
  const { changes, phase, earlier } = progress
  if (phase !== 'applying' && phase !== 'second-reading' && phase !== 'verifying' && phase !== 'pausing') return []
  const step = earlier.length === 0 ? '' : `step ${earlier.length + 1}: `
  const lines: Line[] = []
  const toDo = changes.filter((one) => !isLeftOut(one))
  if (toDo.length > 0) {
    const { succeeded } = countChanges(toDo)
    const filled = Math.floor((succeeded / toDo.length) * BAR)
    lines.push([
      { text: '  [', tone: 'dim' },
      { text: '='.repeat(filled), tone: 'ok' },
      { text: `${'-'.repeat(BAR - filled)}] `, tone: 'dim' },
      { text: `${step}${succeeded} of ${count(toDo.length, 'change')}` },
      { text: toDo.length === changes.length ? '' : `, ${changes.length - toDo.length} left out`, tone: 'dim' },
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

/** Of a load balancer (or name) that is refused: the plan said so, and nothing of it is going to move. */
const isLeftOut = ({ skipped }: ChangeProgress): boolean => skipped === 'refused'

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
  const shown = progress.changes.filter((one) => !isLeftOut(one))
  const changes = changeLines(shown, room - activity.length, inner)
  return [...top, ...changes, ...activity, ...notes, ...bottom].slice(0, rows)
}
