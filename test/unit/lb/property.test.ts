import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/lib/core/change.ts'
import { graphProblem } from '../../../src/lib/core/dag.ts'
import { ASKED_NOTHING, TAG, type Asked } from '../../../src/lib/lb/model.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { planUnmirror } from '../../../src/lib/lb/unmirror.ts'
import type { SourceListener, SourceMember, SourcePool, SourceTree } from '../../../src/lib/ports/source.ts'
import type { TargetState } from '../../../src/lib/ports/mirrors.ts'
import { applyAll, EMPTY, observed, type ModelWorld } from './model-world.ts'
import { httpMonitor, listener, loadBalancer, member, monitor, placement, pool, tree } from './sources.ts'

/** Generated load balancers: few ports, pools and addresses, so that two of them have much in common. */

const PORTS = [22, 80, 443, 8080]
const POOLS = ['p-a', 'p-b', 'p-c']
const RUNS = { numRuns: 200 }

const members: fc.Arbitrary<readonly SourceMember[]> = fc
  .uniqueArray(fc.record({ host: fc.integer({ min: 1, max: 5 }), port: fc.constantFrom(80, 81) }), {
    maxLength: 5,
    selector: ({ host, port }) => `${host}:${port}`,
  })
  .chain((hosts) =>
    fc.tuple(
      ...hosts.map(({ host, port }) =>
        fc
          .record({
            weight: fc.constantFrom(0, 1, 1, 5),
            admin_state_up: fc.constantFrom(true, true, false),
            backup: fc.constantFrom(false, false, false, true),
          })
          .map((over) => member(`10.20.0.${host}`, { protocol_port: port, ...over })),
      ),
    ),
  )

const somePool = (id: string): fc.Arbitrary<SourcePool> =>
  fc
    .record({
      members,
      protocol: fc.constantFrom('TCP', 'TCP', 'TCP', 'PROXYV2', 'PROXY'),
      tls_enabled: fc.constantFrom(false, false, true),
      healthmonitor: fc.constantFrom(null, monitor(), httpMonitor({ url_path: '/up' }), monitor({ delay: 400 })),
      admin_state_up: fc.constantFrom(true, true, true, false),
    })
    .map((over) => pool({ id, name: id, ...over }))

const someListener = (port: number): fc.Arbitrary<SourceListener> =>
  fc
    .record({
      default_pool_id: fc.constantFrom(null, ...POOLS, ...POOLS),
      admin_state_up: fc.constantFrom(true, true, true, false),
      protocol: fc.constantFrom('TCP', 'TCP', 'TERMINATED_HTTPS', 'TERMINATED_HTTPS', 'UDP'),
      default_tls_container_ref: fc.constant('c0c0'),
      timeout_client_data: fc.constantFrom(50_000, 120_000),
      allowed_cidrs: fc.constantFrom(null, ['192.0.2.0/24'], ['192.0.2.0/24', '10.1.2.3/8']),
      connection_limit: fc.constantFrom(-1, -1, 100),
    })
    .map((over) => listener({ protocol_port: port, name: `l-${port}`, ...over }))

const someTree: fc.Arbitrary<SourceTree> = fc
  .record({
    listeners: fc.subarray(PORTS).chain((ports) => fc.tuple(...ports.map(someListener))),
    pools: fc.tuple(...POOLS.map(somePool)),
    name: fc.constantFrom('shop', 'shop (new)', '決済'),
  })
  .map(({ listeners, pools, name }) => tree({ loadbalancer: loadBalancer({ name }), listeners, pools }))

const place = placement({ certificates: { c0c0: 'arn:aws:acm:ap-northeast-1:111122223333:certificate/c0c0' } })
const weights = fc.constantFrom<Asked['weights']>('equal', 'target-groups')
type Weights = Asked['weights']
const seen = (source: SourceTree | null, world: ModelWorld, kept: Weights = 'target-groups') =>
  observed(source, world, {
    id: loadBalancer().id,
    placement: place,
    asked: { ...ASKED_NOTHING, weights: kept },
  })
const plan = (source: SourceTree, world: ModelWorld, kept?: Weights) =>
  planMirrors({ scopes: [seen(source, world, kept)] })
const down = (world: ModelWorld) => planUnmirror({ scopes: [observed(null, world, { id: loadBalancer().id })] })
const mirror = (source: SourceTree, world: ModelWorld = EMPTY, state: TargetState = 'healthy', kept?: Weights) =>
  applyAll(world, plan(source, world, kept).changes, state)

/** What users get of a mirror: without names, ARNs and what drains. */
const essence = ({ mirror: { loadBalancer: balancer, listeners, targetGroups }, securityGroup }: ModelWorld) => ({
  subnets: balancer?.subnets,
  groups: balancer?.securityGroups,
  ingress: securityGroup?.ingress.map((rule) => `${rule.port} ${rule.cidr}`).toSorted(),
  listeners: listeners
    .toSorted((a, b) => a.port - b.port)
    .map(({ port, protocol, forward }) => ({
      port,
      protocol,
      groups: forward.map(({ targetGroupArn, weight }) => {
        const group = targetGroups.find((one) => one.arn === targetGroupArn)
        return { weight, check: group?.healthCheck, attributes: group?.attributes, targets: targetsOf(group) }
      }),
    })),
  groupPorts: targetGroups.map((group) => group.port).toSorted((a, b) => a - b),
})

const targetsOf = (group: ModelWorld['mirror']['targetGroups'][number] | undefined) =>
  group?.targets.flatMap((one) => (one.state === 'draining' ? [] : [`${one.address}:${one.port}`])).toSorted()

/** Listeners whose traffic goes where nothing is registered. */
const sendingToNobody = ({ mirror: { listeners, targetGroups } }: ModelWorld): readonly number[] =>
  listeners
    .filter(({ forward }) =>
      forward
        .filter(({ weight }) => weight > 0)
        .every((one) => (targetsOf(targetGroups.find(({ arn }) => arn === one.targetGroupArn)) ?? []).length === 0),
    )
    .map(({ port }) => port)

/** Does `later` come after `earlier`, by needs alone? */
function comesAfter(changes: readonly Change[], later: string, earlier: string): boolean {
  const one = changes.find((change) => change.id === later)
  return one !== undefined && one.needs.some((need) => need === earlier || comesAfter(changes, need, earlier))
}

describe('whatever the load balancer', () => {
  it('a plan that was applied leaves nothing to do', () => {
    fc.assert(
      fc.property(someTree, fc.constantFrom<TargetState>('healthy', 'initial', 'unhealthy'), (source, state) => {
        expect(plan(source, mirror(source, EMPTY, state)).changes).toEqual([])
      }),
      RUNS,
    )
  })

  it('a mirror brought up to date equals a fresh one', () => {
    fc.assert(
      fc.property(someTree, someTree, weights, weights, (before, after, kept, keeps) => {
        // What is refused is left as it is: only a source without refusals says what all of the mirror should be.
        const refused = plan(after, EMPTY, keeps).findings.some(({ severity }) => severity === 'refuse')
        fc.pre(!refused)
        const synced = mirror(after, mirror(before, EMPTY, 'healthy', kept), 'healthy', keeps)
        expect(plan(after, synced, keeps).changes).toEqual([])
        expect(essence(synced)).toEqual(essence(mirror(after, EMPTY, 'healthy', keeps)))
      }),
      RUNS,
    )
  })

  it('a change cut off anywhere is finished by the next, and no listener ever sends to nobody', () => {
    fc.assert(
      fc.property(someTree, someTree, weights, weights, fc.nat(30), (before, after, kept, keeps, at) => {
        const world = mirror(before, EMPTY, 'healthy', kept)
        const { changes } = plan(after, world, keeps)
        const cut = applyAll(world, closed(changes, at))
        expect(sendingToNobody(cut)).toEqual([])
        const finished = mirror(after, cut, 'healthy', keeps)
        expect(plan(after, finished, keeps).changes).toEqual([])
        expect(essence(finished)).toEqual(essence(mirror(after, world, 'healthy', keeps)))
      }),
      RUNS,
    )
  })

  it('a run cut off anywhere is finished by the next', () => {
    fc.assert(
      fc.property(someTree, fc.nat(30), (source, at) => {
        const { changes } = plan(source, EMPTY)
        const cut = applyAll(EMPTY, closed(changes, at))
        const finished = mirror(source, cut)
        expect(plan(source, finished).changes).toEqual([])
        expect(essence(finished)).toEqual(essence(mirror(source)))
      }),
      RUNS,
    )
  })

  it('the same world gives the same plan, however it is listed', () => {
    fc.assert(
      fc.property(someTree, someTree, (before, after) => {
        const world = mirror(before)
        const turned: SourceTree = {
          ...after,
          listeners: after.listeners.toReversed(),
          pools: after.pools.toReversed().map((one) => ({ ...one, members: one.members.toReversed() })),
        }
        expect(plan(turned, turnedWorld(world))).toEqual(plan(after, world))
        expect(down(turnedWorld(world))).toEqual(down(world))
      }),
      RUNS,
    )
  })

  it('health decides nothing, but whether a removal leaves somebody healthy, and who is waited for', () => {
    fc.assert(
      fc.property(someTree, someTree, (before, after) => {
        const sick = plan(after, mirror(before, EMPTY, 'unhealthy'))
        const sound = plan(after, mirror(before))
        // Of groups that take over, one in which nobody can become healthy now is not waited for.
        const takesOver = sound.changes.some(({ kind }) => kind === 'wait')
        if (takesOver) expect(deeds(sound)).toEqual(deeds(sick))
        else expect(healthless(sound)).toEqual(healthless(sick))
      }),
      RUNS,
    )
  })

  it('the graph can be carried out, and adds before it removes', () => {
    fc.assert(
      fc.property(someTree, someTree, (before, after) => {
        const { changes } = plan(after, mirror(before))
        expect(graphProblem(changes)).toBeNull()
        for (const change of changes.filter((one) => one.id.endsWith('/deregister'))) {
          const register = change.id.replace('/deregister', '/register')
          if (changes.some((one) => one.id === register)) expect(comesAfter(changes, change.id, register)).toBe(true)
        }
        for (const change of changes.filter((one) => one.id.endsWith('/revoke'))) {
          const closing = change.id.replace('security-group', 'listener').replace('/revoke', '/delete')
          if (changes.some((one) => one.id === closing)) expect(comesAfter(changes, change.id, closing)).toBe(true)
        }
        for (const change of changes) {
          if (change.kind === 'delete' || change.id.endsWith('/revoke')) expect(change.risk).toBe('removes')
        }
      }),
      RUNS,
    )
  })

  it('nothing is touched that nyah does not own', () => {
    const parts = ['loadBalancer', 'targetGroups', 'securityGroup', 'listeners'] as const
    fc.assert(
      fc.property(someTree, someTree, fc.constantFrom(...parts), fc.boolean(), (before, after, part, other) => {
        const world = disowned(mirror(before), part, other)
        const foreign = foreignIds(world)
        fc.pre(foreign.size > 0)
        for (const { changes } of [plan(after, world), planUnmirror({ scopes: [observed(after, world)] })]) {
          expect(changes.filter((change) => change.ref.id !== null && foreign.has(change.ref.id))).toEqual([])
          if (part !== 'listeners') expect(changes).toEqual([])
        }
      }),
      RUNS,
    )
  })

  it('taken down, nothing is left', () => {
    fc.assert(
      fc.property(someTree, fc.nat(30), (source, at) => {
        const world = applyAll(EMPTY, closed(plan(source, EMPTY).changes, at))
        const { changes } = down(world)
        expect(graphProblem(changes)).toBeNull()
        expect(applyAll(world, changes)).toEqual(EMPTY)
      }),
      RUNS,
    )
  })
})

/** Without the removals' own word on who stays. */
const healthless = (draft: ReturnType<typeof plan>) => ({
  ...draft,
  changes: draft.changes.map((one) => ({ ...one, before: { ...one.before, healthyStays: undefined } })),
})

const deeds = ({ changes }: ReturnType<typeof plan>): readonly string[] =>
  changes.flatMap(({ id, kind }) => (kind === 'wait' ? [] : [id]))

/** As AWS might list it another time. */
const turnedWorld = ({ mirror: it, securityGroup }: ModelWorld): ModelWorld => ({
  mirror: {
    hash: it.hash,
    loadBalancer: it.loadBalancer && { ...it.loadBalancer, subnets: it.loadBalancer.subnets.toReversed() },
    listeners: it.listeners.toReversed(),
    targetGroups: it.targetGroups.toReversed().map((one) => ({ ...one, targets: one.targets.toReversed() })),
  },
  securityGroup: securityGroup && { ...securityGroup, ingress: securityGroup.ingress.toReversed() },
})

/** The first `at` changes with all that they need: what a run may have done when it is killed. */
function closed(changes: readonly Change[], at: number): readonly Change[] {
  const ids = new Set<string>()
  const add = (id: string): void => {
    if (ids.has(id)) return
    ids.add(id)
    for (const need of changes.find((one) => one.id === id)?.needs ?? []) add(need)
  }
  for (const change of changes.slice(0, at)) add(change.id)
  return changes.filter((change) => ids.has(change.id))
}

function disowned(
  world: ModelWorld,
  part: 'loadBalancer' | 'targetGroups' | 'securityGroup' | 'listeners',
  other: boolean,
): ModelWorld {
  const strip = <Thing extends { readonly tags: object }>(thing: Thing): Thing => ({
    ...thing,
    tags: other ? { ...thing.tags, [TAG.octaviaId]: 'another' } : {},
  })
  const { mirror: it, securityGroup } = world
  return {
    mirror: {
      hash: it.hash,
      loadBalancer: part === 'loadBalancer' && it.loadBalancer !== null ? strip(it.loadBalancer) : it.loadBalancer,
      listeners: part === 'listeners' ? it.listeners.map(strip) : it.listeners,
      targetGroups: part === 'targetGroups' ? it.targetGroups.map(strip) : it.targetGroups,
    },
    securityGroup: part === 'securityGroup' && securityGroup !== null ? strip(securityGroup) : securityGroup,
  }
}

const foreignIds = ({ mirror: it, securityGroup }: ModelWorld): ReadonlySet<string> =>
  new Set(
    [it.loadBalancer, ...it.listeners, ...it.targetGroups, securityGroup].flatMap((thing) =>
      thing === null || thing.tags[TAG.octaviaId] === loadBalancer().id ? [] : ['arn' in thing ? thing.arn : thing.id],
    ),
  )
