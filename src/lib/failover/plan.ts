import type { ObservedName, Side, Weights } from '../dns/model.ts'
import { judgeName, planWalk, planWeights } from '../dns/plan.ts'
import type { Change } from '../core/change.ts'
import type { Draft } from '../core/plan.ts'
import type { Arm, End, FailoverWorld, To } from './model.ts'
import { armChanges, reallyNow, wayFor, withWays } from './ways.ts'

/** Raw weights with so many percent on one side. */
export const weightsTo = (side: Side, percent: number): Weights =>
  side === 'aws' ? { octavia: 100 - percent, aws: percent } : { octavia: percent, aws: 100 - percent }

/** Everybody, or so many percent, to one side; steady weights stay what they are. Every other way goes along. */
export const planTo = ({ names, ways }: FailoverWorld, asked: To): Draft => {
  const { side, percent } = asked
  const draft = draftOf(names, (seen) =>
    planWeights(seen, { weights: weightsTo(side, percent), reason: `failover to ${side}` }),
  )
  const wanted = wayFor(asked)
  return wanted === null ? draft : withWays(draft, ways, wanted)
}

/** Each name back to its own steady weights, in steps; the next one once its time has come. The switch lets go. */
export const planEnd = (world: FailoverWorld, { steps, everySeconds }: End): Draft => {
  const covered = world.ways.filter((way) => way.covered)
  const draft = draftOf(world.names, (seen) => {
    const [set] = judgeName(seen).sets
    if (set === undefined) return []
    const from = reallyNow(seen.name, set.now, covered)
    const way = { from, to: set.steady, steps, everySeconds, onUnhealthy: 'hold', reason: 'back to steady' } as const
    return planWalk(seen, world, way)
  })
  return withWays(draft, world.ways, false)
}

/** Nothing in the zone has to change for a card; a switch has to be followed. */
export const planArm = ({ names }: FailoverWorld, { place }: Arm, account: string): Draft => {
  const draft = draftOf(names, () => [])
  if (place === null) return draft
  const owned = names.filter((seen) => judgeName(seen).owner === 'nyah')
  const { changes, scopes } = armChanges(owned, place, account)
  return {
    ...draft,
    scopes: [...scopes, ...draft.scopes],
    names: Object.fromEntries(scopes.map((scope) => [scope, 'the switch'])),
    changes,
  }
}

export function draftOf(names: readonly ObservedName[], changesOf: (seen: ObservedName) => readonly Change[]): Draft {
  return {
    scopes: names.map(({ name }) => name),
    names: {},
    basis: Object.fromEntries(names.map((seen) => [seen.name, judgeName(seen).basis])),
    changes: names.flatMap((seen) => (judgeName(seen).owner === 'nyah' ? changesOf(seen) : [])),
    findings: [],
  }
}
