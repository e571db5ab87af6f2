import type { Change } from '../core/change.ts'
import type { Guard } from '../engine/operation.ts'
import { portOf } from './changes.ts'
import { emptiedIn } from './emptied.ts'
import { each, found, ids, letGo, subjectOf } from './guards-scope.ts'
import { exists, groupsOfPort, ownedOf, registered } from './owned.ts'
import type { LbWorld } from './model.ts'
import { count, some, type Remark } from './remarks.ts'

/** Guards of what Octavia says: gone, unread, in flux, or emptied. Whether it is to be believed: guards-suspicious.ts. */

/** A load balancer that is gone from Octavia keeps its mirror: gone, or no longer visible to these credentials? */
export const sourceGone: Guard<LbWorld> = (_draft, world) =>
  world.scopes
    .filter(({ source, unread }) => source === null && unread === null)
    .filter((observed) => exists(ownedOf(observed)))
    .map((observed) =>
      found(observed, {
        code: 'LB_SOURCE_GONE',
        severity: 'hold',
        subject: `load balancer ${observed.id}`,
        evidence: 'Octavia does not know it (404), but its mirror exists: nothing of the mirror is touched',
        remedy: `If it was rebuilt under a new UUID: nyah lb retarget ${observed.id} NEW; if it was deleted on purpose: nyah lb unmirror ${observed.id}; else look whether these credentials may see it`,
        holds: [],
      }),
    )

/** What could not be read is not known, and nothing is done about it. */
export const sourceUnread: Guard<LbWorld> = (draft, world) =>
  world.scopes.flatMap((observed) => {
    if (observed.unread === null) return []
    const { code, message, tries } = observed.unread
    return [
      found(observed, {
        code: 'LB_SOURCE_UNREAD',
        severity: 'hold',
        subject: `load balancer ${draft.names[observed.id] ?? observed.id}`,
        evidence: `it could not be read from Octavia (${code}: ${message}): nothing of its mirror is touched`,
        remedy: [...tries, `nyah lb sync ${observed.id}`].join('; then: '),
      }),
    ]
  })

const BEGINNING_TO_GO = new Set(['PENDING_DELETE', 'DELETED'])

/** What Octavia is changing, or failed to change, is no ground to take anything away. */
export const sourceSettled: Guard<LbWorld> = each(({ observed, judged, removals }) => {
  const status = observed.source?.loadbalancer.provisioning_status ?? 'ACTIVE'
  const subject = subjectOf(observed)
  if (status !== 'ACTIVE') return wholeSource(status, subject, observed.id, !exists(judged.owned), removals)
  return judged.translation.listeners.flatMap((listener): readonly Remark[] => {
    const held = removals.filter((change) => portOf(change) === listener.port)
    if (listener.unsettled.length === 0 || held.length === 0) return []
    const failed = listener.unsettled.some((line) => line.endsWith('ERROR'))
    const code = failed ? 'LB_SOURCE_ERROR' : 'LB_SOURCE_PENDING'
    return [
      {
        code,
        severity: 'hold',
        subject: listener.subject,
        evidence: `${some(listener.unsettled)} in Octavia: nothing of port ${listener.port} is taken away meanwhile`,
        remedy: failed
          ? `Repair it in Octavia, then: nyah lb sync ${observed.id}; or: ${letGo(observed.id, code)}`
          : `Wait until Octavia has finished, then: nyah lb sync ${observed.id}; or: ${letGo(observed.id, code)}`,
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
      remedy: `${remedy}; or: ${letGo(id, code)}`,
      allowable: true,
      holds: ids(removals),
    },
  ]
}

/** Never empty a mirror because a read shows nothing: an emptied source is more often a mishap than a wish. */
export const sourceEmpty: Guard<LbWorld> = each(({ observed, judged, removals }) => {
  const { owned, translation } = judged
  const emptied = emptiedIn(judged)
  const remedy = (what: string): string =>
    `Restore it in Octavia, then: nyah lb sync ${observed.id}; if ${what} on purpose: ${letGo(observed.id, 'LB_SOURCE_EMPTY')}`
  if (emptied === 'all') {
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
    if (listener.verdict !== 'empty' || !emptied.has(listener.port)) return []
    const there = groupsOfPort(owned, listener.port).flatMap((group) => registered(group))
    return [
      {
        code: 'LB_SOURCE_EMPTY',
        severity: 'hold',
        subject: listener.subject,
        evidence: `${listener.pool} has no member left that can be a target, the mirror has ${count(there.length, 'target')}: they stay registered`,
        remedy: remedy('they were taken out'),
        allowable: true,
        holds: ids(removals.filter((change) => portOf(change) === listener.port)),
      },
    ]
  })
})
