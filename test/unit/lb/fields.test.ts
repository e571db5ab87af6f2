import { describe, expect, it } from 'vitest'
import { desiredOf } from '../../../src/lib/lb/desired.ts'
import { translate } from '../../../src/lib/lb/translate.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { type Kind, recorded } from './recorded.ts'
import { facts, httpMonitor, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'

/**
 * Every field that a real Octavia was seen to send, and what becomes of it. A field that is new here fails the first
 * test: nothing is dropped in silence.
 */
type Fate =
  /** Says nothing about how traffic is served. */
  | { readonly bookkeeping: string }
  /** With this value the mirror differs. */
  | { readonly translated: object }
  /** With this value a finding of this code says so. */
  | { readonly said: object; readonly code: string }
  /** Octavia has it only on what is refused whole, by this field. */
  | { readonly onlyWith: (raw: Readonly<Record<string, unknown>>) => boolean }

const notTcp = (raw: Readonly<Record<string, unknown>>): boolean => raw['protocol'] !== 'TCP'
const withTls = (raw: Readonly<Record<string, unknown>>): boolean => raw['tls_enabled'] === true
const meta = (text: string): Fate => ({ bookkeeping: text })
const said = (over: object, code: string): Fate => ({ said: over, code })
const unsupported = (over: object, code: string): Fate => said(over, `LB_UNSUPPORTED_${code}`)

const COMMON = {
  id: meta('identity'),
  name: meta('for people'),
  project_id: meta('owner'),
  tenant_id: meta('owner'),
  created_at: meta('time'),
  updated_at: meta('time'),
  tags: meta('for people'),
  provisioning_status: meta('judged by the guards'),
  operating_status: meta('what is waited for'),
}

const FATES: Readonly<Record<Kind, Readonly<Record<string, Fate>>>> = {
  loadbalancer: {
    ...COMMON,
    description: meta('for people'),
    admin_state_up: said({ admin_state_up: false }, 'LB_DISABLED'),
    vip_address: unsupported({ vip_address: '2001:db8::11' }, 'IPV6_VIP'),
    vip_port_id: meta('the mirror has ports of its own'),
    vip_subnet_id: meta('the configuration places the mirror'),
    vip_network_id: meta('the configuration places the mirror'),
    vip_sg_ids: unsupported({ vip_sg_ids: ['sg'] }, 'VIP_SECURITY_GROUPS'),
    vip_qos_policy_id: unsupported({ vip_qos_policy_id: 'qos' }, 'VIP_QOS_POLICY'),
    vip_vnic_type: meta('how the amphora is plugged in'),
    additional_vips: unsupported({ additional_vips: ['2001:db8::1'] }, 'ADDITIONAL_VIPS'),
    listeners: meta('read below'),
    pools: meta('read below'),
    provider: meta('who serves it'),
    flavor_id: meta('how large its amphora is'),
    availability_zone: meta("a zone of the private cloud; AWS's are the subnets'"),
  },
  listener: {
    ...COMMON,
    description: meta('for people'),
    admin_state_up: said({ admin_state_up: false }, 'LB_LISTENER_DISABLED'),
    protocol: unsupported({ protocol: 'HTTP' }, 'LISTENER_PROTOCOL'),
    protocol_port: { translated: { protocol_port: 81 } },
    connection_limit: unsupported({ connection_limit: 5000 }, 'CONNECTION_LIMIT'),
    default_tls_container_ref: unsupported({ default_tls_container_ref: 'ref' }, 'TLS_CONTAINER'),
    sni_container_refs: unsupported({ sni_container_refs: ['ref'] }, 'SNI_CONTAINERS'),
    default_pool_id: said({ default_pool_id: null }, 'LB_LISTENER_WITHOUT_POOL'),
    l7policies: unsupported({ l7policies: ['policy'] }, 'L7POLICIES'),
    insert_headers: unsupported({ insert_headers: { 'X-Forwarded-For': 'true' } }, 'INSERT_HEADERS'),
    loadbalancers: meta('its parent'),
    timeout_client_data: unsupported({ timeout_client_data: 60_000 }, 'TIMEOUT_CLIENT_DATA'),
    timeout_member_connect: unsupported({ timeout_member_connect: 7_000 }, 'TIMEOUT_MEMBER_CONNECT'),
    timeout_member_data: unsupported({ timeout_member_data: 90_000 }, 'TIMEOUT_MEMBER_DATA'),
    timeout_tcp_inspect: unsupported({ timeout_tcp_inspect: 100 }, 'TIMEOUT_TCP_INSPECT'),
    client_ca_tls_container_ref: { onlyWith: notTcp },
    client_authentication: unsupported({ client_authentication: 'MANDATORY' }, 'CLIENT_AUTHENTICATION'),
    client_crl_container_ref: { onlyWith: notTcp },
    allowed_cidrs: { translated: { allowed_cidrs: ['192.0.2.0/24'] } },
    tls_ciphers: { onlyWith: notTcp },
    tls_versions: { onlyWith: notTcp },
    alpn_protocols: { onlyWith: notTcp },
    hsts_max_age: { onlyWith: notTcp },
    hsts_include_subdomains: { onlyWith: notTcp },
    hsts_preload: { onlyWith: notTcp },
  },
  pool: {
    ...COMMON,
    description: meta('for people'),
    admin_state_up: said({ admin_state_up: false }, 'LB_MEMBERS_NOT_REGISTERED'),
    protocol: unsupported({ protocol: 'PROXYV2' }, 'POOL_PROTOCOL'),
    lb_algorithm: said({ lb_algorithm: 'LEAST_CONNECTIONS' }, 'LB_APPROXIMATE'),
    session_persistence: unsupported({ session_persistence: { type: 'SOURCE_IP' } }, 'SESSION_PERSISTENCE'),
    loadbalancers: meta('its parent'),
    listeners: meta('read above'),
    healthmonitor_id: said({ healthmonitor: null }, 'LB_APPROXIMATE'),
    members: { translated: { members: [member('10.20.0.99')] } },
    tls_container_ref: { onlyWith: withTls },
    ca_tls_container_ref: { onlyWith: withTls },
    crl_container_ref: { onlyWith: withTls },
    tls_enabled: unsupported({ tls_enabled: true }, 'POOL_TLS'),
    tls_ciphers: { onlyWith: withTls },
    tls_versions: { onlyWith: withTls },
    alpn_protocols: { onlyWith: withTls },
  },
  member: {
    ...COMMON,
    admin_state_up: said({ admin_state_up: false }, 'LB_MEMBERS_NOT_REGISTERED'),
    address: { translated: { address: '10.20.0.77' } },
    protocol_port: { translated: { protocol_port: 9090 } },
    weight: said({ weight: 0 }, 'LB_MEMBERS_NOT_REGISTERED'),
    backup: unsupported({ backup: true }, 'BACKUP'),
    subnet_id: meta('how the private cloud reaches it'),
    monitor_address: unsupported({ monitor_address: '10.99.0.1' }, 'MONITOR_ADDRESS'),
    monitor_port: unsupported({ monitor_port: 9000 }, 'MONITOR_PORT'),
    vnic_type: meta('how the amphora is plugged in'),
  },
  healthmonitor: {
    ...COMMON,
    admin_state_up: said({ admin_state_up: false }, 'LB_APPROXIMATE'),
    type: unsupported({ type: 'PING' }, 'MONITOR_TYPE'),
    delay: { translated: { delay: 11 } },
    timeout: { translated: { timeout: 4 } },
    max_retries: { translated: { max_retries: 4 } },
    max_retries_down: { translated: { max_retries_down: 4 } },
    http_method: unsupported({ http_method: 'HEAD' }, 'MONITOR_HTTP_METHOD'),
    url_path: { translated: { url_path: '/healthz' } },
    expected_codes: { translated: { expected_codes: '200-299' } },
    http_version: said({ http_version: 1.1 }, 'LB_APPROXIMATE'),
    domain_name: unsupported({ domain_name: 'app.example.com' }, 'MONITOR_DOMAIN_NAME'),
    pools: meta('its parent'),
  },
}

/** A plain load balancer with one object of the kind changed. */
function withOne(kind: Kind, over: object): SourceTree {
  switch (kind) {
    case 'loadbalancer':
      return plain({ loadbalancer: loadBalancer(over) })
    case 'listener':
      return plain({ listeners: [listener(over)] })
    case 'pool':
      return plain({ pools: [pool({ healthmonitor: httpMonitor(), ...over })] })
    case 'member':
      return plain({
        pools: [pool({ healthmonitor: httpMonitor(), members: [member('10.20.0.11'), member('10.20.0.12', over)] })],
      })
    case 'healthmonitor':
      return plain({ pools: [pool({ healthmonitor: httpMonitor(over) })] })
  }
}

const plain = (over: Partial<SourceTree> = {}): SourceTree =>
  tree({ pools: [pool({ healthmonitor: httpMonitor() })], ...over })

const desired = (source: SourceTree): unknown => desiredOf(source, translate(source, placement(), facts()), placement())

describe.each(Object.keys(FATES) as Kind[])('the fields of a %s', (kind) => {
  const fates = FATES[kind]
  const objects = recorded(kind)

  it('are all known', () => {
    const seen = new Set(objects.flatMap((one) => Object.keys(one)))
    expect(objects.length).toBeGreaterThan(5)
    expect([...seen].filter((field) => !(field in fates))).toEqual([])
    expect(Object.keys(fates).filter((field) => !seen.has(field))).toEqual([])
  })

  it.each(Object.entries(fates).flatMap(([field, fate]) => ('translated' in fate ? [[field, fate] as const] : [])))(
    '%s is translated',
    (_field, fate) => {
      expect(desired(withOne(kind, fate.translated))).not.toEqual(desired(withOne(kind, {})))
    },
  )

  it.each(
    Object.entries(fates).flatMap(([field, fate]) => ('said' in fate ? [[field, fate.code, fate] as const] : [])),
  )('%s is said as %s', (_field, code, fate) => {
    const found = translate(withOne(kind, fate.said), placement(), facts()).remarks.filter((one) => one.code === code)
    expect(found).toHaveLength(1)
    expect(found[0]?.subject).toMatch(/shop|port 80/)
  })

  it('that are looked at nowhere are on nothing that is mirrored', () => {
    const unseen = Object.entries(fates).flatMap(([field, fate]) =>
      'onlyWith' in fate
        ? objects
            .filter((one) => ![null, undefined, false].includes(one[field] as null) && !fate.onlyWith(one))
            .map(() => field)
        : [],
    )
    expect(unseen).toEqual([])
  })
})

it('a plain load balancer needs no word', () => {
  expect(translate(plain(), placement(), facts()).remarks).toEqual([])
})
