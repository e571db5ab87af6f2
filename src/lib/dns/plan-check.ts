import { createHash } from 'node:crypto'
import { token, type Change } from '../core/change.ts'
import type { JsonObject } from '../core/json.ts'
import type { Check, CheckSpec } from '../ports/health-checks.ts'
import { compareCheck, isOwnCheck } from './check.ts'
import type { ObservedName } from './model.ts'
import type { SetType } from './set.ts'

export interface PlannedCheck {
  /** Its id, or the token of the one that is made; null: none. */
  readonly id: string | null
  readonly changes: readonly Change[]
}

/** The health check of Octavia's side: found, changed, or made. Pure. */
export function planCheck(
  seen: ObservedName,
  type: SetType,
  spec: CheckSpec | null,
  current: string | null,
): PlannedCheck {
  if (spec === null) return { id: null, changes: [] }
  const { name, zone } = seen
  const own = Object.values(seen.checks).filter((check) => isOwnCheck(check, name))
  // One that was made before its record was, in a run that was cut short, is as good as a new one.
  const near = [...own.filter(({ id }) => id === current), ...own.filter(({ id }) => id !== current)]
  const kept = near.find((check) => check.id === current || compareCheck(check, spec) === 'same')
  const fate = kept === undefined ? 'replace' : compareCheck(kept, spec)
  const ref = { type: 'health-check', id: kept?.id ?? null, name }
  if (kept !== undefined && fate === 'same') return { id: kept.id, changes: [] }
  if (kept !== undefined && fate === 'update')
    return {
      id: kept.id,
      changes: [
        {
          id: `${name}/health-check/${type}/update`,
          scope: name,
          ref,
          kind: 'update',
          before: asJson(kept),
          after: { id: kept.id, version: kept.version, spec: asJson(spec) },
          needs: [],
          reason: `Octavia's address is to be checked as ${checkText(spec)}`,
          risk: 'changes',
        },
      ],
    }
  const id = `${name}/health-check/${type}/create`
  return {
    id: token(id, 'id') as unknown as string,
    changes: [
      {
        id,
        scope: name,
        ref: { ...ref, id: null },
        kind: 'create',
        before: null,
        after: { reference: referenceOf(zone.id, name, type), spec: asJson(spec) },
        needs: [],
        reason: `Route 53 is to notice when Octavia's address dies (${checkText(spec)})`,
        risk: 'none',
      },
    ],
  }
}

const asJson = (value: CheckSpec | Check): JsonObject => value as unknown as JsonObject

const checkText = ({ type, address, port, path }: CheckSpec): string => `${type} ${address}:${port}${path ?? ''}`

/** CallerReference without its generation: the same each time the same is asked for. */
const referenceOf = (zoneId: string, name: string, type: string): string =>
  `nyah-${createHash('sha256').update(`${zoneId} ${name} ${type}`).digest('hex').slice(0, 8)}`

/** Health checks of nyah's for this name that nothing is to refer to any more, once `after` is done. */
export function dropChecks(seen: ObservedName, kept: ReadonlySet<string>, after: Change | null): readonly Change[] {
  const { name } = seen
  // A token stands where a check is still to be made: what is referred to now goes only with the change that replaces it.
  const referred = after === null ? seen.records.flatMap(({ healthCheckId }) => healthCheckId ?? []) : []
  return Object.values(seen.checks)
    .filter((check) => isOwnCheck(check, name) && !kept.has(check.id) && !referred.includes(check.id))
    .map((check) => ({
      id: `${name}/health-check/${check.id}/delete`,
      scope: name,
      ref: { type: 'health-check', id: check.id, name },
      kind: 'delete',
      before: { ...(check as unknown as JsonObject), zoneId: seen.zone.id },
      after: null,
      needs: after === null ? [] : [after.id],
      reason: 'nothing refers to it any more',
      risk: 'removes',
    }))
}
