import { attributeOf } from './elbv2-attributes.ts'
import { LIMIT } from './elbv2-limits.ts'
import { targetGroupOf, usersOf } from './elbv2-lookup.ts'
import { fault, invalid } from './fault.ts'
import type { Params } from './query.ts'
import { flag, integer, required, requiredStructs, struct, structs, text } from './query.ts'
import type { AwsState, ListenerState, LoadBalancerState } from './state.ts'

export type Forward = ListenerState['targetGroups']

/**
 * "Target groups" page of the NLB guide, routing configuration: which target group protocols a listener can forward to. So
 * a TCP target group may stay while its listener becomes TLS or TCP again; a TLS target group needs a TLS listener.
 */
export const FORWARDS: Readonly<Record<string, readonly string[]>> = {
  TCP: ['TCP', 'TCP_UDP'],
  TLS: ['TCP', 'TLS'],
  UDP: ['UDP', 'TCP_UDP'],
  TCP_UDP: ['TCP_UDP'],
}

/** CreateListener, `DefaultActions`: on an NLB exactly one, and it forwards. */
export function forwardOf(params: Params): Forward {
  const actions = requiredStructs(params, 'DefaultActions')
  const [action] = actions
  if (action === undefined || actions.length > 1)
    throw fault('TooManyActions', 'A listener must have exactly one default action')
  const type = required(action, 'Type')
  if (type !== 'forward') {
    throw fault(
      'InvalidLoadBalancerAction',
      `Action type '${type}' is not supported on load balancers of type 'network'`,
    )
  }
  const arn = text(action, 'TargetGroupArn')
  const config = struct(action, 'ForwardConfig')
  const sticky = config === undefined ? undefined : struct(config, 'TargetGroupStickinessConfig')
  if (sticky !== undefined && flag(sticky, 'Enabled') === true) {
    throw invalid('Target group stickiness of a forward is not built in the sandbox')
  }
  const tuples = (config === undefined ? undefined : structs(config, 'TargetGroups'))?.map((tuple) => ({
    arn: required(tuple, 'TargetGroupArn'),
    // API_TargetGroupTuple: 0-999.
    weight: integer(tuple, 'Weight', 0, 999) ?? null,
  }))
  if (tuples === undefined) {
    if (arn === undefined) throw invalid('A target group ARN must be specified')
    return [{ arn, weight: null }]
  }
  // API_Action: TargetGroupArn only "when … you want to route to a single target group".
  if (arn !== undefined && (tuples.length !== 1 || tuples[0]?.arn !== arn)) {
    throw invalid('TargetGroupArn and ForwardConfig must name the same single target group')
  }
  if (tuples.length === 0) throw invalid('At least one target group must be specified')
  if (new Set(tuples.map((tuple) => tuple.arn)).size < tuples.length)
    throw invalid('A target group is specified more than once')
  // With nobody left to send to, the sandbox is stricter than what is documented.
  if (tuples.length > 1 && tuples.every(({ weight }) => weight === 0)) {
    throw invalid('The weights of all target groups of a forward cannot be 0')
  }
  return tuples
}

const conflict = (message: string) => fault('InvalidConfigurationRequest', message)

/** What a listener may forward to: checked when the listener changes, or its load balancer. */
export function checkForward(state: AwsState, balancer: LoadBalancerState, protocol: string, forward: Forward): void {
  // Quota "target groups per action on a Network Load Balancer".
  const most = state.groupsPerAction ?? LIMIT.groupsPerAction
  if (forward.length > most) {
    throw fault('TooManyUniqueTargetGroupsPerLoadBalancer', `At most ${most} target groups per action`)
  }
  const groups = forward.map(({ arn }) => targetGroupOf(state, arn))
  for (const group of groups) {
    const { arn } = group
    // API_CreateListener, IncompatibleProtocols.
    if (!FORWARDS[protocol]?.includes(group.protocol)) {
      const message = `The protocol '${group.protocol}' of target group '${arn}' does not go with the listener protocol '${protocol}'`
      throw fault('IncompatibleProtocols', message)
    }
    // "Target groups" page, IP address type: an IPv6 target group needs a dualstack load balancer.
    if (group.ipAddressType === 'ipv6' && balancer.ipAddressType !== 'dualstack') {
      throw conflict(`The target group '${arn}' needs a load balancer of IP address type 'dualstack'`)
    }
    // "Listeners" page: "A UDP listener for a dualstack load balancer requires IPv6 target groups."
    const udp = protocol === 'UDP' || protocol === 'TCP_UDP'
    if (udp && balancer.ipAddressType === 'dualstack' && group.ipAddressType === 'ipv4') {
      throw conflict(`A ${protocol} listener of a dualstack load balancer requires IPv6 target groups`)
    }
    if (group.vpcId !== balancer.vpcId) {
      throw conflict(`The target group '${arn}' and the load balancer '${balancer.arn}' must be in the same VPC`)
    }
    // "Edit target group attributes" page, sticky sessions: "not supported with TLS listeners and TLS target groups".
    if (protocol === 'TLS' && attributeOf('target-group', group, 'stickiness.enabled') === 'true') {
      throw conflict(`The target group '${arn}' has stickiness enabled, which TLS listeners do not support`)
    }
    // API_TargetGroup, LoadBalancerArns: "You can use each target group with only one load balancer."
    if (usersOf(state, arn).some((user) => user !== balancer.arn)) {
      const message = `The following target groups cannot be associated with more than one load balancer: ${arn}`
      throw fault('TargetGroupAssociationLimit', message)
    }
  }
  // "Consolidate dual-stack architectures with listener rules" (AWS networking blog, 2026): "every target group in that
  // action must use the same IP address type".
  if (new Set(groups.map(({ ipAddressType }) => ipAddressType)).size > 1) {
    throw conflict('All target groups of an action must have the same IP address type')
  }
}
