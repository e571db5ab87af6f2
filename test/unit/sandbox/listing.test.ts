import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { at, cloud, list } from './cloud.ts'

/** The pool of 150 members. */
const BULK = '/pools/b01c0000-0000-4000-8000-000000000543/members'

const one = cloud()
const all = one.rows(BULK).map((row) => String(row['id']))

const next = (body: Parameters<typeof at>[0], key: string): string | null => {
  const link = list(at(body, `${key}_links`)).find((candidate) => candidate['rel'] === 'next')
  return link === undefined ? null : String(link['href'])
}

/** Follows pages the only right way: the marker of `next`, the query rebuilt. */
function walk(limit: number, query = ''): string[] {
  const ids: string[] = []
  let marker: string | null = null
  do {
    const { body } = one.get(`${BULK}?limit=${limit}${query}${marker === null ? '' : `&marker=${marker}`}`)
    ids.push(...list(at(body, 'members')).map((row) => String(row['id'])))
    const href = next(body, 'members')
    // A marker that leads nowhere would be walked for ever.
    if (ids.length > 2 * all.length) throw new Error('the pages do not end')
    marker = href === null ? null : new URL(href).searchParams.get('marker')
  } while (marker !== null)
  return ids
}

describe('paging', () => {
  it('pages of any size, joined, are the whole list, each once', () => {
    expect(all).toHaveLength(150)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1200 }), (limit) => {
        expect(walk(limit)).toEqual(all)
      }),
      { numRuns: 25 },
    )
  })

  it('holds for any order too', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        fc.constantFrom('name', 'protocol_port', 'created_at', 'updated_at', 'id'),
        fc.constantFrom('asc', 'desc'),
        (limit, key, direction) => {
          const ids = walk(limit, `&sort=${key}:${direction}`)
          expect(ids.toSorted()).toEqual(all.toSorted())
          expect(ids).toEqual(walk(1000, `&sort=${key}:${direction}`))
        },
      ),
      { numRuns: 15 },
    )
  })

  it('a page has at most `limit` rows, and a `next` exactly when it is full', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 160 }), fc.nat({ max: 149 }), (limit, after) => {
        const { body } = one.get(`${BULK}?limit=${limit}&marker=${all[after] ?? ''}`)
        const rows = list(at(body, 'members'))
        expect(rows.length).toBe(Math.min(limit, 149 - after))
        expect(next(body, 'members') !== null).toBe(rows.length === limit)
      }),
      { numRuns: 40 },
    )
  })

  it('a full last page has a `next` to an empty page', () => {
    const { body } = one.get(`${BULK}?limit=150`)
    const query = new URL(next(body, 'members') ?? '').search
    expect(one.get(`${BULK}${query}`).body).toEqual({ members: [], members_links: [] })
  })

  it('`next` forgets filters, fields and sort_dir, and keeps limit and sort_key', () => {
    const { body } = one.get('/loadbalancers?limit=1&provider=amphora&fields=id&sort_key=name&sort_dir=desc')
    expect([...new URL(next(body, 'loadbalancers') ?? '').searchParams.keys()]).toEqual(['limit', 'sort_key', 'marker'])
  })

  it('cuts a larger limit to 1000 in silence; -1 lifts it', () => {
    expect(next(one.get('/loadbalancers?limit=5000').body, 'loadbalancers')).toBeNull()
    expect(next(one.get('/loadbalancers?limit=-1').body, 'loadbalancers')).toContain('limit=None')
  })
})

describe('filters and fields', () => {
  it('fields: repeated they pick, with a comma they leave empty objects', () => {
    const keys = (query: string) => one.rows(`/loadbalancers?${query}`).map((row) => Object.keys(row).toSorted())
    expect(new Set(keys('fields=id&fields=name').map((row) => row.join(' ')))).toEqual(new Set(['id name']))
    expect(new Set(keys('fields=id,name').map((row) => row.join(' ')))).toEqual(new Set(['']))
  })

  it('every column of the answer filters by its own value, or is refused as the real one refuses it', () => {
    const refused = ['listeners', 'pools', 'tags', 'tenant_id', 'additional_vips', 'vip_sg_ids', 'vip_vnic_type']
    for (const row of one.rows('/loadbalancers')) {
      for (const [key, value] of Object.entries(row)) {
        if (refused.includes(key) || value === null || value === '') continue
        const found = one.rows(`/loadbalancers?${key}=${encodeURIComponent(String(value))}`)
        expect(found.map((other) => other['id'])).toContain(row['id'])
      }
    }
  })

  it.each(['nonsense=1', 'changes-since=2020-01-01', 'tenant_id=x', 'pool_id=x'])('refuses %s', (query) => {
    expect(one.get(`/loadbalancers?${query}`)).toMatchObject({
      status: 400,
      body: { faultcode: 'Client', faultstring: 'One or more arguments are either duplicate or invalid' },
    })
  })

  it('an unknown value of a known filter is an empty list', () => {
    expect(one.rows('/loadbalancers?operating_status=nonsense')).toEqual([])
    expect(one.rows('/listeners?loadbalancer_id=nope')).toEqual([])
  })
})
