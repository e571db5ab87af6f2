import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorData, interrupted } from '../../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { makeDeadline } from '../../../src/lib/engine/deadline.ts'
import { makeEmitter } from '../../../src/lib/engine/emitter.ts'
import { backOff, makeRetry } from '../../../src/lib/engine/retry.ts'
import { virtualClock } from '../../support/clock.ts'
import { broken, busy } from '../../support/toy.ts'

function setUp(timeoutMs = 60_000, signal?: AbortSignal) {
  const clock = virtualClock()
  const events: NyahEvent[] = []
  const { emit } = makeEmitter({ clock, run: 'r', sinks: [(event) => events.push(event)] })
  const deadline = makeDeadline(clock, timeoutMs)
  const retry = makeRetry({ clock, random: () => 0.5, deadline, emit, ...(signal === undefined ? {} : { signal }) })
  return { clock, events, retry, deadline }
}

/** Fails so many times, then gives 'done'. */
function failing(times: number, error = busy()) {
  let calls = 0
  return {
    calls: () => calls,
    call: () => {
      calls += 1
      return calls <= times ? Promise.reject(error) : Promise.resolve('done')
    },
  }
}

describe('the retrier', () => {
  it('repeats what may be repeated, and says so', async () => {
    const { clock, events, retry } = setUp()
    const work = failing(3)
    expect(await retry('GET /things', work.call)).toBe('done')
    expect(work.calls()).toBe(4)
    expect(clock.elapsed()).toBe(500 + 1000 + 2000)
    expect(events).toMatchObject([
      { type: 'read.retrying', data: { what: 'GET /things', attempt: 1, delayMs: 500, error: { code: 'TOY_BUSY' } } },
      { data: { attempt: 2, delayMs: 1000 } },
      { data: { attempt: 3, delayMs: 2000 } },
    ])
  })

  it('throws what may not be repeated as it is', async () => {
    const { retry } = setUp()
    const error = broken()
    const work = failing(1, error)
    await expect(retry('x', work.call)).rejects.toBe(error)
    expect(work.calls()).toBe(1)
  })

  it('gives up before an attempt that would start after the deadline', async () => {
    const { clock, retry } = setUp(10_000)
    const error = busy()
    await expect(retry('x', failing(Infinity, error).call)).rejects.toBe(error)
    expect(clock.elapsed()).toBeLessThanOrEqual(10_000)
  })

  it('has more time when the deadline was extended', async () => {
    const { retry, deadline } = setUp(100)
    deadline.extend(10_000)
    deadline.extend(-10_000)
    expect(await retry('x', failing(2).call)).toBe('done')
  })

  it.each(['whole run', 'own call'])('stops when the signal of the %s is aborted', async (whose) => {
    const abort = new AbortController()
    const { retry, events } = setUp(60_000, whose === 'whole run' ? abort.signal : undefined)
    const reason = interrupted('SIGINT')
    const work = failing(Infinity)
    const ended = retry('x', work.call, whose === 'own call' ? abort.signal : undefined)
    await new Promise((resolve) => setImmediate(resolve))
    abort.abort(reason)
    await expect(ended).rejects.toBe(reason)
    expect(events.length).toBe(1)
  })

  it('waits 0.5 s doubled to 20 s, spread over half of it, and at least as long as the remote wants', () => {
    const error = errorData(busy())
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attempt, random) => {
          const middle = Math.min(20_000, 500 * 2 ** (attempt - 1))
          const delay = backOff(attempt, random, error)
          expect(delay).toBeGreaterThanOrEqual(middle * 0.5)
          expect(delay).toBeLessThanOrEqual(Math.ceil(middle * 1.5))
          expect(backOff(attempt, random, { ...error, details: { retryAfterMs: 45_000 } })).toBe(45_000)
        },
      ),
    )
  })
})
