import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPrometheus } from '../../../src/lib/adapters/metrics/prometheus.ts'
import { conditionOf } from '../../../src/lib/failover/conditions.ts'
import type { Judge, Verdict } from '../../../src/lib/ports/conditions.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'

const clock = virtualClock()
const NOW = clock.now()
const once = <T>(_what: string, call: () => Promise<T>): Promise<T> => call()
const { signal } = new AbortController()

function judgeAt(url: string, callMs = 30_000): (text: string, stop?: AbortSignal) => Promise<Verdict> {
  const judge: Judge<'metric'> = createPrometheus({ url, clock, retry: once, callMs })
  return (text, stop = signal) => {
    const condition = conditionOf(`metric:${text}`)
    if (condition.kind !== 'metric') throw new Error(text)
    return judge(condition, stop)
  }
}

describe('the sandbox as a Prometheus', () => {
  let sandbox: Sandbox
  let judge: ReturnType<typeof judgeAt>
  beforeAll(async () => {
    sandbox = await startSandbox({ clock })
    judge = judgeAt(`${sandbox.env['NYAH_SANDBOX_PROMETHEUS']}/`)
  })
  afterAll(() => sandbox.close())

  const at = new Date(NOW).toISOString()
  it.each<[string, Verdict]>([
    ['nyah_sandbox_error_ratio{service="shop"} > 0.05', { state: 'fine', detail: '0.002, not > 0.05', at }],
    ['nyah_sandbox_error_ratio > 0.05', { state: 'fine', detail: '0.002, not > 0.05 (the worst of 2 samples)', at }],
    [
      'nyah_sandbox_error_ratio > 0.0015',
      {
        state: 'broken',
        detail: '0.002 > 0.0015 at nyah_sandbox_error_ratio{service="shop"} (1 of 2 samples)',
        at,
      },
    ],
    ['nyah_sandbox_up < 1', { state: 'fine', detail: '1, not < 1', at }],
    ['nyah_sandbox_up <= 1', { state: 'broken', detail: '1 <= 1 at nyah_sandbox_up', at }],
    ['nyah_sandbox_idle_ratio > 0', { state: 'missing', detail: '1 of 1 samples is no number', at }],
    ['nobody > 0', { state: 'missing', detail: 'no sample', at: null }],
    ['3 >= 3', { state: 'broken', detail: '3 >= 3', at }],
    ['3 > 3', { state: 'fine', detail: '3, not > 3', at }],
  ])('%s', async (text, verdict) => {
    expect(await judge(text)).toEqual(verdict)
  })

  it('refuses what it cannot read', async () => {
    await expect(judge('sum(up) > 1')).rejects.toMatchObject({
      code: 'PROMETHEUS_QUERY_REFUSED',
      exit: 7,
      retryable: false,
      message: expect.stringContaining('bad_data: the sandbox'),
    })
  })

  it('is out of order when told', async () => {
    sandbox.setOutages([{ service: 'prometheus', kind: 'status' }])
    await expect(judge('nyah_sandbox_up < 1')).rejects.toMatchObject({
      code: 'PROMETHEUS_UNAVAILABLE',
      retryable: true,
    })
    sandbox.setOutages([])
  })
})

describe('an odd answer', () => {
  /** What the server does with the next request. */
  let act: (request: http.IncomingMessage, response: http.ServerResponse) => void = () => {}
  const asked: string[] = []
  let server: http.Server
  let url: string
  beforeAll(async () => {
    server = http.createServer((request, response) => {
      asked.push(request.url ?? '')
      act(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => {
    asked.length = 0
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const gives = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
    act = (_request, response) =>
      response
        .writeHead(status, { date: new Date(NOW).toUTCString(), ...headers })
        .end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const vector = (...values: readonly string[]): object => ({
    resultType: 'vector',
    result: values.map((value, at) => ({ metric: { pod: `p${at}` }, value: [NOW / 1000, value] })),
  })
  const success = (data: object, rest: object = {}): object => ({ status: 'success', data, ...rest })

  it.each<[string, object, Partial<Verdict>]>([
    ['no sample', success(vector()), { state: 'missing', detail: 'no sample', at: null }],
    ['NaN', success(vector('NaN')), { state: 'missing', detail: '1 of 1 samples is no number' }],
    ['an empty value', success(vector('')), { state: 'missing' }],
    [
      'one that breaks it, among NaN',
      success(vector('NaN', '9')),
      { state: 'broken', detail: /^9 > 5 at \{pod="p1"\} \(1 of 2 samples\)$/ },
    ],
    ['fine ones, among NaN', success(vector('1', 'NaN')), { state: 'missing', detail: '1 of 2 samples is no number' }],
    [
      'the worst of many',
      success(vector('6', '70', '1')),
      { state: 'broken', detail: /^70 > 5 .*\(2 of 3 samples\)$/ },
    ],
    ['+Inf', success(vector('+Inf')), { state: 'broken' }],
    ['-Inf', success(vector('-Inf')), { state: 'fine' }],
    ['a scalar', success({ resultType: 'scalar', result: [NOW / 1000, '6'] }), { state: 'broken', detail: '6 > 5' }],
    [
      'a histogram',
      success({ resultType: 'vector', result: [{ metric: {}, histogram: [NOW / 1000, { count: '5' }] }] }),
      { state: 'missing' },
    ],
    [
      'a warning',
      success(vector('1'), { warnings: ['store b is away'] }),
      { state: 'missing', detail: /store b is away/ },
    ],
    ['a warning beside what breaks it', success(vector('6'), { warnings: ['store b is away'] }), { state: 'broken' }],
    ['words of no weight', success(vector('1'), { infos: ['not a counter'] }), { state: 'fine' }],
  ] as [string, object, { state: Verdict['state'] }][])('with %s', async (_what, answer, verdict) => {
    gives(200, answer)
    const { detail = /./, ...rest } = verdict as { detail?: string | RegExp }
    const given = await judgeAt(url)('a{b="c d"} > 5')
    expect(given).toMatchObject(rest)
    expect(given.detail).toMatch(typeof detail === 'string' ? new RegExp(`^${detail}$`) : detail)
    expect(new URL(asked[0] ?? '', url).searchParams.get('query')).toBe('a{b="c d"}')
  })

  it.each([
    ['older than its answer', {}, -61],
    ['of the future', {}, 61],
    ['kept by a cache', { age: '61' }, 0],
  ])('with samples %s is none', async (_what, headers, offset) => {
    const result = [{ metric: {}, value: [NOW / 1000 + offset, '1'] }]
    gives(200, success({ resultType: 'vector', result }), headers)
    expect(await judgeAt(url)('up > 5')).toMatchObject({
      state: 'missing',
      detail: expect.stringContaining('61 s from'),
    })
  })

  it.each<[string, number, unknown, string, boolean]>([
    ['a web page', 200, '<html>', 'PROMETHEUS_UNEXPECTED_ANSWER', false],
    ['nothing', 200, '', 'PROMETHEUS_UNEXPECTED_ANSWER', false],
    ['another shape', 200, success({ resultType: 'vector', result: [{}] }), 'PROMETHEUS_UNEXPECTED_ANSWER', false],
    ['an error that says 200', 200, { status: 'error' }, 'PROMETHEUS_UNEXPECTED_ANSWER', false],
    ['a redirect', 302, '', 'PROMETHEUS_UNEXPECTED_ANSWER', false],
    ['no such path', 404, 'not found', 'PROMETHEUS_UNEXPECTED_ANSWER', false],
    ['a range', 200, success({ resultType: 'matrix', result: [] }), 'PROMETHEUS_QUERY_REFUSED', false],
    ['a text', 200, success({ resultType: 'string', result: [1, 'x'] }), 'PROMETHEUS_QUERY_REFUSED', false],
    [
      'a refusal',
      422,
      { status: 'error', errorType: 'execution', error: 'query timed out' },
      'PROMETHEUS_QUERY_REFUSED',
      false,
    ],
    ['a login', 401, 'who are you', 'PROMETHEUS_DENIED', false],
    ['a failure', 500, 'oops', 'PROMETHEUS_UNAVAILABLE', true],
    ['a busy one', 503, { status: 'error', errorType: 'unavailable', error: 'x' }, 'PROMETHEUS_UNAVAILABLE', true],
  ])('of %s: %i', async (_what, status, body, code, retryable) => {
    gives(status, body)
    const thrown = judgeAt(url)('up{secret="s"} > 5')
    await expect(thrown).rejects.toMatchObject({ code, retryable, exit: 7 })
    await expect(thrown).rejects.toThrow(new RegExp(`^GET ${url}/api/v1/query: .`))
  })

  it('that never comes is waited for no longer than a call may take', async () => {
    act = () => {}
    await expect(judgeAt(url, 50)('up > 5')).rejects.toMatchObject({ code: 'PROMETHEUS_UNREACHABLE', retryable: true })
  })

  it('is no longer waited for when the command is ended', async () => {
    const ended = new AbortController()
    const reason = new Error('ended')
    act = () => ended.abort(reason)
    await expect(judgeAt(url)('up > 5', ended.signal)).rejects.toBe(reason)
  })

  it('of nobody', async () => {
    const free = await new Promise<number>((resolve) => {
      const other = http.createServer().listen(0, '127.0.0.1', () => {
        const { port } = other.address() as AddressInfo
        other.close(() => resolve(port))
      })
    })
    await expect(judgeAt(`http://127.0.0.1:${free}`)('up > 5')).rejects.toMatchObject({
      code: 'PROMETHEUS_UNREACHABLE',
    })
  })

  it('over TLS that is no TLS says what to do about it', async () => {
    await expect(judgeAt(url.replace('http:', 'https:'))('up > 5')).rejects.toMatchObject({
      code: 'PROMETHEUS_TLS_FAILED',
      exit: 3,
      tries: [expect.stringContaining('NODE_EXTRA_CA_CERTS')],
    })
  })
})
