import { escapeText } from './escape.ts'
import { plainPaint } from './paint.ts'
import type { Paint } from './paint.ts'
import { clip, padEnd, padStart, textWidth } from './width.ts'

const GAP = '  '
/** Columns are not clipped below this. */
const NARROWEST = 8

/** Or one that is not known. */
const NUMBER = /^(\d+( %)?|\?)$/

/** An id, a time, an address, a status: short, in one piece, to be copied. */
const TOKEN = /^[\w.:[\]/-]{0,40}$/

/**
 * Widths that fit the terminal: the widest column gives way first, but never one of ids. Where even that is too wide,
 * the terminal wraps.
 */
function columnWidths(
  headings: readonly string[],
  cells: readonly (readonly string[])[],
  width: number,
): readonly number[] {
  const columns = headings.map((heading, index) => {
    const texts = cells.map((row) => row[index] ?? '')
    const isFixed = texts.every((text) => TOKEN.test(text))
    return { isFixed, width: Math.max(...[heading, ...texts].map(textWidth)) }
  })
  const total = (): number => columns.reduce((sum, each) => sum + each.width, 0) + GAP.length * (columns.length - 1)
  while (total() > width) {
    const [widest] = columns.filter(({ isFixed }) => !isFixed).sort((a, b) => b.width - a.width)
    if (widest === undefined || widest.width <= NARROWEST) break
    widest.width -= 1
  }
  return columns.map((column) => column.width)
}

/**
 * Rows under headings, for a terminal; cells are escaped here. Numbers stand to the right. A cell that does not fit
 * ends in an ellipsis (all of it is in `--json`). Ends with a newline.
 */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: Paint = plainPaint,
): string {
  const cells = rows.map((row) => headings.map((_, index) => escapeText(row[index] ?? '')))
  const widths = columnWidths(headings, cells, width)
  const right = headings.map((_, index) => {
    const filled = cells.map((row) => row[index] ?? '').filter((cell) => cell !== '')
    return filled.length > 0 && filled.every((cell) => NUMBER.test(cell))
  })
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        const room = widths[index] ?? 0
        const text = clip(cell, room)
        return right[index] === true ? padStart(text, room) : padEnd(text, room)
      })
      .join(GAP)
      .trimEnd()
  return [paint('bold', line(headings)), ...cells.map(line), ''].join('\n')
}

/** `name   value`, one a line, values below each other; values are escaped here. Ends with a newline. */
export function renderPairs(pairs: readonly (readonly [string, string])[], paint: Paint = plainPaint): string {
  const widest = Math.max(0, ...pairs.map(([name]) => textWidth(escapeText(name))))
  const lines = pairs.map(([name, value]) =>
    `${paint('dim', padEnd(escapeText(name), widest))}${GAP}${escapeText(value)}`.trimEnd(),
  )
  return [...lines, ''].join('\n')
}
