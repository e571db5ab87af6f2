import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { standings } from '../../../src/lib/dns/delta.ts'
import { ownerOf } from '../../../src/lib/dns/state.ts'
import type { ObservedName } from '../../../src/lib/dns/model.ts'
import { backTo, mayBeMoved, towards } from '../../../src/lib/failover/guards.ts'
import type { FailoverWorld } from '../../../src/lib/failover/model.ts'
import { nextDueIn, walkStops } from '../../../src/lib/dns/plan.ts'
import { weightsAlong } from '../../../src/lib/dns/plan-walk.ts'
import { planEnd, planTo, weightsTo } from '../../../src/lib/failover/plan.ts'
import { AT, name } from './seen.ts'

const ALL = { by: 'all' } as const
const TO_AWS = { which: ALL, side: 'aws', percent: 100 } as const

const NOBODY = { run: 'k3f9', moved: new Map() }
const world = (...names: readonly ObservedName[]): FailoverWorld => ({ at: AT, names, ways: [], ours: NOBODY })

/** Weights and state after the first change of a draft. */
function afterOf(draft: ReturnType<typeof planTo>) {
  const [change] = draft.changes
  if (change === undefined) throw new Error('nothing is changed')
  const { records } = standings(change).after
  const weight = (id: string) => records.find(({ setIdentifier }) => setIdentifier === id)?.weight ?? -1
  const owner = ownerOf(records, 'shop.example.jp', 'A')
  return { octavia: weight('octavia'), aws: weight('aws'), state: owner.kind === 'nyah' ? owner.state : null }
}

const codes = (findings: readonly { readonly code: string; readonly severity: string }[]) =>
  findings.filter(({ severity }) => severity !== 'info').map(({ code, severity }) => `${severity} ${code}`)

describe('to a side', () => {
  it('moves the weights, keeps both records and the steady weights', () => {
    const { octavia, aws, state } = afterOf(planTo(world(name({ octavia: 90, aws: 10 })), TO_AWS))
    expect([octavia, aws]).toEqual([0, 100])
    expect(state).toMatchObject({ epoch: 8, steady: { octavia: 90, aws: 10 }, walk: null })
  })

  it('is nothing where everybody is there already', () => {
    expect(planTo(world(name({ octavia: 0, aws: 100 })), TO_AWS).changes).toEqual([])
  })

  it('some of them', () => {
    expect(weightsTo('octavia', 70)).toEqual({ octavia: 70, aws: 30 })
  })

  const judged = (seen: ObservedName, asked: Parameters<typeof towards>[0] = TO_AWS) => {
    const draft = planTo(world(seen), asked)
    return codes([...mayBeMoved(draft, world(seen)), ...towards(asked)(draft, world(seen))])
  }

  it.each([
    ['healthy: nothing to say', name({ octavia: 90, aws: 10 }), []],
    [
      'known to be dead: refused',
      name({ octavia: 90, aws: 10 }, {}, { aws: 'unhealthy' }),
      ['refuse DNS_SIDE_UNHEALTHY'],
    ],
    ['unknown: said, and gone to', name({ octavia: 90, aws: 10 }, {}, { aws: 'unknown' }), ['warn DNS_SIDE_UNKNOWN']],
    [
      'nothing was read in time: said, and gone to',
      name({ octavia: 90, aws: 10 }, {}, {}, { entrances: {} }),
      ['warn DNS_SIDE_UNKNOWN'],
    ],
    ['the side that is left may be dead', name({ octavia: 90, aws: 10 }, {}, { octavia: 'unhealthy' }), []],
    [
      'protected',
      name({ octavia: 90, aws: 10 }, {}, {}, { protections: [{ name: 'shop.example.jp', type: 'A' }] }),
      ['refuse DNS_PROTECTED'],
    ],
  ])('%s', (_what, seen, expected) => {
    expect(judged(seen)).toEqual(expected)
  })

  it('what nyah does not own is refused, and no change is planned', () => {
    const whole = name({ octavia: 90, aws: 10 })
    const foreign = { ...whole, records: whole.records.slice(0, 2) }
    expect(judged(foreign)).toEqual(['refuse DNS_NOT_OWNED'])
    expect(planTo(world(foreign), TO_AWS).changes).toEqual([])
  })

  it('a side that somebody deleted is refused', () => {
    const whole = name({ octavia: 90, aws: 10 })
    expect(
      judged({ ...whole, records: whole.records.filter(({ setIdentifier }) => setIdentifier !== 'aws') }),
    ).toContain('refuse DNS_SIDE_MISSING')
  })

  it('both dead: the trap of Route 53 is said', () => {
    const seen = name({ octavia: 90, aws: 10 }, {}, { octavia: 'unhealthy', aws: 'unhealthy' })
    const [finding] = towards(TO_AWS)(planTo(world(seen), TO_AWS), world(seen))
    expect(finding?.evidence).toContain('treats both as healthy')
  })
})

describe('the way back', () => {
  const end = (steps: readonly number[] = [100]) => ({ which: ALL, steps, everySeconds: 120 })
  const away = { octavia: 0, aws: 100 }

  it('at once: exactly the steady weights', () => {
    const { octavia, aws, state } = afterOf(planEnd(world(name(away)), end()))
    expect([octavia, aws, state?.walk]).toEqual([90, 10, null])
  })

  it('in steps, of which the next one is due after its time', () => {
    const first = afterOf(planEnd(world(name(away)), end([50, 100])))
    expect(first.state?.walk).toMatchObject({ done: 1, steps: [50, 100], to: { octavia: 90, aws: 10 } })
    expect((100 * first.aws) / (first.aws + first.octavia)).toBeCloseTo(55, 0)
    const walk = first.state?.walk ?? null
    const early = name(first, { walk, at: '2026-11-23T04:59:00Z' })
    expect(planEnd(world(early), end([50, 100])).changes).toEqual([])
    expect(nextDueIn([early], AT)).toBe(60_000)
    const due = name(first, { walk, at: '2026-11-23T04:58:00Z' })
    const last = afterOf(planEnd(world(due), end([50, 100])))
    expect([last.octavia, last.aws, last.state?.walk]).toEqual([90, 10, null])
  })

  it('a name that is not away is left alone', () => {
    expect(planEnd(world(name({ octavia: 90, aws: 10 })), end()).changes).toEqual([])
    expect(nextDueIn([name({ octavia: 90, aws: 10 })], AT)).toBeNull()
  })

  it('a name that somebody else moved after this run did is theirs: held, not brought back again', () => {
    const moved = new Map([['shop.example.jp', { reason: 'step 1 of 2', back: false }]])
    const theirs = name(away, { run: 'zzzz', by: 'sato', why: 'INC-2' })
    const seen = { ...world(theirs), ours: { run: 'k3f9', moved } }
    expect(planEnd(seen, end([50, 100])).changes).toEqual([])
    const [finding] = walkStops(planEnd(seen, end([50, 100])), seen)
    expect(finding).toMatchObject({ code: 'DNS_WALK_OVERTAKEN', severity: 'hold' })
    expect(finding?.evidence).toMatch(/^sato changed it at .* \(INC-2\)/)
    const mine = { ...seen, names: [name(away, { run: 'k3f9' })] }
    expect(walkStops(planEnd(mine, end()), mine)).toEqual([])
  })

  it.each([
    ['healthy', 'healthy' as const, []],
    ['dead', 'unhealthy' as const, ['refuse DNS_SIDE_UNHEALTHY']],
    ['unknown is not proven', 'unknown' as const, ['refuse FAILOVER_RETURN_UNPROVEN']],
  ])('to a side that is %s', (_what, octavia, expected) => {
    const seen = world(name(away, {}, { octavia }))
    expect(codes(backTo(planEnd(seen, end()), seen))).toEqual(expected)
  })

  it('after any failover, exactly the steady weights again', () => {
    const weight = fc.integer({ min: 0, max: 255 })
    const steady = fc.record({ octavia: weight, aws: weight }).filter(({ octavia, aws }) => octavia + aws > 0)
    fc.assert(
      fc.property(
        steady,
        fc.constantFrom('aws' as const, 'octavia' as const),
        fc.integer({ min: 1, max: 100 }),
        (kept, side, percent) => {
          const begun = name(kept, { steady: kept })
          const [moved] = planTo(world(begun), { which: ALL, side, percent }).changes
          const there = moved === undefined ? begun : { ...begun, records: standings(moved).after.records }
          const [back] = planEnd(world(there), end()).changes
          const records = back === undefined ? there.records : standings(back).after.records
          expect(records.slice(0, 2).map((one) => one.weight)).toEqual([kept.octavia, kept.aws])
        },
      ),
    )
  })

  it('no step on the way has a total of zero, nor empties a side that has users at either end', () => {
    const weight = fc.integer({ min: 0, max: 255 })
    const weights = fc.record({ octavia: weight, aws: weight }).filter(({ octavia, aws }) => octavia + aws > 0)
    fc.assert(
      fc.property(weights, weights, fc.integer({ min: 1, max: 99 }), (from, to, percent) => {
        const { octavia, aws } = weightsAlong({ from, to }, percent)
        expect(octavia + aws).toBeGreaterThan(0)
        if (from.aws > 0 || to.aws > 0) expect(aws).toBeGreaterThan(0)
        if (from.octavia > 0 || to.octavia > 0) expect(octavia).toBeGreaterThan(0)
      }),
    )
  })
})
