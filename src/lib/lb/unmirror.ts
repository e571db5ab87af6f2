import type { Draft } from '../core/plan.ts'
import type { Guard } from '../engine/operation.ts'
import { fingerprint } from '../core/hash.ts'
import { asJson, change } from './changes.ts'
import type { LbWorld, Observed } from './model.ts'
import { hashOf, namesOf } from './names.ts'
import { exists, inTheWay, ownedOf, spares, type Owned } from './owned.ts'
import { deleteListener } from './plan.ts'
import { deleteSecurityGroup } from './plan-security-group.ts'
import { deleteTargetGroup } from './plan-targets.ts'
import { finding, type Remark } from './remarks.ts'
import type { Change } from '../core/change.ts'

const REASON = 'the mirror is taken down'

/** Takes a mirror down, whatever Octavia says or no longer says: listeners, load balancer, target groups, security group. */
export function planUnmirror(world: LbWorld): Draft {
  const scopes = world.scopes.map((observed) => ({ observed, owned: ownedOf(observed) }))
  return {
    scopes: world.scopes.map((observed) => observed.id),
    names: namesOf(world),
    basis: Object.fromEntries(scopes.map(({ observed, owned }) => [observed.id, fingerprint(asJson(named(owned)))])),
    changes: scopes.flatMap(({ observed, owned }) =>
      obstaclesOf(observed, owned).length > 0 ? [] : removals(observed.id, owned),
    ),
    findings: scopes.flatMap(({ observed, owned }) =>
      remarksOf(observed.id, owned).map((one) => finding(observed.id, one)),
    ),
  }
}

function remarksOf(id: string, owned: Owned): readonly Remark[] {
  if (exists(owned) || owned.obstacles.length > 0) {
    return spares(owned, 'hold', () => `It is next, with the security group both have: nyah lb unmirror ${id}`)
  }
  return [
    {
      code: 'LB_NOTHING_TO_REMOVE',
      severity: 'info',
      subject: `load balancer ${id}`,
      evidence: 'it has no mirror: nothing in AWS carries its tags',
      remedy: 'Nothing to do',
    },
  ]
}

function removals(scope: string, owned: Owned): readonly Change[] {
  const listeners = [...owned.listeners.values()].map((listener) => deleteListener(scope, listener, REASON))
  const { loadBalancer, securityGroup } = owned
  const down =
    loadBalancer === null
      ? []
      : [
          change({
            scope,
            type: 'load-balancer',
            key: hashOf(scope),
            verb: 'delete',
            kind: 'delete',
            remote: loadBalancer.arn,
            name: loadBalancer.name,
            before: { name: loadBalancer.name, dnsName: loadBalancer.dnsName, scheme: loadBalancer.scheme },
            needs: listeners.map((one) => one.id),
            reason: REASON,
          }),
        ]
  const after = [...listeners, ...down].map((one) => one.id)
  return [
    ...listeners,
    ...down,
    ...[...owned.targetGroups.values()].map((group) => deleteTargetGroup(scope, group.port, group, after, REASON)),
    ...owned.spareTargetGroups.map((group) => deleteTargetGroup(scope, group.name, group, after, REASON)),
    ...(securityGroup === null || owned.spareLoadBalancers.length > 0
      ? []
      : [deleteSecurityGroup(scope, securityGroup, after)]),
  ]
}

/** Somebody's own listener would go down with the load balancer. */
function obstaclesOf(observed: Observed, owned: Owned): readonly Remark[] {
  return [
    ...owned.obstacles,
    ...[...owned.foreignListeners.values()].flatMap((listener) => inTheWay(listener, observed.id)),
  ]
}

const named = (owned: Owned): object => ({
  loadBalancer: owned.loadBalancer?.arn ?? null,
  listeners: [...owned.listeners.values()].map((listener) => listener.arn).toSorted(),
  targetGroups: [...owned.targetGroups.values(), ...owned.spareTargetGroups].map((group) => group.arn).toSorted(),
  securityGroup: owned.securityGroup?.id ?? null,
})

export const unmirrorOwnership: Guard<LbWorld> = (_draft, world) =>
  world.scopes.flatMap((observed) =>
    obstaclesOf(observed, ownedOf(observed)).map((remark) => finding(observed.id, remark)),
  )
