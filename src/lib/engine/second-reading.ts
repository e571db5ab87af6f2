import { dueChanges, stops } from '../core/allow.ts'
import type { Change } from '../core/change.ts'
import { sameJson } from '../core/hash.ts'
import type { JsonObject } from '../core/json.ts'
import type { Finding, Plan } from '../core/plan.ts'
import { deed } from './saved.ts'

/** Two readings lie at least this far apart. */
export const SECOND_READING_MS = 2_000

/** Older than this, a reading is read again before anything is done on its word. */
export const OLD_READING_MS = 60_000

/** The changes that take something away and that nothing stops: they need two readings that agree. */
export const removals = (plan: Plan): readonly Change[] => dueChanges(plan).filter(({ risk }) => risk === 'removes')

/**
 * What a second reading adds to a plan: its own refusals and holds, and a READINGS_DISAGREE hold per scope for the
 * removals that it would not do, or would do otherwise. Empty: it agrees.
 */
export function disagreements(first: Plan, second: Plan): readonly Finding[] {
  const raised = raisedSince(first, second)
  const again = new Map(second.changes.map((change) => [change.id, deed(change)]))
  const differing = removals(first).filter((change) => again.get(change.id) !== deed(change))
  const scopes = [...new Set(differing.map(({ scope }) => scope))]
  const perScope = scopes.map((scope) =>
    disagreement(
      scope,
      differing.filter((one) => one.scope === scope),
      again,
    ),
  )
  return [...raised, ...perScope]
}

/** What stops something in a later plan, and did not in the earlier one. */
export function raisedSince(first: Plan, second: Plan): readonly Finding[] {
  const known = first.findings.filter(stops)
  return second.findings.filter(
    (finding) => stops(finding) && !known.some((one) => sameJson(essence(one), essence(finding))),
  )
}

function disagreement(scope: string, changes: readonly Change[], again: ReadonlyMap<string, string>): Finding {
  const gone = changes.filter(({ id }) => !again.has(id)).length
  return {
    code: 'READINGS_DISAGREE',
    severity: 'hold',
    scope,
    subject: changes.map(({ ref }) => `${ref.type} ${ref.name}`).join(', '),
    evidence:
      `${changes.length} of the removals came out of the first reading only ` +
      `(${gone} not at all out of the second, ${changes.length - gone} differently)`,
    remedy: 'run the command again once the source has come to rest',
    allowable: false,
    holds: changes.map(({ id }) => id),
  }
}

const essence = ({ code, severity, scope, subject, holds }: Finding): JsonObject => ({
  code,
  severity,
  scope,
  subject,
  holds: holds === undefined ? null : [...holds].sort(),
})
