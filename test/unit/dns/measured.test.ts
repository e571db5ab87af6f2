import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerShares } from '../../../src/lib/dns/answers.ts'
import { measuredShares, wilson } from '../../../src/lib/dns/measured.ts'

const OCTAVIA = { id: 'octavia', pointsTo: ['203.0.113.11'], alias: false, now: 90 }
const AWS = { id: 'aws', pointsTo: ['nyah-shop.elb.amazonaws.com'], alias: true, now: 10 }
const many = (value: string, times: number) => Array.from({ length: times }, () => [value])

describe('the bounds of a measured share', () => {
  it.each([
    // Known values of Wilson's interval.
    [10, 100, 5.52, 17.44],
    [50, 100, 40.38, 59.62],
    [1, 10, 1.79, 40.42],
  ])('%i of %i', (hits, total, low, high) => {
    const bounds = wilson(hits, total)
    expect(bounds.low).toBeCloseTo(low, 1)
    expect(bounds.high).toBeCloseTo(high, 1)
  })

  it('reach the ends where nothing else was seen, and say everything where nobody was asked', () => {
    expect(wilson(0, 100).low).toBe(0)
    expect(wilson(100, 100).high).toBe(100)
    expect(wilson(0, 100).high).toBeGreaterThan(1)
    expect(wilson(0, 0)).toEqual({ low: 0, high: 100 })
  })

  it('hold what was seen, and narrow with more answers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (total, part) => {
        const hits = Math.round(total * part)
        const [one, four] = [wilson(hits, total), wilson(4 * hits, 4 * total)]
        expect(one.low).toBeLessThanOrEqual((100 * hits) / total + 1e-9)
        expect(one.high).toBeGreaterThanOrEqual((100 * hits) / total - 1e-9)
        expect(four.high - four.low).toBeLessThanOrEqual(one.high - one.low + 1e-9)
      }),
    )
  })
})

describe('a measured split', () => {
  it('knows Octavia by its address, and the NLB by what is nobody else’s', () => {
    const answers = [...many('203.0.113.11', 88), ...many('10.64.0.4', 12)]
    expect(measuredShares([OCTAVIA, AWS], answers)).toMatchObject([
      { id: 'octavia', answers: 88, share: 88, intended: 90, fits: true },
      { id: 'aws', answers: 12, share: 12, intended: 10, fits: true },
    ])
  })

  it('says when it is not what it should be', () => {
    const [octavia, aws] = measuredShares([OCTAVIA, AWS], many('203.0.113.11', 400))
    expect([octavia?.fits, aws?.fits]).toEqual([false, false])
  })

  it('of answers that no record gives is told apart', () => {
    const simple = { ...OCTAVIA, id: null, now: 100 }
    expect(measuredShares([simple], [...many('203.0.113.11', 9), ...many('198.51.100.9', 1)])).toMatchObject([
      { answers: 9 },
      { id: null, answers: 1, intended: 0, fits: false },
    ])
  })

  it('has the intended share between its bounds, about 95 times of 100', () => {
    const random = seeded(20261123)
    let held = 0
    const rounds = 400
    for (let round = 0; round < rounds; round += 1) {
      const weights = [Math.floor(random() * 256), Math.floor(random() * 256)]
      const candidates = weights.map((weight) => ({ weight, healthy: random() < 0.8 }))
      const [share = 0, other = 0] = answerShares(candidates)
      const answers = Array.from({ length: 200 }, () => [random() * 100 < share ? '203.0.113.11' : '10.64.0.4'])
      const [octavia] = measuredShares(
        [
          { ...OCTAVIA, now: share },
          { ...AWS, now: other },
        ],
        answers,
      )
      if (octavia?.fits === true) held += 1
    }
    expect(held / rounds).toBeGreaterThan(0.92)
    // Not because the bounds are wide: a split that is 15 points off is seen.
    const off = Array.from({ length: 200 }, (_, at) => [at % 100 < 75 ? '203.0.113.11' : '10.64.0.4'])
    expect(measuredShares([OCTAVIA, AWS], off)[0]?.fits).toBe(false)
  })
})

/** Mulberry32: the same numbers each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
