import { constraint, fault, invalid } from './fault.ts'
import type { Params } from './query.ts'
import { flag, integer, oneOf, struct, text } from './query.ts'
import type { HealthCheckState } from './state.ts'

// CreateTargetGroup, `HealthCheck…`: ranges, and the defaults for the protocols of an NLB.
const DEFAULTS: HealthCheckState = {
  protocol: 'TCP',
  port: 'traffic-port',
  path: null,
  matcher: null,
  intervalSeconds: 30,
  timeoutSeconds: 10,
  healthyThreshold: 5,
  unhealthyThreshold: 2,
}

const HTTP_DEFAULTS = { path: '/', matcher: '200-399' }

const PROTOCOLS = ['HTTP', 'HTTPS', 'TCP', 'TLS', 'UDP', 'TCP_UDP', 'GENEVE', 'QUIC', 'TCP_QUIC'] as const

function protocolOf(params: Params): HealthCheckState['protocol'] | undefined {
  const protocol = oneOf(params, 'HealthCheckProtocol', PROTOCOLS)
  if (protocol === undefined || protocol === 'TCP' || protocol === 'HTTP' || protocol === 'HTTPS') return protocol
  // "The GENEVE, TLS, UDP, TCP_UDP, QUIC, and TCP_QUIC protocols are not supported for health checks."
  throw invalid(`Health check protocol '${protocol}' is not supported`)
}

function portOf(params: Params): string | undefined {
  const port = text(params, 'HealthCheckPort')
  if (port === undefined || port === 'traffic-port') return port
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw invalid(`Health check port '${port}' must be in the range of 1-65535 inclusive or 'traffic-port'`)
  }
  return port
}

function pathOf(params: Params): string | undefined {
  const path = text(params, 'HealthCheckPath')
  if (path === undefined) return undefined
  if (path.length < 1) throw constraint('healthCheckPath', path, 'have length greater than or equal to 1')
  // Quotas of the API model: at most 1024 characters.
  if (path.length > 1024) throw constraint('healthCheckPath', path, 'have length less than or equal to 1024')
  if (!path.startsWith('/')) throw invalid(`Health check path '${path}' must begin with a '/' character`)
  return path
}

// API_Matcher: 200-599 for an NLB, as one value, a list or a range.
function matcherOf(params: Params): string | undefined {
  const matcher = struct(params, 'Matcher')
  if (matcher === undefined) return undefined
  if (text(matcher, 'GrpcCode') !== undefined)
    throw invalid('GRPC codes are not supported for this target group protocol')
  const codes = text(matcher, 'HttpCode')
  if (codes === undefined) return undefined
  const parts = codes.split(',').map((part) => /^(\d{3})(?:-(\d{3}))?$/.exec(part))
  const right = parts.every((part) => {
    const from = Number(part?.[1])
    const to = Number(part?.[2] ?? part?.[1])
    return from >= 200 && to <= 599 && from <= to
  })
  if (!right) throw invalid(`Health check matcher HTTP code '${codes}' must be within '200-599' inclusive`)
  return codes
}

/** The health check after a create (`before` null: defaults) or a ModifyTargetGroup. */
export function healthCheckOf(params: Params, before: HealthCheckState | null): HealthCheckState {
  // `HealthCheckEnabled`: "If the target type is instance, ip, or alb, health checks are always enabled and can't be disabled."
  if (flag(params, 'HealthCheckEnabled') === false) {
    throw invalid("Health check enabled must be true for target groups with target type 'instance' or 'ip'")
  }
  const base = before ?? DEFAULTS
  const protocol = protocolOf(params) ?? base.protocol
  const path = pathOf(params)
  const matcher = matcherOf(params)
  if (protocol === 'TCP' && (path !== undefined || matcher !== undefined)) {
    const what = path === undefined ? 'matcher' : 'path'
    throw fault(
      'InvalidConfigurationRequest',
      `You cannot specify a health check ${what} for health checks with protocol TCP`,
    )
  }
  const check: HealthCheckState = {
    protocol,
    port: portOf(params) ?? base.port,
    path: protocol === 'TCP' ? null : (path ?? base.path ?? HTTP_DEFAULTS.path),
    matcher: protocol === 'TCP' ? null : (matcher ?? base.matcher ?? HTTP_DEFAULTS.matcher),
    intervalSeconds: integer(params, 'HealthCheckIntervalSeconds', 5, 300) ?? base.intervalSeconds,
    timeoutSeconds: integer(params, 'HealthCheckTimeoutSeconds', 2, 120) ?? base.timeoutSeconds,
    healthyThreshold: integer(params, 'HealthyThresholdCount', 2, 10) ?? base.healthyThreshold,
    unhealthyThreshold: integer(params, 'UnhealthyThresholdCount', 2, 10) ?? base.unhealthyThreshold,
  }
  // "Health checks" page of the NLB guide; equal values are taken (facts: concept by concept).
  if (check.timeoutSeconds > check.intervalSeconds) {
    const message = `Health check timeout '${check.timeoutSeconds}' must be smaller than or equal to the interval '${check.intervalSeconds}'`
    throw invalid(message)
  }
  return check
}
