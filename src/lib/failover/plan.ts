import type { ObservedName, Side, Walk, Weights } from '../dns/model.ts'
import { judgeName, planWeights, shareOf, type JudgedSet } from '../dns/plan.ts'
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
export const planEnd = ({ at, names, ways }: FailoverWorld, asked: End): Draft => {
  const draft = draftOf(names, (seen) => {
    const [set] = judgeName(seen).sets
    if (set === undefined) return []
    const covered = ways.filter((way) => way.covered)
    const now = returning(set) === null ? reallyNow(seen.name, set.now, covered) : set.now
    const step = stepOf({ ...set, now }, asked, at)
    return step === null ? [] : planWeights(seen, { ...step, reason: 'back to steady' })
  })
  return withWays(draft, ways, false)
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

function draftOf(names: readonly ObservedName[], changesOf: (seen: ObservedName) => readonly Change[]): Draft {
  return {
    scopes: names.map(({ name }) => name),
    names: {},
    basis: Object.fromEntries(names.map((seen) => [seen.name, judgeName(seen).basis])),
    changes: names.flatMap((seen) => (judgeName(seen).owner === 'nyah' ? changesOf(seen) : [])),
    findings: [],
  }
}

interface Step {
  readonly weights: Weights
  readonly walk?: Walk
}

/** What is due now on the way back; null: not yet. */
export function stepOf(set: JudgedSet, { steps, everySeconds }: End, now: number): Step | null {
  const under = returning(set)
  if (under !== null && now < dueAt(set, under)) return null
  const walk: Walk = under ?? {
    from: set.now,
    to: set.steady,
    steps,
    done: 0,
    everySeconds,
    onUnhealthy: 'hold',
  }
  const percent = walk.steps[walk.done] ?? 100
  if (percent >= 100) return { weights: walk.to }
  return { weights: between(walk.from, walk.to, percent), walk: { ...walk, done: walk.done + 1 } }
}

/** A walk back that somebody began; one to anywhere else ends here. */
const returning = ({ walk, steady }: JudgedSet): Walk | null =>
  walk !== null && walk.done > 0 && walk.to.octavia === steady.octavia && walk.to.aws === steady.aws ? walk : null

const dueAt = ({ changedAt }: JudgedSet, { everySeconds }: Walk): number => {
  const at = Date.parse(changedAt)
  return Number.isNaN(at) ? 0 : at + everySeconds * 1000
}

/** Milliseconds until the next step of any name is due; null: no name is on its way. */
export function nextStepIn({ at, names }: FailoverWorld): number | null {
  const waits = names.flatMap((seen) =>
    judgeName(seen).sets.flatMap((set) => {
      const walk = returning(set)
      return walk === null ? [] : [Math.max(0, dueAt(set, walk) - at)]
    }),
  )
  return waits.length === 0 ? null : Math.min(...waits)
}

/** Raw weights so many percent of the way; a side that has users at either end is never rounded to none. */
export function between(from: Weights, to: Weights, percent: number): Weights {
  const [begin, end] = [shareOf('aws', from), shareOf('aws', to)]
  const aws = begin + ((end - begin) * percent) / 100
  const raw = Math.round((aws * 255) / 100)
  const kept = aws > 0 && aws < 100 ? Math.min(254, Math.max(1, raw)) : raw
  return { octavia: 255 - kept, aws: kept }
}
