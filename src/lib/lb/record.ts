import type { Plan } from '../core/plan.ts'
import type { Scene } from '../engine/operation.ts'
import type { Mirrors } from '../ports/mirrors.ts'
import type { LbWorld } from './model.ts'
import { recordOf } from './record-of.ts'

/**
 * Writes down with each mirror how it stands (`recordOf`), where its tags do not say so already. All are tried; throws
 * the first error (the engine makes a note of it: credentials that may only register members may not set tags).
 */
export async function recordMirrors(
  { scopes }: LbWorld,
  plan: Plan,
  { mirrors }: { readonly mirrors: Pick<Mirrors, 'tag'> },
  { signal }: Pick<Scene, 'signal'>,
): Promise<void> {
  if (signal.aborted) return
  const records = scopes.map((observed) => recordOf(observed, plan)).filter((record) => record !== null)
  const ends = await Promise.allSettled(records.map(({ arn, set, remove }) => mirrors.tag(arn, set, remove)))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
