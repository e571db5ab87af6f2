import type { Change } from '../core/change.ts'
import type { Guard } from '../engine/operation.ts'
import type { SourceTree } from '../ports/source.ts'
import type { TargetGroup } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { SERVES_NOBODY } from './budget.ts'
import { portOf } from './changes.ts'
import { each, ids, letGo, subjectOf } from './guards-scope.ts'
import type { LbWorld } from './model.ts'
import { groupsOfPort, registered } from './owned.ts'
import { label, some, type Remark } from './remarks.ts'

/**
 * Is Octavia to be believed? Where it says itself that it does not serve, and where much is gone at once, nothing is
 * taken away on its word alone. What is empty altogether is LB_SOURCE_EMPTY already.
 */

/** Fewer listeners say nothing when some of them are gone. */
const LISTENERS_FROM = 3

/** Statuses with which Octavia says that something does not serve, or that it does not know. */
const DOUBTFUL = new Set(['ERROR', 'OFFLINE'])

export const sourceSuspicious: Guard<LbWorld> = each(({ observed, judged: { owned, desired }, removals }) => {
  const { source } = observed
  if (source === null || source.loadbalancer.provisioning_status !== 'ACTIVE' || removals.length === 0) return []
  if (desired.listeners.length === 0 && desired.untouched.size === 0) return []
  const remark = (subject: string, evidence: string, held: readonly Change[]): Remark => ({
    code: 'LB_SOURCE_SUSPICIOUS',
    severity: 'hold',
    subject,
    evidence,
    remedy: `Look at it (openstack loadbalancer status show ${observed.id}); once Octavia is well: nyah lb sync ${observed.id}; if it is as you want it: ${letGo(observed.id, 'LB_SOURCE_SUSPICIOUS')}`,
    allowable: true,
    holds: ids(held),
  })
  const ports = [...owned.listeners.keys()]
  const closing = removals.filter(({ ref, kind }) => ref.type === 'listener' && kind === 'delete')
  const closed = new Set(closing.map((change) => portOf(change)))
  if (ports.length >= LISTENERS_FROM && closed.size > 1 && closed.size * 3 > ports.length) {
    const evidence = `${closed.size} of its ${ports.length} listeners are gone from Octavia at once (more than a third): ${some([...closed].map((port) => `port ${port}`))}`
    return [
      remark(
        subjectOf(observed),
        `${evidence}; they stay on the mirror`,
        removals.filter((change) => closed.has(portOf(change))),
      ),
    ]
  }
  return ports.flatMap((port): readonly Remark[] => {
    const doubts = doubtsOf(source, port)
    const held = removals.filter((change) => portOf(change) === port)
    const wanted = new Set(
      desired.listeners
        .filter((one) => one.port === port)
        .flatMap(({ groups }) => groups.flatMap(({ targets }) => targets.map(endpoint))),
    )
    const all = groupsOfPort(owned, port).flatMap(servingIn)
    const serving = new Set(all).size
    const leaving = new Set(all.filter((one) => !wanted.has(one))).size
    if (doubts.length === 0 || held.length === 0 || leaving * 3 <= serving) return []
    return [
      remark(
        `listener port ${port}`,
        `Octavia says ${some(doubts)}, and ${leaving} of ${serving} targets that serve on port ${port} would go (more than a third): they stay`,
        held,
      ),
    ]
  })
})

/** What of a port Octavia itself calls ERROR or OFFLINE: `load balancer shop is ERROR`. What is disabled is OFFLINE on purpose. */
function doubtsOf({ loadbalancer, listeners, pools }: SourceTree, port: number): readonly string[] {
  const here = listeners.filter((listener) => listener.protocol_port === port)
  const below = pools.filter((pool) => here.some((listener) => listener.default_pool_id === pool.id))
  const all = [
    { what: 'load balancer', thing: loadbalancer },
    ...here.map((thing) => ({ what: 'listener', thing })),
    ...below.map((thing) => ({ what: 'pool', thing })),
  ]
  return all
    .filter(({ thing }) => thing.admin_state_up && DOUBTFUL.has(thing.operating_status))
    .map(({ what, thing }) => `${what} ${label(thing)} is ${thing.operating_status}`)
}

/** Who serves, or may serve. */
const servingIn = (group: TargetGroup): readonly string[] =>
  registered(group)
    .filter(({ state }) => !SERVES_NOBODY.has(state))
    .map(endpoint)
