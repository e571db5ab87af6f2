import type { Service, WireResponse } from './service.ts'

/**
 * A Prometheus of a few series, which are what a world, or somebody, says. GET or POST /api/v1/query of a name with equal
 * labels (`nyah_sandbox_error_ratio{service="shop"}`) or a number; other PromQL is refused by name.
 * https://prometheus.io/docs/prometheus/latest/querying/api/
 */

export interface MetricsState {
  /** The world's: what a series is when nothing is said. */
  readonly usual: Series
  readonly now: Series
}

/** By name and labels, as Prometheus writes them: `up{job="nyah"}`; the value as text (`0.02`, `NaN`, `+Inf`). */
export type Series = Readonly<Record<string, string>>

const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`
const LABEL = String.raw`\s*[a-zA-Z_][a-zA-Z0-9_]*\s*=\s*"(?:[^"\\]|\\.)*"\s*`
const SELECTOR = new RegExp(`^(${NAME})\\s*(?:\\{((?:${LABEL}(?:,${LABEL})*)?\\s*)\\})?$`)
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

/** A key of `Series`. */
export const isSeries = (text: string): boolean => SELECTOR.test(text)

/** Those said in place of what they were; null: there is no such series. */
export const seriesAs = (series: Series, said: Readonly<Record<string, string | null>>): Series =>
  Object.fromEntries(
    Object.entries({ ...series, ...said }).filter((entry): entry is [string, string] => entry[1] !== null),
  )

interface Selector {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

function selectorOf(text: string): Selector | null {
  const [, name, inner = ''] = SELECTOR.exec(text) ?? []
  if (name === undefined) return null
  const labels = [...inner.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*")/g)]
  return {
    name,
    labels: Object.fromEntries(labels.map(([, key = '', value = '']) => [key, String(JSON.parse(value))])),
  }
}

const reply = (status: number, body: object): WireResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const refusal = (status: number, errorType: string, error: string): WireResponse =>
  reply(status, { status: 'error', errorType, error })

function answered(query: string, series: Series, now: number): WireResponse {
  const time = now / 1000
  if (NUMBER.test(query))
    return reply(200, { status: 'success', data: { resultType: 'scalar', result: [time, String(Number(query))] } })
  const asked = selectorOf(query)
  if (asked === null)
    return refusal(400, 'bad_data', "the sandbox's Prometheus knows a name with equal labels, and numbers, alone")
  const result = Object.entries(series).flatMap(([text, value]) => {
    const one = selectorOf(text)
    if (one?.name !== asked.name) return []
    if (Object.entries(asked.labels).some(([label, wanted]) => (one.labels[label] ?? '') !== wanted)) return []
    return [{ metric: { __name__: one.name, ...one.labels }, value: [time, value] }]
  })
  return reply(200, { status: 'success', data: { resultType: 'vector', result } })
}

export const prometheus: Service<MetricsState> = (state, { method, path, query, body }, { now }) => {
  const answer = (): WireResponse => {
    if (path !== '/api/v1/query') return refusal(404, 'not_found', `${path} is not built in the sandbox`)
    if (method !== 'GET' && method !== 'POST') return refusal(405, 'bad_data', `${method} is not allowed`)
    const asked = query.get('query') ?? (method === 'POST' ? new URLSearchParams(body).get('query') : null)
    if (asked === null || asked.trim() === '')
      return refusal(400, 'bad_data', 'invalid parameter "query": no expression')
    return answered(asked.trim(), state.now, now)
  }
  return { state, response: answer() }
}
