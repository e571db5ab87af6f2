import type { Change } from '../core/change.ts'
import type { Draft, Finding } from '../core/plan.ts'
import type { Guard } from '../engine/operation.ts'
import { heldOf } from './held.ts'
import { judge, type Judged } from './judge.ts'
import type { LbWorld, Observed } from './model.ts'
import { finding, label, type Remark } from './remarks.ts'

/** How the guards of this domain look at a plan: one scope at a time. */

/** What a guard of one scope looks at. */
export interface Scope {
  readonly observed: Observed
  readonly judged: Judged
  /** All that is planned for it. */
  readonly changes: readonly Change[]
  /** Those that take something away. */
  readonly removals: readonly Change[]
}

/** A guard that looks at each load balancer alone, and only where Octavia knows it. */
export const each =
  (guard: (scope: Scope) => readonly Remark[]): Guard<LbWorld> =>
  (draft: Draft, world: LbWorld): readonly Finding[] =>
    world.scopes.flatMap((observed) => {
      const judged = judge(observed)
      if (judged === null) return []
      const changes = changesOf(draft, observed.id)
      const removals = changes.filter(takesAway)
      return guard({ observed, judged, changes, removals }).map((remark) => found(observed, remark))
    })

export const takesAway = ({ risk }: Change): boolean => risk === 'removes'

const byScope = new WeakMap<Draft, ReadonlyMap<string, readonly Change[]>>()

/** All changes of one scope. */
export function changesOf(draft: Draft, scope: string): readonly Change[] {
  const known = byScope.get(draft) ?? grouped(draft.changes)
  byScope.set(draft, known)
  return known.get(scope) ?? []
}

function grouped(changes: readonly Change[]): ReadonlyMap<string, readonly Change[]> {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const group = groups.get(change.scope)
    if (group === undefined) groups.set(change.scope, [change])
    else group.push(change)
  }
  return groups
}

/** A finding; of what is held, with since when, where the mirror remembers it. */
export function found(observed: Observed, remark: Remark): Finding {
  const plain = finding(observed.id, remark)
  if (remark.severity !== 'hold') return plain
  const since = heldOf(observed.mirror.loadBalancer?.tags ?? {}).find(({ code }) => code === remark.code)?.since
  return since === undefined ? plain : { ...plain, since }
}

export const subjectOf = ({ id, source }: Observed): string =>
  `load balancer ${source === null ? id : label(source.loadbalancer)}`

export const ids = (changes: readonly Change[]): readonly string[] => changes.map((change) => change.id)

/** The command that lets go what a code holds. */
export const letGo = (id: string, code: string): string => `nyah lb sync ${id} --allow ${code} --reason "…"`
