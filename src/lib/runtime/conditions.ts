import { EXIT, nyahError } from '../core/errors.ts'
import type { Condition, Conditions, Judge, Verdict } from '../ports/conditions.ts'
import type { Check, CheckStatus, HealthChecks } from '../ports/health-checks.ts'
import { once } from './once.ts'

/** How each kind is judged, loaded with the first condition of it. */
export interface ConditionDeps {
  readonly checks: () => Promise<HealthChecks>
  readonly alarms: () => Promise<Judge<'alarm'>>
  readonly prometheus: (url: string) => Promise<Judge<'metric'>>
  /** `gates.prometheus` of the context. */
  readonly url: string | null
}

/** Throws CONFIG_PROMETHEUS_MISSING for a metric without a Prometheus, and what the adapters throw. */
export function createConditions({ checks, alarms, prometheus, url }: ConditionDeps): Conditions {
  const checkJudge = once(async () => createChecks(await checks()))
  const alarmJudge = once(alarms)
  const metricJudge = once(() => prometheus(url ?? ''))
  return {
    async judge(condition, signal) {
      if (condition.kind === 'check') return (await checkJudge())(condition, signal)
      if (condition.kind === 'alarm') return (await alarmJudge())(condition, signal)
      if (url === null) throw noPrometheus(condition)
      return (await metricJudge())(condition, signal)
    },
  }
}

/**
 * A health check as Route 53 counts it: inverted, disabled, counting others. What it is is read once, since the list of all
 * of them is slow to read; what its checkers say, each time.
 */
function createChecks(checks: HealthChecks): Judge<'check'> {
  const known = new Map<string, readonly Check[]>()
  /** The check, and those it counts, near and far. Empty: there is none. */
  const family = async (id: string, signal: AbortSignal): Promise<readonly Check[]> => {
    const found = new Map<string, Check>()
    for (let wanted: readonly string[] = [id]; wanted.length > 0;) {
      for (const check of await checks.read(wanted, signal)) found.set(check.id, check)
      wanted = wanted.flatMap((each) => found.get(each)?.children ?? []).filter((each) => !found.has(each))
    }
    return [...found.values()]
  }
  return async ({ id }, signal) => {
    const all = known.get(id) ?? (await family(id, signal))
    const check = all.find((each) => each.id === id)
    if (check === undefined) return missing('there is no such health check')
    known.set(id, all)
    if (check.disabled) return missing('it is disabled: to Route 53 it never changes')
    const statuses: Record<string, CheckStatus> = {}
    for (const each of all)
      if (each.type !== 'CALCULATED' || each.otherType !== null)
        statuses[each.id] = await checks.status(each.id, signal)
    const { checkedHealth } = await import('../dns/health.ts')
    const byId = Object.fromEntries(all.map((each) => [each.id, each]))
    const { health, detail, at } = checkedHealth(id, 0, { checks: byId, statuses })
    const state = health === 'healthy' ? 'fine' : health === 'unhealthy' ? 'broken' : 'missing'
    return { state, detail: `${health}: ${detail}`, at }
  }
}

const missing = (detail: string): Verdict => ({ state: 'missing', detail, at: null })

const noPrometheus = ({ query }: Extract<Condition, { readonly kind: 'metric' }>): Error =>
  nyahError({
    code: 'CONFIG_PROMETHEUS_MISSING',
    message: `metric:${query} … is a question to Prometheus, and the context names none (gates.prometheus)`,
    exit: EXIT.configuration,
    tries: ['add gates: { prometheus: http://prometheus:9090 } to the context', 'nyah config explain'],
  })
