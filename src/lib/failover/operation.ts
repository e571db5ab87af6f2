import type { Change, Outputs } from '../core/change.ts'
import type { Json } from '../core/json.ts'
import type { Guard, Operation, Scene } from '../engine/operation.ts'
import { judgeName, shareOf, waitingFor } from '../dns/plan.ts'
import { backTo, mayBeMoved, towards } from './guards.ts'
import type { End, FailoverWorld, To, Which } from './model.ts'
import { planEnd, planTo } from './plan.ts'

/** What failovers need of names; bound to the domain of names by whoever makes the operation. */
export interface FailoverPorts {
  /** The names that are meant, as they stand; their health within its own short time, or not at all. */
  observe(which: Which, scene: Scene): Promise<FailoverWorld>
  /** All of these at once: for each its outputs, or why not. */
  apply(changes: readonly Change[], scene: Scene): Promise<ReadonlyMap<string, Outputs | Error>>
}

/** `failover to-aws`, `failover to-octavia` */
export const toOperation = (ports: FailoverPorts, asked: To): Operation<FailoverWorld> =>
  failover(ports, 'failover.to', asked.which, (world) => planTo(world, asked), [mayBeMoved, towards(asked)])

/** `failover end` */
export const endOperation = (ports: FailoverPorts, asked: End): Operation<FailoverWorld> =>
  failover(ports, 'failover.end', asked.which, (world) => planEnd(world, asked), [mayBeMoved, backTo])

function failover(
  ports: FailoverPorts,
  name: string,
  which: Which,
  plan: Operation<FailoverWorld>['plan'],
  guards: readonly Guard<FailoverWorld>[],
): Operation<FailoverWorld> {
  return {
    name,
    mutates: true,
    confirmId: null,
    observe: (scene) => ports.observe(which, scene),
    plan,
    guards,
    apply: async (change, scene) => {
      const result = (await ports.apply([change], scene)).get(change.id) ?? new Error(`${change.id} has no result`)
      if (result instanceof Error) throw result
      return result
    },
    // Hundreds of names are a handful of calls.
    together: { keyOf: () => 'names', apply: (changes, scene) => ports.apply(changes, scene) },
    waiting: ({ spread = [] }) => waitingFor({ spread }),
    summary,
  }
}

/** Where the users of each name go now. */
const summary = ({ names }: FailoverWorld): Json => ({
  names: names.map((seen) => ({
    name: seen.name,
    zone: seen.zone.name,
    sets: judgeName(seen).sets.map(({ type, now, steady, walk, sides }) => ({
      type,
      octavia: shareOf('octavia', now),
      aws: shareOf('aws', now),
      steady: { octavia: steady.octavia, aws: steady.aws },
      walking: walk !== null,
      health: { octavia: sides.octavia?.health ?? null, aws: sides.aws?.health ?? null },
    })),
  })),
})
