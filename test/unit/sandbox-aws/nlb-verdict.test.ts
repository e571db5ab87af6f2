import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53'
import { DescribeLoadBalancersCommand, DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nlbVerdict } from '../../../src/lib/sandbox/aws/route53-verdict.ts'
import type { Lab } from './lab.ts'
import { refusal, startLab, WORLD } from './lab.ts'
import { makers } from './makers.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ ...WORLD, hostedZones: [{ id: 'Z1', name: 'example.jp' }] })
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const { balancerArn, groupArn, listener, register } = makers(
  () => lab,
  () => [],
)

const verdict = (dnsName: string) => nlbVerdict(lab.state(), dnsName, lab.surroundings.now, lab.surroundings.down)

/** A load balancer with two target groups of quick probes. */
async function balancer() {
  const arn = await balancerArn()
  const quick = { HealthCheckIntervalSeconds: 10, HealthyThresholdCount: 3, UnhealthyThresholdCount: 2 }
  const groups = [await groupArn({ Name: 'a', ...quick }), await groupArn({ Name: 'b', ...quick })] as const
  const found = await lab.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }))
  return { arn, groups, dnsName: found.LoadBalancers?.[0]?.DNSName ?? '' }
}

describe('what EvaluateTargetHealth says of a load balancer', () => {
  it('is healthy only while every target group has a healthy target', async () => {
    const { arn, groups, dnsName } = await balancer()
    expect(verdict(dnsName)).toBe('unhealthy')
    await listener(arn, groups[0])
    await register(
      groups[0],
      { Id: '10.20.0.1', AvailabilityZone: 'all' },
      { Id: '10.20.0.2', AvailabilityZone: 'all' },
    )
    lab.pass(300)
    expect(verdict(dnsName)).toBe('healthy')
    expect(verdict(`${dnsName.toUpperCase()}.`)).toBe('healthy')
    await listener(arn, groups[1], { Port: 443 })
    // One without targets takes the whole load balancer out.
    expect(verdict(dnsName)).toBe('unhealthy')
    await register(groups[1], { Id: '10.20.0.3', AvailabilityZone: 'all' })
    lab.pass(300)
    expect(verdict(dnsName)).toBe('healthy')
    const fall = async (...hosts: readonly string[]) => {
      lab.surroundings.down = new Set(hosts)
      await lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: groups[0] }))
      lab.pass(60)
    }
    await fall('10.20.0.1:80')
    expect(verdict(dnsName)).toBe('healthy')
    await fall('10.20.0.1:80', '10.20.0.2:80')
    expect(verdict(dnsName)).toBe('unhealthy')
    await fall()
    expect(verdict(dnsName)).toBe('healthy')
    // Silent to AWS only.
    await fall('aws>10.20.0.3:80')
    expect(verdict(dnsName)).toBe('unhealthy')
    await fall()
    expect(verdict(dnsName)).toBe('healthy')
    // The load balancer itself.
    lab.surroundings.down = new Set([`${dnsName}:443`])
    expect(verdict(dnsName)).toBe('unhealthy')
  })

  it('is looked up in the zone of its Region only', async () => {
    const { dnsName } = await balancer()
    const route53 = new Route53Client(lab.client)
    const point = (HostedZoneId: string, DNSName: string) => {
      const AliasTarget = { HostedZoneId, DNSName, EvaluateTargetHealth: true }
      const ResourceRecordSet = { Name: 'x.example.jp', Type: 'A' as const, AliasTarget }
      const ChangeBatch = { Changes: [{ Action: 'UPSERT' as const, ResourceRecordSet }] }
      return refusal(route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: 'Z1', ChangeBatch })))
    }
    expect(await point('Z26RNL4JYFTOTI', dnsName)).toMatch(/^InvalidChangeBatch: .*does not lie within the target zone/)
    expect(await point('Z26RNL4JYFTOTI', `dualstack.${dnsName}`)).toMatch(/^InvalidChangeBatch/)
    expect(await point('Z31USIVHYNEOWT', `dualstack.${dnsName}`)).toBe('accepted')
    expect(verdict(`dualstack.${dnsName}.`)).toBe('unhealthy')
  })

  it('is nothing of a name that is no load balancer', () => {
    expect(verdict('none.elb.ap-northeast-1.amazonaws.com')).toBeNull()
  })
})
