import { contains, nthAddress, sizeOf } from './cidr.ts'
import { freeAddresses, interfacesOf } from './ec2-network.ts'
import { fault, invalid } from './fault.ts'
import type { Params } from './query.ts'
import { required, structs, text, texts } from './query.ts'
import type { AwsState, LoadBalancerState, Node, SubnetState } from './state.ts'
import { own } from './state.ts'

/** A subnet that was asked for, with the address in it, if one was. */
interface Mapping {
  readonly subnet: SubnetState
  readonly allocationId: string | null
  readonly privateIp: string | null
}

const conflict = (message: string) => fault('InvalidConfigurationRequest', message)

// CreateLoadBalancer, `Subnets` and `SubnetMappings`: one of the two, at least one subnet, one per Availability Zone.
function mappingsOf(state: AwsState, params: Params, scheme: LoadBalancerState['scheme']): readonly Mapping[] {
  const subnets = texts(params, 'Subnets')
  const mappings = structs(params, 'SubnetMappings')
  if (subnets !== undefined && mappings !== undefined) {
    throw invalid('You must specify either subnets or subnet mappings, not both')
  }
  const asked =
    mappings?.map((mapping) => ({
      id: required(mapping, 'SubnetId'),
      allocationId: text(mapping, 'AllocationId') ?? null,
      privateIp: text(mapping, 'PrivateIPv4Address') ?? null,
    })) ?? subnets?.map((id) => ({ id, allocationId: null, privateIp: null }))
  if (asked === undefined || asked.length === 0) throw invalid('At least one subnet must be specified')
  const result = asked.map(({ id, allocationId, privateIp }) => {
    const subnet = state.subnets.find((candidate) => candidate.id === id)
    if (subnet === undefined) throw fault('SubnetNotFound', `The subnet ID '${id}' does not exist`)
    return { subnet, allocationId, privateIp }
  })
  const zones = result.map(({ subnet }) => subnet.availabilityZone)
  if (new Set(zones).size < zones.length) {
    throw conflict('A load balancer cannot be attached to multiple subnets in the same Availability Zone')
  }
  if (new Set(result.map(({ subnet }) => subnet.vpcId)).size > 1) {
    throw conflict('All subnets of a load balancer must belong to the same VPC')
  }
  result.forEach((mapping) => checkAddress(state, mapping, scheme))
  return result
}

// CreateLoadBalancer, `SubnetMappings`: an Elastic IP only for internet-facing, a private address of the subnet only for internal.
function checkAddress(state: AwsState, { subnet, allocationId, privateIp }: Mapping, scheme: string): void {
  if (allocationId !== null) {
    if (scheme === 'internal') throw conflict('You cannot specify Elastic IP addresses for an internal load balancer')
    if (!state.addresses.some((address) => address.allocationId === allocationId)) {
      throw fault('AllocationIdNotFound', `The allocation ID '${allocationId}' does not exist`)
    }
  }
  if (privateIp !== null) {
    if (scheme !== 'internal')
      throw conflict('You cannot specify private IPv4 addresses for an internet-facing load balancer')
    if (!/^\d+(\.\d+){3}$/.test(privateIp) || !contains(subnet.cidr, privateIp)) {
      throw conflict(`The private IPv4 address '${privateIp}' is not in the range of the subnet '${subnet.id}'`)
    }
  }
}

function freeAddress(taken: ReadonlySet<string>, cidr: string): string {
  // "Subnet CIDR blocks" page: the first four addresses and the last are AWS's own.
  for (let offset = 4; offset < sizeOf(cidr) - 1; offset++) {
    const address = nthAddress(cidr, offset)
    if (!taken.has(address)) return address
  }
  throw fault('InvalidSubnet', `Not enough IP space available in ${cidr}`)
}

/** The network interfaces of a load balancer, made anew but for the subnets that `present` has already. */
export function placed(
  state: AwsState,
  params: Params,
  scheme: LoadBalancerState['scheme'],
  now: number,
  present: readonly Node[] = [],
): { readonly vpcId: string; readonly nodes: readonly Node[] } {
  const mappings = mappingsOf(state, params, scheme)
  const used = interfacesOf(state, now)
  const taken = new Set(used.map(({ privateIp }) => privateIp))
  const nodes = mappings.map(({ subnet, allocationId, privateIp }): Node => {
    const kept = present.find((node) => node.subnetId === subnet.id)
    if (kept !== undefined && kept.allocationId === allocationId && (privateIp ?? kept.privateIp) === kept.privateIp) {
      return kept
    }
    if (allocationId !== null && used.some((item) => item.allocationId === allocationId)) {
      throw fault('ResourceInUse', `The allocation ID '${allocationId}' is already in use`)
    }
    if (privateIp !== null && taken.has(privateIp)) {
      throw fault('ResourceInUse', `The private IPv4 address '${privateIp}' is already in use`)
    }
    // InvalidSubnet: "The specified subnet is out of available addresses."
    if (freeAddresses(state, subnet, now) < 1) {
      throw fault('InvalidSubnet', `Not enough IP space available in ${subnet.id}`)
    }
    return {
      subnetId: subnet.id,
      zone: subnet.availabilityZone,
      privateIp: privateIp ?? freeAddress(taken, subnet.cidr),
      privateIpAsked: privateIp !== null,
      allocationId,
    }
  })
  return { vpcId: mappings[0]?.subnet.vpcId ?? '', nodes }
}

/** CreateLoadBalancer and SetSecurityGroups: InvalidSecurityGroup, and all of the load balancer's VPC. */
export function checkGroups(state: AwsState, ids: readonly string[], vpcId: string): void {
  for (const id of ids) {
    const group = own(state.securityGroups, id)
    if (group === undefined) throw fault('InvalidSecurityGroup', `One or more security groups are invalid: ${id}`)
    if (group.vpcId !== vpcId) throw conflict(`The security group '${id}' does not belong to VPC '${vpcId}'`)
  }
  if (new Set(ids).size < ids.length) throw conflict('A security group is specified more than once')
}
