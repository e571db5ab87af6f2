import type { Json } from '../../core/json.ts'
import type { WireResponse } from '../service.ts'
import { addMember } from './build.ts'
import type { Write } from './draft.ts'
import { around } from './draft.ts'
import type { Body } from './fields.ts'
import { created, isObject, plain, rooted, updated } from './fields.ts'
import { LOAD_BALANCERS, MEMBERS } from './kinds.ts'
import { pend } from './lifecycle.ts'
import type { MemberRow, PoolRow, Row } from './model.ts'
import { rowOf } from './reads.ts'
import { empty, fault, notFound, reply } from './reply.ts'
import { MEMBER } from './schema.ts'
import { member as show, membersOf } from './views.ts'

/** Marks what a member change touches; 409 names the pool, not the load balancer. */
function touch(w: Write, pool: PoolRow): void {
  const balancer = rowOf(w.o, LOAD_BALANCERS, pool.loadbalancer_id)
  if (balancer.provisioning_status !== 'ACTIVE') {
    throw fault(409, `Pool ${pool.id} is immutable and cannot be updated.`)
  }
  const rows: Row[] = [...around(w, pool, balancer), pool]
  pend(rows, w.making.now)
}

function memberOf(w: Write, pool: PoolRow, id: string): MemberRow {
  const row = membersOf(w.o, pool.id).find((one) => one.id === id)
  if (row === undefined) throw notFound(MEMBERS.words, id)
  return row
}

export function createMember(w: Write, pool: PoolRow): WireResponse {
  const row = addMember(w.o, pool, rooted(w.request.body, 'member'), w.making)
  touch(w, pool)
  return reply(201, { member: show(w.o, row) })
}

export function updateMember(w: Write, pool: PoolRow, id: string): WireResponse {
  const body = updated('member_.member', MEMBER, rooted(w.request.body, 'member'))
  const row = memberOf(w, pool, id)
  touch(w, pool)
  Object.assign(row, body)
  pend([row], w.making.now)
  return reply(200, { member: show(w.o, row) })
}

export function deleteMember(w: Write, pool: PoolRow, id: string): WireResponse {
  const row = memberOf(w, pool, id)
  touch(w, pool)
  pend([row], w.making.now, 'PENDING_DELETE')
  return empty(204)
}

function batch(text: string): Body[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw fault(400, 'Request is not in valid JSON format')
  }
  const given: Json | undefined = isObject(parsed) ? parsed['members'] : undefined
  if (!Array.isArray(given)) throw fault(500, "'UnsetType' object is not iterable")
  return (given as Json[]).filter(isObject)
}

/**
 * Replaces all members of a pool by address and port: what stays gets every field anew (its weight is 1 again when
 * the body says none), what is missing goes, unless `additive_only=true`.
 */
export function batchMembers(w: Write, pool: PoolRow): WireResponse {
  const additive = ['true', '1'].includes((w.request.query.get('additive_only') ?? '').toLowerCase())
  const bodies = batch(w.request.body).map((body) => ({ given: body, whole: created('member_.member', MEMBER, body) }))
  const key = (one: { readonly address?: Json; readonly protocol_port?: Json }): string =>
    `${plain(one.address)} ${plain(one.protocol_port)}`
  const wanted = new Set(bodies.map((body) => key(body.whole)))
  if (wanted.size < bodies.length) {
    throw fault(400, 'Validation failure: Member must be updated only once in the same request.')
  }
  const before = membersOf(w.o, pool.id)
  const gone = additive ? [] : before.filter((row) => !wanted.has(key(row)))
  if (bodies.length + gone.length > 0) touch(w, pool)
  for (const { given, whole } of bodies) {
    const row = before.find((one) => key(one) === key(whole))
    if (row === undefined) {
      addMember(w.o, pool, given, w.making)
      continue
    }
    const { name, admin_state_up, weight, backup, monitor_address, monitor_port, tags } = whole
    Object.assign(row, { name, admin_state_up, weight, backup, monitor_address, monitor_port, tags })
    pend([row], w.making.now)
  }
  pend(gone, w.making.now, 'PENDING_DELETE')
  return empty(202)
}
