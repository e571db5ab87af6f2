import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod/mini'
import { EXIT, nyahError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import { control, force, refuse, type Inside } from './control.ts'
import { answer as answerName } from './dns/answer.ts'
import { referredIn } from './dns/referred.ts'
import { servedZones } from './dns/served.ts'
import { startNameServer } from './dns/server.ts'
import { createOutages, outageResponse, type Outage } from './outage.ts'
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
  /** 0 ≤ random() < 1: draws which record of a weighted set answers a query. Math.random by default. */
  readonly random?: () => number
  /** Awaited before a request is answered: for measurements that add time to each call. */
  readonly arrived?: (call: Arrived) => Promise<void>
}

/** A request with its body, and the response that it will get. */
export interface Arrived {
  readonly request: IncomingMessage
  readonly body: string
  readonly response: ServerResponse
}

export interface Sandbox {
  /** `http://127.0.0.1:4510` */
  readonly url: string
  readonly port: number
  /** Where Route 53's zones answer DNS queries, UDP and TCP: `127.0.0.1:5353`. */
  readonly nameServer: string
  /** What an OpenStack or AWS tool needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>
  /** Which members (`10.20.0.11:8080`) do not answer from now on; all others do. */
  setDown(hosts: readonly string[]): void
  /** What the services do instead of answering, from now on; in place of what was said before. */
  setOutages(outages: readonly Outage[]): void
  /** Puts an object of Octavia into a provisioning status, where it stays until put into another. False: no such id. */
  force(id: string, status: 'ACTIVE' | 'PENDING_CREATE' | 'PENDING_UPDATE' | 'PENDING_DELETE' | 'ERROR'): boolean
  /** Puts another state in place of the present one, past all checks: for tests that arrange a cloud. */
  change(edit: (state: SandboxState, now: number) => SandboxState): void
  close(): Promise<void>
}

/** Larger bodies are refused with 413. */
const BODY_MAX = 1024 * 1024

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

  if (kept === null) keep(state)
  const random = options.random ?? Math.random
  const names = await startNameServer((question) => {
    const around = { now: now(), down }
    return answerName(servedZones(state.aws, around.now), question, referredIn(state.aws, around), random)
  })
  const nameServers = [names.address]
  const outages = createOutages()
  const inside: Inside = {
    nameServer: names.address,
    startedAt,
    speed,
    now,
    state: () => state,
    keep,
    down: () => down,
    setDown,
    outages,
  }

  function answer(request: IncomingMessage, body: string, origin: string): WireResponse | 'hang' | 'reset' {
    const asked = request.url ?? '/'
    if (!asked.startsWith('/')) return refuse(400, 'the sandbox is no proxy')
    const target = new URL(`${origin}${asked}`)
    const [, prefix = '', path = ''] = /^\/([^/]*)(.*)$/.exec(target.pathname) ?? []
    const method = request.method ?? 'GET'
    if (prefix === 'sandbox') return control(inside, path, method, body)
    const service = Object.hasOwn(SERVICES, prefix) ? SERVICES[prefix] : undefined
    if (service === undefined)
      return refuse(404, 'there are /identity, /load-balancer, /network, /aws, /s3, /prometheus and /sandbox')
    const below = path === '' ? '/' : path
    const outage = outages.meet(prefix, below)
    if (outage?.kind === 'status') return outageResponse(outage)
    if (outage?.kind === 'hang' || outage?.kind === 'reset') return outage.kind
    const wire: WireRequest = {
      method,
      path: below,
      query: target.searchParams,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body,
      baseUrl: `${origin}/${prefix}`,
    }
    const { state: next, response } = service(state, wire, { now: now(), down, nameServers })
    if (next !== state) keep(next)
    return outage?.kind === 'lost' ? 'reset' : response
  }

  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
    const arrived = async (body: string) => {
      await options.arrived?.({ request, body, response })
      return answer(request, body, `http://${hosts[0]}`)
    }
    handle(request, hosts, arrived).then(
      (given) => send(request, response, given, now()),
      (error: unknown) =>
        send(request, response, refuse(500, error instanceof Error ? error.message : String(error)), now()),
    )
  })
  await listen(server, options.port ?? 0).catch(async (error: unknown) => {
    await names.close()
    throw error
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    port,
    nameServer: names.address,
    env: { ...environment(url, world), NYAH_SANDBOX_DNS: names.address, NYAH_SANDBOX_PROMETHEUS: `${url}/prometheus` },
    setDown,
    setOutages: (given) => outages.set(given),
    force: (id, status) => force(inside, id, status),
    change: (edit) => keep(edit(settle(state, { now: now(), down }), now())),
    close: async () => {
      await Promise.all([close(server), names.close()])
    },
  }
}

const worldOf = (world: string | object | undefined): World =>
  world === undefined ? defaultWorld() : typeof world === 'string' ? loadWorld(world) : parseWorld(world, 'given')

/**
 * A web page must not reach the sandbox: neither by a name of its own that points to 127.0.0.1 (DNS rebinding), nor
 * across origins.
 */
async function handle(
  request: IncomingMessage,
  hosts: readonly string[],
  answer: (body: string) => Promise<WireResponse | 'hang' | 'reset'>,
): Promise<WireResponse | 'hang' | 'reset'> {
  if (!hosts.includes(request.headers.host ?? '')) return refuse(421, 'this host name is not the sandbox')
  if (request.headers.origin !== undefined) return refuse(403, 'the sandbox does not talk to web pages')
  const body = await bodyOf(request)
  return body === null ? refuse(413, `a body may have ${BODY_MAX} bytes`) : answer(body)
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  given: WireResponse | 'hang' | 'reset',
  now: number,
): void {
  if (response.destroyed || given === 'hang') return
  if (given === 'reset') return void request.socket.resetAndDestroy()
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
    AWS_ENDPOINT_URL_S3: `${url}/s3`,
    AWS_REGION: typeof awsRegion === 'string' ? awsRegion : 'us-east-1',
    AWS_ACCESS_KEY_ID: 'sandbox',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
  }
}
