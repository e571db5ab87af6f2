import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Json } from '../../core/json.ts'
import { fault } from './reply.ts'

/** What a body may say about one kind of object, with Octavia's own limits, defaults and messages. */
export interface Field {
  readonly type:
    | 'string'
    | 'int'
    | 'float'
    | 'bool'
    | 'uuid'
    | 'ip'
    | 'enum'
    | 'cidrs'
    | 'strings'
    | 'uuids'
    | 'alpn'
    | 'any'
  /** Stored when the body does not say it, or says null. Absent and not `required`: left out. */
  readonly initial?: Json
  readonly required?: true
  /** False: cannot be changed later. */
  readonly update?: false
  readonly min?: number
  readonly max?: number
  readonly values?: readonly string[]
  /** Refuses with the message that it returns. */
  readonly check?: (value: string) => string | null
}

export type Fields = Readonly<Record<string, Field>>

export type Body = Record<string, Json>

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => UUID.test(text)

export const isObject = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const python = (value: Json): string => {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `[${(value as Json[]).map(python).join(', ')}]`
  return `{${Object.entries(value)
    .map(([k, v]) => `'${k}': ${python(v)}`)
    .join(', ')}}`
}

/** A value as Octavia's messages write it. */
export const plain = (value: Json | undefined): string => (typeof value === 'string' ? value : python(value ?? null))

const invalid = (name: string, value: Json, why: string): Error =>
  fault(400, `Invalid input for field/attribute ${name}. Value: '${plain(value)}'. ${why}`)

/** The network of a CIDR, as it is stored: without host bits, a bare address as its whole length. Null: no CIDR. */
function network(text: string): string | null {
  const [address = '', given, rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest !== undefined) return null
  const prefix = given ?? (version === 4 ? '32' : '128')
  if (!/^\d+$/.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128)) return null
  const family = version === 4 ? ipaddr.IPv4 : ipaddr.IPv6
  return `${family.networkAddressFromCIDR(`${address}/${prefix}`).toString()}/${Number(prefix)}`
}

const ALPN = ['h2', 'http/1.1', 'http/1.0']

/** What a list's items must be; null: they are. */
function listFault(type: Field['type'], texts: readonly string[]): string | null {
  if (type === 'alpn' && !texts.every((text) => ALPN.includes(text))) return 'Value should be a valid ALPN protocol ID'
  if (type === 'uuids' && !texts.every(isUuid)) return 'Value should be UUID format'
  if (type === 'cidrs' && texts.some((text) => network(text) === null)) {
    return 'Value should be IPv4 or IPv6 CIDR format'
  }
  return null
}

const YES = new Set(['true', 't', 'yes', 'y', 'on', '1'])
const NO = new Set(['false', 'f', 'no', 'n', 'off', '0'])

function value(name: string, field: Field, given: Json, whole: (why: string) => Error): Json {
  if (field.type === 'bool') {
    const text = plain(given).toLowerCase()
    if (YES.has(text)) return true
    if (NO.has(text)) return false
    throw whole(`Value not an unambiguous boolean: ${plain(given)}`)
  }
  if (field.type === 'int' || field.type === 'float') {
    const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
    if (typeof number !== 'number' || Number.isNaN(number)) {
      const call = field.type === 'int' ? 'int() with base 10' : 'float()'
      throw whole(`invalid literal for ${call}: ${python(given)}`)
    }
    const n = field.type === 'int' ? Math.trunc(number) : number
    if (field.min !== undefined && n < field.min) {
      throw invalid(name, given, `Value should be greater or equal to ${field.min}`)
    }
    if (field.max !== undefined && n > field.max) {
      throw invalid(name, given, `Value should be lower or equal to ${field.max}`)
    }
    if (field.values !== undefined && !field.values.includes(n.toFixed(1))) {
      throw invalid(name, n.toFixed(1), `Value should be one of: ${field.values.join(', ')}`)
    }
    return n
  }
  if (field.type === 'any') return given
  if (['strings', 'cidrs', 'uuids', 'alpn'].includes(field.type)) {
    const list = Array.isArray(given) ? (given as Json[]) : null
    const texts = list?.filter((item) => typeof item === 'string') ?? []
    if (list === null || texts.length !== list.length) throw invalid(name, given, 'Value should be a list of strings')
    if (texts.some((item) => item.length > (field.max ?? 255))) {
      throw invalid(name, given, `Value should have a maximum character requirement of ${field.max ?? 255}`)
    }
    const why = listFault(field.type, texts)
    if (why !== null) throw invalid(name, given, why)
    if (field.type === 'cidrs') return texts.map((text) => network(text) ?? text)
    if (name !== 'tags') return texts
    // The real one only finds out in its database, and says so in several ways, up to 500.
    if (new Set(texts).size < texts.length) throw fault(409, 'Already an entity with that specified id.')
    return texts.toSorted()
  }
  if (typeof given !== 'string') throw invalid(name, given, 'Value should be string')
  if (field.type === 'uuid' && !UUID.test(given)) throw invalid(name, given, 'Value should be UUID format')
  if (field.type === 'ip' && isIP(given) === 0) throw invalid(name, given, 'Value should be IPv4 or IPv6 format')
  if (field.type === 'enum' && !(field.values ?? []).includes(given)) {
    throw invalid(name, given, `Value should be one of: ${(field.values ?? []).join(', ')}`)
  }
  if (field.type === 'string' && given.length > (field.max ?? 255)) {
    throw invalid(name, given, `Value should have a maximum character requirement of ${field.max ?? 255}`)
  }
  const why = field.check?.(given) ?? null
  if (why !== null) throw invalid(name, given, why)
  return given
}

/**
 * The body of a create, every field filled. `argument` is what Octavia calls it in its messages
 * (`load_balancer.loadbalancer`).
 */
export function created(argument: string, fields: Fields, body: Body, whole = wholeOf(argument, body)): Body {
  for (const name of Object.keys(body)) if (!Object.hasOwn(fields, name)) throw unknown(argument, name)
  const out: Body = {}
  for (const [name, field] of Object.entries(fields)) {
    const given = body[name] ?? null
    if (given !== null) out[name] = value(name, field, given, whole)
    else if (field.required) throw invalid(name, null, 'Mandatory field missing.')
    else if (field.initial !== undefined) out[name] = field.initial
  }
  return out
}

/** The body of an update: only what it says; null puts the default back. */
export function updated(argument: string, fields: Fields, body: Body): Body {
  const whole = wholeOf(argument, body)
  const out: Body = {}
  for (const [name, given] of Object.entries(body)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined || field.update === false) throw unknown(argument, name)
    out[name] = given === null ? (field.initial ?? null) : value(name, field, given, whole)
  }
  return out
}

const unknown = (argument: string, name: string): Error =>
  fault(400, `Unknown attribute for argument ${argument}: ${name}`)

/** Refuses a body as a whole: what Octavia does where one of its values is not even of the right type. */
export const wholeOf =
  (argument: string, body: Body) =>
  (why: string): Error => {
    const [outer = '', inner = ''] = argument.split('.')
    return invalid(outer, inner === '' ? body : { [inner]: body }, why)
  }

/** The object under `root` in a JSON body. */
export function rooted(text: string, root: string): Body {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw fault(400, 'Request is not in valid JSON format')
  }
  if (!isObject(parsed)) throw fault(500, "'list' object has no attribute 'keys'")
  const body = parsed[root]
  if (!isObject(body)) throw fault(500, "'UnsetType' object has no attribute 'project_id'")
  return body
}
