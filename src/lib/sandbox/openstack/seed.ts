import * as z from 'zod/mini'
import type { JsonObject } from '../../core/json.ts'
import { unusableWorld } from '../world.ts'
import { addLoadBalancer } from './build.ts'
import type { Body } from './fields.ts'
import { plain } from './fields.ts'
import { hexOf, uuidOf } from './ids.ts'
import { heartbeat } from './health.ts'
import type { FloatingIp, Octavia, OpenStackState, Project, Row } from './model.ts'
import { TABLES } from './model.ts'
import { isRefusal } from './reply.ts'

/** Section `openstack` of a world. Load balancers are written as a single-call create is, plus ids, times and statuses. */
const schema = z.object({
  region: z.string(),
  projects: z.array(z.object({ id: z.string(), name: z.string() })),
  users: z.array(
    z.object({ name: z.string(), password: z.string(), roles: z.record(z.string(), z.array(z.string())) }),
  ),
  applicationCredentials: z.array(
    z.object({ id: z.string(), name: z.string(), secret: z.string(), user: z.string(), project: z.string() }),
  ),
  loadbalancers: z.array(z.intersection(z.object({ project: z.string() }), z.record(z.string(), z.json()))),
  /** Absent: a cloud whose catalogue has no network service. */
  floatingips: z.optional(
    z.array(
      z.object({ project: z.string(), floating_ip_address: z.string(), fixed_ip_address: z.nullable(z.string()) }),
    ),
  ),
})

const NONE: Octavia = {
  loadbalancers: {},
  listeners: {},
  pools: {},
  members: {},
  healthmonitors: {},
  l7policies: {},
  rules: {},
}

/**
 * The private cloud as the world says. Objects without an id get one made of their load balancer's and their place,
 * so a world is the same at every start; those without `created_at` are as old as the sandbox.
 */
export function initialOpenStack(section: JsonObject, now: number, tokenLifetimeSeconds = 3600): OpenStackState {
  const parsed = schema.safeParse(section)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw unusableWorld('(section openstack)', `${issue?.path.map(String).join('.')}: ${issue?.message}`)
  }
  const { region, projects, users, applicationCredentials, loadbalancers, floatingips } = parsed.data
  const octavia: Octavia = structuredClone(NONE)
  for (const { project: projectName, ...node } of loadbalancers) {
    const project = projects.find((one) => one.name === projectName)
    if (project === undefined) throw unusableWorld('(section openstack)', `there is no project ${projectName}`)
    const body = node as Body
    let place = 0
    const id = (given: Body): string => {
      place += 1
      return typeof given['id'] === 'string' ? given['id'] : uuidOf(`${plain(body['id'])} ${place}`)
    }
    // What stands below a load balancer is as old as it is, unless the world says otherwise.
    const since = typeof body['created_at'] === 'string' ? Date.parse(`${body['created_at']}Z`) : now
    try {
      addLoadBalancer(octavia, body, { now: since, projectId: project.id, settlesAt: null, id })
    } catch (error) {
      if (!isRefusal(error)) throw error
      throw unusableWorld(`(load balancer ${plain(body['name'])})`, error.response.body)
    }
  }
  return {
    seq: 0,
    identity: {
      region,
      domain: { id: 'default', name: 'Default' },
      projects,
      users: users.map((user) => ({ ...user, id: hexOf(`user ${user.name}`) })),
      applicationCredentials,
      tokenLifetimeSeconds,
      tokens: {},
    },
    octavia: seeded(octavia, now),
    floatingIps: floatingips?.map((seed) => floatingIpOf(seed, projects, octavia)) ?? null,
  }
}

/** A floating IP stands in front of the VIP's port where its fixed address is one. */
function floatingIpOf(
  seed: { project: string; floating_ip_address: string; fixed_ip_address: string | null },
  projects: readonly Project[],
  { loadbalancers }: Octavia,
): FloatingIp {
  const { project: name, floating_ip_address: floatingAddress, fixed_ip_address: fixedAddress } = seed
  const project = projects.find((one) => one.name === name)
  if (project === undefined) throw unusableWorld('(section openstack)', `there is no project ${name}`)
  const vip = Object.values(loadbalancers).find((row) => row.vip_address === fixedAddress)
  const portId = fixedAddress === null ? null : (vip?.vip_port_id ?? uuidOf(`port ${fixedAddress}`))
  return { floatingAddress, fixedAddress, portId, projectId: project.id }
}

/** With the first statuses: they are there from the start and no change, so they bump nothing. */
export function seeded(before: Octavia, now: number): Octavia {
  const next = structuredClone(heartbeat(before, now, new Set()))
  for (const table of TABLES) {
    const old: Record<string, Row> = before[table]
    for (const row of Object.values(next[table])) row.updated_at = old[row.id]?.updated_at ?? null
  }
  return next
}
