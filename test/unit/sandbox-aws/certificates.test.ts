import {
  AddListenerCertificatesCommand,
  DescribeListenerCertificatesCommand,
  DescribeListenersCommand,
  ModifyListenerCommand,
  type ModifyListenerCommandInput,
  ModifyTargetGroupAttributesCommand,
  RemoveListenerCertificatesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab, WORLD } from './lab.ts'
import { makers, MISSING } from './makers.ts'

const ARNS = Array.from(
  { length: 27 },
  (_, at) =>
    `arn:aws:acm:ap-northeast-1:123456789012:certificate/${String(at).padStart(8, '0')}-0000-4000-8000-000000000000`,
)
const [FIRST = '', SECOND = '', THIRD = ''] = ARNS

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ ...WORLD, certificates: ARNS })
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const { balancerArn, groupArn, listener } = makers(
  () => lab,
  () => [],
)
const certificates = (...arns: readonly string[]) => arns.map((CertificateArn) => ({ CertificateArn }))
const tls = async (port = 443, balancer?: string, name = 'tg') => {
  const [on, group] = [balancer ?? (await balancerArn()), await groupArn({ Name: name })]
  const made = await listener(on, group, { Protocol: 'TLS', Port: port, Certificates: certificates(FIRST) })
  return String(made.Listeners?.[0]?.ListenerArn)
}
const add = (ListenerArn: string, ...arns: readonly string[]) =>
  refusal(lab.elb.send(new AddListenerCertificatesCommand({ ListenerArn, Certificates: certificates(...arns) })))
const remove = (ListenerArn: string, ...arns: readonly string[]) =>
  refusal(lab.elb.send(new RemoveListenerCertificatesCommand({ ListenerArn, Certificates: certificates(...arns) })))
const shown = async (ListenerArn: string) => {
  const { Certificates = [] } = await lab.elb.send(new DescribeListenerCertificatesCommand({ ListenerArn }))
  return Certificates.map(
    ({ CertificateArn, IsDefault }) => `${ARNS.indexOf(CertificateArn ?? '')}${IsDefault ? '*' : ''}`,
  )
}
const modify = (ListenerArn: string, more: Partial<ModifyListenerCommandInput>) =>
  refusal(lab.elb.send(new ModifyListenerCommand({ ListenerArn, ...more })))
const described = async (ListenerArn: string) =>
  (await lab.elb.send(new DescribeListenersCommand({ ListenerArns: [ListenerArn] }))).Listeners?.[0]

describe('certificates of a listener', () => {
  it('are a default one and a list; the default one stays until it is replaced', async () => {
    const arn = await tls()
    expect(await add(arn, SECOND, THIRD)).toBe('accepted')
    expect(await add(arn, SECOND)).toBe('accepted')
    expect(await shown(arn)).toEqual(['0*', '1', '2'])
    expect(await remove(arn, FIRST)).toBe('OperationNotPermittedException: Default certificate cannot be removed')
    expect(await modify(arn, { Certificates: certificates(SECOND) })).toBe('accepted')
    // It stands in both places now, and is shown twice.
    expect(await shown(arn)).toEqual(['1*', '1', '2'])
    expect(await remove(arn, SECOND, THIRD, FIRST)).toBe('accepted')
    expect(await shown(arn)).toEqual(['1*'])
  })

  it('are refused when they do not exist, or have no ARN of one', async () => {
    const arn = await tls()
    expect(await add(arn, MISSING.certificate)).toMatch(/^CertificateNotFoundException/)
    expect(await add(arn, 'arn:aws:s3:::x')).toMatch(/^ValidationError: Certificate ARN/)
    expect(await modify(arn, { Certificates: certificates(FIRST, SECOND) })).toMatch(/^ValidationError: Exactly one/)
    expect(await modify(arn, { SslPolicy: 'none' })).toMatch(/^SSLPolicyNotFoundException/)
    expect(await modify(arn, { AlpnPolicy: ['h2'] })).toMatch(/^ALPNPolicyNotSupportedException/)
    expect(await add(MISSING.listener, FIRST)).toMatch(/^ListenerNotFoundException/)
  })

  it('are 25 per load balancer; one that several listeners have counts once', async () => {
    const balancer = await balancerArn()
    const [one, two] = [await tls(443, balancer), await tls(444, balancer, 'other')]
    expect(await add(one, ...ARNS.slice(1, 25))).toBe('accepted')
    expect(await add(two, ...ARNS.slice(1, 25))).toBe('accepted')
    const before = lab.state()
    expect(await add(two, ARNS[25] ?? '')).toMatch(/^TooManyCertificatesException: .*'25'/)
    expect(lab.state()).toEqual(before)
  })

  it('come and go with the protocol, which takes its policies and its time-out along', async () => {
    const [balancer, group] = [await balancerArn(), await groupArn()]
    const made = await listener(balancer, group)
    const arn = String(made.Listeners?.[0]?.ListenerArn)
    expect(await add(arn, FIRST)).toMatch(/^ValidationError: .*'TCP'/)
    expect(await modify(arn, { Protocol: 'TLS' })).toMatch(/^ValidationError: A certificate/)
    const SslPolicy = 'ELBSecurityPolicy-TLS13-1-2-2021-06'
    const become = { Protocol: 'TLS', Certificates: certificates(FIRST), SslPolicy, AlpnPolicy: ['HTTP2Only'] } as const
    expect(await modify(arn, { ...become, AlpnPolicy: ['HTTP2Only'] })).toBe('accepted')
    expect(await described(arn)).toMatchObject({ ...become, DefaultActions: [{ TargetGroupArn: group }] })
    expect(await modify(arn, { Port: 444 })).toBe('accepted')
    expect(await described(arn)).toMatchObject({ ...become, Port: 444 })
    expect(await modify(arn, { Protocol: 'TCP', Certificates: certificates(FIRST) })).toMatch(/^ValidationError/)
    expect(await modify(arn, { Protocol: 'TCP' })).toBe('accepted')
    const plain = await described(arn)
    expect([plain?.Protocol, plain?.Certificates, plain?.SslPolicy, plain?.AlpnPolicy]).toEqual([
      'TCP',
      undefined,
      undefined,
      undefined,
    ])
  })

  it('do not go with sticky targets', async () => {
    const [balancer, group] = [await balancerArn(), await groupArn()]
    const sticky = (TargetGroupArn: string) => {
      const Attributes = [{ Key: 'stickiness.enabled', Value: 'true' }]
      return refusal(lab.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes })))
    }
    const secure = await groupArn({ Name: 'secure', Protocol: 'TLS' })
    expect(await sticky(secure)).toMatch(/^InvalidConfigurationRequestException: Stickiness/)
    await listener(balancer, group, { Protocol: 'TLS', Certificates: certificates(FIRST) })
    expect(await sticky(group)).toMatch(/^InvalidConfigurationRequestException: Stickiness/)
    const other = await groupArn({ Name: 'other' })
    expect(await sticky(other)).toBe('accepted')
    const refused = listener(balancer, other, { Protocol: 'TLS', Port: 81, Certificates: certificates(FIRST) })
    expect(await refusal(refused)).toMatch(/^InvalidConfigurationRequestException: .*stickiness/)
  })
})
