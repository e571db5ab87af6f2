import type {
  SourceHealthMonitor,
  SourceListener,
  SourceLoadBalancer,
  SourceMember,
  SourcePool,
} from '../ports/source.ts'
import { count, some, type Remark } from './remarks.ts'

/**
 * What the translation does not know, field by field: it is refused by name, never dropped. `allowable` stands
 * where a TCP path that works is left without the field; an allowed field is left out.
 */
interface Check<Thing> {
  /** Octavia's field. */
  readonly field: string
  /** After `LB_UNSUPPORTED_`. */
  readonly code: string
  /** What is there, when it is more than the default; else null. */
  readonly value: (thing: Thing) => string | null
  readonly why: string
  readonly remedy: string
  readonly allowable: boolean
}

const unless =
  <Thing, Value extends string | number>(read: (thing: Thing) => Value, fine: Value, unit = '') =>
  (thing: Thing): string | null =>
    read(thing) === fine ? null : `${read(thing)}${unit}`

const filled = (items: readonly string[] | undefined): string | null =>
  items === undefined || items.length === 0 ? null : some(items)

const LEAVE_OUT = 'Take it away in Octavia, or allow the mirror to go without it'

const timeout = (field: keyof SourceListener & `timeout_${string}`, fine: number): Check<SourceListener> => ({
  field,
  code: field.toUpperCase(),
  value: unless((listener: SourceListener) => listener[field], fine, ' ms'),
  why: 'an NLB has its own time-outs (an idle connection is dropped after 350 s)',
  remedy: `Set it back to ${fine} in Octavia, or allow the mirror to go by AWS's`,
  allowable: true,
})

export const LOAD_BALANCER_CHECKS: readonly Check<SourceLoadBalancer>[] = [
  {
    field: 'vip_address',
    code: 'IPV6_VIP',
    value: (it) => (it.vip_address.includes(':') ? it.vip_address : null),
    why: 'the mirror has IPv4 addresses only: clients that come by IPv6 would not reach it',
    remedy: 'Allow the mirror to serve by IPv4 alone',
    allowable: true,
  },
  {
    field: 'additional_vips',
    code: 'ADDITIONAL_VIPS',
    value: (it) => filled(it.additional_vips),
    why: 'an NLB has one address per subnet and no further ones',
    remedy: LEAVE_OUT,
    allowable: true,
  },
  {
    field: 'vip_sg_ids',
    code: 'VIP_SECURITY_GROUPS',
    value: (it) => filled(it.vip_sg_ids),
    why: 'nyah does not read Neutron: the mirror would let in whoever allowed_cidrs lets in, not what these groups say',
    remedy: 'Say who may connect with allowed_cidrs on the listeners, or allow the mirror to go by allowed_cidrs alone',
    allowable: true,
  },
  {
    field: 'vip_qos_policy_id',
    code: 'VIP_QOS_POLICY',
    value: (it) => it.vip_qos_policy_id ?? null,
    why: 'an NLB has no bandwidth limit',
    remedy: LEAVE_OUT,
    allowable: true,
  },
]

/** `PROMETHEUS` serves no users: the mirror works without. All else would leave users without an answer. */
export const protocolCheck = (protocol: string): Check<SourceListener> => ({
  field: 'protocol',
  code: 'LISTENER_PROTOCOL',
  value: unless((listener: SourceListener) => listener.protocol, 'TCP'),
  why:
    protocol === 'UDP'
      ? 'an NLB preserves the client address of UDP, so answers would not come back over Direct Connect'
      : protocol === 'SCTP'
        ? 'an NLB does not know SCTP'
        : protocol === 'PROMETHEUS'
          ? "an NLB's metrics are in CloudWatch"
          : 'nyah mirrors TCP listeners',
  remedy:
    protocol === 'PROMETHEUS'
      ? 'Allow the mirror to go without this listener'
      : protocol === 'UDP' || protocol === 'SCTP'
        ? 'Move this listener to a load balancer of its own, which is not mirrored'
        : 'Terminate TLS and HTTP behind the load balancer (a TCP listener and pool), or move this listener to a load balancer of its own',
  allowable: protocol === 'PROMETHEUS',
})

export const LISTENER_CHECKS: readonly Check<SourceListener>[] = [
  {
    field: 'l7policies',
    code: 'L7POLICIES',
    value: (it) =>
      it.l7policies.length === 0 ? null : count(it.l7policies.length, 'policy').replace('policys', 'policies'),
    why: 'an NLB does not look into requests',
    remedy: 'Do this work in a proxy behind a TCP listener; L7 policies cannot be mirrored',
    allowable: false,
  },
  {
    field: 'default_tls_container_ref',
    code: 'TLS_CONTAINER',
    value: (it) => it.default_tls_container_ref,
    why: 'its certificate is in Octavia and not in AWS',
    remedy: 'Terminate TLS behind the load balancer (a TCP listener)',
    allowable: false,
  },
  {
    field: 'sni_container_refs',
    code: 'SNI_CONTAINERS',
    value: (it) => filled(it.sni_container_refs),
    why: 'its certificates are in Octavia and not in AWS',
    remedy: 'Terminate TLS behind the load balancer (a TCP listener)',
    allowable: false,
  },
  {
    field: 'client_authentication',
    code: 'CLIENT_AUTHENTICATION',
    value: unless((it: SourceListener) => it.client_authentication, 'NONE'),
    why: 'an NLB does not ask clients for certificates',
    remedy: 'Terminate TLS behind the load balancer (a TCP listener)',
    allowable: false,
  },
  {
    field: 'insert_headers',
    code: 'INSERT_HEADERS',
    value: (it) => filled(Object.keys(it.insert_headers)),
    why: 'an NLB does not look into requests',
    remedy: LEAVE_OUT,
    allowable: true,
  },
  {
    field: 'connection_limit',
    code: 'CONNECTION_LIMIT',
    value: (it) => (it.connection_limit < 0 ? null : String(it.connection_limit)),
    why: 'an NLB has no limit of connections',
    remedy: 'Set it to -1 in Octavia, or allow the mirror to go without a limit',
    allowable: true,
  },
  timeout('timeout_client_data', 50_000),
  timeout('timeout_member_connect', 5_000),
  timeout('timeout_member_data', 50_000),
  timeout('timeout_tcp_inspect', 0),
]

export const POOL_CHECKS: readonly Check<SourcePool>[] = [
  {
    field: 'protocol',
    code: 'POOL_PROTOCOL',
    value: unless((it: SourcePool) => it.protocol, 'TCP'),
    why: 'nyah mirrors TCP pools',
    remedy: 'Use a TCP pool; with PROXY the members would not understand plain TCP',
    allowable: false,
  },
  {
    field: 'tls_enabled',
    code: 'POOL_TLS',
    value: (it) => (it.tls_enabled ? 'true' : null),
    why: 'the mirror would speak plain TCP to members that want TLS',
    remedy: 'Let TLS pass through to the members',
    allowable: false,
  },
  {
    field: 'session_persistence',
    code: 'SESSION_PERSISTENCE',
    value: (it) => it.session_persistence?.type ?? null,
    why: 'clients would not be kept on one member',
    remedy: LEAVE_OUT,
    allowable: true,
  },
]

/** Only where the monitor is on; the codes it may answer with are judged by the translation. */
export const MONITOR_CHECKS: readonly Check<SourceHealthMonitor>[] = [
  {
    field: 'type',
    code: 'MONITOR_TYPE',
    value: (it) => (it.type === 'TCP' || it.type === 'HTTP' ? null : it.type),
    why: 'nyah mirrors TCP and HTTP monitors',
    remedy: 'Change the monitor, or allow the mirror to check with a TCP connection to the member port',
    allowable: true,
  },
]

export const HTTP_MONITOR_CHECKS: readonly Check<SourceHealthMonitor>[] = [
  {
    field: 'http_method',
    code: 'MONITOR_HTTP_METHOD',
    value: (it) => (it.http_method === null || it.http_method === 'GET' ? null : it.http_method),
    why: 'an NLB checks with GET only',
    remedy: 'Change the monitor to GET, or allow the mirror to use GET',
    allowable: true,
  },
  {
    field: 'domain_name',
    code: 'MONITOR_DOMAIN_NAME',
    value: (it) => (it.domain_name === null || it.domain_name === '' ? null : it.domain_name),
    why: "an NLB's check sends the member's address as Host",
    remedy: 'Let the members answer the check for any Host, then allow the mirror to go without it',
    allowable: true,
  },
  {
    field: 'url_path',
    code: 'MONITOR_URL_PATH',
    value: (it) => ((it.url_path ?? '/').length <= 1024 ? null : `${it.url_path?.length} characters long`),
    why: 'an NLB takes at most 1024 characters',
    remedy: 'Shorten it, or allow the mirror to check with a TCP connection',
    allowable: true,
  },
  {
    field: 'expected_codes',
    code: 'MONITOR_EXPECTED_CODES',
    value: (it) =>
      (it.expected_codes ?? '200').split(/[,-]/).every((code) => Number(code) >= 200 && Number(code) <= 599)
        ? null
        : it.expected_codes,
    why: 'an NLB knows 200 to 599',
    remedy: 'Change the monitor, or allow the mirror to take 200-399 for healthy',
    allowable: true,
  },
]

/** Fields of a member in use; each with the monitor or without. */
export const MEMBER_CHECKS: readonly Check<SourceMember>[] = [
  {
    field: 'backup',
    code: 'BACKUP',
    value: (it) => (it.backup ? 'true' : null),
    why: 'an NLB has no backup targets: it would send them traffic all the time',
    remedy: 'Make them ordinary members, or allow the mirror to go without them (they are then not registered)',
    allowable: true,
  },
  {
    field: 'monitor_address',
    code: 'MONITOR_ADDRESS',
    value: (it) => it.monitor_address,
    why: 'an NLB checks a target at its own address',
    remedy: "Take it away in Octavia, or allow the mirror to check the members' own addresses",
    allowable: true,
  },
  {
    field: 'monitor_port',
    code: 'MONITOR_PORT',
    value: (it) => (it.monitor_port === null ? null : String(it.monitor_port)),
    why: 'an NLB checks all targets on their own port',
    remedy: "Take it away in Octavia, or allow the mirror to check the members' own ports",
    allowable: true,
  },
]

const refusal = <Thing>(check: Check<Thing>, subject: string, evidence: string): Remark => ({
  code: `LB_UNSUPPORTED_${check.code}`,
  severity: 'refuse',
  subject,
  evidence: `${check.field} ${evidence}: ${check.why}`,
  remedy: check.remedy,
  allowable: check.allowable,
})

export function unsupported<Thing>(checks: readonly Check<Thing>[], thing: Thing, subject: string): readonly Remark[] {
  return checks.flatMap((check) => {
    const value = check.value(thing)
    return value === null ? [] : [refusal(check, subject, `is ${value}`)]
  })
}

/** The same for many things at once (150 members): one remark per check. */
export function unsupportedOfMany<Thing>(
  checks: readonly Check<Thing>[],
  things: readonly Thing[],
  subject: string,
  name: (thing: Thing) => string,
): readonly Remark[] {
  return checks.flatMap((check) => {
    const having = things.filter((thing) => check.value(thing) !== null)
    const said = having.map((thing) => `${name(thing)} is ${check.value(thing)}`)
    return having.length === 0 ? [] : [refusal(check, subject, `of ${some(said)}`)]
  })
}
