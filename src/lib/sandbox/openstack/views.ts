import type { Json, JsonObject } from '../../core/json.ts'
import type {
  HealthMonitorRow,
  L7PolicyRow,
  ListenerRow,
  LoadBalancerRow,
  MemberRow,
  Octavia,
  PoolRow,
  Row,
  RuleRow,
} from './model.ts'

/** Rows as Octavia answers them: without internal columns, with embedded ids. */

export const where = <R>(table: Record<string, R>, test: (row: R) => boolean): R[] => Object.values(table).filter(test)

const ids = (rows: readonly Row[]): Json => rows.map((row) => ({ id: row.id }))

/** Listeners that send to a pool: by default, or by an L7 policy. */
export function listenersOf(o: Octavia, poolId: string): ListenerRow[] {
  const byPolicy = new Set(
    where(o.l7policies, (policy) => policy.redirect_pool_id === poolId).map((policy) => policy.listener_id),
  )
  return where(o.listeners, (listener) => listener.default_pool_id === poolId || byPolicy.has(listener.id))
}

export const monitorOf = (o: Octavia, poolId: string): HealthMonitorRow | undefined =>
  Object.values(o.healthmonitors).find((monitor) => monitor.pool_id === poolId)

export const policiesOf = (o: Octavia, listenerId: string): L7PolicyRow[] =>
  where(o.l7policies, (policy) => policy.listener_id === listenerId).toSorted((a, b) => a.position - b.position)

export const membersOf = (o: Octavia, poolId: string): MemberRow[] =>
  where(o.members, (member) => member.pool_id === poolId)

export function loadBalancer(o: Octavia, row: LoadBalancerRow): JsonObject {
  const { settles_at: _, additional_vips, ...rest } = row
  return {
    ...rest,
    additional_vips: additional_vips.map((vip) => ({ ...vip })),
    listeners: ids(where(o.listeners, (listener) => listener.loadbalancer_id === row.id)),
    pools: ids(where(o.pools, (pool) => pool.loadbalancer_id === row.id)),
    tenant_id: row.project_id,
  }
}

export function listener(o: Octavia, row: ListenerRow): JsonObject {
  const { settles_at: _, loadbalancer_id, ...rest } = row
  return {
    ...rest,
    loadbalancers: [{ id: loadbalancer_id }],
    l7policies: ids(policiesOf(o, row.id)),
    tenant_id: row.project_id,
  }
}

export function pool(o: Octavia, row: PoolRow): JsonObject {
  const { settles_at: _, loadbalancer_id, session_persistence, ...rest } = row
  const monitor = monitorOf(o, row.id)
  return {
    ...rest,
    session_persistence: session_persistence === null ? null : { ...session_persistence },
    loadbalancers: [{ id: loadbalancer_id }],
    listeners: ids(listenersOf(o, row.id)),
    ...(monitor === undefined ? {} : { healthmonitor_id: monitor.id }),
    members: ids(membersOf(o, row.id)),
    tenant_id: row.project_id,
  }
}

export function member(_o: Octavia, row: MemberRow): JsonObject {
  const { settles_at: _, pool_id: __, ...rest } = row
  return { ...rest, tenant_id: row.project_id }
}

export function healthMonitor(_o: Octavia, row: HealthMonitorRow): JsonObject {
  const { settles_at: _, pool_id, ...rest } = row
  return { ...rest, pools: [{ id: pool_id }], tenant_id: row.project_id }
}

export function l7Policy(o: Octavia, row: L7PolicyRow): JsonObject {
  const { settles_at: _, ...rest } = row
  return { ...rest, rules: ids(where(o.rules, (rule) => rule.l7policy_id === row.id)), tenant_id: row.project_id }
}

export function rule(_o: Octavia, row: RuleRow): JsonObject {
  const { settles_at: _, name: __, l7policy_id: ___, ...rest } = row
  return { ...rest, tenant_id: row.project_id }
}

const heads = (row: Row) => ({
  id: row.id,
  name: row.name,
  operating_status: row.operating_status,
  provisioning_status: row.provisioning_status,
})

function poolStatus(o: Octavia, row: PoolRow): JsonObject {
  const monitor = monitorOf(o, row.id)
  return {
    ...heads(row),
    health_monitor: monitor === undefined ? null : { ...heads(monitor), type: monitor.type },
    members: membersOf(o, row.id).map((one) => ({
      ...heads(one),
      address: one.address,
      protocol_port: one.protocol_port,
    })),
  }
}

/** The status tree of one load balancer. A pool that two listeners use stands under both; one that none uses is missing. */
export function statusTree(o: Octavia, row: LoadBalancerRow): JsonObject {
  const listeners = where(o.listeners, (one) => one.loadbalancer_id === row.id)
  return {
    statuses: {
      loadbalancer: {
        ...heads(row),
        listeners: listeners.map((one) => ({
          ...heads(one),
          pools: where(o.pools, (candidate) => listenersOf(o, candidate.id).some((user) => user.id === one.id))
            .toSorted((a, b) => Number(b.id === one.default_pool_id) - Number(a.id === one.default_pool_id))
            .map((used) => poolStatus(o, used)),
        })),
      },
    },
  }
}

/** What a single-call create answers: everything nested, which a show never does. */
export function graph(o: Octavia, row: LoadBalancerRow): JsonObject {
  return {
    ...loadBalancer(o, row),
    listeners: where(o.listeners, (one) => one.loadbalancer_id === row.id).map((one) => {
      const { loadbalancers: _, ...rest } = listener(o, one)
      return {
        ...rest,
        l7policies: policiesOf(o, one.id).map((policy) => ({
          ...l7Policy(o, policy),
          rules: where(o.rules, (candidate) => candidate.l7policy_id === policy.id).map((each) => rule(o, each)),
        })),
      }
    }),
    pools: where(o.pools, (one) => one.loadbalancer_id === row.id).map((one) => {
      const { loadbalancers: _, healthmonitor_id: __, ...rest } = pool(o, one)
      const monitor = monitorOf(o, one.id)
      return {
        ...rest,
        members: membersOf(o, one.id).map((each) => member(o, each)),
        ...(monitor === undefined ? {} : { healthmonitor: nestedMonitor(o, monitor) }),
      }
    }),
  }
}

function nestedMonitor(o: Octavia, monitor: HealthMonitorRow): JsonObject {
  const { pools: _, ...rest } = healthMonitor(o, monitor)
  return rest
}
