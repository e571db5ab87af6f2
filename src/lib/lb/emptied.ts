import type { Judged } from './judge.ts'
import { groupsOfPort, registered } from './owned.ts'

/**
 * What Octavia shows as empty although the mirror has something there: all of it, or the ports of listeners without a
 * target left. LB_SOURCE_EMPTY holds that, and says it.
 */
export function emptiedIn({ owned, desired, translation }: Judged): 'all' | ReadonlySet<number> {
  if (desired.listeners.length === 0 && desired.untouched.size === 0 && owned.listeners.size > 0) return 'all'
  const ports = translation.listeners.filter(
    ({ verdict, port }) =>
      verdict === 'empty' &&
      !desired.listeners.some((listener) => listener.port === port) &&
      groupsOfPort(owned, port).some((group) => registered(group).length > 0),
  )
  return new Set(ports.map(({ port }) => port))
}
