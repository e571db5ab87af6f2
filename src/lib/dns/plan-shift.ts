import type { Draft } from '../core/plan.ts'
import { basisOf } from './changes.ts'
import { shareOf } from './plan.ts'
import type { ObservedName, Side, Walk, WalkWorld } from './model.ts'
import { planWalk } from './plan-walk.ts'
import { ownedSets, weightsIn } from './set.ts'
import { fromPercent } from './weights.ts'

/** `dns.shift` */
export interface Shift extends Pick<Walk, 'everySeconds' | 'onUnhealthy'> {
  readonly names: readonly string[]
  readonly side: Side
  /** 0-100: users on that side in the end. */
  readonly percent: number
  /** Users on that side on the way there, in percent; of those, what lies between now and the end is gone through. */
  readonly steps: readonly number[]
}

/** Names are led to so many percent on one side; their steady weights stay what they are. Pure. */
export const planShift = (world: WalkWorld, asked: Shift): Draft => ({
  scopes: world.names.map(({ name }) => name),
  names: {},
  basis: Object.fromEntries(world.names.map((seen) => [seen.name, basisOf(seen)])),
  changes: world.names.flatMap((seen) => {
    const { side, percent, everySeconds, onUnhealthy } = asked
    const to = fromPercent(side === 'aws' ? percent : 100 - percent)
    const reason = `shift to ${side} ${percent} %`
    return planWalk(seen, world, { to, steps: wayOf(seen, asked), everySeconds, onUnhealthy, reason })
  }),
  findings: [],
})

/** Percent of the way, growing, the last one 100. */
function wayOf(seen: ObservedName, { side, percent, steps }: Shift): readonly number[] {
  const [set] = ownedSets(seen)
  if (set === undefined) return [100]
  const begin = shareOf(side, weightsIn(set))
  const way = steps.map((share) => Math.round(((share - begin) / (percent - begin)) * 10_000) / 100)
  const between = way.filter((part) => part > 0 && part < 100)
  return [...new Set(between)].toSorted((a, b) => a - b).concat(100)
}
