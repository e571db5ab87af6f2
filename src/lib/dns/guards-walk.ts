import type { Finding } from '../core/plan.ts'
import type { Guard } from '../engine/operation.ts'
import type { WalkWorld } from './model.ts'
import { isOvertaken } from './plan-walk.ts'
import { ownedSets, shareText, weightsIn } from './set.ts'

/** A walk that went back, or that somebody else ended or goes on with: it stops there, and says so. */
export const walkStops: Guard<WalkWorld> = ({ changes }, { names, ours }) =>
  names.flatMap((seen): readonly Finding[] => {
    const { name } = seen
    const moved = ours.moved.get(name)
    const [set] = ownedSets(seen)
    if (moved === undefined || set === undefined) return []
    const about = {
      severity: 'hold' as const,
      scope: name,
      subject: name,
      remedy: `nyah dns show ${name}`,
      allowable: false,
      holds: changes.filter(({ scope }) => scope === name).map(({ id }) => id),
    }
    if (isOvertaken(name, set, ours)) {
      const { by, at, why } = set.state
      const evidence = `${by || 'somebody'} changed it at ${at}${why === '' ? '' : ` (${why})`}: this walk goes no further`
      return [{ ...about, code: 'DNS_WALK_OVERTAKEN', evidence }]
    }
    const users = shareText(weightsIn(set))
    return moved.back ? [{ ...about, code: 'DNS_WALK_RETURNED', evidence: `${moved.reason}: ${users}` }] : []
  })
