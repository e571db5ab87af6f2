import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import { PENDING_MS } from '../../../src/lib/sandbox/openstack/lifecycle.ts'
import { at, cloud, type Cloud, SHOP_WEB, WEB_LISTENER, WEB_POOL } from './cloud.ts'

/**
 * Certificates and authorities, of which the real lane's certificate driver understands too little to be asked. The
 * words are those of the documented service's own checks; what both can show is in test/contract/octavia.
 */

const CERTIFICATE = 'https://barbican.example.jp/v1/containers/1'
const AUTHORITY = 'https://barbican.example.jp/v1/containers/2'
const REVOKED = 'https://barbican.example.jp/v1/containers/3'

const settled = (world: Cloud) => {
  world.now += PENDING_MS
}

function made(over: JsonObject = {}): { world: Cloud; id: string } {
  const world = cloud()
  const listener = {
    loadbalancer_id: SHOP_WEB,
    protocol: 'TERMINATED_HTTPS',
    protocol_port: 8443,
    default_tls_container_ref: CERTIFICATE,
    ...over,
  }
  const answer = world.call('POST', '/listeners', { listener })
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  settled(world)
  return { world, id: String(at(answer.body, 'listener', 'id')) }
}

/** What an update answers: the fields asked for, or the refusal. */
function updated(world: Cloud, path: string, change: JsonObject): Json {
  const [kind = ''] = /^\/(listener|pool)/.exec(path)?.slice(1) ?? []
  const { status, body } = world.call('PUT', path, { [kind]: change })
  if (status !== 200) return `${status} ${String(at(body, 'faultstring'))}`
  settled(world)
  return Object.fromEntries(Object.keys(change).map((key) => [key, at(body, kind, key)]))
}

const NO_CA =
  '400 Validation failure: A client authentication CA reference is required to specify a client authentication revocation list.'

describe('clients that must show a certificate', () => {
  it('are asked for one that an authority signed, less what it revoked', () => {
    const asked = {
      client_authentication: 'MANDATORY',
      client_ca_tls_container_ref: AUTHORITY,
      client_crl_container_ref: REVOKED,
    }
    const { world, id } = made(asked)
    expect(at(world.get(`/listeners/${id}`).body, 'listener')).toMatchObject(asked)
    const none = { client_authentication: null, client_ca_tls_container_ref: null, client_crl_container_ref: null }
    world.call('PUT', `/listeners/${id}`, { listener: none })
    expect(at(world.get(`/listeners/${id}`).body, 'listener')).toMatchObject({ ...none, client_authentication: 'NONE' })
  })

  it('cannot be asked without an authority, nor anything be revoked', () => {
    const { world, id } = made()
    expect(updated(world, `/listeners/${id}`, { client_authentication: 'OPTIONAL' })).toBe(
      '400 Validation failure: Client authentication setting OPTIONAL requires a client CA container reference.',
    )
    expect(updated(world, `/listeners/${id}`, { client_crl_container_ref: REVOKED })).toBe(NO_CA)
    expect(updated(world, `/listeners/${id}`, { client_ca_tls_container_ref: AUTHORITY })).toEqual({
      client_ca_tls_container_ref: AUTHORITY,
    })
    // Now that the authority is there, both go.
    const both = { client_authentication: 'OPTIONAL', client_crl_container_ref: REVOKED }
    expect(updated(world, `/listeners/${id}`, both)).toEqual(both)
  })
})

describe('a listener that ends TLS, changed', () => {
  it.each<[string, JsonObject, string]>([
    ['no version', { tls_versions: [] }, 'Empty TLS version list.'],
    ['no ALPN protocol', { alpn_protocols: [] }, 'Empty ALPN protocol list.'],
    ['an unknown version', { tls_versions: ['TLSv9'] }, 'Invalid TLS versions: TLSv9'],
    ['a cipher with a space', { tls_ciphers: 'A B' }, 'Invalid characters in cipher string.'],
    ['HSTS for subdomains without an age', { hsts_include_subdomains: true }, 'Cannot enable hsts_include_subdomains'],
    ['a header that nobody knows', { insert_headers: { a: 'true' } }, "['a'] is not a valid option"],
  ])('refuses %s, and stays as it was', (_what, change, said) => {
    const { world, id } = made({ hsts_max_age: null })
    const before = world.get(`/listeners/${id}`).body
    expect(updated(world, `/listeners/${id}`, change)).toContain(said)
    expect(world.get(`/listeners/${id}`).body).toEqual(before)
  })

  it('with an age, HSTS is for subdomains too', () => {
    const { world, id } = made({ hsts_max_age: 60 })
    expect(updated(world, `/listeners/${id}`, { hsts_include_subdomains: true })).toEqual({
      hsts_include_subdomains: true,
    })
  })

  it.each<[string, JsonObject, string]>([
    ['a certificate', { default_tls_container_ref: CERTIFICATE }, 'Certificate container references are not allowed'],
    ['HSTS', { hsts_max_age: 60 }, 'The HSTS feature can only be used for listeners using the TERMINATED_HTTPS'],
    ['headers', { insert_headers: { 'X-Forwarded-For': 'true' } }, 'insert-headers is not a valid option for a TCP'],
  ])('one that ends none refuses %s', (_what, change, said) => {
    expect(updated(cloud(), `/listeners/${WEB_LISTENER}`, change)).toContain(said)
  })
})

describe('a pool that speaks TLS', () => {
  it('trusts an authority, less what it revoked, which needs the authority as long as it is there', () => {
    const world = cloud()
    const path = `/pools/${WEB_POOL}`
    expect(updated(world, path, { crl_container_ref: REVOKED })).toBe(
      '400 Validation failure: A CA reference is required to specify a certificate revocation list.',
    )
    const both = { ca_tls_container_ref: AUTHORITY, crl_container_ref: REVOKED, tls_enabled: true }
    expect(updated(world, path, both)).toEqual(both)
    expect(updated(world, path, { ca_tls_container_ref: null })).toBe(
      '400 Validation failure: A CA reference cannot be removed when a certificate revocation list is present.',
    )
    const gone = { ca_tls_container_ref: null, crl_container_ref: null }
    expect(updated(world, path, gone)).toEqual(gone)
  })

  it('loses its ALPN protocols to a null, where versions and ciphers get their defaults', () => {
    const world = cloud()
    updated(world, `/pools/${WEB_POOL}`, { alpn_protocols: ['h2'], tls_versions: ['TLSv1.1'], tls_ciphers: 'A' })
    expect(
      updated(world, `/pools/${WEB_POOL}`, { alpn_protocols: null, tls_versions: null, tls_ciphers: null }),
    ).toEqual({
      alpn_protocols: null,
      tls_versions: ['TLSv1.2', 'TLSv1.3'],
      tls_ciphers: expect.stringContaining('TLS_AES_128_GCM_SHA256'),
    })
  })

  it('its persistence keeps its type where an update leaves it out', () => {
    const world = cloud()
    const path = `/pools/${WEB_POOL}`
    expect(updated(world, path, { session_persistence: { cookie_name: 'a' } })).toBe(
      '400 Validation failure: Invalid session_persistence provided.',
    )
    updated(world, path, { session_persistence: { type: 'APP_COOKIE', cookie_name: 'a' } })
    expect(updated(world, path, { session_persistence: { cookie_name: 'b' } })).toEqual({
      session_persistence: {
        type: 'APP_COOKIE',
        cookie_name: 'b',
        persistence_timeout: null,
        persistence_granularity: null,
      },
    })
    expect(updated(world, path, { session_persistence: null })).toEqual({ session_persistence: null })
  })
})
