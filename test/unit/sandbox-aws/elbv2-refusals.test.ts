import {
  AddTagsCommand,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ModifyListenerAttributesCommand,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
  RegisterTargetsCommand,
  SetSecurityGroupsCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type {
  CreateListenerCommandInput,
  CreateLoadBalancerCommandInput,
  CreateTargetGroupCommandInput,
  TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { CreateSecurityGroupCommand } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab, VPC } from './lab.ts'

let lab: Lab
let group: string
let foreignGroup: string
beforeAll(async () => {
  lab = await startLab()
})
beforeEach(async () => {
  lab.reset()
  const made = (VpcId: string) =>
    lab.ec2.send(new CreateSecurityGroupCommand({ GroupName: 'nyah-x', Description: 'x', VpcId }))
  group = String((await made(VPC)).GroupId)
  foreignGroup = String((await made('vpc-0bbbbbbb')).GroupId)
})
afterAll(() => lab.close())

const MISSING = {
  balancer: 'arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/net/none/0123456789abcdef',
  group: 'arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/none/0123456789abcdef',
  listener:
    'arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/net/none/0123456789abcdef/0123456789abcdef',
}

type Balancer = Partial<CreateLoadBalancerCommandInput>
const balancer = (input: Balancer = {}) =>
  lab.elb.send(
    new CreateLoadBalancerCommand({
      Name: 'lb',
      Type: 'network',
      Scheme: 'internal',
      ...(input.SubnetMappings === undefined ? { Subnets: ['subnet-0a', 'subnet-0c'] } : {}),
      SecurityGroups: [group],
      ...input,
    }),
  )
const balancerArn = async (input?: Balancer) => String((await balancer(input)).LoadBalancers?.[0]?.LoadBalancerArn)

type Group = Partial<CreateTargetGroupCommandInput>
const targetGroup = (input: Group = {}) =>
  lab.elb.send(
    new CreateTargetGroupCommand({ Name: 'tg', Protocol: 'TCP', Port: 80, VpcId: VPC, TargetType: 'ip', ...input }),
  )
const groupArn = async (input?: Group) => String((await targetGroup(input)).TargetGroups?.[0]?.TargetGroupArn)

const listener = (LoadBalancerArn: string, TargetGroupArn: string, input: Partial<CreateListenerCommandInput> = {}) =>
  lab.elb.send(
    new CreateListenerCommand({
      LoadBalancerArn,
      Protocol: 'TCP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      ...input,
    }),
  )

const register = (TargetGroupArn: string, ...Targets: TargetDescription[]) =>
  lab.elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }))

const long = (length: number) => 'a'.repeat(length)
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: '' }))

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
    expect(await refusal(balancer({ SecurityGroups: [foreignGroup] }))).toMatch(
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

const CHECKS: [string, Group, RegExp][] = [
  ['interval 4', { HealthCheckIntervalSeconds: 4 }, /^ValidationError: .*greater than or equal to 5/],
  ['interval 301', { HealthCheckIntervalSeconds: 301 }, /^ValidationError: .*less than or equal to 300/],
  ['timeout 1', { HealthCheckTimeoutSeconds: 1 }, /^ValidationError: .*equal to 2/],
  [
    'timeout 121',
    { HealthCheckTimeoutSeconds: 121, HealthCheckIntervalSeconds: 300 },
    /^ValidationError: .*equal to 120/,
  ],
  [
    'timeout over interval',
    { HealthCheckTimeoutSeconds: 11, HealthCheckIntervalSeconds: 10 },
    /^ValidationError: .*interval/,
  ],
  ['default timeout over interval', { HealthCheckIntervalSeconds: 9 }, /^ValidationError: Health check timeout '10'/],
  ['healthy threshold 1', { HealthyThresholdCount: 1 }, /^ValidationError: .*'healthyThresholdCount'.*equal to 2/],
  ['healthy threshold 11', { HealthyThresholdCount: 11 }, /^ValidationError: .*equal to 10/],
  ['unhealthy threshold 1', { UnhealthyThresholdCount: 1 }, /^ValidationError: .*equal to 2/],
  ['unhealthy threshold 11', { UnhealthyThresholdCount: 11 }, /^ValidationError: .*equal to 10/],
  ['a path of 1025', { HealthCheckProtocol: 'HTTP', HealthCheckPath: `/${long(1024)}` }, /^ValidationError: .*1024/],
  ['a path without /', { HealthCheckProtocol: 'HTTP', HealthCheckPath: 'ready' }, /^ValidationError: .*must begin/],
  ['a path for TCP', { HealthCheckPath: '/' }, /^InvalidConfigurationRequestException: .*path/],
  ['a matcher for TCP', { Matcher: { HttpCode: '200' } }, /^InvalidConfigurationRequestException: .*matcher/],
  ['codes below 200', { HealthCheckProtocol: 'HTTP', Matcher: { HttpCode: '199' } }, /^ValidationError: .*200-599/],
  ['codes over 599', { HealthCheckProtocol: 'HTTP', Matcher: { HttpCode: '200-600' } }, /^ValidationError: .*200-599/],
  ['codes backwards', { HealthCheckProtocol: 'HTTP', Matcher: { HttpCode: '300-200' } }, /^ValidationError: .*200-599/],
  ['codes that are none', { HealthCheckProtocol: 'HTTP', Matcher: { HttpCode: 'ok' } }, /^ValidationError: .*200-599/],
  ['GRPC codes', { HealthCheckProtocol: 'HTTP', Matcher: { GrpcCode: '0' } }, /^ValidationError: .*GRPC/],
  ['port 0', { HealthCheckPort: '0' }, /^ValidationError: .*1-65535/],
  ['port 65536', { HealthCheckPort: '65536' }, /^ValidationError: .*1-65535/],
  ['a UDP health check', { HealthCheckProtocol: 'UDP' }, /^ValidationError: .*not supported/],
  ['no health checks', { HealthCheckEnabled: false }, /^ValidationError: .*must be true/],
]

describe('target groups', () => {
  it.each<[string, Group, RegExp]>([
    ...CHECKS,
    ['a name of 33', { Name: long(33) }, /^ValidationError: .*longer than '32'/],
    ['a name with a dot', { Name: 'a.b' }, /^ValidationError: .*alphanumeric/],
    ['no protocol', { Protocol: undefined }, /^ValidationError: A protocol/],
    ['no port', { Port: undefined }, /^ValidationError: A port/],
    ['port 0', { Port: 0 }, /^ValidationError: .*equal to 1/],
    ['no VPC', { VpcId: undefined }, /^ValidationError: A VPC ID/],
    ['an unknown VPC', { VpcId: 'vpc-0ffffff' }, /^ValidationError: .*'vpc-0ffffff' is not found/],
    ['HTTP, an ALB protocol', { Protocol: 'HTTP' }, /^ValidationError: .*not built in the sandbox/],
    ['lambda targets', { TargetType: 'lambda' }, /^ValidationError: .*not built in the sandbox/],
    ['a protocol version', { ProtocolVersion: 'HTTP1' }, /^ValidationError: /],
    ['51 tags', { Tags: many(51) }, /^TooManyTagsException: /],
  ])('refuses %s', async (_what, input, expected) => {
    const before = lab.state()
    expect(await refusal(targetGroup(input))).toMatch(expected)
    expect(lab.state()).toEqual(before)
  })

  it.each(CHECKS)('refuses to change to %s', async (_what, input, expected) => {
    const TargetGroupArn = await groupArn()
    const change = new ModifyTargetGroupCommand({ TargetGroupArn, ...input })
    expect(await refusal(lab.elb.send(change))).toMatch(expected)
  })

  it('takes the bounds', async () => {
    const path = `/${long(1023)}`
    const { TargetGroups } = await targetGroup({
      HealthCheckProtocol: 'HTTPS',
      HealthCheckPort: '65535',
      HealthCheckPath: path,
      HealthCheckIntervalSeconds: 300,
      HealthCheckTimeoutSeconds: 120,
      HealthyThresholdCount: 10,
      UnhealthyThresholdCount: 10,
      Matcher: { HttpCode: '200-599' },
    })
    expect(TargetGroups?.[0]).toMatchObject({
      HealthCheckPort: '65535',
      HealthCheckPath: path,
      HealthyThresholdCount: 10,
    })
  })

  it('has the documented defaults', async () => {
    const { TargetGroups } = await targetGroup()
    expect(TargetGroups?.[0]).toMatchObject({
      HealthCheckProtocol: 'TCP',
      HealthCheckPort: 'traffic-port',
      HealthCheckIntervalSeconds: 30,
      HealthCheckTimeoutSeconds: 10,
      HealthyThresholdCount: 5,
      UnhealthyThresholdCount: 2,
    })
    expect(TargetGroups?.[0]).not.toHaveProperty('HealthCheckPath')
    expect(TargetGroups?.[0]).not.toHaveProperty('Matcher')
  })

  it('changes only what is given; TCP forgets path and codes', async () => {
    const TargetGroupArn = await groupArn({
      HealthCheckProtocol: 'HTTP',
      HealthCheckPath: '/a',
      UnhealthyThresholdCount: 3,
    })
    const modify = async (input: object) =>
      (await lab.elb.send(new ModifyTargetGroupCommand({ TargetGroupArn, ...input }))).TargetGroups?.[0]
    expect(await modify({ HealthCheckIntervalSeconds: 20 })).toMatchObject({
      HealthCheckPath: '/a',
      Matcher: { HttpCode: '200-399' },
      HealthCheckIntervalSeconds: 20,
      UnhealthyThresholdCount: 3,
    })
    expect(await modify({ HealthCheckProtocol: 'TCP' })).not.toHaveProperty('HealthCheckPath')
    expect(await modify({ HealthCheckProtocol: 'HTTP' })).toMatchObject({ HealthCheckPath: '/' })
  })

  it('gives the same one for the same settings; others, or other tags, are a duplicate', async () => {
    const arn = await groupArn({ Tags: [{ Key: 'a', Value: '1' }] })
    expect(await groupArn({ Tags: [{ Key: 'a', Value: '1' }] })).toBe(arn)
    const duplicate =
      /^DuplicateTargetGroupNameException: A target group with the same name 'tg' exists, but with different settings/
    expect(await refusal(targetGroup())).toMatch(duplicate)
    expect(await refusal(targetGroup({ Tags: [{ Key: 'a', Value: '1' }], Port: 81 }))).toMatch(duplicate)
    expect(await refusal(targetGroup({ Tags: [{ Key: 'a', Value: '1' }], HealthyThresholdCount: 2 }))).toMatch(
      duplicate,
    )
  })

  it('fails to describe what is not there', async () => {
    const arn = await groupArn()
    const described = (input: object) => refusal(lab.elb.send(new DescribeTargetGroupsCommand(input)))
    expect(await described({ Names: ['tg', 'none'] })).toBe(
      'TargetGroupNotFoundException: One or more target groups not found',
    )
    expect(await described({ TargetGroupArns: [arn, MISSING.group] })).toMatch(/^TargetGroupNotFoundException/)
    expect(await described({ LoadBalancerArn: MISSING.balancer })).toMatch(/^LoadBalancerNotFoundException/)
    expect(await described({ Names: ['tg'], TargetGroupArns: [arn] })).toMatch(/^ValidationError: .*only one/)
    expect(await refusal(lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: MISSING.group })))).toMatch(
      /^TargetGroupNotFoundException/,
    )
  })

  it('is gone after a delete, which may be repeated', async () => {
    const TargetGroupArn = await groupArn()
    await lab.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }))
    await lab.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }))
    expect((await lab.elb.send(new DescribeTargetGroupsCommand({}))).TargetGroups).toEqual([])
  })

  it.each([
    ['TCP', 'banana', 'x', /^ValidationError: .*not recognized/],
    ['TCP', 'load_balancing.algorithm.type', 'round_robin', /^ValidationError: .*not recognized/],
    ['TCP', 'deregistration_delay.timeout_seconds', '3601', /^ValidationError: .*'3601'/],
    ['TCP', 'deregistration_delay.timeout_seconds', '-1', /^ValidationError: .*'-1'/],
    ['TCP', 'stickiness.type', 'lb_cookie', /^ValidationError: .*'lb_cookie'/],
    ['TCP', 'proxy_protocol_v2.enabled', 'on', /^ValidationError: .*'on'/],
    ['TCP', 'target_group_health.dns_failover.minimum_healthy_targets.percentage', '101', /^ValidationError: /],
    [
      'TCP',
      'target_health_state.unhealthy.draining_interval_seconds',
      '60',
      /^InvalidConfigurationRequestException: .*draining/,
    ],
    ['UDP', 'preserve_client_ip.enabled', 'false', /^InvalidConfigurationRequestException: .*preservation/],
    ['TCP_UDP', 'preserve_client_ip.enabled', 'false', /^InvalidConfigurationRequestException: .*preservation/],
    [
      'UDP',
      'target_health_state.unhealthy.connection_termination.enabled',
      'true',
      /^InvalidConfigurationRequestException: /,
    ],
  ] as const)('refuses for %s the attribute %s=%s', async (Protocol, Key, Value, expected) => {
    const TargetGroupArn = await groupArn({ Protocol })
    const command = new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes: [{ Key, Value }] })
    expect(await refusal(lab.elb.send(command))).toMatch(expected)
  })

  it.each([
    ['TCP', 'false', 'false'],
    ['UDP', 'true', 'true'],
  ] as const)('has the documented attribute defaults for %s', async (Protocol, preserve, terminate) => {
    const TargetGroupArn = await groupArn({ Protocol })
    const { Attributes } = await lab.elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }))
    expect(Attributes).toContainEqual({ Key: 'deregistration_delay.timeout_seconds', Value: '300' })
    expect(Attributes).toContainEqual({ Key: 'preserve_client_ip.enabled', Value: preserve })
    expect(Attributes).toContainEqual({ Key: 'deregistration_delay.connection_termination.enabled', Value: terminate })
    expect(Attributes).toContainEqual({
      Key: 'load_balancing.cross_zone.enabled',
      Value: 'use_load_balancer_configuration',
    })
  })
})

describe('RegisterTargets', () => {
  it.each<[string, TargetDescription, RegExp]>([
    ['a name', { Id: 'banana' }, /^ValidationError: .*not a valid ipv4 address/],
    ['an IPv6 address', { Id: 'fd00::1', AvailabilityZone: 'all' }, /^ValidationError: .*not a valid ipv4 address/],
    ['a public address', { Id: '203.0.113.9', AvailabilityZone: 'all' }, /^ValidationError: .*not in a subnet/],
    [
      'no zone outside the VPC',
      { Id: '10.20.0.1' },
      /^ValidationError: The Availability Zone is required for IP address '10.20.0.1'/,
    ],
    [
      'a zone outside the VPC',
      { Id: '10.20.0.1', AvailabilityZone: 'ap-northeast-1a' },
      /^ValidationError: .*select 'all'/,
    ],
    [
      'all inside a subnet',
      { Id: '10.100.1.9', AvailabilityZone: 'all' },
      /^ValidationError: .*is within the VPC, .*'all' from 'ap-northeast-1a'/,
    ],
    ['port 0', { Id: '10.20.0.1', AvailabilityZone: 'all', Port: 0 }, /^ValidationError: .*equal to 1/],
    ['port 65536', { Id: '10.20.0.1', AvailabilityZone: 'all', Port: 65_536 }, /^ValidationError: .*65535/],
  ])('refuses %s, and with it the whole call', async (_what, target, expected) => {
    const arn = await groupArn()
    const good = { Id: '100.64.0.1', AvailabilityZone: 'all' }
    expect(await refusal(register(arn, good, target))).toMatch(expected)
    expect(lab.state().targetGroups[arn]?.targets).toEqual([])
    expect(await refusal(register(arn, good))).toBe('accepted')
  })

  it('finds the zone of an address in a subnet, and the port of the target group', async () => {
    const arn = await groupArn()
    await register(arn, { Id: '10.100.3.9' })
    expect(lab.state().targetGroups[arn]?.targets).toMatchObject([
      { id: '10.100.3.9', port: 80, zone: 'ap-northeast-1c' },
    ])
  })

  it('leaves a registered target as it is and brings a draining one back', async () => {
    const arn = await groupArn()
    await listener(await balancerArn(), arn)
    const target = { Id: '10.20.0.1', AvailabilityZone: 'all' }
    await register(arn, target)
    const before = lab.state().targetGroups[arn]?.targets
    lab.pass(60)
    await register(arn, target)
    expect(lab.state().targetGroups[arn]?.targets).toEqual(before)
  })

  it('knows no instances', async () => {
    expect(await refusal(register(await groupArn({ TargetType: 'instance' }), { Id: 'i-0123456789abcdef0' }))).toMatch(
      /^InvalidTargetException/,
    )
  })

  it('does not use a target whose zone or address is taken from it', async () => {
    const arn = await groupArn()
    const balanced = await balancerArn({ Subnets: ['subnet-0a'] })
    await listener(balanced, arn)
    const node = String(lab.state().loadBalancers[balanced]?.nodes[0]?.privateIp)
    await register(arn, { Id: '10.100.3.9' }, { Id: node }, { Id: '10.100.1.200' })
    lab.pass(600)
    const { TargetHealthDescriptions } = await lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn }))
    expect(TargetHealthDescriptions?.map(({ TargetHealth }) => TargetHealth?.Reason ?? TargetHealth?.State)).toEqual([
      'Target.NotInUse',
      'Target.IpUnusable',
      'healthy',
    ])
  })
})

describe('listeners', () => {
  it.each<[string, Partial<CreateListenerCommandInput>, RegExp]>([
    ['no protocol', { Protocol: undefined }, /^ValidationError: A listener protocol/],
    ['no port', { Port: undefined }, /^ValidationError: A listener port/],
    ['port 0', { Port: 0 }, /^ValidationError: .*equal to 1/],
    ['port 65536', { Port: 65_536 }, /^ValidationError: .*65535/],
    ['HTTP', { Protocol: 'HTTP' }, /^UnsupportedProtocolException: /],
    ['UDP to a TCP group', { Protocol: 'UDP' }, /^IncompatibleProtocolsException: /],
    ['TCP_UDP to a TCP group', { Protocol: 'TCP_UDP' }, /^IncompatibleProtocolsException: /],
    ['TLS without a certificate', { Protocol: 'TLS' }, /^ValidationError: A certificate/],
    [
      'TLS with an unknown certificate',
      { Protocol: 'TLS', Certificates: [{ CertificateArn: 'arn:x' }] },
      /^CertificateNotFoundException: /,
    ],
    ['TCP with a certificate', { Certificates: [{ CertificateArn: 'arn:x' }] }, /^ValidationError: /],
    ['TCP with an ALPN policy', { AlpnPolicy: ['HTTP2Only'] }, /^ValidationError: /],
    ['no action', { DefaultActions: [] }, /^ValidationError: /],
    ['a redirect', { DefaultActions: [{ Type: 'redirect' }] }, /^InvalidLoadBalancerActionException: /],
    [
      'two actions',
      {
        DefaultActions: [
          { Type: 'forward', TargetGroupArn: MISSING.group },
          { Type: 'forward', TargetGroupArn: MISSING.group },
        ],
      },
      /^TooManyActionsException: /,
    ],
    ['a forward to nothing', { DefaultActions: [{ Type: 'forward' }] }, /^ValidationError: /],
    [
      'an unknown target group',
      { DefaultActions: [{ Type: 'forward', TargetGroupArn: MISSING.group }] },
      /^TargetGroupNotFoundException: /,
    ],
    ['an unknown load balancer', { LoadBalancerArn: MISSING.balancer }, /^LoadBalancerNotFoundException: /],
    [
      'weight 1000',
      {
        DefaultActions: [
          { Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: MISSING.group, Weight: 1000 }] } },
        ],
      },
      /^ValidationError: .*999/,
    ],
  ])('refuses %s', async (_what, input, expected) => {
    const [balanced, arn] = [await balancerArn(), await groupArn()]
    const before = lab.state()
    expect(await refusal(listener(balanced, arn, input))).toMatch(expected)
    expect(lab.state()).toEqual(before)
  })

  it('forwards as the routing table of the guide says', async () => {
    const balanced = await balancerArn()
    const arns = {
      TCP: await groupArn(),
      UDP: await groupArn({ Name: 'udp', Protocol: 'UDP' }),
      TCP_UDP: await groupArn({ Name: 'both', Protocol: 'TCP_UDP' }),
    }
    const tried: string[] = []
    let port = 1000
    for (const Protocol of ['TCP', 'UDP', 'TCP_UDP'] as const) {
      for (const [name, arn] of Object.entries(arns)) {
        port += 1
        tried.push(
          `${Protocol}→${name} ${(await refusal(listener(balanced, arn, { Protocol, Port: port }))).split(':')[0]}`,
        )
      }
    }
    expect(tried).toEqual([
      'TCP→TCP accepted',
      'TCP→UDP IncompatibleProtocolsException',
      'TCP→TCP_UDP accepted',
      'UDP→TCP IncompatibleProtocolsException',
      'UDP→UDP accepted',
      'UDP→TCP_UDP accepted',
      'TCP_UDP→TCP IncompatibleProtocolsException',
      'TCP_UDP→UDP IncompatibleProtocolsException',
      'TCP_UDP→TCP_UDP accepted',
    ])
  })

  it('is one per port; the same again is the same one', async () => {
    const [balanced, arn, other] = [await balancerArn(), await groupArn(), await groupArn({ Name: 'other' })]
    const made = await listener(balanced, arn)
    expect((await listener(balanced, arn)).Listeners).toEqual(made.Listeners)
    const duplicate = `DuplicateListenerException: A listener already exists on this port for this load balancer '${balanced}'`
    expect(await refusal(listener(balanced, other))).toBe(duplicate)
    expect(await refusal(listener(balanced, arn, { Tags: [{ Key: 'a' }] }))).toBe(duplicate)
    const udp = await groupArn({ Name: 'udp', Protocol: 'UDP' })
    expect(await refusal(listener(balanced, udp, { Protocol: 'UDP' }))).toBe(duplicate)
    const second = await listener(balanced, other, { Port: 81 })
    const move = new ModifyListenerCommand({ ListenerArn: second.Listeners?.[0]?.ListenerArn, Port: 80 })
    expect(await refusal(lab.elb.send(move))).toBe(duplicate)
  })

  it('lets a target group serve one load balancer only, on any number of its listeners', async () => {
    const arn = await groupArn()
    const [first, second] = [await balancerArn(), await balancerArn({ Name: 'second' })]
    await listener(first, arn)
    expect(await refusal(listener(first, arn, { Port: 81 }))).toBe('accepted')
    expect(await refusal(listener(second, arn))).toBe(
      `TargetGroupAssociationLimitException: The following target groups cannot be associated with more than one load balancer: ${arn}`,
    )
  })

  it('needs a target group of its own VPC and address family', async () => {
    const balanced = await balancerArn()
    const foreign = await groupArn({ VpcId: 'vpc-0bbbbbbb' })
    expect(await refusal(listener(balanced, foreign))).toMatch(/^InvalidConfigurationRequestException: .*same VPC/)
    const six = await groupArn({ Name: 'six', IpAddressType: 'ipv6' })
    expect(await refusal(listener(balanced, six))).toMatch(/^InvalidConfigurationRequestException: .*dualstack/)
  })

  it('keeps weighted target groups, and what a change does not name', async () => {
    const [balanced, a, b] = [await balancerArn(), await groupArn(), await groupArn({ Name: 'b' })]
    const TargetGroups = [
      { TargetGroupArn: a, Weight: 9 },
      { TargetGroupArn: b, Weight: 0 },
    ]
    const made = await listener(balanced, a, { DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups } }] })
    const ListenerArn = made.Listeners?.[0]?.ListenerArn
    const { Listeners } = await lab.elb.send(new ModifyListenerCommand({ ListenerArn, Port: 8080 }))
    expect(Listeners?.[0]).toMatchObject({
      Port: 8080,
      Protocol: 'TCP',
      DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups } }],
    })
    expect(await refusal(lab.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: b })))).toMatch(
      /^ResourceInUseException/,
    )
  })

  it('has one attribute, within its bounds', async () => {
    const made = await listener(await balancerArn(), await groupArn())
    const ListenerArn = made.Listeners?.[0]?.ListenerArn
    const set = (Key: string, Value: string) =>
      refusal(lab.elb.send(new ModifyListenerAttributesCommand({ ListenerArn, Attributes: [{ Key, Value }] })))
    expect(await set('tcp.idle_timeout.seconds', '59')).toMatch(/^ValidationError/)
    expect(await set('tcp.idle_timeout.seconds', '6001')).toMatch(/^ValidationError/)
    expect(await set('routing.http.response.server.enabled', 'true')).toMatch(/^ValidationError: .*not recognized/)
    expect(await set('tcp.idle_timeout.seconds', '6000')).toBe('accepted')
    const { Attributes } = await lab.elb.send(new DescribeListenerAttributesCommand({ ListenerArn }))
    expect(Attributes).toEqual([{ Key: 'tcp.idle_timeout.seconds', Value: '6000' }])
  })

  it('is found by load balancer or ARN, never by neither or both', async () => {
    const balanced = await balancerArn()
    const described = (input: object) => refusal(lab.elb.send(new DescribeListenersCommand(input)))
    expect(await described({})).toMatch(/^ValidationError/)
    expect(await described({ LoadBalancerArn: balanced, ListenerArns: [MISSING.listener] })).toMatch(/^ValidationError/)
    expect(await described({ LoadBalancerArn: MISSING.balancer })).toMatch(/^LoadBalancerNotFoundException/)
    expect(await described({ ListenerArns: [MISSING.listener] })).toMatch(/^ListenerNotFoundException/)
    expect(await refusal(lab.elb.send(new DeleteListenerCommand({ ListenerArn: MISSING.listener })))).toMatch(
      /^ListenerNotFoundException/,
    )
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
