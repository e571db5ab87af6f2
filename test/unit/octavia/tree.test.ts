import { describe, expect, it, afterEach } from 'vitest'
import { createOctaviaSource } from '../../../src/lib/adapters/octavia/source.ts'
import type { NyahError } from '../../../src/lib/core/errors.ts'
import { virtualClock, type VirtualClock } from '../../support/clock.ts'
import { cloudAt, json, type TestServer } from './cloud-server.ts'
import { answer, cloud, ID, loadBalancer, member, world, type World } from './world.ts'

const open: TestServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

interface Setting {
  readonly state: World
  /** Called before each answer, with the path and how often it was asked for before. */
  readonly before?: (path: string, times: number) => void
  /** Octavia's clock; absent: an hour after the last change. */
  readonly date?: () => string
}

/** Octavia with one world, its reader on a clock that jumps, and what was asked. */
async function setting({ state, before, date }: Setting) {
  const times = new Map<string, number>()
  const server = await cloud(({ url }, response) => {
    const path = url.split('?')[0] ?? ''
    const count = times.get(path) ?? 0
    times.set(path, count + 1)
    before?.(path, count)
    answer(state, path, response, date?.())
  })
  open.push(server)
  const clock = virtualClock({ start: Date.UTC(2026, 10, 22, 11) })
  const source = createOctaviaSource({ cloud: cloudAt(server.url), clock, retry: (_what, call) => call(), parallel: 3 })
  const asked = () =>
    server.received.filter(({ url }) => url.startsWith('/v2')).map(({ url }) => url.replace('/v2/lbaas', ''))
  return { source, clock, asked, server }
}

async function refusal(promise: Promise<unknown>): Promise<NyahError> {
  try {
    await promise
  } catch (error) {
    return error as NyahError
  }
  throw new Error('nothing was thrown')
}

const SHOW = `/v2/lbaas/loadbalancers/${ID}`

describe('the requests of one tree', () => {
  it('are as few as they can be: no monitors, one for all, or the only one by its id', async () => {
    const base = ['/listeners', '/pools'].map((path) => `${path}?loadbalancer_id=${ID}`)
    const shows = [`/loadbalancers/${ID}`, `/loadbalancers/${ID}`]
    const expected = async (state: World, more: readonly string[]) => {
      const { source, asked } = await setting({ state })
      await source.read(ID)
      expect(asked().toSorted()).toEqual([...base, ...shows, ...more].toSorted())
    }
    await expected(world({ pools: {}, listeners: [] }), [])
    await expected(world({ pools: { empty: [], a: ['m'] } }), ['/pools/a/members'])
    await expected(world({ pools: { a: ['m'] }, monitors: { a: 'hm-a' } }), [
      '/pools/a/members',
      '/healthmonitors/hm-a',
    ])
    await expected(world({ pools: { a: ['m'], b: ['n'], c: [] }, monitors: { a: 'hm-a', b: 'hm-b', c: 'hm-c' } }), [
      '/pools/a/members',
      '/pools/b/members',
      '/healthmonitors?project_id=p',
    ])
  })

  it('never more at once than allowed', async () => {
    const pools = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`pool-${index}`, [`m-${index}`]]))
    let now = 0
    let most = 0
    const state = world({ pools })
    const server = await cloud(({ url }, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now--
        answer(state, url.split('?')[0] ?? '', response)
      }, 3)
    })
    open.push(server)
    const clock = virtualClock()
    const source = createOctaviaSource({ cloud: cloudAt(server.url), clock, retry: (_w, call) => call(), parallel: 3 })
    expect((await source.read(ID))?.pools).toHaveLength(12)
    expect(most).toBe(3)
  })

  it('joins members and monitors to their pools', async () => {
    const { source } = await setting({
      state: world({ pools: { a: ['m-1', 'm-2'], b: [] }, monitors: { a: 'hm-a', b: 'hm-b' } }),
    })
    const tree = await source.read(ID)
    expect(
      tree?.pools.map(({ id, members, healthmonitor }) => [id, members.map((each) => each.id), healthmonitor?.id]),
    ).toEqual([
      ['a', ['m-1', 'm-2'], 'hm-a'],
      ['b', [], 'hm-b'],
    ])
    expect(tree?.loadbalancer).not.toHaveProperty('listeners')
  })

  it('a monitor that the first page does not have is asked for by its id', async () => {
    const state = world({ pools: { a: [], b: [] }, monitors: { a: 'hm-a', b: 'hm-b' } })
    const server = await cloud(({ url }, response) => {
      const path = url.split('?')[0] ?? ''
      if (path !== '/v2/lbaas/healthmonitors') return answer(state, path, response)
      const next = { rel: 'next', href: `http://o${path}?marker=hm-a` }
      const only = { id: 'hm-a', type: 'TCP', admin_state_up: true, delay: 1, timeout: 1, max_retries: 1 }
      json(response, 200, { healthmonitors: [only], healthmonitors_links: [next] })
    })
    open.push(server)
    const source = createOctaviaSource({
      cloud: cloudAt(server.url),
      clock: virtualClock(),
      retry: (_w, call) => call(),
    })
    expect((await source.read(ID))?.pools.map(({ healthmonitor }) => healthmonitor?.id)).toEqual(['hm-a', 'hm-b'])
    expect(server.count('/v2/lbaas/healthmonitors')).toBe(1)
    expect(server.count('/v2/lbaas/healthmonitors/hm-b')).toBe(1)
  })
})

describe('a change while the tree is read', () => {
  it('shows in updated_at, and it is read again', async () => {
    const state = world()
    const { source, asked, clock } = await setting({
      state,
      before: (path, times) => {
        if (!path.endsWith('/members') || times > 0) return
        state.updatedAt = '2026-11-22T10:30:00'
        state.pools = { 'pool-1': ['m-1', 'm-2', 'm-3'] }
      },
    })
    const tree = await source.read(ID)
    expect(tree?.loadbalancer.updated_at).toBe('2026-11-22T10:30:00')
    expect(tree?.pools[0]?.members.map(({ id }) => id)).toEqual(['m-1', 'm-2', 'm-3'])
    expect(asked().filter((path) => path.startsWith('/loadbalancers/'))).toHaveLength(4)
    expect(clock.elapsed()).toBe(2_000)
  })

  it('shows in the status alone, too', async () => {
    const state = world()
    const { source, asked } = await setting({
      state,
      before: (path, times) => {
        if (path === SHOW && times === 1) state.status = 'PENDING_UPDATE'
      },
    })
    expect((await source.read(ID))?.loadbalancer.provisioning_status).toBe('PENDING_UPDATE')
    expect(asked().filter((path) => path.startsWith('/loadbalancers/'))).toHaveLength(4)
  })

  it('within the second of the last one would not show: the reading waits until it would', async () => {
    const state = world({ updatedAt: '2026-11-22T10:59:59' })
    // One clock for both, asked at each answer: nothing that runs beside the reading can lag behind it.
    const octavia: { clock?: VirtualClock } = {}
    const date = () => new Date(octavia.clock?.now() ?? 0).toUTCString()
    const { source, clock, asked } = await setting({ state, date })
    octavia.clock = clock
    expect((await source.read(ID))?.loadbalancer.updated_at).toBe('2026-11-22T10:59:59')
    expect(clock.elapsed()).toBe(1_000)
    // The first pass ends after its first three requests.
    expect(asked().filter((path) => path.endsWith('/members'))).toHaveLength(1)
  })

  it('is waited out although answers take a while and their Date has whole seconds only', async () => {
    const begun = Date.UTC(2026, 10, 22, 11)
    const slow: { clock?: VirtualClock } = {}
    const { source, clock, asked } = await setting({
      state: world({ updatedAt: '2026-11-22T10:59:59' }),
      before: (path) => {
        if (path === SHOW) slow.clock?.advance(60)
      },
      date: () => new Date(slow.clock?.now() ?? begun).toUTCString(),
    })
    slow.clock = clock
    expect((await source.read(ID))?.loadbalancer.updated_at).toBe('2026-11-22T10:59:59')
    expect(asked().filter((path) => path.startsWith('/listeners')).length).toBeLessThan(5)
  })

  it('is waited for on this clock where the clocks of Octavia disagree', async () => {
    const state = world({ updatedAt: '2026-11-22T18:00:00' })
    const { source, clock } = await setting({ state })
    expect((await source.read(ID))?.loadbalancer.updated_at).toBe('2026-11-22T18:00:00')
    expect(clock.elapsed()).toBe(2_000)
  })

  it('a new one without updated_at is judged by created_at', async () => {
    const { source } = await setting({ state: world({ updatedAt: null as unknown as string }) })
    expect((await source.read(ID))?.loadbalancer.updated_at).toBeNull()
  })

  it('that never ends is OCTAVIA_CHANGING, after five readings', async () => {
    const state = world()
    let changes = 0
    const { source, asked } = await setting({
      state,
      before: (path) => {
        if (path === SHOW) state.updatedAt = `2026-11-22T10:00:${String(++changes).padStart(2, '0')}`
      },
    })
    const error = await refusal(source.read(ID))
    expect(error).toMatchObject({ code: 'OCTAVIA_CHANGING', exit: 7, retryable: true })
    expect(error.message).toBe(`load balancer ${ID}: it was changed while it was read, in each of 5 readings`)
    expect(asked().filter((path) => path.startsWith('/listeners'))).toHaveLength(5)
  })

  it('a pool that goes away meanwhile begins the reading again', async () => {
    const state = world({ pools: { 'pool-aaa': ['m'], 'pool-bbb': ['n'] } })
    const { source } = await setting({
      state,
      before: (path, times) => {
        if (!path.endsWith('/pools/pool-bbb/members') || times > 0) return
        state.pools = { 'pool-aaa': ['m'] }
        state.updatedAt = '2026-11-22T10:30:00'
      },
    })
    expect((await source.read(ID))?.pools.map(({ id }) => id)).toEqual(['pool-aaa'])
  })

  it.each<[string, object, object | string]>([
    [
      'a load balancer that goes away meanwhile is not there',
      { faultstring: `Load Balancer ${ID} not found.` },
      'null',
    ],
    ['a 404 that does not name it proves nothing', { faultstring: 'Not found.' }, { code: 'OCTAVIA_WRONG_ENDPOINT' }],
  ])('%s', async (_, body, expected) => {
    let gone = false
    const server = await cloud(({ url }, response) => {
      const path = url.split('?')[0] ?? ''
      if (path.endsWith('/members')) gone = true
      return gone && path === SHOW ? json(response, 404, body) : answer(world(), path, response)
    })
    open.push(server)
    const source = createOctaviaSource({
      cloud: cloudAt(server.url),
      clock: virtualClock(),
      retry: (_w, call) => call(),
    })
    const outcome = await source.read(ID).catch((error: NyahError) => ({ code: error.code }))
    expect(outcome === null ? 'null' : outcome).toEqual(expected)
  })
})

describe('answers that contradict each other never pass for a tree', () => {
  it.each<[string, (path: string) => unknown, string]>([
    [
      'a member list that is shorter than the pool says',
      (path) => (path.endsWith('/members') ? { members: [member('m-1')] } : undefined),
      "pool pool-1's own list of members and the members found differ",
    ],
    [
      'an empty member list',
      (path) => (path.endsWith('/members') ? { members: [] } : undefined),
      "pool pool-1's own list of members and the members found differ",
    ],
    [
      'an empty list of pools',
      (path) => (path.endsWith('/pools') ? { pools: [] } : undefined),
      'its own list of pools and the pools found differ',
    ],
    [
      'an empty list of listeners',
      (path) => (path.endsWith('/listeners') ? { listeners: [] } : undefined),
      'its own list of listeners and the listeners found differ',
    ],
  ])('%s', async (_, instead, message) => {
    const server = await cloud(({ url }, response) => {
      const path = url.split('?')[0] ?? ''
      const other = instead(path)
      return other === undefined ? answer(world(), path, response) : json(response, 200, other)
    })
    open.push(server)
    const source = createOctaviaSource({
      cloud: cloudAt(server.url),
      clock: virtualClock(),
      retry: (_w, call) => call(),
    })
    const error = await refusal(source.read(ID))
    expect(error).toMatchObject({ code: 'OCTAVIA_CHANGING', retryable: true })
    expect(error.message).toContain(message)
  })
})

describe('pages', () => {
  const all = Array.from({ length: 7 }, (_, index) => ({
    ...loadBalancer(world(), `5f0c7c1e-0000-4000-8000-00000000000${index}`),
  }))

  /** Pages of `size`; its next links drop the query, as Octavia's do. */
  async function paged(size: number, options: { vanish?: number; fullLast?: boolean } = {}) {
    let vanish = options.vanish ?? 0
    const server = await cloud(({ url }, response) => {
      const marker = new URL(url, 'http://o').searchParams.get('marker')
      const at = marker === null ? 0 : all.findIndex(({ id }) => id === marker) + 1
      if (marker !== null && vanish-- > 0) {
        const faultstring = `Supplied pagination marker '${marker}' is not valid.`
        return json(response, 400, { faultcode: 'Client', faultstring, debuginfo: null })
      }
      const page = all.slice(at, at + size)
      const more = page.length > 0 && (at + size < all.length || options.fullLast === true)
      const next = {
        rel: 'next',
        href: `http://elsewhere/v2/lbaas/loadbalancers?limit=${size}&marker=${page.at(-1)?.id}`,
      }
      const previous = { rel: 'previous', href: 'http://elsewhere/?marker=x&page_reverse=True' }
      return json(response, 200, { loadbalancers: page, loadbalancers_links: more ? [previous, next] : [previous] })
    })
    open.push(server)
    const source = createOctaviaSource({
      cloud: cloudAt(server.url),
      clock: virtualClock(),
      retry: (_w, call) => call(),
    })
    return { source, server, pages: () => server.count('/v2/lbaas/loadbalancers') }
  }

  it('are joined by their marker, on the address that was asked', async () => {
    const { source, pages } = await paged(3)
    expect((await source.list()).map(({ id }) => id)).toEqual(all.map(({ id }) => id))
    expect(pages()).toBe(3)
  })

  it('an empty one after a full last one ends the list', async () => {
    const { source, pages } = await paged(7, { fullLast: true })
    expect(await source.list()).toHaveLength(7)
    expect(pages()).toBe(2)
  })

  it('a marker that vanished begins the list again, and no item is doubled', async () => {
    const { source } = await paged(3, { vanish: 3 })
    expect((await source.list()).map(({ id }) => id)).toEqual(all.map(({ id }) => id))
  })

  it('markers that keep vanishing are OCTAVIA_CHANGING', async () => {
    const { source } = await paged(3, { vanish: 99 })
    expect(await refusal(source.list())).toMatchObject({ code: 'OCTAVIA_CHANGING', exit: 7, retryable: true })
  })

  it('filters are sent with every page', async () => {
    const server = await cloud(({ url }, response) => {
      const path = url.split('?')[0] ?? ''
      if (!path.endsWith('/listeners')) return answer(world({ listeners: ['l-1', 'l-2'] }), path, response)
      const second = url.includes('marker=l-1')
      const one = { id: second ? 'l-2' : 'l-1', provisioning_status: 'ACTIVE', operating_status: 'ONLINE' }
      json(response, 200, {
        listeners: [{ ...one, admin_state_up: true, protocol: 'TCP', protocol_port: 80 }],
        listeners_links: second ? [] : [{ rel: 'next', href: 'http://o/v2/lbaas/listeners?marker=l-1' }],
      })
    })
    open.push(server)
    const source = createOctaviaSource({
      cloud: cloudAt(server.url),
      clock: virtualClock(),
      retry: (_w, call) => call(),
    })
    expect((await source.read(ID))?.listeners).toHaveLength(2)
    expect(server.received.map(({ url }) => url)).toContain(`/v2/lbaas/listeners?loadbalancer_id=${ID}&marker=l-1`)
  })

  it.each<[string, (marker: string | null) => [ids: readonly number[], next: string | null], string]>([
    ['the same page for ever', () => [[0], 'same'], 'has a next link to the same page'],
    ['two pages in turn', (marker) => [[0], marker === 'a' ? 'b' : 'a'], 'repeats its pages'],
    ['a next link after nothing', () => [[], 'a'], 'has a next link after an empty page'],
    ['a next link without a marker', () => [[0], ''], 'has a next link without a marker'],
  ])('%s is an error and no list', async (_, page, message) => {
    const server = await cloud(({ url }, response) => {
      const [ids, next] = page(new URL(url, 'http://o').searchParams.get('marker'))
      json(response, 200, {
        loadbalancers: ids.map((index) => all[index]),
        loadbalancers_links: next === null ? [] : [{ rel: 'next', href: `http://o/x${next && `?marker=${next}`}` }],
      })
    })
    open.push(server)
    const source = createOctaviaSource({
      cloud: cloudAt(server.url),
      clock: virtualClock(),
      retry: (_w, call) => call(),
    })
    const error = await refusal(source.list())
    expect(error).toMatchObject({ code: 'OCTAVIA_UNEXPECTED_SHAPE', retryable: false })
    expect(error.message).toContain(message)
  })
})

describe('older clouds', () => {
  it('leave newer keys out, and each reads as its default', async () => {
    const state = {
      provisioning_status: 'ACTIVE',
      operating_status: 'ONLINE',
      admin_state_up: true,
      project_id: 'p',
      name: 'x',
    }
    const server = await cloud(({ url }, response) => {
      const path = url.split('?')[0] ?? ''
      if (path.endsWith('/listeners')) {
        return json(response, 200, {
          listeners: [{ id: 'l', ...state, protocol: 'TCP', protocol_port: 80, default_pool_id: 'a' }],
        })
      }
      if (path.endsWith('/members')) return json(response, 200, { members: [member('m')] })
      if (path.endsWith('/pools')) {
        const pool = { id: 'a', ...state, protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN', healthmonitor_id: 'h' }
        return json(response, 200, { pools: [pool] })
      }
      if (path.endsWith('/healthmonitors/h')) {
        const monitor = { id: 'h', type: 'HTTP', admin_state_up: true, delay: 5, timeout: 3, max_retries: 2 }
        return json(response, 200, { healthmonitor: monitor })
      }
      const { listeners: _l, pools: _p, ...bare } = loadBalancer(world())
      return json(response, 200, { loadbalancer: { ...bare, description: null, provider: null } })
    })
    open.push(server)
    const source = createOctaviaSource({
      cloud: cloudAt(server.url),
      clock: virtualClock(),
      retry: (_w, call) => call(),
    })
    expect(await source.read(ID)).toMatchObject({
      loadbalancer: {
        description: '',
        additional_vips: [],
        tags: [],
        provider: 'amphora',
        flavor_id: null,
        availability_zone: null,
        vip_vnic_type: 'normal',
      },
      listeners: [
        {
          connection_limit: -1,
          timeout_client_data: 50_000,
          timeout_member_connect: 5_000,
          timeout_member_data: 50_000,
          timeout_tcp_inspect: 0,
          allowed_cidrs: null,
          insert_headers: {},
          l7policies: [],
          client_authentication: 'NONE',
          sni_container_refs: [],
          default_tls_container_ref: null,
          client_ca_tls_container_ref: null,
          client_crl_container_ref: null,
          tls_ciphers: null,
          tls_versions: [],
          alpn_protocols: [],
          hsts_max_age: null,
        },
      ],
      pools: [
        {
          session_persistence: null,
          tls_enabled: false,
          tls_container_ref: null,
          ca_tls_container_ref: null,
          crl_container_ref: null,
          tls_ciphers: null,
          tls_versions: [],
          alpn_protocols: [],
          tags: [],
          members: [
            {
              name: '',
              backup: false,
              subnet_id: null,
              monitor_address: null,
              monitor_port: null,
              vnic_type: 'normal',
              tags: [],
            },
          ],
          healthmonitor: {
            max_retries_down: 3,
            http_version: null,
            domain_name: null,
            http_method: null,
            url_path: null,
          },
        },
      ],
    })
  })
})

describe('doctor', () => {
  it('learns who it is and that reading is allowed, in two requests', async () => {
    const { source, server, asked } = await setting({ state: world() })
    expect(await source.check()).toEqual({
      authUrl: `${server.url}/v3`,
      endpoint: `${server.url}/v2/lbaas`,
      region: 'RegionOne',
      user: 'operator',
      project: 'shop',
      roles: ['reader'],
    })
    expect(asked()).toEqual(['/loadbalancers?limit=1'])
  })
})
