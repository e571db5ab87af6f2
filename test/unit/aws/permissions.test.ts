import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createDns } from '../../../src/lib/adapters/aws/dns.ts'
import { createMirrors } from '../../../src/lib/adapters/aws/mirrors.ts'
import { createNetwork } from '../../../src/lib/adapters/aws/network.ts'
import { createPermissions, exampleOf } from '../../../src/lib/adapters/aws/permissions.ts'
import { type AwsSession, createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import type { Policy } from '../../../src/lib/sandbox/aws/iam-policy.ts'
import type { AwsWorld } from '../../../src/lib/sandbox/aws/service.ts'
import { AWS_WORLD, awsSandbox } from '../../support/aws-sandbox.ts'
import { virtualClock } from '../../support/clock.ts'
import { faultProxy } from '../../support/faults.ts'

const docs = readFileSync(new URL('../../../docs/aws.md', import.meta.url), 'utf8')

/** A policy of docs/aws.md, by its name; several become one. */
function documented(...names: readonly string[]): Policy {
  const texts = names.map((name) => new RegExp(`\`\`\`json ${name}\\n([^]*?)\`\`\``).exec(docs)?.[1] ?? '')
  return { Statement: texts.flatMap((text) => (JSON.parse(text) as Policy).Statement) }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function scene(world: Partial<AwsWorld>, assumeRole?: { arn: string }, identity?: string) {
  const clock = virtualClock()
  const sandbox = await awsSandbox(clock, { ...AWS_WORLD, ...world })
  const proxy = await faultProxy(sandbox.url)
  closing.push(proxy.close, sandbox.close)
  const env = { HOME: '/nonexistent', AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' }
  const options = { region: AWS_WORLD.region, endpointUrl: proxy.url, env, ...(assumeRole ? { assumeRole } : {}) }
  const real = createSession(options, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  const session: AwsSession =
    identity === undefined
      ? real
      : {
          ...real,
          identity: () =>
            Promise.resolve({ account: '123456789012', arn: identity, region: AWS_WORLD.region, endpointUrl: null }),
        }
  const deps = { session, clock, retry: <T>(_what: string, call: () => Promise<T>) => call() }
  const restrict = (policy: Policy): void => sandbox.change((state) => ({ ...state, policy }))
  return {
    proxy,
    clock,
    restrict,
    permissions: createPermissions(deps),
    mirrors: createMirrors(deps),
    network: createNetwork(deps),
    dns: createDns(deps),
  }
}

const elb = (...names: readonly string[]) => names.map((name) => `elasticloadbalancing:${name}`)

describe('permissions', () => {
  it('narrowed to what nyah makes count as allowed', async () => {
    const { permissions, proxy } = await scene({ policy: documented('members', 'doctor') })
    const [register, tags, create, health] = elb('RegisterTargets', 'AddTags', 'CreateListener', 'DescribeTargetHealth')
    const asked = [register, tags, create, health, 'ec2:CreateSecurityGroup'] as string[]
    expect(await permissions.simulate(asked)).toEqual({
      decisions: {
        [register as string]: 'allowed',
        [tags as string]: 'allowed',
        [create as string]: 'denied',
        [health as string]: 'allowed',
        'ec2:CreateSecurityGroup': 'denied',
      },
      why: null,
    })
    // All at once, then once for each kind of thing that something was denied of.
    expect(proxy.calls('SimulatePrincipalPolicy')).toHaveLength(4)
  })

  it('all of them, with the policies for a whole mirror', async () => {
    const names = ['read', 'write', 'remove', 'names-read'] as const
    const { permissions } = await scene({ policy: documented(...names, 'doctor') })
    const policy = documented(...names)
    const actions = policy.Statement.flatMap(({ Action }) => (typeof Action === 'string' ? [Action] : Action))
    const { decisions, why } = await permissions.simulate(actions)
    expect(Object.entries(decisions).filter(([, decision]) => decision !== 'allowed')).toEqual([])
    expect(why).toBe(null)
  })

  it('of a role with a path are found by its name', async () => {
    const arn = 'arn:aws:iam::123456789012:role/ops/nyah'
    const { permissions, proxy } = await scene({}, { arn })
    expect((await permissions.simulate(['ec2:DescribeVpcs'])).decisions).toEqual({ 'ec2:DescribeVpcs': 'allowed' })
    const sources = proxy.calls('SimulatePrincipalPolicy').map(({ fields }) => fields.get('PolicySourceArn'))
    expect(sources).toEqual(['arn:aws:iam::123456789012:role/nyah', arn])
    expect(proxy.calls('GetRole')).toHaveLength(1)
  })

  it('that depend on what only the real call has are unknown', async () => {
    const Condition = { StringEquals: { 'aws:SourceIp': '10.0.0.1' } }
    const policy: Policy = {
      Statement: [
        { Effect: 'Allow', Action: 'iam:*', Resource: '*' },
        { Effect: 'Allow', Action: 'ec2:*', Resource: '*', Condition },
        { Effect: 'Deny', Action: 'ec2:DeleteSecurityGroup', Resource: '*' },
      ],
    }
    const { permissions } = await scene({ policy })
    expect(await permissions.simulate(['ec2:CreateTags', 'ec2:DeleteSecurityGroup'])).toEqual({
      decisions: { 'ec2:CreateTags': 'unknown', 'ec2:DeleteSecurityGroup': 'denied' },
      why: "IAM's simulator does not say enough of ec2:CreateTags",
    })
  })

  it('are unknown where the simulator may not be asked, and of those who have no policies', async () => {
    const refused = await scene({ policy: documented('read') })
    const answer = await refused.permissions.simulate(['ec2:DescribeVpcs'])
    expect(answer.decisions).toEqual({ 'ec2:DescribeVpcs': 'unknown' })
    expect(answer.why).toMatch(/^AccessDenied: .*iam:SimulatePrincipalPolicy/)
    for (const identity of ['arn:aws:iam::123456789012:root', 'arn:aws:sts::123456789012:federated-user/x']) {
      const { permissions, proxy } = await scene({}, undefined, identity)
      const { decisions, why } = await permissions.simulate(['ec2:DescribeVpcs'])
      expect(decisions).toEqual({ 'ec2:DescribeVpcs': 'unknown' })
      expect(why).toContain(identity)
      expect(proxy.calls('SimulatePrincipalPolicy')).toEqual([])
    }
  })

  it('of a zone are asked with the records that would change, as IAM’s conditions see them', async () => {
    const zone = 'arn:aws:route53:::hostedzone/Z0EXAMPLEJP0000000001'
    const change = 'route53:ChangeResourceRecordSets'
    const card = documented('card', 'doctor')
    const wild = JSON.parse(
      JSON.stringify(card).replaceAll('"shop.example.jp"', String.raw`"\\052.example.jp"`),
    ) as Policy
    const { permissions, restrict, proxy } = await scene({ policy: card })
    const decided = async (names: readonly string[], types = ['A', 'TXT'], resource = zone) =>
      (await permissions.simulate([change], undefined, { resource, batch: { names, types } })).decisions[change]
    const shop = ['shop.example.jp', 'a-shop.example.jp']
    expect(await decided(shop)).toBe('allowed')
    const fields = proxy.calls('SimulatePrincipalPolicy').at(-1)?.fields ?? new URLSearchParams()
    expect([...fields.values()]).toEqual(expect.arrayContaining([zone, 'stringList', 'CREATE', 'DELETE', ...shop]))
    // Names that nobody knows yet are no reason to say no.
    expect(await decided([])).toBe('allowed')
    expect(await decided([...shop, 'web.example.jp'])).toBe('denied')
    expect(await decided(shop, ['A', 'CNAME'])).toBe('denied')
    expect(await decided(shop, ['A'], zone.replace('0001', '0002'))).toBe('denied')
    expect(await decided(['*.example.jp'])).toBe('denied')
    restrict(wild)
    expect(await decided(['*.example.jp'])).toBe('allowed')
  })

  it.each([
    ['elasticloadbalancing:DescribeTags', null],
    ['route53:ListHostedZones', null],
    ['route53:CreateHealthCheck', null],
    ['acm:DeleteCertificate', null],
    ['elasticloadbalancing:AddTags', 'elasticloadbalancing:r:1:targetgroup/nyah-00000000-80/0000000000000000'],
    ['elasticloadbalancing:CreateListener', 'elasticloadbalancing:r:1:loadbalancer/net/nyah-00000000/0000000000000000'],
    ['elasticloadbalancing:SetSubnets', 'elasticloadbalancing:r:1:loadbalancer/net/nyah-00000000/0000000000000000'],
    [
      'elasticloadbalancing:ModifyListenerAttributes',
      'elasticloadbalancing:r:1:listener/net/nyah-00000000/0000000000000000/0000000000000000',
    ],
    ['ec2:DeleteSecurityGroup', 'ec2:r:1:security-group/sg-00000000000000000'],
    ['route53:UpdateHealthCheck', 'route53:::healthcheck/00000000-0000-4000-8000-000000000000'],
    ['route53:GetChange', 'route53:::change/C0000000000000000'],
  ])('%s acts on %s', (action, resource) => {
    const of = exampleOf(action, { arn: 'arn:aws-cn:iam::1:user/x', account: '1', region: 'r' })
    expect(of).toBe(resource === null ? null : `arn:aws-cn:${resource}`)
  })
})

/** The policies of docs/aws.md are enough for what they say they are for. */
describe('the documented policies', () => {
  const tags = { 'nyah:managed': 'true', 'nyah:octavia-id': 'a', 'nyah:schema': '1' }
  const [vpc, subnet] = [AWS_WORLD.vpcs[0]!.id, AWS_WORLD.subnets[0]!.id]
  const targets = [{ address: '10.20.0.1', port: 80, availabilityZone: 'all' as const }]
  const key = { octaviaId: 'a', hash: '1a2b3c4d' }
  const listener = {
    protocol: 'TCP' as const,
    port: 80,
    certificates: [],
    sslPolicy: null,
    alpnPolicy: null,
    attributes: { 'tcp.idle_timeout.seconds': '60' },
    tags,
  }
  type Ports = Awaited<ReturnType<typeof scene>>

  async function made({ mirrors, network }: Ports) {
    const ingress = [{ protocol: 'tcp' as const, port: 80, cidr: '10.0.0.0/8' }]
    const group = await network.createSecurityGroup({
      name: 'nyah-1a2b3c4d',
      description: 'x',
      vpcId: vpc,
      ingress,
      tags,
    })
    const target = await mirrors.createTargetGroup({
      name: 'nyah-1a2b3c4d-80',
      protocol: 'TCP',
      port: 80,
      vpcId: vpc,
      ipAddressType: 'ipv4',
      healthCheck: {
        protocol: 'TCP',
        port: 'traffic-port',
        intervalSeconds: 10,
        timeoutSeconds: 5,
        healthyThreshold: 3,
        unhealthyThreshold: 3,
      },
      attributes: { 'preserve_client_ip.enabled': 'false' },
      tags,
    })
    const balancer = await mirrors.createLoadBalancer({
      name: 'nyah-1a2b3c4d',
      scheme: 'internal',
      subnets: [subnet],
      securityGroups: [group.id],
      ipAddressType: 'ipv4',
      tags,
    })
    const forward = [{ targetGroupArn: target.arn, weight: 1 }]
    const on = await mirrors.createListener(balancer.arn, { ...listener, forward })
    return { group: group.id, target: target.arn, balancer: balancer.arn, listener: on.arn }
  }

  const inAcm = `arn:aws:acm:${AWS_WORLD.region}:${AWS_WORLD.accountId}:certificate/`
  const [certificate, other] = [
    `${inAcm}11111111-1111-4111-8111-111111111111`,
    `${inAcm}22222222-2222-4222-8222-222222222222`,
  ]

  it('read and write make a mirror, and change it', async () => {
    const ports = await scene({ policy: documented('read', 'write') })
    const { mirrors, network } = ports
    const ids = await made(ports)
    await mirrors.registerTargets(ids.target, targets)
    await mirrors.deregisterTargets(ids.target, targets)
    await mirrors.modifyTargetGroup(ids.target, {
      healthCheck: {
        protocol: 'TCP',
        port: '81',
        intervalSeconds: 10,
        timeoutSeconds: 5,
        healthyThreshold: 3,
        unhealthyThreshold: 3,
      },
      attributes: { 'deregistration_delay.timeout_seconds': '10' },
      tags: { 'nyah:removals': '1' },
    })
    const tls = { protocol: 'TLS', sslPolicy: null, alpnPolicy: null } as const
    await mirrors.modifyListener(ids.listener, {
      ...tls,
      certificates: [certificate, other],
    })
    await mirrors.modifyListener(ids.listener, { certificates: [certificate] })
    await mirrors.modifyListener(ids.listener, { ...tls, protocol: 'TCP', certificates: [] })
    await mirrors.modifyLoadBalancer(ids.balancer, {
      securityGroups: [ids.group],
      subnets: [subnet],
      ipAddressType: 'ipv4',
      tags: { 'nyah:held': 'x' },
    })
    await mirrors.tag(ids.balancer, {}, ['nyah:held'])
    await network.modifySecurityGroup(ids.group, {
      allow: [{ protocol: 'tcp', port: 81, cidr: '10.0.0.0/8' }],
      revoke: [{ protocol: 'tcp', port: 80, cidr: '10.0.0.0/8' }],
      tags: { x: 'y' },
    })
    expect(await mirrors.read([key])).toMatchObject([{ loadBalancer: { arn: ids.balancer } }])
    expect((await mirrors.limits()).listenersPerLoadBalancer).toBe(50)
    expect(await network.addresses(['eipalloc-0'])).toEqual([])
    await mirrors.deleteListener(ids.listener)
    await mirrors.deleteTargetGroup(ids.target)
    await expect(mirrors.deleteLoadBalancer(ids.balancer)).rejects.toMatchObject({ code: 'AWS_ACCESS_DENIED' })
  })

  it('members follows members, and does nothing else', async () => {
    const small = await scene({})
    const ids = await made(small)
    small.restrict(documented('members'))
    await small.mirrors.registerTargets(ids.target, targets)
    await small.mirrors.tag(ids.target, { 'nyah:removals': '1 2:3' })
    await small.mirrors.deregisterTargets(ids.target, targets)
    await small.mirrors.tag(ids.balancer, { 'nyah:held': 'x' })
    await small.mirrors.tag(ids.balancer, {}, ['nyah:held'])
    expect(await small.mirrors.read([key])).toMatchObject([{ listeners: [{ arn: ids.listener }] }])
    expect((await small.network.facts(vpc, [subnet])).subnets).toHaveLength(1)
    const denied = { code: 'AWS_ACCESS_DENIED' }
    await expect(small.mirrors.deleteTargetGroup(ids.target)).rejects.toMatchObject(denied)
    await expect(small.mirrors.modifyListener(ids.listener, { port: 81 })).rejects.toMatchObject(denied)
    await expect(small.network.deleteSecurityGroup(ids.group)).rejects.toMatchObject(denied)
  })

  it('read and remove take a mirror away, and look at names first', async () => {
    const remover = await scene({ hostedZones: [{ id: 'Z1', name: 'example.jp' }] })
    const ids = await made(remover)
    remover.restrict(documented('read', 'remove'))
    expect(await remover.dns.pointingAt('nobody.example')).toEqual([])
    expect(await remover.mirrors.read([key])).toMatchObject([{ loadBalancer: { arn: ids.balancer } }])
    await remover.mirrors.deleteListener(ids.listener)
    await remover.mirrors.deleteLoadBalancer(ids.balancer)
    await remover.mirrors.deleteTargetGroup(ids.target)
    remover.clock.advance(60_000)
    await remover.network.deleteSecurityGroup(ids.group)
    expect(await remover.mirrors.read([key])).toMatchObject([{ loadBalancer: null, targetGroups: [] }])
    await expect(made(remover)).rejects.toMatchObject({ code: 'AWS_ACCESS_DENIED' })
  })
})
