import { heartbeat } from './health.ts'
import { stamp } from './ids.ts'
import type { Octavia, Row } from './model.ts'
import { TABLES } from './model.ts'
import { policiesOf, where } from './views.ts'

/** How long a change stays PENDING_*, in milliseconds on the sandbox's clock. */
export const PENDING_MS = 2000

/** Takes an object away, with everything that cannot be without it. */
export function remove(o: Octavia, table: keyof Octavia, id: string): void {
  const each = (child: keyof Octavia, column: string): void => {
    for (const row of Object.values(o[child]) as (Row & Record<string, unknown>)[]) {
      if (row[column] === id) remove(o, child, row.id)
    }
  }
  if (table === 'loadbalancers') {
    each('listeners', 'loadbalancer_id')
    each('pools', 'loadbalancer_id')
  } else if (table === 'listeners') each('l7policies', 'listener_id')
  else if (table === 'l7policies') each('rules', 'l7policy_id')
  else if (table === 'pools') {
    each('members', 'pool_id')
    each('healthmonitors', 'pool_id')
    for (const listener of where(o.listeners, (one) => one.default_pool_id === id)) listener.default_pool_id = null
  }
  const policy = table === 'l7policies' ? o.l7policies[id] : undefined
  delete o[table][id]
  if (policy === undefined) return
  for (const [index, left] of policiesOf(o, policy.listener_id).entries()) left.position = index + 1
}

/** When the next pending change ends; null: nothing is pending. */
function nextEnd(o: Octavia): number | null {
  let next: number | null = null
  for (const table of TABLES) {
    for (const row of Object.values(o[table])) {
      if (row.settles_at !== null && (next === null || row.settles_at < next)) next = row.settles_at
    }
  }
  return next
}

function settleAt(o: Octavia, at: number): Octavia {
  const next = structuredClone(o)
  for (const table of TABLES) {
    for (const row of Object.values(next[table])) {
      if (row.settles_at === null || row.settles_at > at) continue
      if (row.provisioning_status === 'PENDING_DELETE') remove(next, table, row.id)
      else {
        row.provisioning_status = 'ACTIVE'
        row.updated_at = stamp(at)
        row.settles_at = null
      }
    }
  }
  return next
}

/** States in which nothing happens by itself before `until`, while the same hosts are down: most requests only read. */
const calm = new WeakMap<Octavia, { readonly down: ReadonlySet<string>; readonly until: number }>()

/** Everything that happened by itself until `now`: changes that ended, in their order, then a heartbeat. States are never edited. */
export function tick(o: Octavia, now: number, down: ReadonlySet<string>): Octavia {
  const known = calm.get(o)
  if (known?.down === down && now < known.until) return o
  let current = o
  let end = nextEnd(current)
  for (; end !== null && end <= now; end = nextEnd(current)) {
    current = heartbeat(settleAt(current, end), end, down)
  }
  const beaten = heartbeat(current, now, down)
  calm.set(beaten, { down, until: end ?? Infinity })
  return beaten
}

/** Marks rows of a draft as being changed. */
export function pend(
  rows: readonly Row[],
  now: number,
  status: 'PENDING_UPDATE' | 'PENDING_DELETE' = 'PENDING_UPDATE',
): void {
  for (const row of rows) {
    row.provisioning_status = status
    row.updated_at = stamp(now)
    row.settles_at = now + PENDING_MS
  }
}
