import type { ListenerSpec, LoadBalancerSpec, Tags, TargetGroupSpec } from '../ports/mirrors.ts'
import type { IngressRule, SecurityGroupSpec } from '../ports/network.ts'
import type { SourceTree } from '../ports/source.ts'
import type { Placement } from './model.ts'
import { groupKey, loadBalancerName, securityGroupName, tagsFor, targetGroupName } from './names.ts'
import type { WantedTarget } from './pool.ts'
import type { Translation } from './translate.ts'

/** One target group that a listener sends to; several where member weights are kept. */
export interface DesiredGroup {
  /** In ids of changes and at the end of its name: `80`, or `80-<variant>`: what AWS cannot change about it. */
  readonly key: string
  /** Its share; 1 where it is the only one. */
  readonly weight: number
  readonly targetGroup: TargetGroupSpec
  readonly targets: readonly WantedTarget[]
  /** See TranslatedPool. */
  readonly leftOut: Readonly<Record<string, string>>
}

export interface DesiredListener {
  readonly port: number
  readonly subject: string
  readonly pool: string
  readonly tags: Tags
  readonly protocol: ListenerSpec['protocol']
  readonly certificates: readonly string[]
  readonly sslPolicy: string | null
  readonly alpnPolicy: string | null
  readonly attributes: Readonly<Record<string, string>>
  /** Never empty. */
  readonly groups: readonly DesiredGroup[]
}

/** What one mirror should be, whatever is there now. */
export interface Desired {
  readonly securityGroup: SecurityGroupSpec
  /** Its security group is known once that is made. */
  readonly loadBalancer: Omit<LoadBalancerSpec, 'securityGroups'>
  /** By port. */
  readonly listeners: readonly DesiredListener[]
  /** Ports nyah cannot judge: what the mirror has there stays as it is. */
  readonly untouched: ReadonlySet<number>
}

/** Tags of the load balancer besides those of everything: what is remembered with the mirror. */
export interface Remembered {
  /** `MirrorTree.hash`: names cannot be changed. */
  readonly hash: string
  readonly tags: Tags
}

export function desiredOf(
  tree: SourceTree,
  translation: Translation,
  placement: Placement,
  { hash, tags }: Remembered,
): Desired {
  const { id, name } = tree.loadbalancer
  const mirrored = translation.listeners.filter((listener) => listener.verdict === 'mirrored')
  return {
    securityGroup: {
      name: securityGroupName(hash),
      description: `nyah: clients of the mirror of Octavia load balancer ${id}`,
      vpcId: placement.vpcId,
      ingress: mirrored.flatMap((listener) =>
        listener.cidrs.map((cidr): IngressRule => ({ protocol: 'tcp', port: listener.port, cidr })),
      ),
      tags: tagsFor(id, 'security-group', name),
    },
    loadBalancer: {
      name: loadBalancerName(hash, name),
      scheme: placement.scheme,
      subnets: placement.subnets,
      ...(Object.keys(placement.addresses).length === 0 ? {} : { addresses: placement.addresses }),
      ipAddressType: translation.ipAddressType,
      tags: { ...tagsFor(id, 'load-balancer', name), ...tags },
    },
    listeners: mirrored.map((listener) => ({
      port: listener.port,
      subject: listener.subject,
      pool: listener.pool,
      tags: tagsFor(id, 'listener', name, listener.port),
      protocol: listener.protocol,
      certificates: listener.certificates,
      sslPolicy: listener.sslPolicy,
      alpnPolicy: listener.alpnPolicy,
      attributes: listener.attributes,
      groups: listener.groups.map((group): DesiredGroup => {
        const key = groupKey(listener.port, group.variant)
        return {
          key,
          weight: group.share,
          targetGroup: {
            name: targetGroupName(hash, name, key),
            protocol: group.variant.tls ? 'TLS' : 'TCP',
            port: listener.port,
            vpcId: placement.vpcId,
            ipAddressType: group.variant.ipv6 ? 'ipv6' : 'ipv4',
            healthCheck: group.healthCheck,
            attributes: group.attributes,
            tags: tagsFor(id, 'target-group', name, listener.port),
          },
          targets: group.targets,
          leftOut: group.leftOut,
        }
      }),
    })),
    untouched: new Set(
      translation.listeners.filter((listener) => listener.verdict === 'refused').map((listener) => listener.port),
    ),
  }
}
