import type { Json, JsonObject } from '../../core/json.ts'
import type { WireRequest, WireResponse } from '../service.ts'
import type { Kind } from './kinds.ts'
import { HEALTH_MONITORS, L7_POLICIES, LISTENERS, LOAD_BALANCERS, MEMBERS, POOLS, RULES, listingOf } from './kinds.ts'
import { list, pick } from './listing.ts'
import type { Octavia, Row } from './model.ts'
import type { Actor } from './policy.ts'
import { adminOnly, own, visible } from './policy.ts'
import { fault, notFound, reply, titled } from './reply.ts'
import { statusTree, where } from './views.ts'

const nothing = (): Error => titled(404, 'Not Found', '')

/** A row of a kind, or 404. */
export function rowOf<R extends Row>(o: Octavia, kind: Kind<R>, id: string): R {
  const table = o[kind.table] as unknown as Record<string, R>
  const row = Object.hasOwn(table, id) ? table[id] : undefined
  if (row === undefined) throw notFound(kind.words, id)
  return row
}

function listed<R extends Row>(o: Octavia, kind: Kind<R>, rows: readonly R[], actor: Actor, request: WireRequest) {
  return reply(200, list(visible(actor, rows, request), request, listingOf(o, kind)))
}

const table = <R extends Row>(o: Octavia, kind: Kind<R>): R[] =>
  Object.values(o[kind.table] as unknown as Record<string, R>)

function shown<R extends Row>(o: Octavia, kind: Kind<R>, row: R, actor: Actor, request: WireRequest): WireResponse {
  return reply(200, { [kind.one]: pick(kind.show(o, own(actor, row)), request.query) })
}

const STATS: JsonObject = { bytes_in: 0, bytes_out: 0, active_connections: 0, total_connections: 0, request_errors: 0 }

const PROVIDERS: readonly JsonObject[] = [
  { name: 'amphora', description: 'The Octavia Amphora driver (sandbox)' },
  { name: 'octavia', description: 'Deprecated alias of the Octavia Amphora driver' },
]

const quota = (projectId: string): Json => ({
  quota: {
    project_id: projectId,
    loadbalancer: -1,
    load_balancer: -1,
    listener: -1,
    member: -1,
    pool: -1,
    healthmonitor: -1,
    health_monitor: -1,
    l7policy: -1,
    l7rule: -1,
    tenant_id: projectId,
  },
})

/** Members of a pool, rules of a policy: a parent that does not exist is the error of another shape. */
export function parentOf<R extends Row>(o: Octavia, kind: Kind<R>, id: string, actor: Actor): R {
  const rows = o[kind.table] as unknown as Record<string, R>
  const row = Object.hasOwn(rows, id) ? rows[id] : undefined
  if (row !== undefined) return own(actor, row)
  throw titled(404, 'Bad Request', `${kind.words.replace('L7 ', 'L7')} ${id} not found.`)
}

function poolPart(o: Octavia, id: string, rest: readonly string[], actor: Actor, request: WireRequest): WireResponse {
  if (rest.length === 0) return shown(o, POOLS, rowOf(o, POOLS, id), actor, request)
  const [part, memberId, more] = rest
  if (part !== 'members' || more !== undefined) throw nothing()
  const pool = parentOf(o, POOLS, id, actor)
  const members = where(o.members, (one) => one.pool_id === pool.id)
  if (memberId === undefined) return listed(o, MEMBERS, members, actor, request)
  const member = members.find((one) => one.id === memberId)
  if (member === undefined) throw notFound(MEMBERS.words, memberId)
  return shown(o, MEMBERS, member, actor, request)
}

function policyPart(o: Octavia, id: string, rest: readonly string[], actor: Actor, request: WireRequest): WireResponse {
  if (rest.length === 0) return shown(o, L7_POLICIES, rowOf(o, L7_POLICIES, id), actor, request)
  const [part, ruleId, more] = rest
  if (part !== 'rules' || more !== undefined) throw nothing()
  const policy = parentOf(o, L7_POLICIES, id, actor)
  const rules = where(o.rules, (one) => one.l7policy_id === policy.id)
  if (ruleId === undefined) return listed(o, RULES, rules, actor, request)
  const rule = rules.find((one) => one.id === ruleId)
  if (rule === undefined) throw notFound(RULES.words, ruleId)
  return shown(o, RULES, rule, actor, request)
}

function balancerPart(o: Octavia, id: string, rest: readonly string[], actor: Actor, request: WireRequest) {
  const row = own(actor, rowOf(o, LOAD_BALANCERS, id))
  if (rest.length === 0) return shown(o, LOAD_BALANCERS, row, actor, request)
  if (rest[0] === 'status' || rest[0] === 'statuses') {
    const [extra] = request.query.keys()
    if (extra !== undefined) throw fault(400, `Unknown argument: "${extra}"`)
    return reply(200, statusTree(o, row))
  }
  if (rest[0] === 'stats') return reply(200, { stats: STATS })
  throw nothing()
}

/** Answers a GET; `parts` is the path below `/v2/lbaas`. */
export function read(o: Octavia, parts: readonly string[], actor: Actor, request: WireRequest): WireResponse {
  const [collection = '', id, ...rest] = parts
  switch (collection) {
    case 'loadbalancers':
      if (id === undefined) return listed(o, LOAD_BALANCERS, table(o, LOAD_BALANCERS), actor, request)
      return balancerPart(o, id, rest, actor, request)
    case 'listeners':
      if (id === undefined) return listed(o, LISTENERS, table(o, LISTENERS), actor, request)
      if (rest[0] === 'stats') {
        own(actor, rowOf(o, LISTENERS, id))
        return reply(200, { stats: STATS })
      }
      if (rest.length > 0) throw nothing()
      return shown(o, LISTENERS, rowOf(o, LISTENERS, id), actor, request)
    case 'pools':
      if (id === undefined) return listed(o, POOLS, table(o, POOLS), actor, request)
      return poolPart(o, id, rest, actor, request)
    case 'healthmonitors':
      if (id === undefined) return listed(o, HEALTH_MONITORS, table(o, HEALTH_MONITORS), actor, request)
      if (rest.length > 0) throw nothing()
      return shown(o, HEALTH_MONITORS, rowOf(o, HEALTH_MONITORS, id), actor, request)
    case 'l7policies':
      if (id === undefined) return listed(o, L7_POLICIES, table(o, L7_POLICIES), actor, request)
      return policyPart(o, id, rest, actor, request)
    case 'providers':
      return reply(200, { providers: PROVIDERS.map((provider) => pick(provider, request.query)) })
    case 'flavors':
      return reply(200, { flavors: [], flavors_links: [] })
    case 'availabilityzones':
      return reply(200, { availability_zones: [], availability_zones_links: [] })
    case 'quotas':
      if (id === undefined) return reply(200, { quotas: [], quotas_links: [] })
      if (id === 'defaults' || id !== actor.project.id) adminOnly(actor)
      return reply(200, quota(id))
    default:
      throw nothing()
  }
}
