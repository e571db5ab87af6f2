import * as z from 'zod/mini'
import { EXIT, isNyahError, nyahError } from '../../core/errors.ts'
import { isVanishedMarker, unexpectedShape, type Asked } from './answers.ts'
import type { OctaviaClient, Query } from './client.ts'
import { check, type Decode } from './decode.ts'

/** Things that Octavia lists; also the key that holds the items. */
type Collection = 'loadbalancers' | 'listeners' | 'pools' | 'members' | 'healthmonitors'

export interface ListRequest<T> {
  readonly path: string
  readonly collection: Collection
  /** Sent with every page: the server's own `next` links drop it. */
  readonly query: Query
  readonly decode: Decode<T>
  readonly signal: AbortSignal | undefined
}

/** Far above any project; what is larger is something else. */
const MAX_ITEMS = 100_000

/** How often a listing begins again because its place in it was deleted. */
const MAX_STARTS = 4

const links = z.array(z.object({ rel: z.string(), href: z.string() }))

export interface Whole<T> {
  readonly items: readonly T[]
  /** Octavia's clock when it answered the first page: nothing that came later need be in it. Null: it did not say. */
  readonly at: number | null
}

/** All items of all pages. A marker that vanished under way begins the listing again; then OCTAVIA_CHANGING (retryable). */
export async function listAll<T extends { readonly id: string }>(
  client: OctaviaClient,
  request: ListRequest<T>,
): Promise<readonly T[]> {
  return (await listWhole(client, request)).items
}

/** As `listAll`, and says as of when. */
export async function listWhole<T extends { readonly id: string }>(
  client: OctaviaClient,
  request: ListRequest<T>,
): Promise<Whole<T>> {
  for (let start = 1; ; start++) {
    try {
      return await walk(client, request)
    } catch (error) {
      if (!isNyahError(error) || !isVanishedMarker(error)) throw error
      if (start < MAX_STARTS) continue
      throw nyahError({
        code: 'OCTAVIA_CHANGING',
        message: `listing ${request.collection}: items were deleted under way ${start} times in a row`,
        exit: EXIT.remote,
        retryable: true,
        tries: ['wait until whoever deletes them is done, then run it again'],
      })
    }
  }
}

async function walk<T extends { readonly id: string }>(
  client: OctaviaClient,
  request: ListRequest<T>,
): Promise<Whole<T>> {
  const found = new Map<string, T>()
  let marker: string | null = null
  let first: Page<T> | null = null
  do {
    const page: Page<T> = await readPage(client, request, marker)
    first ??= page
    const before = found.size
    for (const item of page.items) found.set(item.id, item)
    if (page.next !== null && found.size === before)
      throw unexpectedShape(page.asked, request.collection, 'repeats its pages')
    if (found.size > MAX_ITEMS) {
      throw nyahError({
        code: 'OCTAVIA_TOO_MANY',
        message: `listing ${request.collection}: more than ${MAX_ITEMS} items, the limit`,
        exit: EXIT.remote,
        tries: ['use credentials of one project'],
      })
    }
    marker = page.next
  } while (marker !== null)
  return { items: [...found.values()], at: first.at }
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Where the next page starts; null: this was the last. */
  readonly next: string | null
  readonly asked: Asked
  /** Octavia's clock when it answered; null: it did not say. */
  readonly at: number | null
}

/** One page. Of the server's `next` link only the marker is of use. */
export async function readPage<T>(
  client: OctaviaClient,
  { path, collection, query, decode, signal }: ListRequest<T>,
  marker: string | null,
): Promise<Page<T>> {
  const full: Query = marker === null ? query : [...query, ['marker', marker]]
  const { data, asked, at } = await client.get(path, full, signal)
  const body = check(z.record(z.string(), z.unknown()), asked, 'answer', data)
  const raw = check(z.array(z.unknown()), asked, collection, body[collection])
  const items = raw.map((item, index) => decode(asked, `${collection}[${index}]`, item))
  const href = check(z.nullish(links), asked, `${collection}_links`, body[`${collection}_links`])?.find(
    ({ rel }) => rel === 'next',
  )?.href
  if (href === undefined) return { items, next: null, asked, at }
  const next = new URLSearchParams(href.replace(/^[^?]*/, '')).get('marker')
  // A list that ends in the middle, or never, must not pass for a whole one.
  if (next === null) throw unexpectedShape(asked, `${collection}_links`, 'has a next link without a marker')
  if (next === marker) throw unexpectedShape(asked, `${collection}_links`, 'has a next link to the same page')
  if (items.length === 0) throw unexpectedShape(asked, `${collection}_links`, 'has a next link after an empty page')
  return { items, next, asked, at }
}
