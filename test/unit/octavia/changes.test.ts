import { afterEach, describe, expect, it } from 'vitest'
import { createOctaviaSource } from '../../../src/lib/adapters/octavia/source.ts'
import { virtualClock } from '../../support/clock.ts'
import { cloudAt, json, type Handler, type TestServer } from './cloud-server.ts'
import { cloud } from './world.ts'

const open: TestServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

/** Octavia answering its list so; what was asked of it, below `/v2/lbaas`. */
async function setting(handler: Handler) {
  const server = await cloud(handler)
  open.push(server)
  const source = createOctaviaSource({
    cloud: cloudAt(server.url),
    clock: virtualClock(),
    retry: (_what, call) => call(),
  })
  const asked = () =>
    server.received.filter(({ url }) => url.startsWith('/v2')).map(({ url }) => url.replace('/v2/lbaas', ''))
  return { source, asked }
}

const change = (id: string, over: object = {}) => ({
  id,
  updated_at: '2026-11-22T10:00:00',
  provisioning_status: 'ACTIVE',
  ...over,
})

const NEXT = { rel: 'next', href: 'http://elsewhere/v2/lbaas/loadbalancers?limit=1000&marker=b' }
const FIELDS = '/loadbalancers?fields=id&fields=updated_at&fields=provisioning_status'

describe('the change poll', () => {
  it('is one request, of three fields', async () => {
    const { source, asked } = await setting((_request, response) =>
      json(
        response,
        200,
        { loadbalancers: [change('a'), change('b', { updated_at: null, provisioning_status: 'PENDING_CREATE' })] },
        { date: 'Sun, 22 Nov 2026 11:00:07 GMT' },
      ),
    )
    expect(await source.changes()).toEqual({
      at: Date.UTC(2026, 10, 22, 11, 0, 7),
      loadbalancers: [change('a'), change('b', { updated_at: null, provisioning_status: 'PENDING_CREATE' })],
    })
    expect(asked()).toEqual([FIELDS])
  })

  it('joins pages by their marker, keeps its fields, and is as old as its first page', async () => {
    const { source, asked } = await setting(({ url }, response) =>
      url.includes('marker=')
        ? json(response, 200, { loadbalancers: [change('c')] }, { date: 'Sun, 22 Nov 2026 11:00:09 GMT' })
        : json(
            response,
            200,
            { loadbalancers: [change('a'), change('b')], loadbalancers_links: [NEXT] },
            { date: 'Sun, 22 Nov 2026 11:00:07 GMT' },
          ),
    )
    const { at, loadbalancers } = await source.changes()
    expect(loadbalancers.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(at).toBe(Date.UTC(2026, 10, 22, 11, 0, 7))
    expect(asked()).toEqual([FIELDS, `${FIELDS}&marker=b`])
  })

  it('without a Date in the first answer does not know as of when, whatever later ones say', async () => {
    const { source } = await setting(({ url }, response) => {
      response.sendDate = false
      if (url.includes('marker=')) {
        return json(response, 200, { loadbalancers: [] }, { date: 'Sun, 22 Nov 2026 11:00:09 GMT' })
      }
      return json(response, 200, { loadbalancers: [change('a')], loadbalancers_links: [NEXT] })
    })
    expect(await source.changes()).toMatchObject({ at: null, loadbalancers: [{ id: 'a' }] })
  })

  it('a marker that is gone begins it again', async () => {
    let first = true
    const { source, asked } = await setting(({ url }, response) => {
      if (!url.includes('marker=')) {
        return json(response, 200, { loadbalancers: [change('a'), change('b')], loadbalancers_links: [NEXT] })
      }
      if (!first) return json(response, 200, { loadbalancers: [] })
      first = false
      return json(response, 400, { faultcode: 'Client', faultstring: 'Supplied pagination marker is not valid.' })
    })
    expect((await source.changes()).loadbalancers).toHaveLength(2)
    expect(asked()).toHaveLength(4)
  })

  it('items without their fields never pass for an answer', async () => {
    const { source } = await setting((_request, response) => json(response, 200, { loadbalancers: [{}] }))
    await expect(source.changes()).rejects.toMatchObject({
      code: 'OCTAVIA_UNEXPECTED_SHAPE',
      message: expect.stringContaining('loadbalancers[0].id is missing'),
    })
  })
})
