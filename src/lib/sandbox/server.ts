import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod/mini'
import { EXIT, nyahError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { WireRequest, WireResponse } from './service.ts'
import type { SandboxState } from './services.ts'
import { SERVICES, initialState, settle } from './services.ts'
import { VERSION, readState, writeState } from './state-file.ts'
import type { World } from './world.ts'
import { defaultWorld, loadWorld, parseWorld } from './world.ts'

/** The sandbox on a socket: loopback only, one process, one request after the other. */

export interface SandboxOptions {
  /** 0 (the default): any free one. */
  readonly port?: number
  /** A file, or what stands in one; the built-in world by default. */
  readonly world?: string | object
  /** Kept there after every change, and gone on from at the next start. */
  readonly stateFile?: string
  readonly clock: Clock
  /** How many times faster than `clock` the sandbox's time runs; 1 by default. */
  readonly speed?: number
  /** How long Keystone's tokens live, on the sandbox's time; an hour by default. */
  readonly token?: { readonly lifetimeSeconds: number }
}

export interface Sandbox {
  /** `http://127.0.0.1:4510` */
  readonly url: string
  readonly port: number
  /** What an OpenStack or AWS tool needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>
  /** Which members (`10.20.0.11:8080`) do not answer from now on; all others do. */
  setDown(hosts: readonly string[]): void
  close(): Promise<void>
}

/** Larger bodies are refused with 413. */
const BODY_MAX = 1024 * 1024

const json = (status: number, body: unknown): WireResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const refuse = (status: number, error: string): WireResponse => json(status, { error })

/** Null: too large. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_MAX) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const hostsSchema = z.object({ hosts: z.array(z.string().check(z.regex(/^\S+:\d{1,5}$/))) })

/** Listens on 127.0.0.1. Throws SANDBOX_STATE_INVALID, SANDBOX_STATE_UNWRITABLE, SANDBOX_WORLD_INVALID, SANDBOX_PORT. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, stateFile, speed = 1 } = options
  const world = worldOf(options.world)
  const kept = stateFile === undefined ? null : readState<SandboxState>(stateFile)
  const startedAt = clock.now()
  const base = Math.max(startedAt, kept?.now ?? 0)
  const now = (): number => Math.floor(base + (clock.now() - startedAt) * speed)
  let down: ReadonlySet<string> = new Set(kept?.down)
  let state = kept?.state ?? initialState(world, base, options.token?.lifetimeSeconds)

  const keep = (next: SandboxState): void => {
    if (stateFile !== undefined) writeState(stateFile, { v: VERSION, now: now(), down: [...down], state: next })
    state = next
  }
  const setDown = (hosts: readonly string[]): void => {
    down = new Set(hosts)
    keep(settle(state, { now: now(), down }))
  }

  function control(path: string, method: string, body: string): WireResponse {
    if (path === '/info' && method === 'GET') {
      return json(200, {
        pid: process.pid,
        startedAt: new Date(startedAt).toISOString(),
        speed,
        now: new Date(now()).toISOString(),
      })
    }
    if (path === '/state' && method === 'GET') {
      // Without users, secrets and tokens: what is there, not who may.
      const { openstack, ...rest } = settle(state, { now: now(), down })
      return json(200, { now: new Date(now()).toISOString(), down: [...down], octavia: openstack.octavia, ...rest })
    }
    if (path === '/down' && method === 'PUT') {
      const hosts = hostsSchema.safeParse(parsed(body))
      if (!hosts.success) return refuse(400, 'the body must be {"hosts": ["10.20.0.11:8080", …]}')
      setDown(hosts.data.hosts)
      return json(200, { hosts: [...down] })
    }
    return refuse(404, 'GET /sandbox/info, GET /sandbox/state, PUT /sandbox/down')
  }

  function answer(request: IncomingMessage, body: string, origin: string): WireResponse {
    const asked = request.url ?? '/'
    if (!asked.startsWith('/')) return refuse(400, 'the sandbox is no proxy')
    const target = new URL(`${origin}${asked}`)
    const [, prefix = '', path = ''] = /^\/([^/]*)(.*)$/.exec(target.pathname) ?? []
    const method = request.method ?? 'GET'
    if (prefix === 'sandbox') return control(path, method, body)
    const service = Object.hasOwn(SERVICES, prefix) ? SERVICES[prefix] : undefined
    if (service === undefined) return refuse(404, 'there are /identity, /load-balancer, /aws and /sandbox')
    const wire: WireRequest = {
      method,
      path: path === '' ? '/' : path,
      query: target.searchParams,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body,
      baseUrl: `${origin}/${prefix}`,
    }
    const { state: next, response } = service(state, wire, { now: now(), down })
    if (next !== state) keep(next)
    return response
  }

  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
    handle(request, hosts, (body) => answer(request, body, `http://${hosts[0]}`)).then(
      (given) => send(request, response, given, now()),
      (error: unknown) =>
        send(request, response, refuse(500, error instanceof Error ? error.message : String(error)), now()),
    )
  })
  if (kept === null) keep(state)
  await listen(server, options.port ?? 0)
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return { url, port, env: environment(url, world), setDown, close: () => close(server) }
}

const worldOf = (world: string | object | undefined): World =>
  world === undefined ? defaultWorld() : typeof world === 'string' ? loadWorld(world) : parseWorld(world, 'given')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * A web page must not reach the sandbox: neither by a name of its own that points to 127.0.0.1 (DNS rebinding), nor
 * across origins.
 */
async function handle(
  request: IncomingMessage,
  hosts: readonly string[],
  answer: (body: string) => WireResponse,
): Promise<WireResponse> {
  if (!hosts.includes(request.headers.host ?? '')) return refuse(421, 'this host name is not the sandbox')
  if (request.headers.origin !== undefined) return refuse(403, 'the sandbox does not talk to web pages')
  const body = await bodyOf(request)
  return body === null ? refuse(413, `a body may have ${BODY_MAX} bytes`) : answer(body)
}

function send(request: IncomingMessage, response: ServerResponse, given: WireResponse, now: number): void {
  if (response.destroyed) return
  const payload = Buffer.from(given.body, 'utf8')
  // What was not read of a refused body would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close')
  // Its own time, which clients compare with `updated_at`: this machine's would be another clock.
  response.setHeader('date', new Date(now).toUTCString())
  const bodiless = given.status === 204 || request.method === 'HEAD'
  response.writeHead(given.status, bodiless ? given.headers : { ...given.headers, 'content-length': payload.length })
  response.end(bodiless ? undefined : payload)
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        nyahError({
          code: 'SANDBOX_PORT',
          message: `the sandbox cannot listen on 127.0.0.1:${port}: ${error.code ?? error.message}`,
          exit: EXIT.configuration,
          tries: ['take another port: nyah sandbox start --port 0 finds a free one'],
        }),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

const accounts = z.object({
  region: z.string(),
  users: z.array(z.object({ name: z.string(), password: z.string(), roles: z.record(z.string(), z.any()) })),
})

/** The world's first user, in that user's first project. */
function environment(url: string, world: World): Record<string, string> {
  const { region, users } = accounts.parse(world.openstack)
  const [user] = users
  const awsRegion = world.aws['region']
  return {
    OS_AUTH_URL: `${url}/identity/v3`,
    OS_IDENTITY_API_VERSION: '3',
    OS_REGION_NAME: region,
    OS_USERNAME: user?.name ?? '',
    OS_PASSWORD: user?.password ?? '',
    OS_PROJECT_NAME: Object.keys(user?.roles ?? {})[0] ?? '',
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_DOMAIN_ID: 'default',
    AWS_ENDPOINT_URL: `${url}/aws`,
    AWS_REGION: typeof awsRegion === 'string' ? awsRegion : 'us-east-1',
    AWS_ACCESS_KEY_ID: 'sandbox',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
  }
}
