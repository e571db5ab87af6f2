import type { Finding, Plan } from '../core/plan.ts'
import { markdownCell, markdownCode, markdownFence, markdownText } from './escape.ts'
import { countsText, namedFinding, outlinePlan } from './outline.ts'
import type { Outline, ScopeOutline } from './outline.ts'
import { plainPaint } from './paint.ts'
import { scopeLines } from './scope-lines.ts'
import { verdictLines } from './text.ts'
import { count, KINDS, moment, scopeWord, SEVERITIES, sinceText } from './words.ts'
import { markdownAdvice, reportMarkdown } from './markdown-report.ts'

/** Columns of the text inside the fenced blocks: what a pull request shows without scrolling. */
const WIDTH = 100

/** Alerts of GitHub and GitLab; elsewhere a quotation with a word in capitals. */
const ALERTS: Readonly<Record<Finding['severity'], string>> = {
  info: 'NOTE',
  warn: 'WARNING',
  hold: 'IMPORTANT',
  refuse: 'CAUTION',
}

function alert(finding: Finding, now: string): readonly string[] {
  const allowed = finding.allowed === undefined ? '' : ' (allowed)'
  const { word } = SEVERITIES[finding.severity]
  return [
    `> [!${allowed === '' ? ALERTS[finding.severity] : 'NOTE'}]`,
    `> **${word}${allowed}** ${markdownCode(finding.code)} ${markdownText(finding.subject)}<br>`,
    `> ${markdownText(finding.evidence)}${finding.since === undefined ? '' : `<br>`}`,
    ...(finding.since === undefined ? [] : [`> held since ${markdownText(sinceText(finding.since, now))}`]),
    ...(finding.allowed === undefined ? [] : ['>', `> Allowed: ${markdownText(finding.allowed.reason)}`]),
    ...(finding.remedy === '' || finding.allowed !== undefined ? [] : ['>', remedyLine(finding)]),
    '',
  ]
}

/** What only informs wants nothing done: its remedy is a remark. */
const remedyLine = ({ severity, remedy }: Finding): string =>
  severity === 'info' ? `> ${markdownText(remedy)}` : `> Try: ${markdownAdvice(remedy)}`

/** A diff block is coloured by the first character of each line. */
function scopeBlock(operation: string, scope: ScopeOutline): readonly string[] {
  const lines = scopeLines(scope, { paint: plainPaint, width: WIDTH }).map(({ mark, line }) => mark + line)
  return [`#### ${scopeWord(operation)} ${scopeName(scope)}`, '', ...markdownFence('diff', lines), '']
}

const scopeName = ({ name, id }: ScopeOutline): string =>
  name === null ? markdownCode(id) : `${markdownText(name)} ${markdownCode(id)}`

/** Nothing of it will be done: why, and no more. */
const leftOutBlock = (operation: string, scope: ScopeOutline): readonly string[] => [
  `#### ${scopeWord(operation)} ${scopeName(scope)}`,
  '',
  `**Left out**, refused by ${scope.refusedBy.map(markdownCode).join(', ')}.`,
  '',
]

/** One row per scope that changes: how many of each kind. */
function overview(operation: string, scopes: readonly ScopeOutline[]): readonly string[] {
  const kinds = (['create', 'update', 'replace', 'delete', 'shift', 'wait'] as const).filter((kind) =>
    scopes.some((scope) => scope.changes.some(({ change }) => change.kind === kind)),
  )
  const heldAny = scopes.some((scope) => scope.changes.some(({ heldBy }) => heldBy.length > 0))
  const row = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`
  const columns = [scopeWord(operation), ...kinds.map((kind) => KINDS[kind].verb), ...(heldAny ? ['held'] : [])]
  return [
    row(columns),
    `| --- |${' ---: |'.repeat(columns.length - 1)}`,
    ...scopes.map((scope) => {
      const free = scope.changes.filter(({ heldBy }) => heldBy.length === 0)
      const numbers = kinds.map((kind) => String(free.filter(({ change }) => change.kind === kind).length))
      const held = heldAny ? [String(scope.changes.length - free.length)] : []
      return row([markdownText(scope.name ?? scope.id), ...numbers, ...held])
    }),
    '',
  ]
}

function verdict(plan: Plan, outline: Outline): string {
  if (plan.changes.length > 0 || outline.refused || outline.leftOut.length > 0) {
    const refused = outline.refused ? ' **Refused:** nothing of it will be applied.' : ''
    const word = scopeWord(plan.request.operation).toLowerCase()
    const { leftOut } = outline
    const out =
      leftOut.length === 0 ? '' : ` **Left out:** ${leftOut.length} of ${count(outline.scopes.length, word)}, refused.`
    return `**Plan:** ${countsText(outline)}.${refused}${out}`
  }
  return verdictLines(plan, outline, plainPaint).join(' ').replace('above', 'below')
}

/** A plan for a pull request: the verdict first, what stops it, then scope by scope. Ends with a newline. */
export function renderPlanMarkdown(plan: Plan): string {
  const outline = outlinePlan(plan)
  const { operation, context } = plan.request
  const out = new Set(outline.leftOut)
  const busy = outline.scopes.filter((scope) => scope.changes.length > 0 && !out.has(scope))
  return [
    `### nyah ${markdownCode(operation)} in ${markdownCode(context)}`,
    '',
    verdict(plan, outline),
    '',
    // In a pull request the top is what is read.
    ...[...outline.findings].reverse().flatMap((finding) => alert(namedFinding(finding, outline), plan.observedAt)),
    ...(busy.length > 1 ? overview(operation, busy) : []),
    ...busy.flatMap((scope) => scopeBlock(operation, scope)),
    ...outline.leftOut.flatMap((scope) => leftOutBlock(operation, scope)),
    ...reportMarkdown(plan, outline),
    `<sub>observed ${markdownCode(moment(plan.observedAt))}, plan ${markdownCode(plan.hash.slice(0, 12))}</sub>`,
    '',
  ].join('\n')
}
