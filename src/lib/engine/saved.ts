import { heldChanges, refusedScopes } from '../core/allow.ts'
import type { Change } from '../core/change.ts'
import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import { canonical } from '../core/hash.ts'
import type { JsonObject } from '../core/json.ts'
import type { Finding, Plan } from '../core/plan.ts'

/** How many differences an error names; the rest is counted. */
const NAMED = 5

type Tolerates = (change: Change) => boolean

interface Difference {
  readonly id: string
  /** `x/put is new` */
  readonly text: string
  /** May it differ? The guards judge it as part of the fresh plan. */
  readonly tolerated: boolean
}

/**
 * Is a saved plan still what would be done? Null: yes, the same changes come out again (but for those that may differ),
 * and the same ones are held back or refused. Else STALE_PLAN (exit 10), naming what differs.
 */
export function staleness(saved: Plan, fresh: Plan, tolerates?: Tolerates): NyahError | null {
  const differences = compare(saved, fresh, tolerates)
    .filter(({ tolerated }) => !tolerated)
    .map(({ text }) => text)
  if (differences.length === 0) return null
  const moved = Object.keys({ ...saved.basis, ...fresh.basis }).filter(
    (scope) => saved.basis[scope] !== fresh.basis[scope],
  )
  const named = differences.slice(0, NAMED)
  const more = differences.length > NAMED ? ` (and ${differences.length - NAMED} more)` : ''
  const basis = moved.length === 0 ? '' : `; what was observed has changed in ${moved.slice(0, NAMED).join(', ')}`
  return nyahError({
    code: 'STALE_PLAN',
    message: `the plan of ${saved.observedAt} is no longer what would be done: ${named.join('; ')}${more}${basis}`,
    exit: EXIT.stale,
    tries: ['make the plan again (--plan --plan-out FILE), look at it, and apply that one'],
    details: { saved: saved.hash, fresh: fresh.hash },
  })
}

/**
 * What differs although it may, one finding per scope that has such a thing: a plan that is applied although it is not the
 * very same says so. Empty: nothing, or the plan is stale anyway.
 */
export function toleratedDifferences(saved: Plan, fresh: Plan, tolerates?: Tolerates): readonly Finding[] {
  const differences = compare(saved, fresh, tolerates)
  if (differences.some(({ tolerated }) => !tolerated)) return []
  const scopeOf = new Map([...saved.changes, ...fresh.changes].map(({ id, scope }) => [id, scope]))
  return fresh.scopes.flatMap((scope): readonly Finding[] => {
    const texts = differences.filter(({ id }) => scopeOf.get(id) === scope).map(({ text }) => text)
    if (texts.length === 0) return []
    return [
      {
        code: 'PLAN_MEMBERS_DIFFER',
        severity: 'warn',
        scope,
        subject: fresh.names[scope] ?? scope,
        evidence: `members came or went since ${saved.observedAt}: ${texts.slice(0, NAMED).join('; ')}${texts.length > NAMED ? ` (and ${texts.length - NAMED} more)` : ''}`,
        remedy: 'Nothing to do: what is there now is applied, and every guard has looked at it',
        allowable: false,
      },
    ]
  })
}

function compare(saved: Plan, fresh: Plan, tolerates: Tolerates = () => false): readonly Difference[] {
  const free = new Set([...saved.changes, ...fresh.changes].filter(tolerates).map(({ id }) => id))
  const was = indexed(saved, free)
  const is = indexed(fresh, free)
  const overruled = overruledIn(fresh)
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((id): readonly Difference[] => {
    const [before, after] = [was.get(id), is.get(id)]
    const tolerated = [before, after].every((one) => one === undefined || tolerates(one.change)) && !overruled.has(id)
    if (before === undefined) return [{ id, text: `${id} is new`, tolerated }]
    if (after === undefined) return [{ id, text: `${id} is gone`, tolerated }]
    // What somebody saw held back or refused is not done, however little else differs.
    if (before.stopped !== after.stopped && before.stopped !== null) {
      return [{ id, text: `${id} is no longer ${before.stopped}`, tolerated: false }]
    }
    if (before.text !== after.text) return [{ id, text: `${id} is different`, tolerated }]
    if (before.stopped !== after.stopped) return [{ id, text: `${id} is now ${after.stopped}`, tolerated }]
    return []
  })
}

/** What only an allowance lets go: it was given for what somebody saw, not for more of it. */
const overruledIn = ({ changes, findings }: Plan): ReadonlySet<string> =>
  new Set(
    findings
      .filter(({ severity, allowed }) => severity === 'hold' && allowed !== undefined)
      .flatMap(({ scope, holds = changes.filter((one) => one.scope === scope).map(({ id }) => id) }) => holds),
  )

interface Indexed {
  readonly change: Change
  readonly text: string
  /** What keeps it from being done. */
  readonly stopped: 'held back' | 'refused' | null
}

/** @param free ids that may differ, so that they count for nothing in what needs them */
function indexed(plan: Plan, free: ReadonlySet<string>): ReadonlyMap<string, Indexed> {
  const held = heldChanges(plan.changes, plan.findings)
  const refused = refusedScopes(plan)
  return new Map(
    plan.changes.map((change) => {
      const stopped = refused.has(change.scope) ? 'refused' : held.has(change.id) ? 'held back' : null
      const text = deed({ ...change, needs: change.needs.filter((need) => !free.has(need)) })
      return [change.id, { change, text, stopped }]
    }),
  )
}

/** What a change does, without why: two plans agree on a change when these are the same text. */
export function deed({ scope, ref, kind, before, after, needs, risk }: Change): string {
  const { type, id, name } = ref
  return canonical({
    scope,
    ref: { type, id, name },
    kind,
    before,
    after,
    needs: [...needs].sort(),
    risk,
  } satisfies JsonObject)
}
