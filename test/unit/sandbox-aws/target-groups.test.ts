import {
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { TargetDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab } from './lab.ts'
import type { Group } from './makers.ts'
import { MISSING, long, makers, many } from './makers.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab()
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const { balancerArn, targetGroup, groupArn, listener, register } = makers(
  () => lab,
  () => [],
)

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
    const malformed = new DeleteTargetGroupCommand({ TargetGroupArn: 'banana' })
    expect(await refusal(lab.elb.send(malformed))).toMatch(/^ValidationError: .*not a valid target group ARN/)
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
    await lab.elb.send(new DeregisterTargetsCommand({ TargetGroupArn: arn, Targets: [target] }))
    expect(lab.state().targetGroups[arn]?.targets[0]?.drainsUntil).toBe(lab.surroundings.now + 300_000)
    await register(arn, target)
    expect(lab.state().targetGroups[arn]?.targets).toMatchObject([
      { registeredAt: lab.surroundings.now, drainsUntil: null },
    ])
  })

  it.each([
    ['without a delay', '0', true],
    ['that no listener uses', '300', false],
  ])('drains nothing in a target group %s', async (_what, Value, used) => {
    const TargetGroupArn = await groupArn()
    if (used) await listener(await balancerArn(), TargetGroupArn)
    const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value }]
    await lab.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }))
    const target = { Id: '10.20.0.1', AvailabilityZone: 'all' }
    await register(TargetGroupArn, target)
    await lab.elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [target] }))
    const { TargetHealthDescriptions } = await lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))
    expect(TargetHealthDescriptions).toEqual([])
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
