import {
  AddTagsCommand,
  DeleteLoadBalancerCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ModifyLoadBalancerAttributesCommand,
  SetSecurityGroupsCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab, VPC } from './lab.ts'
import type { Balancer } from './makers.ts'
import { MISSING, long, makers, many, securityGroup } from './makers.ts'

let lab: Lab
let group: string
beforeAll(async () => {
  lab = await startLab()
})
beforeEach(async () => {
  lab.reset()
  group = await securityGroup(lab, VPC)
})
afterAll(() => lab.close())

const { balancer, balancerArn } = makers(
  () => lab,
  () => [group],
)

describe('CreateLoadBalancer', () => {
  it.each<[string, Balancer, string | RegExp]>([
    ['a name of 33', { Name: long(33) }, /^ValidationError: .*longer than '32'/],
    ['a name with _', { Name: 'a_b' }, /^ValidationError: .*alphanumeric/],
    ['a name that begins with -', { Name: '-a' }, /^ValidationError: .*begin or end/],
    ['a name that ends with -', { Name: 'a-' }, /^ValidationError: .*begin or end/],
    ['a name that begins with internal-', { Name: 'internal-a' }, /^ValidationError: .*'internal-'/],
    ['an application load balancer', { Type: 'application' }, /^ValidationError: .*not built in the sandbox/],
    ['a scheme that is none', { Scheme: 'public' as never }, /^ValidationError: .*enum value set/],
    ['no subnet', { Subnets: [] }, /^ValidationError: At least one subnet/],
    [
      'subnets and mappings',
      { Subnets: ['subnet-0a'], SubnetMappings: [{ SubnetId: 'subnet-0c' }] },
      /^ValidationError: .*not both/,
    ],
    [
      'an unknown subnet',
      { Subnets: ['subnet-0f'] },
      "SubnetNotFoundException: The subnet ID 'subnet-0f' does not exist",
    ],
    [
      'two subnets of one zone',
      { Subnets: ['subnet-0a', 'subnet-0a2'] },
      /^InvalidConfigurationRequestException: .*same Availability Zone/,
    ],
    [
      'subnets of two VPCs',
      { Subnets: ['subnet-0c', 'subnet-0b'] },
      /^InvalidConfigurationRequestException: .*same VPC/,
    ],
    ['a subnet without addresses', { Subnets: ['subnet-0d'] }, /^InvalidSubnetException: /],
    [
      'an Elastic IP inside',
      { SubnetMappings: [{ SubnetId: 'subnet-0a', AllocationId: 'eipalloc-1' }] },
      /^InvalidConfigurationRequestException: .*Elastic IP/,
    ],
    [
      'an unknown Elastic IP',
      { Scheme: 'internet-facing', SubnetMappings: [{ SubnetId: 'subnet-0a', AllocationId: 'eipalloc-9' }] },
      /^AllocationIdNotFoundException: /,
    ],
    [
      'a private address outside',
      { Scheme: 'internet-facing', SubnetMappings: [{ SubnetId: 'subnet-0a', PrivateIPv4Address: '10.100.1.9' }] },
      /^InvalidConfigurationRequestException: .*private IPv4/,
    ],
    [
      'a private address of no subnet',
      { SubnetMappings: [{ SubnetId: 'subnet-0a', PrivateIPv4Address: '10.100.9.9' }] },
      /^InvalidConfigurationRequestException: .*not in the range/,
    ],
    ['dualstack inside', { IpAddressType: 'dualstack' }, /^InvalidConfigurationRequestException: .*'dualstack'/],
    [
      'dualstack without IPv6 subnets',
      { Scheme: 'internet-facing', IpAddressType: 'dualstack' },
      /^InvalidConfigurationRequestException: .*IPv6 CIDR/,
    ],
    ['an unknown security group', { SecurityGroups: ['sg-0123456789abcdef0'] }, /^InvalidSecurityGroupException: /],
    ['a tag twice', { Tags: [{ Key: 'a' }, { Key: 'a' }] }, /^DuplicateTagKeysException: /],
    ['51 tags', { Tags: many(51) }, /^TooManyTagsException: /],
    ['a tag of aws:', { Tags: [{ Key: 'aws:x' }] }, /^ValidationError: .*aws:/],
    ['a tag key of 129', { Tags: [{ Key: long(129) }] }, /^ValidationError: .*tag key/],
    ['a tag value of 257', { Tags: [{ Key: 'a', Value: long(257) }] }, /^ValidationError: .*tag value/],
    ['a tag value with <', { Tags: [{ Key: 'a', Value: '<b>' }] }, /^ValidationError: .*tag value/],
  ])('refuses %s', async (_what, input, expected) => {
    const before = lab.state()
    expect(await refusal(balancer(input))).toMatch(expected)
    expect(lab.state()).toEqual(before)
  })

  it('refuses a security group of another VPC', async () => {
    const foreign = await securityGroup(lab, 'vpc-0bbbbbbb')
    expect(await refusal(balancer({ SecurityGroups: [foreign] }))).toMatch(
      /^InvalidConfigurationRequestException: .*VPC/,
    )
  })

  it('takes names and tags that only look strange', async () => {
    const Tags = [
      { Key: 'constructor', Value: 'x' },
      { Key: '__proto__', Value: 'y' },
      { Key: 'a', Value: '店 a+b=c:d/e@f' },
    ]
    const arn = await balancerArn({ Name: long(32), Tags })
    const { TagDescriptions } = await lab.elb.send(new DescribeTagsCommand({ ResourceArns: [arn] }))
    expect(TagDescriptions?.[0]?.Tags).toEqual(Tags)
  })

  it('gives the same one for the same settings, in whatever order; other settings or tags are a duplicate', async () => {
    const Tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ]
    const arn = await balancerArn({ Tags })
    lab.pass(60)
    expect(await balancerArn({ Tags: Tags.toReversed(), Subnets: ['subnet-0c', 'subnet-0a'] })).toBe(arn)
    const duplicate =
      /^DuplicateLoadBalancerNameException: A load balancer with the same name 'lb' exists, but with different settings/
    expect(await refusal(balancer({ Tags: [] }))).toMatch(duplicate)
    expect(await refusal(balancer({ Tags, Subnets: ['subnet-0a'] }))).toMatch(duplicate)
    expect(await refusal(balancer({ Tags, Scheme: 'internet-facing' }))).toMatch(duplicate)
    expect(await refusal(balancer({ Tags, SecurityGroups: [] }))).toMatch(duplicate)
  })

  it('uses an address once', async () => {
    const outside = {
      Scheme: 'internet-facing',
      SubnetMappings: [{ SubnetId: 'subnet-0a', AllocationId: 'eipalloc-1' }],
    } as const
    const inside = { SubnetMappings: [{ SubnetId: 'subnet-0a', PrivateIPv4Address: '10.100.1.9' }] }
    const arn = await balancerArn({ Name: 'out', ...outside, SubnetMappings: [...outside.SubnetMappings] })
    await balancer({ Name: 'in', ...inside })
    expect(await refusal(balancer({ Name: 'out2', ...outside, SubnetMappings: [...outside.SubnetMappings] }))).toMatch(
      /^ResourceInUseException/,
    )
    expect(await refusal(balancer({ Name: 'in2', ...inside }))).toMatch(/^ResourceInUseException/)
    const { LoadBalancers } = await lab.elb.send(new DescribeLoadBalancersCommand({}))
    expect(LoadBalancers?.map((one) => one.AvailabilityZones?.[0]?.LoadBalancerAddresses)).toEqual([
      [{ IpAddress: '203.0.113.1', AllocationId: 'eipalloc-1' }],
      [{ PrivateIPv4Address: '10.100.1.9' }],
    ])
    expect(arn).toContain('/net/out/')
  })
})

describe('load balancers', () => {
  it('fails to describe what is not there, whole', async () => {
    const arn = await balancerArn()
    const described = (input: object) => refusal(lab.elb.send(new DescribeLoadBalancersCommand(input)))
    expect(await described({ Names: ['lb', 'none'] })).toBe(
      "LoadBalancerNotFoundException: Load balancers '[none]' not found",
    )
    expect(await described({ LoadBalancerArns: [arn, MISSING.balancer] })).toMatch(/^LoadBalancerNotFoundException/)
    expect(await described({ LoadBalancerArns: ['arn:banana'] })).toMatch(
      /^ValidationError: .*not a valid load balancer ARN/,
    )
    expect(await described({ LoadBalancerArns: Array.from({ length: 21 }, () => arn) })).toMatch(
      /^ValidationError: .*20/,
    )
    expect(await described({ PageSize: 401 })).toMatch(/^ValidationError: .*less than or equal to 400/)
    expect(await described({ PageSize: 0 })).toMatch(/^ValidationError: .*greater than or equal to 1/)
    expect(await described({ Marker: 'banana' })).toMatch(/^ValidationError: Invalid marker/)
  })

  it('gives no security group to one made without', async () => {
    const LoadBalancerArn = await balancerArn({ SecurityGroups: [] })
    const set = (arn: string, SecurityGroups: string[]) =>
      refusal(lab.elb.send(new SetSecurityGroupsCommand({ LoadBalancerArn: arn, SecurityGroups })))
    expect(await set(LoadBalancerArn, [group])).toMatch(/^InvalidConfigurationRequestException: .*created without/)
    const other = await balancerArn({ Name: 'guarded' })
    expect(await set(other, [])).toMatch(/^ValidationError/)
    expect(await set(other, ['sg-0123456789abcdef0'])).toMatch(/^InvalidSecurityGroupException/)
    expect(await set(other, [group])).toBe('accepted')
    expect(await set(MISSING.balancer, [group])).toMatch(/^LoadBalancerNotFoundException/)
  })

  it('changes subnets as a whole, and keeps the addresses of those that stay', async () => {
    const LoadBalancerArn = await balancerArn({ Subnets: ['subnet-0a'] })
    const [kept] = Object.values(lab.state().loadBalancers)[0]?.nodes ?? []
    const set = (Subnets: string[]) => lab.elb.send(new SetSubnetsCommand({ LoadBalancerArn, Subnets }))
    const { AvailabilityZones } = await set(['subnet-0c', 'subnet-0a'])
    expect(AvailabilityZones?.map(({ SubnetId }) => SubnetId)).toEqual(['subnet-0c', 'subnet-0a'])
    expect(Object.values(lab.state().loadBalancers)[0]?.nodes[1]).toEqual(kept)
    expect(await refusal(set(['subnet-0b']))).toMatch(/^InvalidConfigurationRequestException/)
    expect(await refusal(set(['subnet-0f']))).toMatch(/^SubnetNotFoundException/)
  })

  it('is protected from deletion when asked', async () => {
    const LoadBalancerArn = await balancerArn()
    const protect = (Value: string) =>
      lab.elb.send(
        new ModifyLoadBalancerAttributesCommand({
          LoadBalancerArn,
          Attributes: [{ Key: 'deletion_protection.enabled', Value }],
        }),
      )
    await protect('true')
    const remove = () => refusal(lab.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn })))
    expect(await remove()).toMatch(/^OperationNotPermittedException: .*deletion protection/)
    await protect('false')
    expect(await remove()).toBe('accepted')
    expect(await refusal(lab.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: 'x' })))).toMatch(
      /^ValidationError/,
    )
  })

  it.each([
    ['banana.enabled', 'true', /^ValidationError: .*not recognized/],
    ['idle_timeout.timeout_seconds', '60', /^ValidationError: .*not recognized/],
    ['deletion_protection.enabled', 'yes', /^ValidationError: .*cannot have the value/],
    ['secondary_ips.auto_assigned.per_subnet', '8', /^ValidationError: /],
    ['dns_record.client_routing_policy', 'x', /^ValidationError: /],
    ['access_logs.s3.enabled', 'true', /^InvalidConfigurationRequestException: .*bucket/],
  ])('refuses the attribute %s=%s', async (Key, Value, expected) => {
    const LoadBalancerArn = await balancerArn()
    const command = new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes: [{ Key, Value }] })
    expect(await refusal(lab.elb.send(command))).toMatch(expected)
  })

  it('never gives secondary addresses back', async () => {
    const LoadBalancerArn = await balancerArn()
    const Key = 'secondary_ips.auto_assigned.per_subnet'
    const set = (Value: string) =>
      refusal(lab.elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes: [{ Key, Value }] })))
    expect(await set('2')).toBe('accepted')
    expect(await set('1')).toMatch(/^InvalidConfigurationRequestException/)
    const { Attributes } = await lab.elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }))
    expect(Attributes).toContainEqual({ Key, Value: '2' })
    expect(Attributes).toContainEqual({ Key: 'ipv6.deny_all_igw_traffic', Value: 'true' })
    expect(Attributes).toContainEqual({ Key: 'load_balancing.cross_zone.enabled', Value: 'false' })
  })
})

describe('tags', () => {
  it('are described for at most 20 resources, all of which exist', async () => {
    const arn = await balancerArn()
    const described = (ResourceArns: string[]) => refusal(lab.elb.send(new DescribeTagsCommand({ ResourceArns })))
    expect(await described(Array.from({ length: 20 }, () => arn))).toBe('accepted')
    expect(await described(Array.from({ length: 21 }, () => arn))).toMatch(/^ValidationError: .*20/)
    expect(await described([arn, MISSING.balancer])).toMatch(/^LoadBalancerNotFoundException/)
    expect(await described([MISSING.group])).toMatch(/^TargetGroupNotFoundException/)
    expect(await described([MISSING.listener])).toMatch(/^ListenerNotFoundException/)
    expect(await described(['banana'])).toMatch(/^ValidationError/)
  })

  it('are at most 50, old and new together, and none is added when one cannot be', async () => {
    const arn = await balancerArn({ Tags: many(49) })
    const add = (...Tags: { Key: string }[]) => refusal(lab.elb.send(new AddTagsCommand({ ResourceArns: [arn], Tags })))
    expect(await add({ Key: 'a' }, { Key: 'b' })).toMatch(/^TooManyTagsException/)
    expect(lab.state().loadBalancers[arn]?.tags).not.toHaveProperty('a')
    expect(await add({ Key: 'a' }, { Key: 'k1' })).toBe('accepted')
  })
})
