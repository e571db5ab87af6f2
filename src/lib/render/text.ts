import type { Plan } from '../core/plan.ts'
import { escapeLong, escapeText } from './escape.ts'
import { changeFacts } from './facts.ts'
import type { Fact } from './facts.ts'
import { findingLines, hanging } from './findings.ts'
import { countsText, outlinePlan } from './outline.ts'
import type { Outline, PlannedChange, ScopeOutline } from './outline.ts'
import type { Paint, Tone } from './paint.ts'
import { flow, padEnd, textWidth, wrap } from './width.ts'
import { count, moment, scopeWord, wordsOf } from './words.ts'

export interface PlanView {
  readonly paint: Paint
  /** Columns of the terminal. */
  readonly width: number
}

const FACT_TONES: Readonly<Record<Fact['sign'], Tone>> = { '+': 'create', '-': 'remove', '~': 'update', ' ': 'dim' }

/** Columns before the type of a thing: sign, verb. */
const INDENT = ' '.repeat(12)
const FACTS = `${INDENT}  `

/** A line of a scope; `mark` says what it does to the world, for views that colour whole lines. */
export interface PlanLine {
  readonly mark: '+' | '-' | '!' | ' '
  readonly line: string
}

const quiet = (line: string): PlanLine => ({ mark: ' ', line })

/** Plain values share lines; what adds, takes or alters something gets a line of its own. */
function factLines(facts: readonly Fact[], view: PlanView): readonly PlanLine[] {
  const room = Math.max(20, view.width - FACTS.length)
  const brief = facts.filter((fact) => fact.brief).map((fact) => fact.text)
  return [
    ...flow(brief, '; ', room).map((line) => quiet(FACTS + view.paint('dim', line))),
    ...facts
      .filter((fact) => !fact.brief)
      .flatMap(({ sign, text }) =>
        hanging(sign === ' ' ? '' : `${sign} `, text, room).map((line): PlanLine => ({
          mark: sign === '~' ? '!' : sign,
          line: FACTS + view.paint(FACT_TONES[sign], line),
        })),
      ),
  ]
}

const markOf = (tone: Tone): PlanLine['mark'] =>
  tone === 'create' ? '+' : tone === 'remove' ? '-' : tone === 'dim' ? ' ' : '!'

function changeLines({ change, heldBy }: PlannedChange, typeWidth: number, view: PlanView): readonly PlanLine[] {
  const { sign, verb, tone } = wordsOf(change)
  const isHeld = heldBy.length > 0
  const shown: Tone = isHeld ? 'hold' : change.risk === 'removes' ? 'remove' : tone
  const head = [
    `  ${view.paint(shown, `${isHeld ? '!' : sign} ${padEnd(isHeld ? 'held' : verb, 7)}`)}`,
    padEnd(escapeText(change.ref.type), typeWidth),
    view.paint('bold', escapeLong(change.ref.name, 120)),
  ].join(' ')
  const held = isHeld ? `would ${verb}; held by ${heldBy.map(escapeText).join(', ')}` : ''
  const why = escapeLong(change.reason, 400)
  return [
    { mark: markOf(shown), line: head },
    ...(held === '' ? [] : hanging(INDENT, held, view.width).map((line) => quiet(view.paint('hold', line)))),
    ...(why === '' ? [] : hanging(INDENT, why, view.width).map(quiet)),
    ...factLines(changeFacts(change), view),
  ]
}

/** The changes of one scope, in the order of the plan. */
export function scopeLines(scope: ScopeOutline, view: PlanView): readonly PlanLine[] {
  const typeWidth = Math.max(0, ...scope.changes.map(({ change }) => textWidth(escapeText(change.ref.type))))
  return scope.changes.flatMap((change) => changeLines(change, typeWidth, view))
}

/** `Load balancer shop-front  5f0c7c1e-…` */
function scopeTitle(operation: string, scope: ScopeOutline, paint: Paint): string {
  const word = scopeWord(operation)
  if (scope.name === null) return paint('bold', `${word} ${escapeText(scope.id)}`)
  return `${paint('bold', `${word} ${escapeLong(scope.name, 120)}`)}  ${paint('dim', escapeText(scope.id))}`
}

/** The line above the question: what would happen, in numbers, and whether it may. */
export function verdictLines(plan: Plan, outline: Outline, paint: Paint, width = Infinity): readonly string[] {
  const { held, refused } = outline
  if (plan.changes.length === 0 && !refused) return idleVerdict(outline, paint)
  const lines = [`${paint('bold', 'Plan:')} ${countsText(outline)}.`]
  if (refused) return [...lines, `${paint('refuse', 'Refused:')} nothing of this plan will be applied.`]
  if (held > 0) lines.push(`${paint('hold', 'Held:')} ${count(held, 'change')} will not be applied now.`)
  const removals = outline.scopes.flatMap((scope) => scope.changes.filter(takesAway)).map(({ change }) => change)
  if (removals.length === 0) return [...lines, paint('dim', 'Nothing is taken away.')]
  const named = removals.slice(0, 4).map(({ ref }) => `${escapeText(ref.type)} ${escapeLong(ref.name, 80)}`)
  const rest = removals.length - named.length
  const text = hanging('Takes away: ', `${named.join(', ')}${rest > 0 ? ` … and ${rest} more` : ''}.`, width)
  return [
    ...lines,
    ...text.map((line, row) => (row === 0 ? line.replace('Takes away:', paint('remove', 'Takes away:')) : line)),
  ]
}

/** No changes is not the same as all is well: a guard may have stopped what would have been planned. */
function idleVerdict({ findings }: Outline, paint: Paint): readonly string[] {
  const open = findings.filter(({ allowed }) => allowed === undefined)
  if (open.some(({ severity }) => severity === 'hold'))
    return [`${paint('hold', 'Held:')} nothing is changed, for the reasons above.`]
  return [
    open.some(({ severity }) => severity === 'warn')
      ? `${paint('bold', 'Nothing to do')}, but see the warnings above.`
      : `${paint('ok', 'Nothing to do:')} everything is as it should be.`,
  ]
}

/** Goes ahead, and something is gone afterwards. */
const takesAway = ({ change, heldBy }: PlannedChange): boolean =>
  heldBy.length === 0 && (change.risk === 'removes' || change.kind === 'delete' || change.kind === 'replace')

/**
 * A plan for a terminal: scope by scope what would happen, to what and why; then what is to be said about it, the
 * gravest last; then the numbers. Ends with a newline.
 */
export function renderPlanText(plan: Plan, view: PlanView): string {
  const { paint, width } = view
  const outline = outlinePlan(plan)
  const { operation, context } = plan.request
  const busy = outline.scopes.filter((scope) => scope.changes.length > 0)
  const idle = outline.scopes.filter((scope) => scope.changes.length === 0)
  const head = `${paint('bold', escapeText(operation))}  ${paint(
    'dim',
    `context ${escapeText(context)}, observed ${moment(plan.observedAt)}`,
  )}`
  const idleLine =
    idle.length > 0 && busy.length > 0
      ? ['', ...wrap(idleText(operation, idle), width).map((line) => paint('dim', line))]
      : []
  return [
    head,
    ...busy.flatMap((scope) => [
      '',
      scopeTitle(operation, scope, paint),
      ...scopeLines(scope, view).map(({ line }) => line),
    ]),
    ...idleLine,
    ...outline.findings.flatMap((finding) => ['', ...findingLines(finding, width, paint)]),
    '',
    ...verdictLines(plan, outline, paint, width),
    '',
  ].join('\n')
}

const idleText = (operation: string, idle: readonly ScopeOutline[]): string => {
  const shown = idle.slice(0, 4).map((scope) => escapeLong(scope.name ?? scope.id, 80))
  const rest = idle.length - shown.length
  const word = scopeWord(operation).toLowerCase()
  return `Unchanged: ${count(idle.length, word)} (${shown.join(', ')}${rest > 0 ? ` … and ${rest} more` : ''})`
}
