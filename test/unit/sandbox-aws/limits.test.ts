import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteLoadBalancerCommand,
  DescribeAccountLimitsCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  ModifyLoadBalancerAttributesCommand,
  paginateDescribeTargetGroups,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { refusal, startLab, VPC, WORLD } from './lab.ts'

/** Seven zones, so that the limit per load balancer is nearer than seven times the one per zone. */
const ZONES = Array.from({ length: 7 }, (_, index) => ({
  id: `subnet-z${index}`,
  vpcId: VPC,
  availabilityZone: `ap-northeast-1${'abcdefg'[index]}`,
  cidr: `10.101.${index * 4}.0/22`,
  freeAddresses: 900,
}))

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ ...WORLD, subnets: [...WORLD.subnets, ...ZONES] })
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const balancer = async (Name: string, Subnets = ['subnet-0a', 'subnet-0c']) => {
  const command = new CreateLoadBalancerCommand({ Name, Type: 'network', Scheme: 'internal', Subnets })
  return String((await lab.elb.send(command)).LoadBalancers?.[0]?.LoadBalancerArn)
}
const group = async (Name: string) => {
  const command = new CreateTargetGroupCommand({ Name, Protocol: 'TCP', Port: 80, VpcId: VPC, TargetType: 'ip' })
  return String((await lab.elb.send(command)).TargetGroups?.[0]?.TargetGroupArn)
}
const listener = (LoadBalancerArn: string, TargetGroupArn: string, Port: number) =>
  lab.elb.send(
    new CreateListenerCommand({
      LoadBalancerArn,
      Protocol: 'TCP',
      Port,
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
    }),
  )
const register = (TargetGroupArn: string, Targets: { Id: string; Port?: number; AvailabilityZone?: string }[]) =>
  lab.elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }))
const outside = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    Id: `10.20.${Math.floor((from + index) / 250)}.${(from + index) % 250}`,
    AvailabilityZone: 'all',
  }))

describe('quotas', () => {
  it('are 1000 targets per target group', async () => {
    const arn = await group('tg')
    await register(arn, outside(1000))
    expect(await refusal(register(arn, outside(1, 1000)))).toMatch(/^TooManyTargetsException: .*'1000'/)
    expect(await refusal(register(arn, outside(1)))).toBe('accepted')
  })

  it('are 500 targets per zone; one of zone `all` counts in each, once per target group', async () => {
    const [balanced, a, b] = [await balancer('lb'), await group('a'), await group('b')]
    await register(a, outside(300))
    await register(b, outside(300))
    await listener(balanced, a, 80)
    const before = lab.state()
    expect(await refusal(listener(balanced, b, 81))).toMatch(/^TooManyTargetsException: .*'500'/)
    expect(lab.state()).toEqual(before)
    await register(a, outside(200, 300))
    expect(await refusal(register(a, outside(1, 500)))).toMatch(/^TooManyTargetsException: .*Availability Zone.*'500'/)
  })

  it('are 3000 targets per load balancer', async () => {
    const balanced = await balancer(
      'lb',
      ZONES.map(({ id }) => id),
    )
    const fill = async (zone: number, count: number) => {
      const arn = await group(`tg-${zone}`)
      await listener(balanced, arn, 80 + zone)
      const targets = Array.from({ length: count }, (_, index) => ({ Id: `10.101.${zone * 4 + 1}.9`, Port: 1 + index }))
      return refusal(register(arn, targets))
    }
    for (let zone = 0; zone < 6; zone++) expect(await fill(zone, 500)).toBe('accepted')
    expect(await fill(6, 1)).toMatch(/^TooManyTargetsException: .*per load balancer '3000'/)
  })

  it('are 500 targets per load balancer with cross-zone on', async () => {
    const [balanced, a, b] = [await balancer('lb', ['subnet-z0', 'subnet-z1']), await group('a'), await group('b')]
    const LoadBalancerArn = balanced
    const Attributes = [{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }]
    await lab.elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes }))
    await listener(balanced, a, 80)
    await listener(balanced, b, 81)
    const inside = (zone: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({ Id: `10.101.${zone * 4 + 1}.9`, Port: 1 + index }))
    await register(a, inside(0, 300))
    expect(await refusal(register(b, inside(1, 201)))).toMatch(/^TooManyTargetsException: .*cross-zone '500'/)
    expect(await refusal(register(b, inside(1, 200)))).toBe('accepted')
  })

  it('are 50 listeners per load balancer and 50 load balancers', async () => {
    const [balanced, arn] = [await balancer('lb'), await group('tg')]
    for (let port = 1; port <= 50; port++) await listener(balanced, arn, port)
    expect(await refusal(listener(balanced, arn, 51))).toMatch(/^TooManyListenersException/)
    for (let index = 1; index < 50; index++) await balancer(`lb-${index}`)
    expect(await refusal(balancer('lb-50'))).toMatch(/^TooManyLoadBalancersException/)
  })

  it('are told', async () => {
    const { Limits } = await lab.elb.send(new DescribeAccountLimitsCommand({}))
    expect(Limits).toContainEqual({ Name: 'targets-per-availability-zone-per-network-load-balancer', Max: '500' })
    expect(Limits).toContainEqual({ Name: 'listeners-per-network-load-balancer', Max: '50' })
  })
})

describe('pages', () => {
  it('hold each thing once, also when one is deleted between them', async () => {
    const arns: string[] = []
    for (let index = 0; index < 5; index++) arns.push(await balancer(`lb-${index}`))
    const page = (Marker?: string) => lab.elb.send(new DescribeLoadBalancersCommand({ PageSize: 2, Marker }))
    const first = await page()
    await lab.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: arns[1] }))
    const second = await page(first.NextMarker)
    const third = await page(second.NextMarker)
    const names = [first, second, third].map(({ LoadBalancers }) => LoadBalancers?.map((one) => one.LoadBalancerName))
    expect(names).toEqual([['lb-0', 'lb-1'], ['lb-2', 'lb-3'], ['lb-4']])
    expect(third.NextMarker).toBeUndefined()
  })

  it('are followed by the paginators of the SDK', async () => {
    for (let index = 0; index < 5; index++) await group(`tg-${index}`)
    const found: (string | undefined)[] = []
    const pages = paginateDescribeTargetGroups({ client: lab.elb }, { PageSize: 2 })
    for await (const { TargetGroups } of pages) found.push(...(TargetGroups ?? []).map((one) => one.TargetGroupName))
    expect(found).toEqual(['tg-0', 'tg-1', 'tg-2', 'tg-3', 'tg-4'])
  })

  it('of listeners are of one load balancer', async () => {
    const [balanced, other, arn, otherArn] = [
      await balancer('lb'),
      await balancer('other'),
      await group('tg'),
      await group('o'),
    ]
    for (let port = 1; port <= 3; port++) await listener(balanced, arn, port)
    await listener(other, otherArn, 9)
    const LoadBalancerArn = balanced
    const first = await lab.elb.send(new DescribeListenersCommand({ LoadBalancerArn, PageSize: 2 }))
    const second = await lab.elb.send(
      new DescribeListenersCommand({ LoadBalancerArn, PageSize: 2, Marker: first.NextMarker }),
    )
    expect([first, second].map(({ Listeners }) => Listeners?.map(({ Port }) => Port))).toEqual([[1, 2], [3]])
  })
})
