import { fingerprint } from '../core/hash.ts'
import { endpoint } from './addresses.ts'
import { asJson } from './changes.ts'
import type { Tags } from '../ports/mirrors.ts'
import type { DesiredListener } from './desired.ts'
import type { Judged } from './judge.ts'
import { TAG, type Observed } from './model.ts'
import { registered } from './owned.ts'
import { bare } from './plan-targets.ts'
import { headOf } from './removals.ts'

/**
 * Fingerprint of what decides changes: never health, never times, never Octavia's statuses, nor the order in which AWS
 * happens to list things.
 */
export function basisOf(
  { mirror, securityGroup, placement, network, limits }: Observed,
  judged: Judged | null,
): string {
  const strip = (listener: DesiredListener): object => ({
    ...listener,
    groups: listener.groups.map((group) => ({ ...group, targets: group.targets.map(bare) })),
  })
  return fingerprint(
    asJson({
      desired:
        judged === null
          ? null
          : {
              ...judged.desired,
              listeners: judged.desired.listeners.map(strip),
              untouched: [...judged.desired.untouched].toSorted((a, b) => a - b),
            },
      loadBalancer:
        mirror.loadBalancer === null
          ? null
          : {
              ...mirror.loadBalancer,
              tags: without(mirror.loadBalancer.tags, [TAG.held, TAG.inStep, TAG.settings]),
              state: null,
              subnets: mirror.loadBalancer.subnets.toSorted(),
              securityGroups: mirror.loadBalancer.securityGroups.toSorted(),
            },
      listeners: mirror.listeners.toSorted((a, b) => a.port - b.port),
      targetGroups: mirror.targetGroups
        .toSorted((a, b) => (a.arn < b.arn ? -1 : 1))
        .map((group) => ({
          ...group,
          tags: without(group.tags, [TAG.removals]),
          removals: headOf(group.tags[TAG.removals]),
          loadBalancerArns: group.loadBalancerArns.toSorted(),
          targets: registered(group).map(endpoint).toSorted(),
        })),
      securityGroup:
        securityGroup === null
          ? null
          : { ...securityGroup, ingress: securityGroup.ingress.map(({ port, cidr }) => `${port} ${cidr}`).toSorted() },
      placement,
      targetGroupsPerAction: limits?.targetGroupsPerAction ?? null,
      network: {
        vpcId: network.vpcId,
        vpcCidrs: network.vpcCidrs.toSorted(),
        subnets: network.subnets.map(({ id, vpcId, availabilityZone }) => ({ id, vpcId, availabilityZone })),
      },
    }),
  )
}

/** What nyah only writes down there. */
const without = (tags: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)))
