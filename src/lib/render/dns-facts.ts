import type { Change } from '../core/change.ts'
import { isToken } from '../core/change.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Fact } from './facts.ts'
import { escapeLong, escapeText } from './escape.ts'

/** What becomes of the records of a name, one line each; its state is said only when it comes or goes. Pure. */
export function recordFacts({ before, after }: Change): readonly Fact[] {
  const [was, will] = [recordsOf(before), recordsOf(after)]
  const keys = [...new Set([...was.keys(), ...will.keys()])].toSorted()
  return keys.flatMap((key) => lineOf(was.get(key), will.get(key)))
}

const recordsOf = (standing: JsonObject | null): ReadonlyMap<string, JsonObject> => {
  const records = (standing?.['records'] ?? []) as readonly JsonObject[]
  return new Map(records.map((one) => [[one['type'], one['name'], one['setIdentifier']].map(textOf).join(' '), one]))
}

const textOf = (value: Json | undefined): string => (value === undefined || value === null ? '' : jsonText(value))

function lineOf(was: JsonObject | undefined, will: JsonObject | undefined): readonly Fact[] {
  const line = (sign: Fact['sign'], text: string): Fact => ({ sign, text, brief: false })
  if (was === undefined) return will === undefined ? [] : [line('+', whole(will))]
  if (will === undefined) return [line('-', whole(was))]
  if (was['type'] === 'TXT' || JSON.stringify(was) === JSON.stringify(will)) return []
  const others = ({ weight: _weight, ...rest }: JsonObject): string => JSON.stringify(rest)
  if (others(was) === others(will))
    return [line('~', `${nameOf(will)} weight ${textOf(was['weight'])} → ${textOf(will['weight'])}`)]
  return [line('-', whole(was)), line('+', whole(will))]
}

/** `A octavia` */
const nameOf = ({ type, setIdentifier, name }: JsonObject): string =>
  escapeText(`${textOf(type)} ${textOf(setIdentifier) || textOf(name)}`)

/** `A octavia → 203.0.113.11, weight 90, TTL 60 s, health check c-1` */
function whole(record: JsonObject): string {
  const { alias, values, weight, ttl, healthCheckId } = record
  if (record['type'] === 'TXT') return `${nameOf(record)}: nyah's state of the name`
  const to = alias as JsonObject | null
  const parts = [
    to === null ? (values as readonly string[]).join(', ') : `alias of ${textOf(to['dnsName'])}`,
    ...(weight === null ? [] : [`weight ${textOf(weight)}`]),
    ...(ttl === null ? [] : [`TTL ${textOf(ttl)} s`]),
    ...(healthCheckId === null || healthCheckId === undefined
      ? []
      : [isToken(healthCheckId) ? 'with a health check (known after apply)' : `health check ${textOf(healthCheckId)}`]),
  ]
  return `${nameOf(record)} → ${escapeLong(parts.join(', '), 300)}`
}
