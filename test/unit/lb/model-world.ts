import type { Change } from '../../../src/lib/core/change.ts'
import { resolveTokens } from '../../../src/lib/core/token.ts'
import { ASKED_NOTHING, TAG, type Observed } from '../../../src/lib/lb/model.ts'
import { hashOf } from '../../../src/lib/lb/names.ts'
import { headOf, stamped } from '../../../src/lib/lb/removals.ts'
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
import { facts, ID, placement } from './sources.ts'

/** One load balancer's two sides as plain data, and what a plan makes of the AWS side. Refuses what AWS refuses. */
export interface ModelWorld {
  readonly mirror: MirrorTree
  readonly securityGroup: SecurityGroup | null
}

/** When the model's worlds are observed, and when their plans are applied: milliseconds since the epoch. */
export const AT = Date.UTC(2026, 10, 23)

export const EMPTY: ModelWorld = {
  mirror: { hash: hashOf(ID), loadBalancer: null, listeners: [], targetGroups: [] },
  securityGroup: null,
}

export const observed = (
  source: SourceTree | null,
  world: ModelWorld = EMPTY,
  over: Partial<Observed> = {},
): Observed => ({
  id: source?.loadbalancer.id ?? over.id ?? '',
  at: AT,
  asked: ASKED_NOTHING,
  source,
  unread: null,
  mirror: world.mirror,
  securityGroup: world.securityGroup,
  placement: placement(),
  network: facts(),
  elasticAddresses: [],
  limits: null,
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

/** One change, its tokens resolved already; `at`: when, milliseconds since the epoch. */
export function applyOne(world: ModelWorld, change: Change, state: TargetHealth['state'], at = AT): Step {
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
      if (mirror.listeners.some((listener) => names(listener, id))) throw new Error('ResourceInUse')
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
      const { targetGroupArn, targets, removals } = change.before as unknown as {
        targetGroupArn: string
        targets: readonly Target[]
        removals: string | null
      }
      const claim = (after as { removals: string }).removals
      const gone = new Set(targets.map(keyOf))
      const drain = (target: TargetHealth): TargetHealth =>
        gone.has(keyOf(target)) ? { ...target, state: 'draining', reason: 'Target.DeregistrationInProgress' } : target
      const tagged = (group: TargetGroup): TargetGroup => {
        const tag = group.tags[TAG.removals]
        if ((headOf(tag) ?? null) !== removals) throw new Error('LB_FOREIGN_EPOCH')
        return { ...group, tags: { ...group.tags, [TAG.removals]: stamped(tag, claim, at) } }
      }
      const taken = (group: TargetGroup): TargetGroup => ({ ...tagged(group), targets: group.targets.map(drain) })
      return [withGroup(world, targetGroupArn, taken), {}]
    }
    case 'targets wait': {
      const { targetGroupArn } = after as { targetGroupArn: string }
      // AWS checks only what a listener names.
      if (!mirror.listeners.some((listener) => names(listener, targetGroupArn))) throw new Error('Target.NotInUse')
      return [world, {}]
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
      const { untag = [], ...rest } = after as Partial<LoadBalancerSpec> & { untag?: readonly string[] }
      const next = { ...mirror.loadBalancer, ...merged(mirror.loadBalancer, rest) }
      const tags = Object.fromEntries(Object.entries(next.tags).filter(([key]) => !untag.includes(key)))
      if (next.ipAddressType === 'ipv4') demandIpv4(mirror)
      return [withMirror(world, { loadBalancer: { ...next, tags } }), {}]
    }
    case 'load-balancer delete':
      return [withMirror(world, { loadBalancer: null, listeners: [] }), {}]
    case 'listener create': {
      const spec = after as ListenerSpec
      if (mirror.listeners.some((one) => one.port === spec.port)) throw new Error('DuplicateListener')
      const made: Listener = listed({ ...spec, arn: `arn:listener/${spec.port}` })
      demandFitting(mirror, made)
      return [withMirror(world, { listeners: [...mirror.listeners, made] }), { arn: made.arn }]
    }
    case 'listener update': {
      const changed = (one: Listener): Listener =>
        one.arn === id ? listed(plainTls({ ...one, ...merged(one, after) })) : one
      for (const one of mirror.listeners) if (one.arn === id) demandFitting(mirror, changed(one))
      return [withMirror(world, { listeners: mirror.listeners.map(changed) }), {}]
    }
    case 'listener delete':
      return [withMirror(world, { listeners: mirror.listeners.filter((one) => one.arn !== id) }), {}]
    default:
      throw new Error(`unknown change ${change.ref.type} ${change.kind}`)
  }
}

const names = (listener: Pick<Listener, 'forward'>, arn: string): boolean =>
  listener.forward.some(({ targetGroupArn }) => targetGroupArn === arn)

/** As AWS lists it. */
const listed = (listener: Listener): Listener => ({
  ...listener,
  forward: listener.forward.toSorted((a, b) => (a.targetGroupArn < b.targetGroupArn ? -1 : 1)),
})

/** Certificates and policies go with TLS, attributes with TCP. */
const plainTls = (listener: Listener): Listener =>
  listener.protocol === 'TLS'
    ? { ...listener, attributes: {} }
    : { ...listener, certificates: [], sslPolicy: null, alpnPolicy: null }

/** What AWS demands of a listener and its target groups. */
function demandFitting(mirror: MirrorTree, { protocol, forward, certificates, port }: Listener): void {
  if (forward.length === 0) throw new Error('ValidationError: no action')
  if (forward.length > 1 && forward.every(({ weight }) => weight === 0)) throw new Error('ValidationError: weights')
  if (protocol === 'TLS' && certificates.length === 0) throw new Error('CertificateNotFound')
  for (const { targetGroupArn } of forward) {
    const group = mirror.targetGroups.find((one) => one.arn === targetGroupArn)
    if (group === undefined) throw new Error('TargetGroupNotFound')
    if (protocol === 'TCP' && group.protocol !== 'TCP') throw new Error(`IncompatibleProtocols on ${port}`)
    if (group.ipAddressType === 'ipv6' && mirror.loadBalancer?.ipAddressType !== 'dualstack')
      throw new Error('InvalidConfigurationRequest: IPv6 targets')
  }
}

function demandIpv4(mirror: MirrorTree): void {
  const ipv6 = mirror.targetGroups.filter((group) => group.ipAddressType === 'ipv6')
  if (ipv6.some(({ arn }) => mirror.listeners.some((listener) => names(listener, arn))))
    throw new Error('InvalidConfigurationRequest: IPv6 targets')
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
