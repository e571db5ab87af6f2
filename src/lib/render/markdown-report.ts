import type { Plan } from '../core/plan.ts'
import type { Fidelity } from '../core/report.ts'
import { partsOf } from './commands.ts'
import { markdownCell, markdownCode, markdownText } from './escape.ts'
import { fidelityCounts, isStep, toldFidelity } from './fidelity.ts'
import { groupFirewall } from './firewall.ts'
import type { Outline } from './outline.ts'
import { quotasOf, quotaText, originText, reportsToTell, sharedByAll, standingOf, type ScopedReport } from './report.ts'
import { count, scopeWord } from './words.ts'

/** The report of a plan for a pull request: what is not exact in sight, all else folded. */

const row = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0 ? [] : [row(headings), `|${' --- |'.repeat(headings.length)}`, ...rows.map(row), '']

const folded = (summary: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['<details>', `<summary>${summary}</summary>`, '', ...lines, '</details>', '']

/** Rows of one table; all of them are in `--json`. */
const MOST_ROWS = 60

function capped(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const rest = rows.length - MOST_ROWS
  return [...table(headings, rows.slice(0, MOST_ROWS)), ...(rest > 0 ? [`… and ${rest} more`, ''] : [])]
}

/** Empty where no scope has news to tell. */
export function reportMarkdown(plan: Plan, outline: Outline): readonly string[] {
  const { whole } = reportsToTell(plan, outline)
  if (whole.length === 0) return []
  const noun = scopeWord(plan.request.operation).toLowerCase()
  return [
    ...fidelityMarkdown(whole, noun),
    ...firewallMarkdown(whole),
    ...quotaMarkdown(whole),
    ...sharedMarkdown(whole),
  ]
}

function fidelityMarkdown(reports: readonly ScopedReport[], noun: string): readonly string[] {
  const items = reports.flatMap(({ scope, report }) => report.fidelity.map((fidelity) => ({ scope, fidelity })))
  if (items.length === 0) return []
  const of = reports.length > 1 ? ` in ${count(reports.length, noun)}` : ''
  const exact = items.map(({ fidelity }) => fidelity).filter(({ verdict }) => verdict === 'exact')
  return [
    `**Fidelity:** ${fidelityCounts(items.map(({ fidelity }) => fidelity))}${of}`,
    '',
    ...capped(
      ['', 'field', 'in Octavia', 'in the mirror', 'of', 'why'],
      toldFidelity(items, noun).map(({ fidelity, subject }) => [
        fidelity.verdict,
        markdownCode(fidelity.field),
        markdownCode(fidelity.source),
        copyText(fidelity),
        markdownText(subject),
        whyText(fidelity),
      ]),
    ),
    ...folded(
      count(exact.length, 'exact field'),
      exact.length === 0
        ? []
        : capped(
            ['field', 'in Octavia', 'in the mirror', 'of'],
            exact.map((one) => [
              markdownCode(one.field),
              markdownCode(one.source),
              copyText(one),
              markdownText(one.subject),
            ]),
          ),
    ),
  ]
}

const copyText = ({ copy }: Fidelity): string => (copy === null ? 'nothing' : markdownCode(copy))

const whyText = ({ why, remedy }: Fidelity): string =>
  `${markdownText(why)}${isStep(remedy) ? `<br>Try: ${markdownAdvice(remedy)}` : ''}`

/** Advice with its commands as code, and nothing else. */
export const markdownAdvice = (advice: string): string =>
  partsOf(advice)
    .map(({ command, text }) => (command ? markdownCode(text) : markdownText(text)))
    .join('')

function firewallMarkdown(reports: readonly ScopedReport[]): readonly string[] {
  const rows = groupFirewall(reports.flatMap(({ report }) => report.firewall)).flatMap(({ from, ways }) =>
    ways.map(({ protocol, port, to, purpose }) => [
      from.map(({ cidr, name }) => `${markdownCode(cidr)} ${markdownText(name)}`).join('<br>'),
      to.map(markdownCode).join(' '),
      markdownCode(`${protocol}/${port}`),
      markdownText(purpose),
    ]),
  )
  return rows.length === 0
    ? []
    : folded('Firewalls of the private cloud must let in', capped(['from', 'to', 'port', 'for'], rows))
}

function quotaMarkdown(reports: readonly ScopedReport[]): readonly string[] {
  const quotas = quotasOf(reports)
  if (quotas.length === 0) return []
  const tight = quotas.filter((quota) => standingOf(quota) !== 'fine').length
  return folded(
    tight === 0 ? 'Quotas: all fine' : `Quotas: ${tight} near or over`,
    capped(
      ['quota', 'after this', '', ''],
      quotas.map((quota) => [markdownText(quota.name), quotaText(quota), standingOf(quota), originText(quota)]),
    ),
  )
}

function sharedMarkdown(reports: readonly ScopedReport[]): readonly string[] {
  const sentences = sharedByAll(reports)
  return sentences.length === 0
    ? []
    : folded('What both sides share', [...sentences.map((sentence) => `- ${markdownText(sentence)}`), ''])
}
