import { describe, expect, it } from 'vitest'
import { fleetQuota } from '../../../src/lib/lb/guards-quota.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { judge, type Judged } from '../../../src/lib/lb/judge.ts'
import { ASKED_NOTHING, TAG, type Observed } from '../../../src/lib/lb/model.ts'
import type { AccountLimits, Tags } from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { NO_LIMITS } from './fakes.ts'
import { facts, httpMonitor, ID, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'
import { looked, standing } from './standing.ts'

const of = (source: SourceTree, over: Partial<Observed> = {}): Judged => {
  const judged = judge(looked(source, over))
  if (judged === null) throw new Error('no source')
  return judged
}

const codes = ({ translation }: Judged): readonly string[] =>
  translation.remarks.map(
    (one) =>
      `${one.code} ${one.severity}${one.allowable === true ? ' allowable' : ''}${one.allowed === undefined ? '' : ' allowed'}`,
  )

const members = (count: number) =>
  Array.from({ length: count }, (_, at) => member(`10.20.${Math.floor(at / 250)}.${(at % 250) + 1}`))

describe('what firewalls have to let in', () => {
  const rules = (source: SourceTree, over: Partial<Observed> = {}): readonly string[] =>
    of(source, over).report.firewall.map(
      (one) => `${one.from} ${one.fromName} → ${one.to.join(' ')} ${one.protocol}/${one.port}: ${one.purpose}`,
    )

  it('is traffic and checks, from each subnet, in the order of the configuration', () => {
    expect(rules(tree())).toEqual([
      '172.31.0.0/20 subnet-a (ap-northeast-1a) → 10.20.0.11 10.20.0.12 tcp/8080: traffic and health checks',
      '172.31.16.0/20 subnet-c (ap-northeast-1c) → 10.20.0.11 10.20.0.12 tcp/8080: traffic and health checks',
    ])
  })

  const one = { network: { ...facts(), subnets: facts().subnets.slice(0, 1) } }

  it('has checks of their own where the monitor has a port of its own', () => {
    const source = tree({
      pools: [
        pool({ members: [member('10.20.0.11', { monitor_port: 9000 }), member('10.20.0.12', { monitor_port: 9000 })] }),
      ],
    })
    expect(rules(source, one)).toEqual([
      '172.31.0.0/20 subnet-a (ap-northeast-1a) → 10.20.0.11 10.20.0.12 tcp/8080: traffic',
      '172.31.0.0/20 subnet-a (ap-northeast-1a) → 10.20.0.11 10.20.0.12 tcp/9000: health checks',
    ])
  })

  it('has each address once, whichever listener sends to it, and none of the VPC', () => {
    const source = tree({
      listeners: [listener(), listener({ protocol_port: 81 })],
      pools: [pool({ members: [member('10.20.0.9'), member('10.20.0.10'), member('172.31.0.9')] })],
    })
    expect(rules(source, one)).toEqual([
      '172.31.0.0/20 subnet-a (ap-northeast-1a) → 10.20.0.9 10.20.0.10 tcp/8080: traffic and health checks',
    ])
  })

  it('is nothing without targets', () => {
    expect(rules(tree({ listeners: [] }))).toEqual([])
  })
})

describe('what both sides share', () => {
  it('is told with numbers', () => {
    const source = tree({ pools: [pool({ members: [member('10.20.0.11'), member('172.31.0.9')] })] })
    expect(of(source).report.shared).toEqual([
      '2 of 2 targets are the same members that Octavia sends to: a lost member is lost on both sides',
      '1 of 2 targets is reached over Direct Connect: when it is down, the mirror reaches 1',
      'so the mirror saves users from a lost Octavia (its API, its amphorae, the network of its VIP), not from lost members, nor from a lost Direct Connect',
    ])
    expect(of(tree()).report.shared[1]).toBe(
      '2 of 2 targets are reached over Direct Connect: when it is down, the mirror reaches none of them',
    )
  })

  it('counts a member of two listeners once', () => {
    const source = tree({ listeners: [listener(), listener({ protocol_port: 81 })] })
    expect(of(source).report.shared[0]).toMatch(/^2 of 2 targets/)
  })

  it('says that shares stay', () => {
    const source = tree({ pools: [pool({ members: [member('10.20.0.1'), member('10.20.0.2', { weight: 3 })] })] })
    const { shared } = of(source, { asked: { ...ASKED_NOTHING, weights: 'target-groups' } }).report
    expect(shared[2]).toMatch(/^port 80: shares of target groups stay as they are/)
  })

  it('is nothing that helps without targets', () => {
    expect(of(tree({ listeners: [] })).report.shared).toEqual([
      'the mirror has no targets now: it saves users from nothing',
    ])
  })
})

const limits = (over: Partial<AccountLimits> = {}): AccountLimits => ({ ...NO_LIMITS, ...over })

const ports = (count: number): SourceTree =>
  tree({ listeners: Array.from({ length: count }, (_, at) => listener({ protocol_port: at + 1 })) })

const arn = (name: string): string => `arn:aws:acm:ap-northeast-1:111122223333:certificate/${name}`
const sni = (count: number): readonly [SourceTree, Partial<Observed>] => {
  const names = Array.from({ length: count + 1 }, (_, at) => `c${at}`)
  return [
    tree({
      listeners: [
        listener({
          protocol: 'TERMINATED_HTTPS',
          default_tls_container_ref: 'c0',
          sni_container_refs: names.slice(1),
        }),
      ],
    }),
    { placement: placement({ certificates: Object.fromEntries(names.map((name) => [name, arn(name)])) }) },
  ]
}

describe('quotas', () => {
  it('are told with what is used, needed and allowed, and whence that is known', () => {
    const used = { networkLoadBalancers: 7, targetGroups: 30 }
    expect(of(tree(), { limits: limits({ networkLoadBalancers: 80, used }) }).report.quotas).toEqual([
      { name: 'NLBs in the Region', used: 7, needed: 8, limit: 80, origin: 'account' },
      { name: 'listeners per NLB', used: 0, needed: 1, limit: 50, origin: 'documented' },
      { name: 'target groups in the Region', used: 30, needed: 31, limit: 3000, origin: 'documented' },
      { name: 'targets per NLB', used: 0, needed: 2, limit: 3000, origin: 'documented' },
      { name: 'targets per zone of an NLB', used: 0, needed: 2, limit: 500, origin: 'documented' },
      { name: 'targets per target group', used: 0, needed: 2, limit: 1000, origin: 'documented' },
      { name: 'inbound rules of its security group', used: 0, needed: 1, limit: 60, origin: 'documented' },
      { name: 'free addresses in subnet-a', used: 0, needed: 1, limit: 4000, origin: 'account' },
      { name: 'free addresses in subnet-c', used: 0, needed: 1, limit: 4000, origin: 'account' },
    ])
  })

  it('of what is there already need no address, NLB or target group', () => {
    const source = tree()
    const names = of(source, standing(source)).report.quotas.map((one) => one.name)
    expect(names).toEqual([
      'listeners per NLB',
      'targets per NLB',
      'targets per zone of an NLB',
      'targets per target group',
      'inbound rules of its security group',
    ])
  })

  it.each([
    [49, 50, []],
    [50, 50, ['LB_QUOTA_LOAD_BALANCERS refuse']],
    [49, null, []],
    [50, null, ['LB_QUOTA_LOAD_BALANCERS refuse allowable']],
  ])('with %i NLBs of %s say %o', (there, limit, said) => {
    const used = { networkLoadBalancers: there, targetGroups: 0 }
    expect(codes(of(tree(), { limits: limits({ networkLoadBalancers: limit, used }) }))).toEqual(said)
  })

  it('that are not known at all count from nothing', () => {
    expect(of(tree(), { limits: null }).report.quotas[0]).toEqual({
      name: 'NLBs in the Region',
      used: null,
      needed: 1,
      limit: 50,
      origin: 'documented',
    })
  })

  it.each([
    [50, null, []],
    [51, null, ['LB_QUOTA_LISTENERS refuse allowable']],
    [3, 3, []],
    [4, 3, ['LB_QUOTA_LISTENERS refuse']],
  ])('for %i listeners of %s say %o', (count, limit, said) => {
    expect(codes(of(ports(count), { limits: limits({ listenersPerLoadBalancer: limit }) }))).toEqual(said)
  })

  it('that AWS raises for nobody say so, and all others where to ask', () => {
    const { translation } = of(ports(4), { limits: limits({ listenersPerLoadBalancer: 3, targetGroups: 1 }) })
    const remedies = translation.remarks
      .filter(({ code }) => code.startsWith('LB_QUOTA'))
      .map(({ code, remedy }) => [code, /Service Quotas/.test(remedy), /raises it for nobody/.test(remedy)])
    expect(remedies).toEqual([
      ['LB_QUOTA_LISTENERS', false, true],
      ['LB_QUOTA_TARGET_GROUPS', true, false],
    ])
  })

  it.each([
    [2999, []],
    [3000, ['LB_QUOTA_TARGET_GROUPS refuse allowable']],
  ])('with %i target groups say %o', (targetGroups, said) => {
    const used = { networkLoadBalancers: 0, targetGroups }
    expect(codes(of(tree(), { limits: limits({ used }) }))).toEqual(said)
  })

  it.each([
    [500, {}, []],
    [501, {}, ['LB_QUOTA_TARGETS_PER_ZONE refuse allowable']],
    [501, { targetsPerZone: 600 }, []],
    [601, { targetsPerZone: 600 }, ['LB_QUOTA_TARGETS_PER_ZONE refuse']],
    [1000, { targetsPerZone: 5000 }, []],
    [1001, { targetsPerZone: 5000 }, ['LB_QUOTA_TARGETS_PER_GROUP refuse allowable']],
    [601, { targetsPerZone: 5000, targetsPerLoadBalancer: 600 }, ['LB_QUOTA_TARGETS refuse']],
  ])('for %i members with limits %o say %o', (count, over, said) => {
    const source = tree({ pools: [pool({ members: members(count) })] })
    expect(codes(of(source, { limits: limits(over) }))).toEqual(said)
  })

  it('count a member once for each listener', () => {
    const source = tree({
      listeners: [listener(), listener({ protocol_port: 81 })],
      pools: [pool({ members: members(251) })],
    })
    expect(codes(of(source))).toEqual(['LB_QUOTA_TARGETS_PER_ZONE refuse allowable'])
  })

  it('count what is inside the VPC in its own zone alone', () => {
    const inside = Array.from({ length: 400 }, (_, at) => member(`172.31.${(at % 2) * 16}.${Math.floor(at / 2) + 1}`))
    const source = tree({ pools: [pool({ members: [...inside, ...members(300)] })] })
    const zone = of(source).report.quotas.find((one) => one.name === 'targets per zone of an NLB')
    expect(zone?.needed).toBe(500)
  })

  it.each([
    [60, []],
    [61, ['LB_QUOTA_SECURITY_GROUP_RULES refuse allowable']],
  ])('for %i rules say %o', (count, said) => {
    const allowed_cidrs = Array.from({ length: count }, (_, at) => `192.0.2.${at}/32`)
    expect(codes(of(tree({ listeners: [listener({ allowed_cidrs })] })))).toEqual(said)
  })

  it('count IPv4 and IPv6 rules apart', () => {
    const allowed_cidrs = Array.from({ length: 60 }, (_, at) => [`192.0.2.${at}/32`, `2001:db8::${at}/128`]).flat()
    expect(codes(of(tree({ listeners: [listener({ allowed_cidrs })] })))).toEqual([])
  })

  it.each([
    [25, []],
    [26, ['LB_QUOTA_CERTIFICATES refuse allowable']],
  ])('for %i certificates by SNI say %o', (count, said) => {
    expect(codes(of(...sni(count)))).toEqual(said)
  })

  it.each([
    [8, []],
    [7, ['LB_QUOTA_FREE_ADDRESSES warn']],
    [1, ['LB_QUOTA_FREE_ADDRESSES warn']],
    [0, ['LB_QUOTA_FREE_ADDRESSES refuse']],
  ])('with %i free addresses in a subnet say %o', (free, said) => {
    const [a, c] = facts().subnets
    if (a === undefined || c === undefined) throw new Error('two subnets')
    const network = facts({ subnets: [a, { ...c, freeAddresses: free }] })
    expect(codes(of(tree(), { network }))).toEqual(said)
    expect(codes(of(tree(), { ...standing(tree()), network }))).toEqual([])
  })

  it('that were passed already stop nothing that does not grow', () => {
    const source = ports(51)
    expect(codes(of(source, standing(source)))).toEqual([])
  })
})

describe('several first mirrors in one run', () => {
  const fleet = (count: number, there: number, over: Partial<AccountLimits>) => {
    const scopes = Array.from({ length: count }, (_, at) =>
      looked(tree({ loadbalancer: loadBalancer({ id: ID.replace(/1$/, String(at + 1)), name: `shop-${at + 1}` }) }), {
        limits: limits({ ...over, used: { networkLoadBalancers: there, targetGroups: 0 } }),
      }),
    )
    return { scopes, findings: fleetQuota(planMirrors({ scopes }), { scopes }) }
  }

  it.each([
    [3, 47, null, []],
    [3, 48, null, ['shop-3 allowable']],
    [3, 9, 10, ['shop-2', 'shop-3']],
    [1, 50, null, []],
  ])('%i, with %i there of %s, refuse %o besides what is judged alone', (count, there, limit, said) => {
    const { findings } = fleet(count, there, { networkLoadBalancers: limit })
    expect(findings.map((one) => `${/shop-\d/.exec(one.subject)?.[0]}${one.allowable ? ' allowable' : ''}`)).toEqual(
      said,
    )
    expect(new Set(findings.map((one) => one.code))).toEqual(
      new Set(said.length === 0 ? [] : ['LB_QUOTA_LOAD_BALANCERS']),
    )
  })

  it('do not count those that stand already', () => {
    const { scopes } = fleet(3, 48, {})
    const [first] = scopes
    if (first?.source == null) throw new Error('three')
    const stands = [{ ...first, ...standing(first.source) }, ...scopes.slice(1)]
    expect(fleetQuota(planMirrors({ scopes: stands }), { scopes: stands })).toEqual([])
  })
})

/** Something to allow: a name that the monitor asks for, and backups. */
const unfaithful = tree({
  loadbalancer: loadBalancer({ vip_sg_ids: ['sg'] }),
  pools: [pool({ healthmonitor: httpMonitor({ domain_name: 'app.example.com' }) })],
})
const GROUPS = 'LB_UNSUPPORTED_VIP_SECURITY_GROUPS'
const DOMAIN = 'LB_UNSUPPORTED_MONITOR_DOMAIN_NAME'

/** As it stands, with tags of its load balancer. */
function tagged(source: SourceTree, tags: Tags, over: Partial<Observed> = {}): Judged {
  const stands = standing(source)
  const { loadBalancer: known } = stands.mirror
  if (known === null) throw new Error('no load balancer')
  const mirror = { ...stands.mirror, loadBalancer: { ...known, tags: { ...known.tags, ...tags } } }
  return of(source, { ...stands, mirror, ...over })
}

describe('what was allowed', () => {
  it('is not remembered unless it was', () => {
    const judged = of(unfaithful)
    expect(codes(judged)).toEqual([`${GROUPS} refuse allowable`, `${DOMAIN} refuse allowable`])
    expect(judged.desired.loadBalancer.tags).not.toHaveProperty(TAG.allowed)
  })

  it('is written down with the mirror, where it stands in the way', () => {
    const asked = { ...ASKED_NOTHING, allowed: [DOMAIN, GROUPS, 'LB_UNSUPPORTED_INSERT_HEADERS'] }
    expect(of(unfaithful, { asked }).desired.loadBalancer.tags[TAG.allowed]).toBe(
      'MONITOR_DOMAIN_NAME VIP_SECURITY_GROUPS',
    )
  })

  it('is allowed still, with its reason', () => {
    const judged = tagged(unfaithful, { [TAG.allowed]: 'MONITOR_DOMAIN_NAME' })
    expect(codes(judged)).toEqual([`${GROUPS} refuse allowable`, `${DOMAIN} refuse allowable allowed`])
    expect(judged.translation.remarks[1]?.allowed?.reason).toBe('allowed when it was mirrored (tag nyah:allowed)')
  })

  it('is asked for again with --strict', () => {
    const asked = { ...ASKED_NOTHING, strict: true }
    const judged = tagged(unfaithful, { [TAG.allowed]: 'MONITOR_DOMAIN_NAME' }, { asked })
    expect(codes(judged)).toContain(`${DOMAIN} refuse allowable`)
    expect(judged.desired.loadBalancer.tags[TAG.allowed]).toBe('MONITOR_DOMAIN_NAME')
  })

  it('stays, though nothing of it is in the way now', () => {
    expect(tagged(tree(), { [TAG.allowed]: 'INSERT_HEADERS' }).desired.loadBalancer.tags[TAG.allowed]).toBe(
      'INSERT_HEADERS',
    )
  })

  it('never overrules what cannot be allowed', () => {
    const source = tree({ listeners: [listener({ protocol: 'SCTP' })] })
    expect(codes(tagged(source, { [TAG.allowed]: 'LISTENER_PROTOCOL' }))).toEqual([
      'LB_UNSUPPORTED_LISTENER_PROTOCOL refuse',
    ])
  })

  it('fits an AWS tag; what is in the way comes first', () => {
    const many = Array.from({ length: 20 }, (_, at) => `A_LONG_NAME_OF_A_FIELD_${at}`).join(' ')
    const asked = { ...ASKED_NOTHING, allowed: [DOMAIN] }
    const tag = tagged(unfaithful, { [TAG.allowed]: many }, { asked }).desired.loadBalancer.tags[TAG.allowed] ?? ''
    expect(tag.length).toBeLessThanOrEqual(256)
    expect(tag.length).toBeGreaterThan(200)
    expect(tag.split(' ')).toContain('MONITOR_DOMAIN_NAME')
  })
})

describe('how weights are kept', () => {
  const source = tree({ pools: [pool({ members: [member('10.20.0.1'), member('10.20.0.2', { weight: 3 })] })] })
  const keys = ({ desired }: Judged) => desired.listeners[0]?.groups.map((group) => group.key)
  const KEPT = ['80-w1', '80-w3']
  const asked = (weights: 'equal' | 'target-groups') => ({ asked: { ...ASKED_NOTHING, weights } })
  const configured = (weights: 'equal' | 'target-groups') => ({ placement: placement({ weights }) })

  it.each([
    ['nothing is said', {}, {}, ['80'], undefined],
    ['it is asked for', {}, asked('target-groups'), KEPT, 'target-groups'],
    ['it is configured', {}, configured('target-groups'), KEPT, 'target-groups'],
    ['it is remembered', { [TAG.weights]: 'target-groups' }, {}, KEPT, 'target-groups'],
    ['it is taken back', { [TAG.weights]: 'target-groups' }, asked('equal'), ['80'], 'equal'],
    ['the configuration takes it back', { [TAG.weights]: 'target-groups' }, configured('equal'), ['80'], 'equal'],
    [
      'one asks otherwise than configured',
      {},
      { ...configured('target-groups'), ...asked('equal') },
      ['80'],
      undefined,
    ],
    ['the tag says equal', { [TAG.weights]: 'equal' }, {}, ['80'], 'equal'],
  ])('where %s', (_name, tags, over, wanted, tag) => {
    const judged = tagged(source, tags, over)
    expect(keys(judged)).toEqual(wanted)
    expect(judged.desired.loadBalancer.tags[TAG.weights]).toBe(tag)
  })

  it("goes by the account's limit", () => {
    const judged = of(source, { ...asked('target-groups'), limits: limits({ targetGroupsPerAction: 1 }) })
    expect(keys(judged)).toEqual(['80'])
    expect(codes(judged)).toEqual(['LB_UNSUPPORTED_WEIGHTS refuse allowable'])
  })
})

describe('--strict', () => {
  const strict = { asked: { ...ASKED_NOTHING, strict: true } }

  it('refuses each thing that is not exact, by name', () => {
    const judged = of(tree({ pools: [pool({ tags: ['x'] })] }), strict)
    expect(codes(judged)).toEqual(
      ['VIP_ADDRESS', 'TIMEOUT_CLIENT_DATA', 'TIMEOUT_MEMBER_DATA', 'LB_ALGORITHM', 'POOL_TAGS'].map(
        (name) => `LB_NOT_EXACT_${name} refuse allowable`,
      ),
    )
    expect(judged.translation.remarks[1]?.evidence).toMatch(
      /^timeout_client_data is 50 s in Octavia and 60 s in the mirror: /,
    )
    expect(judged.translation.remarks[4]?.evidence).toMatch(/^tags is x in Octavia and nothing in the mirror: /)
  })

  it('says nothing of what is exact, nor twice of what is refused anyway', () => {
    const source = tree({ listeners: [listener({ protocol: 'SCTP' })] })
    expect(codes(of(source, strict))).toEqual([
      'LB_UNSUPPORTED_LISTENER_PROTOCOL refuse',
      'LB_NOT_EXACT_VIP_ADDRESS refuse allowable',
    ])
  })
})
