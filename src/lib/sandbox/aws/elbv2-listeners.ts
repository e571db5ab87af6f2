import type { Actions } from './action.ts'
import { associated } from './elbv2-association.ts'
import { checkBalancerTargets, LIMIT } from './elbv2-limits.ts'
import { listenerOf, listenersOf, loadBalancerOf, pageOf, targetGroupOf, usersOf } from './elbv2-lookup.ts'
import { createdTags, sameTags } from './elbv2-tags.ts'
import { fault, invalid } from './fault.ts'
import { elbArn, hex } from './ids.ts'
import type { Params } from './query.ts'
import { integer, list, oneOf, required, requiredStructs, struct, structs, text, texts } from './query.ts'
import type { AwsState, ListenerState, LoadBalancerState } from './state.ts'
import { counted, without } from './state.ts'

const PROTOCOLS = ['HTTP', 'HTTPS', 'TCP', 'TLS', 'UDP', 'TCP_UDP', 'GENEVE', 'QUIC', 'TCP_QUIC'] as const

// "Target groups" page of the NLB guide, routing configuration: which target group protocols a listener can forward to.
const FORWARDS: Readonly<Record<string, readonly string[]>> = {
  TCP: ['TCP', 'TCP_UDP'],
  TLS: ['TCP', 'TLS'],
  UDP: ['UDP', 'TCP_UDP'],
  TCP_UDP: ['TCP_UDP'],
}

type Forward = ListenerState['targetGroups']

const listenerXml = (listener: ListenerState) => {
  const [only, ...others] = listener.targetGroups
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: listener.loadBalancerArn,
    Port: listener.port,
    Protocol: listener.protocol,
    DefaultActions: [
      {
        Type: 'forward',
        TargetGroupArn: others.length === 0 ? only?.arn : null,
        ForwardConfig: {
          TargetGroups: listener.targetGroups.map(({ arn, weight }) => ({ TargetGroupArn: arn, Weight: weight })),
        },
      },
    ],
  }
}

/** CreateListener, `DefaultActions`: on an NLB exactly one, and it forwards. */
function forwardOf(params: Params): Forward {
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
  if (tuples.length > LIMIT.groupsPerAction) {
    throw fault('TooManyUniqueTargetGroupsPerLoadBalancer', `At most ${LIMIT.groupsPerAction} target groups per action`)
  }
  if (new Set(tuples.map((tuple) => tuple.arn)).size < tuples.length)
    throw invalid('A target group is specified more than once')
  return tuples
}

function protocolOf(params: Params): string | undefined {
  const protocol = oneOf(params, 'Protocol', PROTOCOLS)
  if (protocol === undefined || FORWARDS[protocol] !== undefined) return protocol
  // HTTP, HTTPS and GENEVE belong to other load balancers; QUIC and TCP_QUIC are not built in the sandbox.
  throw fault('UnsupportedProtocol', `Protocol '${protocol}' is not supported on load balancers of type 'network'`)
}

function checkCertificates(params: Params, protocol: string): void {
  const certificates = list(params, 'Certificates') ?? []
  const named = text(params, 'SslPolicy') ?? (texts(params, 'AlpnPolicy') ?? [])[0]
  if (protocol === 'TLS') {
    if (certificates.length === 0) throw invalid('A certificate must be specified for TLS listeners')
    // The sandbox has no ACM: every certificate is unknown.
    throw fault('CertificateNotFound', 'One or more certificates not found')
  }
  if (certificates.length > 0 || named !== undefined) {
    throw invalid(`A certificate or policy cannot be specified for ${protocol} listeners`)
  }
}

function checkForward(state: AwsState, balancer: LoadBalancerState, protocol: string, forward: Forward): void {
  for (const { arn } of forward) {
    const group = targetGroupOf(state, arn)
    // API_CreateListener, IncompatibleProtocols.
    if (!FORWARDS[protocol]?.includes(group.protocol)) {
      const message = `The protocol '${group.protocol}' of target group '${arn}' does not go with the listener protocol '${protocol}'`
      throw fault('IncompatibleProtocols', message)
    }
    // "Target groups" page, IP address type: an IPv6 target group needs a dualstack load balancer.
    if (group.ipAddressType === 'ipv6') {
      throw fault(
        'InvalidConfigurationRequest',
        `The target group '${arn}' needs a load balancer of IP address type 'dualstack'`,
      )
    }
    if (group.vpcId !== balancer.vpcId) {
      throw fault(
        'InvalidConfigurationRequest',
        `The target group '${arn}' and the load balancer '${balancer.arn}' must be in the same VPC`,
      )
    }
    // API_TargetGroup, LoadBalancerArns: "You can use each target group with only one load balancer."
    if (usersOf(state, arn).some((user) => user !== balancer.arn)) {
      const message = `The following target groups cannot be associated with more than one load balancer: ${arn}`
      throw fault('TargetGroupAssociationLimit', message)
    }
  }
}

const put = (state: AwsState, listener: ListenerState, now: number): AwsState => {
  const next = associated({ ...state, listeners: { ...state.listeners, [listener.arn]: listener } }, now)
  checkBalancerTargets(next, listener.loadBalancerArn)
  return next
}

const duplicate = (balancer: LoadBalancerState) =>
  fault('DuplicateListener', `A listener already exists on this port for this load balancer '${balancer.arn}'`)

export const listenerActions: Actions = {
  // API_CreateListener: idempotent for the same settings; one listener per port, whatever its protocol.
  CreateListener({ state: before, params, now }) {
    const balancer = loadBalancerOf(before, required(params, 'LoadBalancerArn'))
    const protocol = protocolOf(params)
    const port = integer(params, 'Port', 1, 65_535)
    if (protocol === undefined) throw invalid('A listener protocol must be specified')
    if (port === undefined) throw invalid('A listener port must be specified')
    checkCertificates(params, protocol)
    const targetGroups = forwardOf(params)
    const tags = createdTags(params)
    checkForward(before, balancer, protocol, targetGroups)
    const listeners = listenersOf(before, balancer.arn)
    const present = listeners.find((listener) => listener.port === port)
    if (present !== undefined) {
      const sameForward = JSON.stringify(present.targetGroups) === JSON.stringify(targetGroups)
      const same = present.protocol === protocol && sameForward && sameTags(present.tags, tags)
      if (same) return { state: before, result: { Listeners: [listenerXml(present)] } }
      throw duplicate(balancer)
    }
    // Quotas page: 50 listeners per NLB, not adjustable.
    if (listeners.length >= LIMIT.listeners) {
      throw fault(
        'TooManyListeners',
        `The maximum number of listeners has been reached on load balancer '${balancer.arn}'`,
      )
    }
    const { state, ordinal } = counted(before)
    const id = hex(`${state.accountId}/listener/${ordinal}`, 16)
    const below = balancer.arn.split(':loadbalancer/')[1] ?? ''
    const listener: ListenerState = {
      ordinal,
      arn: elbArn(state.region, state.accountId, `listener/${below}/${id}`),
      loadBalancerArn: balancer.arn,
      protocol,
      port,
      targetGroups,
      attributes: {},
      tags,
    }
    return { state: put(state, listener, now), result: { Listeners: [listenerXml(listener)] } }
  },

  // API_DescribeListeners: "You must specify either a load balancer or one or more listeners."
  DescribeListeners({ state, params }) {
    const balancer = text(params, 'LoadBalancerArn')
    const arns = texts(params, 'ListenerArns')
    if ((balancer === undefined) === (arns === undefined)) {
      throw invalid('You must specify either listener ARNs or a load balancer ARN')
    }
    const found =
      arns?.map((arn) => listenerOf(state, arn)) ?? listenersOf(state, loadBalancerOf(state, balancer ?? '').arn)
    const { items, marker } = pageOf(params, found)
    return { state, result: { Listeners: items.map(listenerXml), NextMarker: marker } }
  },

  // API_ModifyListener: what is not given stays.
  ModifyListener({ state, params, now }) {
    const before = listenerOf(state, required(params, 'ListenerArn'))
    const balancer = loadBalancerOf(state, before.loadBalancerArn)
    const protocol = protocolOf(params) ?? before.protocol
    const port = integer(params, 'Port', 1, 65_535) ?? before.port
    checkCertificates(params, protocol)
    const targetGroups = params.has('DefaultActions') ? forwardOf(params) : before.targetGroups
    checkForward(state, balancer, protocol, targetGroups)
    const taken = listenersOf(state, balancer.arn).some((other) => other.arn !== before.arn && other.port === port)
    if (taken) throw duplicate(balancer)
    const listener = { ...before, protocol, port, targetGroups }
    return { state: put(state, listener, now), result: { Listeners: [listenerXml(listener)] } }
  },

  // API_DeleteListener: ListenerNotFound.
  DeleteListener({ state, params, now }) {
    const listener = listenerOf(state, required(params, 'ListenerArn'))
    return { state: associated({ ...state, listeners: without(state.listeners, listener.arn) }, now), result: {} }
  },
}
