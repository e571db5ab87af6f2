import type { ScopeReport } from '../core/report.ts'
import { desiredOf, type Desired } from './desired.ts'
import type { SourceTree } from '../ports/source.ts'
import type { Observed } from './model.ts'
import { adopting, inTheWay, ownedOf, type Owned } from './owned.ts'
import { firewallOf } from './firewall.ts'
import { allowedAnew, choicesOf, memoryTags, withRemembered } from './memory.ts'
import { notExact } from './fidelity.ts'
import { quotasOf } from './quota.ts'
import { sharedBy } from './in-common.ts'
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
  const found = ownedOf(observed)
  const { loadBalancer } = found
  const choices = choicesOf(observed, found)
  const translation = translate(source, observed.placement, observed.network, choices)
  const desired = desiredOf(source, translation, observed.placement, {
    hash: observed.mirror.hash,
    tags: memoryTags(translation.remarks, observed, loadBalancer, choices),
  })
  const owned = adopting(found, new Set(desired.listeners.map(({ port }) => port)), observed)
  const blocked = desired.listeners.flatMap((listener) => {
    const foreign = owned.foreignListeners.get(listener.port)
    return foreign === undefined ? [] : inTheWay(foreign, observed)
  })
  const quotas = quotasOf(observed, owned, desired)
  const remembered = withRemembered(translation.remarks, observed, loadBalancer, losesCertificates(owned, desired))
  const added = desired.listeners.map(({ port }) => port).filter((port) => !owned.listeners.has(port))
  const remarks = [
    ...remembered,
    ...allowedAnew(remembered, new Set(added)),
    ...(observed.asked.strict ? notExact(translation.fidelity) : []),
    ...quotas.remarks,
  ]
  return {
    owned,
    translation: { ...translation, remarks },
    desired,
    obstacles: [...owned.obstacles, ...blocked, ...placementChanged(observed, owned)],
    report: {
      fidelity: translation.fidelity,
      firewall: firewallOf(desired, observed.placement, observed.network),
      quotas: quotas.quotas,
      shared: sharedBy(desired),
    },
  }
}

/** Would a listener show fewer certificates than it does now? */
const losesCertificates = ({ listeners }: Owned, desired: Desired): boolean =>
  desired.listeners.some(
    ({ port, certificates }) => certificates.length < (listeners.get(port)?.certificates.length ?? 0),
  )
