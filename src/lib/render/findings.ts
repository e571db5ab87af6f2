import type { Finding } from '../core/plan.ts'
import { escapeLong, escapeText } from './escape.ts'
import type { Paint } from './paint.ts'
import { wrap } from './width.ts'
import { SEVERITIES } from './words.ts'

/** Longest evidence or remedy shown; the rest is in `--json`. */
const TEXT_LIMIT = 1200

/** `text` under a first word: the lines after the first stand below the text, not below the word. */
export function hanging(first: string, text: string, width: number): readonly string[] {
  const blank = ' '.repeat(first.length)
  return wrap(text, Math.max(20, width - first.length)).map((line, index) => (index === 0 ? first : blank) + line)
}

/** A command to paste stays on one line, however long: a break inside it would be pasted too. */
export const tryLines = (indent: string, tries: readonly string[], paint: Paint): readonly string[] =>
  tries.map((text, index) => {
    const head = index === 0 ? 'Try: ' : '     '
    return `${indent}${paint('bold', head)}${paint('code', escapeLong(text, TEXT_LIMIT))}`
  })

/** A finding: its severity in a word, its code, what it is about, what was seen, what to do. */
export function findingLines(finding: Finding, width: number, paint: Paint): readonly string[] {
  const { word, tone } = SEVERITIES[finding.severity]
  const allowed = finding.allowed === undefined ? '' : ' (allowed)'
  const head = [
    paint(allowed === '' ? tone : 'dim', `${word}${allowed}`),
    paint('bold', escapeText(finding.code)),
    escapeLong(finding.subject, 200),
  ].join('  ')
  return [
    head,
    ...hanging('  ', escapeLong(finding.evidence, TEXT_LIMIT), width),
    ...remedyLines(finding, width, paint),
  ]
}

function remedyLines(finding: Finding, width: number, paint: Paint): readonly string[] {
  if (finding.allowed !== undefined)
    return hanging('  ', `allowed: ${escapeLong(finding.allowed.reason, TEXT_LIMIT)}`, width)
  return finding.remedy === '' ? [] : tryLines('  ', [finding.remedy], paint)
}
