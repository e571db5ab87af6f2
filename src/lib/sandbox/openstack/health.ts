import type { MemberRow, Octavia, Operating, PoolRow, Row } from './model.ts'
import { TABLES } from './model.ts'
import { stamp } from './ids.ts'
import { membersOf, monitorOf, where } from './views.ts'

/**
 * What Octavia's health manager would say: operating statuses, from the monitors, the switches and what does not
 * answer. An object is bumped only when its own status changes.
 */

function memberStatus(o: Octavia, member: MemberRow, down: ReadonlySet<string>): Operating {
  if (!member.admin_state_up) return 'OFFLINE'
  const monitor = monitorOf(o, member.pool_id)
  if (monitor === undefined || !monitor.admin_state_up) return 'NO_MONITOR'
  if (member.weight === 0) return 'DRAINING'
  const checked = `${member.monitor_address ?? member.address}:${member.monitor_port ?? member.protocol_port}`
  return down.has(checked) || down.has(`${member.address}:${member.protocol_port}`) ? 'ERROR' : 'ONLINE'
}

function poolStatus(pool: PoolRow, members: readonly Operating[]): Operating {
  if (!pool.admin_state_up) return 'OFFLINE'
  const failed = members.filter((status) => status === 'ERROR').length
  if (failed === 0) return 'ONLINE'
  return members.includes('ONLINE') ? 'DEGRADED' : 'ERROR'
}

const worst = (statuses: readonly Operating[]): Operating =>
  statuses.includes('ERROR') ? 'ERROR' : statuses.includes('DEGRADED') ? 'DEGRADED' : 'ONLINE'

/** Operating status by id, of everything below load balancers that are not in ERROR. */
function statuses(o: Octavia, down: ReadonlySet<string>): Map<string, Operating> {
  const found = new Map<string, Operating>()
  const switched = (row: Row): Operating => (row.admin_state_up ? 'ONLINE' : 'OFFLINE')
  for (const balancer of Object.values(o.loadbalancers)) {
    if (balancer.provisioning_status === 'ERROR') continue
    const pools = where(o.pools, (pool) => pool.loadbalancer_id === balancer.id)
    const seen: Operating[] = []
    for (const pool of pools) {
      const members = membersOf(o, pool.id)
      for (const member of members) found.set(member.id, memberStatus(o, member, down))
      const monitor = monitorOf(o, pool.id)
      if (monitor !== undefined) found.set(monitor.id, switched(monitor))
      const status = poolStatus(
        pool,
        members.map((member) => found.get(member.id) ?? 'OFFLINE'),
      )
      found.set(pool.id, balancer.admin_state_up ? status : 'OFFLINE')
      seen.push(status)
    }
    for (const listener of where(o.listeners, (one) => one.loadbalancer_id === balancer.id)) {
      found.set(listener.id, balancer.admin_state_up ? switched(listener) : 'OFFLINE')
      for (const policy of where(o.l7policies, (one) => one.listener_id === listener.id)) {
        found.set(policy.id, switched(policy))
        for (const rule of where(o.rules, (one) => one.l7policy_id === policy.id)) found.set(rule.id, switched(rule))
      }
    }
    found.set(balancer.id, balancer.admin_state_up ? worst(seen) : 'OFFLINE')
  }
  return found
}

/** One heartbeat at `at` (ms). The same value comes back when nothing changed. */
export function heartbeat(o: Octavia, at: number, down: ReadonlySet<string>): Octavia {
  const found = statuses(o, down)
  const beaten = (table: Record<string, Row>): Record<string, Row> | null => {
    const due: [string, Row][] = []
    for (const row of Object.values(table)) {
      const status = found.get(row.id)
      if (status === undefined || row.provisioning_status !== 'ACTIVE' || status === row.operating_status) continue
      due.push([row.id, { ...row, operating_status: status, updated_at: stamp(at) }])
    }
    return due.length === 0 ? null : { ...table, ...Object.fromEntries(due) }
  }
  const changed = TABLES.flatMap((name) => {
    const table = beaten(o[name])
    return table === null ? [] : [[name, table] as const]
  })
  return changed.length === 0 ? o : { ...o, ...Object.fromEntries(changed) }
}
