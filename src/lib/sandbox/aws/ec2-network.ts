import type { Actions } from './action.ts'
import { contains } from './cidr.ts'
import { checkIds, filtersOf, keeps, pageOf, tagSet } from './ec2-filters.ts'
import { hex, networkInterfaceId } from './ids.ts'
import { texts } from './query.ts'
import type { AwsState, Node, SubnetState } from './state.ts'

/** A network interface of an NLB, also of one that was just deleted. */
interface Interface extends Node {
  readonly id: string
  readonly loadBalancerArn: string
  readonly vpcId: string
  readonly securityGroups: readonly string[]
}

/** Every network interface in the account: the sandbox has no others than those of load balancers. */
export function interfacesOf(state: AwsState, now: number): readonly Interface[] {
  const lingering = state.lingering.filter(({ until }) => until > now)
  const owners = [
    ...Object.values(state.loadBalancers).map(({ arn, ...rest }) => ({ ...rest, loadBalancerArn: arn })),
    ...lingering,
  ]
  return owners.flatMap(({ loadBalancerArn, vpcId, securityGroups, nodes }) =>
    nodes.map((node) => ({
      ...node,
      id: networkInterfaceId(loadBalancerArn, node.subnetId),
      loadBalancerArn,
      vpcId,
      securityGroups,
    })),
  )
}

/** What the world says, less one for each network interface in the subnet. */
export const freeAddresses = (state: AwsState, subnet: SubnetState, now: number): number =>
  Math.max(0, subnet.freeAddresses - interfacesOf(state, now).filter(({ subnetId }) => subnetId === subnet.id).length)

export const networkActions: Actions = {
  // API_DescribeSubnets; error codes page: InvalidSubnetID.NotFound.
  DescribeSubnets({ state, params, now }) {
    const ids = texts(params, 'SubnetId')
    const known = (id: string) => state.subnets.some((subnet) => subnet.id === id)
    checkIds(ids ?? [], known, 'InvalidSubnetID.NotFound', (id) => `The subnet ID '${id}' does not exist`)
    const filters = filtersOf(params)
    const found = state.subnets.filter((subnet) => {
      const filterable = {
        'subnet-id': [subnet.id],
        'vpc-id': [subnet.vpcId],
        'availability-zone': [subnet.availabilityZone],
        'cidr-block': [subnet.cidr],
        state: ['available'],
      }
      return (
        (ids === undefined || ids.includes(subnet.id)) && keeps(filters, filterable, state.ec2Tags[subnet.id] ?? {})
      )
    })
    const { items, nextToken } = pageOf(params, found)
    const subnetSet = items.map((subnet) => ({
      subnetId: subnet.id,
      subnetArn: `arn:aws:ec2:${state.region}:${state.accountId}:subnet/${subnet.id}`,
      state: 'available',
      ownerId: state.accountId,
      vpcId: subnet.vpcId,
      cidrBlock: subnet.cidr,
      ipv6CidrBlockAssociationSet: (subnet.ipv6Cidr ? [subnet.ipv6Cidr] : []).map((cidr) => ({
        ipv6CidrBlock: cidr,
        associationId: `subnet-cidr-assoc-0${hex(`${subnet.id}/${cidr}`, 16)}`,
        ipv6CidrBlockState: { state: 'associated' },
      })),
      availableIpAddressCount: freeAddresses(state, subnet, now),
      availabilityZone: subnet.availabilityZone,
      defaultForAz: false,
      mapPublicIpOnLaunch: false,
      assignIpv6AddressOnCreation: false,
      tagSet: tagSet(state.ec2Tags[subnet.id] ?? {}),
    }))
    return { state, result: { subnetSet, nextToken } }
  },

  // API_DescribeVpcs; error codes page: InvalidVpcID.NotFound.
  DescribeVpcs({ state, params }) {
    const ids = texts(params, 'VpcId')
    const known = (id: string) => state.vpcs.some((vpc) => vpc.id === id)
    checkIds(ids ?? [], known, 'InvalidVpcID.NotFound', (id) => `The vpc ID '${id}' does not exist`)
    const filters = filtersOf(params)
    const found = state.vpcs.filter((vpc) => {
      const filterable = {
        'vpc-id': [vpc.id],
        cidr: vpc.cidrs.slice(0, 1),
        'cidr-block-association.cidr-block': vpc.cidrs,
        state: ['available'],
      }
      return (ids === undefined || ids.includes(vpc.id)) && keeps(filters, filterable, state.ec2Tags[vpc.id] ?? {})
    })
    const { items, nextToken } = pageOf(params, found)
    const vpcSet = items.map((vpc) => {
      const association = (cidr: string) => `vpc-cidr-assoc-0${hex(`${vpc.id}/${cidr}`, 16)}`
      const v4 = vpc.cidrs.filter((cidr) => !cidr.includes(':'))
      const v6 = vpc.cidrs.filter((cidr) => cidr.includes(':'))
      return {
        vpcId: vpc.id,
        ownerId: state.accountId,
        state: 'available',
        cidrBlock: v4[0],
        cidrBlockAssociationSet: v4.map((cidr) => ({
          cidrBlock: cidr,
          associationId: association(cidr),
          cidrBlockState: { state: 'associated' },
        })),
        ipv6CidrBlockAssociationSet: v6.map((cidr) => ({
          ipv6CidrBlock: cidr,
          associationId: association(cidr),
          ipv6CidrBlockState: { state: 'associated' },
        })),
        dhcpOptionsId: 'dopt-0a1b2c3d4e5f60718',
        instanceTenancy: 'default',
        isDefault: false,
        tagSet: tagSet(state.ec2Tags[vpc.id] ?? {}),
      }
    })
    return { state, result: { vpcSet, nextToken } }
  },

  // API_DescribeAddresses; error codes page: InvalidAllocationID.NotFound, InvalidAddress.NotFound.
  DescribeAddresses({ state, params, now }) {
    const ids = texts(params, 'AllocationId')
    const ips = texts(params, 'PublicIp')
    const knownId = (id: string) => state.addresses.some(({ allocationId }) => allocationId === id)
    const knownIp = (ip: string) => state.addresses.some(({ publicIp }) => publicIp === ip)
    checkIds(ids ?? [], knownId, 'InvalidAllocationID.NotFound', (id) => `The allocation ID '${id}' does not exist`)
    checkIds(ips ?? [], knownIp, 'InvalidAddress.NotFound', (ip) => `Address '${ip}' not found.`)
    const filters = filtersOf(params)
    const used = new Map(interfacesOf(state, now).map((item) => [item.allocationId, item]))
    const found = state.addresses.filter(({ allocationId, publicIp }) => {
      const filterable = { 'allocation-id': [allocationId], 'public-ip': [publicIp], domain: ['vpc'] }
      const asked = (ids?.includes(allocationId) ?? true) && (ips?.includes(publicIp) ?? true)
      return asked && keeps(filters, filterable, state.ec2Tags[allocationId] ?? {})
    })
    const addressesSet = found.map(({ allocationId, publicIp }) => {
      const item = used.get(allocationId)
      return {
        allocationId,
        publicIp,
        domain: 'vpc',
        associationId: item && `eipassoc-0${hex(`${item.id}/${allocationId}`, 16)}`,
        networkInterfaceId: item?.id,
        privateIpAddress: item?.privateIp,
        networkBorderGroup: state.region,
        tagSet: tagSet(state.ec2Tags[allocationId] ?? {}),
      }
    })
    return { state, result: { addressesSet } }
  },

  // API_DescribeNetworkInterfaces; error codes page: InvalidNetworkInterfaceID.NotFound.
  DescribeNetworkInterfaces({ state, params, now }) {
    const all = interfacesOf(state, now)
    const ids = texts(params, 'NetworkInterfaceId')
    const known = (id: string) => all.some((item) => item.id === id)
    const code = 'InvalidNetworkInterfaceID.NotFound'
    checkIds(ids ?? [], known, code, (id) => `The networkInterface ID '${id}' does not exist`)
    const filters = filtersOf(params)
    const described = all.map((item) => ({
      item,
      // "Network interface" descriptions of NLBs: `ELB net/<name>/<id>`.
      description: `ELB ${item.loadBalancerArn.split(':loadbalancer/')[1] ?? ''}`,
    }))
    const found = described.filter(({ item, description }) => {
      const filterable = {
        'network-interface-id': [item.id],
        'group-id': item.securityGroups,
        'subnet-id': [item.subnetId],
        'vpc-id': [item.vpcId],
        'availability-zone': [item.zone],
        'addresses.private-ip-address': [item.privateIp],
        description: [description],
        status: ['in-use'],
      }
      return (ids === undefined || ids.includes(item.id)) && keeps(filters, filterable, {})
    })
    const { items, nextToken } = pageOf(params, found)
    const networkInterfaceSet = items.map(({ item, description }) => ({
      networkInterfaceId: item.id,
      subnetId: item.subnetId,
      vpcId: item.vpcId,
      availabilityZone: item.zone,
      description,
      ownerId: state.accountId,
      requesterManaged: true,
      status: 'in-use',
      interfaceType: 'network_load_balancer',
      privateIpAddress: item.privateIp,
      groupSet: item.securityGroups.map((id) => ({ groupId: id, groupName: state.securityGroups[id]?.name })),
    }))
    return { state, result: { networkInterfaceSet, nextToken } }
  },
}

/** The subnet of the VPC that holds an address; undefined: none does. */
export const subnetOf = (state: AwsState, vpcId: string, address: string): SubnetState | undefined =>
  state.subnets.find(
    ({ vpcId: of, cidr, ipv6Cidr }) =>
      of === vpcId && (contains(cidr, address) || (typeof ipv6Cidr === 'string' && contains(ipv6Cidr, address))),
  )
