import { describe, expect, it } from 'vitest'
import { neutron } from '../../../src/lib/sandbox/openstack/neutron.ts'
import { defaultWorld } from '../../../src/lib/sandbox/world.ts'
import type { Cloud } from './cloud.ts'
import { at, cloud, list } from './cloud.ts'

const { openstack } = defaultWorld()
const WORLD = {
  ...openstack,
  floatingips: [
    { project: 'shop', floating_ip_address: '198.51.100.7', fixed_ip_address: '203.0.113.11' },
    { project: 'shop', floating_ip_address: '198.51.100.8', fixed_ip_address: '10.20.0.9' },
    { project: 'shop', floating_ip_address: '198.51.100.9', fixed_ip_address: null },
    { project: 'other', floating_ip_address: '198.51.100.10', fixed_ip_address: '10.30.0.1' },
  ],
}

const ask = (one: Cloud, query: string, token: string | undefined, method = 'GET', path = '/v2.0/floatingips') => {
  const headers: Record<string, string> = token === undefined ? {} : { 'x-auth-token': token }
  const wire = { method, path, query: new URLSearchParams(query), headers, body: '', baseUrl: 'http://x/network' }
  const { response } = neutron(one.state, wire, { now: one.now, down: new Set() })
  return { status: response.status, body: JSON.parse(response.body) }
}
const addresses = (answer: { body: never }) =>
  list(at(answer.body, 'floatingips')).map((one) => one['floating_ip_address'])

describe('Neutron', () => {
  it('finds the floating IP in front of a VIP, by address and by port', () => {
    const one = cloud(WORLD)
    const token = one.login('operator', 'shop')
    const found = ask(one, 'fixed_ip_address=203.0.113.11', token)
    const vip = one.rows('/loadbalancers').find((row) => row['vip_address'] === '203.0.113.11')
    expect(list(found.body.floatingips)).toMatchObject([
      { floating_ip_address: '198.51.100.7', status: 'ACTIVE', port_id: vip?.['vip_port_id'] },
    ])
    expect(addresses(ask(one, `port_id=${String(vip?.['vip_port_id'])}`, token) as never)).toEqual(['198.51.100.7'])
    expect(addresses(ask(one, 'status=DOWN', token) as never)).toEqual(['198.51.100.9'])
    expect(addresses(ask(one, 'fixed_ip_address=10.0.0.1', token) as never)).toEqual([])
  })

  it('shows a project its own, and an admin all', () => {
    const one = cloud(WORLD)
    expect(addresses(ask(one, '', one.login('operator', 'shop')) as never)).toHaveLength(3)
    expect(addresses(ask(one, '', one.login('stranger', 'other')) as never)).toEqual(['198.51.100.10'])
    expect(addresses(ask(one, '', one.login('admin', 'shop')) as never)).toHaveLength(4)
    expect(addresses(ask(one, '', one.login('noroles', 'shop')) as never)).toEqual([])
  })

  it('refuses what it does not know', () => {
    const one = cloud(WORLD)
    const token = one.login('operator', 'shop')
    expect(ask(one, '', undefined)).toMatchObject({ status: 401, body: { error: { code: 401 } } })
    expect(ask(one, 'colour=red', token)).toMatchObject({
      status: 400,
      body: { NeutronError: { type: 'HTTPBadRequest' } },
    })
    expect(ask(one, '', token, 'POST').status).toBe(404)
    expect(ask(one, '', token, 'GET', '/v2.0/ports').status).toBe(404)
  })

  it('is in the catalogue only where the cloud has it', () => {
    const types = (one: Cloud) => {
      const token = one.login('operator', 'shop')
      const known = one.keystone('GET', '/v3/auth/catalog', undefined, { 'x-auth-token': token })
      return list(at(known.body, 'catalog')).map(({ type }) => type)
    }
    expect(types(cloud(WORLD))).toContain('network')
    const { floatingips: _, ...without } = openstack
    const bare = cloud(without)
    expect(types(bare)).not.toContain('network')
    expect(ask(bare, '', bare.login('operator', 'shop')).status).toBe(404)
  })
})
