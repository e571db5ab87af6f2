import { describe, expect, it } from 'vitest'
import { errorData, EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import { TAG, type Observed } from '../../../src/lib/lb/model.ts'
import type { OperatingStatus, SourceTree } from '../../../src/lib/ports/source.ts'
import { ID, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'
import { guarded, held, inStates, looked, regrouped, standing, tagged } from './standing.ts'

/** Listeners on 80, 81 …, each with a pool of its own. */
const listeners = (amount: number, membersEach = 2): SourceTree => {
  const ports = Array.from({ length: amount }, (_none, at) => 80 + at)
  return tree({
    listeners: ports.map((port) => listener({ protocol_port: port, name: `l${port}`, default_pool_id: `p${port}` })),
    pools: ports.map((port) =>
      pool({
        id: `p${port}`,
        name: `p${port}`,
        members: Array.from({ length: membersEach }, (_none, at) => member(`10.20.${port}.${1 + at}`)),
      }),
    ),
  })
}

const without = (source: SourceTree, ...ports: readonly number[]): SourceTree => ({
  ...source,
  listeners: source.listeners.filter(({ protocol_port }) => !ports.includes(protocol_port)),
  pools: source.pools.filter(({ id }) => !ports.includes(Number(id.slice(1)))),
})

describe('listeners that are gone at once', () => {
  it.each([
    [2, 1, []],
    [3, 1, []],
    [3, 2, ['hold LB_SOURCE_SUSPICIOUS (allowable)']],
    [6, 2, []],
    [6, 3, ['hold LB_SOURCE_SUSPICIOUS (allowable)']],
    [5, 2, ['hold LB_SOURCE_SUSPICIOUS (allowable)']],
  ] as const)('of %i, %i: %o', (amount, gone, said) => {
    const source = listeners(amount)
    const ports = Array.from({ length: gone }, (_none, at) => 80 + at)
    const { codes, findings, draft } = guarded(looked(without(source, ...ports), standing(source)))
    expect(codes).toEqual(said)
    const removals = draft.changes.filter(({ risk }) => risk === 'removes')
    expect(removals.length).toBeGreaterThanOrEqual(2 * gone)
    expect(findings.flatMap(({ holds = [] }) => holds)).toEqual(said.length === 0 ? [] : removals.map(({ id }) => id))
  })

  it('says how many, and which command lets them go', () => {
    const source = listeners(5)
    const [finding] = guarded(looked(without(source, 80, 81), standing(source))).findings
    expect(finding?.evidence).toContain(
      '2 of its 5 listeners are gone from Octavia at once (more than a third): port 80, port 81',
    )
    expect(finding?.remedy).toContain(`nyah lb sync ${ID} --allow LB_SOURCE_SUSPICIOUS`)
  })

  it('lets go what has nothing to do with them', () => {
    const source = listeners(5)
    const less = without(source, 80, 81)
    const pools = less.pools.map((one) => (one.id === 'p84' ? { ...one, members: one.members.slice(1) } : one))
    const { findings, changes } = guarded(looked({ ...less, pools }, standing(source)))
    expect(changes).toContain('targets/84/deregister')
    expect(findings.flatMap(held)).not.toContain('targets/84/deregister')
  })
})

describe('a source that says itself that it does not serve', () => {
  const six = listeners(1, 6)
  const fewer = (stay: number, source = six): SourceTree => ({
    ...source,
    pools: source.pools.map((one) => ({ ...one, members: one.members.slice(0, stay) })),
  })
  const SUSPICIOUS = ['hold LB_SOURCE_SUSPICIOUS (allowable)']

  it.each([
    ['ERROR', 4, []],
    ['ERROR', 3, SUSPICIOUS],
    ['OFFLINE', 3, SUSPICIOUS],
    ['DEGRADED', 1, []],
    ['ONLINE', 1, []],
    ['NO_MONITOR', 1, []],
  ] as const)('a load balancer that is %s, and %i of 6 targets stay: %o', (operating_status, stay, said) => {
    const source = { ...fewer(stay), loadbalancer: loadBalancer({ operating_status }) }
    const { codes, findings } = guarded(looked(source, standing(six)))
    expect(codes).toEqual(said)
    expect(findings.flatMap(held)).toEqual(said.length === 0 ? [] : ['targets/80/deregister'])
  })

  it.each([
    ['listener', 'ERROR', SUSPICIOUS],
    ['listener', 'ONLINE', []],
    ['pool', 'OFFLINE', SUSPICIOUS],
    ['pool', 'DEGRADED', []],
  ] as const)('a %s that is %s, and 3 of 6 targets stay: %o', (what, operating_status: OperatingStatus, said) => {
    const source = fewer(3)
    const sick = {
      ...source,
      ...(what === 'listener'
        ? { listeners: source.listeners.map((one) => ({ ...one, operating_status })) }
        : { pools: source.pools.map((one) => ({ ...one, operating_status })) }),
    }
    expect(guarded(looked(sick, standing(six))).codes).toEqual(said)
  })

  it('what is unhealthy on the NLB may go: 3 of 6 leave, of which one serves', () => {
    const source = { ...fewer(3), loadbalancer: loadBalancer({ operating_status: 'ERROR' }) }
    const side = regrouped(
      standing(six),
      '80',
      inStates('healthy', 'healthy', 'healthy', 'healthy', 'unhealthy', 'unhealthy'),
    )
    expect(guarded(looked(source, side)).codes).toEqual([])
  })

  it('its listeners stay too', () => {
    const two = listeners(2)
    const source = { ...without(two, 80), loadbalancer: loadBalancer({ operating_status: 'ERROR' }) }
    const { findings } = guarded(looked(source, standing(two)))
    expect(findings.map(({ code }) => code)).toEqual(['LB_SOURCE_SUSPICIOUS'])
    expect(findings.flatMap(held).toSorted()).toEqual([
      'listener/80/delete',
      'security-group/80/revoke',
      'target-group/80/delete',
    ])
  })

  it('additions go on', () => {
    const source = { ...six, loadbalancer: loadBalancer({ operating_status: 'ERROR' }) }
    const { codes, changes } = guarded(looked(source, standing(fewer(3))))
    expect({ codes, changes }).toEqual({ codes: [], changes: ['targets/80/register'] })
  })
})

describe('a source that could not be read', () => {
  const error = errorData(
    nyahError({ code: 'OCTAVIA_UNREACHABLE', message: 'no answer in 30 s', exit: EXIT.remote, tries: ['nyah doctor'] }),
  )
  const unread = (over: Partial<Observed> = {}) =>
    guarded(looked(null, { id: ID, unread: error, ...standing(tree()), ...over }))

  it('holds its whole scope, names the error, and is not "gone"', () => {
    const { changes, findings, codes } = unread()
    expect({ changes, codes }).toEqual({ changes: [], codes: ['hold LB_SOURCE_UNREAD'] })
    expect(findings[0]).toMatchObject({
      subject: 'load balancer shop',
      evidence: expect.stringContaining('OCTAVIA_UNREACHABLE: no answer in 30 s') as string,
      remedy: `nyah doctor; then: nyah lb sync ${ID}`,
    })
    expect(findings[0]?.holds).toBeUndefined()
  })

  it('says so without a mirror, too', () => {
    expect(guarded(looked(null, { id: ID, unread: error })).codes).toEqual(['hold LB_SOURCE_UNREAD'])
  })

  it('one that is gone is another thing', () => {
    expect(unread({ unread: null }).codes).toEqual(['hold LB_SOURCE_GONE'])
  })

  it('since when, the mirror remembers', () => {
    const side = tagged(standing(tree()), { [TAG.held]: 'LB_SOURCE_UNREAD/2026-11-21T00:00:00Z' })
    expect(unread(side).findings[0]?.since).toBe('2026-11-21T00:00:00Z')
    expect(unread({ ...side, unread: null }).findings[0]?.since).toBeUndefined()
  })
})

describe('an address that the operator brought', () => {
  const addresses = { 'subnet-c': '172.31.16.9' }
  const side = (has: Readonly<Record<string, string>>) => {
    const own = standing(tree())
    return {
      ...own,
      mirror: {
        ...own.mirror,
        loadBalancer: own.mirror.loadBalancer && { ...own.mirror.loadBalancer, addresses: has },
      },
    }
  }

  it.each([
    ['subnet-c', addresses, ['hold LB_ADDRESS_WOULD_GO (allowable)']],
    ['subnet-c', { 'subnet-a': '172.31.0.9' }, []],
    ['subnet-c', {}, []],
  ] as const)('%s leaves a load balancer with %o: %o', (_subnet, has, said) => {
    const { codes, changes, findings } = guarded(
      looked(tree(), { ...side(has), placement: placement({ subnets: ['subnet-a'] }) }),
    )
    expect(codes).toEqual(said)
    expect(changes).toEqual([expect.stringMatching(/^load-balancer\/[0-9a-f]{8}\/update$/)])
    expect(findings.flatMap(held)).toEqual(said.length === 0 ? [] : changes)
  })

  it('stays while its subnet stays, however the configuration names it', () => {
    expect(guarded(looked(tree(), side(addresses))).codes).toEqual([])
    expect(guarded(looked(tree(), { ...side(addresses), placement: placement({ addresses }) })).codes).toEqual([])
  })
})
