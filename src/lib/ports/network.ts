import type { Tags } from './mirrors.ts'

/** The AWS network that mirrors live in: EC2 subnets, VPC address ranges, security groups. */

export interface Subnet {
  readonly id: string
  readonly vpcId: string
  readonly availabilityZone: string
  readonly cidr: string
  /** Null: it has none, so no dual-stack NLB can stand in it. */
  readonly ipv6Cidr: string | null
  readonly freeAddresses: number
}

/** What a plan needs to know about one configured network. */
export interface NetworkFacts {
  readonly vpcId: string
  /** Every IPv4 and IPv6 CIDR block associated with the VPC. */
  readonly vpcCidrs: readonly string[]
  /** In the order asked for; one that does not exist is missing here. */
  readonly subnets: readonly Subnet[]
}

/** An Elastic IP address. */
export interface ElasticAddress {
  readonly allocationId: string
  readonly publicIp: string
  /** Something has it already: an NLB of ours, or anything else. */
  readonly inUse: boolean
}

/** One allowed source for one port. */
export interface IngressRule {
  readonly protocol: 'tcp'
  readonly port: number
  /** IPv4 or IPv6 CIDR. */
  readonly cidr: string
}

export interface SecurityGroupSpec {
  readonly name: string
  readonly description: string
  readonly vpcId: string
  readonly ingress: readonly IngressRule[]
  readonly tags: Tags
}

export interface SecurityGroup extends SecurityGroupSpec {
  readonly id: string
}

export interface Network {
  facts(vpcId: string, subnetIds: readonly string[], signal?: AbortSignal): Promise<NetworkFacts>
  /** Elastic IPs by allocation id; one that does not exist is missing in the answer. */
  addresses(allocationIds: readonly string[], signal?: AbortSignal): Promise<readonly ElasticAddress[]>
  /** Security groups by exact name, however many, in few calls; a name without one is missing in the answer. */
  securityGroups(vpcId: string, names: readonly string[], signal?: AbortSignal): Promise<readonly SecurityGroup[]>
  /** Security groups that carry one of these Octavia ids in nyah's tags, whatever their names, in any VPC. */
  securityGroupsOf(octaviaIds: readonly string[], signal?: AbortSignal): Promise<readonly SecurityGroup[]>
  /** The tags of a security group; null: it does not exist. */
  tags(id: string, signal?: AbortSignal): Promise<Tags | null>
  /** Ensure: the same name and VPC with nyah's tags for the same mirror is completed and returned; foreign: AWS_NAME_TAKEN. */
  createSecurityGroup(spec: SecurityGroupSpec): Promise<{ readonly id: string }>
  /** Allow before revoke. A rule that is there already, or gone already, is no error. */
  modifySecurityGroup(
    id: string,
    change: { readonly allow: readonly IngressRule[]; readonly revoke: readonly IngressRule[]; readonly tags?: Tags },
  ): Promise<void>
  /** Deleting what is gone succeeds. Still in use (network interfaces of a deleted NLB linger): AWS_IN_USE, retryable. */
  deleteSecurityGroup(id: string): Promise<void>
}
