import type { PlannedChange, ScopeOutline } from './outline.ts'
import { escapeLong, escapeText } from './escape.ts'
import { changeFacts } from './facts.ts'
import type { Fact, Names } from './facts.ts'
import { hanging } from './findings.ts'
import type { Paint, Tone } from './paint.ts'
import { flow, padEnd, textWidth, wrap } from './width.ts'
import { KINDS, wordsOf } from './words.ts'

export interface PlanView {
  readonly paint: Paint
  /** Columns of the terminal. */
  readonly width: number
  /** Without the report: changes, findings, verdict. */
  readonly quiet?: boolean
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

function changeLines(
  { change, heldBy }: PlannedChange,
  typeWidth: number,
  names: Names,
  view: PlanView,
): readonly PlanLine[] {
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
    ...factLines(changeFacts(change, names), view),
  ]
}

/** What has to be so before the changes below it are made. */
const waitLines = (evidence: string, { paint, width }: PlanView): readonly PlanLine[] => {
  const { sign, verb } = KINDS.wait
  const first = `  ${paint('hold', `${sign} ${padEnd(verb, 7)}`)} `
  const lines = wrap(escapeLong(evidence, 400), Math.max(20, width - INDENT.length))
  return lines.map((line, row) => quiet(`${row === 0 ? first : INDENT}${line}`))
}

/** The changes of one scope, in the order of the plan. */
export function scopeLines(scope: ScopeOutline, view: PlanView): readonly PlanLine[] {
  const typeWidth = Math.max(0, ...scope.changes.map(({ change }) => textWidth(escapeText(change.ref.type))))
  const waits = [...new Set(scope.changes.flatMap(({ waitsFor }) => waitsFor))]
  const names: Names = new Map(scope.changes.map(({ change }) => [change.id, change.ref.name]))
  return [
    ...waits.flatMap(({ evidence }) => waitLines(evidence, view)),
    ...scope.changes.flatMap((change) => changeLines(change, typeWidth, names, view)),
  ]
}
