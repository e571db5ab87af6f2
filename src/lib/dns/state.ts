import type { RecordSet } from '../ports/dns.ts'
import { TTL, type Owner, type SetState, type Walk, type Weights } from './model.ts'

/**
 * nyah's TXT record beside a weighted set, in ExternalDNS's heritage format: ownership and state.
 *
 * `"heritage=external-dns,external-dns/owner=nyah,nyah=e:7 s:90/10 t:20261123T041000Z b:tanaka@jump1 r:k3f9 f:300 w:INC-4711"`
 *
 * @see https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/
 */

const PREFIX = 'heritage=external-dns,external-dns/owner=nyah,nyah='
const HERITAGE = 'heritage=external-dns'
/** Characters of one string of a TXT value. */
const LONGEST = 255
const BY = 24
const WHY = 48

/** Names where ExternalDNS and nyah write down whose a record is: the newer format first, the record's own name last. */
export const stateNames = (name: string, type: string): readonly string[] => {
  const prefixed = `${type.toLowerCase()}-${name}`
  // ExternalDNS has CNAMEs and, in its eyes, aliases under `cname-`.
  return [prefixed, `${type.toLowerCase()}-_apex.${name}`, `cname-${name}`, name]
}

/** Where nyah's state of a set stands: at the zone's apex below it, since `a-example.jp` is another zone's. */
export const stateName = (name: string, type: string, zoneName: string): string =>
  name === zoneName ? `${type.toLowerCase()}-_apex.${zoneName}` : `${type.toLowerCase()}-${name}`

/** The record that holds this state. */
export const stateRecord = (name: string, type: string, zoneName: string, state: SetState): RecordSet => ({
  name: stateName(name, type, zoneName),
  type: 'TXT',
  setIdentifier: null,
  weight: null,
  ttl: TTL,
  values: [encodeState(state)],
  alias: null,
  healthCheckId: null,
  otherRouting: null,
})

/**
 * A TXT value with its quotes: strings of at most 255 characters, of which nothing needs an escape. Empty `at`, `by`, `why`
 * and `run` are left out: a plan does not know them yet (`stamped`).
 */
export function encodeState(state: SetState): string {
  const { epoch, steady, at, by, why, run, formerly, walk, until, drill, proven } = state
  const tokens = [
    `e:${epoch}`,
    `s:${pair(steady)}`,
    at === '' ? '' : `t:${compact(at)}`,
    by === '' ? '' : `b:${safe(by, BY)}`,
    run === '' ? '' : `r:${safe(run, BY)}`,
    formerly === null ? '' : `f:${formerly.ttl}${formerly.type === 'A' ? '' : `/${formerly.type}`}`,
    formerly?.values ? `o:${formerly.values.map((value) => safe(value)).join('+')}` : '',
    walk === null ? '' : `k:${walkText(walk)}`,
    until === null ? '' : `u:${compact(until)}`,
    drill ? 'd:1' : '',
    proven === null ? '' : `p:${compact(proven.at)}/${proven.side}/${proven.seconds}`,
    why === '' ? '' : `w:${safe(why, WHY)}`,
  ]
  const text = `${PREFIX}${tokens.filter((token) => token !== '').join(' ')}`
  const strings = text.match(new RegExp(`.{1,${LONGEST}}`, 'g')) ?? []
  return strings.map((part) => `"${part}"`).join(' ')
}

const pair = ({ octavia, aws }: Weights): string => `${octavia}/${aws}`

const walkText = ({ from, to, steps, done, everySeconds, onUnhealthy }: Walk): string =>
  [pair(from), pair(to), steps.join('+'), done, everySeconds, onUnhealthy].join('_')

/** `2026-11-23T04:10:00.000Z` → `20261123T041000Z` */
const compact = (at: string): string => at.replace(/\.\d+/, '').replace(/[-:]/g, '')

const SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g

/** The first characters, percent-encoded but for what is harmless in a quoted string of tokens. */
const safe = (text: string, longest = Infinity): string =>
  encodeURIComponent([...text.replace(SURROGATE, '\uFFFD')].slice(0, longest).join(''))
    .replaceAll('%40', '@')
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/')

/** Whose is the set of this name and type? The records are those of the name and of its state names. */
export function ownerOf(records: readonly RecordSet[], name: string, type: string): Owner {
  for (const wanted of stateNames(name, type)) {
    for (const record of records) {
      if (record.type !== 'TXT' || record.name !== wanted) continue
      const owner = saidBy(record)
      if (owner !== null) return owner
    }
  }
  return { kind: 'nobody' }
}

/** Records never change: each is read once, however many rules ask whose it is. */
const read = new WeakMap<RecordSet, Owner | null>()

/** Null: this TXT record is no heritage. */
function saidBy(record: RecordSet): Owner | null {
  const known = read.get(record)
  if (known !== undefined) return known
  const text = record.values.map(unquoted).find((value) => value.startsWith(HERITAGE))
  const owner = text === undefined ? null : readOwner(text, record)
  read.set(record, owner)
  return owner
}

/** The strings of a TXT value in one, without quotes and escapes. */
const unquoted = (value: string): string =>
  [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)]
    .map(([, inner = '']) => inner.replace(/\\(\d{3}|.)/g, (_, one: string) => unescaped(one)))
    .join('')

const unescaped = (one: string): string => (one.length === 3 ? String.fromCharCode(Number.parseInt(one, 8)) : one)

function readOwner(text: string, record: RecordSet): Owner {
  const owner = /(?:^|,)external-dns\/owner=([^,]*)/.exec(text)?.[1] ?? ''
  if (owner !== 'nyah') return { kind: 'external-dns', owner, record }
  if (!text.startsWith(PREFIX)) return { kind: 'unreadable', why: 'it has no state of nyah', record }
  try {
    return { kind: 'nyah', state: decodeState(text.slice(PREFIX.length)), record }
  } catch (error) {
    return { kind: 'unreadable', why: error instanceof Error ? error.message : String(error), record }
  }
}

const KNOWN = new Set('estbrfokudpw')

/** Throws an Error in words; what it does not know was written by a newer nyah, and would be lost. */
function decodeState(text: string): SetState {
  const tokens = new Map<string, string>()
  for (const token of text.split(' ').filter((one) => one !== '')) {
    const key = token.slice(0, token.indexOf(':'))
    if (!KNOWN.has(key) || tokens.has(key)) throw new Error(`${token} is not known to this nyah`)
    tokens.set(key, token.slice(key.length + 1))
  }
  const word = (key: string): string => decodeURIComponent(tokens.get(key) ?? '')
  return {
    epoch: whole(tokens.get('e'), 'e', Number.MAX_SAFE_INTEGER),
    steady: weights(tokens.get('s') ?? '', 's'),
    at: tokens.has('t') ? expanded(tokens.get('t') ?? '', 't') : '',
    by: word('b'),
    why: word('w'),
    run: word('r'),
    formerly: formerlyOf(tokens),
    walk: tokens.has('k') ? walkOf(tokens.get('k') ?? '') : null,
    until: tokens.has('u') ? expanded(tokens.get('u') ?? '', 'u') : null,
    drill: tokens.get('d') === '1',
    proven: tokens.has('p') ? provenOf(tokens.get('p') ?? '') : null,
  }
}

function provenOf(text: string): SetState['proven'] {
  const [at = '', side, seconds] = text.split('/')
  if (side !== 'aws' && side !== 'octavia') throw new Error(`p:${text} names no side`)
  return { at: expanded(at, 'p'), side, seconds: whole(seconds, 'p', 2 ** 31 - 1) }
}

function formerlyOf(tokens: ReadonlyMap<string, string>): SetState['formerly'] {
  const text = tokens.get('f')
  if (text === undefined) return null
  const [ttl, type = 'A'] = text.split('/')
  const values = tokens.get('o')
  return {
    ttl: whole(ttl, 'f', 2 ** 31 - 1),
    type,
    values: values === undefined ? null : values.split('+').map((value) => decodeURIComponent(value)),
  }
}

function walkOf(text: string): Walk {
  const [from = '', to = '', steps = '', done, every, onUnhealthy] = text.split('_')
  const percents = steps.split('+').map(Number)
  const grow = percents.every((step, index) => step > (percents[index - 1] ?? 0) && step <= 100)
  if (!grow || (onUnhealthy !== 'hold' && onUnhealthy !== 'return')) throw new Error(`k:${text} is no walk`)
  return {
    from: weights(from, 'k'),
    to: weights(to, 'k'),
    steps: percents,
    done: whole(done, 'k', percents.length),
    everySeconds: whole(every, 'k', 2 ** 31 - 1),
    onUnhealthy,
  }
}

function weights(text: string, key: string): Weights {
  const [octavia, aws, more] = text.split('/')
  if (more !== undefined) throw new Error(`${key}:${text} is no pair of weights`)
  return { octavia: whole(octavia, key, 255), aws: whole(aws, key, 255) }
}

function whole(text: string | undefined, key: string, most: number): number {
  if (text === undefined || !/^\d{1,16}$/.test(text) || Number(text) > most)
    throw new Error(`${key}:${text ?? ''} is no number it can have`)
  return Number(text)
}

function expanded(text: string, key: string): string {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  if (parts.length !== 6) throw new Error(`${key}:${text} is no time`)
  const [year, month, day, hour, minute, second] = parts
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
}
