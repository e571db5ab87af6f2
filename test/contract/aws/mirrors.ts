import { expect, it } from 'vitest'
import { addresses, failure, type Stage } from './stage.ts'

/** What the ports promise on a good day. */
export function mirrorsContract(aws: Stage): void {
  it('says who it is', async () => {
    const identity = await aws.mirrors.check()
    expect(identity.account).toMatch(/^\d{12}$/)
    expect(identity).toMatchObject({ region: aws.bench.region, endpointUrl: aws.proxy.url })
  })

  it('reads nothing where nothing is, one empty tree per hash', async () => {
    const empty = { loadBalancer: null, listeners: [], targetGroups: [] }
    const [one, two] = [`${aws.bench.stamp}ffff`, `${aws.bench.stamp}fffe`]
    const keys = [one, two].map((hash) => ({ octaviaId: `none-${hash}`, hash }))
    expect(await aws.mirrors.read(keys)).toEqual([
      { hash: one, ...empty },
      { hash: two, ...empty },
    ])
    expect(await aws.mirrors.read([])).toEqual([])
    expect(await aws.network.securityGroups(aws.bench.vpcId, [])).toEqual([])
  })

  it('knows the network: ranges of the VPC, subnets in the order asked for, the missing one missing', async () => {
    const [a, b] = aws.bench.subnets
    const facts = await aws.network.facts(aws.bench.vpcId, [b, 'subnet-00000000000000000', a])
    expect(facts.vpcCidrs.length).toBeGreaterThan(0)
    expect(facts.subnets.map(({ id }) => id)).toEqual([b, a])
    expect(facts.subnets[0]).toMatchObject({
      vpcId: aws.bench.vpcId,
      availabilityZone: expect.stringMatching(/^[a-z]+-[a-z]+-\d[a-z]$/),
    })
    expect((await failure(aws.network.facts('vpc-00000000000000000', []))).code).toBe('AWS_NOT_FOUND')
  })

  it('makes a mirror and reads the same back', async () => {
    const { make, tree, targetGroup, loadBalancer, tags, hash, securityGroup } = aws.scene()
    const group = await make.securityGroup()
    const targets = await make.targetGroup()
    const balancer = await make.loadBalancer(loadBalancer([group]))
    const listener = await make.listener(balancer.arn, targets)
    await aws.mirrors.registerTargets(targets, addresses(2))

    const found = await tree()
    expect(found.loadBalancer).toMatchObject({
      ...loadBalancer([group]),
      ...balancer,
      type: 'network',
      vpcId: aws.bench.vpcId,
    })
    expect(found.listeners).toEqual([
      {
        arn: listener,
        ...aws.scene().listener(targets),
        attributes: { 'tcp.idle_timeout.seconds': '350' },
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
    expect((await aws.mirrors.list()).filter(({ name }) => name.endsWith(hash)).map(({ arn }) => arn)).toEqual([
      balancer.arn,
    ])
    const groups = await aws.network.securityGroups(aws.bench.vpcId, [`nyah-shop-${hash}`, 'nyah-absent'])
    expect(groups).toHaveLength(1)
    expect({ ...groups[0], ingress: [...groups[0]!.ingress].sort((x, y) => (x.cidr < y.cidr ? -1 : 1)) }).toEqual({
      ...securityGroup(),
      id: group,
    })
  })

  it('makes nothing twice: every create returns what is there', async () => {
    const { make, tree, hash } = aws.scene()
    const group = await make.securityGroup()
    const targets = await make.targetGroup()
    const balancer = await make.loadBalancer()
    const listener = await make.listener(balancer.arn, targets)
    aws.proxy.reset()
    expect(await make.securityGroup()).toBe(group)
    expect(await make.targetGroup()).toBe(targets)
    expect(await make.loadBalancer()).toEqual(balancer)
    expect(await make.listener(balancer.arn, targets)).toBe(listener)
    expect(aws.proxy.calls().filter(({ action }) => action.startsWith('Create'))).toEqual([])
    expect((await tree()).listeners).toHaveLength(1)
    expect(await aws.network.securityGroups(aws.bench.vpcId, [`nyah-shop-${hash}`])).toHaveLength(1)
  })

  it('leaves alone what somebody else owns, and says whose it is', async () => {
    const { make, stranger, targetGroup, securityGroup, loadBalancer, listener } = aws.scene()
    const group = await make.securityGroup()
    const targets = await make.targetGroup()
    const balancer = await make.loadBalancer(loadBalancer([group]))
    await make.listener(balancer.arn, targets)
    const attempts = [
      () => aws.network.createSecurityGroup({ ...securityGroup(), tags: stranger }),
      () => aws.mirrors.createTargetGroup({ ...targetGroup(), tags: stranger }),
      () => aws.mirrors.createLoadBalancer({ ...loadBalancer([group]), tags: stranger }),
      () => aws.mirrors.createListener(balancer.arn, listener(targets, { tags: stranger })),
    ]
    for (const attempt of attempts) {
      const error = await failure(attempt())
      expect(error).toMatchObject({ code: 'AWS_NAME_TAKEN', exit: 6, retryable: false })
      expect(error.message).toContain('somebody-else')
    }
    expect((await failure(aws.mirrors.createTargetGroup({ ...targetGroup(), tags: {} }))).code).toBe('AWS_NAME_TAKEN')
  })

  it('makes a target group with an HTTP check', async () => {
    const { make, tree, targetGroup } = aws.scene()
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
    const { make, tree, tags } = aws.scene()
    const group = await make.securityGroup()
    const targets = await make.targetGroup()
    const second = await make.targetGroup({ ...aws.scene().targetGroup(), name: `nyah-shop-${aws.bench.stamp}eeee-9` })
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
    await aws.mirrors.modifyTargetGroup(targets, { healthCheck: http })
    expect((await tree()).targetGroups[0]).toEqual({
      ...before.targetGroups[0],
      healthCheck: expect.objectContaining(http),
    })
    await aws.mirrors.modifyTargetGroup(targets, {
      attributes: { 'deregistration_delay.timeout_seconds': '60' },
      tags: { 'nyah:source-name': 'shop' },
    })
    expect((await tree()).targetGroups[0]).toMatchObject({
      healthCheck: http,
      attributes: { ...before.targetGroups[0]!.attributes, 'deregistration_delay.timeout_seconds': '60' },
      tags: { ...before.targetGroups[0]!.tags, 'nyah:source-name': 'shop' },
    })
    const to = (targetGroupArn: string) => ({ forward: [{ targetGroupArn, weight: 1 }] })
    await aws.mirrors.modifyListener(listener, to(second))
    expect((await tree()).listeners[0]).toEqual({ ...before.listeners[0], ...to(second) })
    await aws.mirrors.modifyListener(listener, { port: 8443, ...to(targets), tags: { 'nyah:port': '8443' } })
    expect((await tree()).listeners[0]).toEqual({
      ...before.listeners[0],
      port: 8443,
      tags: { ...before.listeners[0]!.tags, 'nyah:port': '8443' },
    })

    const other = await make.securityGroup({ ...aws.scene().securityGroup() })
    await aws.mirrors.modifyLoadBalancer(balancer.arn, {
      securityGroups: [group, other],
      tags: { 'nyah:source-name': 'shop' },
    })
    expect((await tree()).loadBalancer).toMatchObject({
      securityGroups: [group, other].sort(),
      tags: { ...tags, 'nyah:source-name': 'shop' },
    })
    await aws.mirrors.modifyLoadBalancer(balancer.arn, { securityGroups: [group] })
  })

  it('changes rules: allows before it revokes, and what is so already is no error', async () => {
    const { make, securityGroup, hash } = aws.scene()
    const id = await make.securityGroup()
    const rule = (cidr: string, port = 443) => ({ protocol: 'tcp' as const, port, cidr })
    const now = async () => (await aws.network.securityGroups(aws.bench.vpcId, [`nyah-shop-${hash}`]))[0]!
    const change = {
      allow: [rule('10.0.0.0/8'), rule('10.1.2.3/32'), rule('2001:DB8::/32', 80)],
      revoke: [rule('192.168.0.0/16'), rule('172.16.0.0/12')],
    }
    aws.proxy.reset()
    await aws.network.modifySecurityGroup(id, { ...change, tags: { 'nyah:source-name': 'shop' } })
    await aws.network.modifySecurityGroup(id, change)
    const writes = aws.proxy.calls().flatMap(({ action }) => (/^(Authorize|Revoke)/.test(action) ? [action] : []))
    expect(writes).toEqual(['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress'])
    expect((await now()).ingress.map(({ port, cidr }) => `${port} ${cidr}`).sort()).toEqual([
      '443 10.0.0.0/8',
      '443 10.1.2.3/32',
      '80 2001:db8::/32',
    ])
    expect((await now()).tags).toEqual({ ...securityGroup().tags, 'nyah:source-name': 'shop' })
  })

  it('sends 250 targets in two calls, in and out, and again without harm', async () => {
    const { make } = aws.scene()
    const targets = await make.targetGroup()
    aws.proxy.reset()
    await aws.mirrors.registerTargets(targets, addresses(250))
    await aws.mirrors.registerTargets(targets, addresses(250))
    expect(aws.proxy.calls('RegisterTargets')).toHaveLength(4)
    const sizes = aws.proxy
      .calls('RegisterTargets')
      .map(({ fields }) => [...fields.keys()].filter((key) => key.endsWith('.Id')).length)
    expect(sizes.sort((a, b) => b - a)).toEqual([200, 200, 50, 50])
    expect(aws.proxy.calls('RegisterTargets')[0]!.fields.get('Targets.member.1.AvailabilityZone')).toBe('all')
    expect(await aws.mirrors.targetHealth(targets)).toHaveLength(250)
    await aws.mirrors.deregisterTargets(targets, addresses(250))
    expect(aws.proxy.calls('DeregisterTargets')).toHaveLength(2)
    await aws.mirrors.registerTargets(targets, [])
    expect(aws.proxy.calls('RegisterTargets')).toHaveLength(4)
  })

  it('asks for the tags of at most 20 things at once', async () => {
    const { make, tree, targetGroup } = aws.scene()
    for (let port = 1; port <= 21; port++) await make.targetGroup(targetGroup(port))
    aws.proxy.reset()
    expect((await tree()).targetGroups).toHaveLength(21)
    const asked = aws.proxy
      .calls('DescribeTags')
      .map(({ fields }) => [...fields.keys()].filter((key) => key.startsWith('ResourceArns')).length)
    expect(asked.sort((a, b) => a - b)).toEqual([1, 20])
  })

  it('deletes, and deleting what is gone succeeds', async () => {
    const { make, tree, hash } = aws.scene()
    const group = await make.securityGroup()
    const targets = await make.targetGroup()
    const { arn } = await make.loadBalancer()
    const listener = await make.listener(arn, targets)
    const busy = await failure(aws.mirrors.deleteTargetGroup(targets))
    expect(busy).toMatchObject({ code: 'AWS_IN_USE', retryable: true, lostAnswer: false })
    for (const _ of [1, 2]) {
      await aws.mirrors.deleteListener(listener)
      await aws.mirrors.deleteLoadBalancer(arn)
      await aws.mirrors.deleteTargetGroup(targets)
      await aws.patiently(() => aws.network.deleteSecurityGroup(group))
    }
    expect(await tree()).toEqual({ hash, loadBalancer: null, listeners: [], targetGroups: [] })
  })
}
