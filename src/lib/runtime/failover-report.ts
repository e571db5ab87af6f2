import type { Outcome } from '../core/events.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Rto } from '../failover/model.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { span } from '../render/words.ts'
import type { Measured } from './dns-measure.ts'
import { shareText } from './dns-text.ts'

/** The report of a rehearsal, or of a move that was brought back; empty: neither. */
export function attendedText(result: JsonObject): string {
  const { rto, drill } = result as {
    rto?: Rto | null
    drill?: { givenUp: string | null; measured: readonly Measured[] }
  }
  const lines = [
    ...(drill === undefined ? [] : [drill.givenUp === null ? 'Rehearsal: went well.' : 'Rehearsal: given up.']),
    ...(drill?.givenUp == null ? [] : [`  Why    ${escapeLong(drill.givenUp, 400)}`]),
    ...(rto == null ? [] : rtoLines(rto)),
    ...(drill?.measured ?? []).flatMap(splitLines),
  ]
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function rtoLines({ decideMs, changeMs, insyncMs, visibleMs }: Rto): readonly string[] {
  const total = decideMs + (visibleMs ?? insyncMs ?? changeMs)
  const parts = [
    `decided in ${span(decideMs)}`,
    `taken by Route 53 after ${span(changeMs)} more`,
    ...(insyncMs === null ? [] : [`INSYNC ${span(insyncMs)} after it was sent`]),
    ...(visibleMs === null ? [] : [`seen at the name servers after ${span(visibleMs)}`]),
  ]
  return [
    `  RTO    ${span(total)}, and at most 60 s until resolvers have forgotten the old answer`,
    ...parts.map((part) => `         ${part}`),
  ]
}

const splitLines = ({ name, type, answered, shares, why }: Measured): readonly string[] => [
  `  Split  ${escapeText(name)} ${type}, ${answered} answers of its name servers${why === null ? '' : ` (${escapeLong(why, 200)})`}`,
  ...shares.map((one) => `         ${shareText(one)}`),
]

/** What an interrupted move leaves behind: users who are still elsewhere. */
export function leftText({ request, outcome, result }: Left, run: string): string {
  const { until } = request.arguments
  const names =
    ((result ?? {}) as { names?: readonly JsonObject[] }).names?.map(({ name }) => jsonText(name ?? '')) ?? []
  if (outcome !== 'interrupted' || until === undefined || names.length === 0) return ''
  return [
    '',
    `Users are where they were sent, and nobody attends to them: they were promised back by ${escapeText(jsonText(until))}.`,
    `Try: nyah run resume ${run}`,
    `     nyah failover end ${names.length > 5 ? '--all' : names.map((name) => escapeText(name)).join(' ')}`,
    '',
  ].join('\n')
}

interface Left {
  readonly request: Request
  readonly outcome: Outcome
  readonly result: Json
}
