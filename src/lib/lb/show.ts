import type { JsonObject } from '../core/json.ts'
import type { Change } from '../core/change.ts'
import type { Finding } from '../core/plan.ts'
import type { LbSettings } from './model.ts'
import { MIRROR_GUARDS } from './guards.ts'
import { canonicalIds, observeMirrors, type LbPorts } from './observe.ts'
import { planMirrors } from './plan.ts'
import { describe } from './summary.ts'

export interface Shown {
  /** See `describe` in summary.ts. */
  readonly loadBalancer: JsonObject
  /** What a sync would do: drift, or the first mirror. */
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
}

/**
 * One load balancer beside its mirror, with what differs and what does not come along.
 * Throws LB_NOT_FOUND (2), and whatever either cloud throws: half an answer would look like drift.
 */
export async function showMirror(
  ports: LbPorts,
  settings: LbSettings,
  id: string,
  signal: AbortSignal,
): Promise<Shown> {
  const world = await observeMirrors(ports, settings, canonicalIds([id]), false, signal)
  const draft = planMirrors(world)
  const [observed] = world.scopes
  if (observed === undefined) throw new Error(`nothing was observed of ${id}`)
  return {
    loadBalancer: describe(observed, draft.changes.length),
    changes: draft.changes,
    findings: [...draft.findings, ...MIRROR_GUARDS.flatMap((guard) => guard(draft, world))],
  }
}
