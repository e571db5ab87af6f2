import type { Json, JsonObject } from '../../core/json.ts'
import type { WireRequest } from '../service.ts'
import { plain } from './fields.ts'
import type { Row } from './model.ts'
import { fault, titled } from './reply.ts'

/** The server's own maximum page; a larger `limit` is silently cut to it. */
const PAGE_MAX = 1000

/** One kind's list: how a row is shown, and what can be filtered and sorted by. */
export interface Listing<R extends Row> {
  /** The key of the answer: `loadbalancers`. */
  readonly key: string
  readonly show: (row: R) => JsonObject
  /** Filters beyond the row's own columns (`load_balancer_id`); a row matches when one of these values does. */
  readonly also?: Readonly<Record<string, (row: R) => readonly (string | null)[]>>
  /** Columns that cannot be filtered or sorted by. */
  readonly hidden?: readonly string[]
  /** Every column of the kind. */
  readonly columns: readonly string[]
}

const CONTROLS = ['limit', 'marker', 'page_reverse', 'sort', 'sort_key', 'sort_dir', 'fields'] as const
const TAGS = ['tags', 'tags-any', 'not-tags', 'not-tags-any'] as const

/** Keeps the keys that `fields` names. `fields=a,b` is one unknown name, so nothing is left: as on the real server. */
export function pick(object: JsonObject, query: URLSearchParams): JsonObject {
  const fields = query.getAll('fields')
  if (fields.length === 0) return object
  return Object.fromEntries(Object.entries(object).filter(([key]) => fields.includes(key)))
}

/** -1 and anything below 1 lift the limit (null). */
function limitOf(query: URLSearchParams): number | null {
  const given = query.get('limit')
  if (given === null) return PAGE_MAX
  if (!/^[+-]?\d+$/.test(given)) throw titled(400, 'Bad Request', `Supplied pagination limit '${given}' is not valid.`)
  const limit = Number(given)
  return limit < 1 ? null : Math.min(limit, PAGE_MAX)
}

type Order = readonly (readonly [key: string, descending: boolean])[]

function orderOf(query: URLSearchParams, allowed: ReadonlySet<string>): Order {
  const given: [string, string][] = query.has('sort')
    ? (query.get('sort') ?? '').split(',').map((part) => {
        const [key = '', direction = 'asc'] = part.split(':')
        return [key, direction]
      })
    : query.getAll('sort_key').map((key, index) => [key, query.getAll('sort_dir')[index] ?? 'asc'])
  for (const [, direction] of given) {
    if (direction === 'asc' || direction === 'desc') continue
    throw titled(400, 'Bad Request', `Supplied sort direction '${direction}' is not valid.`)
  }
  for (const [key] of given) if (!allowed.has(key)) throw fault(400, `Supplied sort key '${key}' is not valid.`)
  const keys = given.map(([key, direction]) => [key, direction === 'desc'] as const)
  const rest = ['created_at', 'id'].filter((key) => !given.some(([named]) => named === key))
  return [...keys, ...rest.map((key) => [key, false] as const)]
}

const column = (row: Row, key: string): Json => (row as unknown as Record<string, Json>)[key] ?? null

function compare(a: Json, b: Json): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return plain(a) < plain(b) ? -1 : 1
}

const sorted = <R extends Row>(rows: readonly R[], order: Order): R[] =>
  rows.toSorted((a, b) => {
    for (const [key, descending] of order) {
      const way = compare(column(a, key), column(b, key))
      if (way !== 0) return descending ? -way : way
    }
    return 0
  })

function tagged(row: Row, name: (typeof TAGS)[number], given: readonly string[]): boolean {
  if (name === 'tags') return given.every((tag) => row.tags.includes(tag))
  if (name === 'tags-any') return given.some((tag) => row.tags.includes(tag))
  if (name === 'not-tags') return !given.every((tag) => row.tags.includes(tag))
  return !given.some((tag) => row.tags.includes(tag))
}

/** The column that a filter's name means; null: there is none. */
function columnOf(name: string, columns: ReadonlySet<string>): string | null {
  if (name === 'enabled' || name === 'admin_state_up') return 'admin_state_up'
  if (name === 'ip_address' && columns.has('address')) return 'address'
  return columns.has(name) ? name : null
}

function filter<R extends Row>(rows: readonly R[], query: URLSearchParams, listing: Listing<R>): R[] {
  const columns = new Set(listing.columns.filter((name) => !(listing.hidden ?? []).includes(name)))
  let left = [...rows]
  for (const name of new Set(query.keys())) {
    if ((CONTROLS as readonly string[]).includes(name)) continue
    const given = query.getAll(name)
    if ((TAGS as readonly string[]).includes(name)) {
      const tags = given.flatMap((text) => text.split(','))
      left = left.filter((row) => tagged(row, name as (typeof TAGS)[number], tags))
      continue
    }
    const values = Object.hasOwn(listing.also ?? {}, name) ? listing.also?.[name] : undefined
    const key = columnOf(name, columns)
    if (values === undefined && key === null) throw fault(400, 'One or more arguments are either duplicate or invalid')
    if (given.length > 1) throw fault(500, "Illegal parameter data types varchar and row for operation '='")
    const wanted = given[0] ?? ''
    left = left.filter((row) => {
      if (wanted === '') return false
      if (values !== undefined) return values(row).includes(wanted)
      const held = column(row, key ?? '')
      return typeof held === 'boolean' ? String(held) === wanted.toLowerCase() : held !== null && plain(held) === wanted
    })
  }
  return left
}

/** `next` and `previous`: like the real ones they forget filters, `fields` and `sort_dir`. */
function links(request: WireRequest, page: readonly Row[], limit: number | null): Json[] {
  const first = page[0]
  const last = page.at(-1)
  if (first === undefined || last === undefined) return []
  const kept = ['sort', 'sort_key'].flatMap((name) => request.query.getAll(name).map((value) => `&${name}=${value}`))
  const start = `${request.baseUrl}${request.path}?limit=${limit ?? 'None'}${kept.join('')}`
  const previous = { href: `${start}&marker=${first.id}&page_reverse=True`, rel: 'previous' }
  const next = { href: `${start}&marker=${last.id}`, rel: 'next' }
  return [...(request.query.has('marker') ? [previous] : []), ...(limit === null || page.length >= limit ? [next] : [])]
}

/** One page of `rows` (those the caller may see), as Octavia answers it. */
export function list<R extends Row>(rows: readonly R[], request: WireRequest, listing: Listing<R>): JsonObject {
  const { query } = request
  const limit = limitOf(query)
  const order = orderOf(query, new Set(listing.columns.filter((name) => !(listing.hidden ?? []).includes(name))))
  const ordered = sorted(filter(rows, query, listing), order)
  const marker = query.get('marker')
  let from = ordered
  if (marker !== null) {
    const whole = sorted(rows, order)
    const at = whole.findIndex((row) => row.id === marker)
    if (at < 0) throw fault(400, `Supplied pagination marker '${marker}' is not valid.`)
    const reverse = (query.get('page_reverse') ?? '').toLowerCase() === 'true'
    const side = new Set((reverse ? whole.slice(0, at) : whole.slice(at + 1)).map((row) => row.id))
    from = ordered.filter((row) => side.has(row.id))
  }
  const page = limit === null ? from : from.slice(0, limit)
  return {
    [listing.key]: page.map((row) => pick(listing.show(row), query)),
    [`${listing.key}_links`]: links(request, page, limit),
  }
}
