import { constraint, fault, invalid } from './fault.ts'

/** A decoded parameter of the AWS Query protocols: text, or what stands below a dotted name. */
export type Param = string | Params
export type Params = ReadonlyMap<string, Param>

/** `Tags.member.1.Key=a` → Tags → member → 1 → Key → a. Both protocols; EC2 leaves `member` out. */
export function decodeParams(pairs: Iterable<readonly [string, string]>): Params {
  const root = new Map<string, Param>()
  for (const [name, value] of pairs) {
    const parts = name.split('.')
    const last = parts.pop() ?? ''
    let node = root
    for (const part of parts) {
      const below = node.get(part)
      if (typeof below === 'string') throw malformed(name)
      const next = (below as Map<string, Param> | undefined) ?? new Map<string, Param>()
      node.set(part, next)
      node = next
    }
    if (node.has(last)) throw malformed(name)
    node.set(last, value)
  }
  return root
}

// "Common errors" page: MalformedQueryString.
const malformed = (name: string) =>
  fault('MalformedQueryString', `The parameter ${name} is given twice or in two shapes`)

/** Undefined: not given. An empty text counts as given. */
export function text(params: Params, name: string): string | undefined {
  const value = params.get(name)
  if (value === undefined || typeof value === 'string') return value
  throw malformed(name)
}

/** `LoadBalancerArn` → `loadBalancerArn`, as constraint messages spell members. */
const member = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

export function required(params: Params, name: string): string {
  const value = text(params, name)
  if (value === undefined || value === '') throw missing(name)
  return value
}

const missing = (name: string) =>
  invalid(
    `1 validation error detected: Value null at '${member(name)}' failed to satisfy constraint: Member must not be null`,
  )

export function oneOf<T extends string>(params: Params, name: string, values: readonly T[]): T | undefined {
  const value = text(params, name)
  if (value === undefined) return undefined
  const found = values.find((candidate) => candidate === value)
  if (found === undefined) throw constraint(member(name), value, `satisfy enum value set: [${values.join(', ')}]`)
  return found
}

export function integer(params: Params, name: string, least: number, most: number): number | undefined {
  const value = text(params, name)
  if (value === undefined) return undefined
  if (!/^-?\d{1,10}$/.test(value)) throw invalid(`${value} must be an integer (${name})`)
  const number = Number(value)
  if (number < least) throw constraint(member(name), value, `have value greater than or equal to ${least}`)
  if (number > most) throw constraint(member(name), value, `have value less than or equal to ${most}`)
  return number
}

export function flag(params: Params, name: string): boolean | undefined {
  const value = oneOf(params, name, ['true', 'false'])
  return value === undefined ? undefined : value === 'true'
}

export function struct(params: Params, name: string): Params | undefined {
  const value = params.get(name)
  if (value === undefined || typeof value !== 'string') return value
  throw malformed(name)
}

/** Undefined: not given. `Name=` (how the SDK sends an empty list) is the empty list. */
export function list(params: Params, name: string): readonly Param[] | undefined {
  const value = params.get(name)
  if (value === undefined) return undefined
  if (value === '') return []
  if (typeof value === 'string') throw malformed(name)
  const members = value.get('member') ?? value
  if (typeof members === 'string') throw malformed(name)
  return [...members].sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item)
}

export const texts = (params: Params, name: string): readonly string[] | undefined =>
  list(params, name)?.map((item) => {
    if (typeof item !== 'string') throw malformed(name)
    return item
  })

export const structs = (params: Params, name: string): readonly Params[] | undefined =>
  list(params, name)?.map((item) => {
    if (typeof item === 'string') throw malformed(name)
    return item
  })

export function requiredTexts(params: Params, name: string): readonly string[] {
  const value = texts(params, name)
  if (value === undefined || value.length === 0) throw missing(name)
  return value
}

export function requiredStructs(params: Params, name: string): readonly Params[] {
  const value = structs(params, name)
  if (value === undefined || value.length === 0) throw missing(name)
  return value
}
