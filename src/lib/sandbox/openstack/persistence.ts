import type { Json } from '../../core/json.ts'
import type { Body } from './fields.ts'
import { created, isObject, plain } from './fields.ts'
import type { SessionPersistence } from './model.ts'
import { fault } from './reply.ts'
import { SESSION_PERSISTENCE } from './schema.ts'

/** A pool's session persistence: its own little object, with rules of its own. */

const ARGUMENT = 'pool_.pool.session_persistence'

const refused = (detail: string): Error => fault(400, `Validation failure: ${detail}`)

/** Characters that no cookie's name may have. */
const BAD_COOKIE = /["(),/:-@[-\]{}]/

/**
 * A session persistence as it is stored; null: none. `whole` refuses the pool's body as a whole; `before` is what the
 * pool had, whose type an update may leave out.
 */
export function persistence(
  given: Json | undefined,
  protocol: string,
  whole: (why: string) => Error,
  before?: SessionPersistence | null,
): SessionPersistence | null {
  if (given === undefined || given === null) return null
  if (!isObject(given))
    throw fault(500, `'${typeof given === 'string' ? 'str' : 'int'}' object has no attribute 'keys'`)
  const type = given['type'] ?? before?.type
  // In an update the type is not mandatory, and its absence is another refusal.
  if (before !== undefined && type === undefined) throw refused('Invalid session_persistence provided.')
  const body = created(ARGUMENT, SESSION_PERSISTENCE, type === undefined ? given : { ...given, type }, whole)
  const stored = body as SessionPersistence
  if (protocol === 'UDP' || protocol === 'SCTP') checkDatagram(stored)
  else if (lasts(body)) {
    const pools = before === undefined ? 'UDP and SCTP' : 'UDP'
    throw refused(`persistence_timeout and persistence_granularity is only for ${pools} protocol pools.`)
  }
  checkCookie(stored)
  return stored
}

const lasts = (body: Body): boolean =>
  (body['persistence_timeout'] ?? 0) !== 0 || plain(body['persistence_granularity'] ?? '') !== ''

function checkDatagram({ type, cookie_name }: SessionPersistence): void {
  if (type === 'SOURCE_IP' && cookie_name !== null) {
    throw refused(
      'session_persistence SOURCE_IP type for UDP and SCTP protocols only accepts: type, persistence_timeout, persistence_granularity.',
    )
  }
  if (cookie_name !== null) throw refused('Cookie names are not supported for UDP/SCTP pools.')
  if (type !== 'SOURCE_IP') {
    throw refused(`Session persistence of type ${type} is not supported for UDP/SCTP protocol pools.`)
  }
}

function checkCookie({ type, cookie_name }: SessionPersistence): void {
  if (cookie_name !== null && type !== 'APP_COOKIE') {
    throw refused('Field "cookie_name" can only be specified with session persistence of type "APP_COOKIE".')
  }
  if (cookie_name !== null && BAD_COOKIE.test(cookie_name)) throw refused('Supplied "cookie_name" is invalid.')
  if (type === 'APP_COOKIE' && cookie_name === null) {
    throw refused('Field "cookie_name" must be specified when using the "APP_COOKIE" session persistence type.')
  }
}
