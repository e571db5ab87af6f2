import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2'
import {
  AddTagsCommand,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab, VPC } from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab()
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

/** EC2 takes any characters, and XML has to carry them. */
const AWKWARD = { Key: 'note', Value: '<a href="x">&amp; \r\n\t店 </item>' }

/** A whole mirror, as nyah makes one. */
async function mirror() {
  const { elb, ec2 } = lab
  const tags = [
    { Key: 'nyah:managed', Value: 'true' },
    { Key: 'nyah:source-name', Value: '店 shop/1' },
  ]
  const group = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: 'nyah-shop-1a2b3c4d',
      Description: 'nyah mirror',
      VpcId: VPC,
      TagSpecifications: [{ ResourceType: 'security-group', Tags: [...tags, AWKWARD] }],
    }),
  )
  const GroupId = group.GroupId as string
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId,
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 443,
          ToPort: 443,
          IpRanges: [{ CidrIp: '10.0.0.0/8' }, { CidrIp: '192.168.1.7/24' }],
        },
      ],
    }),
  )
  const targetGroup = await elb.send(
    new CreateTargetGroupCommand({
      Name: 'nyah-shop-1a2b3c4d-443',
      Protocol: 'TCP',
      Port: 443,
      VpcId: VPC,
      TargetType: 'ip',
      HealthCheckProtocol: 'HTTP',
      HealthCheckPath: '/ready?a=1&b=<2>',
      HealthCheckIntervalSeconds: 10,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 3,
      UnhealthyThresholdCount: 2,
      Matcher: { HttpCode: '200,202' },
      Tags: tags,
    }),
  )
  const TargetGroupArn = targetGroup.TargetGroups?.[0]?.TargetGroupArn as string
  await elb.send(
    new RegisterTargetsCommand({
      TargetGroupArn,
      Targets: [
        { Id: '10.20.0.11', Port: 8443, AvailabilityZone: 'all' },
        { Id: '10.20.0.11', Port: 8444, AvailabilityZone: 'all' },
        { Id: '10.20.0.12', Port: 8443, AvailabilityZone: 'all' },
      ],
    }),
  )
  const balancer = await elb.send(
    new CreateLoadBalancerCommand({
      Name: 'nyah-shop-1a2b3c4d',
      Type: 'network',
      Scheme: 'internal',
      Subnets: ['subnet-0a', 'subnet-0c'],
      SecurityGroups: [GroupId],
      Tags: tags,
    }),
  )
  const LoadBalancerArn = balancer.LoadBalancers?.[0]?.LoadBalancerArn as string
  const listener = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn,
      Protocol: 'TCP',
      Port: 443,
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      Tags: tags,
    }),
  )
  const ListenerArn = listener.Listeners?.[0]?.ListenerArn as string
  return { GroupId, TargetGroupArn, LoadBalancerArn, ListenerArn, tags }
}

const health = async (TargetGroupArn: string) => {
  const answer = await lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))
  return (answer.TargetHealthDescriptions ?? []).map(
    ({ Target, TargetHealth }) =>
      `${Target?.Id}:${Target?.Port} ${TargetHealth?.State}${TargetHealth?.Reason === undefined ? '' : ` ${TargetHealth.Reason}`}`,
  )
}

describe('a mirror, made by the SDK', () => {
  it('reads back as it was asked for', async () => {
    const { GroupId, TargetGroupArn, LoadBalancerArn, ListenerArn, tags } = await mirror()
    const { elb } = lab
    const id = LoadBalancerArn.split('/').at(-1)
    expect(LoadBalancerArn).toMatch(
      /^arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer\/net\/nyah-shop-1a2b3c4d\/[0-9a-f]{16}$/,
    )
    const balancers = await elb.send(new DescribeLoadBalancersCommand({ Names: ['nyah-shop-1a2b3c4d'] }))
    expect(balancers.LoadBalancers).toEqual([
      {
        LoadBalancerArn,
        DNSName: `nyah-shop-1a2b3c4d-${id}.elb.ap-northeast-1.amazonaws.com`,
        CanonicalHostedZoneId: 'Z31USIVHYNEOWT',
        CreatedTime: new Date('2026-11-22T00:00:00Z'),
        LoadBalancerName: 'nyah-shop-1a2b3c4d',
        Scheme: 'internal',
        VpcId: VPC,
        State: { Code: 'provisioning' },
        Type: 'network',
        AvailabilityZones: [
          { ZoneName: 'ap-northeast-1a', SubnetId: 'subnet-0a', LoadBalancerAddresses: [] },
          { ZoneName: 'ap-northeast-1c', SubnetId: 'subnet-0c', LoadBalancerAddresses: [] },
        ],
        SecurityGroups: [GroupId],
        IpAddressType: 'ipv4',
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on',
        EnablePrefixForIpv6SourceNat: 'off',
      },
    ])
    const groups = await elb.send(new DescribeTargetGroupsCommand({ LoadBalancerArn }))
    expect(groups.TargetGroups).toEqual([
      {
        TargetGroupArn,
        TargetGroupName: 'nyah-shop-1a2b3c4d-443',
        Protocol: 'TCP',
        Port: 443,
        VpcId: VPC,
        HealthCheckProtocol: 'HTTP',
        HealthCheckPort: 'traffic-port',
        HealthCheckEnabled: true,
        HealthCheckIntervalSeconds: 10,
        HealthCheckTimeoutSeconds: 5,
        HealthyThresholdCount: 3,
        UnhealthyThresholdCount: 2,
        HealthCheckPath: '/ready?a=1&b=<2>',
        Matcher: { HttpCode: '200,202' },
        LoadBalancerArns: [LoadBalancerArn],
        TargetType: 'ip',
        IpAddressType: 'ipv4',
      },
    ])
    const listeners = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }))
    expect(listeners.Listeners).toEqual([
      {
        ListenerArn,
        LoadBalancerArn,
        Port: 443,
        Protocol: 'TCP',
        DefaultActions: [{ Type: 'forward', TargetGroupArn, ForwardConfig: { TargetGroups: [{ TargetGroupArn }] } }],
      },
    ])
    const ResourceArns = [LoadBalancerArn, TargetGroupArn, ListenerArn]
    const described = await elb.send(new DescribeTagsCommand({ ResourceArns }))
    expect(described.TagDescriptions).toEqual(ResourceArns.map((ResourceArn) => ({ ResourceArn, Tags: tags })))
  })

  it('is provisioning for two minutes, then active', async () => {
    const { LoadBalancerArn } = await mirror()
    const code = async () => {
      const answer = await lab.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }))
      return answer.LoadBalancers?.[0]?.State?.Code
    }
    lab.pass(119)
    expect(await code()).toBe('provisioning')
    lab.pass(1)
    expect(await code()).toBe('active')
  })

  it('has targets that become healthy on the clock, one per address and port', async () => {
    const { TargetGroupArn } = await mirror()
    lab.surroundings.down = new Set(['10.20.0.12:8443'])
    expect(await health(TargetGroupArn)).toEqual([
      '10.20.0.11:8443 initial Elb.RegistrationInProgress',
      '10.20.0.11:8444 initial Elb.RegistrationInProgress',
      '10.20.0.12:8443 initial Elb.RegistrationInProgress',
    ])
    lab.pass(120 + 20)
    expect(await health(TargetGroupArn)).toEqual([
      '10.20.0.11:8443 initial Elb.InitialHealthChecking',
      '10.20.0.11:8444 initial Elb.InitialHealthChecking',
      '10.20.0.12:8443 unhealthy Target.Timeout',
    ])
    lab.pass(10)
    expect(await health(TargetGroupArn)).toEqual([
      '10.20.0.11:8443 healthy',
      '10.20.0.11:8444 healthy',
      '10.20.0.12:8443 unhealthy Target.Timeout',
    ])
  })

  it('loses and regains health only after a row of probes; a blip is not seen', async () => {
    const { TargetGroupArn } = await mirror()
    const one = async () => (await health(TargetGroupArn))[2]
    lab.pass(600)
    expect(await one()).toBe('10.20.0.12:8443 healthy')
    lab.surroundings.down = new Set(['10.20.0.12:8443'])
    expect(await one()).toBe('10.20.0.12:8443 healthy')
    lab.pass(10)
    lab.surroundings.down = new Set()
    expect(await one()).toBe('10.20.0.12:8443 healthy')
    lab.pass(60)
    lab.surroundings.down = new Set(['10.20.0.12:8443'])
    expect(await one()).toBe('10.20.0.12:8443 healthy')
    lab.pass(20)
    expect(await one()).toBe('10.20.0.12:8443 unhealthy Target.Timeout')
    lab.surroundings.down = new Set()
    expect(await one()).toBe('10.20.0.12:8443 unhealthy Target.Timeout')
    lab.pass(29)
    expect(await one()).toBe('10.20.0.12:8443 unhealthy Target.Timeout')
    lab.pass(1)
    expect(await one()).toBe('10.20.0.12:8443 healthy')
  })

  it('drains for the deregistration delay; an unknown target is no error', async () => {
    const { TargetGroupArn } = await mirror()
    const { elb } = lab
    await elb.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn,
        Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '60' }],
      }),
    )
    lab.pass(600)
    const gone = { Id: '10.20.0.11', Port: 8444 }
    await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [gone, { Id: '10.99.0.1' }] }))
    const draining = '10.20.0.11:8444 draining Target.DeregistrationInProgress'
    expect(await health(TargetGroupArn)).toEqual(['10.20.0.11:8443 healthy', draining, '10.20.0.12:8443 healthy'])
    lab.pass(30)
    await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [gone] }))
    lab.pass(29)
    expect(await health(TargetGroupArn)).toContain(draining)
    lab.pass(1)
    expect(await health(TargetGroupArn)).toEqual(['10.20.0.11:8443 healthy', '10.20.0.12:8443 healthy'])
  })

  it('keeps the port override: deregistering by address alone means the port of the target group', async () => {
    const { TargetGroupArn } = await mirror()
    await lab.elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: '10.20.0.11' }] }))
    lab.pass(600)
    expect(await health(TargetGroupArn)).toHaveLength(3)
  })

  it('says of targets that were asked for and are not registered that they are not', async () => {
    const { TargetGroupArn } = await mirror()
    const Targets = [
      { Id: '10.20.0.12', Port: 8443 },
      { Id: '10.20.0.99', Port: 1 },
    ]
    const answer = await lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn, Targets }))
    const shown = answer.TargetHealthDescriptions?.map(({ TargetHealth }) => TargetHealth?.Reason)
    expect(shown).toEqual(['Elb.RegistrationInProgress', 'Target.NotRegistered'])
  })

  it('goes away in the documented order, and its security group only after its interfaces', async () => {
    const { GroupId, TargetGroupArn, LoadBalancerArn, ListenerArn } = await mirror()
    const { elb, ec2 } = lab
    expect(await refusal(elb.send(new DeleteTargetGroupCommand({ TargetGroupArn })))).toMatch(
      /^ResourceInUseException: /,
    )
    expect(await refusal(ec2.send(new DeleteSecurityGroupCommand({ GroupId })))).toBe(
      `DependencyViolation: resource ${GroupId} has a dependent object`,
    )
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }))
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }))
    expect(await refusal(elb.send(new DescribeListenersCommand({ ListenerArns: [ListenerArn] })))).toMatch(
      /^ListenerNotFoundException/,
    )
    expect(await health(TargetGroupArn)).toEqual([
      '10.20.0.11:8443 unused Target.NotInUse',
      '10.20.0.11:8444 unused Target.NotInUse',
      '10.20.0.12:8443 unused Target.NotInUse',
    ])
    await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }))
    lab.pass(29)
    expect(await refusal(ec2.send(new DeleteSecurityGroupCommand({ GroupId })))).toMatch(/^DependencyViolation: /)
    lab.pass(1)
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }))
    expect(await refusal(ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] })))).toBe(
      `InvalidGroup.NotFound: The security group '${GroupId}' does not exist`,
    )
  })

  it('changes tags in place', async () => {
    const { LoadBalancerArn, ListenerArn } = await mirror()
    const { elb } = lab
    const ResourceArns = [LoadBalancerArn, ListenerArn]
    await elb.send(
      new AddTagsCommand({
        ResourceArns,
        Tags: [
          { Key: 'team', Value: 'web' },
          { Key: 'nyah:managed', Value: '2' },
        ],
      }),
    )
    await elb.send(new RemoveTagsCommand({ ResourceArns, TagKeys: ['nyah:source-name', 'never'] }))
    const { TagDescriptions } = await elb.send(new DescribeTagsCommand({ ResourceArns }))
    const Tags = [
      { Key: 'nyah:managed', Value: '2' },
      { Key: 'team', Value: 'web' },
    ]
    expect(TagDescriptions).toEqual(ResourceArns.map((ResourceArn) => ({ ResourceArn, Tags })))
  })

  it('has the same ids when it is made the same way again', async () => {
    const first = await mirror()
    lab.reset()
    expect(await mirror()).toEqual(first)
  })
})

describe('the network', () => {
  it('describes subnets, with the interfaces of load balancers counted', async () => {
    await mirror()
    const { Subnets } = await lab.ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-0c', 'subnet-0a2'] }))
    const shown = Subnets?.map((subnet) => [
      subnet.SubnetId,
      subnet.AvailabilityZone,
      subnet.CidrBlock,
      subnet.AvailableIpAddressCount,
    ])
    expect(shown).toEqual([
      ['subnet-0a2', 'ap-northeast-1a', '10.100.2.0/24', 200],
      ['subnet-0c', 'ap-northeast-1c', '10.100.3.0/24', 199],
    ])
  })

  it('describes every CIDR of a VPC', async () => {
    const { Vpcs } = await lab.ec2.send(new DescribeVpcsCommand({ VpcIds: [VPC] }))
    expect(Vpcs?.[0]?.CidrBlock).toBe('10.100.0.0/16')
    const associated = Vpcs?.[0]?.CidrBlockAssociationSet?.map((item) => [item.CidrBlock, item.CidrBlockState?.State])
    expect(associated).toEqual([
      ['10.100.0.0/16', 'associated'],
      ['10.101.0.0/16', 'associated'],
    ])
  })

  it('finds security groups by filters, with their rules', async () => {
    const { GroupId, tags } = await mirror()
    const { SecurityGroups } = await lab.ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: 'vpc-id', Values: [VPC] },
          { Name: 'group-name', Values: ['nyah-*-1a2b3c4d', 'other'] },
          { Name: 'tag:nyah:managed', Values: ['true'] },
        ],
      }),
    )
    expect(SecurityGroups).toHaveLength(1)
    expect(SecurityGroups?.[0]).toMatchObject({
      GroupId,
      GroupName: 'nyah-shop-1a2b3c4d',
      Description: 'nyah mirror',
      VpcId: VPC,
      Tags: [...tags, AWKWARD],
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 443,
          ToPort: 443,
          IpRanges: [{ CidrIp: '10.0.0.0/8' }, { CidrIp: '192.168.1.0/24' }],
          Ipv6Ranges: [],
          UserIdGroupPairs: [],
        },
      ],
    })
  })
})

describe('STS', () => {
  it('says who is asking, also after a role is assumed', async () => {
    const { sts } = lab
    const user = await sts.send(new GetCallerIdentityCommand({}))
    expect([user.Account, user.Arn]).toEqual(['123456789012', 'arn:aws:iam::123456789012:user/sandbox'])
    const assumed = await sts.send(
      new AssumeRoleCommand({
        RoleArn: 'arn:aws:iam::123456789012:role/ops/nyah',
        RoleSessionName: 'ci',
        ExternalId: 'x-1',
      }),
    )
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = assumed.Credentials ?? {}
    expect(Expiration).toEqual(new Date('2026-11-22T01:00:00Z'))
    const credentials = {
      accessKeyId: String(AccessKeyId),
      secretAccessKey: String(SecretAccessKey),
      sessionToken: String(SessionToken),
    }
    const role = new STSClient({ ...lab.client, credentials })
    expect((await role.send(new GetCallerIdentityCommand({}))).Arn).toBe(
      'arn:aws:sts::123456789012:assumed-role/nyah/ci',
    )
    lab.pass(3600)
    expect(await refusal(role.send(new GetCallerIdentityCommand({})))).toMatch(/^ExpiredToken(Exception)?: /)
  })
})
