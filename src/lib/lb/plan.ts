import type { Change } from '../core/change.ts'
import type { Draft, Finding } from '../core/plan.ts'
import type { Listener, TargetGroup } from '../ports/mirrors.ts'
import { basisOf } from './basis.ts'
import { changeId, portOf } from './changes.ts'
import type { Desired } from './desired.ts'
import { emptiedIn } from './emptied.ts'
import { judge, type Judged } from './judge.ts'
import type { LbWorld, Observed } from './model.ts'
import { keyOfTargetGroup, namesOf, portOfKey } from './names.ts'
import { exists, ownedOf, spares, type Owned } from './owned.ts'
import { groundOf, planLoadBalancer } from './plan-balancer.ts'
import { deleteListener, planListener } from './plan-listener.ts'
import { membersOnly } from './plan-members.ts'
import { planSecurityGroup } from './plan-security-group.ts'
import { deleteTargetGroup } from './plan-targets.ts'
import { finding, label, type Remark } from './remarks.ts'

/** What is left to do until the mirrors are what their load balancers ask for. `mirrored`: none is to be made. */
export function planMirrors(world: LbWorld, mirrored = false): Draft {
  const scopes = world.scopes.map((observed) => {
    const judged = judge(observed)
    const absent = absence(observed, mirrored)
    const whole =
      absent !== null
        ? { changes: [], remarks: [absent] }
        : judged === null || judged.obstacles.length > 0
          ? NOTHING
          : planScope(observed, judged)
    return { observed, judged, plan: observed.asked.membersOnly ? membersOnly(observed, whole) : whole }
  })
  return {
    scopes: world.scopes.map((observed) => observed.id),
    names: namesOf(world),
    basis: Object.fromEntries(scopes.map(({ observed, judged }) => [observed.id, basisOf(observed, judged)])),
    changes: scopes.flatMap(({ plan }) => plan.changes),
    findings: scopes.flatMap(({ observed, judged, plan }) => [
      ...findingsOf(observed, judged),
      ...plan.remarks.map((remark) => finding(observed.id, remark)),
    ]),
    reports: Object.fromEntries(
      scopes.flatMap(({ observed, judged }) => (judged === null ? [] : [[observed.id, judged.report] as const])),
    ),
  }
}

/** Of several load balancers, one that neither side knows, or that has no mirror to bring up to date. */
function absence(observed: Observed, mirrored: boolean): Remark | null {
  const { id, source, unread } = observed
  const owned = ownedOf(observed)
  if (unread !== null || exists(owned) || owned.obstacles.length > 0) return null
  const subject = `load balancer ${source === null ? id : label(source.loadbalancer)}`
  if (source === null) {
    return {
      code: 'LB_NOT_FOUND',
      severity: 'refuse',
      subject,
      evidence: 'Octavia does not know it (or these credentials may not see it), and it has no mirror',
      remedy: 'nyah lb list',
    }
  }
  if (!mirrored) return null
  return {
    code: 'LB_NOT_MIRRORED',
    severity: 'refuse',
    subject,
    evidence: 'it has no mirror to bring up to date',
    remedy: `nyah lb mirror ${id}`,
  }
}

const LACKING = new Set(['LB_POOL_EMPTY', 'LB_LISTENER_WITHOUT_POOL'])

function findingsOf(observed: Observed, judged: Judged | null): readonly Finding[] {
  if (judged === null) return []
  const { owned, desired, translation } = judged
  const foreign = [...owned.foreignListeners.values()].filter(
    (listener) => !desired.listeners.some((wanted) => wanted.port === listener.port),
  )
  // What LB_SOURCE_EMPTY holds is said there.
  const emptied = emptiedIn(judged)
  const told = new Set(
    translation.listeners.filter(({ port }) => emptied === 'all' || emptied.has(port)).map(({ subject }) => subject),
  )
  const remarks: readonly Remark[] = [
    ...translation.remarks.filter(({ code, subject }) => !LACKING.has(code) || !told.has(subject)),
    ...spares(
      owned,
      'warn',
      (arn) => `If nobody uses its name: aws elbv2 delete-load-balancer --load-balancer-arn ${arn}`,
    ),
    ...foreign.map((listener): Remark => ({
      code: 'LB_FOREIGN_LISTENER',
      severity: 'warn',
      subject: `listener port ${listener.port} of ${owned.loadBalancer?.name ?? 'the mirror'}`,
      evidence: 'somebody made it by hand on the mirror; nyah leaves it alone',
      remedy: 'Delete it if nobody needs it',
    })),
    ...(emptied === 'all' ||
    desired.listeners.length > 0 ||
    translation.listeners.some((listener) => listener.verdict === 'refused')
      ? []
      : [
          {
            code: 'LB_NO_LISTENERS',
            severity: 'warn' as const,
            subject: `load balancer ${observed.source === null ? observed.id : label(observed.source.loadbalancer)}`,
            evidence: 'nothing of it can be mirrored now: the NLB answers on no port until a listener has members',
            remedy: `Add listeners or members in Octavia, then: nyah lb sync ${observed.id}`,
          },
        ]),
  ]
  return remarks.map((remark) => finding(observed.id, remark))
}

export interface ScopePlan {
  readonly changes: readonly Change[]
  readonly remarks: readonly Remark[]
}

const NOTHING: ScopePlan = { changes: [], remarks: [] }

function planScope(observed: Observed, { owned, desired }: Judged): ScopePlan {
  const { id: scope } = observed
  const wanted = new Set(desired.listeners.map((listener) => listener.port))
  const vanished = [...owned.listeners.values()].filter(
    (listener) => !wanted.has(listener.port) && !desired.untouched.has(listener.port),
  )
  const closing = new Map(
    vanished.map((listener) => [listener.port, changeId(scope, 'listener', listener.port, 'delete')]),
  )
  const securityGroup = planSecurityGroup(
    scope,
    owned.hash,
    desired.securityGroup,
    owned.securityGroup,
    desired.untouched,
    closing,
  )
  const base = groundOf(observed, owned, desired, securityGroup)
  const listeners = desired.listeners.map((listener) => ({
    port: listener.port,
    keys: new Set(listener.groups.map(({ key }) => key)),
    ...planListener(base, listener),
  }))
  const closings = vanished.map((listener) =>
    deleteListener(scope, listener, `Octavia no longer serves port ${listener.port}`),
  )
  const unused = planLeftovers(observed, owned, desired, listeners, closings)
  const below = toldFirst(observed, securityGroup.ready, [
    ...listeners.flatMap(({ changes }) => changes),
    ...closings,
    ...unused,
  ])
  const loadBalancer = planLoadBalancer(observed, desired, owned, securityGroup, below)
  return {
    changes: [
      ...securityGroup.changes,
      ...below.filter(isPreparation),
      ...loadBalancer.first,
      ...below.filter((one) => !isPreparation(one)),
      ...loadBalancer.last,
    ],
    remarks: listeners.flatMap(({ remarks }) => remarks),
  }
}

/** Of a retarget, the security group tells first: whoever mirrors the new load balancer looks there (unfinished.ts). */
const toldFirst = ({ asked }: Observed, told: string | null, changes: readonly Change[]): readonly Change[] =>
  asked.formerId === null || told === null
    ? changes
    : changes.map((one) => ({ ...one, needs: [...new Set([told, ...one.needs])] }))

/** Target groups and what is added to them: told first, as in Octavia's own order of making things. */
const isPreparation = ({ ref, kind }: Change): boolean =>
  (ref.type === 'target-group' || ref.type === 'targets') && (kind === 'create' || kind === 'update')

/** Target groups that no listener should send to: of ports that Octavia serves no more, replaced ones, and second ones. */
function planLeftovers(
  { id: scope }: Observed,
  owned: Owned,
  desired: Desired,
  listeners: readonly { readonly port: number; readonly keys: ReadonlySet<string>; readonly settles: string | null }[],
  closings: readonly Change[],
): readonly Change[] {
  const kept = new Set(listeners.flatMap(({ keys }) => [...keys]))
  // Somebody's own listener may send to it, or one that nyah cannot judge: then AWS would not let go of it, nor do we.
  const others = [...owned.foreignListeners.values(), ...owned.listeners.values()].filter(
    (one) => owned.foreignListeners.get(one.port) === one || desired.untouched.has(one.port),
  )
  const uses = ({ forward }: Listener, { arn }: TargetGroup): boolean =>
    forward.some(({ targetGroupArn }) => targetGroupArn === arn)
  // Nor of one that a load balancer of somebody else uses.
  const own = new Set([owned.loadBalancer, ...owned.spareLoadBalancers].map((one) => one?.arn))
  const free = (group: TargetGroup): boolean =>
    !others.some((listener) => uses(listener, group)) && group.loadBalancerArns.every((arn) => own.has(arn))
  const settled = new Map([
    ...listeners.map(({ port, settles }) => [port, settles] as const),
    ...closings.map((one) => [portOf(one) ?? 0, one.id] as const),
  ])
  const users = (group: TargetGroup): readonly string[] =>
    [...owned.listeners.values()].flatMap((listener) => {
      const change = settled.get(listener.port)
      return change != null && uses(listener, group) ? [change] : []
    })
  const serves = (port: number): string =>
    listeners.some((one) => one.port === port)
      ? `another target group serves port ${port}`
      : `Octavia no longer serves port ${port}`
  const leftovers = [
    ...[...owned.targetGroups].filter(([key]) => !kept.has(key)).map(([key, group]) => ({ key, group })),
    ...owned.spareTargetGroups.map((group) => ({ key: group.name, group })),
  ]
  return leftovers.flatMap(({ key, group }) => {
    const port = portOfKey(keyOfTargetGroup(group.name, owned.hash) ?? '') ?? group.port
    return free(group) && !desired.untouched.has(port)
      ? [deleteTargetGroup(scope, key, group, users(group), serves(port))]
      : []
  })
}
