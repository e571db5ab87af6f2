import { stamp } from './ids.ts'
import type { Octavia, Row } from './model.ts'
import { TABLES } from './model.ts'

export const FORCIBLE = ['ACTIVE', 'PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE', 'ERROR'] as const

/**
 * Puts one object (a load balancer, a member …) into a provisioning status, where it stays until it is put into another:
 * a worker that hangs, a change that failed. Null: there is no such object.
 */
export function forced(o: Octavia, id: string, status: (typeof FORCIBLE)[number], now: number): Octavia | null {
  for (const name of TABLES) {
    const table: Record<string, Row> = o[name]
    const row = Object.hasOwn(table, id) ? table[id] : undefined
    if (row === undefined) continue
    const next = { ...row, provisioning_status: status, settles_at: null, updated_at: stamp(now) }
    return { ...o, [name]: { ...table, [id]: next } }
  }
  return null
}
