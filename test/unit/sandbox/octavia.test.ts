import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/lib/core/json.ts'
import { at, cloud, LB, list, SHOP_WEB, TLS_POOL, WEB_LISTENER, WEB_POOL } from './cloud.ts'
import type { Cloud } from './cloud.ts'
import { recorded } from './recorded.ts'

const PENDING = 2000

const balancer = (one: Cloud, id = SHOP_WEB): JsonObject =>
  at(one.get(`/loadbalancers/${id}`).body, 'loadbalancer') as JsonObject

const member = (address: string, more: JsonObject = {}): JsonObject => ({ address, protocol_port: 8080, ...more })

const addMember = (one: Cloud, address: string) =>
  one.call('POST', `/pools/${WEB_POOL}/members`, { member: member(address) })

const settle = (one: Cloud): void => {
  one.now += PENDING
}

describe('a change', () => {
  it('is pending for two seconds on the clock, then active', () => {
    const one = cloud()
    const made = addMember(one, '10.20.0.14')
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ member: { provisioning_status: 'PENDING_CREATE', updated_at: null, weight: 1 } })
    expect(balancer(one)['provisioning_status']).toBe('PENDING_UPDATE')
    one.now += PENDING - 1
    expect(balancer(one)['provisioning_status']).toBe('PENDING_UPDATE')
    one.now += 1
    expect(balancer(one)['provisioning_status']).toBe('ACTIVE')
    expect(one.rows(`/pools/${WEB_POOL}/members`).map((row) => row['address'])).toContain('10.20.0.14')
  })

  it('of a member marks its listener and pool, not their siblings', () => {
    const one = cloud()
    addMember(one, '10.20.0.14')
    const status = (path: string, key: string) => at(one.get(path).body, key, 'provisioning_status')
    expect(status(`/listeners/${WEB_LISTENER}`, 'listener')).toBe('PENDING_UPDATE')
    expect(status(`/pools/${WEB_POOL}`, 'pool')).toBe('PENDING_UPDATE')
    expect(status(`/pools/${TLS_POOL}`, 'pool')).toBe('ACTIVE')
  })

  it('meanwhile keeps every other change of the load balancer out, with the real words', () => {
    const one = cloud()
    addMember(one, '10.20.0.14')
    const before = structuredClone(one.state)
    const refusals = [
      one.call('PUT', `/loadbalancers/${SHOP_WEB}`, { loadbalancer: { description: 'x' } }),
      one.call('DELETE', `/loadbalancers/${SHOP_WEB}?cascade=true`),
      one.call('PUT', `/pools/${WEB_POOL}`, { pool: { name: 'x' } }),
      one.call('DELETE', `/listeners/${WEB_LISTENER}`),
      addMember(one, '10.20.0.15'),
    ]
    expect(refusals.map((answer) => [answer.status, at(answer.body, 'faultstring')])).toEqual([
      [409, `Invalid state PENDING_UPDATE of loadbalancer resource ${SHOP_WEB}`],
      [409, `Invalid state PENDING_UPDATE of loadbalancer resource ${SHOP_WEB}`],
      [409, `Load Balancer ${SHOP_WEB} is immutable and cannot be updated.`],
      [409, `Load Balancer ${SHOP_WEB} is immutable and cannot be updated.`],
      [409, `Pool ${WEB_POOL} is immutable and cannot be updated.`],
    ])
    expect(one.state).toEqual(before)
  })

  it('of a load balancer in ERROR is refused as recorded; deleting it is not', () => {
    const one = cloud()
    const id = 'bad00000-0000-4000-8000-000000000006'
    const answer = one.call('PUT', `/loadbalancers/${id}`, { loadbalancer: { description: 'x' } })
    const like = JSON.parse(
      JSON.stringify(recorded('error-409-immutable-error-lb.json')).replace(/[0-9a-f-]{36}/, id),
    ) as JsonObject
    expect([answer.status, answer.body]).toEqual([409, like])
    expect(one.call('DELETE', `/loadbalancers/${id}?cascade=true`).status).toBe(204)
    settle(one)
    expect(one.get(`/loadbalancers/${id}`).status).toBe(404)
  })

  it('that is refused half-way leaves nothing behind', () => {
    const one = cloud()
    one.get('/loadbalancers')
    const before = structuredClone(one.state)
    const answer = one.call('POST', '/loadbalancers', {
      loadbalancer: {
        name: 'half',
        vip_subnet_id: '00000000-0000-4000-8000-0000000020aa',
        listeners: [
          { protocol: 'TCP', protocol_port: 80 },
          { protocol: 'TCP', protocol_port: 80 },
        ],
      },
    })
    expect(answer.status).toBe(409)
    expect(one.state).toEqual(before)
  })
})

/** Which objects a step bumps: as the experiment on the real server found. */
describe('updated_at', () => {
  const HM = () => ({ type: 'TCP', delay: 5, timeout: 3, max_retries: 3 })
  const seen = (one: Cloud): Record<string, unknown> => ({
    loadbalancer: balancer(one)['updated_at'],
    ...Object.fromEntries(
      ['/listeners', '/pools', '/healthmonitors'].flatMap((path) =>
        one.rows(path).map((row) => [`${path} ${String(row['id'])}`, row['updated_at']]),
      ),
    ),
    ...Object.fromEntries(
      one.rows(`/pools/${WEB_POOL}/members`).map((row) => [`member ${String(row['address'])}`, row['updated_at']]),
    ),
  })
  const listener = `/listeners ${WEB_LISTENER}`
  const pool = `/pools ${WEB_POOL}`
  const first = (one: Cloud): string => String(one.rows(`/pools/${WEB_POOL}/members`)[0]?.['id'])
  const monitor = (one: Cloud): string => String(at(one.get(`/pools/${WEB_POOL}`).body, 'pool', 'healthmonitor_id'))

  const steps: readonly (readonly [string, (one: Cloud) => unknown, (one: Cloud) => string[]])[] = [
    ['nothing', () => {}, () => []],
    ['POST member', (one) => addMember(one, '10.20.0.14'), () => ['loadbalancer', listener, pool, 'member 10.20.0.14']],
    [
      'PUT member with identical values',
      (one) => one.call('PUT', `/pools/${WEB_POOL}/members/${first(one)}`, { member: { weight: 1 } }),
      (one) => [
        'loadbalancer',
        listener,
        pool,
        `member ${String(one.rows(`/pools/${WEB_POOL}/members`)[0]?.['address'])}`,
      ],
    ],
    [
      'PUT pool',
      (one) => one.call('PUT', `/pools/${WEB_POOL}`, { pool: { lb_algorithm: 'LEAST_CONNECTIONS' } }),
      () => ['loadbalancer', listener, pool],
    ],
    [
      'PUT healthmonitor',
      (one) => one.call('PUT', `/healthmonitors/${monitor(one)}`, { healthmonitor: { delay: 9 } }),
      (one) => ['loadbalancer', listener, pool, `/healthmonitors ${monitor(one)}`],
    ],
    [
      'PUT listener',
      (one) => one.call('PUT', `/listeners/${WEB_LISTENER}`, { listener: { connection_limit: 77 } }),
      () => ['loadbalancer', listener],
    ],
    [
      'PUT listener tags',
      (one) => one.call('PUT', `/listeners/${WEB_LISTENER}`, { listener: { tags: ['t'] } }),
      () => ['loadbalancer', listener],
    ],
    [
      'PUT loadbalancer',
      (one) => one.call('PUT', `/loadbalancers/${SHOP_WEB}`, { loadbalancer: { tags: ['t'] } }),
      () => ['loadbalancer'],
    ],
    ['a heartbeat that changes nothing', (one) => one.get('/loadbalancers'), () => []],
  ]

  it.each(steps)('%s', (_, step, changed) => {
    const one = cloud()
    const before = seen(one)
    one.now += 5000
    step(one)
    settle(one)
    const after = seen(one)
    const different = Object.keys({ ...before, ...after }).filter((key) => before[key] !== after[key])
    expect(different.toSorted()).toEqual(changed(one).toSorted())
  })

  it('of a member that fails moves what changes its own status; a second failure moves the member alone', () => {
    const one = cloud()
    const before = seen(one)
    one.now += 5000
    one.down = new Set(['10.20.0.11:8080'])
    const middle = seen(one)
    one.now += 5000
    one.down = new Set(['10.20.0.11:8080', '10.20.0.12:8080'])
    const after = seen(one)
    const different = (a: Record<string, unknown>, b: Record<string, unknown>) =>
      Object.keys(a)
        .filter((key) => a[key] !== b[key])
        .toSorted()
    expect(different(before, middle)).toEqual([pool, 'loadbalancer', 'member 10.20.0.11'].toSorted())
    expect(different(middle, after)).toEqual(['member 10.20.0.12'])
  })

  it('moves when a change is accepted, and again when it ends', () => {
    const one = cloud()
    one.now += 5000
    one.call('PUT', `/loadbalancers/${SHOP_WEB}`, { loadbalancer: { description: 'x' } })
    expect(balancer(one)['updated_at']).toBe('2026-11-22T20:00:05')
    // Whenever somebody looks: it ended two seconds after it began.
    one.now += 60_000
    expect(balancer(one)['updated_at']).toBe('2026-11-22T20:00:07')
  })

  it('is null on what is new, until it is active', () => {
    const one = cloud()
    const made = one.call('POST', '/loadbalancers', {
      loadbalancer: {
        name: 'new',
        vip_subnet_id: '00000000-0000-4000-8000-0000000020aa',
        listeners: [
          {
            protocol: 'TCP',
            protocol_port: 80,
            default_pool: {
              name: 'p',
              protocol: 'TCP',
              lb_algorithm: 'ROUND_ROBIN',
              healthmonitor: HM(),
              members: [member('10.20.9.9')],
            },
          },
        ],
      },
    })
    const id = String(at(made.body, 'loadbalancer', 'id'))
    expect(balancer(one, id)).toMatchObject({ updated_at: null, provisioning_status: 'PENDING_CREATE' })
    settle(one)
    expect(balancer(one, id)).toMatchObject({
      updated_at: '2026-11-22T20:00:02',
      provisioning_status: 'ACTIVE',
      operating_status: 'ONLINE',
    })
  })
})

describe('operating status', () => {
  const statuses = (one: Cloud, path: string) =>
    Object.fromEntries(one.rows(path).map((row) => [row['name'] || row['address'], row['operating_status']]))

  it('of members: ONLINE, ERROR when down, DRAINING at weight 0, OFFLINE when disabled, NO_MONITOR without one', () => {
    const one = cloud()
    one.down = new Set(['10.20.1.21:8443'])
    expect(statuses(one, '/pools/a91c7c1e-0000-4000-8000-000000000543/members')).toEqual({
      'api-1': 'ERROR',
      'api-2': 'ONLINE',
      'api-3': 'DRAINING',
      'api-4': 'OFFLINE',
    })
    one.call('DELETE', `/healthmonitors/${String(at(one.get(`/pools/${WEB_POOL}`).body, 'pool', 'healthmonitor_id'))}`)
    settle(one)
    expect(new Set(Object.values(statuses(one, `/pools/${WEB_POOL}/members`)))).toEqual(new Set(['NO_MONITOR']))
  })

  it('of pool and load balancer: DEGRADED with one member down, ERROR with all', () => {
    const one = cloud()
    const see = () => [
      at(one.get(`/pools/${WEB_POOL}`).body, 'pool', 'operating_status'),
      at(one.get(`/pools/${TLS_POOL}`).body, 'pool', 'operating_status'),
      balancer(one)['operating_status'],
    ]
    expect(see()).toEqual(['ONLINE', 'ONLINE', 'ONLINE'])
    one.down = new Set(['10.20.0.11:8080'])
    expect(see()).toEqual(['DEGRADED', 'ONLINE', 'DEGRADED'])
    one.down = new Set(['10.20.0.11:8080', '10.20.0.12:8080', '10.20.0.13:8080'])
    expect(see()).toEqual(['ERROR', 'ONLINE', 'ERROR'])
    one.down = new Set()
    expect(see()).toEqual(['ONLINE', 'ONLINE', 'ONLINE'])
  })
})

describe('the batch of members', () => {
  const put = (one: Cloud, query: string, ...members: JsonObject[]) => {
    const answer = one.call('PUT', `/pools/${WEB_POOL}/members${query}`, { members })
    settle(one)
    return answer
  }
  const now = (one: Cloud) =>
    one
      .rows(`/pools/${WEB_POOL}/members`)
      .map((row) => `${String(row['address'])} ${String(row['weight'])}`)
      .toSorted()

  it('replaces all, puts defaults back, and answers 202 with nothing', () => {
    const one = cloud()
    put(one, '?additive_only=true', member('10.20.0.11', { weight: 9 }))
    expect(now(one)).toEqual(['10.20.0.11 9', '10.20.0.12 1', '10.20.0.13 1'])
    const answer = put(one, '', member('10.20.0.11'), member('10.20.0.14'))
    expect([answer.status, answer.body]).toEqual([202, ''])
    expect(now(one)).toEqual(['10.20.0.11 1', '10.20.0.14 1'])
  })

  it('adds only, when asked', () => {
    const one = cloud()
    put(one, '?additive_only=true', member('10.20.0.14'))
    expect(now(one)).toHaveLength(4)
  })

  it('keeps the id of a member that stays', () => {
    const one = cloud()
    const ids = () => one.rows(`/pools/${WEB_POOL}/members?address=10.20.0.11`).map((row) => row['id'])
    const before = ids()
    put(one, '', member('10.20.0.11', { weight: 3 }))
    expect(ids()).toEqual(before)
  })

  it('refuses one member twice', () => {
    const answer = put(cloud(), '', member('10.20.0.11'), member('10.20.0.11'))
    expect([answer.status, at(answer.body, 'faultstring')]).toEqual([
      400,
      'Validation failure: Member must be updated only once in the same request.',
    ])
  })
})

describe('deleting', () => {
  it('a load balancer with children needs cascade, and takes them along', () => {
    const one = cloud()
    expect(one.call('DELETE', `/loadbalancers/${SHOP_WEB}`).status).toBe(400)
    expect(one.call('DELETE', `/loadbalancers/${SHOP_WEB}?cascade=true`).status).toBe(204)
    expect(balancer(one)['provisioning_status']).toBe('PENDING_DELETE')
    settle(one)
    expect(one.get(`/loadbalancers/${SHOP_WEB}`).status).toBe(404)
    expect(one.rows(`/listeners?loadbalancer_id=${SHOP_WEB}`)).toEqual([])
    expect(one.get(`/pools/${WEB_POOL}/members`)).toMatchObject({ status: 404, body: { title: 'Bad Request' } })
    expect(Object.values(one.state.octavia.members).some((row) => row.pool_id === WEB_POOL)).toBe(false)
  })

  it('a pool leaves its listener without one; a pool that an L7 policy uses stays', () => {
    const one = cloud()
    expect(one.call('DELETE', `/pools/${WEB_POOL}`).status).toBe(204)
    settle(one)
    expect(at(one.get(`/listeners/${WEB_LISTENER}`).body, 'listener', 'default_pool_id')).toBeNull()
    expect(one.call('DELETE', '/pools/170c7c1e-0000-4000-8000-000000000181').status).toBe(409)
  })

  it.each([
    [
      'a listener',
      '/listeners',
      { listener: { loadbalancer_id: SHOP_WEB, protocol: 'TCP', protocol_port: 81 } },
      'default_pool_id',
    ],
    [
      'an L7 policy',
      '/l7policies',
      { l7policy: { listener_id: '170c7c1e-0000-4000-8000-000000000080', action: 'REDIRECT_TO_POOL' } },
      'redirect_pool_id',
    ],
  ] as const)('%s cannot send to the pool of another load balancer: it is not found', (_, path, body, field) => {
    const foreign = 'b01c0000-0000-4000-8000-000000000543'
    const [[root, given] = ['', {}]] = Object.entries(body)
    const answer = cloud().call('POST', path, { [root]: { ...given, [field]: foreign } })
    expect([answer.status, at(answer.body, 'faultstring')]).toEqual([404, `Pool ${foreign} not found.`])
  })

  it('an L7 policy closes the gap in the positions', () => {
    const one = cloud()
    expect(one.call('DELETE', '/l7policies/170c7c1e-0000-4000-8000-0000000000a1').status).toBe(204)
    settle(one)
    expect(one.rows('/l7policies').map((row) => row['position'])).toEqual([1])
  })
})

describe('purity', () => {
  it('gives the same answer and state for the same state, time and request', () => {
    const run = () => {
      const one = cloud()
      const answers = [addMember(one, '10.20.0.14')]
      settle(one)
      answers.push(one.get('/loadbalancers'), one.call('DELETE', `/loadbalancers/${SHOP_WEB}?cascade=true`))
      return { answers, state: one.state }
    }
    expect(run()).toEqual(run())
  })

  it('never changes the state it is given', () => {
    const one = cloud()
    one.get('/loadbalancers')
    const given = one.state
    const copy = structuredClone(given)
    addMember(one, '10.20.0.14')
    settle(one)
    one.get('/pools')
    expect(given).toEqual(copy)
    expect(one.state).not.toEqual(copy)
  })

  it('gives a state that survives JSON', () => {
    const one = cloud()
    addMember(one, '10.20.0.14')
    expect(JSON.parse(JSON.stringify(one.state))).toEqual(one.state)
  })
})

describe('who may', () => {
  it('observers read and change nothing; strangers see nothing', () => {
    const one = cloud()
    const observer = one.login('observer', 'shop')
    const stranger = one.login('stranger', 'other')
    expect(one.call('GET', '/loadbalancers', undefined, observer).status).toBe(200)
    expect(one.call('DELETE', `/pools/${WEB_POOL}`, undefined, observer).status).toBe(403)
    expect(list(at(one.call('GET', '/loadbalancers', undefined, stranger).body, 'loadbalancers'))).toEqual([])
    expect(one.call('DELETE', `/pools/${WEB_POOL}`, undefined, stranger).status).toBe(403)
  })

  it('a path that is none of Octavia is 404, a method that is none 405', () => {
    const one = cloud()
    expect(one.call('GET', `=${LB}/nonsense`).status).toBe(404)
    expect(one.call('PATCH', `/loadbalancers/${SHOP_WEB}`, {}).status).toBe(405)
  })
})
