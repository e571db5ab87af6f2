import * as z from 'zod/mini'
import { FORCIBLE, forced } from './openstack/forced.ts'
import { effectOf, INCIDENTS } from './incident.ts'
import { OUTAGES, type Outage, type Outages } from './outage.ts'
import type { WireResponse } from './service.ts'
import { settle, type SandboxState } from './services.ts'

/** What can be asked of the sandbox itself, below `/sandbox`. */

export interface Inside {
  readonly startedAt: number
  readonly speed: number
  /** Where Route 53's zones answer DNS queries. */
  readonly nameServer: string
  /** Milliseconds since the epoch, on the sandbox's clock. */
  now(): number
  state(): SandboxState
  keep(next: SandboxState): void
  down(): ReadonlySet<string>
  setDown(hosts: readonly string[]): void
  readonly outages: Outages
}

export const json = (status: number, body: unknown): WireResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

export const refuse = (status: number, error: string): WireResponse => json(status, { error })

const hostsSchema = z.object({ hosts: z.array(z.string().check(z.regex(/^\S+:\d{1,5}$/))) })

const statusSchema = z.object({ id: z.string(), provisioning_status: z.enum(FORCIBLE) })

const incidentSchema = z.object({ incident: z.enum(INCIDENTS) })

const REQUESTS =
  'GET /sandbox/info, GET /sandbox/state, PUT /sandbox/down, PUT /sandbox/outages, PUT /sandbox/incident, PUT /sandbox/status'

/** Puts an object of Octavia into a status, where it stays; false: there is none with that id. */
export function force(inside: Inside, id: string, status: (typeof FORCIBLE)[number]): boolean {
  const settled = settle(inside.state(), { now: inside.now(), down: inside.down() })
  const octavia = forced(settled.openstack.octavia, id, status, inside.now())
  if (octavia === null) return false
  inside.keep({ ...settled, openstack: { ...settled.openstack, octavia } })
  return true
}

/** Answers one request; `path` begins with `/` and stands below `/sandbox`. */
export function control(inside: Inside, path: string, method: string, body: string): WireResponse {
  const { startedAt, speed, nameServer, outages } = inside
  const now = inside.now()
  if (path === '/info' && method === 'GET') {
    return json(200, {
      pid: process.pid,
      startedAt: new Date(startedAt).toISOString(),
      speed,
      now: new Date(now).toISOString(),
      nameServer,
    })
  }
  if (path === '/state' && method === 'GET') {
    // Without users, secrets and tokens: what is there, not who may.
    const { openstack, ...rest } = settle(inside.state(), { now, down: inside.down() })
    const octavia = openstack.octavia
    return json(200, {
      now: new Date(now).toISOString(),
      down: [...inside.down()],
      outages: outages.all(),
      octavia,
      ...rest,
    })
  }
  if (path === '/down' && method === 'PUT') {
    const given = hostsSchema.safeParse(parsed(body))
    if (!given.success) return refuse(400, 'the body must be {"hosts": ["10.20.0.11:8080", …]}')
    inside.setDown(given.data.hosts)
    return json(200, { hosts: [...inside.down()] })
  }
  if (path === '/outages' && method === 'PUT') {
    const given = OUTAGES.safeParse(parsed(body))
    if (!given.success) {
      return refuse(400, 'the body must be {"outages": [{"service": "identity", "kind": "status|hang|reset|lost"}, …]}')
    }
    outages.set(given.data.outages satisfies readonly Outage[])
    return json(200, { outages: outages.all() })
  }
  if (path === '/incident' && method === 'PUT') {
    const given = incidentSchema.safeParse(parsed(body))
    if (!given.success) return refuse(400, `the body must be {"incident": "${INCIDENTS.join('|')}"}`)
    const effect = effectOf(given.data.incident, inside.state())
    inside.setDown(effect.down)
    outages.set(effect.outages)
    return json(200, { ...given.data, hosts: effect.down, outages: effect.outages })
  }
  if (path === '/status' && method === 'PUT') {
    const given = statusSchema.safeParse(parsed(body))
    if (!given.success) {
      return refuse(400, `the body must be {"id": "…", "provisioning_status": "${FORCIBLE.join('|')}"}`)
    }
    const { id, provisioning_status } = given.data
    return force(inside, id, provisioning_status) ? json(200, given.data) : refuse(404, `Octavia has no ${id}`)
  }
  return refuse(404, REQUESTS)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
