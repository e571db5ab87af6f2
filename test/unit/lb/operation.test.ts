import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/lib/core/change.ts'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import {
  diffOperation,
  mirrorOperation,
  retargetOperation,
  syncOperation,
  unmirrorOperation,
} from '../../../src/lib/lb/operation.ts'
import { ASKED_NOTHING, TAG } from '../../../src/lib/lb/model.ts'
import type { Tags } from '../../../src/lib/ports/mirrors.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { planUnmirror } from '../../../src/lib/lb/unmirror.ts'
import { applyAll, AT, EMPTY, inOrder, observed, type ModelWorld } from './model-world.ts'
import { fakePorts, scene, settings } from './fakes.ts'
import { ID, listener, loadBalancer, member, pool, tree } from './sources.ts'

const OTHER = '5f0c7c1e-0000-4000-8000-000000000002'
const other = tree({ loadbalancer: loadBalancer({ id: OTHER, name: 'admin' }) })
const mirrored = (source = tree()): ModelWorld => applyAll(EMPTY, planMirrors({ scopes: [observed(source)] }).changes)

describe('observing', () => {
  it('reads each source alone, and all the rest once for all', async () => {
    const ports = fakePorts({ sources: [tree(), other], worlds: { [ID]: mirrored() } })
    const operation = mirrorOperation(ports, settings(), { ids: [ID.toUpperCase(), ` ${OTHER}`, ID], wait: true })
    const { scopes } = await operation.observe(scene())
    expect(scopes.map((one) => [one.id, one.source?.loadbalancer.name, one.mirror.loadBalancer?.name])).toEqual([
      [ID, 'shop', 'nyah-shop-ef5e7c45'],
      [OTHER, 'admin', undefined],
    ])
    expect(scopes[0]?.securityGroup?.name).toBe('nyah-ef5e7c45')
    expect(ports.calls.map(([call]) => call).toSorted()).toEqual([
      'mirrors.limits',
      'mirrors.read',
      'network.facts',
      'network.securityGroups',
      'network.securityGroupsOf',
      'source.read',
      'source.read',
    ])
    // Whether another mirror was on its way to it: only of what has none.
    expect(ports.calls.find(([call]) => call === 'network.securityGroupsOf')?.[1]).toEqual([OTHER])
  })

  it('asks for the facts of each network, and for groups of each VPC', async () => {
    const ports = fakePorts({ sources: [tree(), other] })
    const elsewhere = settings((id) => (id === OTHER ? { vpcId: 'vpc-2', subnets: ['subnet-x'] } : {}))
    await mirrorOperation(ports, elsewhere, { ids: [ID, OTHER], wait: true }).observe(scene())
    expect(ports.calls.filter(([call]) => call.startsWith('network'))).toEqual([
      ['network.facts', 'vpc-1', ['subnet-a', 'subnet-c']],
      ['network.facts', 'vpc-2', ['subnet-x']],
      ['network.securityGroups', 'vpc-1', ['nyah-ef5e7c45']],
      ['network.securityGroups', 'vpc-2', [expect.stringMatching(/^nyah-[0-9a-f]{8}$/)]],
      ['network.securityGroupsOf', [ID, OTHER]],
    ])
  })

  it('finds the security group of a mirror that stands in another VPC', async () => {
    const ports = fakePorts({ sources: [tree()], worlds: { [ID]: mirrored() } })
    const moved = settings(() => ({ vpcId: 'vpc-2' }))
    const { scopes } = await mirrorOperation(ports, moved, { ids: [ID], wait: true }).observe(scene())
    expect(scopes[0]?.securityGroup?.id).toBe('sg-1')
  })

  const nowhere = { code: 'LB_NOT_FOUND', exit: 2 }

  it('of what neither side knows is an error', async () => {
    for (const make of [mirrorOperation, syncOperation]) {
      await expect(make(fakePorts(), settings(), { ids: [ID], wait: true }).observe(scene())).rejects.toMatchObject(
        nowhere,
      )
    }
    await expect(diffOperation(fakePorts(), settings(), { ids: [ID] }).observe(scene())).rejects.toMatchObject(nowhere)
  })

  it('of one without a mirror is an error for sync only', async () => {
    const ports = fakePorts({ sources: [tree()] })
    await expect(syncOperation(ports, settings(), { ids: [ID], wait: true }).observe(scene())).rejects.toMatchObject({
      code: 'LB_NOT_MIRRORED',
      exit: 2,
      tries: [`nyah lb mirror ${ID}`],
    })
    await expect(diffOperation(ports, settings(), { ids: [ID] }).observe(scene())).resolves.toMatchObject({
      scopes: [{ id: ID }],
    })
  })

  it('sync takes up what a first mirror left half done', async () => {
    const half = applyAll(EMPTY, planMirrors({ scopes: [observed(tree())] }).changes.slice(0, 1))
    const ports = fakePorts({ sources: [tree()], worlds: { [ID]: half } })
    const world = await syncOperation(ports, settings(), { ids: [ID], wait: true }).observe(scene())
    expect(planMirrors(world).changes).toHaveLength(4)
  })

  it('of one that is gone from Octavia is for the guards', async () => {
    const ports = fakePorts({ worlds: { [ID]: mirrored() } })
    const { scopes } = await syncOperation(ports, settings(), { ids: [ID], wait: true }).observe(scene())
    expect(scopes[0]?.source).toBeNull()
  })

  it('of several goes on without a source that cannot be read; alone, that is the error', async () => {
    const down = nyahError({ code: 'OCTAVIA_UNREACHABLE', message: 'no answer', exit: EXIT.remote })
    const ports = fakePorts({ worlds: { [ID]: mirrored() }, failing: { 'source.read': down } })
    const { scopes } = await syncOperation(ports, settings(), { ids: [ID, OTHER], wait: true }).observe(scene())
    expect(scopes.map(({ unread, source }) => [unread?.code, source])).toEqual([
      ['OCTAVIA_UNREACHABLE', null],
      ['OCTAVIA_UNREACHABLE', null],
    ])
    await expect(syncOperation(ports, settings(), { ids: [ID], wait: true }).observe(scene())).rejects.toBe(down)
    const bug = fakePorts({ failing: { 'source.read': new TypeError('x') } })
    await expect(
      syncOperation(bug, settings(), { ids: [ID, OTHER], wait: true }).observe(scene()),
    ).rejects.toBeInstanceOf(TypeError)
  })

  it('of several refuses the one that neither side knows, or that has no mirror to follow, and plans the others', async () => {
    const of = async (make: typeof syncOperation, sources: Parameters<typeof fakePorts>[0]) => {
      const operation = make(fakePorts({ ...sources, worlds: { [ID]: mirrored() } }), settings(), {
        ids: [ID, OTHER],
        wait: true,
      })
      const { changes, findings } = operation.plan(await operation.observe(scene()))
      return [changes.length, findings.map(({ code, scope, severity }) => [code, scope, severity])]
    }
    expect(await of(mirrorOperation, { sources: [tree()] })).toEqual([0, [['LB_NOT_FOUND', OTHER, 'refuse']]])
    expect(await of(syncOperation, { sources: [tree(), other] })).toEqual([0, [['LB_NOT_MIRRORED', OTHER, 'refuse']]])
    expect((await of(mirrorOperation, { sources: [tree(), other] }))[0]).toBe(5)
  })

  it('knows when it was, and the limits where something may be made', async () => {
    const ports = fakePorts({ sources: [tree()], worlds: { [ID]: mirrored() } })
    const asked = { ids: [ID], wait: true }
    const [mirror] = (await mirrorOperation(ports, settings(), asked).observe(scene())).scopes
    const [sync] = (await syncOperation(ports, settings(), asked).observe(scene())).scopes
    expect([mirror?.at, mirror?.limits?.used.targetGroups, sync?.limits]).toEqual([AT, 0, null])
  })

  it('for a removal asks nothing of Octavia, nor of the network but the security group', async () => {
    const ports = fakePorts({ worlds: { [ID]: mirrored() } })
    const world = await unmirrorOperation(ports, settings(), { id: ID }).observe(scene())
    expect(planUnmirror(world).changes).toHaveLength(4)
    expect(ports.calls.map(([call]) => call)).toEqual(['mirrors.read', 'network.securityGroups', 'dns.pointingAt'])
  })
})

describe('taking the load balancer down', () => {
  const [down] = planUnmirror({ scopes: [observed(null, mirrored(), { id: ID })] }).changes.filter(
    ({ ref, kind }) => ref.type === 'load-balancer' && kind === 'delete',
  )
  const apply = (ports: ReturnType<typeof fakePorts>) =>
    unmirrorOperation(ports, settings(), { id: ID }).apply(down!, scene())

  it('does so while it is its mirror', async () => {
    const ports = fakePorts({ worlds: { [ID]: mirrored() } })
    await apply(ports)
    expect(ports.calls.map(([call]) => call)).toContain('mirrors.deleteLoadBalancer')
  })

  it('leaves one that follows another load balancer by now', async () => {
    const { mirror, securityGroup } = mirrored()
    const loadBalancer = { ...mirror.loadBalancer!, tags: { ...mirror.loadBalancer?.tags, [TAG.octaviaId]: OTHER } }
    const ports = fakePorts({ worlds: { [OTHER]: { mirror: { ...mirror, loadBalancer }, securityGroup } } })
    await expect(apply(ports)).rejects.toMatchObject({ code: 'LB_NOT_OWNED', exit: EXIT.refused })
    expect(ports.calls.map(([call]) => call)).not.toContain('mirrors.deleteLoadBalancer')
  })
})

describe('names that point at a mirror', () => {
  const findings = async (ports: ReturnType<typeof fakePorts>, dns: Parameters<typeof unmirrorOperation>[0]['dns']) => {
    const operation = unmirrorOperation({ ...ports, dns }, settings(), { id: ID })
    const world = await operation.observe(scene())
    return operation.guards
      .flatMap((guard) => guard(operation.plan(world), world))
      .map(({ code, severity, allowable }) => [code, severity, allowable])
  }
  const worlds = { [ID]: mirrored() }
  const record = { zoneId: 'Z1', zoneName: 'example.jp', name: 'www.example.jp', type: 'A', setIdentifier: 'aws' }

  it('keep it, until they are gone', async () => {
    const pointed = fakePorts({ worlds, records: [record] })
    expect(await findings(pointed, pointed.dns)).toEqual([['LB_STILL_REFERENCED', 'refuse', false]])
    const free = fakePorts({ worlds })
    expect(await findings(free, free.dns)).toEqual([])
  })

  it('that cannot be read may be allowed', async () => {
    const denied = nyahError({ code: 'AWS_FORBIDDEN', message: 'no', exit: EXIT.configuration })
    const ports = fakePorts({ worlds, failing: { 'dns.pointingAt': denied } })
    expect(await findings(ports, ports.dns)).toEqual([['LB_REFERENCES_UNKNOWN', 'refuse', true]])
  })

  it('are not asked for where nobody can be asked, or nothing is there', async () => {
    const ports = fakePorts({ worlds, records: [record] })
    expect(await findings(ports, null)).toEqual([])
    const nothing = fakePorts({ records: [record] })
    expect(await findings(nothing, nothing.dns)).toEqual([])
  })

  it('and a listener of another load balancer keep the target group', async () => {
    const { mirror, securityGroup } = mirrored()
    const targetGroups = mirror.targetGroups.map((one) => ({ ...one, loadBalancerArns: ['arn:lb/other'] }))
    const ports = fakePorts({ worlds: { [ID]: { mirror: { ...mirror, targetGroups }, securityGroup } } })
    expect(await findings(ports, ports.dns)).toEqual([['LB_STILL_REFERENCED', 'refuse', false]])
  })
})

describe('the operations', () => {
  it('say what they are', () => {
    const ports = fakePorts()
    const facts = [
      mirrorOperation(ports, settings(), { ids: [ID], wait: true }),
      syncOperation(ports, settings(), { ids: [ID], wait: false }),
      diffOperation(ports, settings(), { ids: [ID] }),
      unmirrorOperation(ports, settings(), { id: ID.toUpperCase() }),
    ].map(({ name, mutates, confirmId, waiting }) => [name, mutates, confirmId, waiting !== null])
    expect(facts).toEqual([
      ['lb.mirror', true, null, true],
      ['lb.sync', true, null, false],
      ['lb.diff', false, null, false],
      ['lb.unmirror', true, ID, false],
    ])
  })
})

describe('applying', () => {
  const apply = async (change: Change, ports = fakePorts()) => {
    const outputs = await mirrorOperation(ports, settings(), { ids: [ID], wait: true }).apply(change, scene())
    return { outputs, calls: ports.calls }
  }
  const changesOf = (source: Parameters<typeof observed>[0], world: ModelWorld = EMPTY) =>
    planMirrors({ scopes: [observed(source, world)] }).changes

  it('each change of a first mirror is one call, and gives what later ones need', async () => {
    const seen: unknown[] = []
    for (const change of inOrder(changesOf(tree()))) {
      const { outputs, calls } = await apply(change)
      seen.push([calls.map(([call]) => call), outputs])
    }
    expect(seen.toSorted()).toEqual(
      [
        [['mirrors.createTargetGroup'], { arn: 'arn:tg' }],
        [['mirrors.registerTargets'], {}],
        [['network.createSecurityGroup'], { id: 'sg-1' }],
        [['mirrors.createLoadBalancer'], { arn: 'arn:lb', dnsName: 'lb.example.com', hostedZoneId: 'Z1' }],
        [['mirrors.createListener'], { arn: 'arn:listener' }],
      ].toSorted(),
    )
  })

  it('a listener is made on its load balancer', async () => {
    const change = changesOf(tree()).find((one) => one.ref.type === 'listener')
    const forward = [{ targetGroupArn: 'arn:tg', weight: 1 }]
    const after = { ...change?.after, loadBalancerArn: 'arn:lb', forward }
    const { calls } = await apply({ ...change!, after })
    expect(calls).toMatchObject([['mirrors.createListener', 'arn:lb', { protocol: 'TCP', port: 80, forward }]])
    expect(calls[0]?.[2]).not.toHaveProperty('loadBalancerArn')
  })

  it('each removal is one call with the remote id, after a look in the same breath', async () => {
    const { changes } = planUnmirror({ scopes: [observed(null, mirrored(), { id: ID })] })
    const ports = () => fakePorts({ worlds: { [ID]: mirrored() } })
    const calls = await Promise.all(changes.map(async (change) => (await apply(change, ports())).calls))
    expect(calls.flat()).toEqual([
      ['mirrors.tags', 'arn:listener/80'],
      ['mirrors.deleteListener', 'arn:listener/80'],
      ['mirrors.tags', 'arn:lb/nyah-shop-ef5e7c45'],
      ['mirrors.read', [{ octaviaId: ID, hash: 'ef5e7c45' }]],
      ['mirrors.deleteLoadBalancer', 'arn:lb/nyah-shop-ef5e7c45'],
      ['mirrors.tags', 'arn:tg/nyah-shop-ef5e7c45-80'],
      ['mirrors.deleteTargetGroup', 'arn:tg/nyah-shop-ef5e7c45-80'],
      ['network.tags', 'sg-1'],
      ['network.deleteSecurityGroup', 'sg-1'],
    ])
  })

  it('differences are set back in place', async () => {
    const world = mirrored()
    const broken: ModelWorld = {
      mirror: {
        hash: world.mirror.hash,
        loadBalancer: { ...world.mirror.loadBalancer!, subnets: ['subnet-a'] },
        listeners: world.mirror.listeners.map((one) => ({ ...one, protocol: 'TLS' })),
        targetGroups: world.mirror.targetGroups.map((one) => ({
          ...one,
          attributes: { ...one.attributes, 'preserve_client_ip.enabled': 'true' },
        })),
      },
      securityGroup: { ...world.securityGroup!, ingress: [] },
    }
    const calls = await Promise.all(changesOf(tree(), broken).map(async (change) => (await apply(change)).calls))
    expect(calls.flat()).toEqual([
      ['network.tags', 'sg-1'],
      [
        'network.modifySecurityGroup',
        'sg-1',
        { allow: [{ protocol: 'tcp', port: 80, cidr: '0.0.0.0/0' }], revoke: [] },
      ],
      ['mirrors.tags', 'arn:tg/nyah-shop-ef5e7c45-80'],
      [
        'mirrors.modifyTargetGroup',
        'arn:tg/nyah-shop-ef5e7c45-80',
        { attributes: { 'preserve_client_ip.enabled': 'false' } },
      ],
      ['mirrors.tags', 'arn:lb/nyah-shop-ef5e7c45'],
      ['mirrors.modifyLoadBalancer', 'arn:lb/nyah-shop-ef5e7c45', { subnets: ['subnet-a', 'subnet-c'] }],
      ['mirrors.tags', 'arn:listener/80'],
      ['mirrors.modifyListener', 'arn:listener/80', { protocol: 'TCP' }],
    ])
  })

  describe('what is not ours any more since the plan stays as it is', () => {
    const stolen = (tags: Tags): ModelWorld => {
      const { mirror, securityGroup } = mirrored()
      return {
        mirror: {
          ...mirror,
          loadBalancer: { ...mirror.loadBalancer!, tags },
          listeners: mirror.listeners.map((one) => ({ ...one, tags })),
          targetGroups: mirror.targetGroups.map((one) => ({ ...one, tags })),
        },
        securityGroup: { ...securityGroup!, tags },
      }
    }
    const own = mirrored().mirror.loadBalancer!.tags
    const { changes: removals } = planUnmirror({ scopes: [observed(null, mirrored(), { id: ID })] })
    const odd = mirrored()
    const updates = changesOf(tree(), {
      ...odd,
      mirror: {
        ...odd.mirror,
        loadBalancer: { ...odd.mirror.loadBalancer!, subnets: ['subnet-a'] },
        listeners: odd.mirror.listeners.map((one) => ({ ...one, protocol: 'TLS' })),
        targetGroups: odd.mirror.targetGroups.map((one) => ({ ...one, attributes: {} })),
      },
      securityGroup: { ...odd.securityGroup!, ingress: [{ protocol: 'tcp', port: 80, cidr: '10.0.0.0/8' }] },
    })
    const all = [...removals, ...updates].map((one) => [`${one.ref.type} ${one.kind}`, one] as const)

    it.each(all)('%s', async (_what, change) => {
      const { [TAG.managed]: _managed, ...unmanaged } = own
      for (const tags of [{}, unmanaged, { ...own, [TAG.octaviaId]: OTHER }, { ...own, [TAG.schema]: '2' }]) {
        const ports = fakePorts({ worlds: { [ID]: stolen(tags) } })
        const code = tags[TAG.schema] === '2' ? 'LB_NEWER_NYAH' : 'LB_NOT_OWNED'
        await expect(apply(change, ports)).rejects.toMatchObject({ code, exit: EXIT.refused })
        expect(ports.calls.filter(([call]) => /modify|delete|mirrors\.tag$/.test(call))).toEqual([])
      }
    })

    it('is all that there is to change', () => {
      expect(all.map(([what]) => what).toSorted()).toEqual([
        'listener delete',
        'listener update',
        'load-balancer delete',
        'load-balancer update',
        'security-group delete',
        'security-group update',
        'security-group update',
        'target-group delete',
        'target-group update',
      ])
    })
  })

  describe('what AWS cannot find any more', () => {
    const absent = nyahError({
      code: 'AWS_NOT_FOUND',
      message: 'ListenerNotFound',
      exit: EXIT.remote,
      tries: ['x', 'y'],
    })
    const { mirror, ...rest } = mirrored()
    const odd = {
      ...rest,
      mirror: { ...mirror, listeners: mirror.listeners.map((one) => ({ ...one, protocol: 'TLS' })) },
    }
    const update = changesOf(tree(), odd).find(({ ref }) => ref.type === 'listener')!
    const failing = { 'mirrors.modifyListener': absent, 'network.createSecurityGroup': absent }

    it('was deleted since the plan: the command that makes it anew is named', async () => {
      await expect(apply(update, fakePorts({ failing }))).rejects.toMatchObject({
        code: 'AWS_NOT_FOUND',
        exit: EXIT.remote,
        message: expect.stringMatching(/^listener TCP 80: .* was deleted since this was planned \(ListenerNotFound\)$/),
        tries: [`nyah lb mirror ${ID}`],
      })
      const asked = { ...ASKED_NOTHING, formerId: OTHER }
      const operation = retargetOperation(fakePorts({ failing }), settings(), { ids: [ID], wait: true, asked })
      await expect(operation.apply(update, scene())).rejects.toMatchObject({
        tries: [`nyah lb retarget ${OTHER} ${ID}`],
      })
    })

    it('and on which a mirror is made may be wrong in the configuration', async () => {
      const change = changesOf(tree()).find(({ ref }) => ref.type === 'security-group')!
      await expect(apply(change, fakePorts({ failing }))).rejects.toMatchObject({ tries: [`nyah lb diff ${ID}`, 'y'] })
    })
  })

  describe('a deregistration', () => {
    const shrunk = tree({ pools: [pool({ members: [member('10.20.0.13')] })] })
    const change = changesOf(shrunk, mirrored()).find((one) => one.id.endsWith('/deregister'))!
    const target = (address: string, state: 'healthy' | 'draining') => ({
      address,
      port: 8080,
      availabilityZone: 'all' as const,
      state,
      reason: null,
    })

    it('looks again first, and takes out what is still registered', async () => {
      const ports = fakePorts({
        worlds: { [ID]: mirrored() },
        health: [target('10.20.0.11', 'healthy'), target('10.20.0.12', 'draining')],
      })
      const { outputs, calls } = await apply(change, ports)
      expect(calls).toEqual([
        ['mirrors.targetHealth', 'arn:tg/nyah-shop-ef5e7c45-80'],
        ['mirrors.tags', 'arn:tg/nyah-shop-ef5e7c45-80'],
        ['mirrors.tag', 'arn:tg/nyah-shop-ef5e7c45-80', { [TAG.removals]: expect.stringMatching(/^1\./) }],
        ['mirrors.targetHealth', 'arn:tg/nyah-shop-ef5e7c45-80'],
        ['mirrors.tags', 'arn:tg/nyah-shop-ef5e7c45-80'],
        [
          'mirrors.deregisterTargets',
          'arn:tg/nyah-shop-ef5e7c45-80',
          [{ address: '10.20.0.11', port: 8080, availabilityZone: 'all' }],
          AT + 5_000,
        ],
      ])
      expect(outputs).toEqual({ deregistered: 1 })
    })

    it('writes nothing where all have gone', async () => {
      const { outputs, calls } = await apply(
        change,
        fakePorts({ worlds: { [ID]: mirrored() }, health: [target('10.20.0.99', 'healthy')] }),
      )
      expect(calls.map(([call]) => call)).toEqual(['mirrors.targetHealth', 'mirrors.tags'])
      expect(outputs).toEqual({ deregistered: 0 })
    })
  })

  it('of what it does not know is a bug, not silence', async () => {
    const [change] = changesOf(tree())
    await expect(apply({ ...change!, kind: 'shift' })).rejects.toThrow('no way to apply shift of security-group')
  })
})

describe('waiting', () => {
  const waiting = (source = tree(), world = mirrored(source)) =>
    mirrorOperation(fakePorts(), settings(), { ids: [ID], wait: true }).waiting?.({ scopes: [observed(source, world)] })
  const states = (...all: readonly (readonly [string, string | null])[]): ModelWorld => {
    const world = mirrored()
    const targetGroups = world.mirror.targetGroups.map((group) => ({
      ...group,
      targets: group.targets.map((target, at) => ({
        ...target,
        state: (all[at]?.[0] ?? 'healthy') as typeof target.state,
        reason: all[at]?.[1] ?? null,
      })),
    }))
    return { ...world, mirror: { ...world.mirror, targetGroups } }
  }

  it('ends once all is as it should be', () => {
    expect(waiting()).toEqual([])
  })

  it('names the targets that are missing, with their reasons', () => {
    expect(waiting(tree(), states(['healthy', null], ['unhealthy', 'Target.Timeout']))).toEqual([
      {
        subject: 'nyah-shop-ef5e7c45 port 80',
        detail: '1 of 2 targets healthy; 10.20.0.12:8080 is unhealthy (Target.Timeout)',
        scope: ID,
      },
    ])
    expect(waiting(tree(), states(['initial', 'Elb.InitialHealthChecking'], ['draining', null]))?.[0]?.detail).toBe(
      '0 of 2 targets healthy; 10.20.0.11:8080 is initial (Elb.InitialHealthChecking), 10.20.0.12:8080 is not registered',
    )
  })

  it.each([
    ['ONLINE', true],
    ['NO_MONITOR', true],
    ['OFFLINE', false],
    ['ERROR', false],
    ['DEGRADED', false],
    ['DRAINING', false],
  ] as const)('a member that is %s is waited for: %s', (operating_status, awaited) => {
    const source = tree({
      pools: [pool({ members: [member('10.20.0.11'), member('10.20.0.12', { operating_status })] })],
    })
    expect(waiting(source, states(['healthy', null], ['unhealthy', null]))).toHaveLength(awaited ? 1 : 0)
  })

  it.each(['provisioning', 'active_impaired', 'failed'] as const)('for a load balancer that is %s', (state) => {
    const world = mirrored()
    const slow = { ...world, mirror: { ...world.mirror, loadBalancer: { ...world.mirror.loadBalancer!, state } } }
    expect(waiting(tree(), slow)).toEqual([
      { scope: ID, subject: 'nyah-shop-ef5e7c45', detail: `the load balancer is ${state}` },
    ])
  })

  it('for a listener that is not there', () => {
    const world = mirrored()
    expect(waiting(tree(), { ...world, mirror: { ...world.mirror, listeners: [] } })).toMatchObject([
      { detail: 'there is no listener' },
    ])
  })

  it('for nothing of one that is gone', () => {
    const world = { scopes: [observed(null, mirrored(), { id: ID })] }
    expect(mirrorOperation(fakePorts(), settings(), { ids: [ID], wait: true }).waiting?.(world)).toEqual([])
  })
})

describe('the result', () => {
  const plan = { changes: [], findings: [] } as never

  it('is both sides, with what was not waited for', () => {
    const source = tree({
      listeners: [listener(), listener({ protocol_port: 81, default_pool_id: null })],
      pools: [pool({ members: [member('10.20.0.11'), member('10.20.0.12', { operating_status: 'ERROR' })] })],
    })
    const operation = mirrorOperation(fakePorts(), settings(), { ids: [ID], wait: true })
    expect(operation.summary({ scopes: [observed(source, mirrored(source))] }, plan)).toMatchObject({
      mirrors: [
        {
          id: ID,
          source: { name: 'shop', vip: '198.51.100.1', provisioning_status: 'ACTIVE' },
          mirror: { name: 'nyah-shop-ef5e7c45', dnsName: 'nyah-shop-ef5e7c45.elb.example.com', state: 'active' },
          network: 'internal',
          listeners: [
            { port: 80, verdict: 'mirrored', members: 2, registered: 2, healthy: 2, unhealthy: [] },
            { port: 81, verdict: 'empty', registered: 0, targetGroup: null },
          ],
          notes: [{ code: 'LB_NOT_WAITED_FOR', subject: '10.20.0.12:8080 (port 80)' }],
          changes: 0,
        },
      ],
    })
  })

  it('of a removal is what is left', () => {
    const operation = unmirrorOperation(fakePorts(), settings(), { id: ID })
    expect(operation.summary({ scopes: [observed(null, EMPTY, { id: ID })], references: null }, plan)).toEqual({
      mirrors: [{ id: ID, mirror: null, listeners: [], targetGroups: [], securityGroup: null, changes: 0 }],
    })
  })
})
