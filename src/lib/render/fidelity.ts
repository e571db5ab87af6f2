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

/** All that is not exact, what is lost first; what differs in its subject alone is joined, of several scopes also in its value. */
export function toldFidelity(items: readonly ScopedFidelity[], scopeNoun: string): readonly ToldFidelity[] {
  const several = new Set(items.map(({ scope }) => scope)).size > 1
  const groups = new Map<string, ScopedFidelity[]>()
  for (const item of items) {
    const { verdict, code, field, source, copy, why, remedy } = item.fidelity
    if (verdict === 'exact') continue
    const key = JSON.stringify([verdict, code, field, copy, why, remedy, several ? null : source])
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group
      if (first === undefined) return []
      const values = new Set(group.map(({ fidelity }) => fidelity.source)).size
      const source = values > 1 ? `${values} values` : first.fidelity.source
      return [{ fidelity: { ...first.fidelity, source }, subject: subjectOf(group, scopeNoun) }]
    })
    .toSorted((a, b) => RANK[a.fidelity.verdict] - RANK[b.fidelity.verdict])
}

function subjectOf(group: readonly ScopedFidelity[], scopeNoun: string): string {
  const scopes = new Set(group.map(({ scope }) => scope)).size
  const first = group[0]?.fidelity.subject ?? ''
  if (scopes > 1)
    return scopes === group.length ? `${scopes} ${scopeNoun}s` : `${group.length} times in ${scopes} ${scopeNoun}s`
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

/** The column of fields is not made wider than this for one long name. */
const WIDEST = 28

/** What is no next step says nothing to somebody who is in a hurry. */
export const isStep = (remedy: string): boolean => remedy !== '' && !/^nothing to do/i.test(remedy)

/**
 * Verdict, field and both values in columns; below them what it is about and why, and what to do. `said`: codes of findings
 * that stand above, and are not repeated.
 */
export function fidelityLines(
  told: readonly ToldFidelity[],
  said: ReadonlySet<string>,
  { paint, width }: { readonly paint: Paint; readonly width: number },
): readonly string[] {
  const fields = Math.min(WIDEST, Math.max(0, ...told.map(({ fidelity }) => textWidth(escapeLong(fidelity.field, 60)))))
  return told.flatMap(({ fidelity, subject }, index) => {
    const { verdict, field, code, why, remedy } = fidelity
    const column = `${INDENT}${padEnd(escapeLong(field, 60), fields)}  `
    const [first = '', ...more] = hanging(column, valuesText(fidelity), width)
    const before = told[index - 1]
    // Both time-outs of a listener have one reason: it stands below the last of them.
    const after = told[index + 1]
    const again = (other: ToldFidelity | undefined): boolean =>
      other !== undefined &&
      other.subject === subject &&
      other.fidelity.verdict === verdict &&
      other.fidelity.why === why &&
      other.fidelity.remedy === remedy
    return [
      `  ${again(before) ? ' '.repeat(WORD) : paint(TONES[verdict], padEnd(verdict, WORD))}  ${first.slice(INDENT.length)}`,
      ...more,
      ...(again(after) && !said.has(code) ? [] : aboutLines(fidelity, subject, said, width, paint)),
    ]
  })
}

function aboutLines(
  { code, why, remedy }: Fidelity,
  subject: string,
  said: ReadonlySet<string>,
  width: number,
  paint: Paint,
): readonly string[] {
  const reason = said.has(code) ? `see ${escapeText(code)}` : escapeLong(why, 600)
  const text = `${escapeLong(subject, 120)}${reason === '' ? '' : `: ${reason}`}`
  return [
    ...hanging(INDENT, text, width).map((line) => paint('dim', line)),
    ...(isStep(remedy) && !said.has(code) ? tryLines(INDENT, [remedy], width, paint) : []),
  ]
}
