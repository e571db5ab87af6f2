import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenStack } from '../../support/openstack.ts'
import type { OctaviaUnderTest } from './suite.ts'
import { operatorOf } from './ways.ts'

/** What Octavia refuses, word for word: the sandbox must be neither laxer nor stricter. */

const REF = 'http://127.0.0.1:9311/v1/containers/00000000-0000-4000-8000-00000000c0c0'
const SUBNET = '00000000-0000-4000-8000-0000000000aa'
const OTHER = '00000000-0000-4000-8000-0000000000ab'

type Body = Readonly<Record<string, unknown>>

const LISTENER: Body = { protocol_port: 443, protocol: 'TCP' }
const TLS: Body = { ...LISTENER, protocol: 'TERMINATED_HTTPS', default_tls_container_ref: REF }
const POOL: Body = { protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN' }
const poolWith = (session_persistence: unknown, protocol = 'TCP'): Body => ({ ...POOL, protocol, session_persistence })
const graphWith = (member: Body): Body => ({
  pools: [{ name: 'x', ...POOL, members: [{ address: '10.1.1.1', protocol_port: 1, ...member }] }],
})

const field = (name: string, value: string, why: string): string =>
  `Invalid input for field/attribute ${name}. Value: '${value}'. ${why}`
const failed = (why: string): string => `Validation failure: ${why}`

const NO_CA = 'An SNI or default certificate container reference must be provided with a client CA container reference.'
const EMPTY_VERSIONS =
  'Empty TLS version list. Either specify at least one TLS version or remove this parameter to use the default.'
const EMPTY_ALPN =
  'Empty ALPN protocol list. Either specify at least one ALPN protocol or remove this parameter to use the default.'
const CIPHERS = 'Invalid characters in cipher string. Only alphanumeric, -, +, !, :, @, =, _, and . are allowed.'
const DATAGRAM = 'persistence_timeout and persistence_granularity is only for UDP and SCTP protocol pools.'

/** By what is created. A value of which the real one names the choices in no order ends before them. */
const REFUSED: Readonly<Record<'listener' | 'pool' | 'loadbalancer', readonly (readonly [Body, number, string])[]>> = {
  listener: [
    [
      { ...LISTENER, protocol: 'TERMINATED_HTTPS' },
      400,
      failed(
        'An SNI or default certificate container reference must be provided for TERMINATED_HTTPS protocol listeners.',
      ),
    ],
    [{ ...TLS, tls_versions: [] }, 400, failed(EMPTY_VERSIONS)],
    [{ ...TLS, tls_versions: ['TLSv9', 'TLSv1.2'] }, 400, failed('Invalid TLS versions: TLSv9')],
    [{ ...TLS, alpn_protocols: [] }, 400, failed(EMPTY_ALPN)],
    [
      { ...LISTENER, alpn_protocols: ['h3'] },
      400,
      field('alpn_protocols', "['h3']", 'Value should be a valid ALPN protocol ID'),
    ],
    [{ ...TLS, tls_ciphers: 'A B' }, 400, failed(CIPHERS)],
    [
      { ...LISTENER, sni_container_refs: [REF] },
      400,
      failed('Certificate container references are not allowed on TCP protocol listeners.'),
    ],
    [{ ...LISTENER, client_ca_tls_container_ref: REF }, 400, failed(NO_CA)],
    [{ ...LISTENER, protocol: 'PROMETHEUS', client_ca_tls_container_ref: REF }, 400, failed(NO_CA)],
    [
      { ...LISTENER, protocol: 'UDP', default_tls_container_ref: REF },
      400,
      failed('UDP protocol listener does not support TLS.'),
    ],
    [
      { ...LISTENER, insert_headers: { 'X-Forwarded-For': 'true' } },
      400,
      'insert-headers is not a valid option for a TCP protocol listener.',
    ],
    [
      { ...LISTENER, protocol: 'HTTP', insert_headers: { 'X-Nope': 'true' } },
      400,
      "dict_keys(['X-Nope']) is not a valid option for insert_headers",
    ],
    [
      { ...LISTENER, protocol: 'HTTP', insert_headers: { 'X-SSL-Client-CN': 'true' } },
      400,
      "['X-SSL-Client-CN'] is not a valid option for HTTP protocol listener.",
    ],
    [
      { ...TLS, client_authentication: 'MANDATORY' },
      400,
      failed('Client authentication setting MANDATORY requires a client CA container reference.'),
    ],
    [
      { ...TLS, client_crl_container_ref: REF },
      400,
      failed('A client authentication CA reference is required to specify a client authentication revocation list.'),
    ],
    [
      { ...TLS, client_authentication: 'MAYBE' },
      400,
      field('client_authentication', 'MAYBE', 'Value should be one of: '),
    ],
    [
      { ...TLS, hsts_preload: true },
      400,
      failed(
        'HSTS configuration options hsts_include_subdomains and hsts_preload only make sense if hsts_max_age is set as well.',
      ),
    ],
    [
      { ...LISTENER, hsts_max_age: 60 },
      400,
      failed('The HSTS feature can only be used for listeners using the TERMINATED_HTTPS protocol.'),
    ],
    [{ ...TLS, hsts_max_age: -1 }, 400, field('hsts_max_age', '-1', 'Value should be greater or equal to 0')],
    [
      { ...TLS, default_tls_container_ref: 'h'.repeat(256) },
      400,
      field('default_tls_container_ref', 'h'.repeat(256), 'Value should have a maximum character requirement of 255'),
    ],
    [
      { ...LISTENER, protocol: 'PROMETHEUS', default_pool_id: OTHER },
      400,
      'Protocol PROMETHEUS listeners cannot have child objects.',
    ],
    [{ ...LISTENER, allowed_cidrs: ['2001:db8::/32'] }, 400, failed('CIDR 2001:db8::/32 IP version incompatible')],
    [
      { ...LISTENER, allowed_cidrs: ['10.0.0.0/33'] },
      400,
      field('allowed_cidrs', "['10.0.0.0/33']", 'Value should be IPv4 or IPv6 CIDR format'),
    ],
    [
      { ...LISTENER, timeout_client_data: 2_073_600_001 },
      400,
      field('timeout_client_data', '2073600001', 'Value should be lower or equal to 2073600000'),
    ],
  ],
  pool: [
    [poolWith({ type: 'MAGIC' }), 400, field('type', 'MAGIC', 'Value should be one of: ')],
    [poolWith({ cookie_name: 'a' }), 400, field('type', 'None', 'Mandatory field missing.')],
    [
      poolWith({ type: 'SOURCE_IP', colour: 'red' }),
      400,
      'Unknown attribute for argument pool_.pool.session_persistence: colour',
    ],
    [
      poolWith({ type: 'SOURCE_IP', cookie_name: 'a' }),
      400,
      failed('Field "cookie_name" can only be specified with session persistence of type "APP_COOKIE".'),
    ],
    [
      poolWith({ type: 'APP_COOKIE' }),
      400,
      failed('Field "cookie_name" must be specified when using the "APP_COOKIE" session persistence type.'),
    ],
    [
      poolWith({ type: 'APP_COOKIE', cookie_name: 'a b' }),
      400,
      field('cookie_name', 'a b', String.raw`Value should match the pattern ^[^\s,;\\]+$`),
    ],
    [poolWith({ type: 'APP_COOKIE', cookie_name: 'a[b' }), 400, failed('Supplied "cookie_name" is invalid.')],
    [poolWith({ type: 'SOURCE_IP', persistence_timeout: 300 }), 400, failed(DATAGRAM)],
    [poolWith({ type: 'SOURCE_IP', persistence_granularity: '255.255.0.0' }), 400, failed(DATAGRAM)],
    [
      poolWith({ type: 'HTTP_COOKIE' }, 'UDP'),
      400,
      failed('Session persistence of type HTTP_COOKIE is not supported for UDP/SCTP protocol pools.'),
    ],
    [
      poolWith({ type: 'SOURCE_IP', cookie_name: 'a' }, 'UDP'),
      400,
      failed(
        'session_persistence SOURCE_IP type for UDP and SCTP protocols only accepts: type, persistence_timeout, persistence_granularity.',
      ),
    ],
    [
      poolWith({ type: 'SOURCE_IP', persistence_granularity: 'x' }, 'UDP'),
      400,
      field('persistence_granularity', 'x', 'Value should be IPv4 or IPv6 format'),
    ],
    [
      { ...POOL, crl_container_ref: REF },
      400,
      failed('A CA certificate reference is required to specify a revocation list.'),
    ],
    [{ ...POOL, tls_enabled: true, tls_versions: [] }, 400, failed(EMPTY_VERSIONS)],
    [{ ...POOL, tls_enabled: true, tls_versions: ['x'] }, 400, failed('Invalid TLS versions: x')],
    [{ ...POOL, tls_enabled: true, alpn_protocols: [] }, 400, failed(EMPTY_ALPN)],
    [{ ...POOL, tls_ciphers: 'A B' }, 400, failed(CIPHERS)],
  ],
  loadbalancer: [
    [
      { additional_vips: [{ subnet_id: SUBNET }] },
      400,
      failed('Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.'),
    ],
    [
      { additional_vips: [{ ip_address: '198.51.100.9' }] },
      400,
      field('subnet_id', 'None', 'Mandatory field missing.'),
    ],
    [
      { additional_vips: [{ subnet_id: OTHER, colour: 'red' }] },
      400,
      'Unknown attribute for argument load_balancer.loadbalancer.additional_vips: colour',
    ],
    [
      { additional_vips: [{ subnet_id: OTHER, ip_address: 'x' }] },
      400,
      field('ip_address', 'x', 'Value should be IPv4 or IPv6 format'),
    ],
    [{ vip_sg_ids: ['x'] }, 400, field('vip_sg_ids', "['x']", 'Value should be UUID format')],
    [{ flavor_id: OTHER }, 400, failed('Invalid flavor_id.')],
    [{ availability_zone: 'tokyo' }, 400, failed('Invalid availability zone.')],
    [{ vip_vnic_type: 'direct' }, 400, 'Unknown attribute for argument load_balancer.loadbalancer: vip_vnic_type'],
    [
      { vip_sg_ids: [OTHER], listeners: [{ ...LISTENER, allowed_cidrs: ['10.0.0.0/8'] }] },
      400,
      failed('Allowed CIDRs are not allowed when using custom VIP Security Groups.'),
    ],
    [
      { listeners: [{ ...LISTENER, default_pool: POOL }] },
      400,
      failed('Pools must be named when creating a fully populated loadbalancer.'),
    ],
    [
      { pools: [1, 2].map(() => ({ name: 'x', ...POOL })) },
      400,
      failed('Pool names must be unique when creating a fully populated loadbalancer.'),
    ],
    [
      { listeners: [{ ...LISTENER, default_pool: { name: 'x' } }] },
      400,
      failed("Pool 'x' was referenced but no full definition was found."),
    ],
    [
      { listeners: [{ ...TLS, default_pool: { name: 'x', ...POOL, protocol: 'HTTPS' } }] },
      400,
      failed("The pool protocol 'HTTPS' is invalid while the listener protocol is 'TERMINATED_HTTPS'."),
    ],
    [graphWith({ address: '169.254.169.254' }), 400, '169.254.169.254 is not a valid option for member address'],
    [graphWith({ request_sriov: true }), 400, 'The load balancer flavor does not allow SR-IOV member ports.'],
    [graphWith({ weight: 257 }), 400, field('weight', '257', 'Value should be lower or equal to 256')],
    [{ pools: [{ name: 'x', ...POOL, tls_enabled: true }] }, 500, "'tls_ciphers'"],
    [{ tags: ['a', 'a'] }, 409, 'Already an entity with that specified id.'],
  ],
}

export function octaviaRefusals(name: string, open: () => Promise<OctaviaUnderTest>): void {
  describe(`what Octavia refuses (${name})`, () => {
    let cloud: OctaviaUnderTest
    let operator: OpenStack
    let prefix = ''
    let id = ''

    beforeAll(async () => {
      cloud = await open()
      prefix = `${cloud.prefix}refuse-`
      operator = await operatorOf(cloud)
      await operator.deletePrefixed(prefix)
      id = (await operator.createLoadBalancer({ name: `${prefix}home` })).id
    })

    afterAll(async () => {
      await operator.deletePrefixed(prefix)
      await cloud.close()
    })

    const cases = Object.entries(REFUSED).flatMap(([kind, rows]) =>
      rows.map(([body, status, said]) => [kind, JSON.stringify(body).slice(0, 100), body, status, said] as const),
    )

    it.each(cases)('a %s with %s', async (kind, _shown, body, status, said) => {
      const home = kind === 'loadbalancer' ? { name: `${prefix}new`, vip_subnet_id: SUBNET } : { loadbalancer_id: id }
      const answer = await operator.call('POST', `/${kind}s`, { [kind]: { ...home, ...body } })
      expect({ status: answer.status, said: String(answer.data.faultstring).slice(0, said.length) }).toEqual({
        status,
        said,
      })
    })

    it('and nothing is left of what was refused', async () => {
      expect(await operator.poolsOf(id)).toEqual([])
      expect(await operator.listenersOf(id)).toEqual([])
      const { loadbalancers } = await operator.must('GET', '/loadbalancers?fields=name')
      expect(loadbalancers.filter((one: { name: string }) => one.name === `${prefix}new`)).toEqual([])
    })
  })
}
