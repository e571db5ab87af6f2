import type { Fidelity, Verdict } from '../core/report.ts'
import { escapeLong, escapeText } from './escape.ts'
import { hanging, tryLines } from './findings.ts'
import type { Paint, Tone } from './paint.ts'
import { padEnd, textWidth } from './width.ts'

/** What a copy keeps of each field in use, for a terminal. */

export const VERDICTS: readonly Verdict[] = ['exact', 'approximate', 'dropped', 'refused']

/** The same said of several things is told once. */
export interface ToldFidelity {
  readonly fidelity: Fidelity
  /** What it is about: `listener http (port 80) and 2 more`. Not escaped. */
  readonly subject: string
}

export type ScopedFidelity = { readonly scope: string; readonly fidelity: Fidelity }

/** `14 exact, 3 approximate, 1 dropped` */
export function fidelityCounts(items: readonly Fidelity[]): string {
  const parts = VERDICTS.flatMap((verdict) => {
    const amount = items.filter((item) => item.verdict === verdict).length
    return amount === 0 ? [] : [`${amount} ${verdict}`]
  })
  return parts.length === 0 ? 'no field in use' : parts.join(', ')
}

const RANK: Readonly<Record<Verdict, number>> = { refused: 0, dropped: 1, approximate: 2, exact: 3 }

/** All that is not exact, what is lost first; what differs in its subject alone is joined. */
export function toldFidelity(items: readonly ScopedFidelity[], scopeNoun: string): readonly ToldFidelity[] {
  const groups = new Map<string, ScopedFidelity[]>()
  for (const item of items) {
    const { verdict, code, field, source, copy, why, remedy } = item.fidelity
    if (verdict === 'exact') continue
    const key = JSON.stringify([verdict, code, field, source, copy, why, remedy])
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group
      return first === undefined ? [] : [{ fidelity: first.fidelity, subject: subjectOf(group, scopeNoun) }]
    })
    .toSorted((a, b) => RANK[a.fidelity.verdict] - RANK[b.fidelity.verdict])
}

function subjectOf(group: readonly ScopedFidelity[], scopeNoun: string): string {
  const scopes = new Set(group.map(({ scope }) => scope)).size
  const first = group[0]?.fidelity.subject ?? ''
  if (scopes > 1) return `${group.length} times in ${scopes} ${scopeNoun}s`
  return group.length === 1 ? first : `${first} and ${group.length - 1} more`
}

/** `50 s → 60 s`. Escaped. */
export const valuesText = ({ source, copy }: Pick<Fidelity, 'source' | 'copy'>): string =>
  `${escapeLong(source, VALUE_LIMIT)} → ${copy === null ? 'nothing' : escapeLong(copy, VALUE_LIMIT)}`

const VALUE_LIMIT = 120

const TONES: Readonly<Record<Verdict, Tone>> = {
  exact: 'ok',
  approximate: 'update',
  dropped: 'warn',
  refused: 'refuse',
}

const WORD = 'approximate'.length
const INDENT = ' '.repeat(2 + WORD + 2)

/** Columns are not made wider than this for one long name. */
const WIDEST = 32

/** What is no next step says nothing to somebody who is in a hurry. */
export const isStep = (remedy: string): boolean => remedy !== '' && !/^nothing to do/i.test(remedy)

/**
 * One line each, aligned: verdict, subject, field, both values; then why, and what to do. `said`: codes of findings that
 * stand above, and are not repeated.
 */
export function fidelityLines(
  told: readonly ToldFidelity[],
  said: ReadonlySet<string>,
  { paint, width }: { readonly paint: Paint; readonly width: number },
): readonly string[] {
  const rows = told.map(({ fidelity, subject }) => ({
    fidelity,
    subject: escapeLong(subject, 80),
    field: escapeLong(fidelity.field, 60),
  }))
  const columnOf = (texts: readonly string[]): number => Math.min(WIDEST, Math.max(0, ...texts.map(textWidth)))
  const subjects = columnOf(rows.map(({ subject }) => subject))
  const fields = columnOf(rows.map(({ field }) => field))
  return rows.flatMap(({ fidelity, subject, field }) => {
    const word = `  ${paint(TONES[fidelity.verdict], padEnd(fidelity.verdict, WORD))}  `
    const what = `${padEnd(subject, subjects)}  ${padEnd(field, fields)}`.trimEnd()
    const values = valuesText(fidelity)
    const room = width - INDENT.length
    const aligned = `${padEnd(subject, subjects)}  ${padEnd(field, fields)}  ${values}`
    const fits = textWidth(aligned) <= room
    return [
      word + (fits ? aligned : textWidth(what) <= room ? what : subject),
      ...(fits || textWidth(what) <= room ? [] : [INDENT + field]),
      ...(fits ? [] : hanging(INDENT, values, width)),
      ...whyLines(fidelity, said, width, paint),
    ]
  })
}

function whyLines(
  { code, why, remedy }: Fidelity,
  said: ReadonlySet<string>,
  width: number,
  paint: Paint,
): readonly string[] {
  if (said.has(code)) return [`${INDENT}${paint('dim', `see ${escapeText(code)}`)}`]
  return [
    ...(why === '' ? [] : hanging(INDENT, escapeLong(why, 600), width).map((line) => paint('dim', line))),
    ...(isStep(remedy) ? tryLines(INDENT, [remedy], width, paint) : []),
  ]
}
