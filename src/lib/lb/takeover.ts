import type { Outputs } from '../core/change.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { Mirrors, Target } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { some } from './remarks.ts'

/** A target group that is to take over from others: `after` of a `wait`. */
export interface Takeover {
  readonly targetGroupArn: string
  readonly targets: readonly Target[]
  /** ARNs of those that serve now. */
  readonly beside: readonly string[]
}

/**
 * One look: at least one target is healthy, and each that is healthy where it serves now. What is ill there may be ill here.
 * Throws LB_TARGETS_NOT_HEALTHY (exit 9), retryable: the engine looks again until its deadline.
 */
export async function awaitTargets(
  name: string,
  { targetGroupArn, targets, beside }: Takeover,
  mirrors: Pick<Mirrors, 'targetHealth'>,
  signal: AbortSignal,
): Promise<Outputs> {
  const [here, ...others] = await Promise.all(
    [targetGroupArn, ...beside].map((arn) => mirrors.targetHealth(arn, signal)),
  )
  const seen = new Map((here ?? []).map((target) => [endpoint(target), target]))
  const elsewhere = new Set(others.flat().flatMap((target) => (target.state === 'healthy' ? [endpoint(target)] : [])))
  const healthy = targets.filter((target) => seen.get(endpoint(target))?.state === 'healthy')
  const missing = targets.filter((target) => elsewhere.has(endpoint(target)) && !healthy.includes(target))
  if (healthy.length > 0 && missing.length === 0) return { healthy: healthy.length }
  const states = (missing.length > 0 ? missing : targets).map((target) => {
    const { state = 'not registered', reason = null } = seen.get(endpoint(target)) ?? {}
    return `${endpoint(target)} is ${state}${reason === null ? '' : ` (${reason})`}`
  })
  throw nyahError({
    code: 'LB_TARGETS_NOT_HEALTHY',
    message: `target group ${name}: ${healthy.length} of ${targets.length} targets healthy, no traffic goes there yet: ${some(states)}`,
    exit: EXIT.notHealthy,
    tries: ['look at its health checks, then run the command again: it goes on from there'],
    retryable: true,
  })
}
