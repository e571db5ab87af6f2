import type { WireRequest, WireResponse } from '../service.ts'
import type { Making } from './build.ts'
import { addListener, addLoadBalancer, addMonitor, addPolicy, addPool, addRule, place } from './build.ts'
import { checkChildren, checkCidrs, checkMonitorOptions, checkPair, policyBody, poolOf } from './checks.ts'
import type { Write } from './draft.ts'
import { around, mutable } from './draft.ts'
import type { Body, Fields } from './fields.ts'
import { isUuid, plain, rooted, updated, wholeOf } from './fields.ts'
import type { Kind } from './kinds.ts'
import { HEALTH_MONITORS, L7_POLICIES, LISTENERS, LOAD_BALANCERS, POOLS } from './kinds.ts'
import { pend } from './lifecycle.ts'
import { batchMembers, createMember, deleteMember, updateMember } from './member-writes.ts'
import type { HealthMonitorRow, L7PolicyRow, LoadBalancerRow, Octavia, Row } from './model.ts'
import { persistence } from './persistence.ts'
import type { Actor } from './policy.ts'
import { own } from './policy.ts'
import { parentOf, rowOf } from './reads.ts'
import { empty, fault, notFound, reply, titled } from './reply.ts'
import * as schema from './schema.ts'
import { checkListenerUpdateTls, checkPoolUpdateTls, resetTls } from './tls.ts'
import { graph, where } from './views.ts'

/** Every change of Octavia's state. Each works on a draft: a refusal half-way leaves nothing behind. */

const made = <R extends Row>(w: Write, kind: Kind<R>, row: R): WireResponse =>
  reply(201, { [kind.one]: kind.show(w.o, row) })

const changed = <R extends Row>(w: Write, kind: Kind<R>, row: R): WireResponse =>
  reply(200, { [kind.one]: kind.show(w.o, row) })

/** The body of a PUT, checked. */
const change = (w: Write, argument: string, root: string, fields: Fields): Body =>
  updated(`${argument}.${root}`, fields, rooted(w.request.body, root))

/** A required reference in a body: its own message when missing. */
function reference(body: Body, name: string): [id: string, rest: Body] {
  const { [name]: id, ...rest } = body
  if (typeof id === 'string' && isUuid(id)) return [id, rest]
  const why = id === undefined || id === null ? 'Mandatory field missing.' : 'Value should be UUID format'
  throw fault(400, `Invalid input for field/attribute ${name}. Value: '${plain(id)}'. ${why}`)
}

function settled(balancer: LoadBalancerRow, allowed: readonly string[]): void {
  if (allowed.includes(balancer.provisioning_status)) return
  throw fault(409, `Invalid state ${balancer.provisioning_status} of loadbalancer resource ${balancer.id}`)
}

function balancers(w: Write, id: string | undefined): WireResponse {
  if (w.request.method === 'POST') {
    const row = addLoadBalancer(w.o, rooted(w.request.body, 'loadbalancer'), w.making)
    return reply(201, { loadbalancer: graph(w.o, row) })
  }
  const key = id ?? ''
  if (w.request.method === 'PUT') {
    const body = change(w, 'load_balancer', 'loadbalancer', schema.LOAD_BALANCER)
    const row = own(w.actor, rowOf(w.o, LOAD_BALANCERS, key))
    settled(row, ['ACTIVE'])
    Object.assign(row, body)
    pend([row], w.making.now)
    return changed(w, LOAD_BALANCERS, row)
  }
  const row = own(w.actor, rowOf(w.o, LOAD_BALANCERS, key))
  const cascade = ['true', '1'].includes((w.request.query.get('cascade') ?? '').toLowerCase())
  const below = [
    ...where(w.o.listeners, (one) => one.loadbalancer_id === key),
    ...where(w.o.pools, (one) => one.loadbalancer_id === key),
  ]
  if (!cascade && below.length > 0) {
    throw fault(400, `Validation failure: Cannot delete Load Balancer ${key} - it has children`)
  }
  settled(row, ['ACTIVE', 'ERROR'])
  pend([row, ...below], w.making.now, 'PENDING_DELETE')
  return empty(204)
}

function listeners(w: Write, id: string | undefined): WireResponse {
  if (w.request.method === 'POST') {
    const [balancerId, body] = reference(rooted(w.request.body, 'listener'), 'loadbalancer_id')
    // The balancer's existence is judged before its state, the body before both: as the real one does.
    const balancer = own(w.actor, rowOf(w.o, LOAD_BALANCERS, balancerId))
    const row = addListener(w.o, balancer, body, w.making)
    pend([mutable(w, balancerId)], w.making.now)
    return made(w, LISTENERS, row)
  }
  if (w.request.method === 'DELETE') {
    const row = own(w.actor, rowOf(w.o, LISTENERS, id ?? ''))
    pend([mutable(w, row.loadbalancer_id)], w.making.now)
    pend([row], w.making.now, 'PENDING_DELETE')
    return empty(204)
  }
  const body = change(w, 'listener_', 'listener', schema.LISTENER)
  const row = own(w.actor, rowOf(w.o, LISTENERS, id ?? ''))
  const balancer = mutable(w, row.loadbalancer_id)
  const poolId = body['default_pool_id']
  checkListenerUpdateTls(row, body)
  checkCidrs(balancer, body['allowed_cidrs'])
  if (typeof poolId === 'string') {
    checkChildren(row.protocol)
    checkPair(row.protocol, poolOf(w.o, balancer.id, poolId).protocol)
  }
  Object.assign(row, body, resetTls(body, 'listener'))
  if (row.allowed_cidrs?.length === 0) row.allowed_cidrs = null
  pend([balancer, row], w.making.now)
  return changed(w, LISTENERS, row)
}

function createPool(w: Write): WireResponse {
  const given = rooted(w.request.body, 'pool')
  const { loadbalancer_id: balancerId, listener_id: listenerId, ...body } = given
  if ('members' in body || 'healthmonitor' in body) {
    throw fault(500, "'dict' object has no attribute '_sa_instance_state'")
  }
  const listener = typeof listenerId === 'string' ? own(w.actor, rowOf(w.o, LISTENERS, listenerId)) : null
  const home = typeof balancerId === 'string' ? balancerId : listener?.loadbalancer_id
  if (listener !== null && listener.loadbalancer_id !== home) throw notFound('Listener', listener.id)
  if (home === undefined) {
    throw fault(400, 'Validation failure: Must provide at least one of: loadbalancer_id, listener_id')
  }
  const row = addPool(w.o, own(w.actor, rowOf(w.o, LOAD_BALANCERS, home)), body, w.making)
  if (listener !== null) {
    if (listener.default_pool_id !== null) throw fault(409, 'This listener already has a default pool')
    checkPair(listener.protocol, row.protocol)
    listener.default_pool_id = row.id
  }
  pend(around(w, row, mutable(w, home)), w.making.now)
  return made(w, POOLS, row)
}

function pools(w: Write, id: string | undefined): WireResponse {
  if (w.request.method === 'POST') return createPool(w)
  const body = w.request.method === 'PUT' ? change(w, 'pool_', 'pool', schema.POOL) : null
  const row = own(w.actor, rowOf(w.o, POOLS, id ?? ''))
  const balancer = mutable(w, row.loadbalancer_id)
  if (body === null) {
    const user = where(w.o.l7policies, (policy) => policy.redirect_pool_id === row.id)[0]
    if (user !== undefined) throw fault(409, `Pool ${row.id} is in use by L7 policy ${user.id}`)
    pend(around(w, row, balancer), w.making.now)
    pend([row], w.making.now, 'PENDING_DELETE')
    return empty(204)
  }
  if ('session_persistence' in body) {
    const whole = wholeOf('pool_.pool', body)
    body['session_persistence'] = persistence(body['session_persistence'], row.protocol, whole, row.session_persistence)
  }
  Object.assign(body, resetTls(body, 'pool'))
  checkPoolUpdateTls(row, body)
  Object.assign(row, body)
  pend([...around(w, row, balancer), row], w.making.now)
  return changed(w, POOLS, row)
}

function monitors(w: Write, id: string | undefined): WireResponse {
  const { now } = w.making
  if (w.request.method === 'POST') {
    const [poolId, body] = reference(rooted(w.request.body, 'healthmonitor'), 'pool_id')
    const pool = own(w.actor, rowOf(w.o, POOLS, poolId))
    const row = addMonitor(w.o, pool, body, w.making)
    pend([...around(w, pool, mutable(w, pool.loadbalancer_id)), pool], now)
    return made(w, HEALTH_MONITORS, row)
  }
  const body = w.request.method === 'PUT' ? change(w, 'health_monitor_', 'healthmonitor', schema.HEALTH_MONITOR) : null
  const row: HealthMonitorRow = own(w.actor, rowOf(w.o, HEALTH_MONITORS, id ?? ''))
  const pool = rowOf(w.o, POOLS, row.pool_id)
  const rows = [...around(w, pool, mutable(w, pool.loadbalancer_id)), pool]
  if (body === null) {
    pend(rows, now)
    pend([row], now, 'PENDING_DELETE')
    return empty(204)
  }
  checkMonitorOptions(row.type, body)
  Object.assign(row, body)
  pend([...rows, row], now)
  return changed(w, HEALTH_MONITORS, row)
}

function policies(w: Write, id: string | undefined): WireResponse {
  const { now } = w.making
  if (w.request.method === 'POST') {
    const [listenerId, body] = reference(rooted(w.request.body, 'l7policy'), 'listener_id')
    const listener = own(w.actor, rowOf(w.o, LISTENERS, listenerId))
    const row = addPolicy(w.o, listener, body, w.making)
    pend([mutable(w, listener.loadbalancer_id), listener], now)
    return made(w, L7_POLICIES, row)
  }
  const body = w.request.method === 'PUT' ? change(w, 'l7policy_', 'l7policy', schema.L7_POLICY) : null
  const row: L7PolicyRow = own(w.actor, rowOf(w.o, L7_POLICIES, id ?? ''))
  const listener = rowOf(w.o, LISTENERS, row.listener_id)
  const balancer = mutable(w, listener.loadbalancer_id)
  pend([balancer, listener], now)
  if (body === null) {
    pend([row], now, 'PENDING_DELETE')
    return empty(204)
  }
  const target = body['redirect_pool_id']
  if (typeof target === 'string') poolOf(w.o, balancer.id, target)
  const { action, redirect_pool_id, redirect_url, redirect_prefix, redirect_http_code } = row
  const redirect = { action, redirect_pool_id, redirect_url, redirect_prefix, redirect_http_code }
  Object.assign(row, policyBody(listener.protocol, { ...redirect, ...body }))
  if ('position' in body) place(w.o, row)
  pend([row], now)
  return changed(w, L7_POLICIES, row)
}

function rules(w: Write, policyId: string, id: string | undefined): WireResponse {
  const { now } = w.making
  const policy = parentOf(w.o, L7_POLICIES, policyId, w.actor)
  const listener = rowOf(w.o, LISTENERS, policy.listener_id)
  const rows = [mutable(w, listener.loadbalancer_id), listener, policy]
  if (w.request.method === 'POST') {
    const row = addRule(w.o, policy, rooted(w.request.body, 'rule'), w.making)
    pend(rows, now)
    const { name: _, l7policy_id: __, settles_at: ___, ...rest } = row
    return reply(201, { rule: { ...rest, tenant_id: row.project_id } })
  }
  const row = where(w.o.rules, (one) => one.l7policy_id === policy.id && one.id === id)[0]
  if (row === undefined) throw notFound('L7 Rule', id ?? '')
  pend(rows, now)
  if (w.request.method === 'DELETE') {
    pend([row], now, 'PENDING_DELETE')
    return empty(204)
  }
  Object.assign(row, change(w, 'rule_', 'rule', schema.RULE))
  pend([row], now)
  const { name: _, l7policy_id: __, settles_at: ___, ...rest } = row
  return reply(200, { rule: { ...rest, tenant_id: row.project_id } })
}

function members(w: Write, poolId: string, id: string | undefined): WireResponse {
  const pool = parentOf(w.o, POOLS, poolId, w.actor)
  if (id === undefined && w.request.method === 'POST') return createMember(w, pool)
  if (id === undefined) return batchMembers(w, pool)
  return w.request.method === 'PUT' ? updateMember(w, pool, id) : deleteMember(w, pool, id)
}

/** Carries out POST, PUT or DELETE on the draft; `parts` is the path below `/v2/lbaas`. */
export function write(o: Octavia, parts: readonly string[], actor: Actor, request: WireRequest, making: Making) {
  const w: Write = { o, actor, request, making }
  const [collection = '', id, part, partId, more] = parts
  const { method } = request
  if (!['POST', 'PUT', 'DELETE'].includes(method)) throw titled(405, 'Method Not Allowed', '')
  if (more !== undefined) throw titled(404, 'Not Found', '')
  if (collection === 'pools' && id !== undefined && part === 'members') {
    const fits = method === 'POST' ? partId === undefined : method === 'PUT' || partId !== undefined
    if (!fits) throw titled(405, 'Method Not Allowed', '')
    return members(w, id, partId)
  }
  if (collection === 'l7policies' && id !== undefined && part === 'rules') {
    if ((method === 'POST') !== (partId === undefined)) throw titled(405, 'Method Not Allowed', '')
    return rules(w, id, partId)
  }
  const kinds = { loadbalancers: balancers, listeners, pools, healthmonitors: monitors, l7policies: policies }
  const kind = Object.hasOwn(kinds, collection) ? kinds[collection as keyof typeof kinds] : undefined
  if (kind === undefined || part !== undefined) throw titled(404, 'Not Found', '')
  if (method === 'POST' && id !== undefined) throw titled(405, 'Method Not Allowed', '')
  if (method !== 'POST' && id === undefined) throw fault(400, 'Missing argument: "id"')
  return kind(w, id)
}
