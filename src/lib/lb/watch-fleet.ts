import { isNyahError } from '../core/errors.ts'
import type { LoadBalancer } from '../ports/mirrors.ts'
import type { SourceLoadBalancer } from '../ports/source.ts'
import { TAG } from './model.ts'
import { isUuid, resolveName } from './resolve.ts'
import { selectLoadBalancers, selectsSomething, type Selectors } from './select.ts'
import type { WatchedMirror } from './watch-state.ts'

/** Does a choice need Octavia's list? Names and tags are Octavia's. */
export const needsSources = (names: readonly string[], { tags, names: globs }: Selectors): boolean =>
  tags.length > 0 || globs.length > 0 || !names.every(isUuid)

/**
 * The mirrors that a watch follows, of those there are: the named ones, and the selected ones (there may be none yet). Pure.
 * Throws LB_NOT_FOUND or LB_AMBIGUOUS (exit 2) for a name that means nothing, or several things.
 */
export function watchedMirrors(
  sources: readonly SourceLoadBalancer[],
  mirrors: readonly LoadBalancer[],
  names: readonly string[],
  selectors: Selectors,
): readonly WatchedMirror[] {
  const named = names.map((name) => (isUuid(name) ? name.trim().toLowerCase() : resolveName(sources, mirrors, name)))
  const chosen = new Set([...named, ...selected(sources, mirrors, selectors)])
  const inStep = new Map(mirrors.map(({ tags }) => [tags[TAG.octaviaId], inStepOf(tags)]))
  // What is not mirrored (any more) has nothing to be kept in step.
  return [...chosen].flatMap((id) => (inStep.has(id) ? [{ id, inStep: inStep.get(id) ?? null }] : []))
}

/** Held ones are read at the start: what held them may have passed without Octavia saying so. */
const inStepOf = (tags: LoadBalancer['tags']): string | null =>
  tags[TAG.held] === undefined ? (tags[TAG.inStep] ?? null) : null

function selected(
  sources: readonly SourceLoadBalancer[],
  mirrors: readonly LoadBalancer[],
  selectors: Selectors,
): readonly string[] {
  if (!selectsSomething(selectors)) return []
  try {
    return selectLoadBalancers(sources, mirrors, selectors, true)
  } catch (error) {
    if (isNyahError(error) && error.code === 'LB_NONE_SELECTED') return []
    throw error
  }
}
