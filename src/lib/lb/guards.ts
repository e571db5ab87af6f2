import type { Change } from '../core/change.ts'
import type { Draft, Finding } from '../core/plan.ts'
import type { Guard } from '../engine/operation.ts'
import type { TargetState } from '../ports/mirrors.ts'
import { endpoint, isPrivate } from './addresses.ts'
import { portOf } from './changes.ts'
import type { LbWorld, Observed } from './model.ts'
import { exists, ownedOf, registered } from './owned.ts'
import { addressProblems, subnetProblems } from './placed.ts'
import { judge, type Judged } from './judge.ts'
import { count, finding, label, some, type Remark } from './remarks.ts'

/** A guard of one scope: `removals` are the changes of it that take something away. */
type ScopeGuard = (observed: Observed, judged: Judged, removals: readonly Change[]) => readonly Remark[]

const each =
  (guard: ScopeGuard): Guard<LbWorld> =>
  (draft: Draft, world: LbWorld): readonly Finding[] =>
    world.scopes.flatMap((observed) => {
      const judged = judge(observed)
      if (judged === null) return []
      const removals = draft.changes.filter((change) => change.scope === observed.id && change.risk === 'removes')
      return guard(observed, judged, removals).map((remark) => finding(observed.id, remark))
    })

const subjectOf = ({ id, source }: Observed): string =>
  `load balancer ${source === null ? id : label(source.loadbalancer)}`

const ids = (changes: readonly Change[]): readonly string[] => changes.map((change) => change.id)

/** Never touch what nyah does not own, what a newer nyah wrote, or what AWS cannot change. */
const ownership: Guard<LbWorld> = (_draft, world) =>
  world.scopes.flatMap((observed) => obstaclesOf(observed).map((remark) => finding(observed.id, remark)))

/** Without a source, what is not nyah's is only told where nothing else would be: LB_SOURCE_GONE holds the rest. */
function obstaclesOf(observed: Observed): readonly Remark[] {
  const judged = judge(observed)
  if (judged !== null) return judged.obstacles
  const owned = ownedOf(observed)
  return exists(owned) ? [] : owned.obstacles
}

/** The network of the configuration has to be one that AWS takes. */
const network: Guard<LbWorld> = each((observed, judged) => [
  ...subnetProblems(observed),
  ...addressProblems(observed, judged.owned),
])

/** Whom Octavia lets in says little while its VIP is private; the same words on an internet-facing NLB mean everybody. */
const exposed: Guard<LbWorld> = each(({ placement, source }, judged) => {
  if (placement.scheme !== 'internet-facing' || !isPrivate(source?.loadbalancer.vip_address ?? '')) return []
  const open = judged.desired.securityGroup.ingress.filter(({ cidr }) => cidr === '0.0.0.0/0' || cidr === '::/0')
  if (open.length === 0) return []
  const ports = [...new Set(open.map(({ port }) => port))]
  return [
    {
      code: 'LB_OPEN_TO_THE_INTERNET',
      severity: 'warn',
      subject: `network ${placement.name}`,
      evidence: `its VIP ${source?.loadbalancer.vip_address ?? ''} is private, and the mirror will let the whole internet in on ${some(ports.map((port) => `port ${port}`))}`,
      remedy: 'If that is not meant: set allowed_cidrs on the listeners, or mirror it onto an internal network',
    },
  ]
})

/** A load balancer that is gone from Octavia keeps its mirror: gone, or no longer visible to these credentials? */
const sourceGone: Guard<LbWorld> = (_draft, world) =>
  world.scopes
    .filter((observed) => observed.source === null && exists(ownedOf(observed)))
    .map((observed) =>
      finding(observed.id, {
        code: 'LB_SOURCE_GONE',
        severity: 'hold',
        subject: `load balancer ${observed.id}`,
        evidence: 'Octavia does not know it (404), but its mirror exists: nothing of the mirror is touched',
        remedy: `If it was deleted on purpose: nyah lb unmirror ${observed.id}`,
        holds: [],
      }),
    )

const BEGINNING_TO_GO = new Set(['PENDING_DELETE', 'DELETED'])

/** What Octavia is changing, or failed to change, is no ground to take anything away. */
const sourceSettled: Guard<LbWorld> = each((observed, judged, removals) => {
  const status = observed.source?.loadbalancer.provisioning_status ?? 'ACTIVE'
  const subject = subjectOf(observed)
  if (status !== 'ACTIVE') return wholeSource(status, subject, observed.id, !exists(judged.owned), removals)
  return judged.translation.listeners.flatMap((listener): readonly Remark[] => {
    const held = removals.filter((change) => portOf(change) === listener.port)
    if (listener.unsettled.length === 0 || held.length === 0) return []
    const failed = listener.unsettled.some((line) => line.endsWith('ERROR'))
    return [
      {
        code: failed ? 'LB_SOURCE_ERROR' : 'LB_SOURCE_PENDING',
        severity: 'hold',
        subject: listener.subject,
        evidence: `${some(listener.unsettled)} in Octavia: nothing of port ${listener.port} is taken away meanwhile`,
        remedy: failed
          ? 'Repair it in Octavia, then: nyah lb sync'
          : `Wait until Octavia has finished, then: nyah lb sync ${observed.id}`,
        allowable: true,
        holds: ids(held),
      },
    ]
  })
})

function wholeSource(
  status: string,
  subject: string,
  id: string,
  first: boolean,
  removals: readonly Change[],
): readonly Remark[] {
  const failed = status === 'ERROR'
  const code = failed ? 'LB_SOURCE_ERROR' : 'LB_SOURCE_PENDING'
  const remedy = failed
    ? `Repair it (openstack loadbalancer failover ${id}), then try again`
    : `Wait until Octavia has finished, then: nyah lb sync ${id}`
  if (first && (failed || BEGINNING_TO_GO.has(status))) {
    const evidence = `its provisioning_status is ${status}: what it serves may not be what it says`
    return [{ code, severity: 'refuse', subject, evidence, remedy, allowable: true }]
  }
  if (removals.length === 0) {
    const evidence = `its provisioning_status is ${status}: what was read may not be the last word`
    return [{ code, severity: 'warn', subject, evidence, remedy }]
  }
  return [
    {
      code,
      severity: 'hold',
      subject,
      evidence: `its provisioning_status is ${status}: ${count(removals.length, 'removal')} held, additions go on`,
      remedy,
      allowable: true,
      holds: ids(removals),
    },
  ]
}

/** Never empty a mirror because a read shows nothing: an emptied source is more often a mishap than a wish. */
const sourceEmpty: Guard<LbWorld> = each((observed, { owned, desired, translation }, removals) => {
  const remedy = (what: string): string =>
    `If ${what} on purpose, allow it; else restore it in Octavia, then: nyah lb sync ${observed.id}`
  if (desired.listeners.length === 0 && desired.untouched.size === 0 && owned.listeners.size > 0) {
    return [
      {
        code: 'LB_SOURCE_EMPTY',
        severity: 'hold',
        subject: subjectOf(observed),
        evidence: `Octavia shows nothing to mirror, the mirror has ${count(owned.listeners.size, 'listener')} (${some([...owned.listeners.keys()].map((port) => `port ${port}`))}): all of it stays as it is`,
        remedy: remedy('it was emptied'),
        allowable: true,
        holds: ids(removals),
      },
    ]
  }
  return translation.listeners.flatMap((listener): readonly Remark[] => {
    const group = owned.targetGroups.get(listener.port)
    if (listener.verdict !== 'empty' || group === undefined || registered(group).length === 0) return []
    if (desired.listeners.some((wanted) => wanted.port === listener.port)) return []
    return [
      {
        code: 'LB_SOURCE_EMPTY',
        severity: 'hold',
        subject: listener.subject,
        evidence: `${listener.pool} has no member left that can be a target, the mirror has ${count(registered(group).length, 'target')}: they stay registered`,
        remedy: remedy('they were taken out'),
        allowable: true,
        holds: ids(removals.filter((change) => portOf(change) === listener.port)),
      },
    ]
  })
})

/** What the NLB itself says serves nobody. All else serves, or may serve: not to know is not to be unhealthy. */
const SERVES_NOBODY: ReadonlySet<TargetState> = new Set(['unhealthy', 'unhealthy.draining', 'draining', 'unused'])

/** Never take out the last target that serves or may serve; others have to be healthy first. What is unhealthy may go. */
const minimumHealthy: Guard<LbWorld> = each((observed, { owned }, removals) =>
  removals
    .filter((change) => change.ref.type === 'targets')
    .flatMap((change): readonly Remark[] => {
      const group = owned.targetGroups.get(portOf(change) ?? 0)
      if (group === undefined) return []
      const leaving = new Set(leavingTargets(change))
      const staying = group.targets.filter((target) => target.state === 'healthy' && !leaving.has(endpoint(target)))
      const serving = group.targets
        .filter((target) => leaving.has(endpoint(target)) && !SERVES_NOBODY.has(target.state))
        .map((target) => `${endpoint(target)} is ${target.state}`)
      if (serving.length === 0 || staying.length > 0) return []
      return [
        {
          code: 'LB_MINIMUM_HEALTHY',
          severity: 'hold',
          subject: `target group ${group.name}`,
          evidence: `${some(serving)}: taking ${serving.length === 1 ? 'it' : 'them'} out would leave 0 healthy targets (at least 1 has to stay)`,
          remedy: `Wait until other targets are healthy, then: nyah lb sync ${observed.id}`,
          allowable: true,
          holds: [change.id],
        },
      ]
    }),
)

const leavingTargets = (change: Change): readonly string[] =>
  ((change.before?.['targets'] ?? []) as unknown as readonly { address: string; port: number }[]).map(endpoint)

export const MIRROR_GUARDS: readonly Guard<LbWorld>[] = [
  ownership,
  network,
  exposed,
  sourceGone,
  sourceSettled,
  sourceEmpty,
  minimumHealthy,
]
