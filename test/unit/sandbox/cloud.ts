import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import { keystone } from '../../../src/lib/sandbox/openstack/keystone.ts'
import type { OpenStackState } from '../../../src/lib/sandbox/openstack/model.ts'
import { octavia } from '../../../src/lib/sandbox/openstack/octavia.ts'
import { initialOpenStack } from '../../../src/lib/sandbox/openstack/seed.ts'
import type { Service, WireRequest, WireResponse } from '../../../src/lib/sandbox/service.ts'
import { defaultWorld } from '../../../src/lib/sandbox/world.ts'

/** The services without a socket: state, time and what is down are in the test's hand. */

export const NOW = Date.parse('2026-11-22T20:00:00Z')

export const LB = '/v2/lbaas'
export const SHOP_WEB = '5f0c7c1e-0000-4000-8000-000000000001'
export const WEB_LISTENER = '5f0c7c1e-0000-4000-8000-000000000080'
export const WEB_POOL = '5f0c7c1e-0000-4000-8000-000000000180'
export const TLS_POOL = '5f0c7c1e-0000-4000-8000-000000000543'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Parsed, or the text as it is. */
  readonly body: Json
}

/** Reaches into JSON; throws where the path ends. */
export function at(value: Json, ...path: readonly (string | number)[]): Json {
  let here: Json = value
  for (const step of path) {
    const next: Json | undefined = (here as Record<string | number, Json>)[step]
    if (next === undefined) throw new Error(`no ${step} in ${JSON.stringify(here)}`)
    here = next
  }
  return here
}

export const list = (value: Json): JsonObject[] => value as unknown as JsonObject[]

const parsed = (text: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

export const passwordAuth = (user: string, project: string | null, password = 'sandbox'): JsonObject => ({
  auth: {
    identity: { methods: ['password'], password: { user: { name: user, domain: { id: 'default' }, password } } },
    ...(project === null
      ? { scope: 'unscoped' }
      : { scope: { project: { name: project, domain: { id: 'default' } } } }),
  },
})

export interface Cloud {
  now: number
  down: ReadonlySet<string>
  state: OpenStackState
  keystone(method: string, path: string, body?: Json, headers?: Record<string, string>): Answer
  login(user: string, project: string | null): string
  /** Octavia, as the operator unless told. `path` is below `/v2/lbaas`, unless it begins with `=`. */
  call(method: string, path: string, body?: Json, token?: string | null): Answer
  get(path: string): Answer
  /** The rows of a list. */
  rows(path: string): JsonObject[]
}

export function cloud(section: JsonObject = defaultWorld().openstack): Cloud {
  const ask = (
    service: Service<OpenStackState>,
    base: string,
    request: Partial<WireRequest> & { url: string },
  ): Answer => {
    const url = new URL(request.url, base)
    const wire: WireRequest = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers ?? {},
      body: request.body ?? '',
      baseUrl: base,
    }
    const { state, response }: { state: OpenStackState; response: WireResponse } = service(self.state, wire, self)
    self.state = state
    return { ...response, body: parsed(response.body) }
  }
  let operator: string | null = null
  const self: Cloud = {
    now: NOW,
    down: new Set(),
    state: initialOpenStack(section, NOW),
    keystone: (method, url, body, headers = {}) =>
      ask(keystone, 'http://127.0.0.1:5000', {
        method,
        url,
        headers,
        body: body === undefined ? '' : JSON.stringify(body),
      }),
    login(user, project) {
      const answer = self.keystone('POST', '/v3/auth/tokens', passwordAuth(user, project))
      const token = answer.headers['x-subject-token']
      if (token === undefined) throw new Error(`login: ${JSON.stringify(answer)}`)
      return token
    },
    call(method, path, body, token) {
      const name = self.state.identity.projects[0]?.name ?? ''
      const sent = token === undefined ? (operator ??= self.login('operator', name)) : token
      return ask(octavia, 'http://127.0.0.1:9876', {
        method,
        url: path.startsWith('=') ? path.slice(1) : `${LB}${path}`,
        headers: { accept: 'application/json', ...(sent === null ? {} : { 'x-auth-token': sent }) },
        body: body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
      })
    },
    get: (path) => self.call('GET', path),
    rows(path) {
      const { body } = self.get(path)
      return list(Object.values(body as JsonObject)[0] ?? [])
    },
  }
  return self
}
