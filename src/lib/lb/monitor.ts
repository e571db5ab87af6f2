import type { HealthCheck } from '../ports/mirrors.ts'
import type { SourceHealthMonitor } from '../ports/source.ts'
import type { Remark } from './remarks.ts'
import { HTTP_MONITOR_CHECKS, MONITOR_CHECKS, unsupported } from './unsupported.ts'

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

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, Math.round(value)))

export function healthCheckOf(
  monitor: SourceHealthMonitor | null,
  subject: string,
): { readonly check: HealthCheck; readonly remarks: readonly Remark[] } {
  if (monitor === null || !monitor.admin_state_up) {
    return {
      check: UNMONITORED,
      remarks: [
        {
          code: 'LB_APPROXIMATE',
          severity: 'info',
          subject,
          evidence: `${monitor === null ? 'there is no health monitor' : 'the health monitor is disabled'}; the NLB checks with a TCP connection each ${UNMONITORED.intervalSeconds} s, since it cannot go without`,
          remedy: 'Nothing to do; a member that does not answer gets no traffic from the NLB',
        },
      ],
    }
  }
  const intervalSeconds = clamp(monitor.delay, 5, 300)
  const times = {
    intervalSeconds,
    timeoutSeconds: Math.min(clamp(monitor.timeout, 2, 120), intervalSeconds),
    healthyThreshold: clamp(monitor.max_retries, 2, 10),
    unhealthyThreshold: clamp(monitor.max_retries_down, 2, 10),
  }
  const refusals = unsupported(MONITOR_CHECKS, monitor, subject)
  const http = monitor.type === 'HTTP' ? unsupported(HTTP_MONITOR_CHECKS, monitor, subject) : []
  const refused = (code: string): boolean => http.some((remark) => remark.code === code)
  const plain = refusals.length > 0 || monitor.type === 'TCP' || refused('LB_UNSUPPORTED_MONITOR_URL_PATH')
  const check: HealthCheck = plain
    ? { protocol: 'TCP', port: 'traffic-port', ...times }
    : {
        protocol: 'HTTP',
        port: 'traffic-port',
        ...times,
        path: monitor.url_path ?? '/',
        matcher: refused('LB_UNSUPPORTED_MONITOR_EXPECTED_CODES')
          ? '200-399'
          : (monitor.expected_codes ?? '200').replace(/\s/g, ''),
      }
  return { check, remarks: [...refusals, ...http, ...approximations(monitor, check, subject)] }
}

function approximations(monitor: SourceHealthMonitor, check: HealthCheck, subject: string): readonly Remark[] {
  const clamped = (field: string, octavia: number, aws: number, unit = ''): readonly string[] =>
    octavia === aws ? [] : [`${field} ${octavia}${unit} becomes ${aws}${unit}`]
  const both = [
    ...clamped('delay', monitor.delay, check.intervalSeconds, ' s'),
    ...clamped('timeout', monitor.timeout, check.timeoutSeconds, ' s'),
    ...clamped('max_retries', monitor.max_retries, check.healthyThreshold),
    ...clamped('max_retries_down', monitor.max_retries_down, check.unhealthyThreshold),
    ...(monitor.type === 'HTTP' && monitor.http_version !== null
      ? [`http_version ${monitor.http_version.toFixed(1)} becomes whatever the NLB speaks`]
      : []),
  ]
  if (both.length === 0) return []
  return [
    {
      code: 'LB_APPROXIMATE',
      severity: 'info',
      subject,
      evidence: `health monitor: ${both.join('; ')} (AWS: interval 5-300 s, timeout 2-120 s and at most the interval, thresholds 2-10)`,
      remedy: 'Nothing to do',
    },
  ]
}
