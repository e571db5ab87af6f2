import type { Filter, SecurityGroup as AwsSecurityGroup } from '@aws-sdk/client-ec2'
import { isNyahError } from '../../core/errors.ts'
import type { IngressRule, Network, SecurityGroup, Subnet } from '../../ports/network.ts'
import { bounded, chunks } from './bounded.ts'
import { need } from './decode.ts'
import { guarded } from './door.ts'
import { asciiText, commonWith, missingFrom, permissionsOf, rulesOf } from './ec2-rules.ts'
import * as sdk from './ec2.sdk.ts'
import { isManaged, isOwn, nameTaken, OWNER_TAG, tagList, tagsOf, unsettled } from './ownership.ts'
import { EC2_RATES, paceTowards } from './pace.ts'
import { everyPage } from './pages.ts'
import type { AwsDeps } from './session.ts'
import { createWire, type SendOptions } from './wire.ts'

/** A filter takes no more values. */
const VALUES_PER_FILTER = 200
/** The greatest page of security groups and subnets. */
const PAGE = 1000
/** How often a change of rules is computed anew when somebody else changes the same group. */
const RACES = 3

const awsCode = (error: unknown): unknown => (isNyahError(error) ? error.details['awsCode'] : undefined)

/** The network of mirrors in EC2. Errors: the AWS_ codes of docs/aws.md. */
export function createNetwork({ session, clock, retry }: AwsDeps): Network {
  const client = guarded(new sdk.EC2Client(session.clientConfig('EC2')))
  const wire = createWire('ec2', paceTowards(session.settings.endpoints.EC2, clock, EC2_RATES), retry)

  const subnetsById = async (ids: readonly string[], signal?: AbortSignal): Promise<Subnet[]> => {
    // By filter and not by id: one that does not exist would fail the whole call.
    const found = await bounded(chunks(ids, VALUES_PER_FILTER), (some) =>
      everyPage('DescribeSubnets', async (token) => {
        const input = {
          Filters: [{ Name: 'subnet-id', Values: some }],
          MaxResults: PAGE,
          ...(token === undefined ? {} : { NextToken: token }),
        }
        const page = await wire.read(
          'DescribeSubnets',
          (o) => client.send(new sdk.DescribeSubnetsCommand(input), o),
          signal,
        )
        return { items: page.Subnets ?? [], next: page.NextToken }
      }),
    )
    return found.flat().map((raw) => ({
      id: need(raw.SubnetId, 'Subnets[].SubnetId'),
      vpcId: need(raw.VpcId, 'Subnets[].VpcId'),
      availabilityZone: need(raw.AvailabilityZone, 'Subnets[].AvailabilityZone'),
      cidr: raw.CidrBlock ?? '',
      ipv6Cidr:
        raw.Ipv6CidrBlockAssociationSet?.find((one) => one.Ipv6CidrBlockState?.State === 'associated')?.Ipv6CidrBlock ??
        null,
      freeAddresses: need(raw.AvailableIpAddressCount, 'Subnets[].AvailableIpAddressCount'),
    }))
  }

  const cidrsOfVpc = async (vpcId: string, signal?: AbortSignal): Promise<string[]> => {
    const input = { VpcIds: [vpcId] }
    const answer = await wire.read('DescribeVpcs', (o) => client.send(new sdk.DescribeVpcsCommand(input), o), signal)
    const vpc = need(answer.Vpcs?.[0], 'Vpcs[0]')
    const blocks = [
      vpc.CidrBlock,
      ...(vpc.CidrBlockAssociationSet ?? [])
        .filter((one) => one.CidrBlockState?.State === 'associated')
        .map((one) => one.CidrBlock),
      ...(vpc.Ipv6CidrBlockAssociationSet ?? [])
        .filter((one) => one.Ipv6CidrBlockState?.State === 'associated')
        .map((one) => one.Ipv6CidrBlock),
    ]
    return [...new Set(blocks.filter((block) => block !== undefined))]
  }

  const groups = (filters: readonly Filter[], signal?: AbortSignal): Promise<AwsSecurityGroup[]> =>
    everyPage('DescribeSecurityGroups', async (token) => {
      const input = { Filters: [...filters], MaxResults: PAGE, ...(token === undefined ? {} : { NextToken: token }) }
      const page = await wire.read(
        'DescribeSecurityGroups',
        (o) => client.send(new sdk.DescribeSecurityGroupsCommand(input), o),
        signal,
      )
      return { items: page.SecurityGroups ?? [], next: page.NextToken }
    })

  const named = (vpcId: string, names: readonly string[], signal?: AbortSignal): Promise<AwsSecurityGroup[]> =>
    groups(
      [
        { Name: 'vpc-id', Values: [vpcId] },
        { Name: 'group-name', Values: [...names] },
      ],
      signal,
    )

  const authorize = async (id: string, rules: readonly IngressRule[]): Promise<void> => {
    if (rules.length === 0) return
    const input = { GroupId: id, IpPermissions: permissionsOf(rules) }
    await wire.repeat('AuthorizeSecurityGroupIngress', 'write', (o) =>
      client.send(new sdk.AuthorizeSecurityGroupIngressCommand(input), o),
    )
  }
  const revoke = async (id: string, rules: readonly IngressRule[]): Promise<void> => {
    if (rules.length === 0) return
    const input = { GroupId: id, IpPermissions: permissionsOf(rules) }
    await wire.repeat('RevokeSecurityGroupIngress', 'write', (o) =>
      client.send(new sdk.RevokeSecurityGroupIngressCommand(input), o),
    )
  }

  /**
   * One rule that is there already (or is gone already) fails a whole Authorize (Revoke): so what is there is read
   * first, and read again when somebody was faster, or when the answer to the first sending was lost.
   */
  const settleRules = async (
    id: string,
    allow: readonly IngressRule[],
    drop: readonly IngressRule[],
  ): Promise<void> => {
    if (allow.length === 0 && drop.length === 0) return
    for (let race = 1; ; race++) {
      const input = { GroupIds: [id] }
      const answer = await wire.read('DescribeSecurityGroups', (o) =>
        client.send(new sdk.DescribeSecurityGroupsCommand(input), o),
      )
      const present = rulesOf(need(answer.SecurityGroups?.[0], 'SecurityGroups[0]').IpPermissions)
      try {
        await authorize(id, missingFrom(present, allow))
        await revoke(id, commonWith(present, missingFrom(allow, drop)))
        return
      } catch (error) {
        if (race === RACES || !/^InvalidPermission\.(Duplicate|NotFound)$/.test(String(awsCode(error)))) throw error
      }
    }
  }

  return {
    async facts(vpcId, subnetIds, signal) {
      const [vpcCidrs, subnets] = await Promise.all([cidrsOfVpc(vpcId, signal), subnetsById(subnetIds, signal)])
      return { vpcId, vpcCidrs, subnets: subnetIds.flatMap((id) => subnets.find((subnet) => subnet.id === id) ?? []) }
    },

    async addresses(allocationIds, signal) {
      if (allocationIds.length === 0) return []
      // By filter and not by id: one that does not exist would fail the whole call.
      const found = await bounded(chunks(allocationIds, VALUES_PER_FILTER), async (some) => {
        const input = { Filters: [{ Name: 'allocation-id', Values: some }] }
        const look = (o: SendOptions) => client.send(new sdk.DescribeAddressesCommand(input), o)
        return (await wire.read('DescribeAddresses', look, signal)).Addresses ?? []
      })
      return found.flat().map((raw) => ({
        allocationId: need(raw.AllocationId, 'Addresses[].AllocationId'),
        publicIp: raw.PublicIp ?? '',
        inUse: raw.AssociationId !== undefined || raw.NetworkInterfaceId !== undefined,
      }))
    },

    async securityGroups(vpcId, names, signal) {
      const found = await bounded(chunks(names, VALUES_PER_FILTER), (some) => named(vpcId, some, signal))
      return found.flat().map(securityGroupOf)
    },

    async securityGroupsOf(octaviaIds, signal) {
      const found = await bounded(chunks(octaviaIds, VALUES_PER_FILTER), (Values) =>
        groups([{ Name: `tag:${OWNER_TAG}`, Values }], signal),
      )
      return found
        .flat()
        .map(securityGroupOf)
        .filter(({ tags }) => isManaged(tags))
    },

    async tags(id, signal) {
      // By filter and not by id: one that does not exist would be an error.
      const [found] = await groups([{ Name: 'group-id', Values: [id] }], signal)
      return found === undefined ? null : tagsOf(found.Tags)
    },

    async createSecurityGroup(spec) {
      const what = `security group ${spec.name} in ${spec.vpcId}`
      const own = async (): Promise<string | null> => {
        const found = (await named(spec.vpcId, [spec.name]))[0]
        if (found === undefined) return null
        const id = need(found.GroupId, 'SecurityGroups[].GroupId')
        if (!isOwn(tagsOf(found.Tags), spec.tags)) throw nameTaken(what, id, tagsOf(found.Tags), spec.tags)
        await settleRules(id, spec.ingress, [])
        return id
      }
      const found = await own()
      if (found !== null) return { id: found }
      const input = {
        GroupName: spec.name,
        Description: asciiText(spec.description),
        VpcId: spec.vpcId,
        TagSpecifications: [{ ResourceType: 'security-group' as const, Tags: tagList(spec.tags) }],
      }
      let id: string
      try {
        const made = await wire.once('CreateSecurityGroup', (o) =>
          client.send(new sdk.CreateSecurityGroupCommand(input), o),
        )
        id = need(made.GroupId, 'GroupId')
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'AWS_NAME_TAKEN') throw error
        const appeared = await own()
        if (appeared === null) throw unsettled(what)
        return { id: appeared }
      }
      try {
        await authorize(id, missingFrom([], spec.ingress))
      } catch (error) {
        // EC2's parts learn of a new group one after the other; a repeated sending finds its own rules.
        if (!/^InvalidGroup\.NotFound$|^InvalidPermission\.Duplicate$/.test(String(awsCode(error)))) throw error
        throw unsettled(what)
      }
      return { id }
    },

    async modifySecurityGroup(id, { allow, revoke: drop, tags }) {
      await settleRules(id, allow, drop)
      if (tags === undefined || Object.keys(tags).length === 0) return
      const input = { Resources: [id], Tags: tagList(tags) }
      await wire.repeat('CreateTags', 'write', (o) => client.send(new sdk.CreateTagsCommand(input), o))
    },

    async deleteSecurityGroup(id) {
      try {
        await wire.once('DeleteSecurityGroup', (o) =>
          client.send(new sdk.DeleteSecurityGroupCommand({ GroupId: id }), o),
        )
      } catch (error) {
        if (awsCode(error) !== 'InvalidGroup.NotFound') throw error
      }
    },
  }
}

const securityGroupOf = (raw: AwsSecurityGroup): SecurityGroup => ({
  id: need(raw.GroupId, 'SecurityGroups[].GroupId'),
  name: need(raw.GroupName, 'SecurityGroups[].GroupName'),
  description: raw.Description ?? '',
  vpcId: need(raw.VpcId, 'SecurityGroups[].VpcId'),
  ingress: rulesOf(raw.IpPermissions),
  tags: tagsOf(raw.Tags),
})
