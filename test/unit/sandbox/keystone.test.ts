import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import { at, cloud, list, passwordAuth } from './cloud.ts'
import type { Answer, Cloud } from './cloud.ts'
import { ENTRIES, recorded, recordedWorld } from './recorded.ts'

const world = recordedWorld()

const credential = (secret: string, scope?: JsonObject): JsonObject => ({
  auth: {
    identity: {
      methods: ['application_credential'],
      application_credential: { id: '4a155c8bd9d34923af734efdd6a7dcac', secret },
    },
    ...(scope === undefined ? {} : { scope }),
  },
})

const post = (one: Cloud, body: Json, query = ''): Answer => one.keystone('POST', `/v3/auth/tokens${query}`, body)

const tokenAuth = (id: string, scope?: Json): JsonObject => ({
  auth: { identity: { methods: ['token'], token: { id } }, ...(scope === undefined ? {} : { scope }) },
})

/** Everything but ids, times and the order of roles and endpoints. */
function shape(value: Json): Json {
  const text = JSON.stringify(value)
    .replaceAll(/"[0-9a-f]{32}"/g, '"hex"')
    .replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"/g, '"time"')
    .replaceAll(/"audit_ids":\["[\w-]{22}"\]/g, '"audit_ids":["audit"]')
    .replaceAll('http://127.0.0.1:9876/load-balancer', 'http://127.0.0.1:9876')
    .replaceAll('http://127.0.0.1:5000/load-balancer', 'http://127.0.0.1:9876')
  return ordered(JSON.parse(text) as Json)
}

function ordered(value: Json): Json {
  if (Array.isArray(value)) {
    return (value as Json[]).map(ordered).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, ordered(item)]),
  )
}

describe('recorded answers', () => {
  const cases: readonly (readonly [string, (one: Cloud) => Answer])[] = [
    ['keystone-root.json', (one) => one.keystone('GET', '/')],
    ['keystone-v3.json', (one) => one.keystone('GET', '/v3')],
    ['keystone-token-password.json', (one) => post(one, passwordAuth('operator', 'mirror'))],
    ['keystone-token-nocatalog.json', (one) => post(one, passwordAuth('operator', 'mirror'), '?nocatalog')],
    ['keystone-token-unscoped.json', (one) => post(one, passwordAuth('operator', null))],
    ['keystone-token-application-credential.json', (one) => post(one, credential('right'))],
    ['keystone-401-wrong-password.json', (one) => post(one, passwordAuth('operator', 'mirror', 'wrong'))],
    ['keystone-401-no-role-on-project.json', (one) => post(one, passwordAuth('operator', 'other'))],
    ['keystone-401-application-credential-wrong-secret.json', (one) => post(one, credential('nope'))],
    [
      'keystone-401-application-credential-with-scope.json',
      (one) => post(one, credential('right', { project: { name: 'mirror', domain: { id: 'default' } } })),
    ],
  ]

  it.each(cases)('%s', (file, ask) => {
    const entry = ENTRIES.find((candidate) => candidate.file === file)
    const answer = ask(cloud(world))
    expect(answer.status).toBe(entry?.status)
    const given = recorded(file)
    // Of Keystone's own making, and only there.
    if (file.endsWith('with-scope.json')) delete (given as { error: { identity?: unknown } }).error.identity
    expect(shape(answer.body)).toEqual(shape(given))
    const wanted = Object.keys(entry?.headers ?? {}).filter((name) => name !== 'content-length')
    if (wanted.length > 0) expect(Object.keys(answer.headers).toSorted()).toEqual(wanted.toSorted())
  })
})

describe('a token', () => {
  const LIFE = 3600_000

  it('ends after an hour; then it is like an unknown one', () => {
    const one = cloud()
    const token = one.login('operator', 'shop')
    one.now += LIFE - 1
    expect(one.call('GET', '/loadbalancers', undefined, token).status).toBe(200)
    one.now += 1
    const expired = one.call('GET', '/loadbalancers', undefined, token)
    expect(expired.status).toBe(401)
    expect(expired.body).toEqual(one.call('GET', '/loadbalancers', undefined, 'gAAAAABnonsense').body)
    expect(post(one, tokenAuth(token)).status).toBe(404)
  })

  it('gives another one, which ends when the first does, and may change the project', () => {
    const one = cloud()
    const first = one.login('operator', null)
    one.now += 1000
    const answer = post(one, tokenAuth(first, { project: { name: 'shop', domain: { name: 'Default' } } }))
    expect(answer.status).toBe(201)
    expect(at(answer.body, 'token', 'methods')).toEqual(['token', 'password'])
    expect(at(answer.body, 'token', 'project', 'name')).toBe('shop')
    const token = answer.headers['x-subject-token'] ?? ''
    expect(one.call('GET', '/loadbalancers', undefined, token).status).toBe(200)
    one.now += LIFE - 1000
    expect(one.call('GET', '/loadbalancers', undefined, token).status).toBe(401)
  })

  it('can be validated and revoked', () => {
    const one = cloud()
    const [mine, other] = [one.login('operator', 'shop'), one.login('observer', 'shop')]
    const headers = { 'x-auth-token': mine, 'x-subject-token': other }
    const seen = one.keystone('GET', '/v3/auth/tokens', undefined, headers)
    expect([seen.status, at(seen.body, 'token', 'user', 'name')]).toEqual([200, 'observer'])
    expect(one.keystone('DELETE', '/v3/auth/tokens', undefined, headers).status).toBe(204)
    expect(one.keystone('GET', '/v3/auth/tokens', undefined, headers).status).toBe(404)
    expect(one.call('GET', '/loadbalancers', undefined, other).status).toBe(401)
    expect(one.keystone('GET', '/v3/auth/tokens', undefined, { 'x-subject-token': mine }).status).toBe(401)
  })

  it('is never in a body', () => {
    const answer = post(cloud(), passwordAuth('operator', 'shop'))
    const token = answer.headers['x-subject-token'] ?? ''
    expect(token).not.toBe('')
    expect(JSON.stringify(answer.body)).not.toContain(token)
  })
})

describe('authentication', () => {
  it('without a scope takes the first project, as a default project does', () => {
    const { auth } = passwordAuth('operator', 'shop') as { auth: { identity: Json } }
    const answer = post(cloud(), { auth: { identity: auth.identity } })
    expect(at(answer.body, 'token', 'project', 'name')).toBe('shop')
  })

  it('by a credential: by name with its user; its own project; an unknown one is 404', () => {
    const one = cloud()
    const auth = (given: JsonObject) =>
      post(one, { auth: { identity: { methods: ['application_credential'], application_credential: given } } })
    const named = auth({ name: 'nyah', secret: 'sandbox', user: { name: 'operator', domain: { id: 'default' } } })
    expect([named.status, at(named.body, 'token', 'project', 'name')]).toEqual([201, 'shop'])
    expect(auth({ id: 'nope', secret: 'sandbox' }).status).toBe(404)
  })

  it.each([
    ['{}', {}, 'Expecting to find auth in request body.'],
    ['an unknown method', { auth: { identity: { methods: ['magic'] } } }, 'Expecting to find magic in identity.'],
    [
      'a user name without a domain',
      { auth: { identity: { methods: ['password'], password: { user: { name: 'operator', password: 'sandbox' } } } } },
      'Expecting to find domain in user.',
    ],
  ] as const)('%s is 400, and says what is missing', (_, body, why) => {
    const answer = post(cloud(), body)
    expect(answer.status).toBe(400)
    expect(at(answer.body, 'error', 'message')).toContain(why)
  })

  it('the catalogue leads to Octavia without /v2, on three interfaces', () => {
    const catalog = list(at(post(cloud(), passwordAuth('operator', 'shop')).body, 'token', 'catalog'))
    const balancers = catalog.find((service) => service['type'] === 'load-balancer') ?? {}
    expect(list(balancers['endpoints'] ?? []).map((endpoint) => [endpoint['interface'], endpoint['url']])).toEqual([
      ['internal', 'http://127.0.0.1:5000/load-balancer'],
      ['public', 'http://127.0.0.1:5000/load-balancer'],
      ['admin', 'http://127.0.0.1:5000/load-balancer'],
    ])
  })
})
