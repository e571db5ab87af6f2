import { escapeText } from './escape.ts'
import { plainPaint } from './paint.ts'
import type { Paint } from './paint.ts'
import { clip, padEnd, padStart, textWidth } from './width.ts'

const GAP = '  '
/** Columns are not clipped below this. */
const NARROWEST = 8

const NUMBER = /^\d+( %)?$/

/**
 * Widths that fit the terminal: the widest column gives way first, but never the first one: it is the id, to be copied.
 */
function columnWidths(cells: readonly (readonly string[])[], columns: number, width: number): readonly number[] {
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(0, ...cells.map((row) => textWidth(row[index] ?? ''))),
  )
  const total = (): number => widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns - 1)
  while (total() > width) {
    const widest = Math.max(0, ...widths.slice(1))
    if (widest <= NARROWEST) break
    widths[widths.lastIndexOf(widest)] = widest - 1
  }
  return widths
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
  const widths = columnWidths([headings, ...cells], headings.length, width)
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
