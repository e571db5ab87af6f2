import { heldChanges as heldBy } from '../core/allow.ts'
import type { Change, ChangeKind } from '../core/change.ts'
import type { JsonObject } from '../core/json.ts'
import type { Finding, Plan, Severity } from '../core/plan.ts'
import { count, KINDS } from './words.ts'

/** What every view of a plan is drawn from: who is held by what, how the changes count, what a scope is called. */
export interface Outline {
  readonly scopes: readonly ScopeOutline[]
  /** Of things; members that come or go are counted one by one, in `targets`. */
  readonly counts: Readonly<Record<ChangeKind, number>>
  readonly targets: { readonly add: number; readonly remove: number }
  /** Changes that a guard keeps back, and those that need them. */
  readonly held: number
  readonly refused: boolean
  /** By severity, the gravest last: what stands at the bottom is what is read. */
  readonly findings: readonly Finding[]
}

export interface ScopeOutline {
  readonly id: string
  /** What people call it; null when the plan does not say. */
  readonly name: string | null
  readonly changes: readonly PlannedChange[]
}

export interface PlannedChange {
  readonly change: Change
  /** Codes of the findings that hold it; empty: it goes ahead. */
  readonly heldBy: readonly string[]
}

const GRAVITY: Readonly<Record<Severity, number>> = { info: 0, warn: 1, hold: 2, refuse: 3 }

/** Does it stop anything? An allowance takes that away. */
const stops = (finding: Finding, severity: Severity): boolean =>
  finding.severity === severity && finding.allowed === undefined

/** Codes per held change; what needs a held change is held by the same. */
export function heldChanges(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const held = new Map<string, Set<string>>()
  // What is held is the engine's rule, asked finding by finding: the screen must not say otherwise.
  for (const finding of plan.findings)
    for (const id of heldBy(plan.changes, [finding])) held.set(id, (held.get(id) ?? new Set()).add(finding.code))
  return new Map([...held].map(([id, codes]) => [id, [...codes]]))
}

/** A plan by scope, as people read it. */
export function outlinePlan(plan: Plan): Outline {
  const held = heldChanges(plan)
  const counts = { create: 0, update: 0, replace: 0, delete: 0, shift: 0, wait: 0 }
  const targets = { add: 0, remove: 0 }
  for (const change of plan.changes.filter(({ id }) => !held.has(id))) {
    if (change.ref.type !== 'targets') counts[change.kind] += 1
    else if (change.kind === 'delete') targets.remove += members(change.before)
    else targets.add += members(change.after)
  }
  // A change of a scope the plan does not list is still shown: nothing is applied unseen.
  const ids = [...new Set([...plan.scopes, ...plan.changes.map((change) => change.scope)])]
  const scopes = ids.map((id): ScopeOutline => {
    const changes = plan.changes.filter((change) => change.scope === id)
    return {
      id,
      name: (Object.hasOwn(plan.names, id) ? plan.names[id] : undefined) ?? null,
      changes: changes.map((change) => ({ change, heldBy: held.get(change.id) ?? [] })),
    }
  })
  return {
    scopes,
    counts,
    targets,
    held: plan.changes.filter((change) => held.has(change.id)).length,
    refused: plan.findings.some((finding) => stops(finding, 'refuse')),
    findings: [...plan.findings].sort((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity]),
  }
}

/** How many targets a change is about. */
const members = (side: JsonObject | null): number => {
  const list = side?.['targets']
  return Array.isArray(list) ? list.length : 1
}

/** `9 to create, 1 to change, 0 to delete; 3 targets to add`; rarer kinds, targets and held changes only where there are any. */
export function countsText(outline: Outline): string {
  const { counts, targets, held } = outline
  const kinds: readonly ChangeKind[] = ['create', 'update', 'replace', 'delete', 'shift', 'wait']
  const usual = new Set<ChangeKind>(['create', 'update', 'delete'])
  const parts = kinds
    .filter((kind) => usual.has(kind) || counts[kind] > 0)
    .map((kind) => `${counts[kind]} to ${KINDS[kind].verb}`)
  const moving = [
    ...(targets.add > 0 ? [`${count(targets.add, 'target')} to add`] : []),
    ...(targets.remove > 0 ? [`${count(targets.remove, 'target')} to remove`] : []),
  ]
  const things = [...parts, ...(held > 0 ? [`${held} held`] : [])].join(', ')
  return moving.length === 0 ? things : `${things}; ${moving.join(', ')}`
}
