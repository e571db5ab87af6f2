import { EXIT, isNyahError, nyahError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SourceHealthMonitor, SourceMember, SourceTree } from '../../ports/source.ts'
import type { OctaviaClient } from './client.ts'
import { check, decodeHealthMonitor, decodeListener, decodeLoadBalancer, decodeMember, decodePool } from './decode.ts'
import type { FoundLoadBalancer, FoundPool } from './decode.ts'
import * as z from 'zod/mini'
import { listAll, readPage } from './pages.ts'
import { mapBounded } from './bounded.ts'

export interface TreeReader {
  readonly client: OctaviaClient
  readonly clock: Clock
  /** Requests in flight at once. */
  readonly parallel: number
  /** Per load balancer: its latest state and when this process first saw it. Kept from one reading to the next. */
  readonly seen: Map<string, { readonly stamp: string; readonly since: number }>
}

/** How often a tree is read before nyah says that it keeps changing. */
const MAX_READINGS = 5

/**
 * `updated_at` has a resolution of 1 s, and clocks of API and worker nodes differ a little: two changes closer than
 * this can leave the same time behind.
 */
const SETTLE_MS = 2_000

/** Resolution of an HTTP Date header. */
const HEADER_STEP_MS = 1_000

/** What one pass over the tree gave. */
type Reading = { readonly tree: SourceTree } | { readonly unsettled: string; readonly waitMs: number } | null

/** Reads until nothing changed between the first and the last call. Null: there is no such load balancer. */
export async function readTree(
  reader: TreeReader,
  id: string,
  signal: AbortSignal | undefined,
): Promise<SourceTree | null> {
  for (let count = 1; ; count++) {
    const reading = await readOnce(reader, id, signal)
    if (reading === null) return null
    if ('tree' in reading) return reading.tree
    if (count === MAX_READINGS) {
      throw nyahError({
        code: 'OCTAVIA_CHANGING',
        message: `load balancer ${id}: ${reading.unsettled}, in each of ${MAX_READINGS} readings`,
        exit: EXIT.remote,
        retryable: true,
        tries: ['wait until whoever changes it is done'],
      })
    }
    await reader.clock.sleep(reading.waitMs, signal)
  }
}

interface Shown {
  readonly found: FoundLoadBalancer
  readonly at: number | null
}

async function readOnce(
  { client, clock, parallel, seen }: TreeReader,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Reading> {
  const startedAt = clock.now()
  const below = [['loadbalancer_id', id]] as const
  const [first, listeners, pools] = await Promise.all([
    showLoadBalancer(client, id, signal),
    listAll(client, { path: '/listeners', collection: 'listeners', query: below, decode: decodeListener, signal }),
    listAll(client, { path: '/pools', collection: 'pools', query: below, decode: decodePool, signal }),
  ])
  if (first === null) {
    seen.delete(id)
    return null
  }

  const stamp = stampOf(first.found)
  const known = seen.get(id)
  const since = known?.stamp === stamp ? known.since : startedAt
  seen.set(id, { stamp, since })
  const waitMs = settling(first, startedAt, since, clock.now() - startedAt)
  // Reading on would be in vain: a change in this very second would not show.
  if (waitMs > 0) return { unsettled: 'it was changed a moment ago', waitMs }

  const [monitors, members] = await Promise.all([
    readMonitors(client, first.found.own.project_id, pools, parallel, signal),
    mapBounded(pools, parallel, (pool) => readMembers(client, pool, signal)),
  ])
  const last = await showLoadBalancer(client, id, signal)
  if (last === null) return null
  const unsettled =
    stampOf(last.found) === stamp
      ? mismatch(first.found, listeners, pools, members, monitors)
      : 'it was changed while it was read'
  if (unsettled !== null) return { unsettled, waitMs: SETTLE_MS }

  return {
    tree: {
      loadbalancer: last.found.own,
      listeners,
      pools: pools.map(({ own, healthmonitorId }, index) => ({
        ...own,
        healthmonitor: healthmonitorId === null ? null : (monitors.get(healthmonitorId) ?? null),
        members: members[index] ?? [],
      })),
    },
  }
}

const stampOf = ({ own }: FoundLoadBalancer): string => `${own.updated_at ?? own.created_at} ${own.provisioning_status}`

/** 0: the last change is old enough for the next one to be seen; else how long to wait. */
function settling({ found, at }: Shown, startedAt: number, since: number, tookMs: number): number {
  // Seen by this process before, unchanged: that needs no agreement between clocks.
  if (startedAt - since >= SETTLE_MS) return 0
  const changed = found.own.updated_at ?? found.own.created_at
  // The lists may be as old as the first request: what came after that, they do not show.
  const asOf = at === null ? startedAt : at - tookMs
  const age = asOf - Date.parse(changed.endsWith('Z') ? changed : `${changed}Z`)
  if (age >= SETTLE_MS) return 0
  // A Date header moves in whole seconds: asked again sooner, it would only say the same.
  return Math.min(SETTLE_MS, Math.max(at === null ? 0 : HEADER_STEP_MS, SETTLE_MS - Math.max(0, age)))
}

async function showLoadBalancer(
  client: OctaviaClient,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Shown | null> {
  try {
    const { data, asked, at } = await client.get(`/loadbalancers/${id}`, [], signal)
    const { loadbalancer } = check(z.object({ loadbalancer: z.unknown() }), asked, 'answer', data)
    return { found: decodeLoadBalancer(asked, 'loadbalancer', loadbalancer), at }
  } catch (error) {
    if (isNyahError(error) && error.code === 'OCTAVIA_NOT_FOUND') return null
    throw error
  }
}

/** Null: the pool is gone meanwhile. */
async function readMembers(
  client: OctaviaClient,
  { id, memberIds }: FoundPool,
  signal: AbortSignal | undefined,
): Promise<readonly SourceMember[] | null> {
  // The ids in a pool are never paged, so an empty list there is the whole truth.
  if (memberIds?.length === 0) return []
  try {
    const path = `/pools/${encodeURIComponent(id)}/members`
    return await listAll(client, { path, collection: 'members', query: [], decode: decodeMember, signal })
  } catch (error) {
    if (isNyahError(error) && error.code === 'OCTAVIA_NOT_FOUND') return null
    throw error
  }
}

/**
 * The monitors of the pools, by id. No filter by load balancer exists, so several come from the first page of the
 * project's list, and only what is not on it is asked for one by one.
 */
async function readMonitors(
  client: OctaviaClient,
  project: string,
  pools: readonly FoundPool[],
  parallel: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, SourceHealthMonitor>> {
  const wanted = pools.flatMap(({ healthmonitorId }) => healthmonitorId ?? [])
  const found = new Map<string, SourceHealthMonitor>()
  if (wanted.length > 1) {
    const page = await readPage(
      client,
      {
        path: '/healthmonitors',
        collection: 'healthmonitors',
        query: [['project_id', project]],
        decode: decodeHealthMonitor,
        signal,
      },
      null,
    )
    for (const monitor of page.items) if (wanted.includes(monitor.id)) found.set(monitor.id, monitor)
  }
  const missing = wanted.filter((id) => !found.has(id))
  await mapBounded(missing, parallel, async (id) => {
    try {
      const { data, asked } = await client.get(`/healthmonitors/${encodeURIComponent(id)}`, [], signal)
      const { healthmonitor } = check(z.object({ healthmonitor: z.unknown() }), asked, 'answer', data)
      found.set(id, decodeHealthMonitor(asked, 'healthmonitor', healthmonitor))
    } catch (error) {
      if (!isNyahError(error) || error.code !== 'OCTAVIA_NOT_FOUND') throw error
    }
  })
  return found
}

/** Where two answers about the same thing disagree: a partial read must never pass for a whole one. */
function mismatch(
  loadBalancer: FoundLoadBalancer,
  listeners: readonly { readonly id: string }[],
  pools: readonly FoundPool[],
  members: readonly (readonly SourceMember[] | null)[],
  monitors: ReadonlyMap<string, SourceHealthMonitor>,
): string | null {
  if (differ(loadBalancer.listenerIds, listeners)) return 'its own list of listeners and the listeners found differ'
  if (differ(loadBalancer.poolIds, pools)) return 'its own list of pools and the pools found differ'
  for (const [index, pool] of pools.entries()) {
    const found = members[index] ?? null
    if (found === null) return `pool ${pool.id} is gone`
    if (differ(pool.memberIds, found)) return `pool ${pool.id}'s own list of members and the members found differ`
    if (pool.healthmonitorId !== null && !monitors.has(pool.healthmonitorId)) {
      return `health monitor ${pool.healthmonitorId} of pool ${pool.id} is gone`
    }
  }
  return null
}

function differ(told: readonly string[] | null, found: readonly { readonly id: string }[]): boolean {
  if (told === null) return false
  const ids = new Set(found.map((each) => each.id))
  return told.length !== ids.size || told.some((id) => !ids.has(id))
}
