import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createMirrors } from '../../../src/lib/adapters/aws/mirrors.ts'
import { createNetwork } from '../../../src/lib/adapters/aws/network.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { isNyahError, type NyahError } from '../../../src/lib/core/errors.ts'
import type { LoadBalancerSpec, Mirrors, TargetGroupSpec } from '../../../src/lib/ports/mirrors.ts'
import type { Network, SecurityGroupSpec } from '../../../src/lib/ports/network.ts'
import type { Retry } from '../../../src/lib/ports/retry.ts'
import { type FaultProxy, faultProxy } from '../../support/faults.ts'
import type { VirtualClock } from '../../support/clock.ts'

/** One AWS endpoint to hold the adapter against. */
export interface AwsBench {
  readonly url: string
  readonly region: string
  readonly vpcId: string
  /** Two of that VPC, in different zones. */
  readonly subnets: readonly [string, string]
  /** Shared with a sandbox, so that its health checks and drains take place. */
  readonly clock: VirtualClock
  /** 4 hex digits that nobody else uses there just now. */
  readonly stamp: string
  close(): Promise<void>
}

/**
 * The contract of the Mirrors and Network ports. `lenient` is moto: a store that judges little. What only a strict
 * service shows is marked with `strict` and its reason; against moto these tests must FAIL (`it.fails`), so that nobody
 * believes more of moto than is true, and a moto that learns more is noticed.
 */
export function awsContract(name: string, lenient: boolean, open: () => Promise<AwsBench>): void {
  const strict = (title: string, reason: string, test: () => Promise<void>) =>
    lenient ? it.fails(`${title} (not so in moto: ${reason})`, test) : it(title, test)

  describe(`AWS contract: ${name}`, () => {
    let bench: AwsBench
    let proxy: FaultProxy
    let mirrors: Mirrors
    let network: Network
    let serial = 0

    beforeAll(async () => {
      bench = await open()
      proxy = await faultProxy(bench.url)
      const { clock } = bench
      const env = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret', HOME: '/nonexistent' }
      const session = createSession({ region: bench.region, endpointUrl: proxy.url, env }, clock, {
        chain: () => Promise.resolve(chain),
        sts: () => Promise.resolve(sts),
      })
      const retry: Retry = async (_what, call, signal) => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await call()
          } catch (error) {
            if (!isNyahError(error) || !error.retryable || attempt === 5) throw error
            await clock.sleep(200 * attempt, signal)
          }
        }
      }
      mirrors = createMirrors({ session, clock, retry })
      network = createNetwork({ session, clock, retry })
    })
    afterAll(async () => {
      await proxy.close()
      await bench.close()
    })

    // What a test makes goes away again: the real server is shared.
    const undo: (() => Promise<void>)[] = []
    afterEach(async () => {
      const unused = proxy.unused()
      proxy.reset()
      for (const step of undo.splice(0).reverse()) await patiently(step)
      expect(unused).toEqual([])
    })
    const patiently = async (step: () => Promise<void>): Promise<void> => {
      for (let attempt = 0; attempt < 40; attempt++) {
        try {
          return await step()
        } catch (error) {
          if (!isNyahError(error) || error.code !== 'AWS_IN_USE') throw error
          await bench.clock.sleep(10_000)
        }
      }
    }

    /** A mirror's names and tags; each test has its own. */
    const scene = () => {
      const hash = `${bench.stamp}${(++serial).toString(16).padStart(4, '0')}`
      const tags = {
        'nyah:managed': 'true',
        'nyah:octavia-id': `5f0c7c1e-0000-4000-8000-0000${hash}`,
        'nyah:schema': '1',
      }
      const securityGroup = (): SecurityGroupSpec => ({
        name: `nyah-shop-${hash}`,
        description: `nyah mirror of shop (${hash})`,
        vpcId: bench.vpcId,
        ingress: [
          { protocol: 'tcp', port: 443, cidr: '10.0.0.0/8' },
          { protocol: 'tcp', port: 443, cidr: '192.168.0.0/16' },
        ],
        tags: { ...tags, 'nyah:role': 'security-group' },
      })
      const targetGroup = (port = 443): TargetGroupSpec => ({
        name: `nyah-shop-${hash}-${port}`,
        protocol: 'TCP',
        port,
        vpcId: bench.vpcId,
        ipAddressType: 'ipv4',
        healthCheck: {
          protocol: 'TCP',
          port: 'traffic-port',
          intervalSeconds: 10,
          timeoutSeconds: 5,
          healthyThreshold: 3,
          unhealthyThreshold: 3,
        },
        attributes: { 'preserve_client_ip.enabled': 'false', 'deregistration_delay.timeout_seconds': '30' },
        tags: { ...tags, 'nyah:role': 'target-group', 'nyah:port': String(port) },
      })
      const loadBalancer = (securityGroups: readonly string[]): LoadBalancerSpec => ({
        name: `nyah-shop-${hash}`,
        scheme: 'internal',
        subnets: [...bench.subnets].sort(),
        securityGroups,
        ipAddressType: 'ipv4',
        tags: { ...tags, 'nyah:role': 'load-balancer' },
      })
      const make = {
        async securityGroup(spec = securityGroup()) {
          const { id } = await network.createSecurityGroup(spec)
          undo.push(() => network.deleteSecurityGroup(id))
          return id
        },
        async targetGroup(spec = targetGroup()) {
          const { arn } = await mirrors.createTargetGroup(spec)
          undo.push(() => mirrors.deleteTargetGroup(arn))
          return arn
        },
        async loadBalancer(spec?: LoadBalancerSpec) {
          const made = await mirrors.createLoadBalancer(spec ?? loadBalancer([await make.securityGroup()]))
          undo.push(() => mirrors.deleteLoadBalancer(made.arn))
          return made
        },
        async listener(balancer: string, targetGroupArn: string, port = 443) {
          const made = await mirrors.createListener(balancer, {
            protocol: 'TCP',
            port,
            targetGroupArn,
            tags: { ...tags, 'nyah:role': 'listener' },
          })
          undo.push(() => mirrors.deleteListener(made.arn))
          return made.arn
        },
      }
      const tree = async () => (await mirrors.read([hash]))[0]!
      return {
        hash,
        tags,
        securityGroup,
        targetGroup,
        loadBalancer,
        make,
        tree,
        stranger: { ...tags, 'nyah:octavia-id': 'somebody-else' },
      }
    }

    const failure = async (promise: Promise<unknown>): Promise<NyahError> => {
      const error = await promise.then(
        () => null,
        (thrown: unknown) => thrown,
      )
      if (!isNyahError(error)) throw new Error(`expected a NyahError, got ${String(error)}`)
      return error
    }
    const addresses = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        address: `10.20.${Math.floor(at / 250)}.${(at % 250) + 1}`,
        port: 8443,
        availabilityZone: 'all' as const,
      }))

    it('says who it is', async () => {
      const identity = await mirrors.check()
      expect(identity.account).toMatch(/^\d{12}$/)
      expect(identity).toMatchObject({ region: bench.region, endpointUrl: proxy.url })
    })

    it('reads nothing where nothing is, one empty tree per hash', async () => {
      const empty = { loadBalancer: null, listeners: [], targetGroups: [] }
      expect(await mirrors.read([`${bench.stamp}ffff`, `${bench.stamp}fffe`])).toEqual([empty, empty])
      expect(await mirrors.read([])).toEqual([])
      expect(await network.securityGroups(bench.vpcId, [])).toEqual([])
    })

    it('knows the network: ranges of the VPC, subnets in the order asked for, the missing one missing', async () => {
      const [a, b] = bench.subnets
      const facts = await network.facts(bench.vpcId, [b, 'subnet-00000000000000000', a])
      expect(facts.vpcCidrs.length).toBeGreaterThan(0)
      expect(facts.subnets.map(({ id }) => id)).toEqual([b, a])
      expect(facts.subnets[0]).toMatchObject({
        vpcId: bench.vpcId,
        availabilityZone: expect.stringMatching(/^[a-z]+-[a-z]+-\d[a-z]$/),
      })
      expect((await failure(network.facts('vpc-00000000000000000', []))).code).toBe('AWS_NOT_FOUND')
    })

    it('makes a mirror and reads the same back', async () => {
      const { make, tree, targetGroup, loadBalancer, tags, hash, securityGroup } = scene()
      const group = await make.securityGroup()
      const targets = await make.targetGroup()
      const balancer = await make.loadBalancer(loadBalancer([group]))
      const listener = await make.listener(balancer.arn, targets)
      await mirrors.registerTargets(targets, addresses(2))

      const found = await tree()
      expect(found.loadBalancer).toMatchObject({
        ...loadBalancer([group]),
        ...balancer,
        type: 'network',
        vpcId: bench.vpcId,
      })
      expect(found.listeners).toEqual([
        {
          arn: listener,
          protocol: 'TCP',
          port: 443,
          targetGroupArn: targets,
          tags: { ...tags, 'nyah:role': 'listener' },
        },
      ])
      expect(found.targetGroups).toHaveLength(1)
      const { attributes, ...rest } = targetGroup()
      expect(found.targetGroups[0]).toMatchObject({ ...rest, arn: targets, loadBalancerArns: [balancer.arn] })
      expect(found.targetGroups[0]!.healthCheck).toEqual(rest.healthCheck)
      expect(found.targetGroups[0]!.attributes).toMatchObject(attributes)
      expect(found.targetGroups[0]!.targets.map(({ address, port }) => `${address}:${port}`).sort()).toEqual([
        '10.20.0.1:8443',
        '10.20.0.2:8443',
      ])
      expect((await mirrors.list()).filter(({ name }) => name.endsWith(hash)).map(({ arn }) => arn)).toEqual([
        balancer.arn,
      ])
      const groups = await network.securityGroups(bench.vpcId, [`nyah-shop-${hash}`, 'nyah-absent'])
      expect(groups).toHaveLength(1)
      expect({ ...groups[0], ingress: [...groups[0]!.ingress].sort((x, y) => (x.cidr < y.cidr ? -1 : 1)) }).toEqual({
        ...securityGroup(),
        id: group,
      })
    })

    it('makes nothing twice: every create returns what is there', async () => {
      const { make, tree, hash } = scene()
      const group = await make.securityGroup()
      const targets = await make.targetGroup()
      const balancer = await make.loadBalancer()
      const listener = await make.listener(balancer.arn, targets)
      proxy.reset()
      expect(await make.securityGroup()).toBe(group)
      expect(await make.targetGroup()).toBe(targets)
      expect(await make.loadBalancer()).toEqual(balancer)
      expect(await make.listener(balancer.arn, targets)).toBe(listener)
      expect(proxy.calls().filter(({ action }) => action.startsWith('Create'))).toEqual([])
      expect((await tree()).listeners).toHaveLength(1)
      expect(await network.securityGroups(bench.vpcId, [`nyah-shop-${hash}`])).toHaveLength(1)
    })

    it('completes what a crash left half made: attributes of a target group, rules of a security group', async () => {
      const { make, tree, targetGroup, securityGroup, hash } = scene()
      proxy.inject({ action: 'ModifyTargetGroupAttributes', kind: 'drop-before', times: 5 })
      expect((await failure(mirrors.createTargetGroup(targetGroup()))).code).toBe('AWS_UNREACHABLE')
      proxy.inject({ action: 'AuthorizeSecurityGroupIngress', kind: 'drop-before', times: 5 })
      expect((await failure(network.createSecurityGroup(securityGroup()))).code).toBe('AWS_UNREACHABLE')
      await make.targetGroup()
      await make.securityGroup()
      expect((await tree()).targetGroups[0]!.attributes).toMatchObject(targetGroup().attributes)
      expect((await network.securityGroups(bench.vpcId, [`nyah-shop-${hash}`]))[0]!.ingress).toHaveLength(2)
    })

    it('leaves alone what somebody else owns, and says whose it is', async () => {
      const { make, stranger, targetGroup, securityGroup, loadBalancer } = scene()
      const group = await make.securityGroup()
      const targets = await make.targetGroup()
      const balancer = await make.loadBalancer(loadBalancer([group]))
      await make.listener(balancer.arn, targets)
      const attempts = [
        () => network.createSecurityGroup({ ...securityGroup(), tags: stranger }),
        () => mirrors.createTargetGroup({ ...targetGroup(), tags: stranger }),
        () => mirrors.createLoadBalancer({ ...loadBalancer([group]), tags: stranger }),
        () =>
          mirrors.createListener(balancer.arn, { protocol: 'TCP', port: 443, targetGroupArn: targets, tags: stranger }),
      ]
      for (const attempt of attempts) {
        const error = await failure(attempt())
        expect(error).toMatchObject({ code: 'AWS_NAME_TAKEN', exit: 6, retryable: false })
        expect(error.message).toContain('somebody-else')
      }
      expect((await failure(mirrors.createTargetGroup({ ...targetGroup(), tags: {} }))).code).toBe('AWS_NAME_TAKEN')
    })

    it('makes a target group with an HTTP check', async () => {
      const { make, tree, targetGroup } = scene()
      const check = {
        ...targetGroup().healthCheck,
        protocol: 'HTTP',
        port: '8080',
        path: '/healthz',
        matcher: '200,202',
      } as const
      await make.targetGroup({ ...targetGroup(), healthCheck: check })
      expect((await tree()).targetGroups[0]!.healthCheck).toEqual(check)
    })

    it('changes only what is given', async () => {
      const { make, tree, tags } = scene()
      const group = await make.securityGroup()
      const targets = await make.targetGroup()
      const second = await make.targetGroup({ ...scene().targetGroup(), name: `nyah-shop-${bench.stamp}eeee-9` })
      const balancer = await make.loadBalancer()
      const listener = await make.listener(balancer.arn, targets)
      const before = await tree()

      const http = {
        protocol: 'HTTP',
        port: '8080',
        intervalSeconds: 15,
        timeoutSeconds: 6,
        healthyThreshold: 2,
        unhealthyThreshold: 4,
        path: '/healthz',
      } as const
      await mirrors.modifyTargetGroup(targets, { healthCheck: http })
      expect((await tree()).targetGroups[0]).toEqual({
        ...before.targetGroups[0],
        healthCheck: expect.objectContaining(http),
      })
      await mirrors.modifyTargetGroup(targets, {
        attributes: { 'deregistration_delay.timeout_seconds': '60' },
        tags: { 'nyah:source-name': 'shop' },
      })
      expect((await tree()).targetGroups[0]).toMatchObject({
        healthCheck: http,
        attributes: { ...before.targetGroups[0]!.attributes, 'deregistration_delay.timeout_seconds': '60' },
        tags: { ...before.targetGroups[0]!.tags, 'nyah:source-name': 'shop' },
      })
      await mirrors.modifyListener(listener, { targetGroupArn: second })
      expect((await tree()).listeners[0]).toEqual({ ...before.listeners[0], targetGroupArn: second })
      await mirrors.modifyListener(listener, { port: 8443, targetGroupArn: targets, tags: { 'nyah:port': '8443' } })
      expect((await tree()).listeners[0]).toEqual({
        ...before.listeners[0],
        port: 8443,
        tags: { ...before.listeners[0]!.tags, 'nyah:port': '8443' },
      })

      const other = await make.securityGroup({ ...scene().securityGroup() })
      await mirrors.modifyLoadBalancer(balancer.arn, {
        securityGroups: [group, other],
        tags: { 'nyah:source-name': 'shop' },
      })
      expect((await tree()).loadBalancer).toMatchObject({
        securityGroups: [group, other].sort(),
        tags: { ...tags, 'nyah:source-name': 'shop' },
      })
      await mirrors.modifyLoadBalancer(balancer.arn, { securityGroups: [group] })
    })

    it('changes rules: allows before it revokes, and what is so already is no error', async () => {
      const { make, securityGroup, hash } = scene()
      const id = await make.securityGroup()
      const rule = (cidr: string, port = 443) => ({ protocol: 'tcp' as const, port, cidr })
      const now = async () => (await network.securityGroups(bench.vpcId, [`nyah-shop-${hash}`]))[0]!
      const change = {
        allow: [rule('10.0.0.0/8'), rule('10.1.2.3/32'), rule('2001:DB8::/32', 80)],
        revoke: [rule('192.168.0.0/16'), rule('172.16.0.0/12')],
      }
      proxy.reset()
      await network.modifySecurityGroup(id, { ...change, tags: { 'nyah:source-name': 'shop' } })
      await network.modifySecurityGroup(id, change)
      const writes = proxy.calls().flatMap(({ action }) => (/^(Authorize|Revoke)/.test(action) ? [action] : []))
      expect(writes).toEqual(['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress'])
      expect((await now()).ingress.map(({ port, cidr }) => `${port} ${cidr}`).sort()).toEqual([
        '443 10.0.0.0/8',
        '443 10.1.2.3/32',
        '80 2001:db8::/32',
      ])
      expect((await now()).tags).toEqual({ ...securityGroup().tags, 'nyah:source-name': 'shop' })
    })

    it('sends 150 targets in two calls, in and out, and again without harm', async () => {
      const { make } = scene()
      const targets = await make.targetGroup()
      proxy.reset()
      await mirrors.registerTargets(targets, addresses(150))
      await mirrors.registerTargets(targets, addresses(150))
      expect(proxy.calls('RegisterTargets')).toHaveLength(4)
      const sizes = proxy
        .calls('RegisterTargets')
        .map(({ fields }) => [...fields.keys()].filter((key) => key.endsWith('.Id')).length)
      expect(sizes.sort()).toEqual([100, 100, 50, 50])
      expect(proxy.calls('RegisterTargets')[0]!.fields.get('Targets.member.1.AvailabilityZone')).toBe('all')
      expect(await mirrors.targetHealth(targets)).toHaveLength(150)
      await mirrors.deregisterTargets(targets, addresses(150))
      expect(proxy.calls('DeregisterTargets')).toHaveLength(2)
      await mirrors.registerTargets(targets, [])
      expect(proxy.calls('RegisterTargets')).toHaveLength(4)
    })

    it('asks for the tags of at most 20 things at once', async () => {
      const { make, hash, targetGroup } = scene()
      for (let port = 1; port <= 21; port++) await make.targetGroup(targetGroup(port))
      proxy.reset()
      expect((await mirrors.read([hash]))[0]!.targetGroups).toHaveLength(21)
      const asked = proxy
        .calls('DescribeTags')
        .map(({ fields }) => [...fields.keys()].filter((key) => key.startsWith('ResourceArns')).length)
      expect(asked.sort()).toEqual([1, 20])
    })

    it('deletes, and deleting what is gone succeeds', async () => {
      const { make, tree } = scene()
      const group = await make.securityGroup()
      const targets = await make.targetGroup()
      const { arn } = await make.loadBalancer()
      const listener = await make.listener(arn, targets)
      const busy = await failure(mirrors.deleteTargetGroup(targets))
      expect(busy).toMatchObject({ code: 'AWS_IN_USE', retryable: true, lostAnswer: false })
      for (const _ of [1, 2]) {
        await mirrors.deleteListener(listener)
        await mirrors.deleteLoadBalancer(arn)
        await mirrors.deleteTargetGroup(targets)
        await patiently(() => network.deleteSecurityGroup(group))
      }
      expect(await tree()).toEqual({ loadBalancer: null, listeners: [], targetGroups: [] })
    })

    describe('a create whose answer is lost leaves exactly one', () => {
      const kinds = ['CreateSecurityGroup', 'CreateTargetGroup', 'CreateLoadBalancer', 'CreateListener'] as const
      it.each(
        kinds.flatMap((action) => (['drop-after', 'drop-before'] as const).map((kind) => [action, kind] as const)),
      )('%s, %s', async (action, kind) => {
        const { make, tree, hash, loadBalancer } = scene()
        const build = async () => {
          const group = await make.securityGroup()
          const targets = await make.targetGroup()
          const balancer = await make.loadBalancer(loadBalancer([group]))
          return make.listener(balancer.arn, targets)
        }
        proxy.inject({ action, kind })
        expect(await failure(build())).toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true, lostAnswer: true })
        await build()
        const found = await tree()
        expect(found.listeners).toHaveLength(1)
        expect(found.targetGroups).toHaveLength(1)
        expect((await mirrors.list()).filter(({ name }) => name.endsWith(hash))).toHaveLength(1)
        expect(await network.securityGroups(bench.vpcId, [`nyah-shop-${hash}`])).toHaveLength(1)
        expect(proxy.calls(action).filter(({ status }) => status === 200)).toHaveLength(kind === 'drop-after' ? 0 : 1)
      })
    })

    it('sends a change again whose answer was lost where that harms nobody', async () => {
      const { make, hash } = scene()
      const targets = await make.targetGroup()
      const group = await make.securityGroup()
      proxy.inject(
        { action: 'RegisterTargets', kind: 'drop-after' },
        { action: 'DeregisterTargets', kind: 'drop-before' },
        { action: 'AuthorizeSecurityGroupIngress', kind: 'drop-after' },
        { action: 'RevokeSecurityGroupIngress', kind: 'drop-after' },
        { action: 'DeleteTargetGroup', kind: 'drop-after' },
      )
      await mirrors.registerTargets(targets, addresses(2))
      await mirrors.deregisterTargets(targets, addresses(1))
      await network.modifySecurityGroup(group, {
        allow: [{ protocol: 'tcp', port: 80, cidr: '10.0.0.0/8' }],
        revoke: [{ protocol: 'tcp', port: 443, cidr: '10.0.0.0/8' }],
      })
      const { ingress } = (await network.securityGroups(bench.vpcId, [`nyah-shop-${hash}`]))[0]!
      expect(ingress.map(({ port, cidr }) => `${port} ${cidr}`).sort()).toEqual(['443 192.168.0.0/16', '80 10.0.0.0/8'])
      expect(await failure(mirrors.deleteTargetGroup(targets))).toMatchObject({ retryable: true, lostAnswer: true })
      await mirrors.deleteTargetGroup(targets)
    })

    it.each([
      ['Throttling', 400],
      ['ThrottlingException', 400],
      ['RequestLimitExceeded', 503],
      ['ServiceUnavailable', 503],
    ])('repeats reads and idempotent changes after %s; a create is left to the executor', async (code, status) => {
      const { make, tree, targetGroup, hash } = scene()
      const targets = await make.targetGroup()
      proxy.inject(
        { action: 'DescribeTargetGroups', kind: 'error', code, status, times: 2 },
        { action: 'DescribeTags', kind: 'error', code, status },
        { action: 'RegisterTargets', kind: 'error', code, status },
      )
      await mirrors.registerTargets(targets, addresses(1))
      expect((await tree()).targetGroups).toHaveLength(1)
      proxy.inject({ action: 'CreateTargetGroup', kind: 'error', code, status })
      const spec = { ...targetGroup(80), name: `nyah-shop-${hash}-80` }
      expect(await failure(make.targetGroup(spec))).toMatchObject({ retryable: true, exit: 7 })
      await make.targetGroup(spec)
    })

    it('survives answers that are late, and answers that are no XML', async () => {
      const { make, tree } = scene()
      await make.targetGroup()
      proxy.inject(
        { action: 'DescribeTargetHealth', kind: 'delay', ms: 30 },
        { action: 'DescribeTargetGroupAttributes', kind: 'status', status: 502 },
      )
      expect((await tree()).targetGroups).toHaveLength(1)
      proxy.inject({ action: 'DescribeTargetGroups', kind: 'status', status: 403 })
      expect(await failure(tree())).toMatchObject({ exit: 7, retryable: false })
    })

    it('names the IAM action that is missing', async () => {
      const { targetGroup } = scene()
      proxy.inject({ action: 'CreateTargetGroup', kind: 'error', code: 'AccessDenied', status: 403 })
      const error = await failure(mirrors.createTargetGroup(targetGroup()))
      expect(error).toMatchObject({
        code: 'AWS_ACCESS_DENIED',
        exit: 7,
        details: { action: 'elasticloadbalancing:CreateTargetGroup' },
      })
      proxy.inject({
        action: 'DescribeSubnets',
        kind: 'error',
        code: 'UnauthorizedOperation',
        status: 403,
        message: 'You are not authorized. Encoded authorization failure message: abcdef',
      })
      const denied = await failure(network.facts(bench.vpcId, [...bench.subnets]))
      expect(denied.details['action']).toBe('ec2:DescribeSubnets')
      expect(denied.message).not.toContain('abcdef')
    })

    it('finds its own thing when AWS first hides it and then refuses the name', async () => {
      const { make } = scene()
      const targets = await make.targetGroup()
      proxy.inject(
        { action: 'DescribeTargetGroups', kind: 'error', code: 'TargetGroupNotFound' },
        { action: 'CreateTargetGroup', kind: 'error', code: 'DuplicateTargetGroupName' },
      )
      expect(await make.targetGroup()).toBe(targets)
      proxy.inject(
        { action: 'DescribeTargetGroups', kind: 'error', code: 'TargetGroupNotFound', times: 2 },
        { action: 'CreateTargetGroup', kind: 'error', code: 'DuplicateTargetGroupNameException' },
      )
      expect(await failure(make.targetGroup())).toMatchObject({ code: 'AWS_UNSETTLED', retryable: true })
    })

    it('leaves out what vanishes while it reads', async () => {
      const { make, tree, targetGroup } = scene()
      await make.targetGroup(targetGroup(1))
      await make.targetGroup(targetGroup(2))
      proxy.inject({ action: 'DescribeTags', kind: 'error', code: 'TargetGroupNotFound' })
      expect((await tree()).targetGroups).toHaveLength(2)
      proxy.inject({ action: 'DescribeTargetHealth', kind: 'error', code: 'TargetGroupNotFound' })
      expect((await tree()).targetGroups).toHaveLength(1)
      proxy.inject({ action: 'DescribeTags', kind: 'error', code: 'TargetGroupNotFound', times: 3 })
      expect((await tree()).targetGroups).toHaveLength(0)
    })

    it('stops reading when it is told to', async () => {
      const control = new AbortController()
      proxy.inject({ action: 'DescribeLoadBalancers', kind: 'delay', ms: 60 })
      const reading = mirrors.list(control.signal)
      setTimeout(() => control.abort(new Error('enough')), 10)
      await expect(reading).rejects.toThrow('enough')
    })

    // What moto does not know. Each must fail there.

    strict(
      'the zone `all` and both ports of one address stay apart',
      'targets are keyed by address alone, zones are dropped',
      async () => {
        const { make } = scene()
        const targets = await make.targetGroup()
        const two = [8443, 9443].map((port) => ({ address: '10.20.0.9', port, availabilityZone: 'all' as const }))
        await mirrors.registerTargets(targets, two)
        expect(
          (await mirrors.targetHealth(targets)).map(({ address, port, availabilityZone }) => ({
            address,
            port,
            availabilityZone,
          })),
        ).toEqual(two)
      },
    )

    strict(
      'targets wait for a listener, then for health; deregistered ones drain',
      'all is healthy at once, nothing drains',
      async () => {
        const { make } = scene()
        const targets = await make.targetGroup()
        await mirrors.registerTargets(targets, addresses(1))
        const health = async () =>
          (await mirrors.targetHealth(targets)).map(({ state, reason }) => `${state} ${reason}`)
        expect(await health()).toEqual(['unused Target.NotInUse'])
        const { arn } = await make.loadBalancer()
        await make.listener(arn, targets)
        expect((await health())[0]).toMatch(/^initial Elb\./)
        for (let wait = 0; wait < 60 && (await health())[0] !== 'healthy null'; wait++) await bench.clock.sleep(10_000)
        expect(await health()).toEqual(['healthy null'])
        await mirrors.deregisterTargets(targets, addresses(1))
        expect(await health()).toEqual(['draining Target.DeregistrationInProgress'])
        await bench.clock.sleep(31_000)
        expect(await health()).toEqual([])
      },
    )

    strict('a new load balancer is provisioned for a while', 'active at once', async () => {
      const { make, tree } = scene()
      await make.loadBalancer()
      expect((await tree()).loadBalancer!.state).toBe('provisioning')
      for (let wait = 0; wait < 60 && (await tree()).loadBalancer!.state !== 'active'; wait++)
        await bench.clock.sleep(10_000)
      expect((await tree()).loadBalancer!.state).toBe('active')
    })

    strict('deregistering what is not registered changes nothing', 'refused with InvalidTarget', async () => {
      const { make } = scene()
      const targets = await make.targetGroup()
      await mirrors.deregisterTargets(targets, addresses(1))
      expect(await mirrors.targetHealth(targets)).toEqual([])
    })

    strict('a public address is refused as a target', 'anything is stored', async () => {
      const { make } = scene()
      const targets = await make.targetGroup()
      const error = await failure(
        mirrors.registerTargets(targets, [{ address: '8.8.8.8', port: 80, availabilityZone: 'all' }]),
      )
      expect(error).toMatchObject({ code: 'AWS_INVALID', exit: 7, retryable: false })
    })

    strict(
      'the second load balancer of one name is the first one, even when the look before missed it',
      'a second one is made',
      async () => {
        const { make, hash, loadBalancer } = scene()
        const spec = loadBalancer([await make.securityGroup()])
        const first = await make.loadBalancer(spec)
        proxy.inject({ action: 'DescribeLoadBalancers', kind: 'error', code: 'LoadBalancerNotFound' })
        expect(await make.loadBalancer(spec)).toEqual(first)
        proxy.inject({ action: 'DescribeLoadBalancers', kind: 'error', code: 'LoadBalancerNotFound' })
        const other = { ...spec, subnets: [spec.subnets[0]!] }
        expect(await make.loadBalancer(other)).toEqual(first)
        expect((await mirrors.list()).filter(({ name }) => name.endsWith(hash))).toHaveLength(1)
      },
    )

    strict(
      'a security group that a load balancer uses cannot go, nor shortly after',
      'groups in use are deleted',
      async () => {
        const { make, loadBalancer } = scene()
        const group = await make.securityGroup()
        const { arn } = await make.loadBalancer(loadBalancer([group]))
        expect(await failure(network.deleteSecurityGroup(group))).toMatchObject({ code: 'AWS_IN_USE', retryable: true })
        await mirrors.deleteLoadBalancer(arn)
        expect(await failure(network.deleteSecurityGroup(group))).toMatchObject({ code: 'AWS_IN_USE', retryable: true })
        await patiently(() => network.deleteSecurityGroup(group))
      },
    )

    strict('a listener that AWS hides and then refuses is found again', 'two listeners on one port pass', async () => {
      const { make, tags } = scene()
      const [one, two] = [await make.targetGroup(), await make.targetGroup(scene().targetGroup())]
      const { arn } = await make.loadBalancer()
      const first = await make.listener(arn, one)
      proxy.inject({ action: 'DescribeListeners', kind: 'error', code: 'LoadBalancerNotFound' })
      expect(await mirrors.createListener(arn, { protocol: 'TCP', port: 443, targetGroupArn: two, tags })).toEqual({
        arn: first,
      })
    })

    strict(
      'a TCP check becomes an HTTP check with its status codes',
      'ModifyTargetGroup forgets the matcher',
      async () => {
        const { make, tree, targetGroup } = scene()
        const targets = await make.targetGroup()
        const check = { ...targetGroup().healthCheck, protocol: 'HTTP', path: '/healthz', matcher: '200-204' } as const
        await mirrors.modifyTargetGroup(targets, { healthCheck: check })
        expect((await tree()).targetGroups[0]!.healthCheck).toEqual(check)
      },
    )

    strict('a health check outside of the limits is refused', 'no bounds', async () => {
      const { targetGroup, make } = scene()
      const spec = targetGroup()
      const error = await failure(
        make.targetGroup({ ...spec, healthCheck: { ...spec.healthCheck, intervalSeconds: 301 } }),
      )
      expect(error).toMatchObject({ code: 'AWS_INVALID' })
    })
  })
}
