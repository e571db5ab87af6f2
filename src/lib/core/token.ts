import { isToken, type Outputs, type Token } from './change.ts'
import type { Json, JsonObject } from './json.ts'

/** The tokens in a value, in the order in which they stand. */
export function tokensIn(value: unknown): readonly Token[] {
  if (isToken(value)) return [value]
  if (Array.isArray(value)) return value.flatMap(tokensIn)
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(tokensIn)
  return []
}

/**
 * `after` with each token replaced by what its change gave. Throws an Error where a change gave no such output: a plan
 * that waits for something that never comes is a bug in its planner or its `apply`.
 */
export const resolveTokens = (after: JsonObject, outputsOf: (change: string) => Outputs | undefined): JsonObject =>
  Object.fromEntries(Object.entries(after).map(([key, value]) => [key, resolve(value, outputsOf)]))

function resolve(value: Json, outputsOf: (change: string) => Outputs | undefined): Json {
  if (isToken(value)) {
    const { change, output } = value.$token
    const found = outputsOf(change)?.[output]
    if (found === undefined) throw new Error(`the change ${change} gave no output "${output}"`)
    return found
  }
  if (Array.isArray(value)) return value.map((one: Json) => resolve(one, outputsOf))
  if (typeof value === 'object' && value !== null) return resolveTokens(value as JsonObject, outputsOf)
  return value
}
