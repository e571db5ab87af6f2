import { describe, expect, it } from 'vitest'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { TAG } from '../../../src/lib/lb/model.ts'
import { planUnmirror } from '../../../src/lib/lb/unmirror.ts'
import type { Listener, TargetGroup } from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { applyAll, EMPTY, observed, type ModelWorld } from './model-world.ts'
import { ID, httpMonitor, listener, loadBalancer, member, pool, tree } from './sources.ts'

const short = (id: string): string => id.slice(ID.length + 1)
const plan = (source: SourceTree, world: ModelWorld = EMPTY) => planMirrors({ scopes: [observed(source, world)] })
const mirrored = (source: SourceTree = tree()): ModelWorld => applyAll(EMPTY, plan(source).changes)

describe('a first mirror', () => {
  const draft = plan(tree({ listeners: [listener({ allowed_cidrs: ['192.0.2.0/24'] })] }))

  it('makes a security group, a target group with its targets, a load balancer and a listener', () => {
    expect(draft.changes.map(({ id, needs, risk }) => [short(id), needs.map(short), risk])).toEqual([
      ['security-group/ef5e7c45/create', [], 'none'],
      ['target-group/80/create', [], 'none'],
      ['targets/80/register', ['target-group/80/create'], 'none'],
      ['load-balancer/ef5e7c45/create', ['security-group/ef5e7c45/create'], 'none'],
      [
        'listener/80/create',
        [
          'load-balancer/ef5e7c45/create',
          'security-group/ef5e7c45/create',
          'target-group/80/create',
          'targets/80/register',
        ],
        'none',
      ],
    ])
    expect(draft.findings).toEqual([])
  })

  it('carries all that AWS needs', () => {
    const [securityGroup, group, targets, balancer] = draft.changes
    expect(securityGroup?.after).toMatchObject({
      name: 'nyah-ef5e7c45',
      vpcId: 'vpc-1',
      ingress: [{ protocol: 'tcp', port: 80, cidr: '192.0.2.0/24' }],
    })
    expect(group?.after).toEqual({
      name: 'nyah-shop-ef5e7c45-80',
      protocol: 'TCP',
      port: 80,
      vpcId: 'vpc-1',
      ipAddressType: 'ipv4',
      healthCheck: {
        protocol: 'TCP',
        port: 'traffic-port',
        intervalSeconds: 10,
        timeoutSeconds: 5,
        healthyThreshold: 3,
        unhealthyThreshold: 3,
      },
      attributes: {
        'preserve_client_ip.enabled': 'false',
        'proxy_protocol_v2.enabled': 'false',
        'stickiness.enabled': 'false',
      },
      tags: {
        'nyah:managed': 'true',
        'nyah:octavia-id': ID,
        'nyah:role': 'target-group',
        'nyah:port': '80',
        'nyah:schema': '1',
        'nyah:source-name': 'shop',
      },
    })
    expect(targets?.after?.['targets']).toEqual([
      { address: '10.20.0.11', port: 8080, availabilityZone: 'all' },
      { address: '10.20.0.12', port: 8080, availabilityZone: 'all' },
    ])
    expect(targets?.reason).toBe('2 members of pool web take traffic: 10.20.0.11:8080, 10.20.0.12:8080')
    expect(balancer?.after).toMatchObject({
      name: 'nyah-shop-ef5e7c45',
      scheme: 'internal',
      subnets: ['subnet-a', 'subnet-c'],
      securityGroups: [{ $token: { change: `${ID}/security-group/ef5e7c45/create`, output: 'id' } }],
    })
  })

  it('of nothing says that it serves nothing', () => {
    const empty = plan(tree({ listeners: [], pools: [] }))
    expect(empty.changes.map(({ id }) => short(id))).toEqual([
      'security-group/ef5e7c45/create',
      'load-balancer/ef5e7c45/create',
    ])
    expect(empty.findings.map(({ code }) => code)).toEqual(['LB_NO_LISTENERS'])
  })
})

describe('members', () => {
  const with_ = (...members: Parameters<typeof member>[]): SourceTree =>
    tree({ pools: [pool({ members: members.map((each) => member(...each)) })] })
  const reason = (source: SourceTree) => plan(source, mirrored()).changes.map(({ id, reason: why }) => [short(id), why])

  it('that came are added, those that went are taken out after that, with the reason', () => {
    const { changes } = plan(with_(['10.20.0.12'], ['10.20.0.13']), mirrored())
    expect(changes.map(({ id, needs, risk }) => [short(id), needs.map(short), risk])).toEqual([
      ['targets/80/register', [], 'none'],
      ['targets/80/deregister', ['targets/80/register'], 'removes'],
    ])
    expect(changes.map((change) => change.reason)).toEqual([
      'in pool web and not yet registered: 10.20.0.13:8080',
      '10.20.0.11:8080: no member of pool web',
    ])
    expect(changes[1]?.before).toMatchObject({
      targets: [{ address: '10.20.0.11', port: 8080, availabilityZone: 'all' }],
    })
  })

  it.each([
    [{ weight: 0 }, 'its weight is 0'],
    [{ admin_state_up: false }, 'it is disabled'],
    [{ backup: true }, 'it is a backup member'],
  ])('with %o are taken out', (over, why) => {
    expect(reason(with_(['10.20.0.11', over], ['10.20.0.12']))).toEqual([
      ['targets/80/deregister', `10.20.0.11:8080: ${why}`],
    ])
  })

  it('that come back while they drain are registered again', () => {
    const gone = with_(['10.20.0.12'])
    const drained = applyAll(mirrored(), plan(gone, mirrored()).changes)
    expect(plan(gone, drained).changes).toEqual([])
    expect(plan(tree(), drained).changes.map(({ id }) => short(id))).toEqual(['targets/80/register'])
  })

  it('whose zone AWS forgot are the same targets', () => {
    expect(
      plan(
        tree(),
        edited('targetGroups', (one) => ({
          ...one,
          targets: one.targets.map((each) => ({ ...each, availabilityZone: null })),
        })),
      ).changes,
    ).toEqual([])
  })
})

describe('a name that changed in Octavia', () => {
  it('is no difference, and new target groups get the new one', () => {
    const renamed = (over: Partial<SourceTree> = {}) => tree({ loadbalancer: loadBalancer({ name: 'store' }), ...over })
    expect(plan(renamed(), mirrored()).changes).toEqual([])
    const grown = renamed({ listeners: [listener(), listener({ protocol_port: 81 })] })
    const names = applyAll(mirrored(), plan(grown, mirrored()).changes).mirror.targetGroups.map((group) => group.name)
    expect(names).toEqual(['nyah-shop-ef5e7c45-80', 'nyah-store-ef5e7c45-81'])
  })

  it('between a crash and its repair leaves no second target group', () => {
    const crashed = applyAll(EMPTY, plan(tree()).changes.slice(1, 2))
    const repaired = plan(tree({ loadbalancer: loadBalancer({ name: 'store' }) }), crashed)
    expect(repaired.changes.map(({ id }) => short(id))).not.toContain('target-group/80/create')
  })
})

type Parts = { listeners: Listener; targetGroups: TargetGroup }

/** A mirror that somebody edited by hand. */
function edited<Part extends keyof Parts>(part: Part, edit: (one: Parts[Part]) => Parts[Part]): ModelWorld {
  const world = mirrored()
  const things = world.mirror[part] as unknown as readonly Parts[Part][]
  return { ...world, mirror: { ...world.mirror, [part]: things.map(edit) } }
}

describe('what somebody changed by hand is set back:', () => {
  const stripped = (tags: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => key !== TAG.role))
  const world = mirrored()
  const balancer = world.mirror.loadBalancer!
  const group = world.securityGroup!
  const open = { protocol: 'tcp' as const, port: 22, cidr: '0.0.0.0/0' }

  it.each<[string, ModelWorld, string, object]>([
    [
      "a listener's target group",
      edited('listeners', (one) => ({ ...one, forward: [{ targetGroupArn: 'arn:other', weight: 1 }] })),
      'listener/80/update',
      { forward: [{ targetGroupArn: 'arn:tg/nyah-shop-ef5e7c45-80', weight: 1 }] },
    ],
    [
      'a forward to several groups',
      edited('listeners', (one) => ({
        ...one,
        forward: [...one.forward, { targetGroupArn: 'arn:other', weight: 1 }],
      })),
      'listener/80/update',
      { forward: [{ targetGroupArn: 'arn:tg/nyah-shop-ef5e7c45-80', weight: 1 }] },
    ],
    [
      'an action that is no forward',
      edited('listeners', (one) => ({ ...one, forward: [] })),
      'listener/80/update',
      { forward: [{ targetGroupArn: 'arn:tg/nyah-shop-ef5e7c45-80', weight: 1 }] },
    ],
    [
      "a listener's protocol",
      edited('listeners', (one) => ({ ...one, protocol: 'TLS' })),
      'listener/80/update',
      { protocol: 'TCP' },
    ],
    [
      "a listener's tags",
      edited('listeners', (one) => ({ ...one, tags: stripped(one.tags) })),
      'listener/80/update',
      { tags: { [TAG.role]: 'listener' } },
    ],
    [
      'health checks',
      edited('targetGroups', (one) => ({ ...one, healthCheck: { ...one.healthCheck, intervalSeconds: 30 } })),
      'target-group/80/update',
      { healthCheck: mirrored().mirror.targetGroups[0]?.healthCheck },
    ],
    [
      'the client address',
      edited('targetGroups', (one) => ({
        ...one,
        attributes: { ...one.attributes, 'preserve_client_ip.enabled': 'true' },
      })),
      'target-group/80/update',
      { attributes: { 'preserve_client_ip.enabled': 'false' } },
    ],
    [
      'tags of a target group',
      edited('targetGroups', (one) => ({ ...one, tags: stripped(one.tags) })),
      'target-group/80/update',
      { tags: { [TAG.role]: 'target-group' } },
    ],
    [
      'subnets',
      { ...world, mirror: { ...world.mirror, loadBalancer: { ...balancer, subnets: ['subnet-a'] } } },
      'load-balancer/ef5e7c45/update',
      { subnets: ['subnet-a', 'subnet-c'] },
    ],
    [
      'security groups',
      { ...world, mirror: { ...world.mirror, loadBalancer: { ...balancer, securityGroups: ['sg-1', 'sg-9'] } } },
      'load-balancer/ef5e7c45/update',
      { securityGroups: ['sg-1'] },
    ],
    [
      'a rule that was added',
      { ...world, securityGroup: { ...group, ingress: [...group.ingress, open] } },
      'security-group/22/revoke',
      { allow: [], revoke: [open] },
    ],
    [
      'a rule that was taken away',
      { ...world, securityGroup: { ...group, ingress: [] } },
      'security-group/ef5e7c45/update',
      { allow: group.ingress, revoke: [] },
    ],
  ])('%s', (_what, broken, id, after) => {
    const { changes } = plan(tree(), broken)
    expect(changes.map((change) => [short(change.id), change.after])).toEqual([[id, after]])
    expect(plan(tree(), applyAll(broken, changes)).changes).toEqual([])
  })

  it('a target that was added', () => {
    const extra = {
      address: '10.9.9.9',
      port: 1,
      availabilityZone: 'all' as const,
      state: 'healthy' as const,
      reason: null,
    }
    const broken = edited('targetGroups', (one) => ({ ...one, targets: [...one.targets, extra] }))
    expect(plan(tree(), broken).changes.map(({ id, reason }) => [short(id), reason])).toEqual([
      ['targets/80/deregister', '10.9.9.9:1: no member of pool web'],
    ])
  })

  it('a load balancer that was deleted, with what is left of it', () => {
    const broken = { ...world, mirror: { ...world.mirror, loadBalancer: null, listeners: [] } }
    expect(plan(tree(), broken).changes.map(({ id }) => short(id))).toEqual([
      'load-balancer/ef5e7c45/create',
      'listener/80/create',
    ])
  })

  it('foreign attributes, tags and the path of a TCP check are nobody of ours', () => {
    const beside = edited('targetGroups', (one) => ({
      ...one,
      attributes: { ...one.attributes, 'deregistration_delay.timeout_seconds': '10' },
      tags: { ...one.tags, team: 'x', [TAG.source]: 'older' },
      healthCheck: { ...one.healthCheck, path: '/', matcher: '200' },
    }))
    expect(plan(tree(), beside).changes).toEqual([])
  })
})

describe('rules', () => {
  const cidrs = (allowed_cidrs: readonly string[] | null) => tree({ listeners: [listener({ allowed_cidrs })] })

  it('are let in before others are shut out', () => {
    const { changes } = plan(cidrs(['10.0.0.0/8']), mirrored(cidrs(['192.0.2.0/24'])))
    expect(changes.map(({ id, needs, risk }) => [short(id), needs.map(short), risk])).toEqual([
      ['security-group/ef5e7c45/update', [], 'changes'],
      ['security-group/80/revoke', ['security-group/ef5e7c45/update'], 'removes'],
    ])
  })
})

it('a monitor that became HTTP changes the health check in place', () => {
  const http = tree({ pools: [pool({ healthmonitor: httpMonitor({ url_path: '/up' }) })] })
  expect(plan(http, mirrored()).changes.map((change) => [short(change.id), change.after])).toMatchObject([
    ['target-group/80/update', { healthCheck: { protocol: 'HTTP', path: '/up', matcher: '200' } }],
  ])
})

it('a second target group for one port goes, the one in use stays', () => {
  const world = mirrored()
  const [used] = world.mirror.targetGroups
  if (used === undefined) throw new Error('no target group')
  const spare = { ...used, name: 'nyah-a-ef5e7c45-80', arn: 'arn:spare', targets: [] }
  const doubled = { ...world, mirror: { ...world.mirror, targetGroups: [spare, used] } }
  expect(plan(tree(), doubled).changes.map(({ id, ref }) => [short(id), ref.id])).toEqual([
    ['target-group/nyah-a-ef5e7c45-80/delete', 'arn:spare'],
  ])
})

it('what is refused is left as it is', () => {
  const two = tree({ listeners: [listener(), listener({ protocol_port: 81 })] })
  const world = mirrored(two)
  const refused = tree({ listeners: [listener(), listener({ protocol_port: 81, protocol: 'UDP' })] })
  expect(plan(refused, world).changes).toEqual([])
  expect(plan(refused, world).findings.map(({ code }) => code)).toEqual(['LB_UNSUPPORTED_LISTENER_PROTOCOL'])
})

describe('the basis', () => {
  const basis = (source: SourceTree, world: ModelWorld): string | undefined => plan(source, world).basis[ID]
  const world = mirrored()

  it('changes with what decides changes', () => {
    expect(basis(tree({ listeners: [listener({ allowed_cidrs: ['10.0.0.0/8'] })] }), world)).not.toBe(
      basis(tree(), world),
    )
    expect(basis(tree(), EMPTY)).not.toBe(basis(tree(), world))
    expect(
      basis(
        tree(),
        edited('listeners', (one) => ({ ...one, protocol: 'TLS' })),
      ),
    ).not.toBe(basis(tree(), world))
  })

  it('does not change with health, statuses and times', () => {
    const source = tree({
      loadbalancer: loadBalancer({ updated_at: '2026-11-22T20:00:00', operating_status: 'DEGRADED' }),
      pools: [pool({ members: [member('10.20.0.11', { operating_status: 'ERROR' }), member('10.20.0.12')] })],
    })
    const sick = edited('targetGroups', (one) => ({
      ...one,
      targets: one.targets.map((each) => ({ ...each, state: 'unhealthy' as const, reason: 'Target.Timeout' })),
    }))
    expect(basis(source, sick)).toBe(basis(tree(), world))
  })
})

describe('taking a mirror down', () => {
  const down = (world: ModelWorld) => planUnmirror({ scopes: [observed(null, world, { id: ID })] })

  it('goes from the users inwards', () => {
    const { changes } = down(mirrored())
    expect(changes.map(({ id, needs, risk }) => [short(id), needs.map(short), risk])).toEqual([
      ['listener/80/delete', [], 'removes'],
      ['load-balancer/ef5e7c45/delete', ['listener/80/delete'], 'removes'],
      ['target-group/80/delete', ['listener/80/delete', 'load-balancer/ef5e7c45/delete'], 'removes'],
      ['security-group/ef5e7c45/delete', ['listener/80/delete', 'load-balancer/ef5e7c45/delete'], 'removes'],
    ])
  })

  it('of nothing says so', () => {
    expect(down(EMPTY)).toMatchObject({ changes: [], findings: [{ code: 'LB_NOTHING_TO_REMOVE', severity: 'info' }] })
  })
})
