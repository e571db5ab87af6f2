import { healthStates, noticed } from './elbv2-health.ts'
import { listenersOf } from './elbv2-lookup.ts'
import { probing } from './probing.ts'
import type { CheckConfig, CheckState } from './route53-check-state.ts'
import { storedName } from './route53-state.ts'
import { absencesOf } from './s3-state.ts'
import type { AwsState, LoadBalancerState, Outage } from './state.ts'
import { own } from './state.ts'

/** Who Route 53 takes for healthy: pure, for its answers (dns/answer.ts) and its API. */

export type Verdict = 'healthy' | 'unhealthy'

/** `bucket.s3.region.amazonaws.com`, also without the region. */
const BUCKET = /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3(?:[.-]([a-z0-9-]+))?\.amazonaws\.com$/

/** An object of S3 answers 200 while it is there and everybody may read it, else 403 or 404. Null: no bucket's name. */
function objectOutages(state: AwsState, { host, path, address, type }: CheckConfig): readonly Outage[] | null {
  const [, name] = BUCKET.exec(host?.toLowerCase() ?? '') ?? []
  if (address !== null || name === undefined || type === 'TCP') return null
  const bucket = own(state.buckets, name)
  if (bucket === undefined || !bucket.publicRead) return [{ downAt: 0, upAt: null }]
  let key = (path ?? '/').slice(1)
  try {
    key = decodeURIComponent(key)
  } catch {
    return [{ downAt: 0, upAt: null }]
  }
  return absencesOf(bucket, key)
}

/** When what a health check looks at did not answer, oldest first. */
export function silences(state: AwsState, config: CheckConfig): readonly Outage[] {
  const endpoint = `${config.address ?? config.host}:${config.port}`
  const told = state.outages[endpoint] ?? []
  return [...told, ...(objectOutages(state, config) ?? [])].toSorted((a, b) => a.downAt - b.downAt)
}

/**
 * "How Route 53 determines the status of health checks" page: a new endpoint is healthy until there is enough to know
 * better, then its state changes after FailureThreshold equal probes in a row.
 */
function endpointHealthy(state: AwsState, { config, lookedSince }: CheckState, now: number): boolean {
  const row = config.intervalSeconds * config.failureThreshold * 1000
  return probing(silences(state, config), lookedSince, row, row, now).shown !== 'unhealthy'
}

function healthy(state: AwsState, id: string, now: number, above: readonly string[]): boolean {
  const check = own(state.route53.healthChecks, id)
  // API_DeleteHealthCheck: what becomes of a record whose health check is gone cannot be predicted. Here: healthy.
  if (check === undefined) return true
  const { type, inverted, disabled, children, healthThreshold } = check.config
  const plain =
    // API_HealthCheckConfig, Disabled: always healthy; Inverted then still turns it round (API_UpdateHealthCheck).
    disabled ||
    (type === 'CALCULATED'
      ? children.filter((child) => !above.includes(child) && healthy(state, child, now, [...above, id])).length >=
        (healthThreshold ?? 0)
      : endpointHealthy(state, check, now))
  return plain !== inverted
}

/**
 * What a health check says now.
 *
 * @param now milliseconds since the epoch, on the sandbox's clock
 * @param down `address:port` of what does not answer now
 */
export const checkVerdict = (state: AwsState, id: string, now: number, down: ReadonlySet<string>): Verdict =>
  healthy(noticed(state, { now, down }), id, now, [id]) ? 'healthy' : 'unhealthy'

/** The load balancer that an alias points to, with or without `dualstack.` before its name; null: there is none. */
export function balancerOf(state: AwsState, dnsName: string): LoadBalancerState | null {
  const wanted = storedName(dnsName).replace(/^dualstack\./, '')
  return Object.values(state.loadBalancers).find((one) => storedName(one.dnsName) === wanted) ?? null
}

/**
 * EvaluateTargetHealth of an alias of a Network Load Balancer ("Values that are common for alias records" page): healthy
 * only if every target group that has targets has a healthy one, and one without targets is unhealthy. Null: there is no
 * load balancer of this DNS name.
 */
export function nlbVerdict(before: AwsState, dnsName: string, now: number, down: ReadonlySet<string>): Verdict | null {
  const state = noticed(before, { now, down })
  const balancer = balancerOf(state, dnsName)
  if (balancer === null) return null
  // `<its DNS name>:443` in `down`: the load balancer itself does not answer.
  if ([...down].some((host) => host.startsWith(`${balancer.dnsName}:`))) return 'unhealthy'
  const arns = new Set(
    listenersOf(state, balancer.arn).flatMap(({ targetGroups }) => targetGroups.map(({ arn }) => arn)),
  )
  const each = [...arns].map((arn) => own(state.targetGroups, arn)).filter((group) => group !== undefined)
  const good = each.every((group) => healthStates(state, group, now).includes('healthy'))
  return good && each.length > 0 ? 'healthy' : 'unhealthy'
}
