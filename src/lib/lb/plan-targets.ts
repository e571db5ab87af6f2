import { token, type Change } from '../core/change.ts'
import { TAG } from './model.ts'
import type { Target, TargetGroup, TargetHealth } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { splitRemovals } from './budget.ts'
import { change, type Later } from './changes.ts'
import type { DesiredGroup, DesiredListener } from './desired.ts'
import { targetGroupDifference } from './drift.ts'
import { registered } from './owned.ts'
import type { WantedTarget } from './pool.ts'
import { count, some } from './remarks.ts'

/** One target group that a listener is to send to, and what is to be done about it but for taking targets out. */
export interface GroupPlan {
  readonly wanted: DesiredGroup
  readonly actual: TargetGroup | null
  readonly changes: readonly Change[]
  readonly arn: Later
  /** What has to be done before a listener may send to it. */
  readonly ready: readonly string[]
}

export const bare = ({ address, port, availabilityZone }: Target): Target => ({ address, port, availabilityZone })

/** `removals`: what a group that this one replaces remembers of the last hour's removals. */
export function planGroup(
  scope: string,
  listener: DesiredListener,
  wanted: DesiredGroup,
  actual: TargetGroup | null,
  removals: string | undefined,
): GroupPlan {
  if (actual === null) {
    const { targetGroup } = wanted
    const tags = removals === undefined ? targetGroup.tags : { ...targetGroup.tags, [TAG.removals]: removals }
    const creation = change({
      scope,
      type: 'target-group',
      key: wanted.key,
      verb: 'create',
      kind: 'create',
      remote: null,
      name: targetGroup.name,
      after: { ...targetGroup, tags },
      reason: `${listener.subject} sends to ${listener.pool}`,
    })
    const arn = token(creation.id, 'arn')
    const group = { key: wanted.key, name: targetGroup.name, remote: null, arn }
    const registration = register(scope, listener, group, wanted.targets, [creation.id], true)
    return { wanted, actual, changes: [creation, registration], arn, ready: [creation.id, registration.id] }
  }
  const difference = targetGroupDifference(wanted.targetGroup, actual)
  const update =
    difference === null
      ? null
      : change({
          scope,
          type: 'target-group',
          key: wanted.key,
          verb: 'update',
          kind: 'update',
          remote: actual.arn,
          name: actual.name,
          before: difference.before,
          after: difference.after,
          reason: `${Object.keys(difference.after).map(inWords).join(' and ')} differ from what ${listener.subject} asks for`,
        })
  const registration = planRegistration(scope, listener, wanted.key, actual, wanted.targets)
  return {
    wanted,
    actual,
    changes: [update, registration].filter((one) => one !== null),
    arn: actual.arn,
    ready: registration === null ? [] : [registration.id],
  }
}

/** Null: all of them are registered. */
export function planRegistration(
  scope: string,
  listener: DesiredListener,
  key: string,
  actual: TargetGroup,
  targets: readonly Target[],
): Change | null {
  const there = registered(actual)
  const present = new Set(there.map(endpoint))
  const added = targets.filter((target) => !present.has(endpoint(target)))
  const group = { key, name: actual.name, remote: actual.arn, arn: actual.arn }
  return added.length === 0 ? null : register(scope, listener, group, added, [], there.length === 0)
}

const inWords = (field: string): string => (field === 'healthCheck' ? 'health checks' : field)

interface GroupRef {
  readonly key: string
  readonly name: string
  readonly remote: string | null
  readonly arn: Later
}

function register(
  scope: string,
  { pool }: DesiredListener,
  { key, name, remote, arn }: GroupRef,
  targets: readonly Target[],
  needs: readonly string[],
  first: boolean,
): Change {
  const who = some(targets.map(endpoint))
  return change({
    scope,
    type: 'targets',
    key,
    verb: 'register',
    kind: 'create',
    remote,
    name,
    after: { targetGroupArn: arn, targets: targets.map(bare) },
    needs,
    reason: first
      ? `${count(targets.length, 'member')} of ${pool} ${targets.length === 1 ? 'takes' : 'take'} traffic: ${who}`
      : `in ${pool} and not yet registered: ${who}`,
  })
}

export interface Leaving {
  readonly key: string
  readonly actual: TargetGroup
  /** No longer members at all. */
  readonly left: readonly TargetHealth[]
  /** Served by another group of the same listener by then: that takes no capacity away. */
  readonly moved: readonly TargetHealth[]
  /** What is registered in the same group by the same plan. */
  readonly joining: readonly WantedTarget[]
  /** Why each is no target of this group. */
  readonly why: (target: Target) => string
}

export interface RemovalPlan {
  /** What the budget of this hour lets go; null: nothing. */
  readonly now: Change | null
  /** What has to wait for another hour; null: nothing. */
  readonly later: Change | null
}

/**
 * Targets are taken out as far as the budget goes; the rest stands in a change of its own, for LB_REMOVAL_BUDGET to hold.
 * `before.removals` and `after.removals`: how the group's tag has to begin before each, and what is made of it (budget.ts).
 */
export function planRemoval(scope: string, leaving: Leaving, needs: readonly string[], atMs: number): RemovalPlan {
  const { key, actual, left, moved, joining, why } = leaving
  if (left.length + moved.length === 0) return { now: null, later: null }
  const tag = actual.tags[TAG.removals]
  const gone = [...left, ...moved]
  const split = splitRemovals({ registered: registered(actual), leaving: gone, moved, joining, tag, atMs })
  const part = (
    verb: string,
    targets: readonly Target[],
    tags: { readonly before: string | null; readonly after: string },
    first: Change | null,
  ): Change =>
    change({
      scope,
      type: 'targets',
      key,
      verb,
      kind: 'delete',
      remote: actual.arn,
      name: actual.name,
      before: {
        targetGroupArn: actual.arn,
        targets: targets.map(bare),
        removals: tags.before,
        ...(someHealthyBut(actual, first === null ? targets : gone) ? {} : { healthyStays: false }),
      },
      after: { removals: tags.after },
      needs: [...needs, first?.id ?? null],
      reason: some(targets.map((target) => `${endpoint(target)}: ${why(target)}`)),
    })
  const { before, tag: after } = split
  const now = split.now.length === 0 ? null : part('deregister', split.now, { before, after }, null)
  if (split.later.length === 0) return { now, later: null }
  const next = { before: split.laterBefore, after: split.laterTag }
  return { now, later: part('deregister-later', split.later, next, now) }
}

const someHealthyBut = (group: TargetGroup, leaving: readonly Target[]): boolean => {
  const gone = new Set(leaving.map(endpoint))
  return registered(group).some((target) => target.state === 'healthy' && !gone.has(endpoint(target)))
}

export const deleteTargetGroup = (
  scope: string,
  key: string,
  actual: TargetGroup,
  needs: readonly string[],
  reason: string,
): Change =>
  change({
    scope,
    type: 'target-group',
    key,
    verb: 'delete',
    kind: 'delete',
    remote: actual.arn,
    name: actual.name,
    before: { name: actual.name, port: actual.port, targets: registered(actual).map(endpoint) },
    needs,
    reason,
  })
