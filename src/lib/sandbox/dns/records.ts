import type { Answer } from 'dns-packet'
import type { Answered } from './answer.ts'

/** Route 53's way to write values, as DNS has them: pure. */

/** `\052` is an asterisk. */
const OCTAL = /\\([0-7]{3})/g

/** A name as it goes over the wire: without escapes. */
export const wireName = (name: string): string =>
  name.replace(OCTAL, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8))).replace(/\.$/, '')

/**
 * Strings of a TXT value: `"one" "two"`; within them `\"`, `\\` and octal codes ("Supported DNS record types" page, TXT).
 * A value without quotes is one string.
 */
export function stringsOf(value: string): readonly Buffer[] {
  const quoted = [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inside = '']) => inside)
  return (quoted.length > 0 ? quoted : [value]).map((text) =>
    Buffer.from(
      text.replace(/\\([0-7]{3}|.)/g, (_, escaped: string) =>
        escaped.length === 3 ? String.fromCodePoint(Number.parseInt(escaped, 8)) : escaped,
      ),
      'latin1',
    ),
  )
}

/** Fields of a value, in its order. */
const fieldsOf = (value: string): readonly string[] => value.trim().split(/\s+/)

/** One value; null: of a type that the sandbox does not put on the wire. */
function valueOf(type: string, value: string): Pick<Exclude<Answer, { type: 'OPT' }>, 'type' | 'data'> | null {
  if (type === 'A' || type === 'AAAA') return { type, data: value }
  if (type === 'CNAME' || type === 'NS' || type === 'PTR') return { type, data: wireName(value) }
  if (type === 'TXT') return { type, data: [...stringsOf(value)] }
  const fields = fieldsOf(value)
  const number = (at: number): number => Number(fields[at])
  const name = (at: number): string => wireName(fields[at] ?? '')
  if (type === 'MX') return { type, data: { preference: number(0), exchange: name(1) } }
  if (type === 'SRV')
    return { type, data: { priority: number(0), weight: number(1), port: number(2), target: name(3) } }
  if (type === 'CAA') {
    const [, text = ''] = /"(.*)"/.exec(value) ?? []
    return { type, data: { flags: number(0), tag: (fields[1] ?? '') as 'issue', value: text } }
  }
  if (type !== 'SOA') return null
  const [mname, rname] = [name(0), name(1)]
  const times = { serial: number(2), refresh: number(3), retry: number(4), expire: number(5), minimum: number(6) }
  return { type, data: { mname, rname, ...times } }
}

/** A record set on the wire; null: of a type that the sandbox does not put there. */
export function wired({ name, type, ttl, values }: Answered): readonly Answer[] | null {
  const each = values.map((value) => valueOf(type, value))
  if (each.includes(null)) return null
  return each.flatMap((one) => (one === null ? [] : [{ ...one, name: wireName(name), ttl } as Answer]))
}
