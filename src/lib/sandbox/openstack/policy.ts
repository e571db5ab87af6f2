import { callerOf } from './tokens.ts'
import type { Caller } from './tokens.ts'
import type { Project, Row } from './model.ts'
import type { OpenStackState } from './model.ts'
import type { WireRequest } from '../service.ts'
import { fault, identityError } from './reply.ts'

/** Who may do what in Octavia: its default roles, and only in one's own project (admin: in all). */

const READ = ['reader', 'member', 'load-balancer_observer', 'load-balancer_member', 'load-balancer_admin', 'admin']
const WRITE = ['member', 'load-balancer_member', 'load-balancer_admin', 'admin']

export interface Actor extends Caller {
  readonly project: Project
  readonly admin: boolean
}

const forbidden = (): Error => fault(403, 'Policy does not allow this request to be performed.')

/** 401 for a token that is missing, wrong or expired; 403 for one without a project or the role. */
export function actorOf(state: OpenStackState, request: WireRequest, now: number): Actor {
  const caller = callerOf(state.identity, request.headers['x-auth-token'], now)
  if (caller === null) {
    throw identityError(401, 'Unauthorized', 'The request you have made requires authentication.', {
      'www-authenticate': `Keystone uri="${new URL(request.baseUrl).origin}/identity"`,
    })
  }
  const needed = request.method === 'GET' || request.method === 'HEAD' ? READ : WRITE
  if (caller.project === null || !caller.roles.some((role) => needed.includes(role))) throw forbidden()
  return {
    ...caller,
    project: caller.project,
    admin: caller.roles.includes('admin') || caller.roles.includes('load-balancer_admin'),
  }
}

/** 403 for what belongs to another project. */
export function own<R extends Row>(actor: Actor, row: R): R {
  if (!actor.admin && row.project_id !== actor.project.id) throw forbidden()
  return row
}

/** The rows of a list that the caller sees; asking for another project's is 403. */
export function visible<R extends Row>(actor: Actor, rows: readonly R[], request: WireRequest): R[] {
  const asked = request.query.get('project_id')
  if (actor.admin) return [...rows]
  if (asked !== null && asked !== actor.project.id) throw forbidden()
  return rows.filter((row) => row.project_id === actor.project.id)
}

export function adminOnly(actor: Actor): void {
  if (!actor.admin) throw forbidden()
}
