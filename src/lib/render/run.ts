import type { ChangeProgress, ChangeStatus, Progress } from '../core/progress.ts'
import { errorLines } from './errors.ts'
import { escapeLong, escapeText } from './escape.ts'
import { findingLines, hanging } from './findings.ts'
import { outcomeLines } from './outcome.ts'
import type { Paint, Tone } from './paint.ts'
import { renderPairs } from './table.ts'
import { padEnd, textWidth } from './width.ts'
import { KINDS, moment, span, wordsOf } from './words.ts'

export interface RunView {
  readonly paint: Paint
  readonly width: number
}

const STATUS_TONES: Readonly<Record<ChangeStatus, Tone>> = {
  pending: 'dim',
  running: 'bold',
  retrying: 'warn',
  succeeded: 'ok',
  failed: 'error',
  skipped: 'dim',
}

/** Why a change was never started. */
export const SKIPPED: Readonly<Record<NonNullable<ChangeProgress['skipped']>, string>> = {
  held: 'held by a guard',
  refused: 'its scope is refused',
  needs: 'what it needs was not done',
  'scope-failed': 'its scope failed',
  interrupted: 'interrupted',
}

/** A change's status in words, which need no colour. */
export const statusWord = ({ status, change }: ChangeProgress): string =>
  status === 'succeeded' ? wordsOf(change).done : status === 'running' ? wordsOf(change).doing : status

const note = (one: ChangeProgress): string => {
  if (one.status === 'succeeded') {
    const attempts = one.attempt > 1 ? `, ${one.attempt} attempts` : ''
    return one.ms === null ? '' : `${span(one.ms)}${attempts}`
  }
  if (one.skipped !== null) return SKIPPED[one.skipped]
  return one.error === null ? '' : `${escapeText(one.error.code)}: ${escapeLong(one.error.message, 300)}`
}

function changeLines(changes: readonly ChangeProgress[], view: RunView): readonly string[] {
  const statusWidth = Math.max(0, ...changes.map((one) => statusWord(one).length))
  const typeWidth = Math.max(0, ...changes.map(({ change }) => textWidth(escapeText(change.ref.type))))
  return changes.flatMap((one) => {
    const { ref, kind } = one.change
    const head = [
      `  ${KINDS[kind].sign} ${view.paint(STATUS_TONES[one.status], padEnd(statusWord(one), statusWidth))}`,
      padEnd(escapeText(ref.type), typeWidth),
      escapeLong(ref.name, 120),
    ].join(' ')
    const text = note(one)
    if (text === '') return [head]
    return one.error === null || one.status === 'succeeded'
      ? [`${head}  ${view.paint('dim', `(${text})`)}`]
      : [head, ...hanging('      ', text, view.width)]
  })
}

/** What a step of a walk does, in a few words: why its first change is made, and how many more there are. */
export function stepText(changes: readonly ChangeProgress[]): string {
  const [first, ...more] = changes
  if (first === undefined) return 'nothing'
  return `${escapeLong(first.change.reason, 200)}${more.length === 0 ? '' : ` (and ${more.length} more)`}`
}

/** The changes of each plan: a walk has one per step. */
function planLines({ earlier, changes }: Progress, view: RunView): readonly string[] {
  if (earlier.length === 0) return changes.length === 0 ? [] : ['', ...changeLines(changes, view)]
  return [...earlier.map((step) => step.changes), changes].flatMap((each, index) => [
    '',
    ...hanging(`${view.paint('bold', `step ${index + 1}`)}  `, stepText(each), view.width),
    ...changeLines(each, view),
  ])
}

/** A run as it stands: who, what, when and why; each change; what was noted; how it ended. Ends with a newline. */
export function renderRun(progress: Progress, view: RunView): string {
  const { paint, width } = view
  const { request, plan } = progress
  const stopped = plan?.findings.filter(({ severity }) => severity === 'hold' || severity === 'refuse') ?? []
  const pairs: readonly (readonly [string, string | null])[] = [
    ['run', progress.run],
    ['operation', request?.operation ?? null],
    ['context', request?.context ?? null],
    ['by', progress.actor],
    ['reason', progress.reason],
    ['started', progress.startedAt === null ? null : moment(progress.startedAt)],
    ['resumes', progress.resumes],
  ]
  const known = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null)
  return [
    renderPairs(known, paint).trimEnd(),
    ...planLines(progress, view),
    ...stopped.flatMap((finding) => ['', ...findingLines(finding, width, paint, plan?.observedAt)]),
    ...(progress.notes.length === 0 ? [] : ['']),
    ...progress.notes.flatMap(({ code, message }) =>
      hanging(`${escapeText(code)}  `, escapeLong(message, 1200), width),
    ),
    ...progress.errors.flatMap((error) => ['', ...errorLines(error, width, paint)]),
    '',
    ...(progress.outcome === null ? unfinished(progress, paint) : outcomeLines(progress, width, paint)),
    '',
  ].join('\n')
}

/** The journal has no end: the run goes on, or it was killed. */
const unfinished = ({ run, at, nextStep }: Progress, paint: Paint): readonly string[] => [
  `${paint('warn', 'Not finished')}: its last event is of ${at === null ? 'never' : moment(at)}.`,
  ...(nextStep === null ? [] : [`Step ${nextStep.next} is due at ${moment(nextStep.untilAt)}.`]),
  ...(run === null ? [] : [`${paint('bold', 'Try: ')}${paint('code', `nyah run resume ${escapeText(run)}`)}`]),
]
