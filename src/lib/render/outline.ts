import { heldChanges as heldBy, refusalsOf, refusedScopes } from '../core/allow.ts'
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
  /** Nothing at all will be applied. */
  readonly refused: boolean
  /** Refused scopes beside others that go ahead; their changes are in no count. */
  readonly leftOut: readonly ScopeOutline[]
  /** By severity, the gravest last: what stands at the bottom is what is read. */
  readonly findings: readonly Finding[]
}

export interface ScopeOutline {
  readonly id: string
  /** What people call it; null when the plan does not say. */
  readonly name: string | null
  readonly changes: readonly PlannedChange[]
  /** Codes of what refuses it; empty: it goes ahead. */
  readonly refusedBy: readonly string[]
}

export interface PlannedChange {
  readonly change: Change
  /** Codes of the findings that hold it; empty: it goes ahead. */
  readonly heldBy: readonly string[]
  /** What it waits for: the run does so, and then makes it. */
  readonly waitsFor: readonly Finding[]
}

const GRAVITY: Readonly<Record<Severity, number>> = { info: 0, warn: 1, hold: 2, refuse: 3 }

/** Codes per held change; what needs a held change is held by the same. */
export function heldChanges(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const held = new Map<string, Set<string>>()
  // What is held is the engine's rule, asked finding by finding: the screen must not say otherwise.
  for (const finding of plan.findings.filter(({ passes }) => passes !== true))
    for (const id of heldBy(plan.changes, [finding])) held.set(id, (held.get(id) ?? new Set()).add(finding.code))
  return new Map([...held].map(([id, codes]) => [id, [...codes]]))
}

/** A plan by scope, as people read it. */
export function outlinePlan(plan: Plan): Outline {
  const held = heldChanges(plan)
  const passing = plan.findings.filter(({ passes }) => passes === true)
  const waitsFor = (id: string) => passing.filter((finding) => heldBy(plan.changes, [finding]).has(id))
  // A change of a scope the plan does not list is still shown: nothing is applied unseen.
  const ids = [...new Set([...plan.scopes, ...plan.changes.map((change) => change.scope)])]
  const out = refusedScopes(plan)
  const refusals = refusalsOf(plan.findings)
  const refused = refusals.length > 0 && ids.every((id) => out.has(id))
  const scopes = ids.map((id): ScopeOutline => ({
    id,
    name: (Object.hasOwn(plan.names, id) ? plan.names[id] : undefined) ?? null,
    changes: plan.changes
      .filter((change) => change.scope === id)
      .map((change) => ({ change, heldBy: held.get(change.id) ?? [], waitsFor: waitsFor(change.id) })),
    refusedBy: out.has(id) ? refusingCodes(refusals, id, plan.scopes) : [],
  }))
  const due = scopes.filter(({ id }) => refused || !out.has(id)).flatMap(({ changes }) => changes)
  return {
    scopes,
    ...countsOf(due.filter((one) => one.heldBy.length === 0)),
    held: due.filter((one) => one.heldBy.length > 0).length,
    refused,
    leftOut: refused ? [] : scopes.filter(({ refusedBy }) => refusedBy.length > 0),
    findings: [...plan.findings].sort((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity]),
  }
}

/** Its own, or those about no scope of the plan, which refuse all. */
const refusingCodes = (refusals: readonly Finding[], id: string, scopes: readonly string[]): readonly string[] => [
  ...new Set(refusals.filter(({ scope }) => scope === id || !scopes.includes(scope)).map(({ code }) => code)),
]

/** Of one scope its name stands above; of many, each finding says whose it is. */
export function namedFinding(finding: Finding, { scopes }: Pick<Outline, 'scopes'>): Finding {
  const scope = scopes.find(({ id }) => id === finding.scope)
  if (scopes.length < 2 || scope === undefined) return finding
  const name = scope.name ?? scope.id
  return finding.subject.includes(name) ? finding : { ...finding, subject: `${name}: ${finding.subject}` }
}

function countsOf(changes: readonly PlannedChange[]): Pick<Outline, 'counts' | 'targets'> {
  const counts = { create: 0, update: 0, replace: 0, delete: 0, shift: 0, wait: 0 }
  const targets = { add: 0, remove: 0 }
  for (const { change } of changes) {
    if (change.ref.type !== 'targets') counts[change.kind] += 1
    else if (change.kind === 'delete') targets.remove += members(change.before)
    else targets.add += members(change.after)
  }
  return { counts, targets }
}

/** One scope's own numbers. */
export const scopeCounts = ({ changes }: ScopeOutline): Pick<Outline, 'counts' | 'targets' | 'held'> => ({
  ...countsOf(changes.filter((one) => one.heldBy.length === 0)),
  held: changes.filter((one) => one.heldBy.length > 0).length,
})

/** How many targets a change is about. */
const members = (side: JsonObject | null): number => {
  const list = side?.['targets']
  return Array.isArray(list) ? list.length : 1
}

type Counts = Pick<Outline, 'counts' | 'targets' | 'held'>

const ORDER: readonly ChangeKind[] = ['create', 'update', 'replace', 'delete', 'shift', 'wait']
const USUAL: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['create', 'update', 'delete'])
const NEVER: ReadonlySet<ChangeKind> = new Set<ChangeKind>()

/** `9 to create, 1 to change, 0 to delete; 3 targets to add`; rarer kinds, targets and held changes only where there are any. */
export const countsText = (counts: Counts): string => numbers(counts, USUAL)

/** The same without zeros; empty when nothing is to be done. */
export const briefCounts = (counts: Counts): string => numbers(counts, NEVER)

/** `always`: kinds that are told although there are none. */
function numbers({ counts, targets, held }: Counts, always: ReadonlySet<ChangeKind>): string {
  const parts = ORDER.filter((kind) => always.has(kind) || counts[kind] > 0).map(
    (kind) => `${counts[kind]} to ${KINDS[kind].verb}`,
  )
  const moving = [
    ...(targets.add > 0 ? [`${count(targets.add, 'target')} to add`] : []),
    ...(targets.remove > 0 ? [`${count(targets.remove, 'target')} to remove`] : []),
  ]
  const things = [...parts, ...(held > 0 && always.size > 0 ? [`${held} held`] : [])].join(', ')
  // Where no zeros are told, what is held stands last, for its reason to follow.
  const last = held > 0 && always.size === 0 ? `${held} held` : ''
  return [things, moving.join(', '), last].filter((part) => part !== '').join('; ')
}
