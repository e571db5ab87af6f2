import { token, type Change } from '../core/change.ts'
import type { Draft, Finding } from '../core/plan.ts'
import type { Listener, LoadBalancer, TargetGroup } from '../ports/mirrors.ts'
import { basisOf } from './basis.ts'
import { change, changeId, portOf, type Later } from './changes.ts'
import type { Desired, DesiredListener } from './desired.ts'
import { differing, sortedUnique, tagPair } from './drift.ts'
import { judge, type Judged } from './judge.ts'
import type { LbWorld, Observed } from './model.ts'
import { hashOf, namesOf } from './names.ts'
import { spares } from './owned.ts'
import { planSecurityGroup } from './plan-security-group.ts'
import { deleteTargetGroup, planTargetGroup, type TargetGroupPlan } from './plan-targets.ts'
import { finding, label, type Remark } from './remarks.ts'

/** What is left to do until the mirrors are what their load balancers ask for. */
export function planMirrors(world: LbWorld): Draft {
  const scopes = world.scopes.map((observed) => ({ observed, judged: judge(observed) }))
  return {
    scopes: world.scopes.map((observed) => observed.id),
    names: namesOf(world),
    basis: Object.fromEntries(scopes.map(({ observed, judged }) => [observed.id, basisOf(observed, judged)])),
    changes: scopes.flatMap(({ observed, judged }) =>
      judged === null || judged.obstacles.length > 0 ? [] : planScope(observed.id, judged),
    ),
    findings: scopes.flatMap(({ observed, judged }) => findingsOf(observed, judged)),
  }
}

function findingsOf(observed: Observed, judged: Judged | null): readonly Finding[] {
  if (judged === null) return []
  const { owned, desired, translation } = judged
  const foreign = [...owned.foreignListeners.values()].filter(
    (listener) => !desired.listeners.some((wanted) => wanted.port === listener.port),
  )
  const remarks: readonly Remark[] = [
    ...translation.remarks,
    ...spares(
      owned,
      'warn',
      (arn) => `If nobody uses its name: aws elbv2 delete-load-balancer --load-balancer-arn ${arn}`,
    ),
    ...foreign.map((listener): Remark => ({
      code: 'LB_FOREIGN_LISTENER',
      severity: 'warn',
      subject: `listener port ${listener.port} of ${owned.loadBalancer?.name ?? 'the mirror'}`,
      evidence: 'somebody made it by hand on the mirror; nyah leaves it alone',
      remedy: 'Delete it if nobody needs it',
    })),
    ...(desired.listeners.length > 0 || translation.listeners.some((listener) => listener.verdict === 'refused')
      ? []
      : [
          {
            code: 'LB_NO_LISTENERS',
            severity: 'warn' as const,
            subject: `load balancer ${observed.source === null ? observed.id : label(observed.source.loadbalancer)}`,
            evidence: 'nothing of it can be mirrored now: the NLB answers on no port until a listener has members',
            remedy: `Add listeners or members in Octavia, then: nyah lb sync ${observed.id}`,
          },
        ]),
  ]
  return remarks.map((remark) => finding(observed.id, remark))
}

function planScope(scope: string, { owned, desired }: Judged): readonly Change[] {
  const wanted = new Set(desired.listeners.map((listener) => listener.port))
  const vanished = [...owned.listeners.values()].filter(
    (listener) => !wanted.has(listener.port) && !desired.untouched.has(listener.port),
  )
  const closing = new Map(
    vanished.map((listener) => [listener.port, changeId(scope, 'listener', listener.port, 'delete')]),
  )
  const securityGroup = planSecurityGroup(scope, desired.securityGroup, owned.securityGroup, desired.untouched, closing)
  const groups = new Map(
    desired.listeners.map((listener) => [
      listener.port,
      planTargetGroup(scope, listener, owned.targetGroups.get(listener.port) ?? null),
    ]),
  )
  const loadBalancer = planLoadBalancer(scope, desired, owned.loadBalancer, securityGroup.id, securityGroup.ready)
  const listeners = desired.listeners.flatMap((listener) => {
    const group = groups.get(listener.port)
    return group === undefined
      ? []
      : planListener(
          scope,
          listener,
          owned.listeners.get(listener.port) ?? null,
          group,
          loadBalancer,
          securityGroup.ready,
        )
  })
  const closings = vanished.map((listener) =>
    deleteListener(scope, listener, `Octavia no longer serves port ${listener.port}`),
  )
  const leaving = [...listeners, ...closings].filter((one) => one.kind !== 'create')
  const users = (arn: string): readonly string[] =>
    leaving.filter((one) => owned.listeners.get(portOf(one) ?? 0)?.targetGroupArn === arn).map((one) => one.id)
  // Somebody's own listener may send to it: then AWS would not let go of it, and neither do we.
  const free = (group: TargetGroup): boolean =>
    ![...owned.foreignListeners.values()].some((listener) => listener.targetGroupArn === group.arn)
  const unused = [...owned.targetGroups.values()]
    .filter((group) => free(group) && !wanted.has(group.port) && !desired.untouched.has(group.port))
    .map((group) =>
      deleteTargetGroup(scope, group.port, group, users(group.arn), `Octavia no longer serves port ${group.port}`),
    )
  const spareGroups = owned.spareTargetGroups
    .filter((group) => free(group) && !desired.untouched.has(group.port))
    .map((group) =>
      deleteTargetGroup(scope, group.name, group, users(group.arn), `another target group serves port ${group.port}`),
    )
  return [
    ...securityGroup.changes,
    ...[...groups.values()].flatMap((group) => group.changes),
    ...loadBalancer.changes,
    ...listeners,
    ...closings,
    ...unused,
    ...spareGroups,
  ]
}

interface LoadBalancerPlan {
  readonly changes: readonly Change[]
  readonly arn: Later
  /** The change that makes it. */
  readonly made: string | null
}

function planLoadBalancer(
  scope: string,
  desired: Desired,
  actual: LoadBalancer | null,
  securityGroup: Later,
  open: string | null,
): LoadBalancerPlan {
  const key = hashOf(scope)
  const wanted = desired.loadBalancer
  if (actual === null) {
    const creation = change({
      scope,
      type: 'load-balancer',
      key,
      verb: 'create',
      kind: 'create',
      remote: null,
      name: wanted.name,
      after: { ...wanted, securityGroups: [securityGroup] },
      needs: [open],
      reason: 'it has no mirror',
    })
    return { changes: [creation], arn: token(creation.id, 'arn'), made: creation.id }
  }
  const difference = differing({
    securityGroups: [sortedUnique(actual.securityGroups), [securityGroup]],
    subnets: [sortedUnique(actual.subnets), sortedUnique(wanted.subnets)],
    tags: tagPair(wanted.tags, actual.tags),
  })
  if (difference === null) return { changes: [], arn: actual.arn, made: null }
  const leaves = actual.subnets.some((subnet) => !wanted.subnets.includes(subnet))
  const update = change({
    scope,
    type: 'load-balancer',
    key,
    verb: 'update',
    kind: 'update',
    remote: actual.arn,
    name: actual.name,
    before: difference.before,
    after: difference.after,
    needs: [open],
    reason: `its ${Object.keys(difference.after).join(', ').replace('securityGroups', 'security groups')} differ from what they should be`,
    risk: leaves ? 'removes' : 'changes',
  })
  return { changes: [update], arn: actual.arn, made: null }
}

function planListener(
  scope: string,
  wanted: DesiredListener,
  actual: Listener | null,
  group: TargetGroupPlan,
  loadBalancer: LoadBalancerPlan,
  open: string | null,
): readonly Change[] {
  const { port } = wanted
  if (actual === null) {
    return [
      change({
        scope,
        type: 'listener',
        key: port,
        verb: 'create',
        kind: 'create',
        remote: null,
        name: `TCP ${port}`,
        after: {
          loadBalancerArn: loadBalancer.arn,
          protocol: 'TCP',
          port,
          targetGroupArn: group.arn,
          tags: wanted.tags,
        },
        needs: [loadBalancer.made, open, ...group.ready],
        reason: `${wanted.subject} sends to ${wanted.pool}`,
      }),
    ]
  }
  const difference = differing({
    protocol: [actual.protocol, 'TCP'],
    targetGroupArn: [actual.targetGroupArn, group.arn],
    tags: tagPair(wanted.tags, actual.tags),
  })
  if (difference === null) return []
  return [
    change({
      scope,
      type: 'listener',
      key: port,
      verb: 'update',
      kind: 'update',
      remote: actual.arn,
      name: `TCP ${port}`,
      before: difference.before,
      after: difference.after,
      needs: group.ready,
      reason: `its ${Object.keys(difference.after).join(', ').replace('targetGroupArn', 'target group')} was changed by somebody`,
    }),
  ]
}

export const deleteListener = (scope: string, actual: Listener, reason: string): Change =>
  change({
    scope,
    type: 'listener',
    key: actual.port,
    verb: 'delete',
    kind: 'delete',
    remote: actual.arn,
    name: `${actual.protocol} ${actual.port}`,
    before: { protocol: actual.protocol, port: actual.port, targetGroupArn: actual.targetGroupArn },
    reason,
  })
