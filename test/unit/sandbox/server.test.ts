import { linkSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Json } from '../../../src/lib/core/json.ts'
import type { Sandbox, SandboxOptions } from '../../../src/lib/sandbox/server.ts'
import { startSandbox } from '../../../src/lib/sandbox/server.ts'
import { defaultWorld, loadWorld } from '../../../src/lib/sandbox/world.ts'
import { at, list, NOW, passwordAuth, SHOP_WEB, WEB_POOL } from './cloud.ts'

let wall = NOW
const clock = { now: () => wall, sleep: async () => {} }
const running: Sandbox[] = []
let folder = ''

beforeEach(() => {
  wall = NOW
  folder = mkdtempSync(join(tmpdir(), 'nyah-sandbox-'))
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()))
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const one = await startSandbox({ clock, ...options })
  running.push(one)
  return one
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

function send(
  one: Sandbox,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: one.port, method, path, headers: options.headers ?? {}, agent: false },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      },
    )
    sent.on('error', reject)
    sent.end(options.body)
  })
}

const parsed = (answer: Answer): Json => JSON.parse(answer.body) as Json

async function login(one: Sandbox): Promise<string> {
  const body = JSON.stringify(passwordAuth('operator', 'shop'))
  const answer = await send(one, 'POST', '/identity/v3/auth/tokens', { body })
  return String(answer.headers['x-subject-token'])
}

const octavia = async (one: Sandbox, method: string, path: string, body?: Json): Promise<Answer> =>
  send(one, method, `/load-balancer/v2/lbaas${path}`, {
    headers: { 'x-auth-token': await login(one) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

const status = async (one: Sandbox, key: string): Promise<Json> =>
  at(parsed(await octavia(one, 'GET', `/loadbalancers/${SHOP_WEB}`)), 'loadbalancer', key)

const addMember = (one: Sandbox) =>
  octavia(one, 'POST', `/pools/${WEB_POOL}/members`, { member: { address: '10.20.0.14', protocol_port: 8080 } })

const errorOf = async (promise: Promise<unknown>): Promise<{ code?: string; message?: string }> =>
  promise.then(
    () => ({}),
    (error: { code?: string; message?: string }) => error,
  )

describe('one base URL', () => {
  it('leads through the environment it gives, the catalogue and the services', async () => {
    const one = await start()
    expect(one.url).toBe(`http://127.0.0.1:${one.port}`)
    expect(one.env).toMatchObject({
      OS_AUTH_URL: `${one.url}/identity/v3`,
      OS_USERNAME: 'operator',
      OS_PASSWORD: 'sandbox',
      OS_PROJECT_NAME: 'shop',
      AWS_ENDPOINT_URL: `${one.url}/aws`,
      AWS_ENDPOINT_URL_S3: `${one.url}/s3`,
      AWS_REGION: 'ap-northeast-1',
      AWS_ACCESS_KEY_ID: 'sandbox',
    })
    const answer = await octavia(one, 'GET', '/loadbalancers?limit=1')
    expect(answer.status).toBe(200)
    expect(answer.body).toContain(`${one.url}/load-balancer/v2/lbaas/loadbalancers?limit=1&marker=`)
  })

  it('has AWS on it', async () => {
    const one = await start()
    const scope = 'sandbox/20261122/ap-northeast-1/sts/aws4_request'
    const answer = await send(one, 'POST', '/aws/', {
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    })
    expect([answer.status, answer.body.includes('<Account>123456789012</Account>')]).toEqual([200, true])
  })

  it('names what there is where nothing is', async () => {
    const one = await start()
    expect(await send(one, 'GET', '/')).toMatchObject({ status: 404 })
    expect((await send(one, 'GET', '/toString/x')).status).toBe(404)
  })
})

describe('web pages stay out', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1.evil.example', '0.0.0.0', '[::1]'])(
    'Host %s is refused',
    async (host) => {
      const one = await start()
      const answer = await send(one, 'GET', '/identity/v3', { headers: { host } })
      expect(answer.status).toBe(421)
      expect(answer.body).not.toContain('v3.14')
    },
  )

  it('so is its own port behind a foreign name, and any Origin', async () => {
    const one = await start()
    const foreign = await send(one, 'GET', '/identity/v3', { headers: { host: `evil.example:${one.port}` } })
    const origin = await send(one, 'GET', '/identity/v3', { headers: { origin: 'http://evil.example' } })
    const own = await send(one, 'GET', '/identity/v3', { headers: { host: `localhost:${one.port}` } })
    expect([foreign.status, origin.status, own.status]).toEqual([421, 403, 200])
  })

  it('a body over 1 MiB is refused, and the sandbox lives on', async () => {
    const one = await start()
    const answer = await send(one, 'POST', '/identity/v3/auth/tokens', { body: 'x'.repeat(1024 * 1024 + 1) })
    expect(answer.status).toBe(413)
    expect((await send(one, 'GET', '/identity/v3')).status).toBe(200)
  })
})

describe('time', () => {
  it('is the clock, `speed` times faster from the start', async () => {
    const one = await start({ speed: 60 })
    wall += 1000
    const info = parsed(await send(one, 'GET', '/sandbox/info'))
    expect(info).toMatchObject({
      pid: process.pid,
      speed: 60,
      startedAt: new Date(NOW).toISOString(),
      now: new Date(NOW + 60_000).toISOString(),
    })
  })

  it('ends what is pending sooner', async () => {
    const one = await start({ speed: 60 })
    await addMember(one)
    expect(await status(one, 'provisioning_status')).toBe('PENDING_UPDATE')
    wall += 34
    expect(await status(one, 'provisioning_status')).toBe('ACTIVE')
  })
})

describe('what does not answer', () => {
  it('is said over the wire or in the process, and shows in Octavia', async () => {
    const one = await start()
    const put = (body: string) => send(one, 'PUT', '/sandbox/down', { body })
    expect((await put('{"hosts":["10.20.0.11:8080"]}')).status).toBe(200)
    expect(await status(one, 'operating_status')).toBe('DEGRADED')
    one.setDown([])
    expect(await status(one, 'operating_status')).toBe('ONLINE')
    expect((await put('{"hosts":"all"}')).status).toBe(400)
    expect((await put('{"hosts":["10.20.0.11"]}')).status).toBe(400)
    expect((await put('nonsense')).status).toBe(400)
  })

  it('is bumped when it falls silent, not when somebody looks', async () => {
    const one = await start()
    one.setDown(['10.20.0.11:8080'])
    wall += 60_000
    expect(await status(one, 'updated_at')).toBe('2026-11-22T20:00:00')
  })
})

describe('drills, over the wire', () => {
  const put = (one: Sandbox, path: string, body: Json) =>
    send(one, 'PUT', `/sandbox/${path}`, { body: JSON.stringify(body) })

  it('a service is out until it is told otherwise, and its words are its own', async () => {
    const one = await start()
    const told = await put(one, 'outages', {
      outages: [
        { service: 'load-balancer', kind: 'status', path: '/v2/lbaas/loadbalancers' },
        { service: 'aws', kind: 'status', status: 500, times: 1 },
        { service: 'identity', kind: 'reset', path: '/v3/auth/catalog' },
      ],
    })
    expect(told.status).toBe(200)
    const refused = await octavia(one, 'GET', '/loadbalancers')
    expect([refused.status, at(parsed(refused), 'code')]).toEqual([503, '503 Service Unavailable'])
    expect((await octavia(one, 'GET', '/pools')).status).toBe(200)
    expect((await send(one, 'POST', '/aws/')).body).toContain('<Code>ServiceUnavailable</Code>')
    expect((await send(one, 'POST', '/aws/')).status).not.toBe(500)
    expect(await errorOf(send(one, 'GET', '/identity/v3/auth/catalog'))).toMatchObject({ code: 'ECONNRESET' })
    expect(at(parsed(await send(one, 'GET', '/sandbox/state')), 'outages', 0, 'service')).toBe('load-balancer')
    await put(one, 'outages', { outages: [] })
    expect((await octavia(one, 'GET', '/loadbalancers')).status).toBe(200)
  })

  it('an answer is lost after the change it would have told of, and a refusal has the code it is told to have', async () => {
    const one = await start()
    await put(one, 'outages', { outages: [{ service: 'load-balancer', kind: 'lost', times: 1 }] })
    expect(await errorOf(addMember(one))).toMatchObject({ code: 'ECONNRESET' })
    expect((await addMember(one)).status).toBe(409)
    const code = 'PriorRequestNotComplete'
    await put(one, 'outages', { outages: [{ service: 'aws', kind: 'status', status: 400, code }] })
    expect((await send(one, 'POST', '/aws/')).body).toContain(`<Type>Sender</Type><Code>${code}</Code>`)
    await put(one, 'outages', { outages: [{ service: 's3', kind: 'status', code: 'SlowDown' }] })
    expect((await send(one, 'PUT', '/s3/nyah-switch/x')).body).toContain('<Error><Code>SlowDown</Code>')
  })

  it('an incident is told by name, and ends', async () => {
    const one = await start()
    const told = parsed(await put(one, 'incident', { incident: 'octavia-down' }))
    expect(at(told, 'hosts')).toContain('203.0.113.11:443')
    expect((await octavia(one, 'GET', '/loadbalancers')).status).toBe(503)
    expect((await send(one, 'GET', '/network/v2.0/floatingips')).status).toBe(503)
    await put(one, 'incident', { incident: 'end' })
    expect((await octavia(one, 'GET', '/loadbalancers')).status).toBe(200)
    expect(at(parsed(await send(one, 'GET', '/sandbox/state')), 'down')).toEqual([])
  })

  it('an object is put into a status, where it refuses changes until it is put into another', async () => {
    const one = await start()
    const force = (provisioning_status: string) => put(one, 'status', { id: SHOP_WEB, provisioning_status })
    expect((await force('PENDING_UPDATE')).status).toBe(200)
    wall += 3_600_000
    expect(await status(one, 'provisioning_status')).toBe('PENDING_UPDATE')
    expect((await addMember(one)).status).toBe(409)
    expect((await force('ACTIVE')).status).toBe(200)
    expect((await addMember(one)).status).toBe(201)
  })

  it.each<[string, Json, number]>([
    ['outages', { outages: [{ service: 'identity', kind: 'explode' }] }, 400],
    ['outages', {}, 400],
    ['incident', { incident: 'meteor' }, 400],
    ['status', { id: SHOP_WEB, provisioning_status: 'BROKEN' }, 400],
    ['status', { id: 'no-such-id', provisioning_status: 'ERROR' }, 404],
    ['nothing', {}, 404],
  ])('%s with %j is refused with what it should be', async (path, body, code) => {
    const answer = await put(await start(), path, body)
    expect(answer.status).toBe(code)
    expect(String(at(parsed(answer), 'error'))).not.toBe('')
  })
})

describe('the state', () => {
  it('can be looked at, without a secret', async () => {
    const one = await start()
    const token = await login(one)
    const answer = await send(one, 'GET', '/sandbox/state')
    expect(Object.keys(at(parsed(answer), 'octavia', 'loadbalancers') as object)).toContain(SHOP_WEB)
    expect(answer.body).not.toContain(token)
    expect(answer.body).not.toContain('password')
  })

  it('goes on where it ended: objects, tokens, what is down; its time never goes back', async () => {
    const stateFile = join(folder, 'state.json')
    const first = await start({ stateFile, speed: 60 })
    const token = await login(first)
    await addMember(first)
    first.setDown(['10.20.0.11:8080'])
    wall += 10_000
    await octavia(first, 'DELETE', `/pools/${WEB_POOL}`)
    await first.close()

    const second = await start({ stateFile })
    const now = String(at(parsed(await send(second, 'GET', '/sandbox/info')), 'now'))
    expect(Date.parse(now)).toBeGreaterThanOrEqual(NOW + 600_000)
    const path = `/load-balancer/v2/lbaas/pools/${WEB_POOL}/members`
    const members = parsed(await send(second, 'GET', path, { headers: { 'x-auth-token': token } }))
    expect(
      list(at(members, 'members')).map((row) => `${String(row['address'])} ${String(row['operating_status'])}`),
    ).toContain('10.20.0.11 ERROR')
    expect(list(at(members, 'members'))).toHaveLength(4)
    expect(await status(second, 'provisioning_status')).toBe('PENDING_UPDATE')
  })

  it('is a private file, whole, with nothing beside it', async () => {
    const stateFile = join(folder, 'state.json')
    const one = await start({ stateFile })
    // Whoever holds the old file keeps it as it was: the new one took its place.
    linkSync(stateFile, join(folder, 'held'))
    await addMember(one)
    expect(statSync(stateFile).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).toSorted()).toEqual(['held', 'state.json'])
    expect(readFileSync(join(folder, 'held'), 'utf8')).not.toContain('10.20.0.14')
    expect(readFileSync(stateFile, 'utf8')).toContain('10.20.0.14')
  })

  it.each([
    ['no JSON', 'not json'],
    ['no version', '{}'],
    ['another version', '{"v":999,"now":1,"down":[],"state":{}}'],
    ['half of it', '{"v":1,"now":1}'],
    ['nothing', ''],
  ])('of a file with %s is refused, and the file left alone', async (_, content) => {
    const stateFile = join(folder, 'state.json')
    writeFileSync(stateFile, content)
    const error = await errorOf(start({ stateFile }))
    expect(error.code).toBe('SANDBOX_STATE_INVALID')
    expect(error.message).toContain(stateFile)
    expect(readFileSync(stateFile, 'utf8')).toBe(content)
  })

  it('in a folder that is not there is refused at the start', async () => {
    expect((await errorOf(start({ stateFile: join(folder, 'no', 'state.json') }))).code).toBe(
      'SANDBOX_STATE_UNWRITABLE',
    )
  })
})

describe('the world', () => {
  it('is a file or an object', async () => {
    const world = structuredClone(defaultWorld()) as unknown as { openstack: { loadbalancers: Json[] } }
    world.openstack.loadbalancers.splice(1)
    const file = join(folder, 'world.json')
    writeFileSync(file, JSON.stringify(world))
    for (const given of [file, world]) {
      const one = await start({ world: given })
      const { loadbalancers } = parsed(await octavia(one, 'GET', '/loadbalancers?fields=name')) as {
        loadbalancers: Json
      }
      expect(loadbalancers).toEqual([{ name: 'shop-web' }])
    }
  })

  it.each([
    ['what is no world', { v: 2 }, 'v'],
    ['a field that Octavia refuses', withMember({ weight: 257 }), '256'],
    ['an unknown project', withProject('nobody'), 'nobody'],
  ])('%s is refused, and says where', async (_, world, what) => {
    const error = await errorOf(start({ world }))
    expect(error.code).toBe('SANDBOX_WORLD_INVALID')
    expect(error.message).toContain(what)
  })

  it('can be a built-in one by its name, which says only what differs from another', async () => {
    const world = loadWorld('fields')
    expect({ aws: world.aws, networks: world.networks }).toEqual({
      aws: defaultWorld().aws,
      networks: defaultWorld().networks,
    })
    const one = await start({ world: 'fields' })
    const { loadbalancers } = parsed(
      await octavia(one, 'GET', '/loadbalancers?fields=name&fields=provisioning_status&fields=tags'),
    ) as { loadbalancers: { name: string; provisioning_status: string; tags: string[] }[] }
    const names = [...readFileSync('src/lib/sandbox/README.md', 'utf8').matchAll(/^\| `([^`]+)` \| .*\| fields \|$/gm)]
    expect(names.length).toBeGreaterThan(20)
    expect(loadbalancers.map(({ name }) => name)).toEqual(names.map(([, name]) => name))
    for (const { provisioning_status, tags } of loadbalancers) {
      expect({ provisioning_status, tags }).toEqual({ provisioning_status: 'ACTIVE', tags: ['world=fields'] })
    }
  })

  it.each(['no-such-world', '../default', ''])('%j is no built-in world', async (name) => {
    expect((await errorOf(start({ world: name }))).code).toBe('SANDBOX_WORLD_INVALID')
  })

  it('has the seven that the README names', async () => {
    const one = await start()
    const { loadbalancers } = parsed(
      await octavia(one, 'GET', '/loadbalancers?fields=name&fields=provisioning_status'),
    ) as { loadbalancers: { name: string; provisioning_status: string }[] }
    expect(loadbalancers.map((row) => `${row.name} ${row.provisioning_status}`)).toEqual([
      'shop-web ACTIVE',
      'shop-api ACTIVE',
      'admin ACTIVE',
      'shop-l7 ACTIVE',
      'dns-udp ACTIVE',
      'broken ERROR',
      'bulk ACTIVE',
    ])
  })
})

function withMember(more: Json): object {
  const world = structuredClone(defaultWorld()) as unknown as {
    openstack: { loadbalancers: { listeners: { default_pool: { members: object[] } }[] }[] }
  }
  Object.assign(world.openstack.loadbalancers[0]?.listeners[0]?.default_pool.members[0] ?? {}, more)
  return world
}

function withProject(project: string): object {
  const world = structuredClone(defaultWorld()) as unknown as { openstack: { loadbalancers: object[] } }
  Object.assign(world.openstack.loadbalancers[0] ?? {}, { project })
  return world
}

describe('start and end', () => {
  it('a port that is taken is said', async () => {
    const { port } = await start()
    expect(await errorOf(start({ port }))).toMatchObject({ code: 'SANDBOX_PORT' })
  })

  it('closes at once, idle connections included', async () => {
    const one = await start()
    await send(one, 'GET', '/identity/v3', { headers: { connection: 'keep-alive' } })
    await one.close()
    expect((await errorOf(send(one, 'GET', '/identity/v3'))).code).toBe('ECONNREFUSED')
  })
})
