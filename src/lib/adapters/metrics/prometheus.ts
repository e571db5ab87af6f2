import * as z from 'zod/mini'
import { EXIT, type ErrorData, nyahError, type NyahError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Comparison, Judge, Verdict } from '../../ports/conditions.ts'
import type { Retry } from '../../ports/retry.ts'
import { createDoor, type DoorResponse } from '../http/door.ts'
import { printableUrl } from '../http/url.ts'

/** A gate that answers slowly is as good as silent: a rehearsal waits for it. Milliseconds. */
const TIMEOUTS = { connect: 5_000, response: 10_000, total: 10_000 }
/** Some ten thousand series. */
const MAX_BODY_BYTES = 4 * 1024 * 1024
/** What an instant query gives is as old as its answer; more is a cache's. Seconds. */
const OLDEST = 60
/** Of another's words. */
const MAX_WORDS = 300

export interface PrometheusDeps {
  /** `gates.prometheus` of the context: the API is below it, at /api/v1. */
  readonly url: string
  readonly clock: Clock
  readonly retry: Retry
  /** Longest one call may take, in milliseconds. */
  readonly callMs: number
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats: time, and value as text. */
const sample = z.tuple([z.number(), z.string()])
const series = z.object({
  metric: z.record(z.string(), z.string()),
  /** Absent: a native histogram, which compares with nothing. */
  value: z.optional(sample),
  histogram: z.optional(z.tuple([z.number(), z.unknown()])),
})
const answerSchema = z.object({
  status: z.literal('success'),
  warnings: z.optional(z.array(z.string())),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(series) }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.enum(['matrix', 'string']) }),
  ]),
})
const refusalSchema = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })

interface Sample {
  readonly value: number
  /** ` at up{job="nyah"}`, or nothing where it is of no series. */
  readonly of: string
  /** Seconds since the epoch. */
  readonly time: number
}

/**
 * Instant queries to a Prometheus, or to what speaks its API. Throws PROMETHEUS_UNREACHABLE, _TLS_FAILED, _UNAVAILABLE,
 * _DENIED, _QUERY_REFUSED, _UNEXPECTED_ANSWER, _BODY_TOO_LARGE, _UNEXPECTED_ENCODING.
 */
export function createPrometheus({ url, clock, retry, callMs }: PrometheusDeps): Judge<'metric'> {
  const timeouts = Object.fromEntries(Object.entries(TIMEOUTS).map(([phase, ms]) => [phase, Math.min(ms, callMs)]))
  const door = createDoor({
    area: 'PROMETHEUS',
    maxBodyBytes: MAX_BODY_BYTES,
    timeouts,
    untrusted: 'NODE_EXTRA_CA_CERTS=/path/to/ca.pem, with the authority that signed it',
  })
  const endpoint = `${url.replace(/\/+$/, '')}/api/v1/query`

  return ({ query, op, value }, signal) =>
    retry(
      'prometheus:query',
      async () => {
        const search = new URLSearchParams({ query, timeout: `${TIMEOUTS.total / 1000}s` })
        const headers = { 'cache-control': 'no-store' }
        const answer = await door({ method: 'GET', url: `${endpoint}?${search.toString()}`, headers, signal })
        return verdictOf(answer, endpoint, op, value, clock.now())
      },
      signal,
    )
}

function verdictOf(answer: DoorResponse, endpoint: string, op: Comparison, limit: number, now: number): Verdict {
  const said = parsed(answer.body)
  if (answer.status !== 200) throw refused(answer, said, endpoint)
  const decoded = answerSchema.safeParse(said)
  if (!decoded.success) throw unexpected(endpoint, 'its answer is not one of Prometheus')
  const { data, warnings = [] } = decoded.data
  if (data.resultType !== 'vector' && data.resultType !== 'scalar')
    throw queryRefused(endpoint, `the query gives a ${data.resultType}, not one value for each series`)
  const samples: readonly Sample[] =
    data.resultType === 'scalar'
      ? [{ value: numberOf(data.result[1]), of: '', time: data.result[0] }]
      : data.result.map(({ metric, value, histogram }) => ({
          value: value === undefined ? Number.NaN : numberOf(value[1]),
          of: seriesOf(metric),
          time: (value ?? histogram)?.[0] ?? 0,
        }))
  const oldest = Math.min(...samples.map(({ time }) => time))
  const age = Math.round(answeredAt(answer, now) / 1000 - oldest)
  const at = samples.length === 0 ? null : isoOf(oldest)
  if (samples.length > 0 && Math.abs(age) > OLDEST)
    return { state: 'missing', detail: `its samples are of ${at ?? 'no time'}, ${Math.abs(age)} s from its answer`, at }
  return { ...judged(samples, op, limit, warnings), at }
}

function judged(
  samples: readonly Sample[],
  op: Comparison,
  limit: number,
  warnings: readonly string[],
): Omit<Verdict, 'at'> {
  const numbers = samples.filter(({ value }) => !Number.isNaN(value))
  // The one that is furthest on the wrong side, or nearest to it.
  const upwards = op === '>' || op === '>='
  const [worst] = numbers.toSorted((a, b) => (upwards ? b.value - a.value : a.value - b.value) || 0)
  if (worst !== undefined && holds(worst.value, op, limit)) {
    const how = numbers.filter(({ value }) => holds(value, op, limit)).length
    const count = samples.length > 1 ? ` (${how} of ${samples.length} samples)` : ''
    return { state: 'broken', detail: `${worst.value} ${op} ${limit}${worst.of}${count}` }
  }
  if (worst === undefined && samples.length === 0) return { state: 'missing', detail: 'no sample' }
  if (numbers.length < samples.length)
    return { state: 'missing', detail: `${samples.length - numbers.length} of ${samples.length} samples is no number` }
  // A part of the answer may be missing, for all that a warning says.
  if (warnings.length > 0) return { state: 'missing', detail: `a warning: ${warnings.join('; ').slice(0, MAX_WORDS)}` }
  return {
    state: 'fine',
    detail: `${worst?.value ?? ''}, not ${op} ${limit}${samples.length > 1 ? ` (the worst of ${samples.length} samples)` : ''}`,
  }
}

const holds = (value: number, op: Comparison, limit: number): boolean =>
  op === '<' ? value < limit : op === '<=' ? value <= limit : op === '>' ? value > limit : value >= limit

/** As Go writes floats. */
function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return text === '' ? Number.NaN : Number(text)
}

function seriesOf({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const text = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  const series = `${name}${text.length === 0 ? '' : `{${text.join(', ')}}`}`
  return series === '' ? '' : ` at ${series.slice(0, MAX_WORDS)}`
}

/** When the answer was made, by its server's clock; its cache adds how long it has kept it. Milliseconds. */
function answeredAt({ headers }: DoorResponse, now: number): number {
  const date = Date.parse(headers['date'] ?? '')
  const age = Number(headers['age'] ?? 0)
  return (Number.isNaN(date) ? now : date) + (Number.isFinite(age) ? age * 1000 : 0)
}

const isoOf = (seconds: number): string | null => {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function refused({ status }: DoorResponse, said: unknown, endpoint: string): NyahError {
  const what = refusalSchema.safeParse(said)
  const words = what.success ? `${what.data.errorType}: ${what.data.error.slice(0, MAX_WORDS)}` : `status ${status}`
  if (status === 401 || status === 403)
    return problem('PROMETHEUS_DENIED', endpoint, `it was refused (${words}); nyah sends Prometheus no credentials`, {
      tries: ['give gates.prometheus an address that answers without them'],
    })
  if (status === 400 || status === 422) return queryRefused(endpoint, words)
  if (status === 429 || status >= 500)
    return problem('PROMETHEUS_UNAVAILABLE', endpoint, words, { retryable: true, tries: ['look at that Prometheus'] })
  return unexpected(endpoint, words)
}

const queryRefused = (endpoint: string, words: string): NyahError =>
  problem('PROMETHEUS_QUERY_REFUSED', endpoint, words, {
    tries: ["try the condition's query on the page of that Prometheus, and correct it"],
  })

const unexpected = (endpoint: string, words: string): NyahError =>
  problem('PROMETHEUS_UNEXPECTED_ANSWER', endpoint, words, {
    tries: ['check gates.prometheus: nyah config explain'],
  })

const problem = (code: string, endpoint: string, words: string, rest: Partial<ErrorData>): NyahError =>
  nyahError({ code, message: `GET ${printableUrl(endpoint)}: ${words}`, exit: EXIT.remote, ...rest })
