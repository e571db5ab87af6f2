import type { Change } from './change.ts'
import { withDependents } from './dag.ts'
import type { Allowance, Finding, Plan } from './plan.ts'

/** Does it stop something: a refusal or a hold that nobody overruled? */
export const stops = (finding: Finding): boolean =>
  (finding.severity === 'refuse' || finding.severity === 'hold') && finding.allowed === undefined

/** Does it stop something for good: time alone does not lift it? */
export const lasts = (finding: Finding): boolean => stops(finding) && finding.passes !== true

export interface Allowed {
  /** All findings, those that an allowance overruled with `allowed` set. */
  readonly findings: readonly Finding[]
  /** Allowances that met no refusal or hold of that code. */
  readonly unused: readonly Allowance[]
  /** Allowances that met one which nobody may overrule. */
  readonly impossible: readonly Allowance[]
}

/** Overrules what may be overruled. */
export function applyAllowances(findings: readonly Finding[], allowances: readonly Allowance[]): Allowed {
  const reasons = new Map(allowances.map(({ code, reason }) => [code, reason]))
  const allowed = findings.map((finding) => {
    const reason = reasons.get(finding.code)
    return stops(finding) && finding.allowable && reason !== undefined ? { ...finding, allowed: { reason } } : finding
  })
  const used = new Set(allowed.filter((finding) => finding.allowed !== undefined).map(({ code }) => code))
  const barred = new Set(allowed.filter(stops).map(({ code }) => code))
  const rest = allowances.filter(({ code }) => !used.has(code))
  return {
    findings: allowed,
    unused: rest.filter(({ code }) => !barred.has(code)),
    impossible: rest.filter(({ code }) => barred.has(code)),
  }
}

/**
 * Ids of the changes that holds keep back, with all that need them. A hold that does not say what it holds keeps its
 * whole scope back: what is unclear is not done.
 */
export function heldChanges(changes: readonly Change[], findings: readonly Finding[]): ReadonlySet<string> {
  const held = new Set<string>()
  for (const finding of findings) {
    if (finding.severity !== 'hold' || finding.allowed !== undefined) continue
    const { holds = changes.filter(({ scope }) => scope === finding.scope).map(({ id }) => id) } = finding
    for (const id of holds) held.add(id)
  }
  return withDependents(changes, held)
}

/**
 * Scopes of which nothing may be done, since a refusal that nobody overruled is about them. One that is about no scope of
 * the plan refuses all of them.
 */
export function refusedScopes({ scopes, findings }: Pick<Plan, 'scopes' | 'findings'>): ReadonlySet<string> {
  const refused = new Set(refusalsOf(findings).map(({ scope }) => scope))
  return [...refused].every((scope) => scopes.includes(scope)) ? refused : new Set([...scopes, ...refused])
}

/** The refusals that stop something. */
export const refusalsOf = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter((finding) => finding.severity === 'refuse' && stops(finding))

/** What would be done: neither held, nor in a refused scope. */
export function dueChanges(plan: Pick<Plan, 'scopes' | 'changes' | 'findings'>): readonly Change[] {
  const held = heldChanges(plan.changes, plan.findings)
  const refused = refusedScopes(plan)
  return plan.changes.filter(({ id, scope }) => !held.has(id) && !refused.has(scope))
}
