import { describe, expect, it } from 'vitest'
import { TAG, type Observed } from '../../../src/lib/lb/model.ts'
import type { TargetState } from '../../../src/lib/ports/mirrors.ts'
import type { ProvisioningStatus, SourceTree } from '../../../src/lib/ports/source.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { facts, ID, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'
import { guarded, held, inStates, looked, regrouped, standing } from './standing.ts'

const two = tree({
  listeners: [listener(), listener({ protocol_port: 443, name: 'tls', default_pool_id: 'p-tls' })],
  pools: [pool(), pool({ id: 'p-tls', name: 'tls', members: [member('10.20.0.21')] })],
})

type Side = Pick<Observed, 'mirror' | 'securityGroup'>

/** No mirror yet. */
const { mirror, securityGroup } = looked(two)
const EMPTY: Side = { mirror, securityGroup }

const mirrored = (source: SourceTree = two, state: TargetState = 'healthy'): Side => standing(source, state)

function judged(source: SourceTree | null, side: Side, over: Partial<Observed> = {}) {
  const { changes, findings, codes } = guarded(looked(source, { id: ID, ...side, ...over }))
  return { changes, findings, brief: codes }
}

const members = (...addresses: readonly string[]): SourceTree =>
  tree({ pools: [pool({ members: addresses.map((address) => member(address)) })] })

/** The first member goes. */
const shrunk = tree({ ...two, pools: [pool({ members: [member('10.20.0.12')] }), ...two.pools.slice(1)] })

it('a plain first mirror, and one that is up to date, raise nothing', () => {
  expect(judged(two, EMPTY).brief).toEqual([])
  expect(judged(two, mirrored())).toEqual({ changes: [], findings: [], brief: [] })
})

describe('a source in flux', () => {
  const status = (provisioning_status: ProvisioningStatus, source = two): SourceTree => ({
    ...source,
    loadbalancer: loadBalancer({ provisioning_status }),
  })

  it.each(['PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE', 'ERROR', 'DELETED'] as const)(
    '%s holds removals',
    (at) => {
      const { changes, findings, brief: said } = judged(status(at, shrunk), mirrored())
      expect(changes).toEqual(['targets/80/deregister'])
      expect(said).toEqual([`hold LB_SOURCE_${at === 'ERROR' ? 'ERROR' : 'PENDING'} (allowable)`])
      expect(held(findings[0])).toEqual(['targets/80/deregister'])
    },
  )

  it('ACTIVE holds nothing', () => {
    expect(judged(shrunk, mirrored())).toMatchObject({ changes: ['targets/80/deregister'], brief: [] })
  })

  it.each([
    ['PENDING_UPDATE', 'PENDING'],
    ['ERROR', 'ERROR'],
  ] as const)('%s lets additions go on, and says so', (at, code) => {
    const grown = { ...two, pools: [members('10.20.0.11', '10.20.0.12', '10.20.0.13').pools[0]!, two.pools[1]!] }
    expect(judged(status(at, grown), mirrored())).toMatchObject({
      changes: ['targets/80/register'],
      brief: [`warn LB_SOURCE_${code}`],
    })
  })

  it.each([
    ['ERROR', 'refuse LB_SOURCE_ERROR (allowable)'],
    ['PENDING_DELETE', 'refuse LB_SOURCE_PENDING (allowable)'],
    ['DELETED', 'refuse LB_SOURCE_PENDING (allowable)'],
    ['PENDING_CREATE', 'warn LB_SOURCE_PENDING'],
    ['PENDING_UPDATE', 'warn LB_SOURCE_PENDING'],
  ] as const)('%s at a first mirror: %s', (at, said) => {
    expect(judged(status(at), EMPTY).brief).toEqual([said])
  })

  it('below the load balancer holds removals of that port only', () => {
    const stuck = {
      ...shrunk,
      pools: [
        pool({ members: [member('10.20.0.12', { provisioning_status: 'PENDING_UPDATE' })] }),
        pool({ id: 'p-tls', name: 'tls', members: [member('10.20.0.22')] }),
      ],
    }
    const { brief, changes, findings } = judged(stuck, mirrored(two, 'unhealthy'))
    expect(changes).toEqual(['targets/443/register', 'targets/80/deregister', 'targets/443/deregister'])
    expect(brief).toEqual(['hold LB_SOURCE_PENDING (allowable)'])
    expect(held(findings[0])).toEqual(['targets/80/deregister'])
    expect(findings[0]?.evidence).toContain('member 10.20.0.12:8080 is PENDING_UPDATE')
  })

  it('a failed member is an error, and says nothing where nothing is removed', () => {
    const broken = (source: SourceTree): SourceTree => ({
      ...source,
      pools: source.pools.map((one) => ({
        ...one,
        members: one.members.map((each) => ({ ...each, provisioning_status: 'ERROR' as const })),
      })),
    })
    expect(judged(broken(shrunk), mirrored()).brief).toEqual(['hold LB_SOURCE_ERROR (allowable)'])
    expect(judged(broken(two), mirrored()).brief).toEqual([])
  })
})

describe('an emptied source', () => {
  const emptyPool = tree({ ...two, pools: [pool({ members: [] }), ...two.pools.slice(1)] })

  it('a pool without members holds its listener, target group and rules', () => {
    const { brief, findings } = judged(emptyPool, mirrored())
    expect(brief).toEqual(['hold LB_SOURCE_EMPTY (allowable)'])
    expect(held(findings[0]).toSorted()).toEqual([
      'listener/80/delete',
      'security-group/80/revoke',
      'target-group/80/delete',
    ])
    expect(findings[0]?.evidence).toContain('2 targets')
  })

  it('is said once', () => {
    const told = (source: SourceTree): readonly string[] =>
      planMirrors({ scopes: [looked(source, { id: ID, ...mirrored() })] }).findings.map(({ code }) => code)
    expect(told(emptyPool)).toEqual([])
    expect(told({ ...two, pools: two.pools.map((one) => ({ ...one, members: [] })) })).toEqual([])
    const one = { ...emptyPool, listeners: [...two.listeners, listener({ protocol_port: 81, name: 'third' })] }
    expect(told(one)).toEqual(['LB_POOL_EMPTY'])
  })

  it.each([
    ['disabled', { admin_state_up: false }],
    ['drained', { weight: 0 }],
  ])('so does one whose members are all %s', (_how, over) => {
    const off = { ...two, pools: [pool({ members: [member('10.20.0.11', over)] }), ...two.pools.slice(1)] }
    expect(judged(off, mirrored()).brief).toEqual(['hold LB_SOURCE_EMPTY (allowable)'])
  })

  it('so does a listener that lost its pool', () => {
    const lost = { ...two, listeners: [listener({ default_pool_id: null }), ...two.listeners.slice(1)] }
    expect(judged(lost, mirrored()).brief).toEqual(['hold LB_SOURCE_EMPTY (allowable)'])
  })

  it('one member is enough', () => {
    expect(judged(shrunk, mirrored()).brief).toEqual([])
  })

  it('at a first mirror gets no listener, and nothing is held', () => {
    const { changes, brief: said } = judged(emptyPool, EMPTY)
    expect(changes.filter((id) => id.includes('/80/'))).toEqual([])
    expect(said).toEqual([])
  })

  it('holds nothing where the target group has drained already', () => {
    const world = mirrored()
    const drained = {
      ...world,
      mirror: {
        ...world.mirror,
        targetGroups: world.mirror.targetGroups.map((group) => ({
          ...group,
          targets: group.targets.map((target) => ({
            ...target,
            state: group.port === 80 ? ('draining' as const) : target.state,
          })),
        })),
      },
    }
    expect(judged(emptyPool, drained).brief).toEqual([])
  })

  it('a listener that was deleted may go, while another stays', () => {
    const one = tree({ ...two, listeners: two.listeners.slice(1) })
    expect(judged(one, mirrored())).toMatchObject({
      changes: ['security-group/80/revoke', 'listener/80/delete', 'target-group/80/delete'],
      brief: [],
    })
  })

  it.each([
    ['all listeners gone', tree({ ...two, listeners: [] })],
    ['the load balancer disabled', { ...two, loadbalancer: loadBalancer({ admin_state_up: false }) }],
    ['all pools empty', tree({ ...two, pools: two.pools.map((one) => ({ ...one, members: [] })) })],
  ])('%s: all of it is held', (_how, source) => {
    const { brief, changes, findings } = judged(source, mirrored())
    expect(brief).toEqual(['hold LB_SOURCE_EMPTY (allowable)'])
    expect(held(findings[0])).toEqual(changes)
    expect(changes).toHaveLength(6)
  })
})

describe('the last healthy target', () => {
  const world = (...states: readonly TargetState[]): Side =>
    regrouped(mirrored(members('10.20.0.11', '10.20.0.12')), '80', inStates(...states))

  it.each([
    [['healthy', 'healthy'], false],
    [['healthy', 'unhealthy'], true],
    [['healthy', 'initial'], true],
    [['healthy', 'draining'], true],
    [['unhealthy', 'healthy'], false],
    [['unhealthy', 'unhealthy'], false],
    [['initial', 'initial'], true],
    [['unavailable', 'unhealthy'], true],
    [['unused', 'unused'], false],
  ] as const)('with %o, taking out the first is held: %s', (states, stays) => {
    const { brief, findings } = judged(members('10.20.0.12'), world(...states))
    expect(brief).toEqual(stays ? ['hold LB_MINIMUM_HEALTHY (allowable)'] : [])
    if (stays) expect(held(findings[0])).toEqual(['targets/80/deregister'])
  })

  it('replaced by new ones goes only once one of them is healthy', () => {
    const replaced = members('10.20.0.31')
    const first = judged(replaced, world('healthy', 'healthy'))
    expect(first.changes).toEqual(['targets/80/register', 'targets/80/deregister'])
    expect(first.brief).toEqual(['hold LB_MINIMUM_HEALTHY (allowable)'])
    const [third] = mirrored(replaced).mirror.targetGroups[0]?.targets ?? []
    if (third === undefined) throw new Error('no target')
    const beside = (state: TargetState): Side =>
      regrouped(world('healthy', 'healthy'), '80', ({ targets }) => ({ targets: [...targets, { ...third, state }] }))
    expect(judged(replaced, beside('initial')).brief).toEqual(['hold LB_MINIMUM_HEALTHY (allowable)'])
    const come = beside('healthy')
    expect(judged(replaced, come)).toMatchObject({ changes: ['targets/80/deregister'], brief: [] })
  })
})

describe('ownership', () => {
  const retag = (world: Side, tags: Readonly<Record<string, string>>): Side => ({
    ...world,
    mirror: { ...world.mirror, loadBalancer: world.mirror.loadBalancer && { ...world.mirror.loadBalancer, tags } },
  })
  const own = { [TAG.managed]: 'true', [TAG.octaviaId]: ID }

  it.each([
    ['no tags', {}, 'refuse LB_NOT_OWNED'],
    ['no managed tag', { [TAG.octaviaId]: ID }, 'refuse LB_NOT_OWNED'],
    ['another load balancer', { ...own, [TAG.octaviaId]: 'another' }, 'refuse LB_NOT_OWNED'],
    ['a greater schema', { ...own, [TAG.schema]: '2' }, 'refuse LB_NEWER_NYAH'],
    ['a schema nobody knows', { ...own, [TAG.schema]: 'x' }, 'refuse LB_NEWER_NYAH'],
  ])('%s: nothing is planned, and it is refused', (_how, tags, said) => {
    expect(judged(two, retag(mirrored(), tags))).toMatchObject({ changes: [], brief: [said] })
  })

  it('other tags that went are set back', () => {
    expect(judged(two, retag(mirrored(), own))).toMatchObject({ changes: ['load-balancer/ef5e7c45/update'], brief: [] })
  })

  it("a stranger's listener is in the way on a port of ours only", () => {
    const world = mirrored(members('10.20.0.11'))
    const stranger = { ...mirrored().mirror.listeners[0]!, arn: 'arn:x', port: 443, forward: [], tags: {} }
    const beside = { ...world, mirror: { ...world.mirror, listeners: [...world.mirror.listeners, stranger] } }
    expect(judged(members('10.20.0.11'), beside)).toMatchObject({ changes: [], brief: [] })
    expect(judged(two, beside)).toMatchObject({ changes: [], brief: ['refuse LB_NOT_OWNED'] })
  })

  it('something that only ends like our names is nobody of ours', () => {
    const world = mirrored()
    const other = {
      ...EMPTY,
      mirror: { ...EMPTY.mirror, loadBalancer: { ...world.mirror.loadBalancer!, name: 'shop-ef5e7c45', tags: {} } },
    }
    expect(judged(two, other).brief).toEqual([])
  })
})

it('a subnet with an address of its own is not added to a load balancer that exists: AWS would choose another', () => {
  const made = standing(two, 'healthy', { placement: placement({ subnets: ['subnet-a'] }) })
  const wider = { placement: placement({ addresses: { 'subnet-c': '172.31.16.9' } }) }
  expect(judged(two, made, wider)).toMatchObject({ changes: [], brief: ['refuse LB_PLACEMENT_CHANGED'] })
})

describe('a load balancer gone from Octavia', () => {
  it('keeps its mirror', () => {
    const { brief, changes, findings } = judged(null, mirrored())
    expect(changes).toEqual([])
    expect(brief).toEqual(['hold LB_SOURCE_GONE'])
    expect(findings[0]?.remedy).toContain(`nyah lb unmirror ${ID}`)
  })

  it('keeps what a first mirror left half done', () => {
    const half = { ...EMPTY, securityGroup: mirrored().securityGroup }
    expect(judged(null, half).brief).toEqual(['hold LB_SOURCE_GONE'])
  })
})

describe('a load balancer gone from Octavia whose mirror lost its tags', () => {
  it('is no "nothing to do"', () => {
    const { mirror } = mirrored()
    const lone = {
      ...EMPTY,
      mirror: { ...EMPTY.mirror, loadBalancer: mirror.loadBalancer && { ...mirror.loadBalancer, tags: {} } },
    }
    expect(judged(null, lone)).toMatchObject({ changes: [], brief: ['refuse LB_NOT_OWNED'] })
  })
})

describe('the network of the configuration', () => {
  const [a, c] = facts().subnets
  if (a === undefined || c === undefined) throw new Error('no subnets')

  it.each([
    ['one subnet', { placement: placement({ subnets: ['subnet-a'] }), network: facts({ subnets: [a] }) }, []],
    [
      'no subnet',
      { placement: placement({ subnets: [] }), network: facts({ subnets: [] }) },
      ['refuse LB_SUBNET_NONE'],
    ],
    ['a subnet that is not there', { network: facts({ subnets: [a] }) }, ['refuse LB_SUBNET_NOT_FOUND']],
    [
      'a subnet of another VPC',
      { network: facts({ subnets: [a, { ...c, vpcId: 'vpc-2' }] }) },
      ['refuse LB_SUBNET_OTHER_VPC'],
    ],
    [
      'two subnets in one zone',
      { network: facts({ subnets: [a, { ...c, availabilityZone: a.availabilityZone }] }) },
      ['refuse LB_SUBNET_SAME_ZONE'],
    ],
  ])('%s', (_how, over, said) => {
    expect(judged(two, EMPTY, over).brief).toEqual(said)
  })

  const eip = (inUse: boolean) => [{ allocationId: 'eipalloc-1', publicIp: '203.0.113.1', inUse }]
  const abroad = (addresses: Record<string, string>) =>
    placement({ scheme: 'internet-facing', addresses: { ...addresses } })

  it.each([
    ['a free Elastic IP', { placement: abroad({ 'subnet-a': 'eipalloc-1' }), elasticAddresses: eip(false) }, []],
    [
      'one that something else has',
      { placement: abroad({ 'subnet-a': 'eipalloc-1' }), elasticAddresses: eip(true) },
      ['refuse LB_ADDRESS_IN_USE'],
    ],
    ['one that is not there', { placement: abroad({ 'subnet-a': 'eipalloc-1' }) }, ['refuse LB_ADDRESS_NOT_FOUND']],
    [
      'one for a subnet that the network does not have',
      { placement: abroad({ 'subnet-z': 'eipalloc-1' }), elasticAddresses: eip(false) },
      ['refuse LB_ADDRESS_SUBNET'],
    ],
    [
      'an Elastic IP for an internal NLB',
      { placement: placement({ addresses: { 'subnet-a': 'eipalloc-1' } }), elasticAddresses: eip(false) },
      ['refuse LB_ADDRESS_SCHEME'],
    ],
    [
      'a private address for an internal NLB',
      { placement: placement({ addresses: { 'subnet-a': '172.31.0.9' } }) },
      [],
    ],
    ['the last address of its subnet', { placement: placement({ addresses: { 'subnet-a': '172.31.15.255' } }) }, []],
    [
      'the first one behind its subnet',
      { placement: placement({ addresses: { 'subnet-a': '172.31.16.0' } }) },
      ['refuse LB_ADDRESS_SUBNET'],
    ],
    [
      'a private address for an internet-facing NLB',
      { placement: abroad({ 'subnet-a': '172.31.0.9' }) },
      ['refuse LB_ADDRESS_SCHEME'],
    ],
  ])('%s', (_how, over, said) => {
    expect(judged(two, EMPTY, over).brief).toEqual(said)
  })

  it.each([
    [
      'a private VIP, open to all, facing the internet',
      '10.0.0.5',
      null,
      'internet-facing',
      ['warn LB_OPEN_TO_THE_INTERNET'],
    ],
    ['a private VIP with allowed_cidrs', '10.0.0.5', ['192.0.2.0/24'], 'internet-facing', []],
    ['a private VIP, open to all, on an internal network', '10.0.0.5', null, 'internal', []],
    ['a public VIP, open to all', '198.51.100.1', null, 'internet-facing', []],
  ] as const)('%s', (_how, vip_address, allowed_cidrs, scheme, said) => {
    const source = {
      ...two,
      loadbalancer: { ...two.loadbalancer, vip_address },
      listeners: two.listeners.map((listener) => ({ ...listener, allowed_cidrs })),
    }
    expect(judged(source, EMPTY, { placement: placement({ scheme }) }).brief).toEqual(said)
  })

  it.each([
    ['the address it has', '172.31.0.9', []],
    ['another address', '172.31.0.10', ['refuse LB_PLACEMENT_CHANGED']],
  ])('of a mirror that exists: %s', (_how, address, said) => {
    const world = mirrored()
    const loadBalancer = { ...world.mirror.loadBalancer!, addresses: { 'subnet-a': '172.31.0.9' } }
    const there = { ...world, mirror: { ...world.mirror, loadBalancer } }
    const placed = placement({ addresses: { 'subnet-a': address } })
    expect(judged(two, there, { placement: placed }).brief).toEqual(said)
  })

  it.each([
    ['scheme', { scheme: 'internet-facing' as const }],
    ['VPC', { vpcId: 'vpc-1' }],
  ])('the %s of a mirror cannot change', (what, over) => {
    const world = mirrored()
    const balancer = { ...world.mirror.loadBalancer!, ...(what === 'VPC' ? { vpcId: 'vpc-9' } : {}) }
    const { changes, brief: said } = judged(
      two,
      { ...world, mirror: { ...world.mirror, loadBalancer: balancer } },
      { placement: placement(over) },
    )
    expect({ changes, said }).toEqual({ changes: [], said: ['refuse LB_PLACEMENT_CHANGED'] })
  })

  it.each([
    ['its type', { type: 'application' }],
    ['that it has no security group', { securityGroups: [] }],
  ])('a mirror is refused for %s', (_what, over) => {
    const world = mirrored()
    const balancer = { ...world.mirror.loadBalancer!, ...over }
    expect(judged(two, { ...world, mirror: { ...world.mirror, loadBalancer: balancer } }).brief).toEqual([
      'refuse LB_PLACEMENT_CHANGED',
    ])
  })

  it('its subnets can', () => {
    const more = {
      id: 'subnet-d',
      vpcId: 'vpc-1',
      availabilityZone: 'ap-northeast-1d',
      cidr: '172.31.32.0/20',
      ipv6Cidr: null,
      freeAddresses: 9,
    }
    expect(
      judged(two, mirrored(), {
        placement: placement({ subnets: ['subnet-a', 'subnet-c', 'subnet-d'] }),
        network: facts({ subnets: [a, c, more] }),
      }),
    ).toMatchObject({ changes: ['load-balancer/ef5e7c45/update'], brief: [] })
  })
})
