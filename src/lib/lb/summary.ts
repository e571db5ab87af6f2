import type { Json, JsonObject } from '../core/json.ts'
import type { Finding, Plan } from '../core/plan.ts'
import type { Fidelity, Verdict } from '../core/report.ts'
import type { SourceTree } from '../ports/source.ts'
import { endpoint } from './addresses.ts'
import type { LbWorld, Observed } from './model.ts'
import { ownedOf, registered, type Owned } from './owned.ts'
import { inStepOf } from './held.ts'
import { judge } from './judge.ts'
import { portOfKey } from './names.ts'
import { label } from './remarks.ts'
import { awaited } from './waiting.ts'

/**
 * `{health, mirrors: [{id, source, mirror, securityGroup, listeners, notes, fidelity, changes, held, refused}]}`: what is
 * there now, what was left to do, and what stopped a part of it.
 */
export const summaryOf = (world: LbWorld, plan: Plan): Json => ({
  health: healthOf(world),
  mirrors: world.scopes.map((observed) => ({
    ...describe(observed, plan.changes.filter((one) => one.scope === observed.id).length),
    held: stopping(plan, observed.id, 'hold'),
    refused: stopping(plan, observed.id, 'refuse'),
  })),
})

/** Findings that nobody overruled. */
const stopping = ({ findings }: Plan, scope: string, severity: Finding['severity']): readonly JsonObject[] =>
  findings
    .filter((one) => one.scope === scope && one.severity === severity && one.allowed === undefined)
    .map(({ code, subject, since }) => ({ code, subject, ...(severity === 'hold' ? { since: since ?? null } : {}) }))

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

/**
 * One load balancer beside its mirror. Of its listeners, `surplus` are the mirror's only, and `unknown` those of which
 * Octavia could not be asked. `changes`: how many changes the plan has for it; null: there is no plan.
 */
export function describe(observed: Observed, changes: number | null): JsonObject {
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
      verdict: observed.unread === null ? 'surplus' : 'unknown',
      members: observed.unread === null ? 0 : null,
      ...targetCounts(owned, port),
    }))
  return {
    id: observed.id,
    source: source === null ? null : sourceOf(source),
    mirror: mirrorOf(owned),
    network: observed.placement.name,
    securityGroup: owned.securityGroup?.id ?? null,
    listeners: [...listeners, ...surplus],
    notes: notWaitedFor(observed),
    fidelity: judged === null ? null : verdictsOf(judged.translation.fidelity),
    inStepWith: inStepOf(owned.loadBalancer?.tags ?? {}),
    changes,
  }
}

/** What Octavia alone says, where AWS could not be read. */
export const describeSource = (tree: SourceTree): JsonObject => ({
  id: tree.loadbalancer.id,
  source: sourceOf(tree),
  mirror: null,
  network: null,
  securityGroup: null,
  listeners: tree.listeners
    .toSorted((a, b) => a.protocol_port - b.protocol_port)
    .map((listener): JsonObject => {
      const pool = tree.pools.find(({ id }) => id === listener.default_pool_id)
      return {
        port: listener.protocol_port,
        listener: `listener ${label(listener)} (port ${listener.protocol_port})`,
        pool: pool === undefined ? 'no pool' : `pool ${label(pool)}`,
        verdict: 'unknown',
        members: pool?.members.length ?? 0,
        targetGroup: null,
        registered: null,
        healthy: null,
        draining: null,
        unhealthy: [],
        groups: [],
      }
    }),
  notes: [],
  fidelity: null,
  inStepWith: null,
  changes: null,
})

const sourceOf = ({ loadbalancer }: SourceTree): JsonObject => ({
  name: loadbalancer.name,
  vip: loadbalancer.vip_address,
  provisioning_status: loadbalancer.provisioning_status,
  operating_status: loadbalancer.operating_status,
  updated_at: loadbalancer.updated_at,
})

/** `{exact: 14, approximate: 3, dropped: 1, refused: 0}` */
function verdictsOf(fidelity: readonly Fidelity[]): JsonObject {
  const amount = (verdict: Verdict): number => fidelity.filter((item) => item.verdict === verdict).length
  return {
    exact: amount('exact'),
    approximate: amount('approximate'),
    dropped: amount('dropped'),
    refused: amount('refused'),
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

/** `{targets: 3, healthy: 2, notWaitedFor: ['10.20.0.13:8080: ERROR in Octavia']}`: those that are not healthy, and need not be. */
function healthOf({ scopes }: LbWorld): JsonObject {
  const targets = scopes.flatMap((observed) => {
    const judged = judge(observed)
    return (judged?.desired.listeners ?? []).flatMap(({ groups }) =>
      groups.flatMap(({ key, targets: wanted }) => {
        const group = judged?.owned.targetGroups.get(key)
        const healthy = new Set(group?.targets.filter(({ state }) => state === 'healthy').map(endpoint))
        return wanted.map((target) => ({ target, healthy: healthy.has(endpoint(target)) }))
      }),
    )
  })
  const excused = targets.filter((one) => !one.healthy && !awaited(one.target))
  return {
    targets: targets.length,
    healthy: targets.filter((one) => one.healthy).length,
    notWaitedFor: [...new Set(excused.map(({ target }) => `${endpoint(target)}: ${target.status} in Octavia`))],
  }
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
