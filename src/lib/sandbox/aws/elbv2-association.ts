import { usersOf } from './elbv2-lookup.ts'
import type { AwsState, TargetGroupState } from './state.ts'

/** Not gone yet: registered, or still draining. */
export const liveTargets = (group: TargetGroupState, now: number): TargetGroupState['targets'] =>
  group.targets.filter(({ drainsUntil }) => drainsUntil === null || drainsUntil > now)

/** After listeners changed: which target groups are in use, and since when. What drains in an unused one is gone. */
export function associated(state: AwsState, now: number): AwsState {
  const changed = Object.values(state.targetGroups).flatMap((group): readonly TargetGroupState[] => {
    const used = usersOf(state, group.arn).length > 0
    if (used === (group.inUseSince !== null)) return []
    if (used) return [{ ...group, inUseSince: now }]
    return [{ ...group, inUseSince: null, targets: group.targets.filter(({ drainsUntil }) => drainsUntil === null) }]
  })
  if (changed.length === 0) return state
  return {
    ...state,
    targetGroups: { ...state.targetGroups, ...Object.fromEntries(changed.map((group) => [group.arn, group])) },
  }
}
