import { describe, expect, it } from 'vitest'
import { addresses, failure, type Stage } from './stage.ts'

/** What they promise when answers are lost, late, refused or lag behind. */
export function faultsContract(aws: Stage): void {
  it('completes what a crash left half made: attributes of a target group, rules of a security group', async () => {
    const { make, tree, targetGroup, securityGroup, hash } = aws.scene()
    aws.proxy.inject({ action: 'ModifyTargetGroupAttributes', kind: 'drop-before', times: 5 })
    expect((await failure(aws.mirrors.createTargetGroup(targetGroup()))).code).toBe('AWS_UNREACHABLE')
    aws.proxy.inject({ action: 'AuthorizeSecurityGroupIngress', kind: 'drop-before', times: 5 })
    expect((await failure(aws.network.createSecurityGroup(securityGroup()))).code).toBe('AWS_UNREACHABLE')
    await make.targetGroup()
    await make.securityGroup()
    expect((await tree()).targetGroups[0]!.attributes).toMatchObject(targetGroup().attributes)
    expect((await aws.network.securityGroups(aws.bench.vpcId, [`nyah-shop-${hash}`]))[0]!.ingress).toHaveLength(2)
  })

  describe('a create whose answer is lost leaves exactly one', () => {
    const kinds = ['CreateSecurityGroup', 'CreateTargetGroup', 'CreateLoadBalancer', 'CreateListener'] as const
    it.each(kinds.flatMap((action) => (['drop-after', 'drop-before'] as const).map((kind) => [action, kind] as const)))(
      '%s, %s',
      async (action, kind) => {
        const { make, tree, hash, loadBalancer } = aws.scene()
        const build = async () => {
          const group = await make.securityGroup()
          const targets = await make.targetGroup()
          const balancer = await make.loadBalancer(loadBalancer([group]))
          return make.listener(balancer.arn, targets)
        }
        aws.proxy.inject({ action, kind })
        expect(await failure(build())).toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true, lostAnswer: true })
        await build()
        const found = await tree()
        expect(found.listeners).toHaveLength(1)
        expect(found.targetGroups).toHaveLength(1)
        expect((await aws.mirrors.list()).filter(({ name }) => name.endsWith(hash))).toHaveLength(1)
        expect(await aws.network.securityGroups(aws.bench.vpcId, [`nyah-shop-${hash}`])).toHaveLength(1)
        expect(aws.proxy.calls(action).filter(({ status }) => status === 200)).toHaveLength(
          kind === 'drop-after' ? 0 : 1,
        )
      },
    )
  })

  it('sends a change again whose answer was lost where that harms nobody', async () => {
    const { make, hash } = aws.scene()
    const targets = await make.targetGroup()
    const group = await make.securityGroup()
    aws.proxy.inject(
      { action: 'RegisterTargets', kind: 'drop-after' },
      { action: 'DeregisterTargets', kind: 'drop-before' },
      { action: 'AuthorizeSecurityGroupIngress', kind: 'drop-after' },
      { action: 'RevokeSecurityGroupIngress', kind: 'drop-after' },
      { action: 'DeleteTargetGroup', kind: 'drop-after' },
    )
    await aws.mirrors.registerTargets(targets, addresses(2))
    await aws.mirrors.deregisterTargets(targets, addresses(1))
    await aws.network.modifySecurityGroup(group, {
      allow: [{ protocol: 'tcp', port: 80, cidr: '10.0.0.0/8' }],
      revoke: [{ protocol: 'tcp', port: 443, cidr: '10.0.0.0/8' }],
    })
    const { ingress } = (await aws.network.securityGroups(aws.bench.vpcId, [`nyah-shop-${hash}`]))[0]!
    expect(ingress.map(({ port, cidr }) => `${port} ${cidr}`).sort()).toEqual(['443 192.168.0.0/16', '80 10.0.0.0/8'])
    expect(await failure(aws.mirrors.deleteTargetGroup(targets))).toMatchObject({ retryable: true, lostAnswer: true })
    await aws.mirrors.deleteTargetGroup(targets)
  })

  it.each([
    ['Throttling', 400],
    ['ThrottlingException', 400],
    ['RequestLimitExceeded', 503],
    ['ServiceUnavailable', 503],
  ])('repeats reads and idempotent changes after %s; a create is left to the executor', async (code, status) => {
    const { make, tree, targetGroup, hash } = aws.scene()
    const targets = await make.targetGroup()
    aws.proxy.inject(
      { action: 'DescribeTargetGroups', kind: 'error', code, status, times: 2 },
      { action: 'DescribeTags', kind: 'error', code, status },
      { action: 'RegisterTargets', kind: 'error', code, status },
    )
    await aws.mirrors.registerTargets(targets, addresses(1))
    expect((await tree()).targetGroups).toHaveLength(1)
    aws.proxy.inject({ action: 'CreateTargetGroup', kind: 'error', code, status })
    const spec = { ...targetGroup(80), name: `nyah-shop-${hash}-80` }
    expect(await failure(make.targetGroup(spec))).toMatchObject({ retryable: true, exit: 7 })
    await make.targetGroup(spec)
  })

  it('survives answers that are late, and answers that are no XML', async () => {
    const { make, tree } = aws.scene()
    await make.targetGroup()
    aws.proxy.inject(
      { action: 'DescribeTargetHealth', kind: 'delay', ms: 30 },
      { action: 'DescribeTargetGroupAttributes', kind: 'status', status: 502 },
    )
    expect((await tree()).targetGroups).toHaveLength(1)
    aws.proxy.inject({ action: 'DescribeTargetGroups', kind: 'status', status: 403 })
    expect(await failure(tree())).toMatchObject({ exit: 7, retryable: false })
  })

  it('names the IAM action that is missing', async () => {
    const { targetGroup } = aws.scene()
    aws.proxy.inject({ action: 'CreateTargetGroup', kind: 'error', code: 'AccessDenied', status: 403 })
    const error = await failure(aws.mirrors.createTargetGroup(targetGroup()))
    expect(error).toMatchObject({
      code: 'AWS_ACCESS_DENIED',
      exit: 7,
      details: { action: 'elasticloadbalancing:CreateTargetGroup' },
    })
    aws.proxy.inject({
      action: 'DescribeSubnets',
      kind: 'error',
      code: 'UnauthorizedOperation',
      status: 403,
      message: 'You are not authorized. Encoded authorization failure message: abcdef',
    })
    const denied = await failure(aws.network.facts(aws.bench.vpcId, [...aws.bench.subnets]))
    expect(denied.details['action']).toBe('ec2:DescribeSubnets')
    expect(denied.message).not.toContain('abcdef')
  })

  it('finds its own thing when AWS first hides it and then refuses the name', async () => {
    const { make } = aws.scene()
    const targets = await make.targetGroup()
    aws.proxy.inject(
      { action: 'DescribeTargetGroups', kind: 'error', code: 'TargetGroupNotFound' },
      { action: 'CreateTargetGroup', kind: 'error', code: 'DuplicateTargetGroupName' },
    )
    expect(await make.targetGroup()).toBe(targets)
    aws.proxy.inject(
      { action: 'DescribeTargetGroups', kind: 'error', code: 'TargetGroupNotFound', times: 2 },
      { action: 'CreateTargetGroup', kind: 'error', code: 'DuplicateTargetGroupNameException' },
    )
    expect(await failure(make.targetGroup())).toMatchObject({ code: 'AWS_UNSETTLED', retryable: true })
  })

  it('leaves out what vanishes while it reads', async () => {
    const { make, tree, targetGroup } = aws.scene()
    await make.targetGroup(targetGroup(1))
    await make.targetGroup(targetGroup(2))
    aws.proxy.inject({ action: 'DescribeTags', kind: 'error', code: 'TargetGroupNotFound' })
    expect((await tree()).targetGroups).toHaveLength(2)
    aws.proxy.inject({ action: 'DescribeTargetHealth', kind: 'error', code: 'TargetGroupNotFound' })
    expect((await tree()).targetGroups).toHaveLength(1)
    aws.proxy.inject({ action: 'DescribeTags', kind: 'error', code: 'TargetGroupNotFound', times: 3 })
    expect((await tree()).targetGroups).toHaveLength(0)
  })

  it('stops reading when it is told to', async () => {
    const control = new AbortController()
    aws.proxy.inject({ action: 'DescribeLoadBalancers', kind: 'hang' })
    const reading = aws.mirrors.list(control.signal).then(
      () => 'it went on',
      (error: unknown) => error,
    )
    await expect.poll(() => aws.proxy.calls('DescribeLoadBalancers').length, { timeout: 10_000 }).toBe(1)
    const why = new Error('enough')
    control.abort(why)
    expect(await reading).toBe(why)
  })
}
