import type { Change } from '../core/change.ts'
import type { Guard } from '../engine/operation.ts'
import type { Forward, Target, TargetGroup, TargetHealth } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { SERVES_NOBODY, whyLater } from './budget.ts'
import { keyOf, portOf } from './changes.ts'
import { each, letGo, type Scope } from './guards-scope.ts'
import { TAG, type LbWorld } from './model.ts'
import { registered, type Owned } from './owned.ts'
import { countIn } from './removals.ts'
import { count, some, type Remark } from './remarks.ts'

/** Guards of targets: somebody healthy stays, and not too many go in one hour. */

const LATER = '/deregister-later'

/** Never take out the last target that serves or may serve; others have to be healthy first. What is unhealthy may go. */
export const minimumHealthy: Guard<LbWorld> = each((scope) => [
  ...groups(scope.judged.owned).flatMap((group) => leavings(scope, group)),
  ...scope.changes.flatMap((change) => switching(scope, change)),
])

/**
 * Per target group that gets traffic now: shares go to groups whether anybody in them is healthy or not, so a healthy target
 * in another group of the same listener helps nobody who is sent to this one.
 */
function leavings({ observed, judged: { owned }, removals }: Scope, group: TargetGroup): readonly Remark[] {
  const out = removals
    .filter(({ ref }) => ref.type === 'targets' && ref.id === group.arn)
    .toSorted((a, b) => Number(a.id.endsWith(LATER)) - Number(b.id.endsWith(LATER)))
  if (!carries(owned, group)) return []
  const leaving = new Set<string>()
  return out.flatMap((change): readonly Remark[] => {
    const going = new Set(targetsOf(change))
    for (const one of going) leaving.add(one)
    const serving = registered(group)
      .filter((target) => going.has(endpoint(target)) && !SERVES_NOBODY.has(target.state))
      .map((target) => `${endpoint(target)} is ${target.state}`)
    if (serving.length === 0 || group.targets.some((target) => isHealthy(target) && !leaving.has(endpoint(target)))) {
      return []
    }
    const evidence = `${some(serving)}: taking ${serving.length === 1 ? 'it' : 'them'} out would leave 0 healthy targets (at least 1 has to stay)`
    return [tooFew(observed.id, `target group ${group.name}`, evidence, [change.id])]
  })
}

/** A listener that is about to send elsewhere, with no wait before that sees somebody healthy there. */
function switching({ observed, judged: { owned }, changes }: Scope, change: Change): readonly Remark[] {
  const after = change.after?.['forward'] as unknown as readonly Forward[] | undefined
  if (change.ref.type !== 'listener' || change.kind !== 'update' || after === undefined) return []
  const listener = owned.listeners.get(portOf(change) ?? 0)
  if (listener === undefined) return []
  const waits = new Set(changes.filter(({ kind }) => kind === 'wait').map(({ id }) => id))
  if (change.needs.some((need) => waits.has(need))) return []
  const gone = new Set(changes.filter(({ ref }) => ref.type === 'targets').flatMap((one) => leavingOf(one)))
  const healthy = (forward: readonly Forward[], without: ReadonlySet<string>): number =>
    forward
      .filter(({ weight }) => weight > 0)
      .flatMap(({ targetGroupArn: arn }) => groups(owned).find((group) => group.arn === arn)?.targets ?? [])
      .filter((target) => isHealthy(target) && !without.has(endpoint(target))).length
  const now = healthy(listener.forward, new Set())
  if (now === 0 || healthy(after, gone) > 0) return []
  const evidence = `it sends to ${count(now, 'healthy target')} now, and would send to target groups with 0 (at least 1 has to be there)`
  return [tooFew(observed.id, `listener ${change.ref.name}`, evidence, [change.id])]
}

/** Whom a change takes out. */
const targetsOf = (change: Change): readonly string[] =>
  ((change.before?.['targets'] ?? []) as unknown as readonly Target[]).map(endpoint)

const leavingOf = (change: Change): readonly string[] => (change.kind === 'delete' ? targetsOf(change) : [])

const isHealthy = ({ state }: TargetHealth): boolean => state === 'healthy'

const groups = (owned: Owned): readonly TargetGroup[] => [...owned.targetGroups.values(), ...owned.spareTargetGroups]

/** Does it get traffic? Where its listener is not there (yet), nobody can say. */
function carries(owned: Owned, group: TargetGroup): boolean {
  const listener = owned.listeners.get(group.port)
  return (
    listener === undefined ||
    listener.forward.length === 0 ||
    listener.forward.some(({ targetGroupArn, weight }) => targetGroupArn === group.arn && weight > 0)
  )
}

const tooFew = (id: string, subject: string, evidence: string, holds: readonly string[]): Remark => ({
  code: 'LB_MINIMUM_HEALTHY',
  severity: 'hold',
  subject,
  evidence,
  remedy: `Wait until other targets are healthy, then: nyah lb sync ${id}; or: ${letGo(id, 'LB_MINIMUM_HEALTHY')}`,
  allowable: true,
  holds,
})

/** What the hour's budget does not let go stands in a change of its own. */
export const removalBudget: Guard<LbWorld> = each(({ observed, judged: { owned }, changes }) =>
  changes
    .filter(({ ref, kind, id }) => ref.type === 'targets' && kind === 'delete' && id.endsWith(LATER))
    .flatMap((later): readonly Remark[] => {
      const group = groups(owned).find(({ arn }) => arn === later.ref.id)
      if (group === undefined) return []
      const siblings = changes.filter(
        ({ ref, id }) =>
          ref.type === 'targets' && id !== later.id && keyOf({ id, scope: observed.id }) === keyOf(later),
      )
      const waiting = targetsOf(later)
      const going = siblings.flatMap(leavingOf)
      const all = new Set([...waiting, ...going])
      const there = registered(group)
      const joining = siblings.flatMap(({ kind, after }) => (kind === 'create' ? (after?.['targets'] ?? []) : []))
      const input = {
        registered: there,
        leaving: there.filter((target) => all.has(endpoint(target))),
        joining: joining as unknown as readonly Target[],
        tag: group.tags[TAG.removals],
        atMs: observed.at,
      }
      return [
        {
          code: 'LB_REMOVAL_BUDGET',
          severity: 'hold',
          subject: `target group ${group.name}`,
          evidence: whyLater(input, waiting.length, countedIn(siblings)),
          remedy: `Nothing to do but run nyah lb sync ${observed.id} again then; or let them go now: ${letGo(observed.id, 'LB_REMOVAL_BUDGET')}`,
          allowable: true,
          holds: [later.id],
        },
      ]
    }),
)

/** How many of those that go now count: what their claim of the tag says. */
function countedIn(changes: readonly Change[]): number {
  const claims = changes.flatMap(({ kind, after }) => (kind === 'delete' ? [after?.['removals']] : []))
  return claims.reduce<number>((sum, claim) => sum + (typeof claim === 'string' ? countIn(claim) : 0), 0)
}
