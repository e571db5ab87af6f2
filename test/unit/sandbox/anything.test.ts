import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import type { Octavia } from '../../../src/lib/sandbox/openstack/model.ts'
import { TABLES } from '../../../src/lib/sandbox/openstack/model.ts'
import { cloud } from './cloud.ts'
import type { Cloud } from './cloud.ts'

/** Whatever is sent, in whatever order: the answers are Octavia's, and the state stays whole. */

/** An id of the collection, by position; one that never was, now and then. */
function pick(o: Octavia, table: keyof Octavia, position: number): string {
  const ids = Object.keys(o[table])
  return ids[position % (ids.length + 1)] ?? '00000000-0000-4000-8000-00000000dead'
}

type Step = (one: Cloud, position: number, value: number) => readonly [method: string, path: string, body?: Json]

const subnet = '00000000-0000-4000-8000-0000000020aa'

const STEPS: readonly Step[] = [
  (_one, _p, n) => ['POST', '/loadbalancers', { loadbalancer: { name: `lb-${n}`, vip_subnet_id: subnet } }],
  ({ state: { octavia: o } }, p) => ['DELETE', `/loadbalancers/${pick(o, 'loadbalancers', p)}?cascade=true`],
  ({ state: { octavia: o } }, p) => ['DELETE', `/loadbalancers/${pick(o, 'loadbalancers', p)}`],
  ({ state: { octavia: o } }, p, n) => [
    'PUT',
    `/loadbalancers/${pick(o, 'loadbalancers', p)}`,
    { loadbalancer: { admin_state_up: n % 2 === 0 } },
  ],
  ({ state: { octavia: o } }, p, n) => [
    'POST',
    '/listeners',
    {
      listener: {
        loadbalancer_id: pick(o, 'loadbalancers', p),
        protocol: ['TCP', 'HTTP', 'UDP'][n % 3] ?? 'TCP',
        protocol_port: n + 1000,
        ...(n % 2 === 0 ? {} : { default_pool_id: pick(o, 'pools', n) }),
      },
    },
  ],
  ({ state: { octavia: o } }, p) => ['DELETE', `/listeners/${pick(o, 'listeners', p)}`],
  ({ state: { octavia: o } }, p, n) => [
    'PUT',
    `/listeners/${pick(o, 'listeners', p)}`,
    { listener: { default_pool_id: n % 3 === 0 ? null : pick(o, 'pools', n) } },
  ],
  ({ state: { octavia: o } }, p, n) => [
    'POST',
    '/pools',
    {
      pool: {
        ...(n % 2 === 0 ? { loadbalancer_id: pick(o, 'loadbalancers', p) } : { listener_id: pick(o, 'listeners', p) }),
        protocol: ['TCP', 'HTTP', 'UDP'][n % 3] ?? 'TCP',
        lb_algorithm: 'ROUND_ROBIN',
      },
    },
  ],
  ({ state: { octavia: o } }, p) => ['DELETE', `/pools/${pick(o, 'pools', p)}`],
  ({ state: { octavia: o } }, p, n) => [
    'POST',
    `/pools/${pick(o, 'pools', p)}/members`,
    { member: { address: `10.20.0.${n % 20}`, protocol_port: 8080, weight: n % 300 } },
  ],
  ({ state: { octavia: o } }, p, n) => [
    'PUT',
    `/pools/${pick(o, 'pools', p)}/members${n % 2 === 0 ? '?additive_only=true' : ''}`,
    { members: Array.from({ length: n % 4 }, (_, i) => ({ address: `10.20.0.${i + n}`, protocol_port: 8080 })) },
  ],
  ({ state: { octavia: o } }, p) => {
    const member = o.members[pick(o, 'members', p)]
    return ['DELETE', `/pools/${member?.pool_id ?? 'nope'}/members/${member?.id ?? 'nope'}`]
  },
  ({ state: { octavia: o } }, p, n) => [
    'POST',
    '/healthmonitors',
    {
      healthmonitor: {
        pool_id: pick(o, 'pools', p),
        type: ['TCP', 'HTTP', 'UDP-CONNECT'][n % 3] ?? 'TCP',
        delay: 5,
        timeout: 3,
        max_retries: n % 12,
      },
    },
  ],
  ({ state: { octavia: o } }, p) => ['DELETE', `/healthmonitors/${pick(o, 'healthmonitors', p)}`],
  ({ state: { octavia: o } }, p, n) => [
    'POST',
    '/l7policies',
    {
      l7policy: {
        listener_id: pick(o, 'listeners', p),
        position: n + 1,
        ...(n % 2 === 0 ? { action: 'REJECT' } : { action: 'REDIRECT_TO_POOL', redirect_pool_id: pick(o, 'pools', n) }),
      },
    },
  ],
  ({ state: { octavia: o } }, p) => ['DELETE', `/l7policies/${pick(o, 'l7policies', p)}`],
  ({ state: { octavia: o } }, p) => [
    'POST',
    `/l7policies/${pick(o, 'l7policies', p)}/rules`,
    { rule: { type: 'PATH', compare_type: 'EQUAL_TO', value: '/x' } },
  ],
  ({ state: { octavia: o } }, p) => ['GET', `/loadbalancers/${pick(o, 'loadbalancers', p)}/status`],
]

/** What every reference must lead to. */
function dangling(o: Octavia): string[] {
  const missing = (from: keyof Octavia, column: string, to: keyof Octavia): string[] =>
    Object.values(o[from])
      .map((row) => (row as unknown as JsonObject)[column])
      .filter((id): id is string => typeof id === 'string' && o[to][id] === undefined)
      .map((id) => `${from}.${column} ${id}`)
  return [
    ...missing('listeners', 'loadbalancer_id', 'loadbalancers'),
    ...missing('listeners', 'default_pool_id', 'pools'),
    ...missing('pools', 'loadbalancer_id', 'loadbalancers'),
    ...missing('members', 'pool_id', 'pools'),
    ...missing('healthmonitors', 'pool_id', 'pools'),
    ...missing('l7policies', 'listener_id', 'listeners'),
    ...missing('l7policies', 'redirect_pool_id', 'pools'),
    ...missing('rules', 'l7policy_id', 'l7policies'),
  ]
}

const rows = (o: Octavia) => TABLES.flatMap((table) => Object.values(o[table]))

const steps = fc.array(
  fc.record({
    step: fc.nat({ max: STEPS.length - 1 }),
    position: fc.nat({ max: 60 }),
    value: fc.nat({ max: 400 }),
    wait: fc.constantFrom(0, 500, 2000, 2000, 2000),
    down: fc.option(fc.nat({ max: 20 }), { nil: null }),
  }),
  { maxLength: 25 },
)

describe('any sequence of requests', () => {
  it('is answered, leaves no loose end, and settles', { timeout: 60_000 }, () => {
    let changed = 0
    fc.assert(
      fc.property(steps, (sequence) => {
        const one = cloud()
        for (const { step, position, value, wait, down } of sequence) {
          one.now += wait
          one.down = new Set(down === null ? [] : [`10.20.0.${down}:8080`])
          one.get('/loadbalancers?limit=1')
          const [method, path, body] = STEPS[step]?.(one, position, value) ?? ['GET', '/loadbalancers']
          const before = one.state
          const answer = one.call(method, path, body)
          expect([200, 201, 202, 204, 400, 404, 409, 501]).toContain(answer.status)
          if (answer.status >= 400) {
            expect(one.state).toEqual(before)
            expect(typeof answer.body).toBe('object')
          } else if (method !== 'GET') changed += 1
          expect(dangling(one.state.octavia)).toEqual([])
        }
        one.now += 2000
        one.get('/loadbalancers?limit=1')
        expect(rows(one.state.octavia).filter((row) => row.provisioning_status.startsWith('PENDING'))).toEqual([])
        expect(dangling(one.state.octavia)).toEqual([])
        expect(JSON.parse(JSON.stringify(one.state))).toEqual(one.state)
      }),
      { numRuns: 60 },
    )
    // The sequences do reach the accepting paths.
    expect(changed).toBeGreaterThan(60)
  })

  it('any body at all is refused or understood, never a crash', { timeout: 60_000 }, () => {
    const paths = ['/loadbalancers', '/listeners', '/pools', '/healthmonitors', '/l7policies']
    const keys = ['loadbalancer', 'listener', 'pool', 'healthmonitor', 'l7policy', 'constructor', '__proto__']
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.tuple(fc.constantFrom(...keys), fc.json()).map(([key, json]) => `{"${key}":${json}}`),
    )
    fc.assert(
      fc.property(fc.constantFrom(...paths), body, (path, text) => {
        const one = cloud()
        const answer = one.call('POST', path, text)
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(answer.body).toEqual(expect.objectContaining({ faultcode: expect.any(String) as string }))
      }),
      { numRuns: 150 },
    )
  })

  it.each(['constructor=1', '__proto__=1', 'toString=1', 'sort=constructor', 'sort_key=__proto__'])(
    '?%s is an unknown parameter',
    (query) => {
      expect(cloud().get(`/loadbalancers?${query}`).status).toBe(400)
    },
  )

  it.each(['/loadbalancers/constructor', '/pools/__proto__', '/pools/__proto__/members', '/constructor'])(
    '%s is not found',
    (path) => {
      expect(cloud().get(path).status).toBe(404)
    },
  )
})
