import type { Waiting } from '../core/events.ts'
import type { Progress } from '../core/progress.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { clip, textWidth, wrap } from '../render/width.ts'
import { span, timeOfDay } from '../render/words.ts'
import { fit, lineText, NAME_LIMIT, spinner, type Line, type Moment } from './lines.ts'

const waitingLine = ({ subject, detail }: Waiting): Line => [
  { text: `    ${escapeLong(subject, NAME_LIMIT)}`, tone: 'bold' },
  { text: `  ${escapeLong(detail, 300)}` },
]

/** A subject and how it stands; below each other where one line is too narrow for both. */
function waitingLines(one: Waiting, moment: Moment): readonly Line[] {
  const line = waitingLine(one)
  if (textWidth(lineText(line)) <= moment.columns) return [line]
  const name = `    ${escapeLong(one.subject, NAME_LIMIT)}`
  const state = escapeLong(one.detail, 300)
  const room = Math.max(20, moment.columns - 6)
  const [first = '', ...rest] = wrap(state, room)
  const below = rest.length === 0 ? [first] : [first, clip(rest.join(' '), room)]
  return [[{ text: name, tone: 'bold' }], ...below.map((line) => [{ text: `      ${line}` }])]
}

/** What it is waiting for, and until when. */
export function activityLines(progress: Progress, room: number, moment: Moment): readonly Line[] {
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
    const left = room - lines.length
    const all = waiting.flatMap((one) => waitingLines(one, moment))
    // Too many for the room: one line each, cut where it ends, then how many more there are.
    const heads = waiting.map(waitingLine)
    const shown = heads.slice(0, heads.length <= left ? left : Math.max(0, left - 1))
    if (all.length <= left) lines.push(...all)
    else lines.push(...shown)
    if (all.length > left && shown.length < heads.length)
      lines.push([{ text: `    … and ${heads.length - shown.length} more`, tone: 'dim' }])
  }
  return lines.slice(0, Math.max(0, room)).map((line) => fit(line, moment.columns))
}
