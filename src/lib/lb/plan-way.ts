import type { Change } from '../core/change.ts'
import type { Forward, Listener, Target, TargetGroup } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { change, type Later } from './changes.ts'
import type { DesiredListener } from './desired.ts'
import { byArn, canonicalForward } from './drift.ts'
import type { Observed } from './model.ts'
import { registered, type Owned } from './owned.ts'
import type { WantedTarget } from './pool.ts'
import { awaited } from './waiting.ts'
import { bare, planRegistration, planRemoval, type GroupPlan, type RemovalPlan } from './plan-targets.ts'
import { some, type Remark } from './remarks.ts'

/** How a listener gets from the target groups it sends to now to those it should send to. */

/** What a listener stands on. */
export interface Ground {
  readonly observed: Observed
  readonly owned: Owned
  readonly loadBalancerArn: Later
  /** What has to be done before there can be a listener on it. */
  readonly ready: readonly string[]
  /** What has to be done before clients get through. */
  readonly open: string | null
}

/** A target group of ours that the listener should not send to any more. */
export interface Old {
  readonly key: string
  readonly group: TargetGroup
}

/** How one listener gets to the target groups it should send to. */
export interface Way {
  readonly wanted: DesiredListener
  readonly actual: Listener
  readonly current: readonly Forward[]
  readonly groups: readonly GroupPlan[]
  /** Old ones that still get traffic. */
  readonly leavers: readonly Old[]
  /** Wanted ones that get none yet. */
  readonly newcomers: readonly GroupPlan[]
  /** Newcomers in which nobody can become healthy now: they join without traffic, and nobody waits for them. */
  readonly ill: readonly GroupPlan[]
  /** Traffic goes to groups of ours now: newcomers join beside them, without traffic, until they are healthy. */
  readonly staged: boolean
}

/** As AWS will list it; what is still to be made comes last. `ill` get no traffic: their share is the others'. */
export function forwardTo(groups: readonly GroupPlan[], ill: readonly GroupPlan[] = []): readonly LaterForward[] {
  const weightOf = (plan: GroupPlan): number => (ill.includes(plan) ? 0 : plan.wanted.weight)
  const known: readonly Forward[] = groups.flatMap((plan) =>
    plan.actual === null ? [] : [{ targetGroupArn: plan.actual.arn, weight: weightOf(plan) }],
  )
  const promised = groups.flatMap((plan) =>
    plan.actual === null ? [{ targetGroupArn: plan.arn, weight: weightOf(plan) }] : [],
  )
  const all: readonly LaterForward[] = promised.length === 0 ? canonicalForward(known) : [...byArn(known), ...promised]
  return all.length === 1 ? all.map((one) => ({ ...one, weight: 1 })) : all
}

interface LaterForward {
  readonly targetGroupArn: Later
  readonly weight: number
}

export const nameOf = ({ wanted: { targetGroup }, actual }: GroupPlan): string => actual?.name ?? targetGroup.name

/**
 * Newcomers in which nobody can become healthy now, beside others that can: each target is unhealthy wherever it is
 * checked, or (not checked yet) Octavia does not vouch for it. One such group must not keep the others from serving.
 */
export function illOf(groups: readonly GroupPlan[], newcomers: readonly GroupPlan[], leavers: readonly Old[]) {
  const checked = [...groups.flatMap(({ actual }) => actual ?? []), ...leavers.map(({ group }) => group)].flatMap(
    registered,
  )
  const canBeHealthy = (target: WantedTarget): boolean => {
    const states = checked.filter((one) => endpoint(one) === endpoint(target)).map(({ state }) => state)
    return states.includes('healthy') || (awaited(target) && !states.includes('unhealthy'))
  }
  const ill = newcomers.filter(({ wanted }) => !wanted.targets.some(canBeHealthy))
  return ill.length === groups.length ? [] : ill
}

export const isWanted = (wanted: DesiredListener, target: Target): boolean =>
  wanted.groups.some(({ targets }) => targets.some((one) => endpoint(one) === endpoint(target)))

/**
 * Who has to be healthy before the forward is switched, or a target taken out of another group: newcomers, and those that take
 * over targets of groups which give them up. As healthy as beside them is enough: what is ill there may be ill here.
 */
export function waitsOf(scope: string, way: Way, join: Change | null): readonly Change[] {
  const { current, groups, leavers, newcomers, ill, staged } = way
  const givers = [
    ...groups.flatMap(({ actual, wanted: { targets } }) =>
      actual === null ? [] : [{ group: actual, keeps: targets }],
    ),
    ...leavers.map(({ group }) => ({ group, keeps: [] })),
  ].filter(({ group }) => current.some(({ targetGroupArn, weight }) => targetGroupArn === group.arn && weight > 0))
  return groups.flatMap((plan): readonly Change[] => {
    const { wanted, actual, arn, ready } = plan
    const wants = new Set(wanted.targets.map(endpoint))
    const isNew = newcomers.includes(plan)
    if ((isNew && !staged) || ill.includes(plan)) return []
    const beside = givers.filter(
      ({ group, keeps }) =>
        group.arn !== actual?.arn &&
        (isNew ||
          registered(group).some(
            (target) => wants.has(endpoint(target)) && !keeps.some((one) => endpoint(one) === endpoint(target)),
          )),
    )
    if (beside.length === 0) return []
    return [
      change({
        scope,
        type: 'targets',
        key: wanted.key,
        verb: 'wait',
        kind: 'wait',
        remote: actual?.arn ?? null,
        name: nameOf(plan),
        after: {
          targetGroupArn: arn,
          targets: wanted.targets.map(bare),
          beside: beside.map(({ group }) => group.arn).toSorted(),
        },
        needs: [...ready, isNew ? (join?.id ?? null) : null],
        reason: `it takes over from ${some(beside.map(({ group }) => group.name).toSorted())}`,
        risk: 'none',
      }),
    ]
  })
}

/** What a wanted group has to give up: no members any more, or members whose weight became another. */
export function removalOf(
  { observed }: Ground,
  wanted: DesiredListener,
  { wanted: { key, targets, leftOut }, actual }: GroupPlan,
  groups: readonly GroupPlan[],
  after: readonly (string | null)[],
): readonly RemovalPlan[] {
  if (actual === null) return []
  const asked = new Set(targets.map(endpoint))
  const there = registered(actual)
  const gone = there.filter((target) => !asked.has(endpoint(target)))
  const moved = gone.filter((target) => isWanted(wanted, target))
  const present = new Set(there.map(endpoint))
  const joining = targets.filter((target) => !present.has(endpoint(target)))
  const left = gone.filter((target) => !moved.includes(target))
  const why = (target: Target): string =>
    moved.some((one) => endpoint(one) === endpoint(target))
      ? 'it is in another target group now'
      : (leftOut[endpoint(target)] ?? `no member of ${wanted.pool}`)
  const needs = [
    ...groups.flatMap(({ changes }) => changes.filter(({ ref }) => ref.type === 'targets').map(({ id }) => id)),
    ...(moved.length === 0 ? [] : after.filter((id) => id !== null)),
  ]
  return [planRemoval(observed.id, { key, actual, left, moved, joining, why }, needs, observed.at)]
}

/**
 * A group that is about to get no more traffic takes out with it whoever is no member any more. What the budget does not let
 * go at once is taken out of it bit by bit first. `blocked`: it cannot be replaced (the account's limit, `--members-only`), so
 * it follows the members as any other.
 */
export function departure(
  { observed }: Ground,
  { wanted }: Way,
  { key, group }: Old,
  blocked: boolean,
): readonly RemovalPlan[] {
  const left = registered(group).filter((target) => !isWanted(wanted, target))
  const targets = wanted.groups.flatMap((one) => one.targets)
  const registration = blocked ? planRegistration(observed.id, wanted, key, group, targets) : null
  const present = new Set(registered(group).map(endpoint))
  const joining = blocked ? targets.filter((target) => !present.has(endpoint(target))) : []
  const leftOut = Object.assign({}, ...wanted.groups.map((one) => one.leftOut)) as Readonly<Record<string, string>>
  const why = (target: Target): string => leftOut[endpoint(target)] ?? `no member of ${wanted.pool}`
  const needs = registration === null ? [] : [registration.id]
  const leaving = { key, actual: group, left, moved: [], joining, why }
  const removal = planRemoval(observed.id, leaving, needs, observed.at)
  const first = registration === null ? [] : [{ now: registration, later: null }]
  return blocked || removal.later !== null ? [...first, removal] : first
}

export const changesOf = ({ now, later }: RemovalPlan): readonly Change[] => [now, later].filter((one) => one !== null)

export const needsWeights = ({ wanted, leavers }: Way, join: Change, together: number, most: number): Remark => ({
  code: 'LB_REPLACE_NEEDS_WEIGHTS',
  severity: 'hold',
  subject: wanted.subject,
  evidence: `${leavers.length === 0 ? 'another target group' : `replacing ${some(leavers.map(({ group }) => group.name))}`} without a gap takes ${together} target groups in one listener, the account's limit is ${most}: what is there keeps serving`,
  remedy:
    'Raise "Target Groups per Action on a Network Load Balancer" (aws service-quotas list-service-quotas --service-code elasticloadbalancing), then sync the mirror again',
  holds: [join.id],
})

export const withGap = ({ wanted, leavers }: Way): Remark => ({
  code: 'LB_REPLACE_WITH_GAP',
  severity: 'warn',
  subject: wanted.subject,
  evidence: `its target groups change in a way (TLS to the targets, or IPv4 to IPv6) that AWS does not take beside ${some(leavers.map(({ group }) => group.name))}, so the new ones cannot be checked beforehand: until their first health checks are done, connections may fail`,
  remedy: 'Do it at a quiet hour; Octavia has replaced that listener too',
})
