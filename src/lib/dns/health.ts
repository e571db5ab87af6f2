import type { Check } from '../ports/health-checks.ts'
import type { RecordSet } from '../ports/dns.ts'
import { CHECK_TAG } from './check.ts'
import { TTL, type Health, type ObservedName, type SideHealth } from './model.ts'

/** How well a record's side is, and whether Route 53 would notice if it died. */
export interface MemberHealth extends SideHealth {
  /** Would Route 53 stop answering with it? False: it has no health check, and its alias does not look at targets. */
  readonly watched: boolean
  /** Seconds from a death to the last answer with it that a resolver may still hold; null: it is never noticed, or not known. */
  readonly outInSeconds: number | null
  /** Where a switch stands before it: how well it is itself. */
  readonly apart?: Pick<SideHealth, 'health' | 'detail'>
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

/** How well a health check says its address is; its own status, or of one that counts others, theirs. */
export function checkedHealth(
  id: string,
  ttl: number,
  { checks, statuses }: Pick<ObservedName, 'checks' | 'statuses'>,
): MemberHealth {
  const check = checks[id]
  const status = statuses[id]
  if (check?.type === 'CALCULATED' && !check.disabled) return countedHealth(check, ttl, { checks, statuses })
  const other = check?.type === 'OTHER'
  // An alarm or a routing control: its times are not those of a checker.
  const outInSeconds = check === undefined || other ? null : check.intervalSeconds * check.failureThreshold + ttl
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
      detail: other
        ? `its health check is of type ${check.otherType}, whose state nyah does not read`
        : 'its health check could not be read',
      at: status?.observedAt ?? null,
      watched: true,
      outInSeconds,
    }
  const { verdict, healthy, checkers, why, observedAt } = status
  const detail = `${healthy} of ${checkers} checkers${why === null ? '' : `: ${why}`}`
  return { health: inverting(check, verdict), detail, at: observedAt, watched: true, outInSeconds }
}

/** Of a check that counts others (of an armed name: the switch, and Octavia's address). It has no status of its own. */
function countedHealth(
  { children, threshold, inverted }: Check,
  ttl: number,
  seen: Pick<ObservedName, 'checks' | 'statuses'>,
): MemberHealth {
  const each = children.map((id) => ({ ...checkedHealth(id, ttl, seen), isSwitch: isSwitch(seen.checks[id]) }))
  const needed = threshold ?? 0
  const good = each.filter(({ health }) => health === 'healthy').length
  const possible = each.filter(({ health }) => health !== 'unhealthy').length
  const plain = good >= needed ? 'healthy' : possible < needed ? 'unhealthy' : 'unknown'
  const own = each.find((one) => !one.isSwitch)
  const away = each.some((one) => one.isSwitch && one.health === 'unhealthy')
  const known = each.flatMap(({ outInSeconds }) => outInSeconds ?? [])
  return {
    health: inverted && plain !== 'unknown' ? (plain === 'healthy' ? 'unhealthy' : 'healthy') : plain,
    detail: [away ? 'the switch is engaged' : '', own?.detail ?? (away ? '' : 'only the switch is looked at')]
      .filter((part) => part !== '')
      .join('; '),
    at: own?.at ?? each[0]?.at ?? null,
    watched: own === undefined ? away : true,
    ...(each.length === (own === undefined ? 0 : 1)
      ? {}
      : {
          apart:
            own === undefined
              ? { health: 'unknown', detail: 'no health check' }
              : { health: own.health, detail: own.detail },
        }),
    outInSeconds: own?.outInSeconds ?? (known.length === 0 ? null : Math.max(...known)),
  }
}

const isSwitch = (check: Check | undefined): boolean =>
  check?.tags[CHECK_TAG.switch] !== undefined && check.type !== 'CALCULATED'

/** An inverted check calls the healthy unhealthy. */
const inverting = (check: Check | undefined, verdict: 'healthy' | 'unhealthy'): Health =>
  check?.inverted === true ? (verdict === 'healthy' ? 'unhealthy' : 'healthy') : verdict

/** As Route 53 counts: only what is known to be unhealthy, and would be noticed, is passed over. */
export const countsAsHealthy = ({ health, watched }: Pick<MemberHealth, 'health' | 'watched'>): boolean =>
  !watched || health !== 'unhealthy'
