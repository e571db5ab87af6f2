import type { Change } from '../core/change.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { Tags } from '../ports/mirrors.ts'
import type { Asked } from './model.ts'
import { obstacle } from './owned.ts'

/**
 * For a look in the same breath as a change: what lost nyah's tags since the plan was made, or follows somebody else by now,
 * is left alone. The rule is the planner's: with `asked.formerId`, that owner's things are ours too. `tags` null: it is gone.
 *
 * Throws LB_NOT_OWNED or LB_NEWER_NYAH (exit 6).
 */
export function demandOurs({ ref, scope }: Change, tags: Tags | null, asked: Asked): void {
  if (tags === null) return
  const what = ref.type === 'targets' ? 'target group' : ref.type.replaceAll('-', ' ')
  const [stranger] = obstacle(what, { name: ref.name, tags }, { id: scope, asked })
  if (stranger === undefined) return
  throw nyahError({
    code: stranger.code,
    message: `${stranger.subject} was ours when this was planned, and by now ${stranger.evidence}: it stays as it is`,
    exit: EXIT.refused,
    tries: ['nyah lb list'],
  })
}
