import type { Mirrors, TargetHealth, TargetTallies, TargetTally } from '../../ports/mirrors.ts'
import { bounded } from './bounded.ts'
import { loadBalancerOf } from './elbv2-decode.ts'
import { type Elbv2, groupArnOf, targetGroups } from './elbv2-lists.ts'
import { healthOf, readLists } from './elbv2-read.ts'
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

/** See `Mirrors.standings`. */
export async function standings(
  elb: Elbv2,
  isAsked: (dnsName: string) => boolean,
  signal?: AbortSignal,
): ReturnType<Mirrors['standings']> {
  const { balancers, groups } = await readLists(elb, signal)
  const all = balancers
    .filter(({ LoadBalancerName }) => hashInName(LoadBalancerName ?? '') !== null)
    .map((raw) => loadBalancerOf(raw, {}))
  const asked = all.filter(({ dnsName }) => isAsked(dnsName))
  const arns = new Set(asked.map(({ arn }) => arn))
  const behind = groups.filter(({ LoadBalancerArns = [] }) => LoadBalancerArns.some((arn) => arns.has(arn)))
  const read = await bounded(behind, async (raw) => ({
    name: raw.TargetGroupName ?? '',
    loadBalancerArns: raw.LoadBalancerArns ?? [],
    // Gone since it was listed: it has no target.
    targets: await unlessGone(healthOf(elb, groupArnOf(raw), signal), []),
  }))
  return {
    all,
    asked: asked.map((balancer) => ({
      balancer,
      targetGroups: read.filter(({ loadBalancerArns }) => loadBalancerArns.includes(balancer.arn)),
    })),
  }
}

const tally = (targets: readonly TargetHealth[]): TargetTally => ({
  registered: targets.filter(({ state }) => state !== 'draining').length,
  healthy: targets.filter(({ state }) => state === 'healthy').length,
})
