import type { WireRequest } from '../service.ts'
import type { Making } from './build.ts'
import { LOAD_BALANCERS } from './kinds.ts'
import type { LoadBalancerRow, Octavia, PoolRow, Row } from './model.ts'
import type { Actor } from './policy.ts'
import { own } from './policy.ts'
import { rowOf } from './reads.ts'
import { fault } from './reply.ts'
import { listenersOf } from './views.ts'

/** One change being made: to a draft, which a refusal half-way throws away. */
export interface Write {
  readonly o: Octavia
  readonly actor: Actor
  readonly request: WireRequest
  readonly making: Making
}

/** The load balancer that an object hangs on, if it can be changed now; 409 else. */
export function mutable(w: Write, id: string): LoadBalancerRow {
  const balancer = own(w.actor, rowOf(w.o, LOAD_BALANCERS, id))
  if (balancer.provisioning_status === 'ACTIVE') return balancer
  throw fault(409, `Load Balancer ${balancer.id} is immutable and cannot be updated.`)
}

/** A pool change marks its load balancer and listeners too, not their siblings. */
export const around = (w: Write, pool: PoolRow, balancer: LoadBalancerRow): Row[] => [
  balancer,
  ...listenersOf(w.o, pool.id),
]
