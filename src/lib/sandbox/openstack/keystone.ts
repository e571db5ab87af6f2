import type { Json, JsonObject } from '../../core/json.ts'
import type { Service, WireRequest, WireResponse } from '../service.ts'
import type { Body } from './fields.ts'
import { isObject } from './fields.ts'
import { hexOf, uuidOf } from './ids.ts'
import type { Identity, IssuedToken, OpenStackState, Project, User } from './model.ts'
import { empty, identityError, isRefusal, reply } from './reply.ts'
import { callerOf, issue, roleId } from './tokens.ts'

/** Keystone v3 as recorded: password, token and application credential; catalogue; revocation. */

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const authUri = (request: WireRequest): string => `${request.baseUrl}/v3`

const unauthorized = (request: WireRequest, message = 'The request you have made requires authentication.'): Error =>
  identityError(401, 'Unauthorized', message, { 'www-authenticate': `Keystone uri="${authUri(request)}"` })

const MALFORMED =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.'

const badRequest = (what: string): Error => identityError(400, 'Bad Request', `${what} ${MALFORMED}`)

const missing = (what: string, place: string): Error => badRequest(`Expecting to find ${what} in ${place}.`)

function catalog({ identity, floatingIps }: OpenStackState, request: WireRequest): Json[] {
  const origin = new URL(request.baseUrl).origin
  const service = (type: string, name: string, url: string): JsonObject => ({
    endpoints: ['internal', 'public', 'admin'].map((kind) => ({
      id: hexOf(`endpoint ${type} ${kind}`),
      interface: kind,
      region_id: identity.region,
      url,
      region: identity.region,
    })),
    id: hexOf(`service ${type}`),
    type,
    name,
  })
  return [
    service('identity', 'keystone', authUri(request)),
    service('load-balancer', 'octavia', `${origin}/load-balancer`),
    ...(floatingIps === null ? [] : [service('network', 'neutron', `${origin}/network`)]),
  ]
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

function tokenBody(state: OpenStackState, issued: IssuedToken, user: User, request: WireRequest): JsonObject {
  const { identity } = state
  const project = identity.projects.find((one) => one.id === issued.projectId)
  const domain = { ...identity.domain }
  const credential = identity.applicationCredentials.find((one) => one.id === issued.credentialId)
  return {
    token: {
      methods: issued.methods,
      user: { domain, id: user.id, name: user.name, password_expires_at: null },
      audit_ids: issued.audit,
      expires_at: iso(issued.expiresAt),
      issued_at: iso(issued.issuedAt),
      ...(project === undefined
        ? {}
        : {
            project: { domain, id: project.id, name: project.name },
            is_domain: false,
            ...(credential === undefined
              ? {}
              : { application_credential: { id: credential.id, name: credential.name, restricted: true } }),
            roles: (user.roles[project.name] ?? []).map((name) => ({ id: roleId(name), name })),
            ...(request.query.has('nocatalog') ? {} : { catalog: catalog(state, request) }),
          }),
    },
  }
}

const inDomain = (identity: Identity, domain: Json | undefined): boolean =>
  isObject(domain) && (domain['id'] === identity.domain.id || domain['name'] === identity.domain.name)

function byPassword(identity: Identity, methods: Body, request: WireRequest): User {
  const password = methods['password']
  if (!isObject(password)) throw missing('password', 'identity')
  const given = password['user']
  if (!isObject(given)) throw missing('user', 'password')
  if (typeof given['id'] !== 'string' && given['domain'] === undefined) throw missing('domain', 'user')
  const user = identity.users.find((one) =>
    typeof given['id'] === 'string'
      ? one.id === given['id']
      : one.name === given['name'] && inDomain(identity, given['domain']),
  )
  if (user === undefined || user.password !== given['password']) throw unauthorized(request)
  return user
}

interface Grant {
  readonly user: User
  readonly project: Project | null
  readonly credentialId: string | null
  readonly methods: string[]
  readonly parent: IssuedToken | null
}

function byCredential(identity: Identity, methods: Body, auth: Body, request: WireRequest): Grant {
  const given = methods['application_credential']
  if (!isObject(given)) throw missing('application_credential', 'identity')
  const owner = isObject(given['user']) ? given['user'] : {}
  const credential = identity.applicationCredentials.find((one) =>
    typeof given['id'] === 'string'
      ? one.id === given['id']
      : one.name === given['name'] && (owner['name'] === one.user || owner['id'] === hexOf(`user ${one.user}`)),
  )
  if (credential === undefined) {
    const named = text(given['id']) || text(given['name'])
    throw identityError(404, 'Not Found', `Could not find Application Credential: ${named}.`)
  }
  const user = identity.users.find((one) => one.name === credential.user)
  if (user === undefined || credential.secret !== given['secret']) throw unauthorized(request)
  if (auth['scope'] !== undefined) {
    throw unauthorized(
      request,
      'Error authenticating with application credential: Application credentials cannot request a scope.',
    )
  }
  const project = identity.projects.find((one) => one.name === credential.project) ?? null
  return { user, project, credentialId: credential.id, methods: ['application_credential'], parent: null }
}

/** The project asked for: by id, or by name and domain; without a scope the user's first; `unscoped`: none. */
function scoped(identity: Identity, user: User, scope: Json | undefined, request: WireRequest): Project | null {
  if (scope === 'unscoped' || (isObject(scope) && 'unscoped' in scope)) return null
  const mine = (project: Project): boolean => (user.roles[project.name] ?? []).length > 0
  if (scope === undefined) return identity.projects.find((one) => one.name === Object.keys(user.roles)[0]) ?? null
  const given = isObject(scope) ? scope['project'] : undefined
  if (!isObject(given)) throw unauthorized(request)
  const found = identity.projects.find((one) =>
    typeof given['id'] === 'string'
      ? one.id === given['id']
      : one.name === given['name'] && inDomain(identity, given['domain']),
  )
  if (found === undefined || !mine(found)) throw unauthorized(request)
  return found
}

const FERNET = 'Could not recognize Fernet token'

function authenticate(state: OpenStackState, request: WireRequest, now: number): Grant {
  let body: unknown
  try {
    body = JSON.parse(request.body)
  } catch {
    throw missing('valid JSON', 'request body')
  }
  const auth = isObject(body) ? body['auth'] : undefined
  if (!isObject(auth)) throw missing('auth', 'request body')
  const identity = auth['identity']
  if (!isObject(identity)) throw badRequest("'identity' is a required property")
  const methods = Array.isArray(identity['methods']) ? (identity['methods'] as Json[]).map(text) : []
  const method = methods[0]
  if (method === undefined) throw badRequest("'methods' is a required property")
  if (method === 'application_credential') return byCredential(state.identity, identity, auth, request)
  if (method === 'password') {
    const user = byPassword(state.identity, identity, request)
    const project = scoped(state.identity, user, auth['scope'], request)
    return { user, project, credentialId: null, methods: ['password'], parent: null }
  }
  if (method !== 'token' || !isObject(identity['token'])) throw missing(method, 'identity')
  const given = text(identity['token']['id'])
  const parent = state.identity.tokens[given]
  const caller = callerOf(state.identity, given, now)
  if (parent === undefined || caller === null) throw identityError(404, 'Not Found', FERNET)
  const project =
    auth['scope'] === undefined ? caller.project : scoped(state.identity, caller.user, auth['scope'], request)
  const inherited = [...new Set(['token', ...parent.methods])]
  return { user: caller.user, project, credentialId: parent.credentialId, methods: inherited, parent }
}

/** Validate (GET, HEAD) or revoke (DELETE) the token in X-Subject-Token. */
function subject(state: OpenStackState, request: WireRequest, now: number): [OpenStackState, WireResponse] {
  if (callerOf(state.identity, request.headers['x-auth-token'], now) === null) throw unauthorized(request)
  const token = request.headers['x-subject-token'] ?? ''
  const issued = state.identity.tokens[token]
  const caller = callerOf(state.identity, token, now)
  if (issued === undefined || caller === null) throw identityError(404, 'Not Found', FERNET)
  if (request.method === 'DELETE') {
    const { [token]: _, ...tokens } = state.identity.tokens
    return [{ ...state, identity: { ...state.identity, tokens } }, empty(204)]
  }
  const answer = reply(200, tokenBody(state, issued, caller.user, request), { 'x-subject-token': token })
  return [state, request.method === 'HEAD' ? { ...answer, body: '' } : answer]
}

const version = (request: WireRequest): JsonObject => ({
  id: 'v3.14',
  status: 'stable',
  updated: '2020-04-07T00:00:00Z',
  links: [{ rel: 'self', href: `${authUri(request)}/` }],
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
})

function route(state: OpenStackState, request: WireRequest, now: number): [OpenStackState, WireResponse] {
  const path = request.path.replace(/\/+$/, '')
  if (path === '') {
    return [state, reply(300, { versions: { values: [version(request)] } }, { location: `${authUri(request)}/` })]
  }
  if (path === '/v3') return [state, reply(200, { version: version(request) })]
  if (path === '/v3/auth/tokens' && request.method === 'POST') {
    const { user, project, credentialId, methods, parent } = authenticate(state, request, now)
    const made = issue(state, { methods, userId: user.id, projectId: project?.id ?? null, credentialId, parent }, now)
    const issued = made.state.identity.tokens[made.token]
    if (issued === undefined) throw unauthorized(request)
    const body = tokenBody(made.state, issued, user, request)
    return [made.state, reply(201, body, { 'x-subject-token': made.token })]
  }
  if (path === '/v3/auth/tokens') return subject(state, request, now)
  if (path === '/v3/auth/catalog') {
    const caller = callerOf(state.identity, request.headers['x-auth-token'], now)
    if (caller === null) throw unauthorized(request)
    return [state, reply(200, { catalog: caller.project === null ? [] : catalog(state, request) })]
  }
  return [state, NOWHERE]
}

/** Of its web framework, so not JSON. */
const NOWHERE: WireResponse = {
  status: 404,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n',
}

/** Identity, below `/identity`. */
export const keystone: Service<OpenStackState> = (state, request, { now }) => {
  const common = {
    vary: 'X-Auth-Token',
    'x-openstack-request-id': `req-${uuidOf(`${now} ${state.seq} ${request.path}`)}`,
  }
  try {
    const [next, response] = route(state, request, now)
    return { state: next, response: { ...response, headers: { ...common, ...response.headers } } }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { state, response: { ...error.response, headers: { ...common, ...error.response.headers } } }
  }
}
