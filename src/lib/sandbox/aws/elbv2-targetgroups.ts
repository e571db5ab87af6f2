import type { Actions } from './action.ts'
import { healthCheckOf } from './elbv2-healthcheck.ts'
import { LIMIT } from './elbv2-limits.ts'
import { checkName, loadBalancerOf, pageOf, targetGroupOf, usersOf } from './elbv2-lookup.ts'
import { createdTags, sameTags } from './elbv2-tags.ts'
import { fault, invalid } from './fault.ts'
import { ARN, elbArn, hex } from './ids.ts'
import { integer, oneOf, required, text, texts } from './query.ts'
import type { AwsState, TargetGroupState } from './state.ts'
import { counted, without } from './state.ts'

const PROTOCOLS = ['HTTP', 'HTTPS', 'TCP', 'TLS', 'UDP', 'TCP_UDP', 'GENEVE', 'QUIC', 'TCP_QUIC'] as const
const BUILT: readonly string[] = ['TCP', 'TLS', 'UDP', 'TCP_UDP']

const groupXml = (state: AwsState, group: TargetGroupState) => {
  const check = group.healthCheck
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: group.protocol,
    Port: group.port,
    VpcId: group.vpcId,
    HealthCheckProtocol: check.protocol,
    HealthCheckPort: check.port,
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: check.intervalSeconds,
    HealthCheckTimeoutSeconds: check.timeoutSeconds,
    HealthyThresholdCount: check.healthyThreshold,
    UnhealthyThresholdCount: check.unhealthyThreshold,
    HealthCheckPath: check.path,
    Matcher: check.matcher === null ? null : { HttpCode: check.matcher },
    LoadBalancerArns: usersOf(state, group.arn),
    TargetType: group.targetType,
    IpAddressType: group.ipAddressType,
  }
}

const settingsOf = ({ protocol, port, vpcId, targetType, ipAddressType, healthCheck }: TargetGroupState) => {
  const { path, matcher, intervalSeconds, timeoutSeconds, healthyThreshold, unhealthyThreshold } = healthCheck
  const check = [healthCheck.protocol, healthCheck.port, path, matcher, intervalSeconds, timeoutSeconds]
  return JSON.stringify([protocol, port, vpcId, targetType, ipAddressType, check, healthyThreshold, unhealthyThreshold])
}

export const targetGroupActions: Actions = {
  // API_CreateTargetGroup: idempotent for the same settings, tags included (facts: API behaviour).
  CreateTargetGroup({ state: before, params }) {
    const name = required(params, 'Name')
    checkName(name, 'Target group')
    const targetType = oneOf(params, 'TargetType', ['instance', 'ip', 'lambda', 'alb']) ?? 'instance'
    if (targetType === 'lambda' || targetType === 'alb') {
      throw invalid(`Target groups with target type '${targetType}' are not built in the sandbox: use 'ip'`)
    }
    const protocol = oneOf(params, 'Protocol', PROTOCOLS)
    if (protocol === undefined) throw invalid('A protocol must be specified')
    if (!BUILT.includes(protocol)) {
      throw invalid(
        `Target groups with protocol '${protocol}' are not built in the sandbox: use one of ${BUILT.join(', ')}`,
      )
    }
    if (text(params, 'ProtocolVersion') !== undefined) {
      throw invalid(`Protocol version cannot be specified for target groups with protocol '${protocol}'`)
    }
    const port = integer(params, 'Port', 1, 65_535)
    if (port === undefined) throw invalid('A port must be specified')
    const vpcId = text(params, 'VpcId')
    if (vpcId === undefined) throw invalid('A VPC ID must be specified')
    if (!before.vpcs.some((vpc) => vpc.id === vpcId)) throw invalid(`The VPC ID '${vpcId}' is not found`)
    const ipAddressType = oneOf(params, 'IpAddressType', ['ipv4', 'ipv6']) ?? 'ipv4'
    const tags = createdTags(params)
    const { state, ordinal } = counted(before)
    const id = hex(`${state.accountId}/targetgroup/${ordinal}`, 16)
    const group: TargetGroupState = {
      ordinal,
      arn: elbArn(state.region, state.accountId, `targetgroup/${name}/${id}`),
      name,
      protocol,
      port,
      vpcId,
      targetType,
      ipAddressType,
      healthCheck: healthCheckOf(params, null),
      attributes: {},
      tags,
      inUseSince: null,
      targets: [],
    }
    const groups = Object.values(before.targetGroups)
    const present = groups.find((candidate) => candidate.name === name)
    if (present !== undefined) {
      const same = settingsOf(present) === settingsOf(group) && sameTags(present.tags, tags)
      if (same) return { state: before, result: { TargetGroups: [groupXml(before, present)] } }
      const message = `A target group with the same name '${name}' exists, but with different settings`
      throw fault('DuplicateTargetGroupName', message)
    }
    // Quotas page: 3000 per Region.
    if (groups.length >= LIMIT.targetGroups) {
      throw fault('TooManyTargetGroups', 'The maximum number of target groups has been reached')
    }
    const next = { ...state, targetGroups: { ...state.targetGroups, [group.arn]: group } }
    return { state: next, result: { TargetGroups: [groupXml(next, group)] } }
  },

  // API_DescribeTargetGroups: one of LoadBalancerArn, TargetGroupArns, Names; what does not exist fails the call.
  DescribeTargetGroups({ state, params }) {
    const balancer = text(params, 'LoadBalancerArn')
    const arns = texts(params, 'TargetGroupArns')
    const names = texts(params, 'Names')
    if ([balancer, arns, names].filter((given) => given !== undefined).length > 1) {
      throw invalid('You can specify only one of load balancer ARN, target group ARNs and target group names')
    }
    if (balancer !== undefined) loadBalancerOf(state, balancer)
    arns?.forEach((arn) => targetGroupOf(state, arn))
    const all = Object.values(state.targetGroups)
    const unknown = (names ?? []).some((name) => !all.some((group) => group.name === name))
    if (unknown) throw fault('TargetGroupNotFound', 'One or more target groups not found')
    const asked = (set: readonly string[] | undefined, value: string) =>
      set === undefined || set.length === 0 || set.includes(value)
    const found = all.filter(
      (group) =>
        asked(arns, group.arn) &&
        asked(names, group.name) &&
        (balancer === undefined || usersOf(state, group.arn).includes(balancer)),
    )
    const { items, marker } = pageOf(params, found)
    return { state, result: { TargetGroups: items.map((group) => groupXml(state, group)), NextMarker: marker } }
  },

  // API_ModifyTargetGroup: health checks only.
  ModifyTargetGroup({ state, params }) {
    const group = targetGroupOf(state, required(params, 'TargetGroupArn'))
    const changed = { ...group, healthCheck: healthCheckOf(params, group.healthCheck) }
    const next = { ...state, targetGroups: { ...state.targetGroups, [group.arn]: changed } }
    return { state: next, result: { TargetGroups: [groupXml(next, changed)] } }
  },

  // API_DeleteTargetGroup: refused while an action refers to it; its only documented error is ResourceInUse.
  DeleteTargetGroup({ state, params }) {
    const arn = required(params, 'TargetGroupArn')
    if (!ARN.targetGroup.test(arn)) throw invalid(`'${arn}' is not a valid target group ARN`)
    if (usersOf(state, arn).length > 0) {
      throw fault('ResourceInUse', `Target group '${arn}' is currently in use by a listener or a rule`)
    }
    return { state: { ...state, targetGroups: without(state.targetGroups, arn) }, result: {} }
  },
}
