import type { Surroundings } from '../service.ts'
import type { Actions } from './action.ts'
import { interfacesOf } from './ec2-network.ts'
import { liveTargets } from './elbv2-association.ts'
import { attributeOf } from './elbv2-attributes.ts'
import { activeAt } from './elbv2-loadbalancers.ts'
import { targetGroupOf, usersOf } from './elbv2-lookup.ts'
import { targetKey } from './elbv2-targets.ts'
import { probing } from './probing.ts'
import { integer, required, structs, text } from './query.ts'
import type { AwsState, HealthCheckState, LoadBalancerState, Outage, TargetGroupState, TargetState } from './state.ts'

/** API_TargetHealth. */
interface Health {
  readonly State: string
  readonly Reason?: string
  readonly Description?: string
}

/** Older silences than these of a host are forgotten. */
const REMEMBERED = 16

/** Notes what fell silent or came back since the last request: health follows some probes later. */
export function noticed(state: AwsState, { now, down }: Surroundings): AwsState {
  const silent = (host: string) => state.outages[host]?.at(-1)?.upAt === null
  const fallen = [...down].filter((host) => !silent(host))
  const back = Object.keys(state.outages).filter((host) => silent(host) && !down.has(host))
  if (fallen.length === 0 && back.length === 0) return state
  const outages: Record<string, readonly Outage[]> = { ...state.outages }
  for (const host of fallen) outages[host] = [...(outages[host] ?? []), { downAt: now, upAt: null }].slice(-REMEMBERED)
  for (const host of back)
    outages[host] = (outages[host] ?? []).map((outage) => ({ ...outage, upAt: outage.upAt ?? now }))
  return { ...state, outages }
}

const checkPort = (check: HealthCheckState, target: TargetState) =>
  check.port === 'traffic-port' ? target.port : Number(check.port)

// NLB reports a failed TCP connection as FailedHealthChecks, an HTTP(S) request without an answer as Timeout.
const unanswered = ({ protocol }: HealthCheckState) =>
  protocol === 'TCP'
    ? { Reason: 'Target.FailedHealthChecks', Description: 'Health checks failed' }
    : { Reason: 'Target.Timeout', Description: 'Request timed out' }

/**
 * A host that was silenced at the port it serves is silent at the port of its health check too (as in Octavia here).
 * `aws>10.20.0.11:8080` is silent to AWS only.
 */
const outagesOf = (state: AwsState, { id, port }: TargetState, probedPort: number): readonly Outage[] =>
  [...new Set([port, probedPort])]
    .flatMap((at) => [`${id}:${at}`, `aws>${id}:${at}`])
    .flatMap((host) => state.outages[host] ?? [])
    .toSorted((a, b) => a.downAt - b.downAt)

/** What probing a target since `from` shows by `now`: a state changes after a whole row of equal answers. */
function probed(state: AwsState, group: TargetGroupState, target: TargetState, from: number, now: number): Health {
  const check = group.healthCheck
  const upAfter = check.intervalSeconds * check.healthyThreshold * 1000
  const downAfter = check.intervalSeconds * check.unhealthyThreshold * 1000
  const { shown, unhealthyAt } = probing(
    outagesOf(state, target, checkPort(check, target)),
    from,
    upAfter,
    downAfter,
    now,
  )
  if (shown === 'healthy') return { State: 'healthy' }
  if (shown === 'initial') {
    return {
      State: 'initial',
      Reason: 'Elb.InitialHealthChecking',
      Description: 'Initial health checks in progress',
    }
  }
  const draining = Number(attributeOf('target-group', group, 'target_health_state.unhealthy.draining_interval_seconds'))
  return { State: now < unhealthyAt + draining * 1000 ? 'unhealthy.draining' : 'unhealthy', ...unanswered(check) }
}

function healthOf(
  state: AwsState,
  group: TargetGroupState,
  balancer: LoadBalancerState | undefined,
  nodeAddresses: ReadonlySet<string>,
  target: TargetState,
  now: number,
): Health {
  if (balancer === undefined || group.inUseSince === null) {
    const Description = 'Target group is not configured to receive traffic from the load balancer'
    return { State: 'unused', Reason: 'Target.NotInUse', Description }
  }
  if (target.drainsUntil !== null) {
    const Description = 'Target deregistration is in progress'
    return { State: 'draining', Reason: 'Target.DeregistrationInProgress', Description }
  }
  if (nodeAddresses.has(target.id)) {
    const Description = 'Target IP address is in use by a load balancer'
    return { State: 'unused', Reason: 'Target.IpUnusable', Description }
  }
  if (target.zone !== 'all' && !balancer.nodes.some(({ zone }) => zone === target.zone)) {
    const Description = 'Target is in an Availability Zone that is not enabled for the load balancer'
    return { State: 'unused', Reason: 'Target.NotInUse', Description }
  }
  const ready = activeAt(balancer)
  if (now < ready) {
    const Description = 'Target registration is in progress'
    return { State: 'initial', Reason: 'Elb.RegistrationInProgress', Description }
  }
  return probed(state, group, target, Math.max(ready, target.registeredAt, group.inUseSince), now)
}

/** How a group's targets are judged now. */
function judge(state: AwsState, group: TargetGroupState, now: number): (target: TargetState) => Health {
  const [user] = usersOf(state, group.arn)
  const balancer = user === undefined ? undefined : state.loadBalancers[user]
  const addresses = new Set(interfacesOf(state, now).map(({ privateIp }) => privateIp))
  return (target) => healthOf(state, group, balancer, addresses, target, now)
}

/** The states of all targets of a group. */
export const healthStates = (state: AwsState, group: TargetGroupState, now: number): readonly string[] => {
  const health = judge(state, group, now)
  return liveTargets(group, now).map((target) => health(target).State)
}

export const healthActions: Actions = {
  // API_DescribeTargetHealth: not paginated; targets that drain are in it until their delay ends.
  DescribeTargetHealth({ state, params, now }) {
    const group = targetGroupOf(state, required(params, 'TargetGroupArn'))
    const live = liveTargets(group, now)
    const health = judge(state, group, now)
    const describe = (target: TargetState) => ({
      Target: { Id: target.id, Port: target.port, AvailabilityZone: target.zone },
      HealthCheckPort: String(checkPort(group.healthCheck, target)),
      TargetHealth: { ...health(target) },
    })
    const asked = structs(params, 'Targets')
    if (asked === undefined || asked.length === 0) {
      return { state, result: { TargetHealthDescriptions: live.map(describe) } }
    }
    const descriptions = asked.map((item) => {
      const id = required(item, 'Id')
      const port = integer(item, 'Port', 1, 65_535) ?? group.port
      const target = live.find((candidate) => targetKey(candidate) === targetKey({ id, port }))
      if (target !== undefined) return describe(target)
      const Description = 'Target is not registered to the target group'
      return {
        Target: { Id: id, Port: port, AvailabilityZone: text(item, 'AvailabilityZone') },
        TargetHealth: { State: 'unused', Reason: 'Target.NotRegistered', Description },
      }
    })
    return { state, result: { TargetHealthDescriptions: descriptions } }
  },
}
