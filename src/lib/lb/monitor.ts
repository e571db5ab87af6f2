import type { HealthCheck } from '../ports/mirrors.ts'
import type { SourceHealthMonitor } from '../ports/source.ts'
import { verdictsOn, type Item, type Verdicts } from './fidelity.ts'

/** An Octavia health monitor as an NLB's health check. AWS's ranges: docs of CreateTargetGroup. */

/** What a pool without a monitor gets: targets of an NLB cannot go unchecked. */
const UNMONITORED: HealthCheck = {
  protocol: 'TCP',
  port: 'traffic-port',
  intervalSeconds: 10,
  timeoutSeconds: 5,
  healthyThreshold: 3,
  unhealthyThreshold: 3,
}

/** AWS's longest HealthCheckPath. */
const LONGEST_PATH = 1024

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, Math.round(value)))

/** Do Octavia's monitor and its overrides count? */
export const isMonitored = (monitor: SourceHealthMonitor | null): monitor is SourceHealthMonitor =>
  monitor !== null && monitor.admin_state_up

/**
 * `port`: of all checks, else `traffic-port`. `tls`: Octavia speaks TLS to the members, so its checks do too.
 */
export function healthCheckOf(
  monitor: SourceHealthMonitor | null,
  subject: string,
  port: string,
  tls: boolean,
): { readonly check: HealthCheck; readonly items: readonly Item[] } {
  const say = verdictsOn('MONITOR', subject)
  if (!isMonitored(monitor)) {
    const why = `an NLB cannot go without checks: it opens a connection each ${UNMONITORED.intervalSeconds} s`
    const remedy = 'Nothing to do; a member that does not answer gets no traffic from the NLB'
    const item =
      monitor === null
        ? verdictsOn('POOL', subject).approximate('healthmonitor_id', 'no health monitor', 'TCP checks', why, remedy)
        : say.approximate('admin_state_up', 'false', 'TCP checks', why, remedy)
    return { check: UNMONITORED, items: [item] }
  }
  const times = timesOf(monitor)
  const type = typeOf(monitor, tls, say)
  if (type.protocol === 'TCP') {
    return { check: { protocol: 'TCP', port, ...times }, items: [...type.items, ...timeItems(monitor, times, say)] }
  }
  const path = monitor.url_path ?? '/'
  const tooLong = path.length > LONGEST_PATH
  const { matcher, item: codes } = matcherOf(monitor, say)
  const items = [
    ...type.items,
    ...timeItems(monitor, times, say),
    ...requestItems(monitor, say),
    tooLong
      ? say.refused('url_path', `${path.length} characters long`, {
          code: 'LB_UNSUPPORTED_MONITOR_URL_PATH',
          why: `an NLB takes at most ${LONGEST_PATH} characters`,
          remedy: 'Shorten it, or allow the mirror to check with a TCP connection',
          allowable: true,
          copy: 'TCP checks',
        })
      : say.exact('url_path', path, path),
    codes,
  ]
  const check: HealthCheck = tooLong
    ? { protocol: 'TCP', port, ...times }
    : { protocol: type.protocol, port, ...times, path, matcher }
  return { check, items }
}

type Times = Pick<HealthCheck, 'intervalSeconds' | 'timeoutSeconds' | 'healthyThreshold' | 'unhealthyThreshold'>

function timesOf(monitor: SourceHealthMonitor): Times {
  const intervalSeconds = clamp(monitor.delay, 5, 300)
  return {
    intervalSeconds,
    timeoutSeconds: Math.min(clamp(monitor.timeout, 2, 120), intervalSeconds),
    healthyThreshold: clamp(monitor.max_retries, 2, 10),
    unhealthyThreshold: clamp(monitor.max_retries_down, 2, 10),
  }
}

const timeItems = (monitor: SourceHealthMonitor, times: Times, say: Verdicts): readonly Item[] => [
  say.same('delay', `${monitor.delay} s`, `${times.intervalSeconds} s`, 'an NLB checks each 5 to 300 s'),
  say.same(
    'timeout',
    `${monitor.timeout} s`,
    `${times.timeoutSeconds} s`,
    'an NLB waits 2 to 120 s, and at most its interval',
  ),
  say.same('max_retries', String(monitor.max_retries), String(times.healthyThreshold), 'an NLB takes 2 to 10'),
  say.same(
    'max_retries_down',
    String(monitor.max_retries_down),
    String(times.unhealthyThreshold),
    'an NLB takes 2 to 10',
  ),
]

/** Why a check by TCP says less. */
const BY_TCP: Readonly<Record<string, string>> = {
  PING: 'an NLB does not ping: it opens a connection to the member port',
  'TLS-HELLO': 'an NLB opens a connection and does not begin TLS in it',
  'UDP-CONNECT': 'an NLB opens a TCP connection to the member port, which has to answer it',
  SCTP: 'an NLB does not know SCTP: it opens a TCP connection to the member port, which has to answer it',
}

function typeOf(
  monitor: SourceHealthMonitor,
  tls: boolean,
  say: Verdicts,
): { readonly protocol: HealthCheck['protocol']; readonly items: readonly Item[] } {
  const { type } = monitor
  if (type === 'HTTP' && tls) return { protocol: 'HTTPS', items: [say.exact('type', 'HTTP within TLS', 'HTTPS')] }
  if (type === 'TCP' || type === 'HTTP' || type === 'HTTPS') {
    return { protocol: type, items: [say.exact('type', type, type)] }
  }
  const why = BY_TCP[type]
  if (why !== undefined) return { protocol: 'TCP', items: [say.approximate('type', type, 'TCP', why)] }
  return {
    protocol: 'TCP',
    items: [
      say.refused('type', type, {
        code: 'LB_UNSUPPORTED_MONITOR_TYPE',
        why: 'nyah does not know this kind of monitor',
        remedy: 'Change the monitor, or allow the mirror to check with a TCP connection to the member port',
        allowable: true,
        copy: 'TCP',
      }),
    ],
  }
}

function requestItems(monitor: SourceHealthMonitor, say: Verdicts): readonly Item[] {
  const method = monitor.http_method ?? 'GET'
  const { domain_name: domain } = monitor
  return [
    say.same(
      'http_method',
      method,
      'GET',
      'an NLB checks with GET only',
      'See that the members answer GET the same way',
    ),
    say.approximate(
      'http_version',
      (monitor.http_version ?? 1).toFixed(1),
      'what the NLB speaks',
      'the version of its requests cannot be set',
    ),
    domain === null || domain === ''
      ? say.approximate(
          'domain_name',
          'no Host header of its own',
          "the member's address and port as Host",
          'the Host header of its requests cannot be set',
          'See that the members answer the check for any Host',
        )
      : say.refused('domain_name', domain, {
          code: 'LB_UNSUPPORTED_MONITOR_DOMAIN_NAME',
          why: "an NLB's check sends the member's address as Host: members that answer for this name alone would all be unhealthy",
          remedy: 'Let the members answer the check for any Host, then allow the mirror to go without it',
          allowable: true,
          copy: "the member's address and port as Host",
        }),
  ]
}

function matcherOf(monitor: SourceHealthMonitor, say: Verdicts): { readonly matcher: string; readonly item: Item } {
  const codes = monitor.expected_codes ?? '200'
  const matcher = codes.replace(/\s/g, '')
  if (matcher.split(/[,-]/).every((code) => Number(code) >= 200 && Number(code) <= 599)) {
    return { matcher, item: say.exact('expected_codes', codes, matcher) }
  }
  return {
    matcher: '200-399',
    item: say.refused('expected_codes', codes, {
      code: 'LB_UNSUPPORTED_MONITOR_EXPECTED_CODES',
      why: 'an NLB knows 200 to 599',
      remedy: 'Change the monitor, or allow the mirror to take 200-399 for healthy',
      allowable: true,
      copy: '200-399',
    }),
  }
}
