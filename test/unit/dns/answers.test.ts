import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerShares, isLastResort, type Candidate } from '../../../src/lib/dns/answers.ts'

const one = (weight: number, healthy = true): Candidate => ({ weight, healthy })

describe('what Route 53 answers', () => {
  it.each([
    ['weights of healthy records', [one(90), one(10)], [90, 10]],
    ['a dead side is passed over', [one(90, false), one(10)], [0, 100]],
    ['zero weight answers nobody while another is healthy', [one(0), one(100)], [0, 100]],
    ['zero weight takes over when the others are unhealthy', [one(0), one(100, false)], [100, 0]],
    [
      'all unhealthy: all are treated as healthy, and the dead side has its 90 % again',
      [one(90, false), one(10, false)],
      [90, 10],
    ],
    ['octavia=0, aws=100, both unhealthy: all to aws', [one(0, false), one(100, false)], [0, 100]],
    ['only zeros: all alike', [one(0), one(0)], [50, 50]],
    ['a single record answers, however ill', [one(1, false)], [100]],
  ])('%s', (_what, records, shares) => {
    expect(answerShares(records)).toEqual(shares)
  })

  it('always answers with something, whole', () => {
    const candidate = fc.record({ weight: fc.integer({ min: 0, max: 255 }), healthy: fc.boolean() })
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 5 }), (records) => {
        const total = answerShares(records).reduce((sum, share) => sum + share, 0)
        expect(total).toBeCloseTo(100, 6)
      }),
    )
  })

  it('an unhealthy record is answered only where all are, or nothing else is left', () => {
    expect(isLastResort([one(1, false), one(0, false)])).toBe(true)
    expect(isLastResort([one(1, false), one(0)])).toBe(false)
    expect(isLastResort([])).toBe(false)
  })
})
