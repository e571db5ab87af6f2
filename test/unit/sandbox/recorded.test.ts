import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import { cloud } from './cloud.ts'
import { ENTRIES, comparable, recorded, recordedWorld } from './recorded.ts'

/** Answers of another moment or another server: a heartbeat, a held worker, a broken database, a smaller page. */
const OTHER_MOMENT =
  /after-heartbeat|all-members-down|no-monitor|pending|keystone-down|database-down|page-max-5|after-delete|show-error|immutable|experiment|statuses-deleted/

const reads = ENTRIES.filter(
  (entry) =>
    entry.to === 'octavia' &&
    entry.request.startsWith('GET /') &&
    !entry.request.includes('{') &&
    entry.file.endsWith('.json') &&
    !OTHER_MOMENT.test(entry.file) &&
    // The list was empty then.
    entry.file !== 'loadbalancers-list-empty-v2.0.json' &&
    // Our own words.
    entry.file !== 'providers-list.json',
)

const worldOnce = recordedWorld()

/** Whose token the recorder sent. */
function tokenFor(file: string, one: ReturnType<typeof cloud>): string | null | undefined {
  if (file.includes('as-admin') || file === 'quotas-defaults.json') return one.login('admin', 'mirror')
  if (file.includes('observer')) return one.login('observer', 'mirror')
  if (file.includes('no-role')) return one.login('noroles', 'mirror')
  if (file.includes('stranger') || file.includes('other-project')) return one.login('stranger', 'other')
  if (file.includes('unscoped')) return one.login('operator', null)
  if (file.includes('no-token')) return null
  if (/bad-token|revoked|expired/.test(file)) return 'gAAAAABnonsense'
  return undefined
}

describe('every recorded read, asked again of the sandbox in the recorded world', () => {
  it('there are many of them', () => {
    expect(reads.length).toBeGreaterThan(120)
  })

  it.each(reads.map((entry) => [entry.file, entry] as const))('%s', (_, entry) => {
    const one = cloud(worldOnce)
    const answer = one.call('GET', `=${entry.request.slice('GET '.length)}`, undefined, tokenFor(entry.file, one))
    expect(answer.status).toBe(entry.status)
    expect(comparable(answer.body)).toEqual(comparable(recorded(entry.file)))
    const { 'x-openstack-request-id': requestId, 'www-authenticate': challenge, ...headers } = answer.headers
    expect(headers).toEqual({ 'content-type': entry.headers['content-type'] })
    expect(requestId === undefined).toBe(entry.headers['x-openstack-request-id'] === undefined)
    expect(challenge === undefined).toBe(entry.headers['www-authenticate'] === undefined)
  })
})

/** Ids, times and addresses are new in every create. */
const anonymous = (value: Json): Json =>
  comparable(
    JSON.parse(
      JSON.stringify(value)
        .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, 'uuid')
        .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, 'time')
        .replaceAll(/198\.51\.100\.\d+/g, 'vip'),
    ) as Json,
  )

const writes = ENTRIES.filter(
  (entry) =>
    entry.to === 'octavia' && entry.requestBody !== undefined && entry.status >= 200 && !/immutable/.test(entry.file),
)

/** Where the recorded write found a world that is not the final one: what it made is taken away first. */
function before(file: string): JsonObject {
  const world = structuredClone(worldOnce) as {
    loadbalancers: { name: string; listeners: JsonObject[]; pools: JsonObject[] }[]
  }
  for (const balancer of world.loadbalancers) {
    if (file === 'listener-create-terminated-https.json') {
      balancer.listeners = balancer.listeners.filter((one) => one['protocol'] !== 'TERMINATED_HTTPS')
    }
    if (balancer.name !== 'l-shared-pool') continue
    if (file === 'listener-create.json') balancer.listeners = []
    if (file === 'pool-create.json') Object.assign(balancer, { listeners: [], pools: [] })
    for (const pool of balancer.pools as { members?: Json; healthmonitor?: Json }[]) {
      delete pool.healthmonitor
      if (file === 'member-create.json') pool.members = []
    }
  }
  return world
}

describe('every recorded write whose body was kept', () => {
  it('there are some of each kind', () => {
    expect(writes.map((entry) => entry.file)).toEqual(
      expect.arrayContaining([
        'loadbalancer-create-full-graph-201.json',
        'listener-create.json',
        'pool-create.json',
        'member-create.json',
        'healthmonitor-create.json',
        'error-409-duplicate-member.json',
      ]),
    )
  })

  it.each(writes.map((entry) => [entry.file, entry] as const))('%s', (file, entry) => {
    const one = cloud(before(file))
    const [method = '', path = ''] = entry.request.split(' ')
    const answer = one.call(method, `=${path}`, entry.requestBody, tokenFor(file, one))
    expect(answer.status).toBe(entry.status)
    expect(anonymous(answer.body)).toEqual(anonymous(recorded(file)))
  })
})
