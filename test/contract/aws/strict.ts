import { expect, it } from 'vitest'
import { addresses, failure, type Stage } from './stage.ts'

/**
 * For what only a strict service shows, with the reason why moto does not. Against moto these tests must FAIL, so that
 * nobody believes more of moto than is true, and a moto that learns more is noticed.
 */
export const strictly = (lenient: boolean) => (title: string, reason: string, test: () => Promise<void>) =>
  lenient ? it.fails(`${title} (not so in moto: ${reason})`, test) : it(title, test)

/** What a strict service makes of load balancers, targets and health checks. */
export function strictContract(aws: Stage, lenient: boolean): void {
  const strict = strictly(lenient)

  strict(
    'the zone `all` and both ports of one address stay apart',
    'targets are keyed by address alone, zones are dropped',
    async () => {
      const { make } = aws.scene()
      const targets = await make.targetGroup()
      const two = [8443, 9443].map((port) => ({ address: '10.20.0.9', port, availabilityZone: 'all' as const }))
      await aws.mirrors.registerTargets(targets, two)
      expect(
        (await aws.mirrors.targetHealth(targets)).map(({ address, port, availabilityZone }) => ({
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
      const { make } = aws.scene()
      const targets = await make.targetGroup()
      await aws.mirrors.registerTargets(targets, addresses(1))
      const health = async () =>
        (await aws.mirrors.targetHealth(targets)).map(({ state, reason }) => `${state} ${reason}`)
      expect(await health()).toEqual(['unused Target.NotInUse'])
      const { arn } = await make.loadBalancer()
      await make.listener(arn, targets)
      expect((await health())[0]).toMatch(/^initial Elb\./)
      for (let wait = 0; wait < 60 && (await health())[0] !== 'healthy null'; wait++)
        await aws.bench.clock.sleep(10_000)
      expect(await health()).toEqual(['healthy null'])
      await aws.mirrors.deregisterTargets(targets, addresses(1))
      expect(await health()).toEqual(['draining Target.DeregistrationInProgress'])
      await aws.bench.clock.sleep(31_000)
      expect(await health()).toEqual([])
    },
  )

  strict('a new load balancer is provisioned for a while', 'active at once', async () => {
    const { make, tree } = aws.scene()
    await make.loadBalancer()
    expect((await tree()).loadBalancer!.state).toBe('provisioning')
    for (let wait = 0; wait < 60 && (await tree()).loadBalancer!.state !== 'active'; wait++)
      await aws.bench.clock.sleep(10_000)
    expect((await tree()).loadBalancer!.state).toBe('active')
  })

  strict('deregistering what is not registered changes nothing', 'refused with InvalidTarget', async () => {
    const { make } = aws.scene()
    const targets = await make.targetGroup()
    await aws.mirrors.deregisterTargets(targets, addresses(1))
    expect(await aws.mirrors.targetHealth(targets)).toEqual([])
  })

  strict('a public address is refused as a target', 'anything is stored', async () => {
    const { make } = aws.scene()
    const targets = await make.targetGroup()
    const error = await failure(
      aws.mirrors.registerTargets(targets, [{ address: '8.8.8.8', port: 80, availabilityZone: 'all' }]),
    )
    expect(error).toMatchObject({ code: 'AWS_INVALID', exit: 7, retryable: false })
  })

  strict(
    'the second load balancer of one name is the first one, even when the look before missed it',
    'a second one is made',
    async () => {
      const { make, hash, loadBalancer } = aws.scene()
      const spec = loadBalancer([await make.securityGroup()])
      const first = await make.loadBalancer(spec)
      aws.proxy.inject({ action: 'DescribeLoadBalancers', kind: 'error', code: 'LoadBalancerNotFound' })
      expect(await make.loadBalancer(spec)).toEqual(first)
      aws.proxy.inject({ action: 'DescribeLoadBalancers', kind: 'error', code: 'LoadBalancerNotFound' })
      const other = { ...spec, subnets: [spec.subnets[0]!] }
      expect(await make.loadBalancer(other)).toEqual(first)
      expect((await aws.mirrors.list()).filter(({ name }) => name.endsWith(hash))).toHaveLength(1)
    },
  )

  strict(
    'a security group that a load balancer uses cannot go, nor shortly after',
    'groups in use are deleted',
    async () => {
      const { make, loadBalancer } = aws.scene()
      const group = await make.securityGroup()
      const { arn } = await make.loadBalancer(loadBalancer([group]))
      expect(await failure(aws.network.deleteSecurityGroup(group))).toMatchObject({
        code: 'AWS_IN_USE',
        retryable: true,
      })
      await aws.mirrors.deleteLoadBalancer(arn)
      expect(await failure(aws.network.deleteSecurityGroup(group))).toMatchObject({
        code: 'AWS_IN_USE',
        retryable: true,
      })
      await aws.patiently(() => aws.network.deleteSecurityGroup(group))
    },
  )

  strict('a listener that AWS hides and then refuses is found again', 'two listeners on one port pass', async () => {
    const { make, listener } = aws.scene()
    const [one, two] = [await make.targetGroup(), await make.targetGroup(aws.scene().targetGroup())]
    const { arn } = await make.loadBalancer()
    const first = await make.listener(arn, one)
    aws.proxy.inject({ action: 'DescribeListeners', kind: 'error', code: 'LoadBalancerNotFound' })
    expect(await aws.mirrors.createListener(arn, listener(two))).toEqual({ arn: first })
  })

  strict(
    'a TCP check becomes an HTTP check with its status codes',
    'ModifyTargetGroup forgets the matcher',
    async () => {
      const { make, tree, targetGroup } = aws.scene()
      const targets = await make.targetGroup()
      const check = { ...targetGroup().healthCheck, protocol: 'HTTP', path: '/healthz', matcher: '200-204' } as const
      await aws.mirrors.modifyTargetGroup(targets, { healthCheck: check })
      expect((await tree()).targetGroups[0]!.healthCheck).toEqual(check)
    },
  )

  strict('a health check outside of the limits is refused', 'no bounds', async () => {
    const { targetGroup, make } = aws.scene()
    const spec = targetGroup()
    const error = await failure(
      make.targetGroup({ ...spec, healthCheck: { ...spec.healthCheck, intervalSeconds: 301 } }),
    )
    expect(error).toMatchObject({ code: 'AWS_INVALID' })
  })
}
