import type { Actions } from './action.ts'
import { attributeOf } from './elbv2-attributes.ts'
import { listenersOf, targetGroupOf } from './elbv2-lookup.ts'
import { fault } from './fault.ts'
import type { AwsState, TargetGroupState } from './state.ts'

/** "Quotas for your Network Load Balancers" page, defaults (facts: quotas and names). */
export const LIMIT = {
  loadBalancers: 50,
  listeners: 50,
  targetGroups: 3000,
  targetsPerGroup: 1000,
  targetsPerBalancer: 3000,
  targetsPerZone: 500,
  // With cross-zone on, the per-zone figure holds for the whole load balancer.
  targetsCrossZone: 500,
  // Not published where the facts looked; the Application Load Balancer's figure.
  groupsPerAction: 5,
  certificates: 25,
} as const

const registered = (group: TargetGroupState) => group.targets.filter(({ drainsUntil }) => drainsUntil === null)

/** A target in N target groups of a load balancer counts N times; one in zone `all` counts in every zone. */
export function checkBalancerTargets(state: AwsState, loadBalancerArn: string): void {
  const balancer = state.loadBalancers[loadBalancerArn]
  if (balancer === undefined) return
  const arns = new Set(
    listenersOf(state, loadBalancerArn).flatMap(({ targetGroups }) => targetGroups.map(({ arn }) => arn)),
  )
  const groups = [...arns].map((arn) => targetGroupOf(state, arn))
  const targets = groups.flatMap(registered)
  const full = (what: string, most: number) =>
    fault(
      'TooManyTargets',
      `The maximum number of targets per ${what} '${most}' has been reached on load balancer '${balancer.arn}'`,
    )
  if (targets.length > LIMIT.targetsPerBalancer) throw full('load balancer', LIMIT.targetsPerBalancer)
  const crossZone = groups.some((group) => {
    const own = attributeOf('target-group', group, 'load_balancing.cross_zone.enabled')
    const inherits = own === 'use_load_balancer_configuration'
    return (inherits ? attributeOf('load-balancer', balancer, 'load_balancing.cross_zone.enabled') : own) === 'true'
  })
  if (crossZone && targets.length > LIMIT.targetsCrossZone)
    throw full('load balancer with cross-zone', LIMIT.targetsCrossZone)
  for (const { zone } of balancer.nodes) {
    const here = targets.filter((target) => target.zone === zone || target.zone === 'all').length
    const most = state.targetsPerZone ?? LIMIT.targetsPerZone
    if (here > most) throw full('Availability Zone per load balancer', most)
  }
}

export function checkGroupTargets(group: TargetGroupState): void {
  if (registered(group).length <= LIMIT.targetsPerGroup) return
  throw fault(
    'TooManyTargets',
    `The maximum number of targets per target group '${LIMIT.targetsPerGroup}' has been reached on target group '${group.arn}'`,
  )
}

// Names as in API_Limit; it has none for certificates nor for the targets of a target group.
const LIMITS: readonly (readonly [string, number])[] = [
  ['network-load-balancers', LIMIT.loadBalancers],
  ['listeners-per-network-load-balancer', LIMIT.listeners],
  ['target-groups', LIMIT.targetGroups],
  ['targets-per-network-load-balancer', LIMIT.targetsPerBalancer],
]

export const limitActions: Actions = {
  DescribeAccountLimits: ({ state }) => ({
    state,
    result: {
      Limits: [
        ...LIMITS,
        [
          'targets-per-availability-zone-per-network-load-balancer',
          state.targetsPerZone ?? LIMIT.targetsPerZone,
        ] as const,
        ['target-groups-per-action-on-network-load-balancer', state.groupsPerAction ?? LIMIT.groupsPerAction] as const,
      ].map(([Name, Max]) => ({ Name, Max: String(Max) })),
    },
  }),
}
