import type { Finding, Plan } from '../core/plan.ts'
import { markdownCell, markdownCode, markdownFence, markdownText } from './escape.ts'
import { countsText, outlinePlan } from './outline.ts'
import type { Outline, ScopeOutline } from './outline.ts'
import { plainPaint } from './paint.ts'
import { scopeLines, verdictLines } from './text.ts'
import { KINDS, moment, scopeWord, SEVERITIES } from './words.ts'

/** Columns of the text inside the fenced blocks: what a pull request shows without scrolling. */
const WIDTH = 100

/** Alerts of GitHub and GitLab; elsewhere a quotation with a word in capitals. */
const ALERTS: Readonly<Record<Finding['severity'], string>> = {
  info: 'NOTE',
  warn: 'WARNING',
  hold: 'IMPORTANT',
  refuse: 'CAUTION',
}

function alert(finding: Finding): readonly string[] {
  const allowed = finding.allowed === undefined ? '' : ' (allowed)'
  const { word } = SEVERITIES[finding.severity]
  return [
    `> [!${allowed === '' ? ALERTS[finding.severity] : 'NOTE'}]`,
    `> **${word}${allowed}** ${markdownCode(finding.code)} ${markdownText(finding.subject)}<br>`,
    `> ${markdownText(finding.evidence)}`,
    ...(finding.allowed === undefined ? [] : ['>', `> Allowed: ${markdownText(finding.allowed.reason)}`]),
    ...(finding.remedy === '' || finding.allowed !== undefined ? [] : ['>', remedyLine(finding)]),
    '',
  ]
}

/** What only informs wants nothing done: its remedy is a remark. */
const remedyLine = ({ severity, remedy }: Finding): string =>
  severity === 'info' ? `> ${markdownText(remedy)}` : `> Try: ${markdownCode(remedy)}`

/** A diff block is coloured by the first character of each line. */
function scopeBlock(operation: string, scope: ScopeOutline): readonly string[] {
  const lines = scopeLines(scope, { paint: plainPaint, width: WIDTH }).map(({ mark, line }) => mark + line)
  const name = scope.name === null ? markdownCode(scope.id) : `${markdownText(scope.name)} ${markdownCode(scope.id)}`
  return [`#### ${scopeWord(operation)} ${name}`, '', ...markdownFence('diff', lines), '']
}

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
  if (plan.changes.length > 0 || outline.refused) {
    const refused = outline.refused ? ' **Refused:** nothing of it will be applied.' : ''
    return `**Plan:** ${countsText(outline)}.${refused}`
  }
  return verdictLines(plan, outline, plainPaint).join(' ').replace('above', 'below')
}

/** A plan for a pull request: the verdict first, what stops it, then scope by scope. Ends with a newline. */
export function renderPlanMarkdown(plan: Plan): string {
  const outline = outlinePlan(plan)
  const { operation, context } = plan.request
  const busy = outline.scopes.filter((scope) => scope.changes.length > 0)
  return [
    `### nyah ${markdownCode(operation)} in ${markdownCode(context)}`,
    '',
    verdict(plan, outline),
    '',
    // In a pull request the top is what is read.
    ...[...outline.findings].reverse().flatMap(alert),
    ...(busy.length > 1 ? overview(operation, busy) : []),
    ...busy.flatMap((scope) => scopeBlock(operation, scope)),
    `<sub>observed ${markdownCode(moment(plan.observedAt))}, plan ${markdownCode(plan.hash.slice(0, 12))}</sub>`,
    '',
  ].join('\n')
}
