import { describe, expect, it } from 'vitest'
import { realClock } from '../../../src/lib/adapters/host/clock.ts'

describe('the clock of the machine', () => {
  it('tells the time', () => {
    expect(Math.abs(realClock().now() - Date.now())).toBeLessThan(50)
  })

  it('runs faster when asked to: a minute in 20 ms', async () => {
    const clock = realClock(3_000)
    const before = clock.now()
    const real = Date.now()
    await clock.sleep(60_000)
    expect(Date.now() - real).toBeLessThan(2_000)
    expect(clock.now() - before).toBeGreaterThanOrEqual(55_000)
  })

  it('stops sleeping when it is told to', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const slept = realClock().sleep(60_000, abort.signal)
    abort.abort(reason)
    await expect(slept).rejects.toBe(reason)
    await expect(realClock().sleep(1, abort.signal)).rejects.toBe(reason)
  })
})
