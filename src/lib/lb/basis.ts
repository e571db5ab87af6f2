import { fingerprint } from '../core/hash.ts'
import { endpoint } from './addresses.ts'
import { asJson } from './changes.ts'
import type { DesiredListener } from './desired.ts'
import type { Judged } from './judge.ts'
import type { Observed } from './model.ts'
import { registered } from './owned.ts'

/**
 * Fingerprint of what decides changes: never health, never times, never Octavia's statuses, nor the order in which AWS
 * happens to list things.
 */
export function basisOf({ mirror, securityGroup, placement, network }: Observed, judged: Judged | null): string {
  const strip = (listener: DesiredListener): object => ({
    ...listener,
    targets: listener.targets.map(({ address, port, availabilityZone }) => ({ address, port, availabilityZone })),
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
              state: null,
              subnets: mirror.loadBalancer.subnets.toSorted(),
              securityGroups: mirror.loadBalancer.securityGroups.toSorted(),
            },
      listeners: mirror.listeners.toSorted((a, b) => a.port - b.port),
      targetGroups: mirror.targetGroups
        .toSorted((a, b) => (a.arn < b.arn ? -1 : 1))
        .map((group) => ({
          ...group,
          loadBalancerArns: group.loadBalancerArns.toSorted(),
          targets: registered(group).map(endpoint).toSorted(),
        })),
      securityGroup:
        securityGroup === null
          ? null
          : { ...securityGroup, ingress: securityGroup.ingress.map(({ port, cidr }) => `${port} ${cidr}`).toSorted() },
      placement,
      network: {
        vpcId: network.vpcId,
        vpcCidrs: network.vpcCidrs.toSorted(),
        subnets: network.subnets.map(({ id, vpcId, availabilityZone }) => ({ id, vpcId, availabilityZone })),
      },
    }),
  )
}
