import type { Json, JsonObject } from '../core/json.ts'
import { sameJson } from '../core/hash.ts'
import type { HealthCheck, Tags, TargetGroup, TargetGroupSpec } from '../ports/mirrors.ts'
import { asJson } from './changes.ts'
import { TAG } from './model.ts'

/** What of an existing thing differs from what it should be: only the fields that AWS can change in place. */

/** Before and after of the fields that differ; null when none does. */
interface Difference {
  readonly before: JsonObject
  readonly after: JsonObject
}

export function differing(
  pairs: Readonly<Record<string, readonly [before: unknown, after: unknown]>>,
): Difference | null {
  const before: Record<string, Json> = {}
  const after: Record<string, Json> = {}
  for (const [field, [was, is]] of Object.entries(pairs)) {
    if (sameJson(asJson(was), asJson(is))) continue
    before[field] = asJson(was)
    after[field] = asJson(is)
  }
  return Object.keys(after).length === 0 ? null : { before, after }
}

/** Only nyah's own keys; the name of the source is as it was when the thing was made, and stays. */
export function tagPair(wanted: Tags, actual: Tags): readonly [Tags, Tags] {
  const keys = Object.keys(wanted).filter((key) => key !== TAG.source)
  const stale = keys.filter((key) => actual[key] !== wanted[key])
  const pick = (tags: Tags): Tags =>
    Object.fromEntries(stale.flatMap((key) => (tags[key] === undefined ? [] : [[key, tags[key]]])))
  return [pick(actual), pick(wanted)]
}

export function staleTags(wanted: Tags, actual: Tags): { readonly before: Tags; readonly after: Tags } | null {
  const [before, after] = tagPair(wanted, actual)
  return Object.keys(after).length === 0 ? null : { before, after }
}

/** `path` and `matcher` mean nothing to a TCP check; AWS answers with what it had. */
const effective = (check: HealthCheck): HealthCheck => {
  const { path, matcher, ...plain } = check
  if (check.protocol === 'TCP') return plain
  return { ...plain, ...(path === undefined ? {} : { path }), ...(matcher === undefined ? {} : { matcher }) }
}

export function targetGroupDifference(wanted: TargetGroupSpec, actual: TargetGroup): Difference | null {
  const keys = Object.keys(wanted.attributes).filter((key) => actual.attributes[key] !== wanted.attributes[key])
  const pick = (attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(keys.flatMap((key) => (attributes[key] === undefined ? [] : [[key, attributes[key]]])))
  return differing({
    healthCheck: [effective(actual.healthCheck), effective(wanted.healthCheck)],
    attributes: [pick(actual.attributes), pick(wanted.attributes)],
    tags: tagPair(wanted.tags, actual.tags),
  })
}

export const sortedUnique = (items: readonly string[]): readonly string[] => [...new Set(items)].toSorted()
