import type { ScopeReport } from '../core/report.ts'
import { desiredOf, type Desired } from './desired.ts'
import type { SourceTree } from '../ports/source.ts'
import type { Observed } from './model.ts'
import { inTheWay, ownedOf, type Owned } from './owned.ts'
import { placementChanged } from './placed.ts'
import type { Remark } from './remarks.ts'
import { translate, type Translation } from './translate.ts'

/** All that is known of one scope once its source was translated; null where Octavia has no such load balancer. */
export interface Judged {
  readonly owned: Owned
  readonly translation: Translation
  readonly desired: Desired
  /** Why nothing of it may be touched. */
  readonly obstacles: readonly Remark[]
  readonly report: ScopeReport
}

const judged = new WeakMap<Observed, Judged>()

/** Pure; remembered, since the planner, each guard, waiting and summary all ask for the same one. */
export function judge(observed: Observed): Judged | null {
  if (observed.source === null) return null
  const known = judged.get(observed) ?? judgeAnew(observed, observed.source)
  judged.set(observed, known)
  return known
}

function judgeAnew(observed: Observed, source: SourceTree): Judged {
  const owned = ownedOf(observed)
  const translation = translate(source, observed.placement, observed.network)
  const desired = desiredOf(source, translation, observed.placement, {
    hash: observed.mirror.hash,
    tags: {},
  })
  const blocked = desired.listeners.flatMap((listener) => {
    const foreign = owned.foreignListeners.get(listener.port)
    return foreign === undefined ? [] : inTheWay(foreign, observed.id)
  })
  return {
    owned,
    translation,
    desired,
    obstacles: [...owned.obstacles, ...blocked, ...placementChanged(observed, owned)],
    report: { fidelity: translation.fidelity, firewall: [], quotas: [], shared: [] },
  }
}
