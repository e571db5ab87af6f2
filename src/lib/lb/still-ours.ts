import type { Change } from '../core/change.ts'
import { EXIT, nyahError, type NyahError } from '../core/errors.ts'
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
  const what = inWords(ref.type)
  const [stranger] = obstacle(what, { name: ref.name, tags }, { id: scope, asked })
  if (stranger === undefined) return
  throw nyahError({
    code: stranger.code,
    message: `${stranger.subject} was ours when this was planned, and by now ${stranger.evidence}: it stays as it is`,
    exit: EXIT.refused,
    tries: ['nyah lb list'],
  })
}

const inWords = (type: Change['ref']['type']): string =>
  type === 'targets' ? 'target group' : type.replaceAll('-', ' ')

/** What stands by itself, in a network of the configuration: that may name one that does not exist. */
const ON_THE_NETWORK = new Set(['security-group', 'target-group', 'load-balancer'])

/** AWS_NOT_FOUND of a change: what it needs was deleted since the plan was made. Another plan sees what is there now. */
export function goneMeanwhile({ ref, scope, kind }: Change, error: NyahError, { formerId }: Asked): NyahError {
  if (kind === 'create' && ON_THE_NETWORK.has(ref.type)) {
    const [, ...others] = error.tries
    return nyahError({ ...error, message: error.message, tries: [`nyah lb diff ${scope}`, ...others] })
  }
  return nyahError({
    ...error,
    message: `${inWords(ref.type)} ${ref.name}: it, or what it belongs to, was deleted since this was planned (${error.message})`,
    tries: [formerId === null ? `nyah lb mirror ${scope}` : `nyah lb retarget ${formerId} ${scope}`],
  })
}
