import { afterEach, describe, expect, it } from 'vitest'
import { createOctaviaSource } from '../../../src/lib/adapters/octavia/source.ts'
import { isNyahError, type NyahError } from '../../../src/lib/core/errors.ts'
import { virtualClock } from '../../support/clock.ts'
import { cloudAt, issueToken, json, serve, type TestServer } from './cloud-server.ts'

const ID = '5f0c7c1e-0000-4000-8000-000000000001'
const FOUND = { floating_ip_address: '198.51.100.7', fixed_ip_address: '10.0.0.5', port_id: 'p-1', status: 'ACTIVE' }
const OTHER = { ...FOUND, floating_ip_address: '198.51.100.8', fixed_ip_address: '10.0.0.6' }

let server: TestServer | null = null
afterEach(async () => {
  await server?.close()
  server = null
})

interface Cloud {
  /** Where the catalogue says that Neutron is, below the server; null in it: elsewhere. */
  readonly network?: readonly (string | null)[]
  readonly balancer?: { readonly status: number; readonly body: unknown }
  readonly neutron?: { readonly status: number; readonly body: unknown }
}

const BALANCER = { status: 200, body: { loadbalancer: { id: ID, vip_address: '10.0.0.5', vip_port_id: 'p-1' } } }

async function look({ network = ['/network'], balancer = BALANCER, neutron }: Cloud, id = ID): Promise<string | null> {
  server = await serve(({ url }, response) => {
    const own = `http://${response.req.headers.host ?? ''}`
    const places = network.map((path) => (path === null ? 'http://elsewhere.example:9696' : `${own}${path}`))
    if (url === '/v3/auth/tokens') issueToken(response, 'token-secret', `${own}/load-balancer`, 3_600_000, places)
    else if (url === `/load-balancer/v2/lbaas/loadbalancers/${ID}`) json(response, balancer.status, balancer.body)
    else if (url === '/network/v2.0/floatingips?port_id=p-1' && neutron !== undefined)
      json(response, neutron.status, neutron.body)
    else json(response, 599, { error: { message: `nobody expects ${url}` } })
  })
  const clock = virtualClock({ start: Date.now() })
  return createOctaviaSource({ cloud: cloudAt(`${server.url}/v3`), clock, retry: (_, call) => call() }).floatingIp(id)
}

const lists = (...floatingips: readonly unknown[]) => ({ status: 200, body: { floatingips } })

const refused = async (asking: Promise<unknown>): Promise<NyahError> => {
  const error = await asking.catch((thrown: unknown) => thrown)
  if (isNyahError(error)) return error
  throw new Error('nothing was thrown')
}

describe('the floating IP of a VIP', () => {
  it.each(['/network', '/network/', '/network/v2.0', '/network/v2.0/'])('is asked of Neutron at %s', async (path) => {
    expect(await look({ network: [path], neutron: lists(FOUND) })).toBe('198.51.100.7')
  })

  it('is that of the VIP, not of another address on its port', async () => {
    expect(await look({ neutron: lists(OTHER, FOUND) })).toBe('198.51.100.7')
    await server?.close()
    expect(await look({ neutron: lists(OTHER) })).toBeNull()
  })

  it('is none where Neutron lists none', async () => {
    expect(await look({ neutron: lists() })).toBeNull()
    expect(server?.count('/network/v2.0/floatingips')).toBe(1)
  })

  it.each([
    ['the catalogue has no Neutron', []],
    ['the catalogue has two', ['/network', null]],
  ])('is not asked for where %s', async (_, network) => {
    expect(await look({ network, neutron: lists(FOUND) })).toBeNull()
    expect(server?.received.map(({ url }) => url)).toEqual(['/v3/auth/tokens'])
  })

  it('is none of a load balancer that Octavia does not know, or that has no port', async () => {
    const body = { faultcode: 'Client', faultstring: `Load Balancer ${ID} not found.` }
    expect(await look({ balancer: { status: 404, body } })).toBeNull()
    await server?.close()
    const loadbalancer = { ...BALANCER.body.loadbalancer, vip_port_id: null }
    expect(await look({ balancer: { status: 200, body: { loadbalancer } } })).toBeNull()
    await server?.close()
    expect(await look({}, '../../tokens')).toBeNull()
    expect(server?.received).toEqual([])
  })

  it('is an error with what Neutron says', async () => {
    const body = {
      NeutronError: { type: 'PolicyNotAuthorized', message: 'rule:get_floatingip is disallowed', detail: '' },
    }
    const error = await refused(look({ neutron: { status: 403, body } }))
    expect(error).toMatchObject({ code: 'NEUTRON_FORBIDDEN', exit: 3 })
    expect(error.message).toContain(
      'Neutron does not allow it to these credentials (403: rule:get_floatingip is disallowed)',
    )
    await server?.close()
    expect(await refused(look({ neutron: { status: 200, body: { ports: [] } } }))).toMatchObject({
      code: 'NEUTRON_UNEXPECTED_SHAPE',
    })
  })
})
