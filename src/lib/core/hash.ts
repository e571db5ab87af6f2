import { createHash } from 'node:crypto'
import type { Json } from './json.ts'

/** JSON with sorted keys and no white space: the same value gives the same text, however it was built. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  const parts: string[] = []
  for (const key of Object.keys(value).sort()) {
    const one = value[key]
    // As JSON.stringify does: a key without a value is no key.
    if (one !== undefined) parts.push(`${JSON.stringify(key)}:${canonical(one)}`)
  }
  return `{${parts.join(',')}}`
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** SHA-256 of the canonical text, 64 lower-case hex digits. For plans and for the basis of a scope. */
export const fingerprint = (value: Json): string => createHash('sha256').update(canonical(value)).digest('hex')

/** Are two values the same data? */
export const sameJson = (one: Json, other: Json): boolean => canonical(one) === canonical(other)
