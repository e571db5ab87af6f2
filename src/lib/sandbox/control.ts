import * as z from 'zod/mini'
import { ALARM_STATES, alarmsAs } from './aws/cloudwatch-state.ts'
import { FORCIBLE, forced } from './openstack/forced.ts'
import { effectOf, INCIDENTS, watchedAs } from './incident.ts'
import { OUTAGES, type Outage, type Outages } from './outage.ts'
import { isSeries, seriesAs } from './prometheus.ts'
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

const alarmsSchema = z.object({ alarms: z.record(z.string(), z.enum(ALARM_STATES)) })

const metricsSchema = z.object({
  metrics: z.record(z.string().check(z.refine(isSeries)), z.nullable(z.string())),
})

const REQUESTS = [
  'GET /sandbox/info, GET /sandbox/state',
  ...['down', 'outages', 'incident', 'status', 'alarms', 'metrics'].map((each) => `PUT /sandbox/${each}`),
].join(', ')

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
    inside.keep(watchedAs(effect, inside.state(), now))
    return json(200, { ...given.data, hosts: effect.down, outages: effect.outages, ...watched(inside) })
  }
  if (path === '/alarms' && method === 'PUT') {
    const given = alarmsSchema.safeParse(parsed(body))
    if (!given.success) return refuse(400, `the body must be {"alarms": {"shop-errors": "${ALARM_STATES.join('|')}"}}`)
    const state = inside.state()
    const unknown = Object.keys(given.data.alarms).find((name) => !state.aws.alarms.some((each) => each.name === name))
    if (unknown !== undefined) return refuse(404, `there is no alarm ${unknown}`)
    inside.keep({ ...state, aws: { ...state.aws, alarms: alarmsAs(state.aws.alarms, given.data.alarms, now) } })
    return json(200, watched(inside))
  }
  if (path === '/metrics' && method === 'PUT') {
    const given = metricsSchema.safeParse(parsed(body))
    if (!given.success) return refuse(400, 'the body must be {"metrics": {"up{job=\\"nyah\\"}": "1", "gone": null}}')
    const { metrics, ...rest } = inside.state()
    inside.keep({ ...rest, metrics: { ...metrics, now: seriesAs(metrics.now, given.data.metrics) } })
    return json(200, watched(inside))
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

/** How the alarms and the metrics are. */
const watched = (inside: Inside): object => {
  const { aws, metrics } = inside.state()
  const alarms = aws.alarms.map(({ name, region, state }) => [
    region === aws.region ? name : `${name}@${region}`,
    state,
  ])
  return { alarms: Object.fromEntries(alarms), metrics: metrics.now }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
