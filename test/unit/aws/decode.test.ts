import { describe, expect, it } from 'vitest'
import {
  forwardTo,
  healthCheckInput,
  listenerOf,
  loadBalancerOf,
  targetGroupOf,
  targetHealthOf,
} from '../../../src/lib/adapters/aws/elbv2-decode.ts'
import { asciiText, commonWith, missingFrom, permissionsOf, rulesOf } from '../../../src/lib/adapters/aws/ec2-rules.ts'
import { hashInName } from '../../../src/lib/adapters/aws/names.ts'
import { isManaged, isOwn, tagList, tagsOf } from '../../../src/lib/adapters/aws/ownership.ts'

describe('hashInName', () => {
  it.each([
    ['nyah-shop-1a2b3c4d', '1a2b3c4d'],
    ['nyah-1a2b3c4d', '1a2b3c4d'],
    ['nyah-shop-1a2b3c4d-443', '1a2b3c4d'],
    ['nyah-a-b-1a2b3c4d-65535', '1a2b3c4d'],
    ['nyah-deadbeef-1a2b3c4d', '1a2b3c4d'],
    ['nyah-deadbeef-12345678-80', '12345678'],
    ['nyah-shop-1a2b3c4d-443-t', '1a2b3c4d'],
    ['nyah-shop-1a2b3c4d-443-t-6-w5', '1a2b3c4d'],
    ['nyah-1a2b3c4d-443-w999', '1a2b3c4d'],
    ['nyah-1a2b3c4d-443-x', null],
    ['nyah-1a2b3c4d-443-w1000', null],
    ['nyah-shop', null],
    ['nyah-shop-1A2B3C4D', null],
    ['nyah-shop1a2b3c4d', null],
    ['nyah-1a2b3c4d-123456', null],
    ['xnyah-1a2b3c4d', null],
    ['shop-1a2b3c4d', null],
    ['', null],
  ])('%s: %s', (name, hash) => expect(hashInName(name)).toBe(hash))
})

describe('ownership', () => {
  const mine = { 'nyah:managed': 'true', 'nyah:octavia-id': 'a' }
  it('wants both marks the same; what is missing on both sides is not the same', () => {
    expect(isOwn({ ...mine, more: '1' }, mine)).toBe(true)
    expect(isOwn({ ...mine, 'nyah:octavia-id': 'b' }, mine)).toBe(false)
    expect(isOwn({ 'nyah:octavia-id': 'a' }, mine)).toBe(false)
    expect(isOwn({}, {})).toBe(false)
    expect(isOwn({ 'nyah:managed': '', 'nyah:octavia-id': '' }, { 'nyah:managed': '', 'nyah:octavia-id': '' })).toBe(
      false,
    )
    expect([isManaged(mine), isManaged({})]).toEqual([true, false])
  })
  it('keeps tags through both shapes', () => {
    expect(tagsOf(tagList(mine))).toEqual(mine)
    expect(tagsOf([{ Key: 'a' }, { Value: 'x' }])).toEqual({ a: '' })
    expect(tagsOf(undefined)).toEqual({})
  })
})

describe('ELBv2 answers', () => {
  it('name the field that is missing', () => {
    const raw = {
      LoadBalancerArn: 'arn',
      LoadBalancerName: 'n',
      Type: 'network',
      Scheme: 'internal',
      VpcId: 'vpc-1',
      DNSName: 'd',
    } as const
    expect(() => loadBalancerOf(raw, {})).toThrow(
      expect.objectContaining({
        code: 'AWS_UNEXPECTED_ANSWER',
        details: { field: 'LoadBalancers[].CanonicalHostedZoneId' },
      }),
    )
    expect(() => targetHealthOf({ Target: { Id: '10.0.0.1' }, TargetHealth: { State: 'healthy' } })).toThrow(
      /Target\.Port/,
    )
  })

  const parts = { tags: {}, attributes: {}, certificates: [] }

  it('a listener forwards by weight; a single target group has all of it', () => {
    const forward = (action: object, ...more: object[]) =>
      listenerOf(
        { ListenerArn: 'l', Protocol: 'TCP', Port: 1, DefaultActions: [action, ...more] } as never,
        parts,
      ).forward.map(({ targetGroupArn, weight }) => `${targetGroupArn}:${weight}`)
    const to = (...TargetGroups: object[]) => ({ Type: 'forward', ForwardConfig: { TargetGroups } })
    expect(forward({ Type: 'forward', TargetGroupArn: 't' })).toEqual(['t:1'])
    expect(forward(to({ TargetGroupArn: 't' }))).toEqual(['t:1'])
    expect(forward(to({ TargetGroupArn: 't', Weight: 7 }))).toEqual(['t:1'])
    expect(forward(to({ TargetGroupArn: 't', Weight: 0 }))).toEqual(['t:0'])
    expect(
      forward({ TargetGroupArn: 't', ...to({ TargetGroupArn: 'u', Weight: 9 }, { TargetGroupArn: 't', Weight: 0 }) }),
    ).toEqual(['t:0', 'u:9'])
    expect(forward(to({ TargetGroupArn: 'u' }, { TargetGroupArn: 't' }))).toEqual(['t:1', 'u:1'])
    expect(forward({ Type: 'fixed-response' })).toEqual([])
    expect(forward(to({ TargetGroupArn: 't' }), to({ TargetGroupArn: 'u' }))).toEqual([])
    expect(listenerOf({ ListenerArn: 'l', Protocol: 'UDP', Port: 1 }, parts)).toMatchObject({
      protocol: 'UDP',
      forward: [],
    })
  })

  it('a forward to several is told with its weights, one to a single group plainly', () => {
    expect(forwardTo([{ targetGroupArn: 't', weight: 1 }])).toEqual([{ Type: 'forward', TargetGroupArn: 't' }])
    const two = [
      { targetGroupArn: 't', weight: 0 },
      { targetGroupArn: 'u', weight: 999 },
    ]
    const TargetGroups = [
      { TargetGroupArn: 't', Weight: 0 },
      { TargetGroupArn: 'u', Weight: 999 },
    ]
    expect(forwardTo(two)).toEqual([{ Type: 'forward', ForwardConfig: { TargetGroups } }])
  })

  it('a TLS listener has its default certificate first, then the others sorted, each once', () => {
    const raw = {
      ListenerArn: 'l',
      Protocol: 'TLS' as const,
      Port: 1,
      SslPolicy: 'p',
      Certificates: [{ CertificateArn: 'm' }],
    }
    const listener = listenerOf(raw, { ...parts, certificates: ['z', 'm', 'a'] })
    expect(listener).toMatchObject({ certificates: ['m', 'a', 'z'], sslPolicy: 'p', alpnPolicy: null })
    expect(listenerOf({ ...raw, AlpnPolicy: ['None'] }, parts).alpnPolicy).toBe(null)
    expect(listenerOf({ ...raw, AlpnPolicy: ['HTTP2Only'] }, parts).alpnPolicy).toBe('HTTP2Only')
  })

  it('a state that nobody knows yet is not healthy', () => {
    const health = (State: string, Reason?: string) =>
      targetHealthOf({
        Target: { Id: '10.0.0.1', Port: 80, AvailabilityZone: 'eu-1a' },
        TargetHealth: { State, Reason },
      } as never)
    expect(health('sleeping', 'Target.New')).toEqual({
      address: '10.0.0.1',
      port: 80,
      availabilityZone: null,
      state: 'unavailable',
      reason: 'Target.New',
    })
    expect(health('healthy', 'x').reason).toBe(null)
    expect(health('unhealthy.draining').state).toBe('unhealthy.draining')
  })

  it('a TCP check has neither path nor matcher, there and back', () => {
    const check = {
      port: 'traffic-port',
      intervalSeconds: 10,
      timeoutSeconds: 5,
      healthyThreshold: 3,
      unhealthyThreshold: 2,
      path: '/',
      matcher: '200',
    }
    expect(healthCheckInput({ ...check, protocol: 'TCP' })).not.toHaveProperty('HealthCheckPath')
    expect(healthCheckInput({ ...check, protocol: 'TCP' })).not.toHaveProperty('Matcher')
    const input = healthCheckInput({ ...check, protocol: 'HTTPS' })
    const group = { TargetGroupArn: 'a', TargetGroupName: 'n', Protocol: 'TCP', Port: 1, VpcId: 'v', ...input } as const
    const parts = { tags: {}, attributes: {}, targets: [] }
    expect(targetGroupOf(group, parts).healthCheck).toEqual({ ...check, protocol: 'HTTPS' })
    expect(targetGroupOf({ ...group, HealthCheckProtocol: 'TCP' }, parts).healthCheck).not.toHaveProperty('path')
  })
})

describe('security group rules', () => {
  const rule = (port: number, cidr: string) => ({ protocol: 'tcp' as const, port, cidr })

  it('shows what nyah could have made, and nothing else', () => {
    const IpRanges = [{ CidrIp: '10.0.0.0/8' }]
    expect(
      rulesOf([
        { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] },
        { IpProtocol: 'tcp', FromPort: 1, ToPort: 99, IpRanges },
        { IpProtocol: 'udp', FromPort: 53, ToPort: 53, IpRanges },
        { IpProtocol: '-1', IpRanges },
        { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, UserIdGroupPairs: [{ GroupId: 'sg-1' }] },
      ]),
    ).toEqual([rule(443, '10.0.0.0/8'), rule(443, '2001:db8::/32')])
    expect(rulesOf(undefined)).toEqual([])
  })

  it('compares ranges as EC2 keeps them', () => {
    const present = [rule(443, '10.0.0.0/8'), rule(443, '2001:db8::/32')]
    const asked = [
      rule(443, '10.1.2.3/8'),
      rule(443, '2001:0DB8:0::/32'),
      rule(80, '10.0.0.0/8'),
      rule(80, '10.9.9.9/8'),
    ]
    expect(missingFrom(present, asked)).toEqual([rule(80, '10.0.0.0/8')])
    expect(commonWith(present, [rule(443, '2001:DB8::1/32'), rule(444, '10.0.0.0/8')])).toEqual([
      rule(443, '2001:db8::/32'),
    ])
    expect(missingFrom([], [rule(1, 'not a range')])).toEqual([rule(1, 'not a range')])
  })

  it('sends one entry per port', () => {
    expect(permissionsOf([rule(1, '10.1.2.3/8'), rule(2, '::1/128'), rule(1, '2001:DB8::/32')])).toEqual([
      {
        IpProtocol: 'tcp',
        FromPort: 1,
        ToPort: 1,
        IpRanges: [{ CidrIp: '10.0.0.0/8' }],
        Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }],
      },
      { IpProtocol: 'tcp', FromPort: 2, ToPort: 2, Ipv6Ranges: [{ CidrIpv6: '::1/128' }] },
    ])
  })

  it('gives EC2 only characters that it takes', () => {
    expect(asciiText('nyah mirror of 店 "shop" <prod>')).toBe('nyah mirror of - -shop- -prod-')
    expect(asciiText('x'.repeat(300))).toHaveLength(255)
  })
})
