import type { Change } from '../core/change.ts'
import type { Observed } from './model.ts'
import { count, some, type Remark } from './remarks.ts'

interface Whole {
  readonly changes: readonly Change[]
  readonly remarks: readonly Remark[]
}

/**
 * `--members-only`: targets of target groups that are there are registered and deregistered; all else is only counted.
 * What needs something that is left out is left out with it.
 */
export function membersOnly({ id }: Observed, { changes, remarks }: Whole): Whole {
  let kept = changes.filter(({ ref }) => ref.type === 'targets' && ref.id !== null)
  for (let before = -1; before !== kept.length;) {
    before = kept.length
    const ids = new Set(kept.map((change) => change.id))
    kept = kept.filter(({ needs }) => needs.every((need) => ids.has(need)))
  }
  const left = changes.filter((change) => !kept.includes(change))
  if (left.length === 0) return { changes: kept, remarks }
  const ids = new Set(kept.map((change) => change.id))
  return {
    changes: kept,
    remarks: [
      // What holds only changes that are left out says nothing now.
      ...remarks.filter(({ holds }) => holds === undefined || holds.some((held) => ids.has(held))),
      {
        code: 'LB_MEMBERS_ONLY',
        severity: 'info',
        subject: `load balancer ${id}`,
        evidence: `only members were asked for; ${count(left.length, 'other change')} left alone: ${some(left.map(inWords))}`,
        remedy: `nyah lb sync ${id}`,
      },
    ],
  }
}

const inWords = ({ kind, ref }: Change): string => `${kind} ${ref.type} ${ref.name}`
