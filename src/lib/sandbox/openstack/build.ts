import type { Json } from '../../core/json.ts'
import {
  checkChildren,
  checkListener,
  checkMember,
  checkPair,
  checkRule,
  monitorBody,
  policyBody,
  poolOf,
} from './checks.ts'
import type { Body, Fields } from './fields.ts'
import { created, isObject, plain, wholeOf } from './fields.ts'
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
import { persistence } from './persistence.ts'
import { fault } from './reply.ts'
import * as schema from './schema.ts'
import { checkNewPoolTls, newTlsDefaults } from './tls.ts'
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
const WORLD_ONLY = [
  'id',
  'provisioning_status',
  'operating_status',
  'created_at',
  'updated_at',
  'flavor_id',
  'availability_zone',
  'vip_vnic_type',
  'vnic_type',
] as const

/** What only a world file may say: in a request it is unknown, or refers to what the sandbox does not have. */
const worldOnly = (making: Making, given: Body, name: (typeof WORLD_ONLY)[number]): string | null => {
  const value = making.settlesAt === null ? given[name] : null
  return typeof value === 'string' ? value : null
}

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
  const { request_sriov: _, ...rest } = body
  const row = {
    vnic_type: worldOnly(making, given, 'vnic_type') ?? 'normal',
    ...rest,
    ...base,
    pool_id: pool.id,
  } as MemberRow
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
  const protocol = plain(rest['protocol'])
  const session_persistence = persistence(rest['session_persistence'], protocol, wholeOf('pool_.pool', given))
  checkNewPoolTls(rest)
  const defaults = making.settlesAt === null ? {} : newTlsDefaults(rest, rest['tls_enabled'] === true)
  const row = { ...rest, ...defaults, ...base, session_persistence, loadbalancer_id: balancer.id } as PoolRow
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
  throw fault(400, `Validation failure: Pool '${given['name']}' was referenced but no full definition was found.`)
}

export function addListener(o: Octavia, balancer: LoadBalancerRow, given: Body, making: Making): ListenerRow {
  const fields = without(schema.LISTENER, 'loadbalancer_id')
  const { body: parsed, base } = parse(making, 'listener_.listener', fields, given)
  const { l7policies, default_pool: inline, ...body } = parsed
  if (isObject(inline)) body['default_pool_id'] = poolOrReference(o, balancer, inline, making).id
  if (typeof body['default_pool_id'] === 'string') {
    checkChildren(plain(body['protocol']))
    checkPair(plain(body['protocol']), poolOf(o, balancer.id, body['default_pool_id']).protocol)
  }
  checkListener(o, balancer, body)
  const row = {
    ...body,
    ...(making.settlesAt === null ? {} : newTlsDefaults(body, body['protocol'] === 'TERMINATED_HTTPS')),
    ...base,
    loadbalancer_id: balancer.id,
  } as ListenerRow
  o.listeners[row.id] = row
  for (const policy of nodes(l7policies)) addPolicy(o, row, policy, making)
  return row
}

/** Additional VIPs, each on a subnet of its own; addresses that are not given are made from the id. */
function vips(given: Json | undefined, first: Json | undefined, seed: string): Vip[] {
  const taken = [first ?? null]
  return nodes(given).map((node, index) => {
    const vip = created('load_balancer.loadbalancer.additional_vips', schema.ADDITIONAL_VIP, node)
    if (taken.includes(vip['subnet_id'] ?? null)) {
      throw fault(400, 'Validation failure: Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.')
    }
    taken.push(vip['subnet_id'] ?? null)
    return {
      subnet_id: plain(vip['subnet_id']),
      ip_address: typeof vip['ip_address'] === 'string' ? vip['ip_address'] : address(`${seed} vip ${index}`),
      port_id: typeof vip['port_id'] === 'string' ? vip['port_id'] : uuidOf(`${seed} vip port ${index}`),
    }
  })
}

const address = (seed: string): string => `198.51.100.${(Number.parseInt(uuidOf(seed).slice(0, 4), 16) % 250) + 2}`

/** The sandbox has no flavors and no availability zones. */
function checkUnknowns(making: Making, body: Body): void {
  if (making.settlesAt === null) return
  if (typeof body['flavor_id'] === 'string') throw fault(400, 'Validation failure: Invalid flavor_id.')
  if (typeof body['availability_zone'] === 'string') throw fault(400, 'Validation failure: Invalid availability zone.')
}

/** Pools of a graph are told apart by their names. */
function checkGraph(making: Making, listeners: Json | undefined, pools: Json | undefined): void {
  if (making.settlesAt === null) return
  const inline = nodes(listeners).flatMap((listener) => [
    listener['default_pool'],
    ...nodes(listener['l7policies']).map((policy) => policy['redirect_pool']),
  ])
  const given = inline.filter(isObject)
  if (given.some((pool) => typeof pool['name'] !== 'string')) {
    throw fault(400, 'Validation failure: Pools must be named when creating a fully populated loadbalancer.')
  }
  const whole = [...nodes(pools), ...given.filter((pool) => Object.keys(pool).length > 1)]
  const names = whole.map((pool) => pool['name'])
  if (new Set(names).size < names.length) {
    throw fault(400, 'Validation failure: Pool names must be unique when creating a fully populated loadbalancer.')
  }
  // A fault of the real one: it looks for its defaults where a graph has no place for them.
  for (const pool of whole) {
    const missing = ['tls_ciphers', 'tls_versions', 'alpn_protocols'].find((name) => !(name in pool))
    if (pool['tls_enabled'] === true && missing !== undefined) throw fault(500, `'${missing}'`)
  }
}

export function addLoadBalancer(o: Octavia, given: Body, making: Making): LoadBalancerRow {
  const { body, base } = parse(making, 'load_balancer.loadbalancer', schema.LOAD_BALANCER, given)
  const { listeners, pools, additional_vips, ...rest } = body
  if (!['vip_port_id', 'vip_network_id', 'vip_subnet_id'].some((name) => typeof rest[name] === 'string')) {
    throw fault(400, 'Validation failure: VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.')
  }
  if (!['amphora', 'octavia'].includes(plain(rest['provider']))) {
    throw fault(400, `Provider '${plain(rest['provider'])}' is not enabled.`)
  }
  checkUnknowns(making, rest)
  checkGraph(making, listeners, pools)
  const row = {
    vip_address: address(base.id),
    vip_port_id: uuidOf(`${base.id} port`),
    vip_network_id: uuidOf(`${base.id} network`),
    vip_subnet_id: null,
    ...rest,
    ...base,
    flavor_id: worldOnly(making, given, 'flavor_id'),
    availability_zone: worldOnly(making, given, 'availability_zone'),
    vip_vnic_type: worldOnly(making, given, 'vip_vnic_type') ?? 'normal',
    provider: 'amphora',
    additional_vips: vips(additional_vips, rest['vip_subnet_id'], base.id),
  } as LoadBalancerRow
  o.loadbalancers[row.id] = row
  for (const pool of nodes(pools)) addPool(o, row, pool, making)
  for (const listener of nodes(listeners)) addListener(o, row, listener, making)
  return row
}
