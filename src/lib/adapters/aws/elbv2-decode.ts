import type {
  Listener as AwsListener,
  LoadBalancer as AwsLoadBalancer,
  TargetGroup as AwsTargetGroup,
  TargetGroupTuple,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type {
  Forward,
  HealthCheck,
  Listener,
  LoadBalancer,
  Tags,
  TargetGroup,
  TargetHealth,
  TargetState,
} from '../../ports/mirrors.ts'
import { need } from './decode.ts'

export const loadBalancerOf = (raw: AwsLoadBalancer, tags: Tags): LoadBalancer => ({
  arn: need(raw.LoadBalancerArn, 'LoadBalancers[].LoadBalancerArn'),
  name: need(raw.LoadBalancerName, 'LoadBalancers[].LoadBalancerName'),
  type: need(raw.Type, 'LoadBalancers[].Type'),
  scheme: need(raw.Scheme, 'LoadBalancers[].Scheme'),
  vpcId: need(raw.VpcId, 'LoadBalancers[].VpcId'),
  // AWS gives both in no order; sorted, so that the same thing always reads the same.
  subnets: (raw.AvailabilityZones ?? []).map(({ SubnetId }) => need(SubnetId, 'AvailabilityZones[].SubnetId')).sort(),
  ...addressesOf(raw),
  securityGroups: [...(raw.SecurityGroups ?? [])].sort(),
  ipAddressType: raw.IpAddressType === 'dualstack' ? 'dualstack' : 'ipv4',
  dnsName: need(raw.DNSName, 'LoadBalancers[].DNSName'),
  hostedZoneId: need(raw.CanonicalHostedZoneId, 'LoadBalancers[].CanonicalHostedZoneId'),
  state: need(raw.State?.Code, 'LoadBalancers[].State.Code'),
  tags,
})

/** Addresses that somebody asked for: AWS names neither allocation nor private address of those it chose itself. */
function addressesOf(raw: AwsLoadBalancer): Pick<LoadBalancer, 'addresses'> {
  const asked = (raw.AvailabilityZones ?? []).flatMap(({ SubnetId, LoadBalancerAddresses }) => {
    const [first] = LoadBalancerAddresses ?? []
    const address = first?.AllocationId ?? first?.PrivateIPv4Address
    return SubnetId === undefined || address === undefined ? [] : [[SubnetId, address] as const]
  })
  return asked.length === 0 ? {} : { addresses: Object.fromEntries(asked) }
}

/** All of a listener that DescribeListeners alone does not tell. */
export interface ListenerParts {
  readonly tags: Tags
  readonly attributes: Readonly<Record<string, string>>
  /** Those chosen by SNI, in no order; the default one may be among them. */
  readonly certificates: readonly string[]
}

export function listenerOf(raw: AwsListener, { tags, attributes, certificates }: ListenerParts): Listener {
  const isTls = raw.Protocol === 'TLS'
  const chosen = (isTls ? (raw.Certificates ?? []) : []).flatMap(({ CertificateArn }) => CertificateArn ?? [])
  const alpn = isTls ? raw.AlpnPolicy?.[0] : undefined
  return {
    arn: need(raw.ListenerArn, 'Listeners[].ListenerArn'),
    protocol: need(raw.Protocol, 'Listeners[].Protocol'),
    port: need(raw.Port, 'Listeners[].Port'),
    forward: forwardOf(raw),
    certificates: [...chosen, ...certificates.filter((arn) => !chosen.includes(arn)).sort()],
    sslPolicy: (isTls ? raw.SslPolicy : null) ?? null,
    alpnPolicy: alpn === undefined || alpn === 'None' ? null : alpn,
    attributes,
    tags,
  }
}

function forwardOf({ DefaultActions = [] }: AwsListener): readonly Forward[] {
  const [action, ...more] = DefaultActions
  if (action?.Type !== 'forward' || more.length > 0) return []
  const groups = action.ForwardConfig?.TargetGroups ?? []
  // A weighted forward to several groups has no single target group, whatever TargetGroupArn says.
  const tuples = groups.length > 0 ? groups : [{ TargetGroupArn: action.TargetGroupArn }]
  const single = tuples.length === 1
  return tuples
    .map(({ TargetGroupArn, Weight }: TargetGroupTuple) => ({
      targetGroupArn: need(TargetGroupArn, 'DefaultActions[].ForwardConfig.TargetGroups[].TargetGroupArn'),
      // Alone, any share is all of it; but for 0, which is nobody's wish.
      weight: single && Weight !== 0 ? 1 : (Weight ?? 1),
    }))
    .sort((a, b) => (a.targetGroupArn < b.targetGroupArn ? -1 : 1))
}

/** DefaultActions: one target group plainly, several with their weights. */
export const forwardTo = (forward: readonly Forward[]) => {
  const [only, ...more] = forward
  if (only !== undefined && more.length === 0) {
    return [{ Type: 'forward' as const, TargetGroupArn: only.targetGroupArn }]
  }
  const TargetGroups = forward.map(({ targetGroupArn, weight }) => ({ TargetGroupArn: targetGroupArn, Weight: weight }))
  return [{ Type: 'forward' as const, ForwardConfig: { TargetGroups } }]
}

/** All of a target group that DescribeTargetGroups alone does not tell. */
export interface TargetGroupParts {
  readonly tags: Tags
  readonly attributes: Readonly<Record<string, string>>
  readonly targets: readonly TargetHealth[]
}

export const targetGroupOf = (raw: AwsTargetGroup, parts: TargetGroupParts): TargetGroup => ({
  arn: need(raw.TargetGroupArn, 'TargetGroups[].TargetGroupArn'),
  name: need(raw.TargetGroupName, 'TargetGroups[].TargetGroupName'),
  // nyah makes nothing but TCP and TLS. What carries the name and another protocol is somebody else's: its tags say so.
  protocol: need(raw.Protocol, 'TargetGroups[].Protocol') as TargetGroup['protocol'],
  port: need(raw.Port, 'TargetGroups[].Port'),
  vpcId: need(raw.VpcId, 'TargetGroups[].VpcId'),
  ipAddressType: raw.IpAddressType === 'ipv6' ? 'ipv6' : 'ipv4',
  healthCheck: healthCheckOf(raw),
  loadBalancerArns: [...(raw.LoadBalancerArns ?? [])].sort(),
  ...parts,
})

function healthCheckOf(raw: AwsTargetGroup): HealthCheck {
  const protocol = need(raw.HealthCheckProtocol, 'TargetGroups[].HealthCheckProtocol') as HealthCheck['protocol']
  const http = protocol === 'HTTP' || protocol === 'HTTPS'
  return {
    protocol,
    port: need(raw.HealthCheckPort, 'TargetGroups[].HealthCheckPort'),
    intervalSeconds: need(raw.HealthCheckIntervalSeconds, 'TargetGroups[].HealthCheckIntervalSeconds'),
    timeoutSeconds: need(raw.HealthCheckTimeoutSeconds, 'TargetGroups[].HealthCheckTimeoutSeconds'),
    healthyThreshold: need(raw.HealthyThresholdCount, 'TargetGroups[].HealthyThresholdCount'),
    unhealthyThreshold: need(raw.UnhealthyThresholdCount, 'TargetGroups[].UnhealthyThresholdCount'),
    ...(http && raw.HealthCheckPath !== undefined ? { path: raw.HealthCheckPath } : {}),
    ...(http && raw.Matcher?.HttpCode !== undefined ? { matcher: raw.Matcher.HttpCode } : {}),
  }
}

/** The fields of CreateTargetGroup and ModifyTargetGroup. A TCP check has neither path nor matcher. */
export const healthCheckInput = (check: HealthCheck) => ({
  HealthCheckProtocol: check.protocol,
  HealthCheckPort: check.port,
  HealthCheckIntervalSeconds: check.intervalSeconds,
  HealthCheckTimeoutSeconds: check.timeoutSeconds,
  HealthyThresholdCount: check.healthyThreshold,
  UnhealthyThresholdCount: check.unhealthyThreshold,
  ...(check.protocol === 'TCP' || check.path === undefined ? {} : { HealthCheckPath: check.path }),
  ...(check.protocol === 'TCP' || check.matcher === undefined ? {} : { Matcher: { HttpCode: check.matcher } }),
})

const STATES: ReadonlySet<string> = new Set<TargetState>([
  'initial',
  'healthy',
  'unhealthy',
  'unhealthy.draining',
  'draining',
  'unused',
  'unavailable',
])

export function targetHealthOf(raw: TargetHealthDescription): TargetHealth {
  const state = need(raw.TargetHealth?.State, 'TargetHealthDescriptions[].TargetHealth.State')
  return {
    address: need(raw.Target?.Id, 'TargetHealthDescriptions[].Target.Id'),
    port: need(raw.Target?.Port, 'TargetHealthDescriptions[].Target.Port'),
    availabilityZone: raw.Target?.AvailabilityZone === 'all' ? 'all' : null,
    // A state that is newer than nyah is not known to be healthy.
    state: STATES.has(state) ? state : 'unavailable',
    reason: state === 'healthy' ? null : (raw.TargetHealth?.Reason ?? null),
  }
}
