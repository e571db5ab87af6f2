import type { Change } from './change.ts'
import { tokensIn } from './token.ts'

/**
 * What is wrong with a graph of changes, or null: an id that stands twice, a need or token that points nowhere, to
 * another scope, or round in a circle.
 */
export function graphProblem(changes: readonly Change[]): string | null {
  const byId = new Map<string, Change>()
  for (const change of changes) {
    if (byId.has(change.id)) return `the change ${change.id} stands twice in the plan`
    byId.set(change.id, change)
  }
  for (const change of changes) {
    for (const need of change.needs) {
      const needed = byId.get(need)
      if (needed === undefined) return `${change.id} needs ${need}, which is not in the plan`
      if (needed.scope !== change.scope) return `${change.id} needs ${need}, which is in another scope`
    }
    for (const { $token } of tokensIn(change.after)) {
      if (!change.needs.includes($token.change))
        return `${change.id} takes a value from ${$token.change} without needing it`
    }
  }
  const circle = circleIn(changes)
  return circle === null ? null : `these changes need each other in a circle: ${circle.join(', ')}`
}

/** The ids that are left when everything whose needs are met was taken away; null: none. */
function circleIn(changes: readonly Change[]): readonly string[] | null {
  const open = new Map(changes.map((change) => [change.id, new Set(change.needs)]))
  const neededBy = new Map<string, string[]>()
  for (const { id, needs } of changes) for (const need of new Set(needs)) push(neededBy, need, id)
  const ready = changes.filter(({ needs }) => needs.length === 0).map(({ id }) => id)
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    open.delete(id)
    for (const next of neededBy.get(id) ?? []) {
      const needs = open.get(next)
      needs?.delete(id)
      if (needs?.size === 0) ready.push(next)
    }
  }
  return open.size === 0 ? null : [...open.keys()]
}

/** The given ids and all that need them, directly or through others. */
export function withDependents(changes: readonly Change[], ids: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>()
  const asked = new Set(ids)
  if (asked.size === 0) return found
  const neededBy = new Map<string, string[]>()
  for (const { id, needs } of changes) for (const need of needs) push(neededBy, need, id)
  const open = changes.flatMap(({ id }) => (asked.has(id) ? [id] : []))
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue
    found.add(id)
    open.push(...(neededBy.get(id) ?? []))
  }
  return found
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
