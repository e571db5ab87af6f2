import type { HealthMonitorRow, MemberRow, Octavia, Operating, PoolRow, Row } from './model.ts'
import { TABLES } from './model.ts'
import { stamp } from './ids.ts'

/**
 * What Octavia's health manager would say: operating statuses, from the monitors, the switches and what does not
 * answer. An object is bumped only when its own status changes.
 */

function memberStatus(member: MemberRow, monitor: HealthMonitorRow | undefined, down: ReadonlySet<string>): Operating {
  if (!member.admin_state_up) return 'OFFLINE'
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

/** Rows by what they hang on: a heartbeat passes over each row once, however large the cloud is. */
function under<R extends Row>(table: Record<string, R>, parent: (row: R) => string): (id: string) => readonly R[] {
  const found = new Map<string, R[]>()
  for (const row of Object.values(table)) {
    const rows = found.get(parent(row))
    if (rows === undefined) found.set(parent(row), [row])
    else rows.push(row)
  }
  return (id) => found.get(id) ?? []
}

/** Operating status by id, of everything below load balancers that are not in ERROR. */
function statuses(o: Octavia, down: ReadonlySet<string>): Map<string, Operating> {
  const found = new Map<string, Operating>()
  const switched = (row: Row): Operating => (row.admin_state_up ? 'ONLINE' : 'OFFLINE')
  const pools = under(o.pools, (row) => row.loadbalancer_id)
  const members = under(o.members, (row) => row.pool_id)
  const monitors = under(o.healthmonitors, (row) => row.pool_id)
  const listeners = under(o.listeners, (row) => row.loadbalancer_id)
  const policies = under(o.l7policies, (row) => row.listener_id)
  const rules = under(o.rules, (row) => row.l7policy_id)
  for (const balancer of Object.values(o.loadbalancers)) {
    if (balancer.provisioning_status === 'ERROR') continue
    const seen = pools(balancer.id).map((pool) => {
      const [monitor] = monitors(pool.id)
      if (monitor !== undefined) found.set(monitor.id, switched(monitor))
      const each = members(pool.id).map((member) => {
        const status = memberStatus(member, monitor, down)
        found.set(member.id, status)
        return status
      })
      const status = poolStatus(pool, each)
      found.set(pool.id, balancer.admin_state_up ? status : 'OFFLINE')
      return status
    })
    for (const listener of listeners(balancer.id)) {
      found.set(listener.id, balancer.admin_state_up ? switched(listener) : 'OFFLINE')
      for (const policy of policies(listener.id)) {
        found.set(policy.id, switched(policy))
        for (const rule of rules(policy.id)) found.set(rule.id, switched(rule))
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
