import type { ServerResponse } from 'node:http'
import { issueToken, json, serve, type Handler, type TestServer } from './cloud-server.ts'

/** One load balancer and what lies below it, as a test wants Octavia to tell it. */
export interface World {
  updatedAt: string
  status: string
  /** Pool id → member ids. */
  pools: Record<string, string[]>
  monitors: Record<string, string>
  listeners: string[]
}

export const ID = '5f0c7c1e-0000-4000-8000-000000000001'

export const world = (over: Partial<World> = {}): World => ({
  updatedAt: '2026-11-22T10:00:00',
  status: 'ACTIVE',
  pools: { 'pool-1': ['m-1', 'm-2'] },
  monitors: {},
  listeners: ['listener-1'],
  ...over,
})

const state = { provisioning_status: 'ACTIVE', operating_status: 'ONLINE', admin_state_up: true }
const each = (ids: readonly string[]) => ids.map((id) => ({ id }))

export const loadBalancer = ({ updatedAt, status, pools, listeners }: World, id = ID) => ({
  id,
  name: 'shop',
  ...state,
  provisioning_status: status,
  project_id: 'p',
  vip_address: '198.51.100.1',
  provider: 'amphora',
  created_at: '2026-11-22T09:00:00',
  updated_at: updatedAt,
  listeners: each(listeners),
  pools: each(Object.keys(pools)),
})

export const member = (id: string) => ({ id, ...state, address: '10.0.0.1', protocol_port: 80, weight: 1 })

const monitor = (id: string) => ({ id, type: 'TCP', admin_state_up: true, delay: 5, timeout: 3, max_retries: 3 })

/** Octavia's answers for one world, which the test may change between two requests. `date` is Octavia's clock. */
export function answer(
  { listeners, pools, monitors, ...rest }: World,
  path: string,
  response: ServerResponse,
  date = 'Sun, 22 Nov 2026 11:00:00 GMT',
): void {
  const all = { listeners, pools, monitors, ...rest }
  const ok = (body: unknown) => json(response, 200, body, { date })
  const missing = (what: string) =>
    json(response, 404, { faultcode: 'Client', faultstring: `${what} not found.` }, { date })
  const [, , , kind = '', id, below] = path.split('/')
  if (kind === 'loadbalancers' && id === undefined) return ok({ loadbalancers: [loadBalancer(all)] })
  if (kind === 'loadbalancers')
    return id === ID ? ok({ loadbalancer: loadBalancer(all) }) : missing(`Load Balancer ${id}`)
  if (kind === 'listeners') {
    return ok({ listeners: listeners.map((one) => ({ id: one, ...state, protocol: 'TCP', protocol_port: 80 })) })
  }
  if (kind === 'pools' && below === 'members') {
    const found = pools[id ?? '']
    return found ? ok({ members: found.map(member) }) : missing(`Pool ${id}`)
  }
  if (kind === 'pools') {
    return ok({
      pools: Object.entries(pools).map(([one, members]) => ({
        id: one,
        ...state,
        protocol: 'TCP',
        lb_algorithm: 'ROUND_ROBIN',
        members: each(members),
        ...(monitors[one] === undefined ? {} : { healthmonitor_id: monitors[one] }),
      })),
    })
  }
  if (kind === 'healthmonitors' && id === undefined) return ok({ healthmonitors: Object.values(monitors).map(monitor) })
  if (kind === 'healthmonitors' && id) {
    return Object.values(monitors).includes(id) ? ok({ healthmonitor: monitor(id) }) : missing(`Health monitor ${id}`)
  }
  return missing(path)
}

/** Keystone and Octavia in one server; `octavia` sees what is not a request for a token. */
export async function cloud(octavia: Handler, tls?: { key: string; certificate: string }): Promise<TestServer> {
  let issued = 0
  const server: TestServer = await serve((request, response) => {
    if (request.url === '/v3/auth/tokens') return issueToken(response, `token-secret-${++issued}`, server.url)
    return octavia(request, response)
  }, tls)
  return server
}
