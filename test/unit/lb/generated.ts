import * as fc from 'fast-check'
import type {
  SourceHealthMonitor,
  SourceLoadBalancer,
  SourceMember,
  SourcePool,
  SourceTree,
} from '../../../src/lib/ports/source.ts'
import { someListener } from './generated-listeners.ts'
import { NAMES, POOLS, REFS, statusTwists, twisted } from './generated-odd.ts'
import { httpMonitor, loadBalancer, member, monitor, pool } from './sources.ts'

/**
 * Octavia load balancers of every kind: the plain object, and twists of it. Few ports, pools and hosts, so that two of
 * them have much in common. What no allowance helps against comes in `wild` ones only.
 */

const [A = '', B = '', C = ''] = REFS

const balancerTwists: readonly Partial<SourceLoadBalancer>[] = [
  ...NAMES.map((name) => ({ name })),
  { description: 'the shop\u0007' },
  { operating_status: 'DEGRADED' },
  { operating_status: 'OFFLINE' },
  { project_id: 'another' },
  { vip_address: '10.1.2.3' },
  { vip_address: '2001:db8::5' },
  { additional_vips: ['198.51.100.9'] },
  { additional_vips: ['2001:db8::6', '198.51.100.8'] },
  { vip_sg_ids: ['sg-neutron'] },
  { vip_qos_policy_id: 'slow' },
  { provider: 'ovn' },
  { provider: 'vendor' },
  { flavor_id: 'big' },
  { availability_zone: 'zone-1' },
  { vip_vnic_type: 'direct' },
  { tags: ['team=shop', '決済'] },
  { updated_at: '2026-11-22T19:40:00' },
  { created_at: '2025-01-01T00:00:00' },
]

const wildBalancers: readonly Partial<SourceLoadBalancer>[] = [
  ...balancerTwists,
  ...statusTwists,
  { provisioning_status: 'PENDING_DELETE' },
  { admin_state_up: false },
  { operating_status: 'ERROR' },
]

const memberTwists: readonly Partial<SourceMember>[] = [
  ...NAMES.slice(0, 5).map((name) => ({ name })),
  { weight: 0 },
  { weight: 2 },
  { weight: 5 },
  { weight: 256 },
  { backup: true },
  { admin_state_up: false },
  { operating_status: 'NO_MONITOR' },
  { operating_status: 'ERROR' },
  { operating_status: 'DRAINING' },
  { address: '100.64.1.1' },
  { address: '172.31.0.5' },
  { address: '192.168.9.9' },
  { address: 'fd00:ec2::5' },
  { address: '2001:db8::15' },
  { protocol_port: 65535 },
  { subnet_id: 'subnet' },
  { monitor_address: '10.20.0.1' },
  { monitor_port: 9000 },
  { monitor_port: 9001 },
  { vnic_type: 'direct' },
  { tags: ['x'] },
]

const wildMembers: readonly Partial<SourceMember>[] = [...memberTwists, ...statusTwists, { address: '8.8.8.8' }]

const httpTwists: readonly Partial<SourceHealthMonitor>[] = [
  { type: 'HTTPS' },
  { http_method: 'HEAD' },
  { url_path: null },
  { url_path: '/up?a=b#c' },
  { url_path: `/${'x'.repeat(1024)}` },
  { expected_codes: '200-204' },
  { expected_codes: '200, 202' },
  { expected_codes: '100' },
  { http_version: 1.1 },
  { domain_name: 'shop.example.com' },
  { domain_name: '' },
]

const timeTwists: readonly Partial<SourceHealthMonitor>[] = [
  { name: '検査' },
  { admin_state_up: false },
  { delay: 1 },
  { delay: 400, timeout: 300 },
  { timeout: 1 },
  { max_retries: 1, max_retries_down: 10 },
  { max_retries_down: 1 },
]

const monitorTwists: readonly Partial<SourceHealthMonitor>[] = [
  ...timeTwists,
  ...['PING', 'TLS-HELLO', 'UDP-CONNECT', 'SCTP', 'GRPC'].map((type) => ({ type })),
]

const someMonitor: fc.Arbitrary<SourceHealthMonitor | null> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(monitor()) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: twisted(2, monitorTwists).map((over) => monitor(over)) },
  { weight: 2, arbitrary: twisted(3, [...timeTwists, ...httpTwists]).map((over) => httpMonitor(over)) },
)

const NO_EXTRAS = { cookie_name: null, persistence_timeout: null, persistence_granularity: null }

const poolTwists: readonly Partial<SourcePool>[] = [
  ...NAMES.map((name) => ({ name })),
  { admin_state_up: false },
  { operating_status: 'DEGRADED' },
  { operating_status: 'OFFLINE' },
  { protocol: 'HTTP' },
  { protocol: 'HTTPS' },
  { protocol: 'PROXYV2' },
  { lb_algorithm: 'LEAST_CONNECTIONS' },
  { lb_algorithm: 'SOURCE_IP' },
  { lb_algorithm: 'SOURCE_IP_PORT' },
  { session_persistence: { type: 'SOURCE_IP', ...NO_EXTRAS } },
  {
    session_persistence: { ...NO_EXTRAS, type: 'SOURCE_IP', persistence_timeout: 60, persistence_granularity: '/24' },
  },
  { session_persistence: { ...NO_EXTRAS, type: 'APP_COOKIE', cookie_name: 'sid' } },
  { session_persistence: { ...NO_EXTRAS, type: 'HTTP_COOKIE' } },
  { tls_container_ref: A },
  { ca_tls_container_ref: B },
  { crl_container_ref: C },
  { tls_ciphers: 'AES128' },
  { tls_versions: ['TLSv1.2'] },
  { alpn_protocols: ['h2'] },
  { tags: ['pool'] },
]

const wildPools: readonly Partial<SourcePool>[] = [
  ...poolTwists,
  ...statusTwists,
  { tls_enabled: true },
  { protocol: 'PROXY' },
  { protocol: 'UDP' },
  { operating_status: 'ERROR' },
]

const PORTS = [22, 80, 443, 8080, 65535]

export const someMember = (wild: boolean): fc.Arbitrary<SourceMember> =>
  fc
    .record({
      host: fc.integer({ min: 1, max: 6 }),
      port: fc.constantFrom(8080, 8080, 8081),
      over: twisted(1, wild ? wildMembers : memberTwists),
    })
    .map(({ host, port, over }) => named(`10.20.0.${host}`, port, over))

const named = (address: string, port: number, over: Partial<SourceMember>): SourceMember =>
  member(over.address ?? address, { protocol_port: port, ...over })

/** Many plain ones: enough for a budget. */
const crowd: fc.Arbitrary<readonly SourceMember[]> = fc
  .integer({ min: 10, max: 24 })
  .map((amount) => Array.from({ length: amount }, (_, at) => member(`10.20.1.${at + 1}`)))

const once = (members: readonly SourceMember[]): readonly SourceMember[] => [
  ...new Map(members.map((one) => [one.id, one])).values(),
]

/** The same address and port twice, with another id: no Octavia of today takes it, and a plan has to stand it. */
const twice = (members: readonly SourceMember[]): readonly SourceMember[] =>
  members.length === 0 ? members : [...members, { ...members[0]!, id: `${members[0]!.id}-again`, weight: 7 }]

const someMembers = (wild: boolean): fc.Arbitrary<readonly SourceMember[]> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.array(someMember(wild), { maxLength: 6 }).map(once) },
    { weight: 1, arbitrary: crowd },
    ...(wild ? [{ weight: 1, arbitrary: fc.array(someMember(true), { maxLength: 3 }).map(once).map(twice) }] : []),
  )

export const somePool = (id: string, wild: boolean): fc.Arbitrary<SourcePool> =>
  fc
    .record({
      members: someMembers(wild),
      healthmonitor: someMonitor,
      over: twisted(2, wild ? wildPools : poolTwists),
    })
    .map(({ over, ...rest }) => pool({ id, name: id, tls_enabled: id === 'p-tls', ...rest, ...over }))

export const someBalancer = (wild: boolean): fc.Arbitrary<Partial<SourceLoadBalancer>> =>
  twisted(3, wild ? wildBalancers : balancerTwists)

/** `wild`: with what is refused whatever is allowed, and with what is not ACTIVE. */
export const someTree = (wild: boolean): fc.Arbitrary<SourceTree> =>
  fc
    .record({
      balancer: someBalancer(wild),
      listeners: fc.subarray(PORTS).chain((ports) => fc.tuple(...ports.map((port) => someListener(port, wild)))),
      pools: fc.tuple(...POOLS.map((id) => somePool(id, wild))),
    })
    .map(({ balancer, listeners, pools }) => ({ loadbalancer: loadBalancer(balancer), listeners, pools }))
