import { errorData, type ErrorData } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Change } from '../core/change.ts'
import type { Finding } from '../core/plan.ts'
import type { ScopeReport } from '../core/report.ts'
import type { Scene } from '../engine/operation.ts'
import type { SourceTree } from '../ports/source.ts'
import { MIRROR_GUARDS } from './guards.ts'
import { heldOf, type Held } from './held.ts'
import { ASKED_NOTHING, type LbSettings, type LbWorld, type Observed } from './model.ts'
import { notFound } from './absent.ts'
import { canonicalIds, readMirrors, type LbPorts } from './observe.ts'
import { exists, ownedOf } from './owned.ts'
import { planMirrors } from './plan.ts'
import { describe, describeSource } from './summary.ts'

export interface Shown {
  /** See `describe` in summary.ts; where AWS could not be read, `describeSource`. */
  readonly loadBalancer: JsonObject
  /** What a sync would do: drift, or the first mirror. Null: one side is not known, so nothing can be compared. */
  readonly changes: readonly Change[] | null
  readonly findings: readonly Finding[]
  /** Null: one side is not known. */
  readonly report: ScopeReport | null
  /** What the last run held back, as the mirror's own tag tells it. */
  readonly held: readonly Held[]
  /** What could not be read: with one in it the answer is partial (exit 12). */
  readonly unread: readonly { readonly side: 'octavia' | 'aws'; readonly error: ErrorData }[]
}

/**
 * One load balancer beside its mirror, with what differs and what does not come along. Where one cloud cannot be read, what
 * the other says: half an answer is never shown as drift. Throws LB_NOT_FOUND (2), CONFIG_…, and Octavia's error when
 * neither cloud could be read.
 */
export async function showMirror(
  ports: LbPorts,
  settings: LbSettings,
  name: string,
  scene: Pick<Scene, 'clock' | 'signal'>,
): Promise<Shown> {
  const { clock, signal } = scene
  const [id = ''] = canonicalIds([name])
  const placements = new Map([[id, settings.placementFor(id)]])
  const [source, sides, limits] = await Promise.allSettled([
    ports.source.read(id, signal),
    readMirrors(ports, placements, true, signal),
    ports.mirrors.limits(signal),
  ])
  if (sides.status === 'rejected') {
    if (source.status === 'rejected') throw source.reason
    // What is not in Octavia may still have a mirror: only AWS could say.
    if (source.value === null) throw sides.reason
    return onlySource(source.value, errorData(sides.reason))
  }
  const [side] = sides.value
  if (side === undefined) throw new Error(`nothing was observed of ${id}`)
  const observed: Observed = {
    ...side,
    at: clock.now(),
    asked: ASKED_NOTHING,
    source: source.status === 'fulfilled' ? source.value : null,
    unread: source.status === 'rejected' ? errorData(source.reason) : null,
    // Quotas are then shown with AWS's documented defaults.
    limits: limits.status === 'fulfilled' ? limits.value : null,
  }
  const owned = ownedOf(observed)
  const held = heldOf(owned.loadBalancer?.tags ?? {})
  if (observed.unread !== null) {
    return {
      loadBalancer: describe(observed, null),
      changes: null,
      findings: [],
      report: null,
      held,
      unread: [{ side: 'octavia', error: observed.unread }],
    }
  }
  if (observed.source === null && !exists(owned) && owned.obstacles.length === 0) throw notFound(id)
  const world: LbWorld = { scopes: [observed] }
  const draft = planMirrors(world)
  return {
    loadBalancer: describe(observed, draft.changes.length),
    changes: draft.changes,
    findings: [...draft.findings, ...MIRROR_GUARDS.flatMap((guard) => guard(draft, world))],
    report: draft.reports?.[id] ?? null,
    held,
    unread: [],
  }
}

const onlySource = (tree: SourceTree, error: ErrorData): Shown => ({
  loadBalancer: describeSource(tree),
  changes: null,
  findings: [],
  report: null,
  held: [],
  unread: [{ side: 'aws', error }],
})
