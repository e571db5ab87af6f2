import type { Json, JsonObject } from '../core/json.ts'
import type { Plan } from '../core/plan.ts'
import { endpoint } from './addresses.ts'
import type { LbWorld, Observed } from './model.ts'
import { ownedOf, registered, type Owned } from './owned.ts'
import { judge } from './judge.ts'
import { portOfKey } from './names.ts'
import { awaited } from './waiting.ts'

/** `{mirrors: [{id, source, mirror, securityGroup, listeners, notes, changes}]}`: what is there now, and what was left to do. */
export const summaryOf = (world: LbWorld, plan: Plan): Json => ({
  mirrors: world.scopes.map((observed) =>
    describe(observed, plan.changes.filter((one) => one.scope === observed.id).length),
  ),
})

/** The same where Octavia was not asked. */
export const removalSummaryOf = (world: LbWorld, plan: Plan): Json => ({
  mirrors: world.scopes.map((observed) => {
    const owned = ownedOf(observed)
    return {
      id: observed.id,
      mirror: mirrorOf(owned),
      listeners: [...owned.listeners.keys()],
      targetGroups: [...owned.targetGroups.values(), ...owned.spareTargetGroups].map((group) => group.name),
      securityGroup: owned.securityGroup?.id ?? null,
      changes: plan.changes.filter((one) => one.scope === observed.id).length,
    }
  }),
})

/** One load balancer beside its mirror; `surplus` listeners are the mirror's only. `changes`: how many changes the plan has for it. */
export function describe(observed: Observed, changes: number): JsonObject {
  const { source } = observed
  const owned = ownedOf(observed)
  const judged = judge(observed)
  const translated = judged?.translation.listeners ?? []
  const listeners = translated.map((listener): JsonObject => {
    // A refused UDP listener may share its port with a TCP one: the target groups are that one's.
    const shared = translated.some((one) => one.port === listener.port && one.verdict === 'mirrored')
    return {
      port: listener.port,
      listener: listener.subject,
      pool: listener.pool,
      verdict: listener.verdict,
      members: listener.targets.length,
      ...targetCounts(owned, listener.verdict !== 'mirrored' && shared ? null : listener.port),
    }
  })
  const surplus = [...owned.listeners.keys()]
    .filter((port) => !translated.some((listener) => listener.port === port))
    .map((port): JsonObject => ({
      port,
      listener: null,
      pool: null,
      verdict: 'surplus',
      members: 0,
      ...targetCounts(owned, port),
    }))
  return {
    id: observed.id,
    source:
      source === null
        ? null
        : {
            name: source.loadbalancer.name,
            vip: source.loadbalancer.vip_address,
            provisioning_status: source.loadbalancer.provisioning_status,
            operating_status: source.loadbalancer.operating_status,
            updated_at: source.loadbalancer.updated_at,
          },
    mirror: mirrorOf(owned),
    network: observed.placement.name,
    securityGroup: owned.securityGroup?.id ?? null,
    listeners: [...listeners, ...surplus],
    notes: notWaitedFor(observed),
    changes,
  }
}

function mirrorOf({ loadBalancer }: Owned): JsonObject | null {
  if (loadBalancer === null) return null
  const { name, arn, dnsName, hostedZoneId, state, scheme, vpcId } = loadBalancer
  return { name, arn, dnsName, hostedZoneId, state, scheme, vpcId, subnets: [...loadBalancer.subnets] }
}

/** How the targets of one port stand: in all, and by target group. */
function targetCounts(owned: Owned, port: number | null): JsonObject {
  const groups = port === null ? [] : groupsOf(owned, port)
  // One that is built beside the others has no share yet: its targets are not counted twice.
  const serving = groups.some(({ share }) => share > 0) ? groups.filter(({ share }) => share > 0) : groups
  const sum = (of: (tally: GroupTally) => number): number => serving.reduce((total, one) => total + of(one), 0)
  return {
    targetGroup: serving[0]?.name ?? null,
    registered: sum((one) => one.registered),
    healthy: sum((one) => one.healthy),
    draining: sum((one) => one.draining),
    unhealthy: serving.flatMap((one) => one.unhealthy),
    groups: groups.map((one): JsonObject => ({ ...one })),
  }
}

type GroupTally = {
  readonly name: string
  /** Of the listener's weights, 0-100; 0: it gets no traffic. */
  readonly share: number
  readonly registered: number
  readonly healthy: number
  readonly draining: number
  readonly unhealthy: readonly JsonObject[]
}

/** By share, the greatest first. */
function groupsOf(owned: Owned, port: number): readonly GroupTally[] {
  const forward = owned.listeners.get(port)?.forward ?? []
  const all = forward.reduce((sum, { weight }) => sum + weight, 0)
  return [...owned.targetGroups]
    .filter(([key]) => portOfKey(key) === port)
    .map(([, group]): GroupTally => {
      const present = registered(group)
      const weight = forward.find(({ targetGroupArn }) => targetGroupArn === group.arn)?.weight ?? 0
      return {
        name: group.name,
        share: all === 0 ? 0 : Math.round((weight / all) * 1000) / 10,
        registered: present.length,
        healthy: present.filter((target) => target.state === 'healthy').length,
        draining: group.targets.length - present.length,
        unhealthy: present
          .filter((target) => target.state !== 'healthy')
          .map(({ reason, state, ...target }) => ({ target: endpoint(target), state, reason })),
      }
    })
    .toSorted((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1))
}

/** Members whose health Octavia does not vouch for: said once, never waited for. */
function notWaitedFor(observed: Observed): readonly Json[] {
  const judged = judge(observed)
  return (judged?.desired.listeners ?? []).flatMap((listener) =>
    listener.groups
      .flatMap(({ targets }) => targets)
      .filter((target) => !awaited(target))
      .map((target) => ({
        code: 'LB_NOT_WAITED_FOR',
        subject: `${endpoint(target)} (port ${listener.port})`,
        message: `its member is ${target.status} in Octavia: its health on the NLB is not waited for`,
      })),
  )
}
