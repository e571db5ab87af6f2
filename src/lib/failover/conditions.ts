import { EXIT, isNyahError, type NyahError, nyahError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import type { Comparison, Condition } from '../ports/conditions.ts'

const WORDS = 'check:ID, alarm:NAME[@REGION], metric:QUERY > NUMBER'
const TRIES = [
  "--abort-on 'alarm:shop-errors@us-east-1'",
  '--abort-on check:0a1b2c3d-0000-0000-0000-000000000000',
  "--abort-on 'metric:sum(rate(errors[1m])) > 0.05'",
]

const ID = /^[0-9A-Za-z-]{1,64}$/
const REGION = /^[a-z]{2,3}(-[a-z]+)+-\d$/
const ALARM_ARN = /^arn:aws[a-z-]*:cloudwatch:([^:]+):\d{12}:alarm:(.+)$/s
/** The last comparison of the text, and what stands after it. */
const LAST_COMPARISON = /^(.*?)(<=|>=|<|>)([^<>]*)$/s
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
/** What a query of PromQL can end with: a word, a bracket, a quote. After `=~` or `+` something is missing. */
const WHOLE_END = /[\w:.)\]}"'`]$/

/** One condition as people write it. Throws USAGE. */
export function conditionOf(text: string): Condition {
  const [, kind = '', rest = ''] = /^([a-z]+):(.*)$/s.exec(text.trim()) ?? []
  const asked = rest.trim()
  if (kind === 'check') return checkOf(asked)
  if (kind === 'alarm') return alarmOf(asked)
  if (kind === 'metric') return metricOf(asked)
  throw wrong(`${JSON.stringify(text)} is no condition; there are ${WORDS}`)
}

/** As `conditionOf` reads it. */
export function conditionText(condition: Condition): string {
  if (condition.kind === 'check') return `check:${condition.id}`
  if (condition.kind === 'alarm')
    return `alarm:${condition.name}${condition.region === null ? '' : `@${condition.region}`}`
  return `metric:${condition.query} ${condition.op} ${condition.value}`
}

/** The conditions of a request, each as its text; absent: none. Throws REQUEST_INVALID. */
export function conditionsOf(json: Json | undefined): readonly Condition[] {
  if (json === undefined || json === null) return []
  if (!Array.isArray(json)) throw invalid('arguments.abortOn is no list of conditions')
  return json.map((each: Json) => {
    if (typeof each !== 'string') throw invalid(`arguments.abortOn: ${JSON.stringify(each)} is no text`)
    try {
      return conditionOf(each)
    } catch (error) {
      throw isNyahError(error) ? invalid(`arguments.abortOn: ${error.message}`) : error
    }
  })
}

function checkOf(id: string): Condition {
  if (!ID.test(id)) throw wrong(`check:${id} names no health check of Route 53: its id is letters, digits and hyphens`)
  return { kind: 'check', id }
}

/** Names of alarms may hold an `@`: only a Region after the last one is no part of the name. */
function alarmOf(asked: string): Condition {
  const [, arnRegion = '', arnName = ''] = ALARM_ARN.exec(asked) ?? []
  if (arnName !== '')
    throw wrong(`alarm:${asked} is an ARN, and alarms are named here`, [`--abort-on 'alarm:${arnName}@${arnRegion}'`])
  const at = asked.lastIndexOf('@')
  const named = at > 0 && REGION.test(asked.slice(at + 1))
  const name = (named ? asked.slice(0, at) : asked).trim()
  if (name === '' || [...name].length > 255) throw wrong(`alarm:${asked} names no alarm: 1 to 255 characters`)
  return { kind: 'alarm', name, region: named ? asked.slice(at + 1) : null }
}

function metricOf(asked: string): Condition {
  const [, before = '', op, after = ''] = LAST_COMPARISON.exec(asked) ?? []
  if (op === undefined) throw wrong(`metric:${asked} compares with nothing: it ends with <, <=, > or >= and a number`)
  const [query, value] = [before.trim(), after.trim()]
  if (!NUMBER.test(value) || !Number.isFinite(Number(value)))
    throw wrong(`metric:${asked}: after its last comparison stands ${JSON.stringify(value)}, no number`)
  const why = openEnd(query)
  if (why !== null) throw wrong(`metric:${asked}: ${why}`)
  // No negative zero: it is not written as one.
  return { kind: 'metric', query, op: comparison(op), value: Number(value) || 0 }
}

const comparison = (op: string): Comparison => (op === '<' || op === '<=' || op === '>' ? op : '>=')

/**
 * Why the comparison after this text is not one of the whole query; null: it is. Quotes and operators are those
 * of https://prometheus.io/docs/prometheus/latest/querying/basics/ and …/operators/: `and`, `unless` and `or` bind less
 * than a comparison does, so that after one of them only its right side would be compared.
 */
function openEnd(query: string): string | null {
  const open: string[] = []
  const tokens = query.matchAll(/"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?|#|[()[\]{}]|[\w:.]+/gs)
  for (const [token] of tokens) {
    const first = token[0] ?? ''
    if ('"\'`'.includes(first)) {
      if (!closed(token)) return `its last comparison stands in the quotes that ${first} opens`
    } else if (first === '#') return 'a condition holds no comment'
    else if ('([{'.includes(first)) open.push(first)
    else if (')]}'.includes(first)) {
      if (open.pop() !== OPENS[first]) return `a ${first} closes nothing`
    } else if (open.length === 0 && /^(and|or|unless)$/i.test(token))
      return `\`${token}\` binds less than the last comparison does: put what is to be compared in brackets`
  }
  if (open.length > 0) return `its last comparison stands in the brackets that ${open.at(-1) ?? ''} opens`
  return WHOLE_END.test(query) ? null : 'no query stands before its last comparison'
}

const OPENS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** Does the quote that opens the token end it, unescaped? */
const closed = (token: string): boolean => /^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)$/s.test(token)

const wrong = (message: string, tries: readonly string[] = TRIES): NyahError =>
  nyahError({ code: 'USAGE', message, exit: EXIT.usage, tries })

const invalid = (message: string): NyahError =>
  nyahError({ code: 'REQUEST_INVALID', message, exit: EXIT.usage, tries: ['make the plan again'] })
