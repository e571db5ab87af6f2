import { describe, expect, it } from 'vitest'
import { addresses, failure, type Stage } from './stage.ts'
import { strictly } from './strict.ts'

/** Whose a mirror is, tags say; what belongs to it, names. And what of the account is used up. */
export function treesContract(aws: Stage, lenient: boolean): void {
  const strict = strictly(lenient)

  it('finds a mirror by its tags, whatever hash its names have: everything of it has that one', async () => {
    const { make, hash, key, loadBalancer } = aws.scene()
    const targets = await make.targetGroup()
    const { arn } = await make.loadBalancer(loadBalancer([await make.securityGroup()]))
    const listener = await make.listener(arn, targets)
    const heir = { octaviaId: `heir-of-${hash}`, hash: `${aws.bench.stamp}eeee` }
    expect(await aws.mirrors.read([heir])).toEqual([
      { hash: heir.hash, loadBalancer: null, listeners: [], targetGroups: [] },
    ])
    await aws.mirrors.tag(arn, { 'nyah:octavia-id': heir.octaviaId })
    const [found, former] = await aws.mirrors.read([heir, key])
    expect(found).toMatchObject({
      hash,
      loadBalancer: { arn, tags: { 'nyah:octavia-id': heir.octaviaId } },
      listeners: [{ arn: listener }],
      targetGroups: [{ arn: targets }],
    })
    // Its former owner still finds it by name, and by the tags that it is not its own any more.
    expect(former).toEqual(found)
  })

  it('prefers what carries its tags to what carries its hash', async () => {
    const { make, hash, key, loadBalancer, stranger } = aws.scene()
    const group = await make.securityGroup()
    const foreign = await make.loadBalancer({ ...loadBalancer([group]), tags: stranger })
    const other = `${aws.bench.stamp}dddd`
    const own = await make.loadBalancer({ ...loadBalancer([group]), name: `nyah-shop-${other}` })
    const [found] = await aws.mirrors.read([key])
    expect(found).toMatchObject({ hash: other, loadBalancer: { arn: own.arn } })
    expect(found).not.toHaveProperty('spareLoadBalancers')
    await aws.mirrors.deleteLoadBalancer(own.arn)
    expect(await aws.mirrors.read([key])).toMatchObject([{ hash, loadBalancer: { arn: foreign.arn } }])
  })

  it('tells of a second load balancer of one mirror', async () => {
    const { make, key, loadBalancer } = aws.scene()
    const group = await make.securityGroup()
    const targets = await make.targetGroup()
    const spare = await make.loadBalancer({ ...loadBalancer([group]), name: `nyah-${key.hash}` })
    const serving = await make.loadBalancer(loadBalancer([group]))
    await make.listener(serving.arn, targets)
    const [found] = await aws.mirrors.read([key])
    expect(found).toMatchObject({ loadBalancer: { arn: serving.arn }, spareLoadBalancers: [{ arn: spare.arn }] })
  })

  it('finds what a killed unmirror left of a retargeted mirror, by the tags of its target groups', async () => {
    const { make, hash, targetGroup } = aws.scene()
    const heir = { octaviaId: `heir-of-${hash}`, hash: `${aws.bench.stamp}cccc` }
    const targets = await make.targetGroup({
      ...targetGroup(),
      tags: { ...targetGroup().tags, 'nyah:octavia-id': heir.octaviaId },
    })
    expect(await aws.mirrors.read([heir])).toMatchObject([
      { hash, loadBalancer: null, targetGroups: [{ arn: targets }] },
    ])
  })

  it('knows target groups of every variant by their name', async () => {
    const { make, hash, tree, targetGroup } = aws.scene()
    const names = ['443', '443-6', '443-t-w5', '443-w999'].map((end) => `nyah-shop-${hash}-${end}`)
    for (const name of names) await make.targetGroup({ ...targetGroup(), name })
    expect((await tree()).targetGroups.map(({ name }) => name)).toEqual(names)
  })

  it('sets tags, takes some away, leaves others', async () => {
    const { make } = aws.scene()
    const targets = await make.targetGroup()
    const { arn } = await make.loadBalancer()
    const listener = await make.listener(arn, targets)
    for (const each of [targets, arn, listener]) {
      const before = await aws.mirrors.tags(each)
      await aws.mirrors.tag(each, { 'nyah:held': 'LB_X/2026-11-22T03:00:00Z', 'nyah:in-step': 'now' })
      await aws.mirrors.tag(each, { 'nyah:in-step': '2026-11-22T03:00:00' }, ['nyah:held', 'nyah:absent'])
      expect(await aws.mirrors.tags(each)).toEqual({ ...before, 'nyah:in-step': '2026-11-22T03:00:00' })
    }
  })

  strict('what is gone has no tags', 'tags outlive their target group', async () => {
    const { make } = aws.scene()
    const lone = await make.targetGroup()
    await aws.mirrors.deleteTargetGroup(lone)
    expect(await aws.mirrors.tags(lone)).toBe(null)
    expect(await failure(aws.mirrors.tag(lone, { a: 'b' }))).toMatchObject({ code: 'AWS_NOT_FOUND' })
  })

  it('counts the targets behind each load balancer, over its target groups', async () => {
    const { make, targetGroup } = aws.scene()
    const [a, b, unused] = [
      await make.targetGroup(targetGroup(1)),
      await make.targetGroup(targetGroup(2)),
      await make.targetGroup(targetGroup(3)),
    ]
    const { arn } = await make.loadBalancer()
    await make.listener(arn, a, { port: 1 })
    await make.listener(arn, b, { port: 2 })
    await aws.mirrors.registerTargets(a, addresses(2))
    await aws.mirrors.registerTargets(b, addresses(1))
    await aws.mirrors.registerTargets(unused, addresses(5))
    const { targetGroups, byLoadBalancer } = await aws.mirrors.health(1000)
    expect(targetGroups).toBeGreaterThanOrEqual(2)
    const { registered, healthy } = byLoadBalancer!.get(arn)!
    expect(registered).toBe(3)
    expect([0, 3]).toContain(healthy)
    aws.proxy.reset()
    expect(await aws.mirrors.health(targetGroups - 1)).toEqual({ targetGroups, byLoadBalancer: null })
    expect(aws.proxy.calls('DescribeTargetHealth')).toEqual([])
  })

  describe('limits', () => {
    it('say what is in use, from the lists that were just read', async () => {
      const { make, tree } = aws.scene()
      await tree()
      const { used } = await aws.mirrors.limits()
      await make.targetGroup()
      await make.loadBalancer()
      aws.proxy.reset()
      expect((await aws.mirrors.limits()).used).toEqual(used)
      expect(aws.proxy.calls()).toEqual([])
      await tree()
      expect((await aws.mirrors.limits()).used).toEqual({
        networkLoadBalancers: used.networkLoadBalancers + 1,
        targetGroups: used.targetGroups + 1,
      })
      expect(aws.proxy.calls('DescribeAccountLimits')).toEqual([])
      aws.bench.clock.advance(5 * 60_000)
      await aws.mirrors.limits()
      const asked = aws.proxy.calls().slice(-3)
      expect(asked.map(({ action }) => action).sort()).toEqual([
        'DescribeAccountLimits',
        'DescribeLoadBalancers',
        'DescribeTargetGroups',
      ])
    })

    strict('are those of the account', 'it knows limits of Application Load Balancers only', async () => {
      expect(await aws.mirrors.limits()).toMatchObject({
        networkLoadBalancers: 50,
        listenersPerLoadBalancer: 50,
        targetGroups: 3000,
        targetsPerLoadBalancer: 3000,
        targetsPerZone: 500,
        targetGroupsPerAction: 5,
        certificatesPerLoadBalancer: null,
        targetsPerTargetGroup: null,
      })
    })
  })

  it('reads one mirror of L listeners in 5 + 3 L calls', async () => {
    const { make, tree, targetGroup } = aws.scene()
    const { arn } = await make.loadBalancer()
    for (const port of [1, 2, 3]) await make.listener(arn, await make.targetGroup(targetGroup(port)), { port })
    aws.proxy.reset()
    await tree()
    const counts: Record<string, number> = {}
    for (const { action } of aws.proxy.calls()) counts[action] = (counts[action] ?? 0) + 1
    // Those of other mirrors share the calls for tags, 20 a call.
    expect(counts).toMatchObject({
      DescribeLoadBalancers: 1,
      DescribeTargetGroups: 1,
      DescribeListeners: 1,
      DescribeListenerAttributes: 3,
      DescribeTargetGroupAttributes: 3,
      DescribeTargetHealth: 3,
    })
    // Two for its own; more where the account has more than 20 load balancers of nyah's.
    const { DescribeTags = 0, ...others } = counts
    expect(Object.keys(others)).toHaveLength(6)
    expect(DescribeTags).toBeGreaterThanOrEqual(2)
  })
}
