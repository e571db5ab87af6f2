import {
  DescribeLoadBalancersCommand,
  ModifyListenerCommand,
  SetIpAddressTypeCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab, WORLD } from './lab.ts'
import { makers } from './makers.ts'

const IPV6: Readonly<Record<string, string>> = { 'subnet-0a': '2001:db8:0:1::/64', 'subnet-0c': '2001:db8:0:3::/64' }

let lab: Lab
beforeAll(async () => {
  const subnets = WORLD.subnets.map((subnet) => ({ ...subnet, ipv6Cidr: IPV6[subnet.id] ?? null }))
  lab = await startLab({ ...WORLD, subnets })
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const { balancerArn, groupArn, listener, register } = makers(
  () => lab,
  () => [],
)
const setType = (LoadBalancerArn: string, IpAddressType: 'ipv4' | 'dualstack' | 'dualstack-without-public-ipv4') =>
  refusal(lab.elb.send(new SetIpAddressTypeCommand({ LoadBalancerArn, IpAddressType })))
const typeOf = async (arn: string) =>
  (await lab.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }))).LoadBalancers?.[0]?.IpAddressType
const facing = { Scheme: 'internet-facing' } as const

describe('a dual-stack load balancer', () => {
  it('is told with its subnets', async () => {
    const { Subnets = [] } = await lab.ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-0a', 'subnet-0d'] }))
    expect(Subnets.map((each) => each.Ipv6CidrBlockAssociationSet?.map((one) => one.Ipv6CidrBlock))).toEqual([
      ['2001:db8:0:1::/64'],
      [],
    ])
  })

  it('needs IPv6 in every subnet, and a way to the internet', async () => {
    const arn = await balancerArn({ ...facing, IpAddressType: 'dualstack' })
    expect(await typeOf(arn)).toBe('dualstack')
    const without = new SetSubnetsCommand({ LoadBalancerArn: arn, Subnets: ['subnet-0a2'] })
    expect(await refusal(lab.elb.send(without))).toMatch(/'subnet-0a2' does not have an IPv6/)
    const both = new SetSubnetsCommand({ LoadBalancerArn: arn, Subnets: ['subnet-0a2'], IpAddressType: 'ipv4' })
    expect(await refusal(lab.elb.send(both))).toBe('accepted')
    expect(await setType(arn, 'dualstack')).toMatch(/^InvalidConfigurationRequestException/)
    expect(await setType(arn, 'dualstack-without-public-ipv4')).toMatch(/^InvalidConfigurationRequestException/)
    expect(await setType(await balancerArn({ Name: 'inside' }), 'dualstack')).toMatch(/internal/)
  })

  it('becomes one and ceases to be one, unless an IPv6 target group is in use', async () => {
    const arn = await balancerArn(facing)
    const six = await groupArn({ Name: 'six', IpAddressType: 'ipv6' })
    expect(await refusal(listener(arn, six))).toMatch(/dualstack/)
    expect(await setType(arn, 'dualstack')).toBe('accepted')
    expect(await refusal(listener(arn, six))).toBe('accepted')
    expect(await setType(arn, 'ipv4')).toMatch(/^InvalidConfigurationRequestException: .*dualstack/)
    expect(await typeOf(arn)).toBe('dualstack')
  })

  it('has target groups of one address family in an action', async () => {
    const arn = await balancerArn({ ...facing, IpAddressType: 'dualstack' })
    const [four, six] = [await groupArn(), await groupArn({ Name: 'six', IpAddressType: 'ipv6' })]
    const made = await listener(arn, four)
    const forward = (...arns: readonly string[]) =>
      refusal(
        lab.elb.send(
          new ModifyListenerCommand({
            ListenerArn: made.Listeners?.[0]?.ListenerArn,
            DefaultActions: [
              {
                Type: 'forward',
                ForwardConfig: { TargetGroups: arns.map((TargetGroupArn, Weight) => ({ TargetGroupArn, Weight })) },
              },
            ],
          }),
        ),
      )
    expect(await forward(four, six)).toMatch(/same IP address type/)
    expect(await forward(six)).toBe('accepted')
    const udp = await groupArn({ Name: 'udp', Protocol: 'UDP' })
    expect(await refusal(listener(arn, udp, { Protocol: 'UDP', Port: 53 }))).toMatch(/requires IPv6 target groups/)
  })

  it('takes IPv6 targets from the VPC alone', async () => {
    const six = await groupArn({ Name: 'six', IpAddressType: 'ipv6' })
    expect(await refusal(register(six, { Id: '2001:db8:0:1::5' }))).toBe('accepted')
    expect(await refusal(register(six, { Id: '2001:db8:9::5', AvailabilityZone: 'all' }))).toMatch(
      /^ValidationError: .*not in a subnet/,
    )
    expect(await refusal(register(six, { Id: '10.100.1.5' }))).toMatch(/^ValidationError: .*ipv6/)
  })
})
