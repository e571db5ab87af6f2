import type { FindFloatingIp, FloatingIp } from '../dns/destinations.ts'
import { within, whyNot } from './in-time.ts'
import type { Opened } from './open.ts'

/** OpenStack may be dead, far or not configured: names can be attached without it. */
const AT_MOST_MS = 10_000

/** Asks Neutron, once for each load balancer that it answers for. */
export function floatingIpFinder(opened: Pick<Opened, 'source'>): FindFloatingIp {
  const known = new Map<string, FloatingIp>()
  return async (id, scene) => {
    const before = known.get(id)
    if (before !== undefined) return before
    try {
      const address = await within(scene, AT_MOST_MS, async (signal) => (await opened.source()).floatingIp(id, signal))
      const found = { address, why: null }
      known.set(id, found)
      return found
    } catch (error) {
      scene.signal.throwIfAborted()
      return { address: null, why: `its floating IP could not be looked up: ${whyNot(error)}` }
    }
  }
}
