import {
  DeleteListenerCommand,
  DeleteTargetGroupCommand,
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  ModifyListenerAttributesCommand,
  ModifyListenerCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab } from './lab.ts'
import type { Listener } from './makers.ts'
import { CERTIFICATES, MISSING, makers } from './makers.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab()
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const { balancerArn, groupArn, listener } = makers(
  () => lab,
  () => [],
)

describe('listeners', () => {
  it.each<[string, Listener, RegExp]>([
    ['no protocol', { Protocol: undefined }, /^ValidationError: A listener protocol/],
    ['no port', { Port: undefined }, /^ValidationError: A listener port/],
    ['port 0', { Port: 0 }, /^ValidationError: .*equal to 1/],
    ['port 65536', { Port: 65_536 }, /^ValidationError: .*65535/],
    ['HTTP', { Protocol: 'HTTP' }, /^UnsupportedProtocolException: /],
    ['UDP to a TCP group', { Protocol: 'UDP' }, /^IncompatibleProtocolsException: /],
    ['TCP_UDP to a TCP group', { Protocol: 'TCP_UDP' }, /^IncompatibleProtocolsException: /],
    ['TLS without a certificate', { Protocol: 'TLS' }, /^ValidationError: A certificate/],
    [
      'TLS with what is no certificate',
      { Protocol: 'TLS', Certificates: [{ CertificateArn: 'arn:x' }] },
      /^ValidationError: Certificate ARN/,
    ],
    [
      'TLS with an unknown certificate',
      { Protocol: 'TLS', Certificates: [{ CertificateArn: MISSING.certificate }] },
      /^CertificateNotFoundException: /,
    ],
    [
      'TLS with two default certificates',
      { Protocol: 'TLS', Certificates: CERTIFICATES.map((CertificateArn) => ({ CertificateArn })) },
      /^ValidationError: Exactly one/,
    ],
    [
      'TLS with a certificate called the default',
      { Protocol: 'TLS', Certificates: [{ CertificateArn: CERTIFICATES[0], IsDefault: true }] },
      /^ValidationError: .*IsDefault/,
    ],
    [
      'TLS with an unknown policy',
      { Protocol: 'TLS', Certificates: [{ CertificateArn: CERTIFICATES[0] }], SslPolicy: 'ELBSecurityPolicy-Best' },
      /^SSLPolicyNotFoundException: /,
    ],
    [
      'TLS with two ALPN policies',
      {
        Protocol: 'TLS',
        Certificates: [{ CertificateArn: CERTIFICATES[0] }],
        AlpnPolicy: ['HTTP1Only', 'HTTP2Only'],
      },
      /^ALPNPolicyNotSupportedException: /,
    ],
    [
      'TLS with an unknown ALPN policy',
      { Protocol: 'TLS', Certificates: [{ CertificateArn: CERTIFICATES[0] }], AlpnPolicy: ['h2'] },
      /^ALPNPolicyNotSupportedException: /,
    ],
    [
      'six target groups',
      {
        DefaultActions: [
          {
            Type: 'forward',
            ForwardConfig: {
              TargetGroups: Array.from({ length: 6 }, (_, at) => ({
                TargetGroupArn: MISSING.group.replace('none', `none-${at}`),
              })),
            },
          },
        ],
      },
      /^TooManyUniqueTargetGroupsPerLoadBalancerException: At most 5/,
    ],
    [
      'a target group twice',
      {
        DefaultActions: [
          {
            Type: 'forward',
            ForwardConfig: { TargetGroups: [{ TargetGroupArn: MISSING.group }, { TargetGroupArn: MISSING.group }] },
          },
        ],
      },
      /^ValidationError: .*more than once/,
    ],
    [
      'no weight at all',
      {
        DefaultActions: [
          {
            Type: 'forward',
            ForwardConfig: {
              TargetGroups: [
                { TargetGroupArn: MISSING.group, Weight: 0 },
                { TargetGroupArn: MISSING.group.replace('none', 'nil'), Weight: 0 },
              ],
            },
          },
        ],
      },
      /^ValidationError: The weights/,
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
      TLS: await groupArn({ Name: 'tls', Protocol: 'TLS' }),
      UDP: await groupArn({ Name: 'udp', Protocol: 'UDP' }),
      TCP_UDP: await groupArn({ Name: 'both', Protocol: 'TCP_UDP' }),
    }
    const taken: string[] = []
    let port = 1000
    for (const Protocol of ['TCP', 'TLS', 'UDP', 'TCP_UDP'] as const) {
      for (const [name, arn] of Object.entries(arns)) {
        port += 1
        const secure = Protocol === 'TLS' ? { Certificates: [{ CertificateArn: CERTIFICATES[0] }] } : {}
        const answer = await refusal(listener(balanced, arn, { Protocol, Port: port, ...secure }))
        if (answer === 'accepted') taken.push(`${Protocol}→${name}`)
        else expect(answer).toMatch(/^IncompatibleProtocolsException: /)
      }
    }
    expect(taken).toEqual(['TCP→TCP', 'TCP→TCP_UDP', 'TLS→TCP', 'TLS→TLS', 'UDP→UDP', 'UDP→TCP_UDP', 'TCP_UDP→TCP_UDP'])
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
