import type { Change } from '../core/change.ts'
import type { Listener, TargetGroup } from '../ports/mirrors.ts'
import { change } from './changes.ts'
import type { DesiredListener } from './desired.ts'
import { canonicalForward, differing, settingsPair, tagPair } from './drift.ts'
import { TAG } from './model.ts'
import { keyOfTargetGroup } from './names.ts'
import { groupsOfPort, registered, type Owned } from './owned.ts'
import { planGroup, type GroupPlan } from './plan-targets.ts'
import {
  changesOf,
  departure,
  forwardTo,
  illOf,
  isWanted,
  nameOf,
  needsWeights,
  removalOf,
  waitsOf,
  withGap,
  type Ground,
  type Old,
  type Way,
} from './plan-way.ts'
import { some, type Remark } from './remarks.ts'

export interface ListenerPlan {
  readonly changes: readonly Change[]
  /** The change after which it sends to nothing but what it should; null: it does so already. */
  readonly settles: string | null
  readonly remarks: readonly Remark[]
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
  const beside = [...leavers.map(({ group }) => group), ...groups.flatMap((group) => group.actual ?? [])]
  const shareable = newcomers.every(
    ({ wanted: { targetGroup } }) =>
      accepts(actual.protocol, targetGroup.protocol) &&
      // All target groups of one action have one address type.
      beside.every(({ ipAddressType }) => ipAddressType === targetGroup.ipAddressType),
  )
  const staged = newcomers.length > 0 && serving && shareable
  const way: Way = {
    wanted,
    actual,
    current,
    groups,
    leavers,
    newcomers,
    ill: staged ? illOf(groups, newcomers, leavers) : [],
    staged,
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
  const { wanted, actual, current, groups, leavers, newcomers, ill, staged } = way
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
  const forward = forwardTo(groups, ill)
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
    first === null
      ? null
      : change({ ...common, verb: 'update', ...first, reason: because(first.after, wanted.subject) })
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
          reason: inOne
            ? because(last.after, wanted.subject)
            : `traffic goes to ${some(groups.map(nameOf))} once healthy`,
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

const WORDS: Readonly<Record<string, string>> = {
  forward: 'target groups',
  sslPolicy: 'TLS policy',
  alpnPolicy: 'ALPN policy',
}

const because = (after: object, subject: string): string =>
  `its ${Object.keys(after)
    .map((field) => WORDS[field] ?? field)
    .join(', ')} differ from what ${subject} asks for`

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
