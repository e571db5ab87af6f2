import type { Json, JsonObject } from '../core/json.ts'
import { sameJson } from '../core/hash.ts'
import type { Forward, HealthCheck, Tags, TargetGroup, TargetGroupSpec } from '../ports/mirrors.ts'
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

/** Only nyah's own keys; the name of the source is as it was when the thing was made or moved to another, and stays. */
export function tagPair(wanted: Tags, actual: Tags): readonly [Tags, Tags] {
  const moved = actual[TAG.octaviaId] !== wanted[TAG.octaviaId]
  const keys = Object.keys(wanted).filter((key) => key !== TAG.source || moved)
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

/** A listener's forward as AWS lists it: by ARN; the weight of a single one says nothing. */
export const canonicalForward = (forward: readonly Forward[]): readonly Forward[] =>
  forward.length === 1 ? forward.map(({ targetGroupArn }) => ({ targetGroupArn, weight: 1 })) : byArn(forward)

export const byArn = (forward: readonly Forward[]): readonly Forward[] =>
  forward
    .map(({ targetGroupArn, weight }) => ({ targetGroupArn, weight }))
    .toSorted((a, b) => (a.targetGroupArn < b.targetGroupArn ? -1 : 1))

/** Of settings that have many keys, those that are asked for and are otherwise. */
export function settingsPair(wanted: Settings, actual: Settings): readonly [Settings, Settings] {
  const keys = Object.keys(wanted).filter((key) => actual[key] !== wanted[key])
  const pick = (from: Settings): Settings =>
    Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])))
  return [pick(actual), pick(wanted)]
}

type Settings = Readonly<Record<string, string>>

export function targetGroupDifference(wanted: TargetGroupSpec, actual: TargetGroup): Difference | null {
  return differing({
    healthCheck: [effective(actual.healthCheck), effective(wanted.healthCheck)],
    attributes: settingsPair(wanted.attributes, actual.attributes),
    tags: tagPair(wanted.tags, actual.tags),
  })
}

export const sortedUnique = (items: readonly string[]): readonly string[] => [...new Set(items)].toSorted()
