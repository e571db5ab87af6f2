import { isToken } from '../core/change.ts'
import type { Change } from '../core/change.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import { recordFacts } from './dns-facts.ts'
import { escapeLong, escapeText } from './escape.ts'
import { label } from './words.ts'

/**
 * What a change would set, as short facts. Any domain's `before` and `after` pass here: the shapes are read, the
 * fields are not known.
 */
export interface Fact {
  /** `+` adds a thing, `-` takes one away, `~` alters a value, blank only tells. */
  readonly sign: '+' | '-' | '~' | ' '
  /** Says one plain value: several of these may share a line. */
  readonly brief: boolean
  /** Escaped. */
  readonly text: string
}

/** A list shows this many of its items, then how many more there are. */
const LIST_LIMIT = 6

const ADDS = new Set(['register', 'allow', 'add'])
const TAKES = new Set(['deregister', 'revoke', 'remove'])

/** `removals` is the budget's own book-keeping (a tag of the target group), `healthyStays` an order to the apply. */
const QUIET = new Set(['tags', 'description', 'removals', 'healthyStays'])

/** Tags that nyah keeps for itself: not what a reader of a change looks for. */
const BOOKKEEPING = new Set([
  'nyah:managed',
  'nyah:role',
  'nyah:port',
  'nyah:schema',
  'nyah:in-step',
  'nyah:held',
  'nyah:removals',
])

/** Names of things that other changes of the plan make, by the ids of those changes. */
export type Names = ReadonlyMap<string, string>

/** Book-keeping that decides nothing for the reader: tags, and which object of AWS it is wired to (`needs` says that). */
const isPlumbing = (key: string, value: Json): boolean =>
  QUIET.has(key) ||
  isToken(value) ||
  (typeof value === 'string' && value.startsWith('arn:')) ||
  (isList(value) && value.length > 0 && value.every(isToken))

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** `10.20.0.11:8080`, `[2001:db8::1]:443`. */
function endpoint(item: JsonObject): string | null {
  const { address, port } = item
  if (typeof address !== 'string' || typeof port !== 'number') return null
  return address.includes(':') ? `[${escapeText(address)}]:${port}` : `${escapeText(address)}:${port}`
}

/** `targetgroup/nyah-shop-80/0a1b` of an ARN: account and Region are the same for all of a plan. */
const shortArn = (text: string): string => /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$/.exec(text)?.[1] ?? text

/** One value on one line. */
function inline(value: Json): string {
  if (isToken(value)) return '(known after apply)'
  if (isList(value)) return listed(value)
  if (isObject(value))
    return Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => named(key, inner))
      .join(', ')
  return typeof value === 'string' ? escapeLong(shortArn(value), 200) : jsonText(value)
}

const isSeconds = (key: string, value: Json): boolean =>
  /(?:Seconds|[._]seconds)$/.test(key) && /^\d+$/.test(jsonText(value))

/** `interval 10 s`, `stickiness off`, `vpc id vpc-0a1b`: a field with its value; seconds say their unit behind the number. */
const named = (key: string, value: Json): string => `${fieldName(key, value)} ${fieldValue(key, value)}`

/** AWS writes attributes as `stickiness.enabled: 'false'`. */
const isSwitch = (key: string, value: Json): boolean =>
  key.endsWith('.enabled') && /^(true|false)$/.test(jsonText(value))

const onOff = (value: string): string => (value === 'true' ? 'on' : 'off')

/** An item of a list: a target as `address:port`, a rule as its values, anything else inline. */
function item(value: Json): string {
  if (!isObject(value) || isToken(value)) return inline(value)
  return (
    endpoint(value) ??
    Object.values(value)
      .filter((inner) => inner !== null)
      .map(inline)
      .join(' ')
  )
}

/** First items and a count: `10.20.0.1:80, 10.20.0.2:80 … and 148 more (150 in all)`. */
function listed(values: readonly Json[]): string {
  if (values.length === 0) return '(none)'
  // One more than the limit costs no more room than saying so.
  const shown = values.length <= LIST_LIMIT + 1 ? values : values.slice(0, LIST_LIMIT)
  const text = shown.map(item).join(', ')
  const rest = values.length - shown.length
  return rest === 0 ? text : `${text} … and ${rest} more (${values.length} in all)`
}

interface Share {
  readonly name: string
  /** Of all traffic: `100 %`. */
  readonly share: string
}

/** Where a listener sends to: target groups by name, with their shares; null: this is no such list. */
function sharesOf(key: string, value: Json | undefined, names: Names): readonly Share[] | null {
  if (key !== 'forward' || !isList(value) || !value.every(isObject)) return null
  const weightOf = (item: JsonObject): number => (typeof item['weight'] === 'number' ? item['weight'] : 0)
  const all = value.reduce((sum, each) => sum + weightOf(each), 0)
  return value.map((each) => ({ name: groupName(each['targetGroupArn'], names), share: percent(weightOf(each), all) }))
}

function groupName(arn: Json | undefined, names: Names): string {
  if (isToken(arn)) return escapeLong(names.get(arn.$token.change) ?? '(made by this plan)', 120)
  if (typeof arn !== 'string') return '?'
  return escapeLong(/:targetgroup\/([^/]+)\//.exec(arn)?.[1] ?? shortArn(arn), 120)
}

/** A little is not nothing, and nearly all is not all. */
function percent(part: number, all: number): string {
  const share = all === 0 ? 0 : (part / all) * 100
  if (share > 0 && share < 1) return '<1 %'
  if (share > 99 && share < 100) return '>99 %'
  return `${Math.round(share)} %`
}

/** A group that comes, goes, or whose share moves. */
function shareChanges(before: readonly Share[], after: readonly Share[]): readonly Fact[] {
  const was = new Map(before.map(({ name, share }) => [name, share]))
  const kept = new Set(after.map(({ name }) => name))
  return [
    ...after.flatMap(({ name, share }): readonly Fact[] => {
      const old = was.get(name)
      if (old === undefined) return [fact('+', `forward ${name} ${share}`)]
      return old === share ? [] : [fact('~', `forward ${name} ${old} → ${share}`)]
    }),
    ...before.filter(({ name }) => !kept.has(name)).map(({ name, share }) => fact('-', `forward ${name} ${share}`)),
  ]
}

/** Of tags, those that mean something to people: whose mirror it is, what is remembered with it. */
function tagChanges(before: JsonObject, after: JsonObject): readonly Fact[] {
  return Object.entries(after).flatMap(([key, value]): readonly Fact[] => {
    const old = Object.hasOwn(before, key) ? before[key] : undefined
    if (BOOKKEEPING.has(key) || same(old, value)) return []
    return [fact('~', `tag ${escapeText(key)} ${old === undefined ? '(none)' : inline(old)} → ${inline(value)}`)]
  })
}

const fact = (sign: Fact['sign'], text: string): Fact => ({ sign, text, brief: false })

const same = (a: Json | undefined, b: Json | undefined): boolean => JSON.stringify(a) === JSON.stringify(b)

function listChange(name: string, before: readonly Json[], after: readonly Json[]): readonly Fact[] {
  const known = new Set(before.map((value) => JSON.stringify(value)))
  const wanted = new Set(after.map((value) => JSON.stringify(value)))
  const added = after.filter((value) => !known.has(JSON.stringify(value)))
  const gone = before.filter((value) => !wanted.has(JSON.stringify(value)))
  return [
    ...(added.length > 0 ? [fact('+', `${name} ${listed(added)}`)] : []),
    ...(gone.length > 0 ? [fact('-', `${name} ${listed(gone)}`)] : []),
  ]
}

/** The fields of `after` that differ from `before`, each as `name old → new`. */
function differences(prefix: string, before: JsonObject, after: JsonObject, names: Names): readonly Fact[] {
  return Object.entries(after).flatMap(([key, value]): readonly Fact[] => {
    const old = Object.hasOwn(before, key) ? before[key] : undefined
    if (key === 'tags' && isObject(value)) return tagChanges(isObject(old) ? old : {}, value)
    if (QUIET.has(key) || same(old, value)) return []
    const shares = sharesOf(key, value, names)
    if (shares !== null) return shareChanges(sharesOf(key, old, names) ?? [], shares)
    // Only a value that was there before can differ; wiring that is only named is no difference.
    if (old === undefined && isPlumbing(key, value)) return []
    const name = `${prefix}${fieldName(key, value)}`
    if (isObject(value) && isObject(old) && !isToken(value)) return differences(`${name} `, old, value, names)
    if (isList(value) && isList(old)) return listChange(name, old, value)
    return [fact('~', `${name} ${old === undefined ? '' : `${fieldValue(key, old)} → `}${fieldValue(key, value)}`)]
  })
}

/** A field without the unit in its name. */
function fieldName(key: string, value: Json): string {
  const unit = isSeconds(key, value) ? 'Seconds' : isSwitch(key, value) ? '.enabled' : ''
  return escapeText(label(key.slice(0, key.length - unit.length))).trim()
}

function fieldValue(key: string, value: Json): string {
  if (value === null) return '(none)'
  if (isSeconds(key, value)) return `${jsonText(value)} s`
  return isSwitch(key, value) ? onOff(jsonText(value)) : inline(value)
}

const isEndpoints = (values: readonly Json[]): boolean =>
  values.length > 0 && values.every((value) => isObject(value) && endpoint(value) !== null)

/** The sign of a list that by itself adds or takes: by its name, or because it is of targets that come or go. */
function listSign(key: string, values: readonly Json[], goes: boolean): Fact['sign'] {
  if (ADDS.has(key)) return '+'
  if (TAKES.has(key)) return '-'
  return isEndpoints(values) ? (goes ? '-' : '+') : ' '
}

/** Does the reason name the first of them already? Then the list is not said twice. */
const isSaid = (values: readonly Json[], reason: string): boolean =>
  reason.includes(values.slice(0, SAID).map(item).join(', '))

const SAID = 5

/** The fields of something that comes, or (`goes`) is taken away. */
function told(values: JsonObject, { ref, reason }: Change, goes: boolean, names: Names): readonly Fact[] {
  return Object.entries(values).flatMap(([key, value]): readonly Fact[] => {
    const shares = sharesOf(key, value, names)
    if (shares !== null)
      return [
        {
          ...fact(' ', `forward ${shares.map(({ name, share }) => `${name} ${share}`).join(', ')}`),
          brief: shares.length < 2,
        },
      ]
    if (value === null || value === ref.name || isPlumbing(key, value)) return []
    if (isObject(value))
      return Object.keys(value).length === 0 ? [] : [fact(' ', `${escapeText(label(key))}: ${inline(value)}`)]
    if (!isList(value)) return [{ ...fact(' ', named(key, value)), brief: true }]
    const sign = listSign(key, value, goes)
    if (value.length === 0) return []
    if (sign === ' ') return [{ ...fact(' ', `${escapeText(label(key))} ${listed(value)}`), brief: value.length < 3 }]
    return isSaid(value, reason) ? [] : [fact(sign, listed(value))]
  })
}

/** Facts of one change, in the order of its fields. A delete tells what it takes away. */
export function changeFacts(change: Change, names: Names = new Map()): readonly Fact[] {
  const { kind, before, after } = change
  if (change.ref.type === 'weighted-set') return recordFacts(change)
  if (kind === 'delete') return before === null ? [] : told(before, change, true, names)
  if (after === null) return []
  if (before === null || kind === 'create' || kind === 'replace') return told(after, change, false, names)
  const isOrder = ([key]: readonly [string, Json]): boolean => ADDS.has(key) || TAKES.has(key)
  const orders = Object.fromEntries(Object.entries(after).filter(isOrder))
  const fields = Object.fromEntries(Object.entries(after).filter((entry) => !isOrder(entry)))
  return [...told(orders, change, false, names), ...differences('', before, fields, names)]
}
