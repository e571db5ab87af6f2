import { partsOf } from './commands.ts'

/** Columns that text takes on a terminal. Own and small: what measures by `Intl` costs 10 ms at the first call. */

/** East Asian Wide and Fullwidth (Unicode Standard Annex 11), first and last of each range, without emoji. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
]

const ASCII = /^[\x20-\x7e]*$/
const MARK = /^\p{M}$/u
const EMOJI = /^\p{Emoji_Presentation}$/u

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (MARK.test(character)) return 0
  return EMOJI.test(character) || WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

/** Columns of escaped text without colour. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

/** Blanks on the right up to `width` columns; longer text stays whole. */
export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)))

/** Blanks on the left. */
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - textWidth(text))) + text

/** The longest beginning of `text` that fits into `width` columns. */
function beginning(text: string, width: number): string {
  let used = 0
  let kept = ''
  for (const character of text) {
    used += characterWidth(character)
    if (used > width) break
    kept += character
  }
  return kept
}

/** At most `width` columns; an ellipsis says that something is missing. */
export function clip(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  return width < 1 ? '' : `${beginning(text, width - 1)}…`
}

/** No escaped text has it: stands for a blank at which nothing is broken. */
const TIE = '\u0000'

/**
 * Lines of at most `width` columns, broken between words; a word that is wider than a line is broken anywhere. A command is
 * never broken, however long: a break inside it would be pasted too.
 */
export function wrap(text: string, width: number): readonly string[] {
  const tied = partsOf(text).map((part) => (part.command ? part.text.replaceAll(' ', TIE) : part.text))
  return wrapWords(tied.join('').split(' '), width).map((line) => line.replaceAll(TIE, ' '))
}

function wrapWords(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (let word of words) {
    const joined = line === '' ? word : `${line} ${word}`
    if (textWidth(joined) <= width) {
      line = joined
      continue
    }
    if (line !== '') lines.push(line)
    while (textWidth(word) > width && !word.includes(TIE)) {
      // A single character wider than the line still has to go somewhere.
      const head = beginning(word, width) || String.fromCodePoint(word.codePointAt(0) ?? 0)
      lines.push(head)
      word = word.slice(head.length)
    }
    line = word
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}

/** Whole parts, as many on each line as fit; only a part wider than a line is broken. */
export function flow(parts: readonly string[], separator: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  parts.forEach((part, index) => {
    const text = index < parts.length - 1 ? part + separator.trimEnd() : part
    const joined = line === '' ? text : `${line} ${text}`
    if (textWidth(joined) <= width) {
      line = joined
      return
    }
    if (line !== '') lines.push(line)
    const broken = wrap(text, width)
    lines.push(...broken.slice(0, -1))
    line = broken.at(-1) ?? ''
  })
  return line === '' ? lines : [...lines, line]
}
