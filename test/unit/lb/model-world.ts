import type { Change } from '../../../src/lib/core/change.ts'
import { resolveTokens } from '../../../src/lib/core/token.ts'
import type { Observed } from '../../../src/lib/lb/model.ts'
import type {
  Listener,
  ListenerSpec,
  LoadBalancer,
  LoadBalancerSpec,
  MirrorTree,
  Target,
  TargetGroup,
  TargetGroupSpec,
  TargetHealth,
} from '../../../src/lib/ports/mirrors.ts'
import type { IngressRule, SecurityGroup, SecurityGroupSpec } from '../../../src/lib/ports/network.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { facts, placement } from './sources.ts'

/** One load balancer's two sides as plain data, and what a plan makes of the AWS side. Refuses what AWS refuses. */
export interface ModelWorld {
  readonly mirror: MirrorTree
  readonly securityGroup: SecurityGroup | null
}

export const EMPTY: ModelWorld = {
  mirror: { loadBalancer: null, listeners: [], targetGroups: [] },
  securityGroup: null,
}

export const observed = (
  source: SourceTree | null,
  world: ModelWorld = EMPTY,
  over: Partial<Observed> = {},
): Observed => ({
  id: source?.loadbalancer.id ?? over.id ?? '',
  source,
  mirror: world.mirror,
  securityGroup: world.securityGroup,
  placement: placement(),
  network: facts(),
  elasticAddresses: [],
  ...over,
})

const keyOf = (target: { readonly address: string; readonly port: number }): string =>
  `${target.address} ${target.port}`

/** In an order that honours `needs`: of what is free, the last in the list first, so that hidden orders show. */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  const done = new Set<string>()
  const order: Change[] = []
  while (order.length < changes.length) {
    const next = changes.findLast((one) => !done.has(one.id) && one.needs.every((need) => done.has(need)))
    if (next === undefined) throw new Error('the changes need each other in a circle')
    done.add(next.id)
    order.push(next)
  }
  return order
}

/** All of a plan, applied. New targets are `state`. */
export function applyAll(
  world: ModelWorld,
  changes: readonly Change[],
  state: TargetHealth['state'] = 'healthy',
): ModelWorld {
  const outputs = new Map<string, { readonly [key: string]: string }>()
  let now = world
  for (const change of inOrder(changes)) {
    const after = change.after === null ? null : resolveTokens(change.after, (id) => outputs.get(id))
    const [next, out] = applyOne(now, { ...change, after }, state)
    now = next
    outputs.set(change.id, out)
  }
  return now
}

type Step = readonly [ModelWorld, { readonly [key: string]: string }]

function applyOne(world: ModelWorld, change: Change, state: TargetHealth['state']): Step {
  const { mirror } = world
  const after = change.after as never
  const id = change.ref.id ?? ''
  switch (`${change.ref.type} ${change.kind}`) {
    case 'security-group create': {
      if (world.securityGroup !== null) throw new Error('InvalidGroup.Duplicate')
      return [{ ...world, securityGroup: { ...(after as SecurityGroupSpec), id: 'sg-1' } }, { id: 'sg-1' }]
    }
    case 'security-group update':
      return [{ ...world, securityGroup: ruled(world.securityGroup, after) }, {}]
    case 'security-group delete':
      if (mirror.loadBalancer !== null) throw new Error('DependencyViolation')
      return [{ ...world, securityGroup: null }, {}]
    case 'target-group create': {
      const spec = after as TargetGroupSpec
      if (mirror.targetGroups.some((group) => group.name === spec.name)) throw new Error('DuplicateTargetGroupName')
      const arn = `arn:tg/${spec.name}`
      return [withGroups(world, [...mirror.targetGroups, { ...spec, arn, loadBalancerArns: [], targets: [] }]), { arn }]
    }
    case 'target-group update':
      return [withGroup(world, id, (group) => ({ ...group, ...merged(group, after) })), {}]
    case 'target-group delete':
      if (mirror.listeners.some((listener) => listener.targetGroupArn === id)) throw new Error('ResourceInUse')
      return [
        withGroups(
          world,
          mirror.targetGroups.filter((group) => group.arn !== id),
        ),
        {},
      ]
    case 'targets create': {
      const { targetGroupArn, targets } = after as { targetGroupArn: string; targets: readonly Target[] }
      return [withGroup(world, targetGroupArn, (group) => registeredIn(group, targets, state)), {}]
    }
    case 'targets delete': {
      const { targetGroupArn, targets } = change.before as unknown as {
        targetGroupArn: string
        targets: readonly Target[]
      }
      const gone = new Set(targets.map(keyOf))
      const drain = (target: TargetHealth): TargetHealth =>
        gone.has(keyOf(target)) ? { ...target, state: 'draining', reason: 'Target.DeregistrationInProgress' } : target
      return [withGroup(world, targetGroupArn, (group) => ({ ...group, targets: group.targets.map(drain) })), {}]
    }
    case 'load-balancer create': {
      if (mirror.loadBalancer !== null) throw new Error('DuplicateLoadBalancerName')
      const spec = after as LoadBalancerSpec
      const made: LoadBalancer = {
        ...spec,
        arn: `arn:lb/${spec.name}`,
        type: 'network',
        vpcId: 'vpc-1',
        dnsName: `${spec.name}.elb.example.com`,
        hostedZoneId: 'Z1',
        state: 'active',
      }
      return [withMirror(world, { loadBalancer: made }), { arn: made.arn, dnsName: made.dnsName, hostedZoneId: 'Z1' }]
    }
    case 'load-balancer update': {
      if (mirror.loadBalancer === null) throw new Error('LoadBalancerNotFound')
      return [
        withMirror(world, { loadBalancer: { ...mirror.loadBalancer, ...merged(mirror.loadBalancer, after) } }),
        {},
      ]
    }
    case 'load-balancer delete':
      return [withMirror(world, { loadBalancer: null, listeners: [] }), {}]
    case 'listener create': {
      const spec = after as ListenerSpec
      if (mirror.listeners.some((one) => one.port === spec.port)) throw new Error('DuplicateListener')
      if (!mirror.targetGroups.some((group) => group.arn === spec.targetGroupArn))
        throw new Error('TargetGroupNotFound')
      const made: Listener = { ...spec, arn: `arn:listener/${spec.port}` }
      return [withMirror(world, { listeners: [...mirror.listeners, made] }), { arn: made.arn }]
    }
    case 'listener update': {
      const changed = (one: Listener): Listener => (one.arn === id ? { ...one, ...merged(one, after) } : one)
      return [withMirror(world, { listeners: mirror.listeners.map(changed) }), {}]
    }
    case 'listener delete':
      return [withMirror(world, { listeners: mirror.listeners.filter((one) => one.arn !== id) }), {}]
    default:
      throw new Error(`unknown change ${change.ref.type} ${change.kind}`)
  }
}

/** Tags and attributes are merged, the rest is replaced: as AWS does. */
function merged<Thing extends { readonly tags: object }>(thing: Thing, after: Partial<Thing>): Partial<Thing> {
  const both = after as Partial<Thing> & { attributes?: object }
  return {
    ...after,
    ...(after.tags === undefined ? {} : { tags: { ...thing.tags, ...after.tags } }),
    ...(both.attributes === undefined
      ? {}
      : { attributes: { ...(thing as { attributes?: object }).attributes, ...both.attributes } }),
  }
}

function ruled(
  group: SecurityGroup | null,
  after: { allow: readonly IngressRule[]; revoke: readonly IngressRule[]; tags?: Readonly<Record<string, string>> },
): SecurityGroup {
  if (group === null) throw new Error('InvalidGroup.NotFound')
  const rule = (one: IngressRule): string => `${one.port} ${one.cidr}`
  const revoked = new Set(after.revoke.map(rule))
  return {
    ...group,
    ingress: [...group.ingress, ...after.allow].filter((one) => !revoked.has(rule(one))),
    tags: { ...group.tags, ...after.tags },
  }
}

function registeredIn(group: TargetGroup, targets: readonly Target[], state: TargetHealth['state']): TargetGroup {
  const keys = new Set(targets.map(keyOf))
  const others = group.targets.filter((target) => !keys.has(keyOf(target)))
  return { ...group, targets: [...others, ...targets.map((target) => ({ ...target, state, reason: null }))] }
}

const withMirror = (world: ModelWorld, part: Partial<MirrorTree>): ModelWorld => ({
  ...world,
  mirror: { ...world.mirror, ...part },
})

const withGroups = (world: ModelWorld, targetGroups: readonly TargetGroup[]): ModelWorld =>
  withMirror(world, { targetGroups })

function withGroup(world: ModelWorld, arn: string, change: (group: TargetGroup) => TargetGroup): ModelWorld {
  if (!world.mirror.targetGroups.some((group) => group.arn === arn)) throw new Error('TargetGroupNotFound')
  return withGroups(
    world,
    world.mirror.targetGroups.map((group) => (group.arn === arn ? change(group) : group)),
  )
}
