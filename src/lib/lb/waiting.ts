import type { Waiting } from '../core/events.ts'
import type { TargetHealth } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import type { Desired, DesiredListener } from './desired.ts'
import type { LbWorld } from './model.ts'
import { registered, type Owned } from './owned.ts'
import { missingRules } from './plan-security-group.ts'
import { judge, type Judged } from './judge.ts'
import type { WantedTarget } from './pool.ts'
import { count, some } from './remarks.ts'

/** Does Octavia itself believe in this member? Others may never become healthy, and are not waited for. */
export const awaited = (target: WantedTarget): boolean => target.status === 'ONLINE' || target.status === 'NO_MONITOR'

/** What is not yet as it should be: the NLB active, its listeners there, the targets of sound members healthy. */
export const waitingFor = (world: LbWorld): readonly Waiting[] =>
  world.scopes.flatMap((observed) => {
    const judged = judge(observed)
    // That a source is gone is for the guards to say: no waiting brings it back.
    if (judged === null) return []
    const { obstacles } = judged
    return obstacles.length > 0
      ? obstacles.map(({ subject, evidence }) => ({ scope: observed.id, subject, detail: evidence }))
      : scopeWaiting(observed.id, judged)
  })

function scopeWaiting(scope: string, { owned, desired }: Judged): readonly Waiting[] {
  const { loadBalancer } = owned
  const subject = loadBalancer?.name ?? desired.loadBalancer.name
  const state = loadBalancer?.state ?? 'not there'
  return [
    ...(state === 'active' ? [] : [{ scope, subject, detail: `the load balancer is ${state}` }]),
    ...desired.listeners.flatMap((listener) => {
      const missing = listenerMissing(listener, owned, desired)
      return missing === null ? [] : [{ scope, subject: `${subject} port ${listener.port}`, ...missing }]
    }),
  ]
}

type Missing = Pick<Waiting, 'detail' | 'unplanned'>

function listenerMissing(listener: DesiredListener, owned: Owned, desired: Desired): Missing | null {
  const actual = owned.listeners.get(listener.port)
  if (actual === undefined) return { detail: 'there is no listener' }
  const closed = closedDetail(listener.port, owned, desired)
  if (closed !== null) return { detail: closed }
  const carrying = new Set(actual.forward.flatMap((one) => (one.weight > 0 ? [one.targetGroupArn] : [])))
  // What gets no traffic yet is not checked either, or is not to serve: that takes a plan, not patience.
  const groups = listener.groups.flatMap(({ key }) => {
    const group = owned.targetGroups.get(key)
    return group === undefined || !carrying.has(group.arn) ? [] : [group]
  })
  return targetsMissing(listener, groups.flatMap(registered))
}

/** `2 of 3 targets healthy; 10.20.0.13:8080 is unhealthy (Target.Timeout)`; null when nothing is missing. */
function targetsMissing(listener: DesiredListener, present: readonly TargetHealth[]): Missing | null {
  const states = new Map(present.map((target) => [endpoint(target), target]))
  const targets = listener.groups.flatMap((group) => group.targets)
  const expected = targets.filter(awaited)
  // Nobody to wait for is not the same as everybody being well.
  if (expected.length === 0) {
    return present.some(({ state }) => state === 'healthy') ? null : { detail: nobodyServes(targets) }
  }
  const missing = expected.filter((target) => states.get(endpoint(target))?.state !== 'healthy')
  if (missing.length === 0) return null
  const lines = missing.map((target) => {
    const seen = states.get(endpoint(target))
    if (seen === undefined) return `${endpoint(target)} is not registered`
    return `${endpoint(target)} is ${seen.state}${seen.reason === null ? '' : ` (${seen.reason})`}`
  })
  const detail = `${expected.length - missing.length} of ${expected.length} targets healthy; ${some(lines)}`
  // A member that came meanwhile: this run does not register it.
  return missing.every((target) => !states.has(endpoint(target))) ? { detail, unplanned: true } : { detail }
}

const nobodyServes = (targets: readonly WantedTarget[]): string =>
  `none of ${count(targets.length, 'target')} is healthy, nor does Octavia vouch for one: ${some(targets.map((target) => `${endpoint(target)} is ${target.status}`))}`

/** Health checks pass the security group; clients do not. Null: it lets in whoever it should. */
function closedDetail(port: number, { securityGroup }: Owned, desired: Desired): string | null {
  if (securityGroup === null) return 'there is no security group'
  const missing = missingRules(desired.securityGroup, securityGroup).filter((rule) => rule.port === port)
  return missing.length === 0 ? null : `its security group does not let in ${some(missing.map(({ cidr }) => cidr))}`
}
