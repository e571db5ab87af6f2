import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Draft } from '../../../src/lib/core/plan.ts'
import { standings } from '../../../src/lib/dns/delta.ts'
import type { Health, ObservedName, Weights } from '../../../src/lib/dns/model.ts'
import { judgeName } from '../../../src/lib/dns/plan.ts'
import { ownerOf } from '../../../src/lib/dns/state.ts'
import { attendedGuards, backIn, planAttended, rtoSeconds, troubleOf } from '../../../src/lib/failover/attended.ts'
import type { Attended, AttendedWorld, Rto } from '../../../src/lib/failover/model.ts'
import { AT, name } from './seen.ts'

const STEADY: Weights = { octavia: 90, aws: 10 }
const OUT: Weights = { octavia: 80, aws: 20 }
const UNTIL = '2026-11-23T05:15:00Z'
const OVER = Date.parse(UNTIL)
const DRILL: Attended = {
  which: { by: 'all' },
  side: 'aws',
  percent: 20,
  until: UNTIL,
  drill: true,
  resumed: false,
  abortOn: [],
}
const MOVE: Attended = { ...DRILL, percent: 100, drill: false }
const RTO: Rto = { decideMs: 1_200, changeMs: 200, insyncMs: 30_000, visibleMs: 31_100 }

const world = (seen: ObservedName, more: Partial<AttendedWorld> = {}): AttendedWorld => ({
  at: AT,
  names: [seen],
  ways: [],
  ours: { run: 'k3f9', moved: new Map() },
  trouble: null,
  givenUp: null,
  rto: null,
  ...more,
})
const out = (health: { octavia?: Health; aws?: Health } = {}, weights = OUT): ObservedName =>
  name(weights, { until: UNTIL, drill: true }, health)
const moved = { run: 'k3f9', moved: new Map([['shop.example.jp', { reason: 'out', back: false }]]) }

/** The name after what is planned, and its state; null: nothing is. */
function after({ changes: [change] }: Draft) {
  if (change === undefined) return null
  const { records } = standings(change).after
  const weight = (id: string) => records.find(({ setIdentifier }) => setIdentifier === id)?.weight ?? -1
  const owner = ownerOf(records, 'shop.example.jp', 'A')
  return {
    weights: { octavia: weight('octavia'), aws: weight('aws') },
    state: owner.kind === 'nyah' ? owner.state : null,
    reason: change.reason,
  }
}

const findings = (asked: Attended, seen: AttendedWorld): readonly string[] => {
  const draft = planAttended(seen, asked)
  return attendedGuards(asked)
    .flatMap((guard) => guard(draft, seen))
    .filter(({ severity }) => severity !== 'info')
    .map(({ code, severity }) => `${severity} ${code}`)
}

describe('out and back', () => {
  it('goes out with the promise written down, and what is normal kept', () => {
    const planned = after(planAttended(world(name(STEADY)), DRILL))
    expect(planned).toMatchObject({ weights: OUT, state: { until: UNTIL, drill: true, steady: STEADY, proven: null } })
    expect(planned?.reason).toContain('until 05:15:00 UTC, then back to octavia 90 %, aws 10 %')
    expect(after(planAttended(world(name(STEADY)), MOVE))).toMatchObject({
      weights: { octavia: 0, aws: 100 },
      state: { until: UNTIL, drill: false },
    })
  })

  it('stays until the very millisecond, then is back without a promise', () => {
    expect(planAttended(world(out(), { at: OVER - 1 }), DRILL).changes).toEqual([])
    expect(backIn([out()], OVER - 1, DRILL)).toBe(1)
    const back = after(planAttended(world(out(), { at: OVER, rto: RTO }), DRILL))
    expect(back).toMatchObject({ weights: STEADY, state: { until: null, drill: false } })
    // Since when users were elsewhere, and in which time.
    expect(back?.state?.proven).toEqual({ at: '2026-11-23T04:58:00Z', side: 'aws', seconds: 32 })
    expect(backIn([name(STEADY)], OVER, DRILL)).toBeNull()
  })

  it('a move that is no rehearsal proves nothing, nor does one whose time nobody knows', () => {
    const seen = name({ octavia: 0, aws: 100 }, { until: UNTIL })
    expect(after(planAttended(world(seen, { at: OVER, rto: RTO }), MOVE))?.state?.proven).toBeNull()
    expect(after(planAttended(world(out(), { at: OVER }), DRILL))?.state?.proven).toBeNull()
  })

  it('what was proven before stays written down', () => {
    const proven = { at: '2026-10-01T00:00:00Z', side: 'aws' as const, seconds: 7 }
    const seen = name(OUT, { until: UNTIL, drill: true, proven })
    expect(after(planAttended(world(seen, { givenUp: 'aws is ill' }), DRILL))?.state?.proven).toEqual(proven)
  })

  it('does not go out again once it went', () => {
    expect(planAttended(world(name(STEADY), { ours: moved }), DRILL).changes).toEqual([])
  })

  it('taken up again: a move goes on, a rehearsal only comes back', () => {
    const again = { ...DRILL, resumed: true }
    expect(planAttended(world(name(STEADY)), again).changes).toEqual([])
    expect(after(planAttended(world(out(), { at: OVER }), again))?.weights).toEqual(STEADY)
    expect(planAttended(world(name(STEADY)), { ...MOVE, resumed: true }).changes).toHaveLength(1)
  })

  it('leaves a name alone that somebody promised something else for', () => {
    const theirs = name(OUT, { until: '2026-11-23T06:00:00Z' })
    expect(planAttended(world(theirs, { at: OVER, ours: moved }), DRILL).changes).toEqual([])
    expect(backIn([theirs], AT, DRILL)).toBeNull()
  })

  it('whatever the weights: back is steady exactly, and never is nobody anybody’s', () => {
    const weight = fc.integer({ min: 0, max: 255 })
    const pair = fc.record({ octavia: weight, aws: weight }).filter(({ octavia, aws }) => octavia + aws > 0)
    const asked = fc.record({
      side: fc.constantFrom('aws' as const, 'octavia' as const),
      percent: fc.integer({ min: 1, max: 100 }),
      drill: fc.boolean(),
      givenUp: fc.option(fc.constant('aws is ill')),
    })
    fc.assert(
      fc.property(pair, pair, asked, (now, steady, { givenUp, ...more }) => {
        const request = { ...DRILL, ...more }
        const went = after(planAttended(world(name(now, { steady })), request))
        expect((went?.weights.octavia ?? 0) + (went?.weights.aws ?? 0)).toBeGreaterThan(0)
        if (went?.state == null) throw new Error('nobody went')
        const seen = name(went.weights, went.state)
        const back = after(planAttended(world(seen, { at: givenUp === null ? OVER : AT, givenUp }), request))
        expect(back).toMatchObject({ weights: steady, state: { until: null, drill: false, steady } })
      }),
    )
  })
})

describe('what is refused on the way out', () => {
  it('nothing on a normal day with a healthy side', () => {
    expect(findings(DRILL, world(name(STEADY)))).toEqual([])
    expect(findings(MOVE, world(name(STEADY)))).toEqual([])
  })

  it('a side that is known to be dead; a rehearsal also where nobody can say', () => {
    const dead = name(STEADY, {}, { aws: 'unhealthy' })
    const unknown = name(STEADY, {}, { aws: 'unknown' })
    expect(findings(MOVE, world(dead))).toEqual(['refuse DNS_SIDE_UNHEALTHY'])
    expect(findings(MOVE, world(unknown))).toEqual(['warn DNS_SIDE_UNKNOWN'])
    const asSeen = (seen: ObservedName) => world(seen, { trouble: troubleOf([seen], DRILL) })
    expect(findings(DRILL, asSeen(dead))).toContain('refuse DRILL_UNFIT')
    expect(findings(DRILL, asSeen(unknown))).toContain('refuse DRILL_UNFIT')
  })

  it('a rehearsal that moves nobody, at the boundary', () => {
    expect(findings({ ...DRILL, percent: 10 }, world(name(STEADY)))).toEqual(['refuse DRILL_MOVES_NOBODY'])
    expect(findings({ ...DRILL, percent: 11 }, world(name(STEADY)))).toEqual([])
    expect(findings({ ...DRILL, side: 'octavia', percent: 90 }, world(name(STEADY)))).toEqual([
      'refuse DRILL_MOVES_NOBODY',
    ])
  })

  it('a rehearsal in an incident, on a walk, or under another promise; a move goes on all the same', () => {
    const walk = {
      from: STEADY,
      to: { octavia: 0, aws: 100 },
      steps: [50, 100],
      done: 1,
      everySeconds: 60,
      onUnhealthy: 'hold' as const,
    }
    for (const seen of [
      name({ octavia: 0, aws: 100 }),
      name(STEADY, { walk }),
      name(STEADY, { until: '2026-11-23T04:00:00Z' }),
    ]) {
      expect(findings(DRILL, world(seen))).toEqual(['refuse DRILL_NOT_STEADY'])
      expect(findings(MOVE, world(seen))).toEqual([])
    }
  })

  it('a plan whose time is over, but not the way back', () => {
    expect(findings(MOVE, world(name(STEADY), { at: OVER }))).toEqual(['refuse FAILOVER_UNTIL_PASSED'])
    expect(findings(MOVE, world(name(STEADY), { at: OVER - 1 }))).toEqual([])
    expect(findings(DRILL, world(out(), { at: OVER }))).toEqual([])
    expect(findings(DRILL, world(name(STEADY), { at: OVER, ours: moved }))).toEqual([])
  })
})

describe('the way back', () => {
  it('is refused to a side that is not proven healthy; given up, only to one that is known to be dead', () => {
    const back = (octavia: Health, givenUp: string | null) =>
      findings(DRILL, world(out({ octavia }), { at: OVER, givenUp, trouble: givenUp }))
    expect(back('healthy', null)).toEqual([])
    expect(back('unknown', null)).toEqual(['refuse FAILOVER_RETURN_UNPROVEN'])
    expect(back('unhealthy', null)).toEqual(['refuse DNS_SIDE_UNHEALTHY'])
    expect(back('unknown', 'aws is ill')).toEqual([])
    expect(back('unhealthy', 'aws is ill')).toEqual(['refuse DNS_SIDE_UNHEALTHY'])
  })

  it('comes at once when it is given up, and says why in the end', () => {
    const ill = { givenUp: 'aws is ill', trouble: 'aws is ill' }
    const back = after(planAttended(world(out(), ill), DRILL))
    expect(back).toMatchObject({ weights: STEADY })
    expect(back?.reason).toContain('given up, aws is ill')
    expect(findings(DRILL, world(out(), ill))).toEqual([])
    expect(findings(DRILL, world(name(STEADY), { ...ill, ours: moved }))).toEqual(['hold DRILL_GIVEN_UP'])
  })

  it('ends where somebody else changed the name meanwhile', () => {
    const theirs = name({ octavia: 50, aws: 50 }, { run: 'other' })
    expect(findings(DRILL, world(theirs, { at: OVER, ours: moved }))).toEqual(['hold DNS_WALK_OVERTAKEN'])
  })
})

it('trouble is what is not known to be healthy on the side that users go to, and nothing else', () => {
  const trouble = (health: { octavia?: Health; aws?: Health }, side: 'aws' | 'octavia') =>
    troubleOf([name(STEADY, {}, health)], { side })
  expect(trouble({}, 'aws')).toBeNull()
  expect(trouble({ octavia: 'unhealthy' }, 'aws')).toBeNull()
  expect(trouble({ aws: 'unhealthy' }, 'aws')).toContain('aws is unhealthy (shop.example.jp')
  expect(trouble({ aws: 'unknown' }, 'aws')).toContain('aws is not known to be healthy')
  expect(trouble({ octavia: 'unknown' }, 'octavia')).toContain('octavia is not known to be healthy')
})

it('the recovery time counts to the last thing that is known', () => {
  expect(rtoSeconds(RTO)).toBe(32)
  expect(rtoSeconds({ ...RTO, visibleMs: null })).toBe(31)
  expect(rtoSeconds({ ...RTO, visibleMs: null, insyncMs: null })).toBe(1)
  expect(judgeName(out()).sets.map(({ until }) => until)).toEqual([UNTIL])
})
