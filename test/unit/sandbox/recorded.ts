import { readFileSync, readdirSync } from 'node:fs'
import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import { list } from './cloud.ts'

/** The world that the recorded answers came from, rebuilt from them with its own ids and times. */

const folder = new URL('../../../fixtures/octavia/', import.meta.url)

export const recorded = (file: string): Json => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Json

export interface Entry {
  readonly file: string
  readonly request: string
  readonly to: 'keystone' | 'octavia'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly requestBody?: Json
}

export const ENTRIES = list((recorded('INDEX.json') as JsonObject)['entries'] ?? []) as unknown as readonly Entry[]

const rows = (file: string): JsonObject[] => list(Object.values(recorded(file) as JsonObject)[0] ?? [])

const keep = (row: JsonObject, ...drop: string[]): JsonObject =>
  Object.fromEntries(
    Object.entries(row).filter(
      ([key, value]) =>
        value !== null && !['tenant_id', 'project_id', 'vip_vnic_type', 'vnic_type', ...drop].includes(key),
    ),
  )

/** The members of each pool, from whichever recorded list is whole. */
function membersByPool(): Map<string, JsonObject[]> {
  const found = new Map<string, JsonObject[]>()
  for (const entry of ENTRIES) {
    const [, pool] = /^GET \/v2\/lbaas\/pools\/([0-9a-f-]+)\/members$/.exec(entry.request) ?? []
    if (pool === undefined || entry.status !== 200 || found.has(pool)) continue
    found.set(pool, rows(entry.file))
  }
  return found
}

function rulesByPolicy(): Map<string, JsonObject[]> {
  const lists = readdirSync(folder).filter((file) => file.startsWith('l7rules-list-'))
  const policies = rows('l7policies-list-all.json')
  return new Map(
    lists.map((file) => {
      const name = file.slice('l7rules-list-'.length, -'.json'.length)
      return [String(policies.find((policy) => policy['name'] === name)?.['id']), rows(file)]
    }),
  )
}

export function recordedWorld(): JsonObject {
  const members = membersByPool()
  const rules = rulesByPolicy()
  const monitors = rows('healthmonitors-list-all.json')
  const home = (row: JsonObject): Json => list(row['loadbalancers'] ?? [])[0]?.['id'] ?? null
  const poolNode = (row: JsonObject): JsonObject => {
    const monitor = monitors.find((one) => one['id'] === row['healthmonitor_id'])
    return {
      ...keep(row, 'loadbalancers', 'listeners', 'healthmonitor_id', 'members'),
      ...(monitor === undefined ? {} : { healthmonitor: keep(monitor, 'pools') }),
      members: (members.get(String(row['id'])) ?? []).map((member) => keep(member)),
    }
  }
  const policies = rows('l7policies-list-all.json').map((row) => ({
    ...keep(row, 'rules'),
    rules: (rules.get(String(row['id'])) ?? []).map((rule) => keep(rule)),
  }))
  const listenerNode = (row: JsonObject): JsonObject => ({
    ...keep(row, 'loadbalancers', 'l7policies'),
    l7policies: policies
      .filter((policy) => (policy as JsonObject)['listener_id'] === row['id'])
      .map((policy) => keep(policy as JsonObject, 'listener_id')),
  })
  const projects = [
    { id: '5557cbf2f5234029a063cd1d2153a258', name: 'mirror' },
    { id: '00000000000000000000000000000002', name: 'other' },
  ]
  const user = (name: string, project: string, ...roles: string[]): JsonObject => ({
    name,
    password: 'sandbox',
    roles: { [project]: roles },
  })
  return {
    region: 'RegionOne',
    projects,
    users: [
      user('operator', 'mirror', 'load-balancer_member', 'member', 'reader'),
      user('observer', 'mirror', 'load-balancer_observer'),
      user('noroles', 'mirror', 'unrelated'),
      user('stranger', 'other', 'member', 'reader'),
      user('admin', 'mirror', 'admin'),
    ],
    applicationCredentials: [
      {
        id: '4a155c8bd9d34923af734efdd6a7dcac',
        name: 'nyah-1795376217724',
        secret: 'right',
        user: 'operator',
        project: 'mirror',
      },
    ],
    loadbalancers: rows('loadbalancers-list.json').map((row) => ({
      project: 'mirror',
      ...keep(row, 'listeners', 'pools'),
      pools: rows('pools-list-all.json')
        .filter((pool) => home(pool) === row['id'])
        .map(poolNode),
      listeners: rows('listeners-list-all.json')
        .filter((listener) => home(listener) === row['id'])
        .map(listenerNode),
    })),
  }
}

const byId = (a: Json, b: Json): number =>
  JSON.stringify(a) < JSON.stringify(b) ? -1 : JSON.stringify(a) > JSON.stringify(b) ? 1 : 0

/**
 * What may differ: health (the recording had no heartbeat yet), the order of embedded lists (the real one has none), and
 * the provider's description.
 */
export function comparable(value: Json, depth = 0): Json {
  if (Array.isArray(value)) {
    const items = (value as Json[]).map((item) => comparable(item, depth + 1))
    return depth > 1 ? items.toSorted(byId) : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'operating_status')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, comparable(item, depth + 1)]),
  )
}
