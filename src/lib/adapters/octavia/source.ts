import type { Clock } from '../../ports/clock.ts'
import type { Retry } from '../../ports/retry.ts'
import type { LoadBalancerSource } from '../../ports/source.ts'
import { createDoor, timeoutsWithin, type DoorOptions, type Timeouts } from '../http/door.ts'
import { createOctaviaClient } from './client.ts'
import type { CloudConfig } from './clouds.ts'
import { CHANGE_FIELDS, decodeChange, decodeLoadBalancer } from './decode.ts'
import { createKeystone } from './keystone.ts'
import { listAll, listWhole, readPage } from './pages.ts'
import { describeAuth } from './token-request.ts'
import { readFloatingIp } from './floating-ip.ts'
import { readTree, type TreeReader } from './tree.ts'

export interface OctaviaSourceOptions {
  readonly cloud: CloudConfig
  readonly clock: Clock
  readonly retry: Retry
  /** Requests in flight at once; 8 unless given. */
  readonly parallel?: number
  /** Longest one call may take, in milliseconds; the door's own limits unless given. */
  readonly callMs?: number
  readonly timeouts?: Partial<Timeouts>
  readonly maxBodyBytes?: number
}

const PARALLEL = 16

/** Canonical, as Octavia prints it. Whatever else is asked for never reaches the wire. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Load balancers of one OpenStack cloud. Errors: `OCTAVIA_*` and `KEYSTONE_*` (docs/octavia.md has the table). */
export function createOctaviaSource(options: OctaviaSourceOptions): LoadBalancerSource {
  const { cloud, clock, retry, parallel = PARALLEL } = options
  const doorTo = (area: string) => {
    const { callMs = Number.POSITIVE_INFINITY, maxBodyBytes } = options
    const timeouts = { ...timeoutsWithin(callMs), ...options.timeouts }
    const limits: Pick<DoorOptions, 'timeouts' | 'maxBodyBytes'> = {
      timeouts,
      ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    }
    return createDoor({ area, ca: cloud.ca, verify: cloud.verify, parallel, ...limits })
  }
  const keystone = createKeystone({ cloud, door: doorTo('KEYSTONE'), clock })
  const client = createOctaviaClient({
    keystone,
    door: doorTo('OCTAVIA'),
    networkDoor: doorTo('NEUTRON'),
    retry,
    as: describeAuth(cloud.auth),
  })
  const reader: TreeReader = { client, clock, parallel, seen: new Map() }
  const loadBalancers = (signal: AbortSignal | undefined) =>
    ({ path: '/loadbalancers', collection: 'loadbalancers', query: [], decode: decodeLoadBalancer, signal }) as const

  return {
    async changes(signal) {
      const query = CHANGE_FIELDS.map((field) => ['fields', field] as const)
      const { items, at } = await listWhole(client, { ...loadBalancers(signal), query, decode: decodeChange })
      return { at, loadbalancers: items }
    },

    async list(signal) {
      const found = await listAll(client, loadBalancers(signal))
      return found.map(({ own }) => own)
    },

    async read(id, signal) {
      const canonical = id.toLowerCase()
      if (!UUID.test(canonical)) return null
      return readTree(reader, canonical, signal)
    },

    async floatingIp(id, signal) {
      const canonical = id.toLowerCase()
      return UUID.test(canonical) ? readFloatingIp(client, canonical, signal) : null
    },

    async check(signal) {
      const { identity } = await client.session(signal)
      // One item is enough to show that the role suffices and that the address is Octavia's.
      await readPage(client, { ...loadBalancers(signal), query: [['limit', '1']] }, null)
      return identity
    },
  }
}
