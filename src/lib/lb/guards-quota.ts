import type { Guard } from '../engine/operation.ts'
import { found } from './guards-scope.ts'
import { judge } from './judge.ts'
import type { LbWorld } from './model.ts'
import { loadBalancersOf, exceeded } from './quota.ts'

/**
 * Several first mirrors in one run take the same room: the last ones that would not fit any more are refused, the others
 * go on. What a single one meets is found where it is judged.
 */
export const fleetQuota: Guard<LbWorld> = (_draft, world) =>
  world.scopes
    .filter((observed) => {
      const judged = judge(observed)
      return judged !== null && judged.owned.loadBalancer === null && judged.obstacles.length === 0
    })
    .flatMap((observed, before) => {
      const subject = `mirror ${judge(observed)?.desired.loadBalancer.name ?? observed.id}`
      return before === 0
        ? []
        : loadBalancersOf(observed.limits, before).flatMap((limit) =>
            exceeded(limit, subject).map((remark) => found(observed, remark)),
          )
    })
