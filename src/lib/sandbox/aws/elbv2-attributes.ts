import type { Action, Actions } from './action.ts'
import { listenerOf, loadBalancerOf, targetGroupOf } from './elbv2-lookup.ts'
import { fault, invalid } from './fault.ts'
import { required, requiredStructs, text } from './query.ts'
import type { AwsState, ListenerState, LoadBalancerState, Tags, TargetGroupState } from './state.ts'

interface Rule<T> {
  readonly key: string
  readonly fallback: (subject: T) => string
  readonly accepts: (value: string) => boolean
}

const flag = (value: string) => value === 'true' || value === 'false'
const oneOf =
  (...values: readonly string[]) =>
  (value: string) =>
    values.includes(value)
const range = (least: number, most: number) => (value: string) =>
  /^\d{1,7}$/.test(value) && Number(value) >= least && Number(value) <= most
const offOr = (accepts: (value: string) => boolean) => (value: string) => value === 'off' || accepts(value)
const rule = <T>(
  key: string,
  fallback: string | ((subject: T) => string),
  accepts: (value: string) => boolean,
): Rule<T> => ({
  key,
  fallback: typeof fallback === 'string' ? () => fallback : fallback,
  accepts,
})

// API_LoadBalancerAttribute: those of all load balancers, of ALB and NLB, and of NLB only.
const LOAD_BALANCER: readonly Rule<LoadBalancerState>[] = [
  rule('deletion_protection.enabled', 'false', flag),
  rule('load_balancing.cross_zone.enabled', 'false', flag),
  rule('access_logs.s3.enabled', 'false', flag),
  rule('access_logs.s3.bucket', '', () => true),
  rule('access_logs.s3.prefix', '', () => true),
  rule('ipv6.deny_all_igw_traffic', ({ scheme }) => String(scheme === 'internal'), flag),
  rule('zonal_shift.config.enabled', 'false', flag),
  rule(
    'dns_record.client_routing_policy',
    'any_availability_zone',
    oneOf('availability_zone_affinity', 'partial_availability_zone_affinity', 'any_availability_zone'),
  ),
  rule('secondary_ips.auto_assigned.per_subnet', '0', range(0, 7)),
]

const udp = ({ protocol }: TargetGroupState) => protocol === 'UDP' || protocol === 'TCP_UDP'

// API_TargetGroupAttribute: those of all load balancers, of ALB and NLB, and of NLB only; defaults by protocol and type.
const TARGET_GROUP: readonly Rule<TargetGroupState>[] = [
  rule('deregistration_delay.timeout_seconds', '300', range(0, 3600)),
  rule('stickiness.enabled', 'false', flag),
  rule('stickiness.type', 'source_ip', oneOf('source_ip')),
  rule('load_balancing.cross_zone.enabled', 'use_load_balancer_configuration', (value) =>
    oneOf('true', 'false', 'use_load_balancer_configuration')(value),
  ),
  rule('target_group_health.dns_failover.minimum_healthy_targets.count', '1', offOr(range(1, 1000))),
  rule('target_group_health.dns_failover.minimum_healthy_targets.percentage', 'off', offOr(range(1, 100))),
  rule('target_group_health.unhealthy_state_routing.minimum_healthy_targets.count', '1', range(1, 1000)),
  rule('target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage', 'off', offOr(range(1, 100))),
  rule('deregistration_delay.connection_termination.enabled', (group) => String(udp(group)), flag),
  rule('preserve_client_ip.enabled', (group) => String(group.targetType !== 'ip' || udp(group)), flag),
  rule('proxy_protocol_v2.enabled', 'false', flag),
  rule('target_health_state.unhealthy.connection_termination.enabled', (group) => String(!udp(group)), flag),
  rule('target_health_state.unhealthy.draining_interval_seconds', '0', range(0, 360_000)),
]

// API_ListenerAttribute: NLB has one, and only TCP listeners can change it (facts: concept by concept, time-outs).
const LISTENER: readonly Rule<ListenerState>[] = [rule('tcp.idle_timeout.seconds', '350', range(60, 6000))]

const RULES = { 'load-balancer': LOAD_BALANCER, 'target-group': TARGET_GROUP, listener: LISTENER } as const

interface Kinds {
  'load-balancer': LoadBalancerState
  'target-group': TargetGroupState
  listener: ListenerState
}

const rulesOf = <K extends keyof Kinds>(kind: K) => RULES[kind] as unknown as readonly Rule<Kinds[K]>[]

/** An attribute's value: set, or its default. */
export function attributeOf<K extends keyof Kinds>(kind: K, subject: Kinds[K], key: string): string {
  return (
    subject.attributes[key] ??
    rulesOf(kind)
      .find((candidate) => candidate.key === key)
      ?.fallback(subject) ??
    ''
  )
}

const servesTls = (state: AwsState, arn: string): boolean =>
  Object.values(state.listeners).some(
    ({ protocol, targetGroups }) => protocol === 'TLS' && targetGroups.some((each) => each.arn === arn),
  )

const conflict = (message: string) => fault('InvalidConfigurationRequest', message)

// What one attribute alone does not show.
const CHECKS: { readonly [K in keyof Kinds]: (before: Kinds[K], after: Kinds[K], state: AwsState) => void } = {
  'load-balancer'(before, after) {
    const key = 'secondary_ips.auto_assigned.per_subnet'
    // "After you set this value, you can't decrease it."
    if (Number(attributeOf('load-balancer', after, key)) < Number(attributeOf('load-balancer', before, key))) {
      throw conflict(`Load balancer attribute '${key}' cannot be decreased`)
    }
    const logs = attributeOf('load-balancer', after, 'access_logs.s3.enabled') === 'true'
    if (logs && attributeOf('load-balancer', after, 'access_logs.s3.bucket') === '') {
      throw conflict("Load balancer attribute 'access_logs.s3.bucket' is required if access logs are enabled")
    }
  },
  'target-group'(_before, after, state) {
    const of = (key: string) => attributeOf('target-group', after, key)
    // "Client IP preservation can't be disabled for UDP and TCP_UDP target groups."
    if (udp(after) && of('preserve_client_ip.enabled') === 'false') {
      throw conflict(`Client IP preservation cannot be disabled for target groups with protocol '${after.protocol}'`)
    }
    const terminates = of('target_health_state.unhealthy.connection_termination.enabled') === 'true'
    // "This attribute can't be enabled for UDP and TCP_UDP target groups."
    if (udp(after) && terminates) {
      throw conflict(`Connection termination of unhealthy targets is not supported with protocol '${after.protocol}'`)
    }
    // "Edit target group attributes" page, sticky sessions: "not supported with TLS listeners and TLS target groups".
    const tls = after.protocol === 'TLS' || servesTls(state, after.arn)
    if (tls && of('stickiness.enabled') === 'true') {
      throw conflict('Stickiness is not supported with TLS listeners and TLS target groups')
    }
    // "This attribute can only be configured when …connection_termination.enabled is false."
    if (terminates && of('target_health_state.unhealthy.draining_interval_seconds') !== '0') {
      throw conflict('The draining interval can only be configured when connection termination is disabled')
    }
  },
  listener(_before, after) {
    if (after.protocol !== 'TCP' && Object.keys(after.attributes).length > 0) {
      throw conflict(`Listener attribute 'tcp.idle_timeout.seconds' is not supported with protocol '${after.protocol}'`)
    }
  },
}

interface Resource<K extends keyof Kinds> {
  readonly kind: K
  readonly noun: string
  readonly arn: string
  readonly find: (state: AwsState, arn: string) => Kinds[K]
  readonly put: (state: AwsState, subject: Kinds[K]) => AwsState
}

const listed = <K extends keyof Kinds>(kind: K, subject: Kinds[K]) => ({
  Attributes: rulesOf(kind)
    .filter(() => kind !== 'listener' || (subject as ListenerState).protocol === 'TCP')
    .map(({ key }) => ({ Key: key, Value: attributeOf(kind, subject, key) })),
})

const describe =
  <K extends keyof Kinds>({ kind, arn, find }: Resource<K>): Action =>
  ({ state, params }) => ({ state, result: listed(kind, find(state, required(params, arn))) })

const modify =
  <K extends keyof Kinds>({ kind, noun, arn, find, put }: Resource<K>): Action =>
  ({ state, params }) => {
    const before = find(state, required(params, arn))
    const changed: Record<string, string> = {}
    for (const item of requiredStructs(params, 'Attributes')) {
      const key = required(item, 'Key')
      const value = text(item, 'Value') ?? ''
      const known = rulesOf(kind).find((candidate) => candidate.key === key)
      if (known === undefined) throw invalid(`${noun} attribute key '${key}' is not recognized`)
      if (key in changed) throw invalid(`${noun} attribute key '${key}' is specified more than once`)
      if (!known.accepts(value)) throw invalid(`${noun} attribute '${key}' cannot have the value '${value}'`)
      changed[key] = value
    }
    const attributes: Tags = { ...before.attributes, ...changed }
    const after = { ...before, attributes } as Kinds[K]
    CHECKS[kind](before, after, state)
    return { state: put(state, after), result: listed(kind, after) }
  }

const loadBalancer: Resource<'load-balancer'> = {
  kind: 'load-balancer',
  noun: 'Load balancer',
  arn: 'LoadBalancerArn',
  find: loadBalancerOf,
  put: (state, subject) => ({ ...state, loadBalancers: { ...state.loadBalancers, [subject.arn]: subject } }),
}

const targetGroup: Resource<'target-group'> = {
  kind: 'target-group',
  noun: 'Target group',
  arn: 'TargetGroupArn',
  find: targetGroupOf,
  put: (state, subject) => ({ ...state, targetGroups: { ...state.targetGroups, [subject.arn]: subject } }),
}

const listener: Resource<'listener'> = {
  kind: 'listener',
  noun: 'Listener',
  arn: 'ListenerArn',
  find: listenerOf,
  put: (state, subject) => ({ ...state, listeners: { ...state.listeners, [subject.arn]: subject } }),
}

export const attributeActions: Actions = {
  DescribeLoadBalancerAttributes: describe(loadBalancer),
  ModifyLoadBalancerAttributes: modify(loadBalancer),
  DescribeTargetGroupAttributes: describe(targetGroup),
  ModifyTargetGroupAttributes: modify(targetGroup),
  DescribeListenerAttributes: describe(listener),
  ModifyListenerAttributes: modify(listener),
}
