import { request as httpRequest } from 'node:http'

/** An OpenStack to arrange things in, by plain HTTP and never through nyah: a real lane or the sandbox. */
export interface OpenStackTarget {
  /** `http://127.0.0.1:5000/v3` */
  readonly authUrl: string
  readonly username: string
  readonly password: string
  readonly project: string
  /** Waits between two looks; for a sandbox whose clock the test moves. */
  readonly sleep?: (ms: number) => Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly data: any
}

interface NewMember {
  readonly address: string
  readonly protocol_port: number
  readonly [key: string]: unknown
}

interface NewPool {
  readonly name?: string
  readonly protocol?: string
  readonly lb_algorithm?: string
  readonly members?: readonly NewMember[]
  readonly healthmonitor?: Readonly<Record<string, unknown>>
  readonly [key: string]: unknown
}

interface NewListener {
  readonly name?: string
  readonly protocol?: string
  readonly protocol_port: number
  readonly default_pool?: NewPool
  readonly [key: string]: unknown
}

export interface OpenStack {
  readonly token: string
  readonly projectId: string
  readonly userId: string
  /** `http://127.0.0.1:9876/v2/lbaas` */
  readonly lbaas: string
  /** Below `/v2/lbaas`; any status is an answer. */
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** Of any address, with this user's token. */
  callUrl(method: string, url: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** As `call`, and a refusal fails the test with what was said. */
  must(method: string, path: string, body?: unknown): Promise<any>
  /** In one call with all that is below it; ACTIVE when this returns. */
  createLoadBalancer(spec: { name: string; listeners?: readonly NewListener[]; [key: string]: unknown }): Promise<any>
  /** The following wait until the load balancer is ACTIVE again. */
  createListener(loadBalancerId: string, spec: NewListener): Promise<any>
  createPool(loadBalancerId: string, spec: NewPool): Promise<any>
  createMonitor(loadBalancerId: string, poolId: string, spec?: Readonly<Record<string, unknown>>): Promise<any>
  addMember(loadBalancerId: string, poolId: string, member: NewMember): Promise<any>
  updateMember(loadBalancerId: string, poolId: string, memberId: string, change: unknown): Promise<any>
  removeMember(loadBalancerId: string, poolId: string, memberId: string): Promise<void>
  replaceMembers(loadBalancerId: string, poolId: string, members: readonly NewMember[]): Promise<void>
  /** Any other thing below a load balancer: `remove(id, '/healthmonitors/…')`. */
  remove(loadBalancerId: string, path: string): Promise<void>
  members(poolId: string): Promise<readonly any[]>
  poolsOf(loadBalancerId: string): Promise<readonly any[]>
  listenersOf(loadBalancerId: string): Promise<readonly any[]>
  waitActive(loadBalancerId: string): Promise<any>
  /** Cascading; gone when this returns. What is gone already is no error. */
  deleteLoadBalancer(id: string): Promise<void>
  /** All load balancers whose name starts so. */
  deletePrefixed(prefix: string): Promise<void>
}

/** Subnet for VIPs. The lane's network driver accepts any; the sandbox too. */
const SUBNET = '00000000-0000-4000-8000-0000000000aa'

const WAIT_MS = 60_000

/** One request on a socket of its own: servers close idle ones without a word. */
export function plainHttp(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<Answer> {
  const payload = body === undefined ? null : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      {
        method,
        agent: false,
        headers: {
          accept: 'application/json',
          ...(payload === null
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            data: parse(text),
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(payload)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const realSleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** A sandbox's OpenStack as its first user; `sleep` is the test's clock's, where it has one of its own. */
export function sandboxOpenStack(
  { env }: { readonly env: Readonly<Record<string, string>> },
  sleep?: (ms: number) => Promise<void>,
): Promise<OpenStack> {
  const { OS_AUTH_URL = '', OS_USERNAME = '', OS_PASSWORD = '', OS_PROJECT_NAME = '' } = env
  return openStack({
    authUrl: OS_AUTH_URL,
    username: OS_USERNAME,
    password: OS_PASSWORD,
    project: OS_PROJECT_NAME,
    ...(sleep === undefined ? {} : { sleep }),
  })
}

/** Authenticates with a password and finds Octavia in the catalogue. */
export async function openStack(target: OpenStackTarget): Promise<OpenStack> {
  const sleep = target.sleep ?? realSleep
  const domain = { id: 'default' }
  const issue = async (): Promise<{ token: string; told: any }> => {
    const issued = await plainHttp(
      'POST',
      `${target.authUrl}/auth/tokens`,
      {},
      {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: target.username, domain, password: target.password } },
          },
          scope: { project: { name: target.project, domain } },
        },
      },
    )
    const token = issued.headers['x-subject-token']
    if (issued.status !== 201 || token === undefined)
      throw new Error(`no token: ${issued.status} ${JSON.stringify(issued.data)}`)
    return { token, told: issued.data.token }
  }
  let { token, told } = await issue()
  const endpoint: string = told.catalog
    .find((service: any) => service.type === 'load-balancer')
    .endpoints.find((each: any) => each.interface === 'public').url
  const root = endpoint.replace(/\/+$/, '')
  const lbaas = `${root}${/\/v2(\.0)?$/.test(root) ? '' : '/v2'}/lbaas`

  const callUrl: OpenStack['callUrl'] = async (method, url, body, headers) => {
    const asked = () => plainHttp(method, url, { 'x-auth-token': token, ...headers }, body)
    const answer = await asked()
    if (answer.status !== 401) return answer
    // A test's clock may have outlived the token.
    ;({ token, told } = await issue())
    return asked()
  }
  const call: OpenStack['call'] = (method, path, body) => callUrl(method, `${lbaas}${path}`, body)
  const must: OpenStack['must'] = async (method, path, body) => {
    const { status, data } = await call(method, path, body)
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(data)}`)
    return data
  }

  const until = async <T>(what: string, look: () => Promise<T | null>): Promise<T> => {
    for (let waited = 0; waited < WAIT_MS; waited += 100) {
      const found = await look()
      if (found !== null) return found
      await sleep(100)
    }
    throw new Error(`waited ${WAIT_MS} ms for ${what}`)
  }

  const waitActive: OpenStack['waitActive'] = (id) =>
    until(`${id} to be ACTIVE`, async () => {
      const { loadbalancer } = await must('GET', `/loadbalancers/${id}`)
      if (loadbalancer.provisioning_status === 'ERROR') throw new Error(`load balancer ${id} is in ERROR`)
      return loadbalancer.provisioning_status === 'ACTIVE' ? loadbalancer : null
    })

  const change = async (id: string, method: string, path: string, body?: unknown): Promise<any> => {
    const data = await must(method, path, body)
    await waitActive(id)
    return data
  }

  const deleteLoadBalancer: OpenStack['deleteLoadBalancer'] = async (id) => {
    await until(`${id} to accept its deletion`, async () => {
      const { status, data } = await call('DELETE', `/loadbalancers/${id}?cascade=true`)
      if (status === 409) return null
      if (status >= 400 && status !== 404) throw new Error(`DELETE ${id}: ${status} ${JSON.stringify(data)}`)
      return true
    })
    await until(`${id} to be gone`, async () =>
      (await call('GET', `/loadbalancers/${id}`)).status === 404 ? true : null,
    )
  }

  return {
    token,
    projectId: told.project.id,
    userId: told.user.id,
    lbaas,
    call,
    callUrl,
    must,
    waitActive,
    deleteLoadBalancer,
    async createLoadBalancer({ listeners = [], ...spec }) {
      const { loadbalancer } = await must('POST', '/loadbalancers', {
        loadbalancer: { vip_subnet_id: SUBNET, ...spec, listeners: listeners.map(withDefaults) },
      })
      return waitActive(loadbalancer.id)
    },
    async createListener(id, spec) {
      const listener = { ...withDefaults(spec), loadbalancer_id: id }
      return (await change(id, 'POST', '/listeners', { listener })).listener
    },
    async createPool(id, spec) {
      const pool = { ...poolDefaults(spec), loadbalancer_id: id }
      return (await change(id, 'POST', '/pools', { pool })).pool
    },
    async createMonitor(id, poolId, spec = {}) {
      const healthmonitor = { type: 'TCP', delay: 5, timeout: 3, max_retries: 3, ...spec, pool_id: poolId }
      return (await change(id, 'POST', '/healthmonitors', { healthmonitor })).healthmonitor
    },
    async addMember(id, poolId, member) {
      return (await change(id, 'POST', `/pools/${poolId}/members`, { member })).member
    },
    async updateMember(id, poolId, memberId, member) {
      return (await change(id, 'PUT', `/pools/${poolId}/members/${memberId}`, { member })).member
    },
    async removeMember(id, poolId, memberId) {
      await change(id, 'DELETE', `/pools/${poolId}/members/${memberId}`)
    },
    async replaceMembers(id, poolId, members) {
      await change(id, 'PUT', `/pools/${poolId}/members`, { members })
    },
    async remove(id, path) {
      await change(id, 'DELETE', path)
    },
    members: async (poolId) => (await must('GET', `/pools/${poolId}/members`)).members,
    poolsOf: async (id) => (await must('GET', `/pools?loadbalancer_id=${id}`)).pools,
    listenersOf: async (id) => (await must('GET', `/listeners?loadbalancer_id=${id}`)).listeners,
    async deletePrefixed(prefix) {
      const { loadbalancers } = await must('GET', '/loadbalancers')
      const mine = loadbalancers.filter(({ name }: { name: string }) => name.startsWith(prefix))
      await Promise.all(mine.map(({ id }: { id: string }) => deleteLoadBalancer(id)))
    },
  }
}

/** TCP, unless said otherwise. */
const poolDefaults = (pool: NewPool): NewPool => ({ protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN', ...pool })

const withDefaults = ({ default_pool, ...listener }: NewListener): NewListener => ({
  protocol: 'TCP',
  name: `listener-${listener.protocol_port}`,
  ...listener,
  ...(default_pool === undefined
    ? {}
    : { default_pool: poolDefaults({ name: `pool-${listener.protocol_port}`, ...default_pool }) }),
})
