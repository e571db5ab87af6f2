import { alarmsAs } from './aws/cloudwatch-state.ts'
import type { Outage } from './outage.ts'
import { seriesAs } from './prometheus.ts'
import type { SandboxState } from './services.ts'

/** Incidents to try nyah on: what stops answering, by name. */

export const INCIDENTS = [
  'octavia-down',
  'dx-down',
  'nlb-down',
  'route53-api-down',
  'half-the-members-down',
  'errors-rise',
  'monitoring-silent',
  'end',
] as const

export type Incident = (typeof INCIDENTS)[number]

/** What `down` and `outages` are from then on, in place of what they were. */
interface Effect {
  readonly down: readonly string[]
  readonly outages: readonly Outage[]
  /** Of all alarms; absent: as usual. */
  readonly alarms?: 'ALARM' | 'INSUFFICIENT_DATA'
  /** What each series is, by its name and labels; absent: as usual, null: there is none. */
  readonly metrics?: (series: string) => string | null
}

/** Every address and port that Octavia's listeners answer at. */
const vips = ({ openstack: { octavia } }: SandboxState): readonly string[] =>
  Object.values(octavia.listeners).flatMap(({ loadbalancer_id, protocol_port }) => {
    const balancer = octavia.loadbalancers[loadbalancer_id]
    if (balancer === undefined) return []
    const addresses = [balancer.vip_address, ...balancer.additional_vips.map(({ ip_address }) => ip_address)]
    return addresses.map((address) => `${address}:${protocol_port}`)
  })

const members = ({ openstack: { octavia } }: SandboxState) => Object.values(octavia.members)

const targets = ({ aws }: SandboxState): readonly string[] =>
  Object.values(aws.targetGroups).flatMap((group) => group.targets.map(({ id, port }) => `${id}:${port}`))

/** Every name and port that AWS's load balancers answer at. */
const fronts = ({ aws }: SandboxState): readonly string[] =>
  Object.values(aws.listeners).map(({ loadBalancerArn, port }) => {
    return `${aws.loadBalancers[loadBalancerArn]?.dnsName ?? ''}:${port}`
  })

/** Every second member of each pool. */
function half(state: SandboxState): readonly string[] {
  const seen = new Map<string, number>()
  return members(state).flatMap(({ pool_id, address, protocol_port }) => {
    const nth = seen.get(pool_id) ?? 0
    seen.set(pool_id, nth + 1)
    return nth % 2 === 0 ? [`${address}:${protocol_port}`] : []
  })
}

/** Ratios are of what fails; the rest says what is up. */
const inTrouble = (series: string): string => (/_ratio(\{|$)/.test(series) ? '0.31' : '0')

const refuses = (service: Outage['service']): Outage => ({ service, kind: 'status' })

const EFFECTS: Readonly<Record<Incident, (state: SandboxState) => Effect>> = {
  // The VIPs and everything that could say so; the members live.
  'octavia-down': (state) => ({
    down: vips(state),
    outages: [refuses('identity'), refuses('load-balancer'), refuses('network')],
  }),
  // AWS does not reach the private cloud; everybody else does.
  'dx-down': (state) => ({
    down: [
      ...new Set([
        ...members(state).map(({ address, protocol_port }) => `aws>${address}:${protocol_port}`),
        ...targets(state).map((target) => `aws>${target}`),
      ]),
    ],
    outages: [],
  }),
  'nlb-down': (state) => ({ down: fronts(state), outages: [] }),
  // Answers to DNS queries and health checks go on (they are the data plane).
  'route53-api-down': () => ({ down: [], outages: [{ ...refuses('aws'), path: '/2013-04-01' }] }),
  'half-the-members-down': (state) => ({ down: half(state), outages: [] }),
  // What users would see, by the alarms and metrics that watch them.
  'errors-rise': () => ({ down: [], outages: [], alarms: 'ALARM', metrics: inTrouble }),
  'monitoring-silent': () => ({ down: [], outages: [], alarms: 'INSUFFICIENT_DATA', metrics: () => null }),
  end: () => ({ down: [], outages: [] }),
}

/** What an incident does to the world as it is now. Pure. */
export const effectOf = (incident: Incident, state: SandboxState): Effect => EFFECTS[incident](state)

/** The state with alarms and metrics as an incident has them. Pure. */
export function watchedAs({ alarms, metrics }: Effect, state: SandboxState, now: number): SandboxState {
  const { aws } = state
  const said = alarms === undefined ? null : Object.fromEntries(aws.alarms.map(({ name }) => [name, alarms]))
  const { usual } = state.metrics
  const series =
    metrics === undefined
      ? usual
      : seriesAs(usual, Object.fromEntries(Object.keys(usual).map((key) => [key, metrics(key)])))
  return {
    ...state,
    aws: { ...aws, alarms: alarmsAs(aws.alarms, said, now) },
    metrics: { usual, now: series },
  }
}
