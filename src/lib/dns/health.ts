import type { Check } from '../ports/health-checks.ts'
import type { RecordSet } from '../ports/dns.ts'
import { TTL, type Health, type ObservedName, type SideHealth } from './model.ts'

/** How well a record's side is, and whether Route 53 would notice if it died. */
export interface MemberHealth extends SideHealth {
  /** Would Route 53 stop answering with it? False: it has no health check, and its alias does not look at targets. */
  readonly watched: boolean
  /** Seconds from a death to the last answer with it that a resolver may still hold; null: it is never noticed, or not known. */
  readonly outInSeconds: number | null
}

/** How an alias's or an address's health is known, from what was observed. */
export function healthOf(
  record: RecordSet,
  seen: Pick<ObservedName, 'checks' | 'statuses' | 'entrances'>,
): MemberHealth {
  const { alias, healthCheckId, ttl } = record
  if (healthCheckId !== null) return checkedHealth(healthCheckId, ttl ?? TTL, seen)
  if (alias === null)
    return { health: 'unknown', detail: 'no health check', at: null, watched: false, outInSeconds: null }
  const entrance = seen.entrances[alias.dnsName]
  const watched = alias.evaluateTargetHealth
  const side = entrance?.side ?? { health: 'unknown' as const, detail: 'not read', at: null }
  // An NLB's own checks: three failures, 10 s apart unless the target group says otherwise, then the alias's TTL of 60 s.
  return { ...side, watched, outInSeconds: watched ? ALIAS_SECONDS : null }
}

const ALIAS_SECONDS = 30 + TTL

function checkedHealth(
  id: string,
  ttl: number,
  { checks, statuses }: Pick<ObservedName, 'checks' | 'statuses'>,
): MemberHealth {
  const check = checks[id]
  const status = statuses[id]
  const outInSeconds = check === undefined ? null : check.intervalSeconds * check.failureThreshold + ttl
  if (check?.disabled === true)
    // A disabled check is always healthy to Route 53 (unhealthy where it is inverted), whatever the checkers see.
    return {
      health: check.inverted ? 'unhealthy' : 'healthy',
      detail: 'its health check is disabled',
      at: null,
      watched: false,
      outInSeconds: null,
    }
  if (status === undefined || status.verdict === 'unknown')
    return {
      health: 'unknown',
      detail: 'its health check could not be read',
      at: status?.observedAt ?? null,
      watched: true,
      outInSeconds,
    }
  const { verdict, healthy, checkers, why, observedAt } = status
  const detail = `${healthy} of ${checkers} checkers${why === null ? '' : `: ${why}`}`
  return { health: inverting(check, verdict), detail, at: observedAt, watched: true, outInSeconds }
}

/** An inverted check calls the healthy unhealthy. */
const inverting = (check: Check | undefined, verdict: 'healthy' | 'unhealthy'): Health =>
  check?.inverted === true ? (verdict === 'healthy' ? 'unhealthy' : 'healthy') : verdict

/** As Route 53 counts: only what is known to be unhealthy, and would be noticed, is passed over. */
export const countsAsHealthy = ({ health, watched }: Pick<MemberHealth, 'health' | 'watched'>): boolean =>
  !watched || health !== 'unhealthy'
