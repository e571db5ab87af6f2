import { beforeEach, describe, expect, it } from 'vitest'
import { conditionOf } from '../../../src/lib/failover/conditions.ts'
import type { Conditions } from '../../../src/lib/ports/conditions.ts'
import type { Check, CheckStatus, HealthChecks } from '../../../src/lib/ports/health-checks.ts'
import { createConditions } from '../../../src/lib/runtime/conditions.ts'
import { healthCheck } from '../dns/fakes.ts'

const { signal } = new AbortController()
const AT = '2026-03-01T12:00:00.000Z'

const check = (id: string, rest: Partial<Check> = {}): Check => healthCheck({ id, address: '203.0.113.7', ...rest })
const counting = (id: string, children: readonly string[], threshold: number): Check =>
  check(id, { type: 'CALCULATED', address: null, port: null, children, threshold })

const good: CheckStatus = { verdict: 'healthy', healthy: 16, checkers: 16, why: null, observedAt: AT }
const bad: CheckStatus = { verdict: 'unhealthy', healthy: 1, checkers: 16, why: 'Failure: refused', observedAt: AT }
const unknown: CheckStatus = { verdict: 'unknown', healthy: 0, checkers: 0, why: null, observedAt: null }

let all: readonly Check[]
let statuses: Readonly<Record<string, CheckStatus>>
let reads: number
beforeEach(() => {
  reads = 0
})

const never = (): never => {
  throw new Error('not asked')
}
const checks: HealthChecks = {
  list: never,
  read: async (ids) => {
    reads += 1
    return all.filter(({ id }) => ids.includes(id))
  },
  status: async (id) => statuses[id] ?? never(),
  create: never,
  update: never,
  delete: never,
}
const made = (url: string | null = null): Conditions =>
  createConditions({
    checks: async () => checks,
    alarms: async () => async (condition) => ({ state: 'broken', detail: `alarm ${condition.name}`, at: null }),
    prometheus: async (given) => async (condition) => ({
      state: 'fine',
      detail: `${condition.query} of ${given}`,
      at: null,
    }),
    url,
  })

describe('a health check as a condition', () => {
  it.each<[string, readonly Check[], Readonly<Record<string, CheckStatus>>, object]>([
    ['healthy', [check('a')], { a: good }, { state: 'fine', detail: 'healthy: 16 of 16 checkers', at: AT }],
    [
      'unhealthy',
      [check('a')],
      { a: bad },
      { state: 'broken', detail: 'unhealthy: 1 of 16 checkers: Failure: refused', at: AT },
    ],
    ['inverted, seen healthy', [check('a', { inverted: true })], { a: good }, { state: 'broken' }],
    ['inverted, seen unhealthy', [check('a', { inverted: true })], { a: bad }, { state: 'fine' }],
    ['of which nobody knows', [check('a')], { a: unknown }, { state: 'missing' }],
    [
      'disabled',
      [check('a', { disabled: true })],
      {},
      { state: 'missing', detail: expect.stringContaining('disabled') },
    ],
    ['that is not there', [check('b')], {}, { state: 'missing', detail: 'there is no such health check', at: null }],
    [
      'that counts two, one of them well',
      [counting('a', ['b', 'c'], 1), check('b'), check('c')],
      { b: bad, c: good },
      { state: 'fine' },
    ],
    [
      'that needs both',
      [counting('a', ['b', 'c'], 2), check('b'), check('c')],
      { b: bad, c: good },
      { state: 'broken' },
    ],
    [
      'that needs one that is unknown',
      [counting('a', ['b', 'c'], 1), check('b'), check('c')],
      { b: bad, c: unknown },
      { state: 'missing' },
    ],
    [
      'that counts one that counts',
      [counting('a', ['b'], 1), counting('b', ['c'], 1), check('c')],
      { c: bad },
      { state: 'broken' },
    ],
  ])('%s', async (_what, given, seen, verdict) => {
    ;[all, statuses] = [given, seen]
    expect(await made().judge({ kind: 'check', id: 'a' }, signal)).toMatchObject(verdict)
  })

  it('is looked up once, and asked each time', async () => {
    const conditions = made()
    ;[all, statuses] = [[], { a: good }]
    expect(await conditions.judge({ kind: 'check', id: 'a' }, signal)).toMatchObject({ state: 'missing' })
    all = [check('a')]
    expect(await conditions.judge({ kind: 'check', id: 'a' }, signal)).toMatchObject({ state: 'fine' })
    statuses = { a: bad }
    expect(await conditions.judge({ kind: 'check', id: 'a' }, signal)).toMatchObject({ state: 'broken' })
    expect(reads).toBe(2)
  })
})

describe('conditions', () => {
  it('are judged by what knows them', async () => {
    const conditions = made('http://prometheus')
    expect(await conditions.judge(conditionOf('alarm:shop'), signal)).toMatchObject({ detail: 'alarm shop' })
    expect(await conditions.judge(conditionOf('metric:up < 1'), signal)).toMatchObject({
      detail: 'up of http://prometheus',
    })
  })

  it('of metrics need a Prometheus', async () => {
    await expect(made().judge(conditionOf('metric:up < 1'), signal)).rejects.toMatchObject({
      code: 'CONFIG_PROMETHEUS_MISSING',
      exit: 3,
      message: expect.stringContaining('gates.prometheus'),
    })
  })
})
