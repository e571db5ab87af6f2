import type { Change } from '../core/change.ts'
import type { ErrorData } from '../core/errors.ts'
import { fingerprint } from '../core/hash.ts'
import type { Draft } from '../core/plan.ts'
import type { Guard } from '../engine/operation.ts'
import type { NameReference } from '../ports/dns.ts'
import { asJson, change } from './changes.ts'
import type { LbWorld, Observed } from './model.ts'
import { namesOf } from './names.ts'
import { exists, inTheWay, ownedOf, spares, type Owned } from './owned.ts'
import { deleteListener } from './plan-listener.ts'
import { deleteSecurityGroup } from './plan-security-group.ts'
import { deleteTargetGroup } from './plan-targets.ts'
import { count, finding, some, type Remark } from './remarks.ts'

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
            key: owned.hash,
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
    ...[...owned.targetGroups].map(([key, group]) => deleteTargetGroup(scope, key, group, after, REASON)),
    ...owned.spareTargetGroups.map((group) => deleteTargetGroup(scope, group.name, group, after, REASON)),
    ...(securityGroup === null || owned.spareLoadBalancers.length > 0
      ? []
      : [deleteSecurityGroup(scope, owned.hash, securityGroup, after)]),
  ]
}

/** What still points at a mirror; null: there is no load balancer to point at, or nobody to ask. */
export type References = { readonly records: readonly NameReference[] } | { readonly unread: ErrorData } | null

export interface RemovalWorld extends LbWorld {
  readonly references: References
}

/** Users are never left with a name that leads nowhere; nor is a target group taken from under somebody's listener. */
export const stillReferenced: Guard<RemovalWorld> = (_draft, { scopes, references }) =>
  scopes.flatMap((observed) => {
    const owned = ownedOf(observed)
    return [...namesLeft(observed.id, owned, references), ...borrowed(observed.id, owned)].map((remark) =>
      finding(observed.id, remark),
    )
  })

function namesLeft(id: string, { loadBalancer }: Owned, references: References): readonly Remark[] {
  if (loadBalancer === null || references === null) return []
  const subject = `load balancer ${loadBalancer.name}`
  if ('unread' in references) {
    return [
      {
        code: 'LB_REFERENCES_UNKNOWN',
        severity: 'refuse',
        subject,
        evidence: `whether a name in Route 53 points at ${loadBalancer.dnsName} could not be read: ${references.unread.code} ${references.unread.message}`,
        remedy: `Let these credentials list zones and records (route53:ListHostedZones, route53:ListResourceRecordSets), or make sure that no name points at it and allow it`,
        allowable: true,
      },
    ]
  }
  if (references.records.length === 0) return []
  const names = references.records.map(
    ({ name, type, zoneId, setIdentifier }) =>
      `${name} ${type}${setIdentifier === null ? '' : ` (${setIdentifier})`} in zone ${zoneId}`,
  )
  return [
    {
      code: 'LB_STILL_REFERENCED',
      severity: 'refuse',
      subject,
      evidence: `${count(names.length, 'record')} in Route 53 ${names.length === 1 ? 'points' : 'point'} at ${loadBalancer.dnsName}: ${some(names)}`,
      remedy: `Point the names elsewhere first, wait until their TTL is over, then: nyah lb unmirror ${id}`,
    },
  ]
}

function borrowed(id: string, owned: Owned): readonly Remark[] {
  const own = new Set([owned.loadBalancer, ...owned.spareLoadBalancers].map((one) => one?.arn))
  return [...owned.targetGroups.values(), ...owned.spareTargetGroups].flatMap(({ name, loadBalancerArns }) => {
    const others = loadBalancerArns.filter((arn) => !own.has(arn))
    return others.length === 0
      ? []
      : [
          {
            code: 'LB_STILL_REFERENCED',
            severity: 'refuse' as const,
            subject: `target group ${name}`,
            evidence: `a listener of another load balancer sends to it: ${some(others)}`,
            remedy: `Let that listener send elsewhere first, then: nyah lb unmirror ${id}`,
          },
        ]
  })
}

/** Somebody's own listener would go down with the load balancer. */
function obstaclesOf(observed: Observed, owned: Owned): readonly Remark[] {
  return [
    ...owned.obstacles,
    ...[...owned.foreignListeners.values()].flatMap((listener) => inTheWay(listener, observed)),
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
