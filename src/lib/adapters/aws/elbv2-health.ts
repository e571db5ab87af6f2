import type { TargetHealth, TargetTallies, TargetTally } from '../../ports/mirrors.ts'
import { bounded } from './bounded.ts'
import { type Elbv2, groupArnOf, targetGroups } from './elbv2-lists.ts'
import { healthOf } from './elbv2-read.ts'
import { hashInName } from './names.ts'
import { unlessGone } from './wire.ts'

/** See `Mirrors.health`. Whose a load balancer is, the caller knows: names and attachment are enough here, no tags. */
export async function healthTallies(elb: Elbv2, atMost: number, signal?: AbortSignal): Promise<TargetTallies> {
  const attached = (await targetGroups(elb, signal)).filter(
    ({ TargetGroupName = '', LoadBalancerArns = [] }) =>
      hashInName(TargetGroupName) !== null && LoadBalancerArns.length > 0,
  )
  if (attached.length > atMost) return { targetGroups: attached.length, byLoadBalancer: null }
  const byLoadBalancer = new Map<string, TargetTally>()
  await bounded(attached, async (group) => {
    const targets = await unlessGone(healthOf(elb, groupArnOf(group), signal), [])
    const { registered, healthy } = tally(targets)
    for (const arn of group.LoadBalancerArns ?? []) {
      const before = byLoadBalancer.get(arn) ?? { registered: 0, healthy: 0 }
      byLoadBalancer.set(arn, { registered: before.registered + registered, healthy: before.healthy + healthy })
    }
  })
  return { targetGroups: attached.length, byLoadBalancer }
}

const tally = (targets: readonly TargetHealth[]): TargetTally => ({
  registered: targets.filter(({ state }) => state !== 'draining').length,
  healthy: targets.filter(({ state }) => state === 'healthy').length,
})
