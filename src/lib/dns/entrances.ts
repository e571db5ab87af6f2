import type { LoadBalancer, MirrorKey, Standing, TargetGroup } from '../ports/mirrors.ts'
import type { Entrance, SideHealth } from './model.ts'
import { GONE } from './audit.ts'

/** The tag that names the Octavia load balancer of an NLB. */
export const OCTAVIA_ID = 'nyah:octavia-id'

/** As names are compared: the console puts `dualstack.` before the name of a load balancer. */
export const canonicalDns = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '')

/** How a mirror's tree is found: all its names end with the load balancer's 8 hex digits. */
export const keyOf = ({ name, tags }: LoadBalancer): MirrorKey => ({
  octaviaId: tags[OCTAVIA_ID] ?? '',
  hash: name.slice(-8),
})

/** `at`: ISO 8601, UTC. */
export const entranceOf = (
  balancer: LoadBalancer,
  tree: Pick<Standing, 'targetGroups'> | null,
  at: string,
): Entrance => ({
  octaviaId: balancer.tags[OCTAVIA_ID] ?? null,
  tags: balancer.tags,
  name: balancer.name,
  dnsName: canonicalDns(balancer.dnsName),
  zoneId: balancer.hostedZoneId,
  ipAddressType: balancer.ipAddressType,
  scheme: balancer.scheme,
  side: tree === null ? { health: 'unknown', detail: 'not read', at: null } : sideOf(balancer, tree, at),
})

/**
 * As evaluate-target-health judges an NLB: each target group that its listeners send to has a healthy target; one without
 * targets is unhealthy.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
 */
function sideOf(
  { arn, state }: LoadBalancer,
  { targetGroups }: Pick<Standing, 'targetGroups'>,
  at: string,
): SideHealth {
  if (state !== 'active' && state !== 'active_impaired')
    return { health: 'unhealthy', detail: `the load balancer is ${state}`, at }
  const attached = targetGroups.filter(({ loadBalancerArns }) => loadBalancerArns.includes(arn))
  if (attached.length === 0) return { health: 'unhealthy', detail: 'no target group', at }
  const empty = attached.find((group) => registered(group).length === 0)
  if (empty !== undefined) return { health: 'unhealthy', detail: `${empty.name} has no target`, at }
  const dead = attached.find((group) => healthy(group) === 0)
  const all = attached.flatMap(registered).length
  const detail = `${attached.reduce((sum, group) => sum + healthy(group), 0)} of ${all} targets healthy`
  if (dead === undefined) return { health: 'healthy', detail, at }
  const starting = registered(dead).some((target) => target.state === 'initial')
  return { health: starting ? 'unknown' : 'unhealthy', detail: `${detail}; none of ${dead.name}`, at }
}

const registered = ({ targets }: Pick<TargetGroup, 'targets'>): TargetGroup['targets'] =>
  targets.filter(({ state }) => state !== 'draining' && state !== 'unused')

const healthy = ({ targets }: Pick<TargetGroup, 'targets'>): number =>
  targets.filter(({ state }) => state === 'healthy').length

/** Where an alias has nyah's name in a Region that was read, and there is no such NLB. */
export function goneEntrance(
  dnsName: string,
  zoneId: string,
  all: readonly LoadBalancer[],
  at: string,
): Entrance | null {
  const region = /\.elb\.[a-z0-9-]+\./
  const [here] = region.exec(canonicalDns(dnsName)) ?? []
  const read = all.some((one) => region.exec(canonicalDns(one.dnsName))?.[0] === here)
  if (here === undefined || !read || !canonicalDns(dnsName).startsWith('nyah-')) return null
  return {
    octaviaId: null,
    name: canonicalDns(dnsName).split('.')[0] ?? dnsName,
    dnsName: canonicalDns(dnsName),
    zoneId,
    ipAddressType: 'ipv4',
    scheme: 'internal',
    side: { health: 'unhealthy', detail: GONE, at },
  }
}
