import type {
  Listener as AwsListener,
  LoadBalancer as AwsLoadBalancer,
  TargetGroup as AwsTargetGroup,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type {
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

export function listenerOf(raw: AwsListener, tags: Tags): Listener {
  const action = raw.DefaultActions?.length === 1 ? raw.DefaultActions[0] : undefined
  const groups = action?.ForwardConfig?.TargetGroups ?? []
  // A weighted forward to several groups has no single target group, whatever TargetGroupArn says.
  const single =
    action?.Type === 'forward' && groups.length <= 1 ? (action.TargetGroupArn ?? groups[0]?.TargetGroupArn) : undefined
  return {
    arn: need(raw.ListenerArn, 'Listeners[].ListenerArn'),
    protocol: need(raw.Protocol, 'Listeners[].Protocol'),
    port: need(raw.Port, 'Listeners[].Port'),
    targetGroupArn: single ?? null,
    tags,
  }
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
  // nyah makes nothing but TCP. What carries the name and another protocol is somebody else's: its tags say so.
  protocol: need(raw.Protocol, 'TargetGroups[].Protocol') as 'TCP',
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
