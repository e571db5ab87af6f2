import type { Tone } from '../render/paint.ts'
import { clip, textWidth } from '../render/width.ts'

/** What the live view is made of: lines of toned text, every one narrower than the terminal. */
export interface Segment {
  /** Escaped. */
  readonly text: string
  readonly tone?: Tone
}

export type Line = readonly Segment[]

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Counts the ticks of the animation. */
  readonly frame: number
  readonly columns: number
  readonly rows: number
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export const spinner = ({ frame }: Moment): string => SPINNER[frame % SPINNER.length] ?? ''

/** Names are cut here at the latest; the plan above the live view has them whole. */
export const NAME_LIMIT = 120

export const lineText = (line: Line): string => line.map(({ text }) => text).join('')

const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + textWidth(text), 0)

/** At most `width` columns; an ellipsis where text is missing. */
export function fit(line: Line, width: number): Line {
  if (lineWidth(line) <= width) return line
  const fitted: Segment[] = []
  let room = width
  for (const segment of line) {
    const needed = textWidth(segment.text)
    // The last segment that fits whole still has to leave a column for the ellipsis.
    if (needed < room) {
      fitted.push(segment)
      room -= needed
      continue
    }
    fitted.push({ ...segment, text: clip(`${segment.text}…`, room) })
    break
  }
  return fitted
}

/** `left` and, at the other end of the line, `right`; where both do not fit, `left` gives way. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - lineWidth(right) - 2
  if (room < 10) return fit(left, width)
  const fitted = fit(left, room)
  return [...fitted, { text: ' '.repeat(room + 2 - lineWidth(fitted)) }, ...right]
}
