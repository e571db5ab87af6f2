import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullBucket, takeToken } from '../../../src/lib/adapters/aws/bucket.ts'
import { createPace, ELBV2_RATES, paceTowards } from '../../../src/lib/adapters/aws/pace.ts'
import { virtualClock } from '../../support/clock.ts'

describe('takeToken', () => {
  const rate = { perSecond: 2, burst: 3 }

  it('gives the burst at once, then one per half second, in the order of asking', () => {
    let bucket = fullBucket(rate, 1000)
    const waits = [1, 2, 3, 4, 5].map(() => {
      const taken = takeToken(bucket, rate, 1000)
      bucket = taken.bucket
      return taken.waitMs
    })
    expect(waits).toEqual([0, 0, 0, 500, 1000])
    expect(takeToken(bucket, rate, 2000).waitMs).toBe(500)
    expect(takeToken(bucket, rate, 60_000)).toEqual({ bucket: { tokens: 2, at: 60_000 }, waitMs: 0 })
  })

  it('refills nothing when the clock is set back', () => {
    const { bucket } = takeToken(fullBucket(rate, 10_000), rate, 10_000)
    expect(takeToken(bucket, rate, 0)).toEqual({ bucket: { tokens: 1, at: 10_000 }, waitMs: 0 })
  })

  it('never lets more through in any window than burst + rate × window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 40 }),
        (gaps, perSecond, burst) => {
          let now = 0
          let bucket = fullBucket({ perSecond, burst }, now)
          const sent = gaps.map((gap) => {
            now += gap
            const taken = takeToken(bucket, { perSecond, burst }, now)
            bucket = taken.bucket
            return now + taken.waitMs
          })
          for (let from = 0; from < sent.length; from++) {
            for (let to = from; to < sent.length; to++) {
              const seconds = ((sent[to] as number) - (sent[from] as number)) / 1000
              expect(to - from + 1).toBeLessThanOrEqual(burst + seconds * perSecond + 0.001 * perSecond + 1e-9)
            }
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('createPace', () => {
  it('keeps 100 reads under the documented 40 + 10/s, and lets other kinds pass meanwhile', async () => {
    const clock = virtualClock()
    const pace = createPace(clock, ELBV2_RATES)
    const at: number[] = []
    const reads = Array.from({ length: 100 }, () => pace('read').then(() => at.push(clock.elapsed())))
    await pace('write')
    expect(clock.elapsed()).toBe(0)
    await Promise.all(reads)
    expect(at.filter((ms) => ms === 0)).toHaveLength(30)
    expect(at.at(-1)).toBe(8750)
    at.forEach((ms, sent) => expect(sent + 1).toBeLessThanOrEqual(40 + ms / 100))
  })

  it('waits no longer than its caller', async () => {
    const pace = createPace(virtualClock({ settleMs: 50 }), {
      ...ELBV2_RATES,
      read: { perSecond: 1, burst: 1 },
    })
    await pace('read')
    const control = new AbortController()
    const waiting = pace('read', control.signal)
    control.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})

describe('paceTowards', () => {
  const waits = async (endpoint: string | null): Promise<number> => {
    const clock = virtualClock({ settleMs: 50 })
    const began = clock.now()
    const pace = paceTowards(endpoint, clock, ELBV2_RATES)
    await Promise.all(Array.from({ length: ELBV2_RATES.write.burst + 5 }, () => pace('write')))
    return clock.now() - began
  }

  it('spares AWS and whatever is elsewhere, not what stands on this machine', async () => {
    expect(await waits(null)).toBeGreaterThan(1000)
    expect(await waits('https://elasticloadbalancing.example.test')).toBeGreaterThan(1000)
    expect(await waits('http://127.0.0.1:4510/aws')).toBe(0)
    expect(await waits('http://127.0.0.1.example.test/aws')).toBeGreaterThan(1000)
  })
})
