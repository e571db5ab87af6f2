import { EXIT, nyahError } from '../core/errors.ts'
import type { LoadBalancer } from '../ports/mirrors.ts'
import type { SourceLoadBalancer } from '../ports/source.ts'
import { TAG } from './model.ts'
import { some } from './remarks.ts'

/** Which load balancers are meant, besides those that are named one by one. */
export interface Selectors {
  /** Tags in Octavia; each of them. */
  readonly tags: readonly string[]
  /** Globs of names in Octavia (`*`, `?`); any of them. */
  readonly names: readonly string[]
  readonly all: boolean
}

export const selectsSomething = ({ tags, names, all }: Selectors): boolean => all || tags.length > 0 || names.length > 0

/** Octavia keeps what was deleted in its lists for a while. */
const isThere = ({ provisioning_status }: SourceLoadBalancer): boolean => provisioning_status !== 'DELETED'

/**
 * The Octavia ids that selectors mean, in the order of their names: tags and names together narrow the choice, also that
 * of `all`. Pure. Throws LB_NONE_SELECTED (exit 2), saying what was looked at.
 *
 * @param mirroredOnly only those that have a mirror, also where Octavia no longer knows them (they have the name that
 *   their mirror remembers, and no tags); else all that Octavia shows
 */
export function selectLoadBalancers(
  sources: readonly SourceLoadBalancer[],
  mirrors: readonly LoadBalancer[],
  selectors: Selectors,
  mirroredOnly: boolean,
): readonly string[] {
  const looked = mirroredOnly ? mirrored(sources, mirrors) : sources.filter(isThere)
  const globs = selectors.names.map(globOf)
  const chosen = looked.filter(
    ({ name, tags }) =>
      selectors.tags.every((tag) => tags.includes(tag)) &&
      (globs.length === 0 || globs.some((glob) => glob.test(name))),
  )
  if (chosen.length === 0) throw noneSelected(looked, selectors, mirroredOnly)
  const key = ({ name, id }: Candidate) => `${name}\n${id}`
  return chosen.toSorted((one, other) => (key(one) < key(other) ? -1 : 1)).map(({ id }) => id)
}

type Candidate = Pick<SourceLoadBalancer, 'id' | 'name' | 'tags'>

function mirrored(sources: readonly SourceLoadBalancer[], mirrors: readonly LoadBalancer[]): readonly Candidate[] {
  const known = new Map(sources.filter(isThere).map((source) => [source.id, source]))
  const found = new Map<string, Candidate>()
  for (const { tags } of mirrors) {
    const id = tags[TAG.octaviaId]
    if (id !== undefined) found.set(id, known.get(id) ?? { id, name: tags[TAG.source] ?? '', tags: [] })
  }
  return [...found.values()]
}

/** A whole name; `*` any characters, `?` one, everything else itself. */
function globOf(text: string): RegExp {
  const source = text
    .replaceAll(/\*+/g, '*')
    .replaceAll(/[\\^$.*+?()[\]{}|/]/g, (one) => (one === '*' ? '.*' : one === '?' ? '.' : `\\${one}`))
  return new RegExp(`^${source}$`, 'su')
}

function noneSelected(looked: readonly Candidate[], { tags, names }: Selectors, mirroredOnly: boolean): Error {
  const asked = [...tags.map((tag) => `--tag ${tag}`), ...names.map((name) => `--name ${name}`)].join(' ')
  const where = mirroredOnly ? 'that have a mirror' : 'that Octavia shows to these credentials'
  const lookedAt =
    looked.length === 0
      ? `there are no load balancers ${where}`
      : `none of the ${looked.length} load balancers ${where} fits ${asked}: ${some(looked.map(({ name, id, tags: own }) => `${name || id}${own.length === 0 ? '' : ` (${own.join(', ')})`}`))}`
  return nyahError({
    code: 'LB_NONE_SELECTED',
    message: lookedAt,
    exit: EXIT.usage,
    tries: ['nyah lb list'],
  })
}
