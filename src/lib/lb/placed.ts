import type { TargetGroup } from '../ports/mirrors.ts'
import type { Observed, Placement } from './model.ts'
import { isWithin } from './addresses.ts'
import { keyOfTargetGroup } from './names.ts'
import type { Owned } from './owned.ts'
import { some, refusing, type Remark } from './remarks.ts'

/** Does the configured network fit AWS, and what is already there? */

/** What AWS can never change about a mirror that exists. */
export function placementChanged({ id, placement }: Observed, owned: Owned): readonly Remark[] {
  const { loadBalancer } = owned
  const differences: string[] = []
  if (loadBalancer !== null) {
    if (loadBalancer.type !== 'network') differences.push(`its type is ${loadBalancer.type}, not network`)
    if (loadBalancer.scheme !== placement.scheme) {
      differences.push(`its scheme is ${loadBalancer.scheme}, network ${placement.name} says ${placement.scheme}`)
    }
    if (loadBalancer.vpcId !== placement.vpcId) {
      differences.push(`it is in ${loadBalancer.vpcId}, network ${placement.name} is in ${placement.vpcId}`)
    }
    for (const [subnet, address] of Object.entries(placement.addresses)) {
      const actual = loadBalancer.addresses?.[subnet]
      if (actual === address) continue
      // Added to it, a subnet would get an address that AWS chooses, for good.
      const there = loadBalancer.subnets.includes(subnet) ? 'one that AWS chose' : 'none yet'
      differences.push(`its address in ${subnet} is ${actual ?? there}, the configuration says ${address}`)
    }
    if (loadBalancer.securityGroups.length === 0) differences.push('it was made without a security group')
  }
  for (const group of [...owned.targetGroups.values(), ...owned.spareTargetGroups]) {
    differences.push(...otherKind(group, keyOfTargetGroup(group.name, owned.hash) ?? ''))
    if (group.vpcId !== placement.vpcId) {
      differences.push(
        `target group ${group.name} is in ${group.vpcId}, network ${placement.name} is in ${placement.vpcId}`,
      )
    }
  }
  if (differences.length === 0) return []
  return [
    {
      code: 'LB_PLACEMENT_CHANGED',
      severity: 'refuse',
      subject: `mirror ${loadBalancer?.name ?? id}`,
      evidence: `${differences.join('; ')}; AWS cannot change this`,
      remedy: `Set the configuration back, or build it anew: nyah lb unmirror ${id}, then nyah lb mirror ${id}`,
    },
  ]
}

/** A target group whose name says what it is not: nyah did not make it so. */
function otherKind({ name, protocol, ipAddressType }: TargetGroup, key: string): readonly string[] {
  const [, ...variant] = key.split('-')
  const wanted = { protocol: variant.includes('t') ? 'TLS' : 'TCP', family: variant.includes('6') ? 'ipv6' : 'ipv4' }
  return [
    ...(protocol === wanted.protocol ? [] : [`target group ${name} is ${protocol}, its name says ${wanted.protocol}`]),
    ...(ipAddressType === wanted.family
      ? []
      : [`target group ${name} is ${ipAddressType}, its name says ${wanted.family}`]),
  ]
}

export function subnetProblems({ placement, network }: Observed): readonly Remark[] {
  const subject = `network ${placement.name}`
  const remark = refusing(subject)
  if (placement.subnets.length === 0) {
    return [remark('LB_SUBNET_NONE', 'it names no subnet', 'Name at least one subnet of the VPC, each in its own zone')]
  }
  const found = new Map(network.subnets.map((subnet) => [subnet.id, subnet]))
  const missing = placement.subnets.filter((subnet) => !found.has(subnet))
  const foreign = network.subnets.filter((subnet) => subnet.vpcId !== placement.vpcId)
  const zones = new Map<string, readonly string[]>()
  for (const subnet of network.subnets) {
    zones.set(subnet.availabilityZone, [...(zones.get(subnet.availabilityZone) ?? []), subnet.id])
  }
  const shared = [...zones].filter(([, ids]) => ids.length > 1)
  return [
    ...(missing.length === 0
      ? []
      : [remark('LB_SUBNET_NOT_FOUND', `no such subnet: ${some(missing)}`, `Correct the subnets of ${subject}`)]),
    ...(foreign.length === 0
      ? []
      : [
          remark(
            'LB_SUBNET_OTHER_VPC',
            `${some(foreign.map((subnet) => `${subnet.id} is in ${subnet.vpcId}`))}, not in ${placement.vpcId}`,
            `Correct the subnets or the vpcId of ${subject}`,
          ),
        ]),
    ...(shared.length === 0
      ? []
      : [
          remark(
            'LB_SUBNET_SAME_ZONE',
            shared.map(([zone, ids]) => `${ids.join(' and ')} are both in ${zone}`).join('; '),
            'An NLB takes one subnet per zone: leave one of them',
          ),
        ]),
  ]
}

const ALLOCATION = /^eipalloc-/

/** Are the addresses that the operator brings ones that this NLB can have? */
export function addressProblems(
  { id, placement, elasticAddresses, network }: Observed,
  owned: Owned,
): readonly Remark[] {
  const subject = `addresses of the mirror of ${id}`
  const remark = refusing(subject)
  const correct = `Correct --address, or mirrors.${id}.addresses in the configuration`
  const held = new Set(Object.values(owned.loadBalancer?.addresses ?? {}))
  return Object.entries(placement.addresses).flatMap(([subnet, address]): readonly Remark[] => {
    const elastic = ALLOCATION.test(address)
    const known = elasticAddresses.find(({ allocationId }) => allocationId === address)
    if (!placement.subnets.includes(subnet)) {
      return [remark('LB_ADDRESS_SUBNET', `${subnet} is no subnet of network ${placement.name}`, correct)]
    }
    if (elastic !== (placement.scheme === 'internet-facing')) {
      const wanted = elastic ? 'an internal NLB takes private addresses' : 'an internet-facing NLB takes Elastic IPs'
      return [remark('LB_ADDRESS_SCHEME', `${address} for ${subnet}: ${wanted}`, correct)]
    }
    const range = network.subnets.find((one) => one.id === subnet)?.cidr
    if (!elastic && range !== undefined && !isWithin(address, [range])) {
      return [remark('LB_ADDRESS_SUBNET', `${address} is outside ${subnet}, which is ${range}`, correct)]
    }
    if (elastic && known === undefined) {
      return [remark('LB_ADDRESS_NOT_FOUND', `there is no Elastic IP ${address}`, correct)]
    }
    if (known?.inUse === true && !held.has(address)) {
      const evidence = `Elastic IP ${address} (${known.publicIp}) is associated with something else`
      return [
        remark('LB_ADDRESS_IN_USE', evidence, `Release it: aws ec2 describe-addresses --allocation-ids ${address}`),
      ]
    }
    return []
  })
}

/** The Elastic IPs that a placement names. */
export const allocationsOf = ({ addresses }: Placement): readonly string[] =>
  Object.values(addresses).filter((address) => ALLOCATION.test(address))
