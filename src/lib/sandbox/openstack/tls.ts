import type { Json } from '../../core/json.ts'
import type { Body } from './fields.ts'
import type { ListenerRow } from './model.ts'
import { fault } from './reply.ts'

/** TLS, headers and HSTS: what Octavia asks of listeners and pools, in its own order and words. */

const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Octavia's defaults for what a TLS listener or pool leaves open. */
const DEFAULTS = {
  tls_ciphers: CIPHERS,
  tls_versions: ['TLSv1.2', 'TLSv1.3'],
  alpn_protocols: ['h2', 'http/1.1', 'http/1.0'],
} as const

type Default = keyof typeof DEFAULTS

/** The defaults of those of `names` that `body` leaves open. */
function filled(body: Body, names: readonly Default[]): Body {
  const open = names.filter((name) => (body[name] ?? null) === null)
  return Object.fromEntries(
    open.map((name) => [name, typeof DEFAULTS[name] === 'string' ? DEFAULTS[name] : [...DEFAULTS[name]]]),
  )
}

const ALL: readonly Default[] = ['tls_ciphers', 'tls_versions', 'alpn_protocols']

/** What a new listener or pool gets; `offloads`: TERMINATED_HTTPS, or a pool that speaks TLS. */
export const newTlsDefaults = (body: Body, offloads: boolean): Body => (offloads ? filled(body, ALL) : {})

/** A null in an update puts the TLS defaults in, whatever the protocol; a pool's ALPN protocols it takes away. */
export function resetTls(body: Body, kind: 'listener' | 'pool'): Body {
  const names = ALL.filter((name) => name in body && (kind === 'listener' || name !== 'alpn_protocols'))
  return filled(body, names)
}

const VERSIONS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

const invalid = (detail: string): Error => fault(400, `Validation failure: ${detail}`)

const given = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)

export function checkVersions(versions: Json | undefined): void {
  if (!Array.isArray(versions)) return
  if (versions.length === 0) {
    throw invalid(
      'Empty TLS version list. Either specify at least one TLS version or remove this parameter to use the default.',
    )
  }
  const unknown = (versions as string[]).filter((version) => !VERSIONS.includes(version))
  if (unknown.length > 0) throw invalid(`Invalid TLS versions: ${unknown.join(', ')}`)
}

/** Unknown names were refused before: only emptiness is left to judge. */
export function checkAlpn(protocols: Json | undefined): void {
  if (!Array.isArray(protocols) || protocols.length > 0) return
  throw invalid(
    'Empty ALPN protocol list. Either specify at least one ALPN protocol or remove this parameter to use the default.',
  )
}

export function checkCiphers(ciphers: Json | undefined): void {
  if (typeof ciphers !== 'string' || ciphers === '' || /^[A-Za-z0-9\-+!:@=_.]+$/.test(ciphers)) return
  throw invalid('Invalid characters in cipher string. Only alphanumeric, -, +, !, :, @, =, _, and . are allowed.')
}

const HTTP_HEADERS = [
  'X-Forwarded-For',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Forwarded-IP',
  'X-Client-IP',
  'X-Real-IP',
]
const TLS_HEADERS = [
  'X-SSL-Client-Verify',
  'X-SSL-Client-Has-Cert',
  'X-SSL-Client-DN',
  'X-SSL-Client-CN',
  'X-SSL-Issuer',
  'X-SSL-Client-SHA1',
  'X-SSL-Client-Not-Before',
  'X-SSL-Client-Not-After',
]

const python = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`

export function checkHeaders(headers: Json | undefined, protocol: string, update = false): void {
  const names = typeof headers === 'object' && headers !== null ? Object.keys(headers) : []
  if (names.length === 0) return
  if (!['HTTP', 'TERMINATED_HTTPS'].includes(protocol)) {
    throw fault(400, `insert-headers is not a valid option for a ${protocol} protocol listener.`)
  }
  if (names.some((name) => ![...HTTP_HEADERS, ...TLS_HEADERS].includes(name))) {
    const shown = update ? python(names) : `dict_keys(${python(names)})`
    throw fault(400, `${shown} is not a valid option for insert_headers`)
  }
  const tls = names.filter((name) => TLS_HEADERS.includes(name))
  if (protocol !== 'TERMINATED_HTTPS' && tls.length > 0) {
    throw fault(400, `${python(tls)} is not a valid option for ${protocol} protocol listener.`)
  }
}

const datagram = (protocol: string): boolean => protocol === 'UDP' || protocol === 'SCTP'

/** A client's authority by itself does not count. */
const hasReferences = (body: Body): boolean =>
  given(body['default_tls_container_ref']) || given(body['sni_container_refs'])

/** May it end TLS? A PROMETHEUS listener may, once it has a certificate. */
const offloads = (protocol: string, body: Body): boolean =>
  protocol === 'TERMINATED_HTTPS' || (protocol === 'PROMETHEUS' && hasReferences(body))

/** Before it is seen whether the port is free. */
export function checkNewListenerTls(protocol: string, body: Body): void {
  checkHeaders(body['insert_headers'], protocol)
  const certificate = hasReferences(body)
  if (datagram(protocol) && certificate) throw invalid(`${protocol} protocol listener does not support TLS.`)
  const authority = given(body['client_ca_tls_container_ref'])
  const ends = offloads(protocol, body)
  if (!ends && certificate) {
    throw invalid(`Certificate container references are not allowed on ${protocol} protocol listeners.`)
  }
  if (authority && !certificate) {
    throw invalid(
      'An SNI or default certificate container reference must be provided with a client CA container reference.',
    )
  }
  if (ends && !certificate) {
    throw invalid(
      `An SNI or default certificate container reference must be provided for ${protocol} protocol listeners.`,
    )
  }
  if (body['client_authentication'] !== 'NONE' && !authority) {
    throw invalid(
      `Client authentication setting ${String(body['client_authentication'])} requires a client CA container reference.`,
    )
  }
  if (given(body['client_crl_container_ref']) && !authority) throw missingAuthority()
  checkCiphers(body['tls_ciphers'])
}

/** After it. */
export function checkNewListenerVersions(protocol: string, body: Body): void {
  if (offloads(protocol, body)) {
    checkVersions(body['tls_versions'])
    checkAlpn(body['alpn_protocols'])
  }
  const age = typeof body['hsts_max_age'] === 'number'
  if ((body['hsts_include_subdomains'] === true || body['hsts_preload'] === true) && !age) {
    throw invalid(
      'HSTS configuration options hsts_include_subdomains and hsts_preload only make sense if hsts_max_age is set as well.',
    )
  }
  if (age && protocol !== 'TERMINATED_HTTPS') throw onlyTerminated()
}

const missingAuthority = (): Error =>
  invalid('A client authentication CA reference is required to specify a client authentication revocation list.')

const onlyTerminated = (): Error =>
  invalid('The HSTS feature can only be used for listeners using the TERMINATED_HTTPS protocol.')

export function checkListenerUpdateTls(row: ListenerRow, body: Body): void {
  const { protocol } = row
  if (datagram(protocol) && (hasReferences(body) || given(body['insert_headers']))) {
    throw invalid(`${protocol} protocol listener does not support TLS or header insertion.`)
  }
  if (!offloads(protocol, body) && hasReferences(body)) {
    throw invalid(`Certificate container references are not allowed on ${protocol} protocol listeners.`)
  }
  const authority = given(body['client_ca_tls_container_ref']) || row.client_ca_tls_container_ref !== null
  const authentication = body['client_authentication'] ?? 'NONE'
  if (authentication !== 'NONE' && !authority) {
    throw invalid(`Client authentication setting ${String(authentication)} requires a client CA container reference.`)
  }
  checkHeaders(body['insert_headers'], protocol, true)
  const revocations = given(body['client_crl_container_ref']) || row.client_crl_container_ref !== null
  if (revocations && !authority) throw missingAuthority()
  checkCiphers(body['tls_ciphers'])
  checkVersions(body['tls_versions'])
  checkAlpn(body['alpn_protocols'])
  const age = typeof body['hsts_max_age'] === 'number'
  const more = body['hsts_include_subdomains'] === true || body['hsts_preload'] === true
  if (more && !age && row.hsts_max_age === null) {
    throw invalid('Cannot enable hsts_include_subdomains or hsts_preload if hsts_max_age was not set as well.')
  }
  if (age && protocol !== 'TERMINATED_HTTPS') throw onlyTerminated()
}

export function checkNewPoolTls(body: Body): void {
  if (given(body['crl_container_ref']) && !given(body['ca_tls_container_ref'])) {
    throw invalid('A CA certificate reference is required to specify a revocation list.')
  }
  checkCiphers(body['tls_ciphers'])
  if (body['tls_enabled'] !== true) return
  checkVersions(body['tls_versions'])
  checkAlpn(body['alpn_protocols'])
}

interface PoolReferences {
  readonly ca_tls_container_ref: string | null
  readonly crl_container_ref: string | null
}

export function checkPoolUpdateTls(row: PoolReferences, body: Body): void {
  const revocations = 'crl_container_ref' in body ? given(body['crl_container_ref']) : row.crl_container_ref !== null
  const before = row.ca_tls_container_ref !== null
  const authority = 'ca_tls_container_ref' in body ? given(body['ca_tls_container_ref']) : before
  if (revocations && !authority) {
    throw invalid(
      before
        ? 'A CA reference cannot be removed when a certificate revocation list is present.'
        : 'A CA reference is required to specify a certificate revocation list.',
    )
  }
  checkCiphers(body['tls_ciphers'])
  checkVersions(body['tls_versions'])
  checkAlpn(body['alpn_protocols'])
}
