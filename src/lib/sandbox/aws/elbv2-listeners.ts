import type { Actions } from './action.ts'
import { associated } from './elbv2-association.ts'
import { checkCertificates, tlsOf, tlsXml } from './elbv2-certificates.ts'
import { checkForward, FORWARDS, forwardOf } from './elbv2-forward.ts'
import { checkBalancerTargets, LIMIT } from './elbv2-limits.ts'
import { listenerOf, listenersOf, loadBalancerOf, pageOf } from './elbv2-lookup.ts'
import { createdTags, sameTags } from './elbv2-tags.ts'
import { fault, invalid } from './fault.ts'
import { elbArn, hex } from './ids.ts'
import type { Params } from './query.ts'
import { integer, oneOf, required, text, texts } from './query.ts'
import type { AwsState, ListenerState, LoadBalancerState } from './state.ts'
import { counted, without } from './state.ts'

const PROTOCOLS = ['HTTP', 'HTTPS', 'TCP', 'TLS', 'UDP', 'TCP_UDP', 'GENEVE', 'QUIC', 'TCP_QUIC'] as const

const listenerXml = (listener: ListenerState) => {
  const [only, ...others] = listener.targetGroups
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: listener.loadBalancerArn,
    Port: listener.port,
    Protocol: listener.protocol,
    ...tlsXml(listener),
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

function protocolOf(params: Params): string | undefined {
  const protocol = oneOf(params, 'Protocol', PROTOCOLS)
  if (protocol === undefined || FORWARDS[protocol] !== undefined) return protocol
  // HTTP, HTTPS and GENEVE belong to other load balancers; QUIC and TCP_QUIC are not built in the sandbox.
  throw fault('UnsupportedProtocol', `Protocol '${protocol}' is not supported on load balancers of type 'network'`)
}

const put = (state: AwsState, listener: ListenerState, now: number): AwsState => {
  const next = associated({ ...state, listeners: { ...state.listeners, [listener.arn]: listener } }, now)
  checkBalancerTargets(next, listener.loadBalancerArn)
  checkCertificates(next, listener.loadBalancerArn)
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
    const tls = tlsOf(before, params, protocol, null)
    const targetGroups = forwardOf(params)
    const tags = createdTags(params)
    checkForward(before, balancer, protocol, targetGroups)
    const listeners = listenersOf(before, balancer.arn)
    const present = listeners.find((listener) => listener.port === port)
    if (present !== undefined) {
      const sameForward = JSON.stringify(present.targetGroups) === JSON.stringify(targetGroups)
      const sameTls = JSON.stringify(present.tls && { ...present.tls, further: [] }) === JSON.stringify(tls)
      const same = present.protocol === protocol && sameForward && sameTls && sameTags(present.tags, tags)
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
      tls,
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
    const tls = tlsOf(state, params, protocol, before.tls)
    const targetGroups = params.has('DefaultActions') ? forwardOf(params) : before.targetGroups
    checkForward(state, balancer, protocol, targetGroups)
    const taken = listenersOf(state, balancer.arn).some((other) => other.arn !== before.arn && other.port === port)
    if (taken) throw duplicate(balancer)
    // An idle time-out belongs to TCP: it does not outlive the protocol.
    const attributes = protocol === before.protocol ? before.attributes : {}
    const listener = { ...before, protocol, port, targetGroups, tls, attributes }
    return { state: put(state, listener, now), result: { Listeners: [listenerXml(listener)] } }
  },

  // API_DeleteListener: ListenerNotFound.
  DeleteListener({ state, params, now }) {
    const listener = listenerOf(state, required(params, 'ListenerArn'))
    return { state: associated({ ...state, listeners: without(state.listeners, listener.arn) }, now), result: {} }
  },
}
