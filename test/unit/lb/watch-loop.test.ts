import { describe, expect, it } from 'vitest'
import { interrupted, nyahError } from '../../../src/lib/core/errors.ts'
import { advance, watchNothing } from '../../../src/lib/lb/watch.ts'
import type { RunEnd } from '../../../src/lib/lb/watch-state.ts'
import type { SourceChange } from '../../../src/lib/ports/source.ts'
import { watchLoop, type WatchPorts, type WatchTold } from '../../../src/lib/runtime/watch-loop.ts'
import { unhealthy } from '../../../src/lib/runtime/watch-metrics.ts'
import { endOf } from '../../../src/lib/runtime/watch-run.ts'
import { virtualClock } from '../../support/clock.ts'

const INTERVAL = 30_000
const SETTINGS = { intervalMs: INTERVAL, resyncMs: 1e12 }
const OLD = '2026-11-21T12:00:00'
const DOWN = nyahError({ code: 'OCTAVIA_UNREACHABLE', message: 'nobody there', exit: 7 })

interface Here {
  readonly ids: readonly string[]
  readonly inStep?: string | null
  readonly parallel?: number
  readonly ms?: number
  readonly poll?: (times: number) => readonly SourceChange[]
  readonly run?: (id: string, sleep: (ms: number) => Promise<void>) => Promise<RunEnd>
}

/** The loop for `ms` of its time, with everything that happened. */
async function looped({ ids, inStep = OLD, parallel = 2, ms = 10 * INTERVAL, poll, run }: Here) {
  const clock = virtualClock()
  const startedAt = clock.now()
  const controller = new AbortController()
  const told: WatchTold[] = []
  const polls: number[] = []
  const runs: { id: string; at: number }[] = []
  let [running, most] = [0, 0]
  const ports: WatchPorts = {
    clock,
    random: () => 1,
    signal: controller.signal,
    advance,
    poll: () => {
      polls.push(clock.now() - startedAt)
      return Promise.resolve().then(() => ({
        at: clock.now(),
        loadbalancers:
          poll?.(polls.length) ?? ids.map((id) => ({ id, updated_at: OLD, provisioning_status: 'ACTIVE' as const })),
      }))
    },
    mirrors: () => Promise.resolve(ids.map((id) => ({ id, inStep }))),
    run: async (id, _changedAt, signal) => {
      runs.push({ id, at: clock.now() - startedAt })
      most = Math.max(most, (running += 1))
      const end = (await run?.(id, (each) => clock.sleep(each, signal).catch(() => undefined))) ?? { how: 'done' }
      running -= 1
      return end
    },
    told: (one) => void told.push(one),
  }
  const stopping = clock.sleep(ms).then(() => controller.abort(interrupted('SIGTERM')))
  await watchLoop(watchNothing(SETTINGS), await ports.mirrors(controller.signal), parallel, ports)
  await stopping
  return { told, polls, runs, most, running }
}

describe('the loop', () => {
  it('asks once in an interval, and starts nothing where nothing changed', async () => {
    const ids = Array.from({ length: 1000 }, (_, at) => `lb-${at}`)
    const { polls, runs } = await looped({ ids })
    expect(runs).toEqual([])
    expect(polls.length).toBe(10)
  })

  it('a run that hangs takes one place: polls and other runs go on', async () => {
    const ids = ['a', 'b', 'c', 'd']
    const { polls, runs, most } = await looped({
      ids,
      inStep: null,
      run: async (id, sleep) => {
        if (id === 'a') await sleep(1e9)
        return { how: 'done' }
      },
    })
    expect(polls.length).toBe(10)
    expect(runs.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'])
    expect(runs.every(({ at }) => at < INTERVAL)).toBe(true)
    expect(most).toBe(2)
  })

  it('never more runs at once than places, and each scope once', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => `lb-${at}`)
    const { runs, most, running } = await looped({
      ids,
      inStep: null,
      parallel: 5,
      run: async (_id, sleep) => {
        await sleep(1000)
        return { how: 'done' }
      },
    })
    expect({ most, running, different: new Set(runs.map(({ id }) => id)).size, all: runs.length }).toEqual({
      most: 5,
      running: 0,
      different: 40,
      all: 40,
    })
  })

  it('while Octavia does not answer: growing pauses, and no run', async () => {
    const { polls, runs, told } = await looped({
      ids: ['a'],
      inStep: null,
      ms: 3_600_000,
      poll: () => {
        throw DOWN
      },
    })
    const pauses = polls.slice(1).map((at, index) => at - (polls[index] ?? 0))
    expect(pauses.slice(0, 5)).toEqual([30_000, 60_000, 120_000, 240_000, 300_000])
    expect(Math.max(...pauses)).toBe(300_000)
    expect(runs).toEqual([])
    expect(told.filter(({ type }) => type === 'polled').every((one) => 'ok' in one && !one.ok)).toBe(true)
  })

  it('answers again: at once on the usual interval, and what changed meanwhile is read', async () => {
    const { polls, runs } = await looped({
      ids: ['a'],
      ms: 600_000,
      poll: (times) => {
        if (times > 1 && times < 5) throw DOWN
        return [{ id: 'a', updated_at: times < 5 ? OLD : '2026-11-21T18:00:00', provisioning_status: 'ACTIVE' }]
      },
    })
    expect(runs.map(({ at }) => at)).toEqual([polls[4]])
    expect((polls[5] ?? 0) - (polls[4] ?? 0)).toBe(INTERVAL)
  })

  it('waits for what is under way when it is told to stop, and starts nothing new', async () => {
    const { runs, running, told } = await looped({
      ids: ['a', 'b', 'c'],
      inStep: null,
      ms: 5_000,
      run: async (_id, sleep) => {
        await sleep(60_000)
        return { how: 'failed', code: 'INTERRUPTED', message: 'interrupted' }
      },
    })
    expect(runs.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(running).toBe(0)
    expect(told.some(({ type }) => type === 'news')).toBe(false)
  })
})

const RESULT = { exitCode: 0, plan: null, result: null, error: null } as const

describe('how a run ended', () => {
  const error = (code: string) =>
    ({ code, message: 'm', tries: [], exit: 7, retryable: false, lostAnswer: false, details: {} }) as const
  it.each([
    ['nothing-to-do', null, { how: 'done' }],
    ['applied', null, { how: 'applied' }],
    ['failed', 'RUN_LOCKED', { how: 'locked' }],
    ['failed', 'LB_NOT_MIRRORED', { how: 'unmirrored' }],
    ['failed', 'AWS_UNREACHABLE', { how: 'failed', code: 'AWS_UNREACHABLE', message: 'm' }],
    ['partly-applied', 'RUN_PARTLY_APPLIED', { how: 'failed', code: 'RUN_PARTLY_APPLIED', message: 'm' }],
    ['interrupted', 'INTERRUPTED', { how: 'failed', code: 'INTERRUPTED', message: 'm' }],
  ] as const)('%s %s', (outcome, code, end) => {
    expect(endOf({ ...RESULT, outcome, error: code === null ? null : error(code) })).toEqual(end)
  })
})

describe('healthy', () => {
  it.each([
    [null, null, /no poll of Octavia has succeeded yet/],
    [0, null, null],
    [89_999, null, null],
    [90_000, 'nobody there', /1m 30s ago: nobody there/],
  ] as const)('polled %s ms ago: %s', (ago, why, told) => {
    const now = 10_000_000
    const said = unhealthy(ago === null ? null : now - ago, why, now, INTERVAL)
    if (told === null) expect(said).toBe(null)
    else expect(said).toMatch(told)
  })
})
