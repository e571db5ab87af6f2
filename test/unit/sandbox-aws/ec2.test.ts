import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DeleteTagsCommand,
  DescribeAddressesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2'
import type { CreateSecurityGroupCommandInput, Filter, IpPermission } from '@aws-sdk/client-ec2'
import { CreateLoadBalancerCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab, VPC } from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab()
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const create = (input: Partial<CreateSecurityGroupCommandInput> = {}) =>
  lab.ec2.send(
    new CreateSecurityGroupCommand({ GroupName: 'nyah-shop', Description: 'a mirror', VpcId: VPC, ...input }),
  )
const groupId = async (input?: Partial<CreateSecurityGroupCommandInput>) => String((await create(input)).GroupId)

const tcp = (port: number, ...cidrs: string[]): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  IpRanges: cidrs.map((CidrIp) => ({ CidrIp })),
})
const allow = (GroupId: string, ...IpPermissions: IpPermission[]) =>
  lab.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
const revoke = (GroupId: string, ...IpPermissions: IpPermission[]) =>
  lab.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
const rules = async (GroupId: string) => {
  const { SecurityGroups } = await lab.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }))
  return (SecurityGroups?.[0]?.IpPermissions ?? []).map(
    (rule) =>
      `${rule.IpProtocol} ${rule.FromPort}-${rule.ToPort} ${[
        ...(rule.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
        ...(rule.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
        ...(rule.UserIdGroupPairs ?? []).map((pair) => pair.GroupId),
      ].join(' ')}`,
  )
}

const MISSING = 'sg-0123456789abcdef0'

describe('CreateSecurityGroup', () => {
  it.each<[string, Partial<CreateSecurityGroupCommandInput>, RegExp]>([
    ['no name', { GroupName: '' }, /^MissingParameter: .*GroupName/],
    ['no description', { Description: '' }, /^MissingParameter: .*GroupDescription/],
    ['a name of sg-', { GroupName: 'sg-shop' }, /^InvalidParameterValue: .*sg-/],
    ['a name of 256', { GroupName: 'a'.repeat(256) }, /^InvalidParameterValue: .*GroupName/],
    ['a name beyond ASCII', { GroupName: '店' }, /^InvalidParameterValue: .*beyond ASCII/],
    ['a description beyond ASCII', { Description: '店' }, /^InvalidParameterValue: .*beyond ASCII/],
    ['the reserved name', { GroupName: 'default' }, /^InvalidGroup.Reserved: /],
    ['no VPC', { VpcId: undefined }, /^VPCIdNotSpecified: /],
    ['an unknown VPC', { VpcId: 'vpc-0fffffff' }, /^InvalidVpcID.NotFound: The vpc ID 'vpc-0fffffff' does not exist/],
    [
      'tags of another type',
      { TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] },
      /^InvalidParameterValue: 'vpc' is not/,
    ],
    [
      'a tag of aws:',
      { TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'aws:x' }] }] },
      /^InvalidParameterValue: .*aws:/,
    ],
  ])('refuses %s', async (_what, input, expected) => {
    const before = lab.state()
    expect(await refusal(create(input))).toMatch(expected)
    expect(lab.state()).toEqual(before)
  })

  it('takes a name once per VPC', async () => {
    await create()
    expect(await refusal(create())).toBe(
      `InvalidGroup.Duplicate: The security group 'nyah-shop' already exists for VPC '${VPC}'`,
    )
    expect(await refusal(create({ VpcId: 'vpc-0bbbbbbb' }))).toBe('accepted')
  })

  it('does nothing on a dry run but to check', async () => {
    const before = lab.state()
    expect(await refusal(create({ DryRun: true }))).toMatch(/^DryRunOperation: /)
    expect(await refusal(create({ DryRun: true, GroupName: 'default' }))).toMatch(/^InvalidGroup.Reserved: /)
    expect(lab.state()).toEqual(before)
  })
})

describe('ingress rules', () => {
  it('are kept as EC2 shows them: one permission per port range, host bits cleared', async () => {
    const id = await groupId()
    await allow(id, tcp(443, '10.1.2.3/8', '192.168.0.0/16'), tcp(80, '10.0.0.0/8'))
    await allow(id, { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id }] })
    await allow(id, { ...tcp(443), Ipv6Ranges: [{ CidrIpv6: '2001:DB8:0::1/32', Description: 'v6' }] })
    expect(await rules(id)).toEqual([
      'tcp 443-443 10.0.0.0/8 192.168.0.0/16 2001:db8::/32',
      'tcp 80-80 10.0.0.0/8',
      `-1 undefined-undefined ${id}`,
    ])
  })

  it.each<[string, IpPermission, RegExp]>([
    ['a CIDR that is none', tcp(80, 'banana'), /^InvalidParameterValue: CIDR block banana is malformed/],
    ['a CIDR of 33 bits', tcp(80, '10.0.0.0/33'), /^InvalidParameterValue: CIDR block/],
    ['an address without bits', tcp(80, '10.0.0.1'), /^InvalidParameterValue: CIDR block/],
    ['IPv6 among IPv4', tcp(80, '::/0'), /^InvalidParameterValue: CIDR block/],
    ['port 65536', tcp(65_536, '10.0.0.0/8'), /^InvalidParameterValue: .*portRange/],
    ['ports backwards', { ...tcp(80, '10.0.0.0/8'), ToPort: 79 }, /^InvalidParameterValue: .*portRange/],
    [
      'TCP without ports',
      { IpProtocol: 'tcp', IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      /^InvalidParameterValue: .*portRange/,
    ],
    [
      'TCP with one port',
      { IpProtocol: 'tcp', FromPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      /^InvalidParameterValue: .*portRange/,
    ],
    ['no protocol', { IpRanges: [{ CidrIp: '10.0.0.0/8' }] }, /^MissingParameter: .*IpProtocol/],
    [
      'an unknown protocol',
      { IpProtocol: 'banana', IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      /^InvalidParameterValue: .*protocol/,
    ],
    ['nobody', tcp(80), /^MissingParameter: /],
    ['an unknown group', { ...tcp(80), UserIdGroupPairs: [{ GroupId: MISSING }] }, /^InvalidGroup.NotFound: /],
    [
      'a group named as every object has it',
      { ...tcp(80), UserIdGroupPairs: [{ GroupId: 'constructor' }] },
      /^InvalidGroup.NotFound: /,
    ],
    ['a rule twice', tcp(80, '10.0.0.0/8', '10.9.9.9/8'), /^InvalidParameterValue: The same permission/],
    [
      'a description that is too long',
      { ...tcp(80), IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'a'.repeat(256) }] },
      /^InvalidParameterValue: .*description/,
    ],
  ])('refuse %s', async (_what, permission, expected) => {
    const id = await groupId()
    expect(await refusal(allow(id, tcp(22, '10.0.0.0/8'), permission))).toMatch(expected)
    expect(await rules(id)).toEqual([])
  })

  it('are added all or none', async () => {
    const id = await groupId()
    await allow(id, tcp(80, '10.0.0.0/8'))
    expect(await refusal(allow(id, tcp(443, '10.0.0.0/8'), tcp(80, '10.0.0.0/8')))).toBe(
      'InvalidPermission.Duplicate: the specified rule "peer: 10.0.0.0/8, TCP, from port: 80, to port: 80, ALLOW" already exists',
    )
    expect(await rules(id)).toEqual(['tcp 80-80 10.0.0.0/8'])
  })

  it('are revoked all or none', async () => {
    const id = await groupId()
    await allow(id, tcp(80, '10.0.0.0/8', '192.168.0.0/16'))
    expect(await refusal(revoke(id, tcp(80, '10.0.0.0/8', '172.16.0.0/12')))).toBe(
      'InvalidPermission.NotFound: The specified rule does not exist in this security group.',
    )
    const { RevokedSecurityGroupRules } = await revoke(id, tcp(80, '10.0.0.0/8'))
    expect(RevokedSecurityGroupRules).toMatchObject([{ CidrIpv4: '10.0.0.0/8', FromPort: 80, IsEgress: false }])
    expect(await rules(id)).toEqual(['tcp 80-80 192.168.0.0/16'])
  })

  it('are revoked by id', async () => {
    const id = await groupId()
    const { SecurityGroupRules } = await allow(id, tcp(80, '10.0.0.0/8', '192.168.0.0/16'))
    const SecurityGroupRuleIds = [String(SecurityGroupRules?.[0]?.SecurityGroupRuleId)]
    const byId = () => lab.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: id, SecurityGroupRuleIds }))
    await byId()
    expect(await rules(id)).toEqual(['tcp 80-80 192.168.0.0/16'])
    expect(await refusal(byId())).toMatch(/^InvalidSecurityGroupRuleId.NotFound/)
  })

  it('are at most 60 of IPv4 and 60 of IPv6', async () => {
    const id = await groupId()
    const cidrs = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => `10.${from + index}.0.0/16`)
    await allow(id, tcp(80, ...cidrs(0, 60)))
    expect(await refusal(allow(id, tcp(80, '10.99.0.0/16')))).toMatch(/^RulesPerSecurityGroupLimitExceeded/)
    expect(await refusal(allow(id, { ...tcp(80), Ipv6Ranges: [{ CidrIpv6: '::/0' }] }))).toBe('accepted')
  })

  it('need a group that exists', async () => {
    const missing = `InvalidGroup.NotFound: The security group '${MISSING}' does not exist`
    expect(await refusal(allow(MISSING, tcp(80, '10.0.0.0/8')))).toBe(missing)
    expect(await refusal(revoke(MISSING, tcp(80, '10.0.0.0/8')))).toBe(missing)
    expect(await refusal(lab.ec2.send(new DeleteSecurityGroupCommand({ GroupId: MISSING })))).toBe(missing)
    expect(await refusal(allow('banana', tcp(80, '10.0.0.0/8')))).toMatch(/^InvalidGroupId.Malformed/)
  })
})

describe('DeleteSecurityGroup', () => {
  it('leaves the default group alone', async () => {
    const { SecurityGroups } = await lab.ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: 'group-name', Values: ['default'] },
          { Name: 'vpc-id', Values: [VPC] },
        ],
      }),
    )
    const GroupId = SecurityGroups?.[0]?.GroupId
    expect(await refusal(lab.ec2.send(new DeleteSecurityGroupCommand({ GroupId })))).toMatch(/^CannotDelete: /)
  })

  it('waits for rules of other groups that refer to it; its own do not hold it', async () => {
    const [id, other] = [await groupId(), await groupId({ GroupName: 'other' })]
    const refers: IpPermission = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id }] }
    await allow(other, refers)
    await allow(id, refers)
    const remove = () => refusal(lab.ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })))
    expect(await remove()).toMatch(/^DependencyViolation/)
    await revoke(other, refers)
    expect(await remove()).toBe('accepted')
  })
})

describe('filters', () => {
  const named = async (...Filters: Filter[]) => {
    const { SecurityGroups } = await lab.ec2.send(new DescribeSecurityGroupsCommand({ Filters }))
    return SecurityGroups?.map(({ GroupName, VpcId }) => `${GroupName} ${VpcId}`)
  }
  beforeEach(async () => {
    const tagged = (Value: string) => [{ ResourceType: 'security-group' as const, Tags: [{ Key: 'team', Value }] }]
    await create({ GroupName: 'nyah-a.b', TagSpecifications: tagged('web') })
    await create({ GroupName: 'nyah-axb', VpcId: 'vpc-0bbbbbbb', TagSpecifications: tagged('we*b') })
  })

  it.each<[string, Filter[], string[]]>([
    ['a name', [{ Name: 'group-name', Values: ['nyah-a.b'] }], ['nyah-a.b vpc-0a1b2c3d']],
    [
      'one of two names',
      [{ Name: 'group-name', Values: ['nyah-a.b', 'nyah-axb'] }],
      ['nyah-a.b vpc-0a1b2c3d', 'nyah-axb vpc-0bbbbbbb'],
    ],
    ['a wildcard', [{ Name: 'group-name', Values: ['nyah-a?b'] }], ['nyah-a.b vpc-0a1b2c3d', 'nyah-axb vpc-0bbbbbbb']],
    ['an escaped wildcard', [{ Name: 'tag:team', Values: ['we\\*b'] }], ['nyah-axb vpc-0bbbbbbb']],
    [
      'all filters at once',
      [
        { Name: 'group-name', Values: ['nyah*'] },
        { Name: 'vpc-id', Values: [VPC] },
      ],
      ['nyah-a.b vpc-0a1b2c3d'],
    ],
    ['a tag key', [{ Name: 'tag-key', Values: ['team'] }], ['nyah-a.b vpc-0a1b2c3d', 'nyah-axb vpc-0bbbbbbb']],
    ['a tag nobody has', [{ Name: 'tag:constructor', Values: ['*'] }], []],
    ['nothing that is there', [{ Name: 'group-name', Values: ['NYAH-A.B'] }], []],
  ])('find %s', async (_what, filters, expected) => {
    expect(await named(...filters)).toEqual(expected)
  })

  it.each(['banana', 'constructor'])('refuse the unknown name %s', async (Name) => {
    expect(await refusal(named({ Name, Values: ['x'] }))).toBe(`InvalidParameterValue: The filter '${Name}' is invalid`)
  })

  it('refuse more than 200 values', async () => {
    const Values = Array.from({ length: 201 }, (_, index) => `g${index}`)
    expect(await refusal(named({ Name: 'group-name', Values }))).toMatch(/^FilterLimitExceeded/)
  })
})

describe('pages', () => {
  it('are 5 to 1000 long and follow each other', async () => {
    for (let index = 0; index < 5; index++) await create({ GroupName: `g${index}` })
    const page = (MaxResults: number, NextToken?: string) =>
      lab.ec2.send(new DescribeSecurityGroupsCommand({ MaxResults, NextToken }))
    const first = await page(5)
    const second = await page(5, first.NextToken)
    const names = [...(first.SecurityGroups ?? []), ...(second.SecurityGroups ?? [])].map(({ GroupName }) => GroupName)
    expect(names).toEqual(['default', 'default', 'g0', 'g1', 'g2', 'g3', 'g4'])
    expect(second.NextToken).toBeUndefined()
    expect(await refusal(page(4))).toMatch(/^InvalidParameterValue/)
    expect(await refusal(page(1001))).toMatch(/^InvalidParameterValue/)
    expect(await refusal(page(1000))).toBe('accepted')
    expect(await refusal(page(5, 'banana'))).toMatch(/^InvalidParameterValue/)
    const both = new DescribeSecurityGroupsCommand({
      MaxResults: 5,
      GroupIds: [String(first.SecurityGroups?.[0]?.GroupId)],
    })
    expect(await refusal(lab.ec2.send(both))).toMatch(/^InvalidParameterCombination/)
  })
})

describe('what does not exist', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      "InvalidSubnetID.NotFound: The subnet ID 'subnet-0f' does not exist",
      () => lab.ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-0a', 'subnet-0f'] })),
    ],
    [
      "InvalidVpcID.NotFound: The vpc ID 'vpc-0f' does not exist",
      () => lab.ec2.send(new DescribeVpcsCommand({ VpcIds: ['vpc-0f'] })),
    ],
    [
      "InvalidGroup.NotFound: The security group 'sg-0123456789abcdef0' does not exist",
      () => lab.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [MISSING] })),
    ],
    [
      "InvalidGroup.NotFound: The security group 'x' does not exist in default VPC",
      () => lab.ec2.send(new DescribeSecurityGroupsCommand({ GroupNames: ['x'] })),
    ],
    [
      "InvalidAllocationID.NotFound: The allocation ID 'eipalloc-9' does not exist",
      () => lab.ec2.send(new DescribeAddressesCommand({ AllocationIds: ['eipalloc-9'] })),
    ],
    [
      "InvalidAddress.NotFound: Address '192.0.2.1' not found.",
      () => lab.ec2.send(new DescribeAddressesCommand({ PublicIps: ['192.0.2.1'] })),
    ],
    [
      "InvalidGroup.NotFound: The security group 'sg-0123456789abcdef0' does not exist",
      () => lab.ec2.send(new CreateTagsCommand({ Resources: [MISSING], Tags: [{ Key: 'a' }] })),
    ],
    [
      "InvalidID: The ID 'banana' is not valid",
      () => lab.ec2.send(new CreateTagsCommand({ Resources: ['banana'], Tags: [{ Key: 'a' }] })),
    ],
  ])('is %s', async (expected, call) => {
    expect(await refusal(call())).toBe(expected)
  })
})

describe('tags', () => {
  it('are added, replaced and deleted by key, or by key and value', async () => {
    const id = await groupId()
    const Resources = [id, 'subnet-0a', VPC]
    await lab.ec2.send(
      new CreateTagsCommand({
        Resources,
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '2' },
          { Key: 'c', Value: '3' },
        ],
      }),
    )
    await lab.ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'a', Value: 'x' }] }))
    await lab.ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: 'b', Value: 'other' }, { Key: 'c' }] }))
    const { Subnets } = await lab.ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'tag:a', Values: ['x'] }] }))
    expect(Subnets?.map(({ SubnetId, Tags }) => [SubnetId, Tags])).toEqual([
      [
        'subnet-0a',
        [
          { Key: 'a', Value: 'x' },
          { Key: 'b', Value: '2' },
        ],
      ],
    ])
    await lab.ec2.send(new DeleteTagsCommand({ Resources: [id] }))
    expect(lab.state().ec2Tags[id]).toEqual({})
  })

  it('are at most 50', async () => {
    const id = await groupId()
    const Tags = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}` }))
    expect(await refusal(lab.ec2.send(new CreateTagsCommand({ Resources: [id], Tags })))).toMatch(/^TagLimitExceeded/)
    await lab.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: Tags.slice(0, 50) }))
    expect(await refusal(lab.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'x' }] })))).toMatch(
      /^TagLimitExceeded/,
    )
  })
})

describe('load balancers as EC2 sees them', () => {
  it('have an interface per subnet, and hold Elastic IPs', async () => {
    const GroupId = await groupId()
    const { LoadBalancers } = await lab.elb.send(
      new CreateLoadBalancerCommand({
        Name: 'out',
        Type: 'network',
        SubnetMappings: [{ SubnetId: 'subnet-0a', AllocationId: 'eipalloc-1' }, { SubnetId: 'subnet-0c' }],
        SecurityGroups: [GroupId],
      }),
    )
    const below = String(LoadBalancers?.[0]?.LoadBalancerArn).split(':loadbalancer/')[1]
    const Filters = [{ Name: 'group-id', Values: [GroupId] }]
    const { NetworkInterfaces } = await lab.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))
    expect(
      NetworkInterfaces?.map((item) => [item.SubnetId, item.Description, item.PrivateIpAddress, item.Groups]),
    ).toEqual([
      ['subnet-0a', `ELB ${below}`, '10.100.1.4', [{ GroupId, GroupName: 'nyah-shop' }]],
      ['subnet-0c', `ELB ${below}`, '10.100.3.4', [{ GroupId, GroupName: 'nyah-shop' }]],
    ])
    const { Addresses } = await lab.ec2.send(new DescribeAddressesCommand({}))
    expect(Addresses?.map((item) => [item.AllocationId, item.PublicIp, item.NetworkInterfaceId])).toEqual([
      ['eipalloc-1', '203.0.113.1', NetworkInterfaces?.[0]?.NetworkInterfaceId],
      ['eipalloc-2', '203.0.113.2', undefined],
    ])
  })
})
