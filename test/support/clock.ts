import type { Clock } from '../../src/lib/ports/clock.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

export interface VirtualClock extends Clock {
  /** Milliseconds slept by all sleepers together do not add up: this is how far time has moved. */
  elapsed(): number
  /** Moves time on by hand (a slow remote); wakes nobody by itself. */
  advance(ms: number): void
  /** How many sleep right now. */
  sleepers(): number
}

/** 2026-11-22T00:00:00Z: far from any real date in a fixture's future, and the same in each test. */
const START = Date.UTC(2026, 10, 22)

/**
 * A clock that jumps to its earliest sleeper as soon as real work has had a turn: each jump waits `settleMs` of real
 * time (default 1), so that requests to a server in the same process get their answers first.
 */
export function virtualClock({
  start = START,
  settleMs = 1,
  busy = (): boolean => false,
}: {
  readonly start?: number
  readonly settleMs?: number
  /** While it says so, time stands still: for tests in which some sleep while others work. */
  readonly busy?: () => boolean
} = {}): VirtualClock {
  let time = start
  let scheduled = false
  const sleepers = new Set<Sleeper>()

  const schedule = () => {
    if (scheduled || sleepers.size === 0) return
    scheduled = true
    setTimeout(() => setImmediate(jump), settleMs)
  }
  const jump = () => {
    scheduled = false
    if (busy()) return schedule()
    let earliest: Sleeper | null = null
    for (const sleeper of sleepers) if (earliest === null || sleeper.at < earliest.at) earliest = sleeper
    if (earliest !== null) {
      sleepers.delete(earliest)
      time = Math.max(time, earliest.at)
      earliest.wake()
    }
    schedule()
  }

  return {
    now: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        const sleeper: Sleeper = {
          at: time + Math.max(0, ms),
          wake: () => {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        sleepers.add(sleeper)
        schedule()
      }),
    elapsed: () => time - start,
    advance: (ms) => {
      time += ms
    },
    sleepers: () => sleepers.size,
  }
}
