import { lasts } from '../core/allow.ts'
import type { Change } from '../core/change.ts'
import type { Plan } from '../core/plan.ts'
import { escapeLong, escapeText } from './escape.ts'
import { findingLines, hanging } from './findings.ts'
import { briefCounts, countsText, namedFinding, outlinePlan, scopeCounts } from './outline.ts'
import type { Outline, PlannedChange, ScopeOutline } from './outline.ts'
import type { Paint, Tone } from './paint.ts'
import { planReportLines } from './report.ts'
import { type PlanView, scopeLines } from './scope-lines.ts'
import { padEnd, textWidth, wrap } from './width.ts'
import { count, idleWord, moment, scopeWord } from './words.ts'

/** `Load balancer shop-front  5f0c7c1e-…` */
function scopeTitle(operation: string, scope: ScopeOutline, paint: Paint): string {
  const word = scopeWord(operation)
  if (scope.name === null) return paint('bold', `${word} ${escapeText(scope.id)}`)
  return `${paint('bold', `${word} ${escapeLong(scope.name, 120)}`)}  ${paint('dim', escapeText(scope.id))}`
}

/** Nothing of it will be done: what it would be stays out of the way of what will. */
function leftOutLines(operation: string, scope: ScopeOutline, { paint, width }: PlanView): readonly string[] {
  const made = scope.changes.length === 0 ? '' : `${count(scope.changes.length, 'change')} not made; `
  return [
    '',
    scopeTitle(operation, scope, paint),
    ...hanging('  left out: ', `${made}refused by ${scope.refusedBy.map(escapeText).join(', ')}`, width).map((line) =>
      paint('refuse', line),
    ),
  ]
}

/** The line above the question: what would happen, in numbers, and whether it may. */
export function verdictLines(plan: Plan, outline: Outline, paint: Paint, width = Infinity): readonly string[] {
  const { held, refused, leftOut } = outline
  if (plan.changes.length === 0 && !refused && leftOut.length === 0) return idleVerdict(plan, outline, paint)
  const lines = [`${paint('bold', 'Plan:')} ${countsText(outline)}.`]
  if (refused) return [...lines, `${paint('refuse', 'Refused:')} nothing of this plan will be applied.`]
  if (leftOut.length > 0) {
    const word = scopeWord(plan.request.operation).toLowerCase()
    const text = hanging(
      'Left out: ',
      `${leftOut.length} of ${count(outline.scopes.length, word)}, refused; the others go on.`,
      width,
    )
    lines.push(...text.map((line, row) => (row === 0 ? line.replace('Left out:', paint('refuse', 'Left out:')) : line)))
  }
  if (held > 0) lines.push(`${paint('hold', 'Held:')} ${count(held, 'change')} will not be applied now.`)
  const due = outline.scopes.filter(({ refusedBy }) => refusedBy.length === 0)
  const later = due.flatMap(({ changes }) => changes.filter(({ waitsFor }) => waitsFor.length > 0)).length
  if (later > 0)
    lines.push(
      ...hanging('Waits: ', `${count(later, 'change')} made once that is so; the run stays until then.`, width),
    )
  const removals = due.flatMap((scope) => scope.changes.filter(takesAway)).map(({ change }) => change)
  if (removals.length === 0) return [...lines, paint('dim', 'Nothing is taken away.')]
  const all = [...new Set(removals.map(removalName))]
  const named = all.slice(0, 4)
  const rest = all.length - named.length
  const text = hanging('Takes away: ', `${named.join(', ')}${rest > 0 ? ` … and ${rest} more` : ''}.`, width)
  return [
    ...lines,
    ...text.map((line, row) => (row === 0 ? line.replace('Takes away:', paint('remove', 'Takes away:')) : line)),
  ]
}

/** No changes is not the same as all is well: a guard may have stopped what would have been planned. */
function idleVerdict({ request }: Plan, { findings }: Outline, paint: Paint): readonly string[] {
  const open = findings.filter(({ allowed }) => allowed === undefined)
  if (open.some(({ severity }) => severity === 'hold'))
    return [`${paint('hold', 'Held:')} nothing is changed, for the reasons above.`]
  const idle = idleWord(request.operation)
  if (idle !== null) return [paint('ok', `${idle}.`)]
  return [
    open.some(({ severity }) => severity === 'warn')
      ? `${paint('bold', 'Nothing to do')}, but see the warnings above.`
      : `${paint('ok', 'Nothing to do:')} everything is as it should be.`,
  ]
}

/** What is changed stays; only a part of it goes, a rule of a security group say. */
const removalName = ({ kind, ref }: Change): string =>
  `${kind === 'update' ? 'part of ' : ''}${escapeText(ref.type)} ${escapeLong(ref.name, 80)}`

/** Goes ahead, and something is gone afterwards. */
const takesAway = ({ change, heldBy }: PlannedChange): boolean =>
  heldBy.length === 0 && (change.risk === 'removes' || change.kind === 'delete' || change.kind === 'replace')

/**
 * A plan for a terminal: scope by scope what would happen, to what and why; then what is to be said about it, the
 * gravest last; then the report, and last the numbers. Ends with a newline.
 */
export function renderPlanText(plan: Plan, view: PlanView): string {
  const { paint, width } = view
  const outline = outlinePlan(plan)
  const { operation, context } = plan.request
  const out = new Set(outline.leftOut)
  const busy = outline.scopes.filter((scope) => scope.changes.length > 0 && !out.has(scope))
  const idle = outline.scopes.filter((scope) => scope.changes.length === 0 && !out.has(scope))
  const head = `${paint('bold', escapeText(operation))}  ${paint(
    'dim',
    `context ${escapeText(context)}, observed ${moment(plan.observedAt)}`,
  )}`
  const idleLine =
    idle.length > 0 && busy.length + out.size > 0
      ? ['', ...wrap(idleText(operation, idle), width).map((line) => paint('dim', line))]
      : []
  return [
    head,
    ...busyLines(operation, busy, view),
    ...outline.leftOut.flatMap((scope) => leftOutLines(operation, scope, view)),
    ...idleLine,
    ...planFindingLines(plan, outline, view),
    ...(view.quiet === true ? [] : planReportLines(plan, outline, view)),
    ...scopeSummaryLines(outline, view),
    '',
    ...verdictLines(plan, outline, paint, width),
    '',
  ].join('\n')
}

/** Of scopes to which the same is done, so many are shown whole; a few more than that are shown too. */
const SHOWN_ALIKE = 3
const MOST_WHOLE = 5

/** Hundreds of names that are moved alike fill no screens: the first ones stand for all. What takes something away is never one of many. */
function busyLines(operation: string, busy: readonly ScopeOutline[], view: PlanView): readonly string[] {
  const alike = new Map<string, ScopeOutline[]>()
  for (const scope of busy) {
    const key = scope.changes.some(takesAway) ? scope.id : deedOf(scope)
    alike.set(key, [...(alike.get(key) ?? []), scope])
  }
  const word = scopeWord(operation).toLowerCase()
  return [...alike.values()].flatMap((scopes) => {
    const shown = scopes.length > MOST_WHOLE ? scopes.slice(0, SHOWN_ALIKE) : scopes
    const rest = scopes.length - shown.length
    return [
      ...shown.flatMap((scope) => [
        '',
        scopeTitle(operation, scope, view.paint),
        ...scopeLines(scope, view).map(({ line }) => line),
      ]),
      ...(rest > 0
        ? ['', view.paint('bold', `… and the same for ${count(rest, `more ${word}`)} (all of them: --json)`)]
        : []),
    ]
  })
}

/** What is done to a scope, whatever its things are called. */
const deedOf = ({ changes }: ScopeOutline): string =>
  JSON.stringify(
    changes.map(({ change: { kind, ref, reason, risk }, heldBy, waitsFor }) => [
      [kind, ref.type, reason, risk, heldBy],
      waitsFor.map(({ evidence }) => evidence),
    ]),
  )

/** Of several scopes, findings that only tell are shown so often each, then counted. */
const MOST_ALIKE = 3

function planFindingLines(plan: Plan, outline: Outline, { paint, width }: PlanView): readonly string[] {
  const several = outline.scopes.length > 1
  const seen = new Map<string, number>()
  const lines = outline.findings.flatMap((finding) => {
    // Stands where it is waited for.
    if (finding.passes === true && finding.allowed === undefined) return []
    const times = (seen.get(finding.code) ?? 0) + 1
    seen.set(finding.code, times)
    const isBrief = several && (finding.severity === 'info' || finding.severity === 'warn') && times > MOST_ALIKE
    if (isBrief) return []
    return ['', ...findingLines(namedFinding(finding, outline), width, paint, plan.observedAt)]
  })
  const more = outline.findings.filter(({ severity }) => several && (severity === 'info' || severity === 'warn'))
  const hidden = [...new Set(more.map(({ code }) => code))].flatMap((code) => {
    const rest = more.filter((one) => one.code === code).length - MOST_ALIKE
    return rest > 0 ? [`${escapeText(code)} of ${rest} more`] : []
  })
  return hidden.length === 0
    ? lines
    : [
        ...lines,
        '',
        ...wrap(`Likewise: ${hidden.join(', ')} (all of them: --json)`, width).map((line) => paint('dim', line)),
      ]
}

/** Lines of scopes that change or are stopped, before they are counted. */
const MOST_SCOPES = 30

/** Of several scopes, one line each: what becomes of it. */
function scopeSummaryLines(outline: Outline, { paint, width }: PlanView): readonly string[] {
  if (outline.scopes.length < 2) return []
  const stopped = new Set(
    outline.findings.filter((one) => one.severity === 'hold' && lasts(one)).map(({ scope }) => scope),
  )
  const told = outline.scopes.filter(
    ({ id, changes, refusedBy }) => changes.length > 0 || refusedBy.length > 0 || stopped.has(id),
  )
  if (told.length === 0) return []
  const shown = told.slice(0, MOST_SCOPES)
  const names = shown.map((scope) => escapeLong(scope.name ?? scope.id, 60))
  const widest = Math.min(36, Math.max(...names.map(textWidth)))
  const rest = told.length - shown.length
  return [
    '',
    ...shown.flatMap((scope, index) => {
      const { text, tone } = fate(scope, stopped.has(scope.id))
      const name = padEnd(names[index] ?? '', widest)
      const [first = '', ...more] = wrap(text, Math.max(20, width - textWidth(name) - 2))
      return [
        `${name}  ${paint(tone, first)}`,
        ...more.map((line) => `${' '.repeat(textWidth(name))}  ${paint(tone, line)}`),
      ]
    }),
    ...(rest > 0 ? [paint('dim', `… and ${rest} more`)] : []),
  ]
}

function fate(scope: ScopeOutline, isStopped: boolean): { readonly text: string; readonly tone: Tone } {
  if (scope.refusedBy.length > 0)
    return { text: `left out: ${scope.refusedBy.map(escapeText).join(', ')}`, tone: 'refuse' }
  const codes = [...new Set(scope.changes.flatMap(({ heldBy }) => heldBy))].map(escapeText).join(', ')
  const counts = scopeCounts(scope)
  const text = `${briefCounts(counts)}${codes === '' ? '' : ` by ${codes}`}`
  return counts.held > 0 || isStopped ? { text: text === '' ? 'held' : text, tone: 'hold' } : { text, tone: 'dim' }
}

const idleText = (operation: string, idle: readonly ScopeOutline[]): string => {
  const shown = idle.slice(0, 4).map((scope) => escapeLong(scope.name ?? scope.id, 80))
  const rest = idle.length - shown.length
  const word = scopeWord(operation).toLowerCase()
  return `Unchanged: ${count(idle.length, word)} (${shown.join(', ')}${rest > 0 ? ` … and ${rest} more` : ''})`
}
