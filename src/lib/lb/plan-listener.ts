import type { Change } from '../core/change.ts'
import type { Forward, Listener, Target, TargetGroup } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { change, type Later } from './changes.ts'
import type { DesiredListener } from './desired.ts'
import { byArn, canonicalForward, differing, settingsPair, tagPair } from './drift.ts'
import type { Observed } from './model.ts'
import { keyOfTargetGroup } from './names.ts'
import { groupsOfPort, registered, type Owned } from './owned.ts'
import { bare, planGroup, planRegistration, planRemoval, type GroupPlan, type RemovalPlan } from './plan-targets.ts'
import { TAG } from './model.ts'
import { some, type Remark } from './remarks.ts'

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

export interface ListenerPlan {
  readonly changes: readonly Change[]
  /** The change after which it sends to nothing but what it should; null: it does so already. */
  readonly settles: string | null
  readonly remarks: readonly Remark[]
}

/** A target group of ours that the listener should not send to any more. */
interface Old {
  readonly key: string
  readonly group: TargetGroup
}

/** How one listener gets to the target groups it should send to. */
interface Way {
  readonly wanted: DesiredListener
  readonly actual: Listener
  readonly current: readonly Forward[]
  readonly groups: readonly GroupPlan[]
  /** Old ones that still get traffic. */
  readonly leavers: readonly Old[]
  /** Wanted ones that get none yet. */
  readonly newcomers: readonly GroupPlan[]
  /** Traffic goes to groups of ours now: newcomers join beside them, without traffic, until they are healthy. */
  readonly staged: boolean
}

/**
 * One listener with its target groups: added first, taken away last. Where it has to send to another target group than now,
 * that one joins the forward without traffic (only then AWS checks its targets), a `wait` sees them healthy, the forward is
 * switched, and what was left is deleted. Each step is planned from what is there, so a run that was cut off goes on.
 */
export function planListener(ground: Ground, wanted: DesiredListener): ListenerPlan {
  const { observed, owned } = ground
  const { id: scope } = observed
  const actual = owned.listeners.get(wanted.port) ?? null
  const keys = new Set(wanted.groups.map(({ key }) => key))
  const old = oldGroups(owned, wanted.port, keys)
  const current = actual === null ? [] : canonicalForward(actual.forward)
  const carrying = new Set(current.flatMap(({ targetGroupArn, weight }) => (weight > 0 ? [targetGroupArn] : [])))
  const leavers = old.filter(({ group }) => carrying.has(group.arn))
  const memory = leavers.map(({ group }) => group.tags[TAG.removals]).find((tag) => tag !== undefined)
  const groups = wanted.groups.map((group) =>
    planGroup(scope, wanted, group, owned.targetGroups.get(group.key) ?? null, memory),
  )
  if (actual === null) {
    const made = createListener(ground, wanted, groups)
    const removals = groups.flatMap((group) => removalOf(ground, wanted, group, groups, [])).flatMap(changesOf)
    return { changes: [...groups.flatMap(({ changes }) => changes), ...removals, made], settles: made.id, remarks: [] }
  }
  const newcomers = groups.filter((group) => group.actual === null || !carrying.has(group.actual.arn))
  const established = groups.length - newcomers.length
  const serving = established + leavers.length > 0
  const shareable = newcomers.every(({ wanted: { targetGroup } }) => accepts(actual.protocol, targetGroup.protocol))
  const way: Way = {
    wanted,
    actual,
    current,
    groups,
    leavers,
    newcomers,
    staged: newcomers.length > 0 && serving && shareable,
  }
  const plan = planWay(ground, way)
  return serving && !shareable ? { ...plan, remarks: [...plan.remarks, withGap(way)] } : plan
}

/** Only a TLS listener may send to a TLS target group. */
const accepts = (listener: string, group: 'TCP' | 'TLS'): boolean => group === 'TCP' || listener === 'TLS'

function oldGroups(owned: Owned, port: number, wanted: ReadonlySet<string>): readonly Old[] {
  const keyed = groupsOfPort(owned, port).map((group): Old => ({ key: keyIn(owned, group), group }))
  const spare = owned.spareTargetGroups
    .filter((group) => keyIn(owned, group).split('-')[0] === String(port))
    .map((group): Old => ({ key: group.name, group }))
  return [...keyed.filter(({ key }) => !wanted.has(key)), ...spare]
}

const keyIn = (owned: Owned, group: TargetGroup): string => keyOfTargetGroup(group.name, owned.hash) ?? group.name

function planWay(ground: Ground, way: Way): ListenerPlan {
  const { observed, ready } = ground
  const { id: scope } = observed
  const { wanted, actual, current, groups, leavers, newcomers, staged } = way
  const common = {
    scope,
    type: 'listener' as const,
    key: wanted.port,
    kind: 'update' as const,
    remote: actual.arn,
    name: `${wanted.protocol} ${wanted.port}`,
  }
  const remarks: Remark[] = []

  // Beside those that get the traffic now, with none for itself: AWS checks only what a listener names.
  const absent = staged ? newcomers.filter(({ arn }) => !current.some((one) => one.targetGroupArn === arn)) : []
  const join =
    absent.length === 0
      ? null
      : change({
          ...common,
          verb: 'join',
          before: { forward: current },
          after: { forward: [...current, ...absent.map(({ arn }) => ({ targetGroupArn: arn, weight: 0 }))] },
          needs: [...ready, ...absent.flatMap((group) => group.ready)],
          reason: `${some(absent.map(({ wanted: { targetGroup } }) => targetGroup.name))} ${absent.length === 1 ? 'has' : 'have'} to be healthy before traffic goes there`,
        })
  const most = observed.limits?.targetGroupsPerAction ?? null
  const together = current.length + absent.length
  const blocked = staged && ((join !== null && most !== null && together > most) || observed.asked.membersOnly)
  if (join !== null && most !== null && together > most) remarks.push(needsWeights(way, join, together, most))

  const waits = waitsOf(scope, way, join)
  const forward = forwardTo(groups)
  const leaving = leavers.flatMap((old) => departure(ground, way, old, blocked))
  const later = leaving.flatMap((plan) => (plan.later === null ? [] : [plan.later.id]))
  const drops = leavers.some(({ group }) => registered(group).some((target) => !isWanted(wanted, target)))
  const ordinary = {
    attributes: settingsPair(wanted.attributes, actual.attributes),
    tags: tagPair(wanted.tags, actual.tags),
  }
  const tls = {
    certificates: [actual.certificates, wanted.certificates] as const,
    sslPolicy: [actual.sslPolicy, wanted.sslPolicy] as const,
    alpnPolicy: [actual.alpnPolicy, wanted.alpnPolicy] as const,
  }
  // AWS changes a protocol together with the target groups it fits, and attributes belong to a protocol.
  const inOne = waits.length === 0 && later.length === 0
  const changesProtocol = actual.protocol !== wanted.protocol
  const first = inOne ? null : differing(changesProtocol ? { tags: ordinary.tags } : { ...tls, ...ordinary })
  const last = differing({
    ...(inOne || changesProtocol
      ? { protocol: [actual.protocol, wanted.protocol] as const, ...tls, attributes: ordinary.attributes }
      : {}),
    ...(inOne ? { tags: ordinary.tags } : {}),
    forward: [current, forward],
  })
  const update =
    first === null ? null : change({ ...common, verb: 'update', ...first, reason: because(first.after, wanted.subject) })
  const turned = last !== null && 'forward' in last.after
  const settle =
    last === null
      ? null
      : change({
          ...common,
          verb: inOne ? 'update' : 'switch',
          ...last,
          needs: [
            ...(turned || changesProtocol ? [...ready, ...groups.flatMap((group) => group.ready)] : []),
            ...waits.map(({ id }) => id),
            ...later,
            update?.id ?? null,
          ],
          reason: inOne ? because(last.after, wanted.subject) : `traffic goes to ${some(groups.map(nameOf))} once healthy`,
          risk: drops ? 'removes' : 'changes',
        })
  const after = [...waits.map(({ id }) => id), ...(turned ? [settle?.id ?? null] : [])]
  const removals = groups.flatMap((group) => removalOf(ground, wanted, group, groups, after))
  return {
    changes: [
      ...groups.flatMap(({ changes }) => changes),
      join === null || update === null ? join : { ...join, needs: [...join.needs, update.id] },
      ...waits,
      update,
      ...leaving.flatMap(changesOf),
      settle,
      ...removals.flatMap(changesOf),
    ].filter((one) => one !== null),
    settles: turned ? (settle?.id ?? null) : null,
    remarks,
  }
}

/** As AWS will list it; what is still to be made comes last. */
function forwardTo(groups: readonly GroupPlan[]): readonly LaterForward[] {
  const known: readonly Forward[] = groups.flatMap(({ actual, wanted: { weight } }) =>
    actual === null ? [] : [{ targetGroupArn: actual.arn, weight }],
  )
  const promised = groups.flatMap(({ actual, arn, wanted: { weight } }) =>
    actual === null ? [{ targetGroupArn: arn, weight }] : [],
  )
  const all: readonly LaterForward[] = promised.length === 0 ? canonicalForward(known) : [...byArn(known), ...promised]
  return all.length === 1 ? all.map((one) => ({ ...one, weight: 1 })) : all
}

interface LaterForward {
  readonly targetGroupArn: Later
  readonly weight: number
}

const nameOf = ({ wanted: { targetGroup }, actual }: GroupPlan): string => actual?.name ?? targetGroup.name

const isWanted = (wanted: DesiredListener, target: Target): boolean =>
  wanted.groups.some(({ targets }) => targets.some((one) => endpoint(one) === endpoint(target)))

const WORDS: Readonly<Record<string, string>> = {
  forward: 'target groups',
  sslPolicy: 'TLS policy',
  alpnPolicy: 'ALPN policy',
}

const because = (after: object, subject: string): string =>
  `its ${Object.keys(after)
    .map((field) => WORDS[field] ?? field)
    .join(', ')} differ from what ${subject} asks for`

/**
 * Who has to be healthy before the forward is switched, or a target taken out of another group: newcomers, and those that take
 * over targets of groups which give them up. As healthy as beside them is enough: what is ill there may be ill here.
 */
function waitsOf(scope: string, way: Way, join: Change | null): readonly Change[] {
  const { current, groups, leavers, newcomers, staged } = way
  const givers = [
    ...groups.flatMap(({ actual, wanted: { targets } }) => (actual === null ? [] : [{ group: actual, keeps: targets }])),
    ...leavers.map(({ group }) => ({ group, keeps: [] })),
  ].filter(({ group }) => current.some(({ targetGroupArn, weight }) => targetGroupArn === group.arn && weight > 0))
  return groups.flatMap((plan): readonly Change[] => {
    const { wanted, actual, arn, ready } = plan
    const wants = new Set(wanted.targets.map(endpoint))
    const isNew = newcomers.includes(plan)
    if (isNew && !staged) return []
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
function removalOf(
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
 * go at once is taken out of it bit by bit first. Where it cannot be replaced now, it follows the members as any other.
 */
function departure(
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

const changesOf = ({ now, later }: RemovalPlan): readonly Change[] => [now, later].filter((one) => one !== null)

function createListener(ground: Ground, wanted: DesiredListener, groups: readonly GroupPlan[]): Change {
  const { observed, loadBalancerArn, ready, open } = ground
  const { port, protocol, certificates, sslPolicy, alpnPolicy, attributes, tags } = wanted
  return change({
    scope: observed.id,
    type: 'listener',
    key: port,
    verb: 'create',
    kind: 'create',
    remote: null,
    name: `${protocol} ${port}`,
    after: {
      loadBalancerArn,
      protocol,
      port,
      forward: forwardTo(groups),
      certificates,
      sslPolicy,
      alpnPolicy,
      attributes,
      tags,
    },
    needs: [...ready, open, ...groups.flatMap((group) => group.ready)],
    reason: `${wanted.subject} sends to ${wanted.pool}`,
  })
}

export const deleteListener = (scope: string, actual: Listener, reason: string): Change =>
  change({
    scope,
    type: 'listener',
    key: actual.port,
    verb: 'delete',
    kind: 'delete',
    remote: actual.arn,
    name: `${actual.protocol} ${actual.port}`,
    before: { protocol: actual.protocol, port: actual.port, forward: canonicalForward(actual.forward) },
    reason,
  })

const needsWeights = ({ wanted, leavers }: Way, join: Change, together: number, most: number): Remark => ({
  code: 'LB_REPLACE_NEEDS_WEIGHTS',
  severity: 'hold',
  subject: wanted.subject,
  evidence: `${leavers.length === 0 ? 'another target group' : `replacing ${some(leavers.map(({ group }) => group.name))}`} without a gap takes ${together} target groups in one listener, the account's limit is ${most}: what is there keeps serving`,
  remedy:
    'Raise "Target Groups per Action on a Network Load Balancer" (aws service-quotas list-service-quotas --service-code elasticloadbalancing), then: nyah lb sync',
  holds: [join.id],
})

const withGap = ({ wanted }: Way): Remark => ({
  code: 'LB_REPLACE_WITH_GAP',
  severity: 'warn',
  subject: wanted.subject,
  evidence:
    'it becomes a TLS listener that speaks TLS to its targets, and a TCP listener cannot check those beforehand: until their first health checks are done, connections may fail',
  remedy: 'Do it at a quiet hour; Octavia has replaced that listener too',
})
