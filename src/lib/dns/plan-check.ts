import { createHash } from 'node:crypto'
import { token, type Change } from '../core/change.ts'
import type { JsonObject } from '../core/json.ts'
import type { Check, CheckSpec } from '../ports/health-checks.ts'
import { CHECK_TAG, compareCheck, isOwnCheck } from './check.ts'
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
  const own = Object.values(seen.checks).filter((check) => isOwnCheck(check, name) && check.type !== 'CALCULATED')
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

export const asJson = (value: CheckSpec | Check): JsonObject => value as unknown as JsonObject

const checkText = ({ type, address, port, path }: CheckSpec): string => `${type} ${address}:${port}${path ?? ''}`

/** CallerReference without its generation: the same each time the same is asked for. */
export const referenceOf = (zoneId: string, name: string, type: string): string =>
  `nyah-${createHash('sha256').update(`${zoneId} ${name} ${type}`).digest('hex').slice(0, 8)}`

/** Health checks of nyah's for this name that nothing is to refer to any more, once `after` is done. */
export function dropChecks(
  seen: ObservedName,
  kept: ReadonlySet<string>,
  after: Pick<Change, 'id'> | null,
): readonly Change[] {
  const { name } = seen
  // A token stands where a check is still to be made: what is referred to now goes only with the change that replaces it.
  const referred = after === null ? seen.records.flatMap(({ healthCheckId }) => healthCheckId ?? []) : []
  // What a check that is referred to counts on is needed as well.
  const needed = new Set([...kept, ...referred])
  for (const id of needed) for (const child of seen.checks[id]?.children ?? []) needed.add(child)
  const gone = Object.values(seen.checks).filter((check) => isOwnCheck(check, name) && !needed.has(check.id))
  const counting = gone.filter(({ children }) => children.length > 0)
  const idOf = ({ id }: Check): string => `${name}/health-check/${id}/delete`
  return [...gone, ...spareSwitches(seen, counting)].map((check) => ({
    id: idOf(check),
    scope: name,
    ref: { type: 'health-check', id: check.id, name },
    kind: 'delete',
    before: { ...(check as unknown as JsonObject), zoneId: seen.zone.id },
    after: null,
    // Route 53 keeps a check that another one counts on.
    needs: [
      ...(after === null ? [] : [after.id]),
      ...counting.filter(({ children }) => children.includes(check.id)).map(idOf),
    ],
    reason: 'nothing refers to it any more',
    risk: 'removes',
  }))
}

/** Switches that only these checks count on. */
function spareSwitches({ checks }: ObservedName, going: readonly Check[]): readonly Check[] {
  const ids = new Set(going.map(({ id }) => id))
  const children = new Set(going.flatMap((one) => one.children))
  return Object.values(checks).filter(
    ({ id, tags, type }) =>
      children.has(id) &&
      type !== 'CALCULATED' &&
      tags[CHECK_TAG.managed] === 'true' &&
      tags[CHECK_TAG.switch] !== undefined &&
      Object.values(checks).every((one) => ids.has(one.id) || !one.children.includes(id)),
  )
}
