import { heldChanges } from '../core/allow.ts'
import type { Change } from '../core/change.ts'
import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import { canonical } from '../core/hash.ts'
import type { JsonObject } from '../core/json.ts'
import type { Plan } from '../core/plan.ts'

/** How many differences an error names; the rest is counted. */
const NAMED = 5

/**
 * Is a saved plan still what would be done? Null: yes, the very same changes come out again and the same ones are held
 * back. Else STALE_PLAN (exit 10), naming what differs.
 */
export function staleness(saved: Plan, fresh: Plan): NyahError | null {
  const differences = compare(saved, fresh)
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

/** One sentence per difference. */
function compare(saved: Plan, fresh: Plan): readonly string[] {
  const was = indexed(saved)
  const is = indexed(fresh)
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((id) => {
    const [before, after] = [was.get(id), is.get(id)]
    if (before === undefined) return [`${id} is new`]
    if (after === undefined) return [`${id} is gone`]
    if (before.text !== after.text) return [`${id} is different`]
    if (before.held !== after.held) return [`${id} is ${after.held ? 'now' : 'no longer'} held back`]
    return []
  })
}

function indexed(plan: Plan): Map<string, { readonly text: string; readonly held: boolean }> {
  const held = heldChanges(plan.changes, plan.findings)
  return new Map(plan.changes.map((change) => [change.id, { text: deed(change), held: held.has(change.id) }]))
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
