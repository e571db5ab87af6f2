import { isIPv6 } from 'node:net'
import type { Json } from '../../core/json.ts'
import type { Body } from './fields.ts'
import { plain } from './fields.ts'
import type { LoadBalancerRow, Octavia, PoolRow } from './model.ts'
import { fault, notFound } from './reply.ts'
import { checkNewListenerTls, checkNewListenerVersions } from './tls.ts'
import { where } from './views.ts'

/** What Octavia refuses although every field by itself is good. */

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const POOLS_OF: Readonly<Record<string, readonly string[]>> = {
  TCP: ['HTTP', 'HTTPS', 'PROXY', 'PROXYV2', 'TCP'],
  HTTP: ['HTTP', 'PROXY', 'PROXYV2'],
  HTTPS: ['HTTPS', 'PROXY', 'PROXYV2', 'TCP'],
  TERMINATED_HTTPS: ['HTTP', 'PROXY', 'PROXYV2'],
  UDP: ['UDP'],
  SCTP: ['SCTP'],
  PROMETHEUS: [],
}

export function checkPair(listenerProtocol: string, poolProtocol: string): void {
  if (POOLS_OF[listenerProtocol]?.includes(poolProtocol)) return
  throw fault(
    400,
    `Validation failure: The pool protocol '${poolProtocol}' is invalid while the listener protocol is '${listenerProtocol}'.`,
  )
}

/** A pool of this load balancer. Another load balancer's is as unknown as none. */
export function poolOf(o: Octavia, balancerId: string, poolId: string): PoolRow {
  const pool = Object.hasOwn(o.pools, poolId) ? o.pools[poolId] : undefined
  if (pool?.loadbalancer_id !== balancerId) throw notFound('Pool', poolId)
  return pool
}

/** HTTP, TCP and the like share one port; UDP and SCTP have their own. */
const transport = (protocol: string): string => (protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP')

/** PROMETHEUS listeners stand alone. */
export function checkChildren(protocol: string): void {
  if (protocol === 'PROMETHEUS') throw fault(400, 'Protocol PROMETHEUS listeners cannot have child objects.')
}

export function checkCidrs(balancer: LoadBalancerRow, cidrs: Json | undefined): void {
  if (Array.isArray(cidrs) && cidrs.length > 0 && balancer.vip_sg_ids.length > 0) {
    throw fault(400, 'Validation failure: Allowed CIDRs are not allowed when using custom VIP Security Groups.')
  }
  const vips = [balancer.vip_address, ...balancer.additional_vips.map((vip) => vip.ip_address)]
  for (const cidr of Array.isArray(cidrs) ? (cidrs as string[]) : []) {
    if (vips.some((vip) => isIPv6(vip) === cidr.includes(':'))) continue
    throw fault(
      400,
      `Validation failure: CIDR ${cidr} IP version incompatible with all VIPs [${vips.map((vip) => `'${vip}'`).join(', ')}] IP version.`,
    )
  }
}

export function checkListener(o: Octavia, balancer: LoadBalancerRow, body: Body): void {
  const protocol = text(body['protocol'])
  checkNewListenerTls(protocol, body)
  const taken = where(
    o.listeners,
    (one) =>
      one.loadbalancer_id === balancer.id &&
      one.protocol_port === body['protocol_port'] &&
      transport(one.protocol) === transport(protocol),
  )[0]
  if (taken !== undefined) {
    throw fault(
      409,
      `Another Listener on this Load Balancer is already using protocol ${taken.protocol} and protocol_port ${taken.protocol_port}`,
    )
  }
  checkCidrs(balancer, body['allowed_cidrs'])
  checkNewListenerVersions(protocol, body)
}

export function checkMember(o: Octavia, poolId: string, body: Body): void {
  const { address, protocol_port: port } = body
  if (address === '169.254.169.254') throw fault(400, `${address} is not a valid option for member address`)
  if (body['request_sriov'] === true) {
    throw fault(400, 'The load balancer flavor does not allow SR-IOV member ports.')
  }
  if (where(o.members, (one) => one.pool_id === poolId && one.address === address && one.protocol_port === port)[0]) {
    throw fault(409, `Another member on this pool is already using ip ${text(address)} on protocol_port ${plain(port)}`)
  }
}

/** Options of HTTP checks, which other types refuse. */
export function checkMonitorOptions(type: string, body: Body): void {
  if (type !== 'HTTP' && type !== 'HTTPS') {
    for (const option of ['http_method', 'url_path', 'expected_codes', 'http_version', 'domain_name']) {
      if ((body[option] ?? null) === null) continue
      throw fault(400, `${option} is not a valid option for health monitors of type ${type}`)
    }
  }
}

/** A monitor as it is stored: HTTP checks get their defaults. */
export function monitorBody(pool: PoolRow, body: Body): Body {
  const type = text(body['type'])
  const datagram = ['UDP', 'SCTP'].includes(pool.protocol)
  if (!datagram && (type === 'UDP-CONNECT' || type === 'SCTP')) {
    throw fault(400, `Validation failure: The ${type} type is only supported for pools of type UDP/SCTP.`)
  }
  if (datagram && !['UDP-CONNECT', 'SCTP', 'HTTP', 'TCP'].includes(type)) {
    throw fault(
      400,
      'Validation failure: The associated pool protocol is ' +
        `${pool.protocol}, so only a ['HTTP', 'SCTP', 'TCP', 'UDP-CONNECT'] health monitor is supported.`,
    )
  }
  checkMonitorOptions(type, body)
  if (body['domain_name'] !== null && body['http_version'] === null) {
    throw fault(400, "Validation failure: 'http_version' must be specified when 'domain_name' is provided.")
  }
  if (type !== 'HTTP' && type !== 'HTTPS') return body
  return {
    ...body,
    http_method: body['http_method'] ?? 'GET',
    url_path: body['url_path'] ?? '/',
    expected_codes: body['expected_codes'] ?? '200',
  }
}

const L7_LISTENERS = new Set(['HTTP', 'TERMINATED_HTTPS'])

/** An L7 policy's redirect fields as they are stored: each action keeps its own, forgets the others. */
export function policyBody(listenerProtocol: string, body: Body): Body {
  if (!L7_LISTENERS.has(listenerProtocol)) {
    throw fault(
      501,
      `Provider 'amphora' does not support a requested option: ${listenerProtocol} protocol listeners do not support L7 policies`,
    )
  }
  const action = text(body['action'])
  const needs = (field: string, words: string): void => {
    if ((body[field] ?? null) === null) throw fault(400, `Invalid L7 Policy arguments: ${words} must not be None`)
  }
  if (action === 'REDIRECT_TO_POOL') needs('redirect_pool_id', 'redirect_pool_id or redirect_pool')
  if (action === 'REDIRECT_TO_URL') needs('redirect_url', 'redirect_url')
  if (action === 'REDIRECT_PREFIX') needs('redirect_prefix', 'redirect_prefix')
  const redirects = action === 'REDIRECT_TO_URL' || action === 'REDIRECT_PREFIX'
  return {
    ...body,
    redirect_pool_id: action === 'REDIRECT_TO_POOL' ? (body['redirect_pool_id'] ?? null) : null,
    redirect_url: action === 'REDIRECT_TO_URL' ? (body['redirect_url'] ?? null) : null,
    redirect_prefix: action === 'REDIRECT_PREFIX' ? (body['redirect_prefix'] ?? null) : null,
    redirect_http_code: redirects ? (body['redirect_http_code'] ?? 302) : null,
  }
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern).flags === ''
  } catch {
    return false
  }
}

export function checkRule(body: Body): void {
  const type = text(body['type'])
  if (['HEADER', 'COOKIE', 'SSL_DN_FIELD'].includes(type) && (body['key'] ?? null) === null) {
    throw fault(400, 'Error parsing L7Rule: Invalid L7 Rule: L7 rule type requires a key')
  }
  if (body['compare_type'] === 'REGEX' && !isPattern(text(body['value']))) {
    throw fault(400, 'Error parsing L7Rule: Unable to parse regular expression')
  }
}
