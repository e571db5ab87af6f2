import type { Finding } from '../core/plan.ts'
import { escapeLong, escapeText } from './escape.ts'
import type { Paint } from './paint.ts'
import { textWidth, wrap } from './width.ts'
import { SEVERITIES, sinceText, WAITS } from './words.ts'

/** Longest evidence or remedy shown; the rest is in `--json`. */
const TEXT_LIMIT = 1200

/** `text` under a first word: the lines after the first stand below the text, not below the word. */
export function hanging(first: string, text: string, width: number): readonly string[] {
  const indent = textWidth(first)
  const blank = ' '.repeat(indent)
  return wrap(text, Math.max(20, width - indent)).map((line, index) => (index === 0 ? first : blank) + line)
}

/** Each try on lines of its own; a command in it stays on one (`wrap`). */
export function tryLines(indent: string, tries: readonly string[], width: number, paint: Paint): readonly string[] {
  const blank = `${indent}     `
  return tries.flatMap((text, index) => {
    const advice = escapeLong(text, TEXT_LIMIT)
    const lines = wrap(advice, Math.max(20, width - blank.length))
    const head = index === 0 ? `${indent}${paint('bold', 'Try: ')}` : blank
    return lines.map((line, row) => `${row === 0 ? head : blank}${paint('code', line)}`)
  })
}

/**
 * A finding: its severity in a word, its code, what it is about, what was seen, since when it is held, what to do. `now`
 * (ISO 8601) is what ages count to.
 */
export function findingLines(finding: Finding, width: number, paint: Paint, now?: string): readonly string[] {
  const { word, tone } = finding.passes === true ? WAITS : SEVERITIES[finding.severity]
  const allowed = finding.allowed === undefined ? '' : ' (allowed)'
  const head = `${word}${allowed}  ${escapeText(finding.code)}`
  const subject = escapeLong(finding.subject, 200)
  const painted = `${paint(allowed === '' ? tone : 'dim', `${word}${allowed}`)}  ${paint('bold', escapeText(finding.code))}`
  const fits = textWidth(head) + 2 + textWidth(subject) <= width
  return [
    ...(fits ? [`${painted}  ${subject}`] : [painted, ...hanging('  ', subject, width)]),
    ...hanging('  ', escapeLong(finding.evidence, TEXT_LIMIT), width),
    ...(finding.since === undefined ? [] : [`  ${paint('hold', `held since ${sinceText(finding.since, now)}`)}`]),
    ...remedyLines(finding, width, paint),
  ]
}

function remedyLines(finding: Finding, width: number, paint: Paint): readonly string[] {
  if (finding.allowed !== undefined)
    return hanging('  ', `allowed: ${escapeLong(finding.allowed.reason, TEXT_LIMIT)}`, width)
  // What only informs wants nothing done: its remedy is a remark.
  if (finding.severity === 'info')
    return /^(nothing to do)?$/i.test(finding.remedy)
      ? []
      : hanging('  ', escapeLong(finding.remedy, TEXT_LIMIT), width)
  return finding.remedy === '' ? [] : tryLines('  ', [finding.remedy], width, paint)
}
