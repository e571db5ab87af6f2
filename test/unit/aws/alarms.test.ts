import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAlarms } from '../../../src/lib/adapters/aws/alarms.ts'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import type { Verdict } from '../../../src/lib/ports/conditions.ts'
import type { Policy } from '../../../src/lib/sandbox/aws/iam-policy.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'

const docs = readFileSync(new URL('../../../docs/aws.md', import.meta.url), 'utf8')
const DOCUMENTED = JSON.parse(/```json conditions\n([^]*?)```/.exec(docs)?.[1] ?? '') as Policy
const clock = virtualClock()
const NOW = clock.now()
const { signal } = new AbortController()

function judgeIn(env: Readonly<Record<string, string>>, callMs = 5_000) {
  const session = createSession({ region: 'ap-northeast-1', env: { ...env, HOME: '/nonexistent' }, callMs }, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  const judge = createAlarms({ session, clock, retry: (_what, call) => call() })
  return (name: string, region: string | null = null, stop = signal) => judge({ kind: 'alarm', name, region }, stop)
}

describe('an alarm of CloudWatch', () => {
  let sandbox: Sandbox
  let judge: ReturnType<typeof judgeIn>
  beforeAll(async () => {
    sandbox = await startSandbox({ clock })
    judge = judgeIn(sandbox.env)
  })
  afterAll(() => sandbox.close())

  const tell = (alarms: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${sandbox.url}/sandbox/alarms`, { method: 'PUT', body: JSON.stringify({ alarms }) })
  const at = new Date(NOW).toISOString()

  it.each<[string, string | null, Verdict]>([
    ['shop-errors', null, { state: 'fine', detail: 'OK', at }],
    ['shop-any', null, { state: 'fine', detail: 'OK', at }],
    ['shop-checkers', 'us-east-1', { state: 'fine', detail: 'OK', at }],
    ['shop-checkers', null, { state: 'missing', detail: 'there is no such alarm in ap-northeast-1', at: null }],
    ['shop-error', null, { state: 'missing', detail: 'there is no such alarm in ap-northeast-1', at: null }],
    ['shop-errors', 'us-east-1', { state: 'missing', detail: 'there is no such alarm in us-east-1', at: null }],
    ['shop-quiet', null, { state: 'missing', detail: 'INSUFFICIENT_DATA: Unchecked: Initial alarm creation', at }],
  ])('%s in %s', async (name, region, verdict) => {
    expect(await judge(name, region)).toEqual(verdict)
  })

  it('breaks when it is told to, of a metric or composite', async () => {
    expect((await tell({ 'shop-errors': 'ALARM', 'shop-any': 'ALARM' })).status).toBe(200)
    for (const name of ['shop-errors', 'shop-any'])
      expect(await judge(name)).toMatchObject({ state: 'broken', detail: 'ALARM: The sandbox was told: ALARM' })
    await tell({ 'shop-errors': 'OK', 'shop-any': 'INSUFFICIENT_DATA' })
    expect(await judge('shop-errors')).toMatchObject({ state: 'fine' })
    expect(await judge('shop-any')).toMatchObject({ state: 'missing' })
    await tell({ 'shop-any': 'OK' })
    expect((await tell({ nobody: 'ALARM' })).status).toBe(404)
  })

  it('needs no more than the documented policy, and says what it needs', async () => {
    const restrict = (policy: Policy | null): void =>
      sandbox.change((state) => ({ ...state, aws: { ...state.aws, policy } }))
    restrict({ Statement: [{ Effect: 'Allow', Action: 'cloudwatch:GetMetricData', Resource: '*' }] })
    await expect(judge('shop-any')).rejects.toMatchObject({
      code: 'AWS_ACCESS_DENIED',
      details: { action: 'cloudwatch:DescribeAlarms' },
    })
    restrict(DOCUMENTED)
    expect(await judge('shop-any')).toMatchObject({ state: 'fine' })
    restrict(null)
  })

  it('is unknown while AWS is out of order', async () => {
    sandbox.setOutages([{ service: 'aws', kind: 'status' }])
    await expect(judge('shop-any')).rejects.toMatchObject({ code: 'AWS_UNAVAILABLE', retryable: true })
    sandbox.setOutages([{ service: 'aws', kind: 'reset' }])
    await expect(judge('shop-any')).rejects.toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true })
    sandbox.setOutages([{ service: 'aws', kind: 'hang' }])
    await expect(judgeIn(sandbox.env, 100)('shop-any')).rejects.toMatchObject({ code: 'AWS_UNREACHABLE' })
    sandbox.setOutages([])
  })
})

describe('an answer in place of CloudWatch', () => {
  let act: (response: http.ServerResponse) => void = () => {}
  let server: http.Server
  let env: Readonly<Record<string, string>>
  beforeAll(async () => {
    server = http.createServer((request, response) => {
      request.resume()
      act(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    env = { AWS_ENDPOINT_URL_CLOUDWATCH: url, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const gives = (status: number, body: string): void => {
    act = (response) => response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
  }
  const alarm = (rest: object): string => JSON.stringify({ MetricAlarms: [{ AlarmName: 'shop', ...rest }] })

  it.each<[string, number, string, string]>([
    ['a web page', 200, '<!doctype html><p>Log in', 'AWS_UNEXPECTED_ANSWER'],
    ['no JSON', 200, 'oops', 'AWS_UNEXPECTED_ANSWER'],
    ['throttling', 400, '{"__type":"ThrottlingException","message":"Rate exceeded"}', 'AWS_THROTTLED'],
    ['a failure', 500, '{"__type":"InternalServiceFault"}', 'AWS_UNAVAILABLE'],
    ['a gateway', 502, '<html>', 'AWS_UNAVAILABLE'],
  ])('that is %s', async (_what, status, body, code) => {
    gives(status, body)
    await expect(judgeIn(env)('shop')).rejects.toMatchObject({ code })
  })

  it.each<[string, string, Partial<Verdict>]>([
    ['no lists', '{}', { state: 'missing' }],
    ['another alarm', alarm({ AlarmName: 'shop-2', StateValue: 'OK' }), { state: 'missing' }],
    ['no state', alarm({}), { state: 'missing', detail: 'no state' }],
    ['a new state', alarm({ StateValue: 'PAUSED' }), { state: 'missing', detail: 'PAUSED' }],
    [
      'an evaluation that failed',
      alarm({ StateValue: 'OK', EvaluationState: 'EVALUATION_FAILURE' }),
      { state: 'missing', detail: 'OK, but EVALUATION_FAILURE' },
    ],
    [
      'a part of the data, and ALARM',
      alarm({ StateValue: 'ALARM', EvaluationState: 'PARTIAL_DATA' }),
      { state: 'broken' },
    ],
  ])('with %s', async (_what, body, verdict) => {
    gives(200, body)
    expect(await judgeIn(env)('shop')).toMatchObject(verdict)
  })
})
