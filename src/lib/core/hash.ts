import { createHash } from 'node:crypto'
import type { Json, JsonObject } from './json.ts'

/** JSON with sorted keys and no white space: the same value gives the same text, however it was built. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  let text = ''
  if (isList(value)) {
    for (const one of value) text += text === '' ? canonical(one) : `,${canonical(one)}`
    return `[${text}]`
  }
  for (const key of Object.keys(value).sort()) {
    const one = value[key]
    // As JSON.stringify does: a key without a value is no key.
    if (one !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonical(one)}`
  }
  return `{${text}}`
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** SHA-256 of the canonical text, 64 lower-case hex digits. For plans and for the basis of a scope. */
export const fingerprint = (value: Json): string => createHash('sha256').update(canonical(value)).digest('hex')

/** Are two values the same data? As `canonical` tells it, without the text: hundreds of names are compared while users wait. */
export function sameJson(one: Json, other: Json): boolean {
  if (one === other) return true
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object')
    return typeof one === 'number' && typeof other === 'number' && JSON.stringify(one) === JSON.stringify(other)
  if (isList(one) || isList(other))
    return (
      isList(one) &&
      isList(other) &&
      one.length === other.length &&
      one.every((each, index) => sameJson(each, other[index] ?? null))
    )
  const has = (value: JsonObject): readonly string[] => Object.keys(value).filter((key) => value[key] !== undefined)
  const keys = has(one)
  return (
    keys.length === has(other).length &&
    keys.every((key) => {
      const [its, others] = [one[key], other[key]]
      return its !== undefined && others !== undefined && Object.hasOwn(other, key) && sameJson(its, others)
    })
  )
}
