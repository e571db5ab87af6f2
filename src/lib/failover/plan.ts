import type { ObservedName, Side, Weights } from '../dns/model.ts'
import { judgeName, planWalk, planWeights } from '../dns/plan.ts'
import type { Change } from '../core/change.ts'
import type { Draft } from '../core/plan.ts'
import type { End, FailoverWorld, To } from './model.ts'

/** Raw weights with so many percent on one side. */
export const weightsTo = (side: Side, percent: number): Weights =>
  side === 'aws' ? { octavia: 100 - percent, aws: percent } : { octavia: percent, aws: 100 - percent }

/** Everybody, or so many percent, to one side; steady weights stay what they are. */
export const planTo = ({ names }: FailoverWorld, { side, percent }: To): Draft =>
  draftOf(names, (seen) => planWeights(seen, { weights: weightsTo(side, percent), reason: `failover to ${side}` }))

/** Each name back to its own steady weights, in steps; the next one once its time has come. */
export const planEnd = (world: FailoverWorld, { steps, everySeconds }: End): Draft =>
  draftOf(world.names, (seen) => {
    const [set] = judgeName(seen).sets
    if (set === undefined) return []
    return planWalk(seen, world, { to: set.steady, steps, everySeconds, onUnhealthy: 'hold', reason: 'back to steady' })
  })

function draftOf(names: readonly ObservedName[], changesOf: (seen: ObservedName) => readonly Change[]): Draft {
  return {
    scopes: names.map(({ name }) => name),
    names: {},
    basis: Object.fromEntries(names.map((seen) => [seen.name, judgeName(seen).basis])),
    changes: names.flatMap((seen) => (judgeName(seen).owner === 'nyah' ? changesOf(seen) : [])),
    findings: [],
  }
}
