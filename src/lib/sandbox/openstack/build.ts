import type { Json } from '../../core/json.ts'
import {
  checkListener,
  checkMember,
  checkPair,
  checkRule,
  monitorBody,
  persistence,
  policyBody,
  poolOf,
} from './checks.ts'
import type { Body, Fields } from './fields.ts'
import { created, isObject, plain } from './fields.ts'
import { stamp, uuidOf } from './ids.ts'
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
  Vip,
} from './model.ts'
import { fault } from './reply.ts'
import * as schema from './schema.ts'
import { monitorOf, policiesOf, where } from './views.ts'

/** How new rows come to be: by a request (pending for a while, new ids), or from a world file (settled, ids given). */
export interface Making {
  readonly now: number
  readonly projectId: string
  /** Null: settled at once. */
  readonly settlesAt: number | null
  /** A new id; `given` is the node of a world file, or the body of a request. */
  readonly id: (given: Body) => string
}

/** What a world file may say about an object beyond what a request may. */
const WORLD_ONLY = ['id', 'provisioning_status', 'operating_status', 'created_at', 'updated_at'] as const

const without = (fields: Fields, ...names: string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))

interface Parsed {
  readonly body: Body
  readonly base: Row
}

function parse(making: Making, argument: string, fields: Fields, given: Body): Parsed {
  const world = making.settlesAt === null
  const rest = world
    ? Object.fromEntries(Object.entries(given).filter(([name]) => !(WORLD_ONLY as readonly string[]).includes(name)))
    : given
  const body = created(argument, fields, rest)
  const extra = (world ? given : {}) as Partial<Row>
  const base: Row = {
    id: making.id(given),
    name: typeof body['name'] === 'string' ? body['name'] : '',
    provisioning_status: extra.provisioning_status ?? (world ? 'ACTIVE' : 'PENDING_CREATE'),
    operating_status: extra.operating_status ?? 'OFFLINE',
    admin_state_up: body['admin_state_up'] === true,
    project_id: making.projectId,
    created_at: extra.created_at ?? stamp(making.now),
    updated_at: extra.updated_at ?? (world ? stamp(making.now) : null),
    tags: body['tags'] as string[],
    settles_at: making.settlesAt,
  }
  delete body['project_id']
  delete body['tenant_id']
  return { body, base }
}

const nodes = (value: Json | undefined): Body[] => (Array.isArray(value) ? (value as Json[]).filter(isObject) : [])

export function addMember(o: Octavia, pool: PoolRow, given: Body, making: Making): MemberRow {
  const { body, base } = parse(making, 'member_.member', schema.MEMBER, given)
  checkMember(o, pool.id, body)
  const row = { vnic_type: 'normal', ...body, ...base, pool_id: pool.id } as MemberRow
  row.operating_status = monitorOf(o, pool.id) === undefined ? 'NO_MONITOR' : 'OFFLINE'
  o.members[row.id] = row
  return row
}

export function addMonitor(o: Octavia, pool: PoolRow, given: Body, making: Making): HealthMonitorRow {
  const fields = without(schema.HEALTH_MONITOR, 'pool_id')
  const { body, base } = parse(making, 'health_monitor_.healthmonitor', fields, given)
  const row = { ...monitorBody(pool, body), ...base, pool_id: pool.id } as HealthMonitorRow
  if (monitorOf(o, pool.id) !== undefined) throw fault(409, 'This pool already has a health monitor')
  o.healthmonitors[row.id] = row
  return row
}

export function addPool(o: Octavia, balancer: LoadBalancerRow, given: Body, making: Making): PoolRow {
  const fields = without(schema.POOL, 'loadbalancer_id', 'listener_id')
  const { body, base } = parse(making, 'pool_.pool', fields, given)
  const { members, healthmonitor, ...rest } = body
  const row = { ...rest, ...base, loadbalancer_id: balancer.id } as PoolRow
  row.session_persistence = persistence(rest['session_persistence'], row.protocol)
  o.pools[row.id] = row
  if (isObject(healthmonitor)) addMonitor(o, row, healthmonitor, making)
  for (const member of nodes(members)) addMember(o, row, member, making)
  return row
}

export function addRule(o: Octavia, policy: L7PolicyRow, given: Body, making: Making): RuleRow {
  const { body, base } = parse(making, 'rule_.rule', schema.RULE, given)
  checkRule(body)
  const row = { ...body, ...base, l7policy_id: policy.id } as RuleRow
  o.rules[row.id] = row
  return row
}

/** Positions of a listener's policies are 1, 2, 3 … without gaps. */
export function place(o: Octavia, row: L7PolicyRow): void {
  const others = policiesOf(o, row.listener_id).filter((policy) => policy.id !== row.id)
  const at = Math.min(row.position, others.length + 1) - 1
  for (const [index, policy] of others.toSpliced(at, 0, row).entries()) policy.position = index + 1
}

export function addPolicy(o: Octavia, listener: ListenerRow, given: Body, making: Making): L7PolicyRow {
  const fields = without(schema.L7_POLICY, 'listener_id')
  const { body: parsed, base } = parse(making, 'l7policy_.l7policy', fields, given)
  const { rules, redirect_pool: inline, ...body } = parsed
  if (isObject(inline)) {
    const balancer = o.loadbalancers[listener.loadbalancer_id]
    if (balancer !== undefined) body['redirect_pool_id'] = poolOrReference(o, balancer, inline, making).id
  }
  const target = body['redirect_pool_id']
  if (typeof target === 'string') poolOf(o, listener.loadbalancer_id, target)
  const row = { ...policyBody(listener.protocol, body), ...base, listener_id: listener.id } as L7PolicyRow
  o.l7policies[row.id] = row
  place(o, row)
  for (const rule of nodes(rules)) addRule(o, row, rule, making)
  return row
}

/** In a graph a pool is given whole, or by the name of one that stands elsewhere in the graph. */
function poolOrReference(o: Octavia, balancer: LoadBalancerRow, given: Body, making: Making): PoolRow {
  const { id: _, ...keys } = given
  if (Object.keys(keys).length > 1 || typeof given['name'] !== 'string') return addPool(o, balancer, given, making)
  const found = where(o.pools, (pool) => pool.loadbalancer_id === balancer.id && pool.name === given['name'])[0]
  if (found !== undefined) return found
  throw fault(400, `Pool '${given['name']}' provided in the request is not defined in it`)
}

/** Octavia's own defaults for what a TERMINATED_HTTPS listener leaves open. */
const TLS = {
  tls_ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'DHE-RSA-AES128-GCM-SHA256',
    'DHE-RSA-AES256-GCM-SHA384',
    'DHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  tls_versions: ['TLSv1.2', 'TLSv1.3'],
  alpn_protocols: ['h2', 'http/1.1', 'http/1.0'],
}

const tlsDefaults = (body: Body): Body =>
  body['protocol'] === 'TERMINATED_HTTPS'
    ? Object.fromEntries(Object.entries(TLS).filter(([name]) => (body[name] ?? null) === null))
    : {}

export function addListener(o: Octavia, balancer: LoadBalancerRow, given: Body, making: Making): ListenerRow {
  const fields = without(schema.LISTENER, 'loadbalancer_id')
  const { body: parsed, base } = parse(making, 'listener_.listener', fields, given)
  const { l7policies, default_pool: inline, ...body } = parsed
  checkListener(o, balancer, body)
  if (isObject(inline)) body['default_pool_id'] = poolOrReference(o, balancer, inline, making).id
  const row = {
    ...body,
    ...(making.settlesAt === null ? {} : tlsDefaults(body)),
    ...base,
    loadbalancer_id: balancer.id,
  } as ListenerRow
  if (row.default_pool_id !== null) {
    checkPair(row.protocol, poolOf(o, balancer.id, row.default_pool_id).protocol)
  }
  o.listeners[row.id] = row
  for (const policy of nodes(l7policies)) addPolicy(o, row, policy, making)
  return row
}

/** Addresses for additional VIPs: in the documentation ranges, made from the id. */
function vips(given: Json | undefined, seed: string): Vip[] {
  return nodes(given).map((vip, index) => ({
    subnet_id: typeof vip['subnet_id'] === 'string' ? vip['subnet_id'] : null,
    ip_address: typeof vip['ip_address'] === 'string' ? vip['ip_address'] : address(`${seed} vip ${index}`),
    port_id: typeof vip['port_id'] === 'string' ? vip['port_id'] : uuidOf(`${seed} vip port ${index}`),
  }))
}

const address = (seed: string): string => `198.51.100.${(Number.parseInt(uuidOf(seed).slice(0, 4), 16) % 250) + 2}`

export function addLoadBalancer(o: Octavia, given: Body, making: Making): LoadBalancerRow {
  const { body, base } = parse(making, 'load_balancer.loadbalancer', schema.LOAD_BALANCER, given)
  const { listeners, pools, additional_vips, ...rest } = body
  if (!['vip_port_id', 'vip_network_id', 'vip_subnet_id'].some((name) => typeof rest[name] === 'string')) {
    throw fault(400, 'Validation failure: VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.')
  }
  if (!['amphora', 'octavia'].includes(plain(rest['provider']))) {
    throw fault(400, `Provider '${plain(rest['provider'])}' is not enabled.`)
  }
  const row = {
    vip_address: address(base.id),
    vip_port_id: uuidOf(`${base.id} port`),
    vip_network_id: uuidOf(`${base.id} network`),
    vip_subnet_id: null,
    vip_vnic_type: 'normal',
    ...rest,
    ...base,
    provider: 'amphora',
    additional_vips: vips(additional_vips, base.id),
  } as LoadBalancerRow
  o.loadbalancers[row.id] = row
  for (const pool of nodes(pools)) addPool(o, row, pool, making)
  for (const listener of nodes(listeners)) addListener(o, row, listener, making)
  return row
}
