import { type Allowed, applyAllowances, heldChanges, stops } from '../core/allow.ts'
import { graphProblem } from '../core/dag.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { fingerprint } from '../core/hash.ts'
import type { Draft, Plan, Request } from '../core/plan.ts'
import type { Guard } from './operation.ts'

export interface Planned extends Pick<Allowed, 'unused' | 'impossible'> {
  readonly plan: Plan
}

/**
 * Makes a plan of what a domain's planner drafted: guards, allowances, hash. Pure.
 *
 * Throws PLAN_INVALID (exit 1) for a draft that no executor could carry out: a bug in its planner.
 *
 * @param observedAt milliseconds since the epoch, when the reading behind it began
 */
export function makePlan<World>(options: {
  draft: Draft
  world: World
  guards: readonly Guard<World>[]
  request: Request
  observedAt: number
}): Planned {
  const { draft, world, guards, request, observedAt } = options
  const problem = graphProblem(draft.changes)
  if (problem !== null) {
    throw nyahError({
      code: 'PLAN_INVALID',
      message: `the planner of ${request.operation} is wrong: ${problem}`,
      exit: EXIT.bug,
    })
  }
  const raised = [...draft.findings, ...guards.flatMap((guard) => guard(draft, world))]
  const { findings, unused, impossible } = applyAllowances(raised, request.allowances)
  const { scopes, names, basis, changes, reports = {} } = draft
  const unhashed = {
    v: 1,
    request,
    scopes,
    names,
    observedAt: new Date(observedAt).toISOString(),
    basis,
    changes,
    findings,
    reports,
  } as const
  return { plan: { ...unhashed, hash: planHash(unhashed) }, unused, impossible }
}

/**
 * SHA-256 of what a plan would do: the request, its changes, and which of them are held or refused. Neither when it
 * was observed, nor the wording of findings, nor the reasons of allowances.
 */
function planHash(plan: Omit<Plan, 'hash'>): string {
  const { operation, arguments: args, context } = plan.request
  return fingerprint({
    operation,
    arguments: args,
    context,
    changes: plan.changes as unknown as readonly JsonObject[],
    held: [...heldChanges(plan.changes, plan.findings)].sort(),
    refused: plan.findings.filter((finding) => finding.severity === 'refuse' && stops(finding)).map(({ code }) => code),
  })
}
