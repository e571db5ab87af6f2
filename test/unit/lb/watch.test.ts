import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, watchNothing } from '../../../src/lib/lb/watch.ts'
import { FAILED_AT_MOST_MS, HELD_AT_MOST_MS, pauseAfter, phaseOf } from '../../../src/lib/lb/watch-pause.ts'
import type { Advanced, RunEnd, WatchInput } from '../../../src/lib/lb/watch-state.ts'
import type { ProvisioningStatus, SourceChange } from '../../../src/lib/ports/source.ts'

const START = Date.UTC(2026, 10, 23)
const INTERVAL = 30_000
const SETTINGS = { intervalMs: INTERVAL, resyncMs: 600_000 }
/** The slow timer does not come in between. */
const HARDLY_EVER = { ...SETTINGS, resyncMs: 1e12 }
const LONG_AGO = '2026-11-22T12:00:00'

const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19)
const line = (
  id: string,
  updated_at: string | null = LONG_AGO,
  status: ProvisioningStatus = 'ACTIVE',
): SourceChange => ({
  id,
  updated_at,
  provisioning_status: status,
})
const DONE: RunEnd = { how: 'done' }
const HELD: RunEnd = { how: 'held', codes: ['LB_MINIMUM_HEALTHY'], message: 'why', since: null }
const FAILED: RunEnd = { how: 'failed', code: 'AWS_UNREACHABLE', message: 'no way' }

/** A state machine with what it last said. */
function machine(ids: readonly string[], inStep: string | null = LONG_AGO, settings = HARDLY_EVER) {
  let last: Advanced = { state: watchNothing(settings), due: [], news: [] }
  const put = (input: WatchInput, now: number): Advanced => (last = advance(last.state, input, now))
  put({ type: 'mirrors', mirrors: ids.map((id) => ({ id, inStep })) }, START)
  return {
    put,
    last: () => last,
    poll: (now: number, lines: readonly SourceChange[], at: number | null = now) =>
      put({ type: 'poll', changes: { at, loadbalancers: lines } }, now),
    run: (id: string, end: RunEnd, now: number, takes = 1000): Advanced => {
      put({ type: 'started', id }, now)
      return put({ type: 'ended', id, end }, now + takes)
    },
  }
}

describe('what is due', () => {
  it('nothing of a fleet that is in step, poll after poll', () => {
    const ids = Array.from({ length: 1000 }, (_, at) => `lb-${at}`)
    const m = machine(ids)
    const lines = ids.map((id) => line(id))
    for (const at of [0, 1, 2]) expect(m.poll(START + at * INTERVAL, lines)).toMatchObject({ due: [], news: [] })
  })

  it('what no tag calls in step, at the first poll; not before it', () => {
    const m = machine(['a'], null)
    expect(m.last().due).toEqual([])
    expect(m.poll(START, [line('a')]).due).toEqual(['a'])
  })

  const CASES: readonly (readonly [string, SourceChange])[] = [
    ['updated_at has moved', line('a', '2026-11-22T13:00:00')],
    ['the status has changed', line('a', LONG_AGO, 'ERROR')],
    ['it is PENDING', line('a', LONG_AGO, 'PENDING_UPDATE')],
    ['updated_at lies 2 s before the poll', line('a', textOf(START - 2000))],
  ]
  it.each(CASES)('one whose poll says that %s', (_, now) => {
    const m = machine(['a', 'b'])
    expect(m.poll(START, [now, line('b')]).due).toEqual(['a'])
  })

  it('one that Octavia no longer shows', () => {
    expect(machine(['a', 'b']).poll(START, [line('b')]).due).toEqual(['a'])
  })

  it('is not what is under way; but at its end what came meanwhile', () => {
    const m = machine(['a'])
    m.poll(START, [line('a', '2026-11-22T13:00:00')])
    m.put({ type: 'started', id: 'a' }, START)
    expect(m.poll(START + INTERVAL, [line('a', '2026-11-22T23:59:59')]).due).toEqual([])
    expect(m.put({ type: 'ended', id: 'a', end: DONE }, START + INTERVAL + 5).due).toEqual(['a'])
    expect(m.run('a', DONE, START + INTERVAL + 10).due).toEqual([])
  })

  it('is once more what changed too near to the poll to be told from what follows', () => {
    const m = machine(['a'])
    const changed = line('a', textOf(START - 1000))
    expect(m.poll(START, [changed]).due).toEqual(['a'])
    expect(m.run('a', DONE, START).due).toEqual([])
    expect(m.poll(START + INTERVAL, [changed]).due).toEqual(['a'])
    expect(m.run('a', DONE, START + INTERVAL).due).toEqual([])
    expect(m.poll(START + 2 * INTERVAL, [changed]).due).toEqual([])
  })

  it('the same without a Date of Octavia: what is new is read twice', () => {
    const m = machine(['a'])
    m.poll(START, [line('a')], null)
    const changed = line('a', '2026-11-22T13:00:00')
    expect(m.poll(START + INTERVAL, [changed], null).due).toEqual(['a'])
    m.run('a', DONE, START + INTERVAL)
    expect(m.poll(START + 2 * INTERVAL, [changed], null).due).toEqual(['a'])
    m.run('a', DONE, START + 2 * INTERVAL)
    expect(m.poll(START + 3 * INTERVAL, [changed], null).due).toEqual([])
  })

  it('what was changed is looked at once more with the next poll', () => {
    const m = machine(['a'])
    const changed = line('a', '2026-11-22T13:00:00')
    m.poll(START, [changed])
    m.run('a', { how: 'applied' }, START)
    expect(m.poll(START + 0.9 * INTERVAL, [changed]).due).toEqual(['a'])
    m.run('a', DONE, START + 0.9 * INTERVAL)
    expect(m.poll(START + 2 * INTERVAL, [changed]).due).toEqual([])
  })

  it('each mirror once in the time of the slow timer, spread over it', () => {
    const ids = Array.from({ length: 300 }, (_, at) => `lb-${at}`)
    const m = machine(ids, LONG_AGO, SETTINGS)
    const reads = new Map<string, number>()
    const perPoll: number[] = []
    for (let now = START; now <= START + 3 * SETTINGS.resyncMs; now += INTERVAL) {
      const { due } = m.poll(
        now,
        ids.map((id) => line(id)),
      )
      perPoll.push(due.length)
      for (const id of due) {
        reads.set(id, (reads.get(id) ?? 0) + 1)
        m.run(id, DONE, now, 0)
      }
    }
    expect(new Set(reads.values())).toEqual(new Set([3]))
    expect(Math.max(...perPoll)).toBeLessThan(300 / 6)
  })

  it('drops what has no mirror any more, and takes up what is new', () => {
    const m = machine(['a', 'b'])
    m.put(
      {
        type: 'mirrors',
        mirrors: [
          { id: 'b', inStep: LONG_AGO },
          { id: 'c', inStep: null },
        ],
      },
      START,
    )
    expect(m.poll(START, [line('a', 'x'), line('b'), line('c')]).due).toEqual(['c'])
    // What a run did not find is left alone until the list tells.
    expect(m.run('c', { how: 'unmirrored' }, START).due).toEqual([])
    const { state } = m.put({ type: 'mirrors', mirrors: [{ id: 'b', inStep: LONG_AGO }] }, START)
    expect([...state.scopes.keys()]).toEqual(['b'])
  })

  it('what was taken down and made again is another mirror', () => {
    const m = machine(['a'])
    m.poll(START, [line('a')])
    m.run('a', { how: 'unmirrored' }, START)
    m.put({ type: 'mirrors', mirrors: [{ id: 'a', inStep: null }] }, START)
    expect(m.poll(START + INTERVAL, [line('a')]).due).toEqual(['a'])
  })
})

describe('what does not end well', () => {
  it.each([
    ['held', HELD, HELD_AT_MOST_MS],
    ['failed', FAILED, FAILED_AT_MOST_MS],
  ] as const)('%s: again with growing pauses, to a limit, and told once', (_, end, limit) => {
    const m = machine(['a'], null)
    const at: number[] = []
    const news: string[] = []
    for (let now = START; now < START + 4 * 3_600_000; now += INTERVAL) {
      if (!m.poll(now, [line('a')]).due.includes('a')) continue
      at.push(now)
      news.push(...m.run('a', end, now, 0).news.map(({ type }) => type))
    }
    const pauses = at.slice(1).map((one, index) => one - (at[index] ?? 0))
    expect(pauses[0]).toBeLessThanOrEqual(2 * INTERVAL)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(limit + INTERVAL)
    expect(Math.max(...pauses)).toBeGreaterThanOrEqual(limit / 2)
    expect(news).toHaveLength(1)
    m.poll(START + 5 * 3_600_000, [line('a')])
    expect(m.run('a', DONE, START + 5 * 3_600_000).news).toMatchObject([
      { type: end === HELD ? 'held-no-more' : 'failing-no-more', id: 'a', since: START },
    ])
  })

  it.each([
    ['held', HELD],
    ['failed', FAILED],
  ] as const)('%s: at once when the source changes', (_, end) => {
    const m = machine(['a'], null)
    let now = START
    for (let times = 0; times < 8; times += 1) {
      m.poll(now, [line('a')])
      m.run('a', end, now, 0)
      now += 900_000
    }
    m.poll(now, [line('a')])
    m.run('a', end, now, 0)
    expect(m.poll(now + INTERVAL, [line('a', '2026-11-23T00:00:01')]).due).toEqual(['a'])
  })

  it('locked: with the next cycle, and no news', () => {
    const m = machine(['a'], null)
    m.poll(START, [line('a')])
    expect(m.run('a', { how: 'locked' }, START, 0)).toMatchObject({ due: [], news: [] })
    expect(m.poll(START + INTERVAL, [line('a')]).due).toEqual(['a'])
  })

  it('stuck in PENDING: at a growing distance; ACTIVE again: at once', () => {
    const m = machine(['a'])
    const stuck = line('a', LONG_AGO, 'PENDING_UPDATE')
    let reads = 0
    for (let now = START; now < START + 3_600_000; now += INTERVAL) {
      if (m.poll(now, [stuck]).due.length === 0) continue
      reads += 1
      m.run('a', DONE, now, 0)
    }
    expect(reads).toBeGreaterThan(10)
    expect(reads).toBeLessThan(25)
    expect(m.poll(START + 3_600_000 + 1, [line('a')]).due).toEqual(['a'])
  })

  it('held for another reason is news; since when is what the mirror remembers', () => {
    const m = machine(['a'], null)
    m.poll(START, [line('a')])
    expect(m.run('a', { ...HELD, since: START - 5000 }, START, 0).news).toMatchObject([{ since: START - 5000 }])
    m.poll(START + INTERVAL, [line('a')])
    expect(m.run('a', { ...HELD, codes: ['LB_REMOVAL_BUDGET'] }, START + INTERVAL, 0).news).toMatchObject([
      { type: 'held', codes: ['LB_REMOVAL_BUDGET'], since: START - 5000 },
    ])
  })
})

describe('a fleet that vanishes', () => {
  const fleet = (amount: number) => Array.from({ length: amount }, (_, at) => `lb-${at}`)
  const CASES: readonly (readonly [number, number, boolean])[] = [
    [9, 3, false],
    [9, 4, true],
    [8, 3, true],
    [5, 2, false],
    [3, 3, true],
    [2, 2, false],
  ]
  it.each(CASES)('of %i there are %i missing: %s', (amount, missing, vanishing) => {
    const ids = fleet(amount)
    const m = machine(ids)
    m.poll(
      START,
      ids.map((id) => line(id)),
    )
    const shown = ids.slice(missing).map((id) => line(id))
    const { news } = m.poll(START + INTERVAL, shown)
    expect(news).toEqual(vanishing ? [{ type: 'vanishing', missing, of: amount }] : [])
    // Said once, and not taken for normal the second time.
    expect(m.poll(START + 2 * INTERVAL, shown)).toMatchObject({ news: [], state: { vanishing } })
    expect(
      m.poll(
        START + 3 * INTERVAL,
        ids.map((id) => line(id)),
      ).news,
    ).toEqual(vanishing ? [{ type: 'vanishing-no-more' }] : [])
  })
})

describe('a list of mirrors that vanish', () => {
  const some = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => ({ id: `lb-${from + at}`, inStep: LONG_AGO }))
  const CASES: readonly (readonly [number, number, boolean])[] = [
    [9, 3, false],
    [9, 4, true],
    [3, 1, false],
    [3, 2, true],
    [2, 1, false],
    [2, 2, true],
    [1, 1, false],
    [1000, 1000, true],
  ]
  it.each(CASES)('of %i there are %i missing; nyah is the one who cannot see: %s', (of, missing, unlisted) => {
    const all = some(0, of)
    const m = machine(all.map(({ id }) => id))
    m.poll(
      START,
      all.map(({ id }) => line(id)),
    )
    const list = { type: 'mirrors' as const, mirrors: some(missing, of) }
    const { news, state } = m.put(list, START + INTERVAL)
    expect(news).toEqual(unlisted ? [{ type: 'unlisted', missing, of }] : [])
    expect(state.scopes.size).toBe(unlisted ? of : of - missing)
    // Said once, and not taken for normal the second time; a run that finds none either changes nothing.
    m.run('lb-0', { how: 'unmirrored' }, START + INTERVAL)
    const again = m.put(list, START + 2 * INTERVAL)
    expect(again).toMatchObject({ news: [], state: { unlisted } })
    expect(again.state.scopes.size).toBe(unlisted ? of : of - missing)
    const back = m.put({ type: 'mirrors', mirrors: all }, START + 3 * INTERVAL)
    expect(back.news).toEqual(unlisted ? [{ type: 'unlisted-no-more' }] : [])
    expect(back.state).toMatchObject({ unlisted: false })
    expect(back.state.scopes.size).toBe(of)
  })

  it('though each of their runs has found nothing before the list came', () => {
    const all = some(0, 5)
    const m = machine(all.map(({ id }) => id))
    for (const { id } of all) m.run(id, { how: 'unmirrored' }, START)
    const { news, state } = m.put({ type: 'mirrors', mirrors: [] }, START)
    expect(news).toEqual([{ type: 'unlisted', missing: 5, of: 5 }])
    expect(state.scopes.size).toBe(5)
  })
})

describe('always', () => {
  it('pauses lie between an interval and the limit, and phases between 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('held' as const, 'failed' as const),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1000, max: 300_000 }),
        fc.string(),
        (how, times, intervalMs, id) => {
          const limit = how === 'held' ? HELD_AT_MOST_MS : FAILED_AT_MOST_MS
          const pause = pauseAfter(how, times, intervalMs, id)
          expect(pause).toBeGreaterThanOrEqual(Math.min(intervalMs, limit))
          expect(pause).toBeLessThanOrEqual(Math.max(limit, intervalMs))
          expect(phaseOf(id)).toBeGreaterThanOrEqual(0)
          expect(phaseOf(id)).toBeLessThan(1)
        },
      ),
    )
  })

  /** What may happen to a fleet, poll by poll, when `slots` runs fit between two polls. */
  const world = fc.record({
    fleet: fc.integer({ min: 1, max: 12 }),
    slots: fc.integer({ min: 1, max: 4 }),
    polls: fc.array(
      fc.record({
        changes: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
        broken: fc.array(fc.nat({ max: 11 }), { maxLength: 6 }),
      }),
      { minLength: 1, maxLength: 40 },
    ),
  })

  it('every change becomes due with the first poll that shows it; in the end all are read, and then nothing is due', () => {
    fc.assert(
      fc.property(world, ({ fleet, slots, polls }) => {
        const ids = Array.from({ length: fleet }, (_, at) => `lb-${at}`)
        const m = machine(ids)
        const updated = new Map(ids.map((id) => [id, LONG_AGO]))
        const read = new Map(ids.map((id) => [id, LONG_AGO]))
        const lines = () => ids.map((id) => line(id, updated.get(id)))
        let now = START
        const cycle = (broken: ReadonlySet<string>) => {
          const { due } = m.poll(now, lines())
          const changed = ids.filter((id) => updated.get(id) !== read.get(id))
          // What failed at this very state waits for its pause.
          const waiting = (id: string) => m.last().state.scopes.get(id)?.trouble !== null
          expect(changed.filter((id) => !due.includes(id) && !waiting(id))).toEqual([])
          for (const id of due.slice(0, slots)) {
            const fails = broken.has(id)
            if (!fails) read.set(id, updated.get(id) ?? '')
            m.run(id, fails ? FAILED : DONE, now, 0)
          }
          expect(m.last().state.scopes.size).toBe(fleet)
          now += INTERVAL
        }
        for (const { changes, broken } of polls) {
          for (const at of changes) updated.set(`lb-${at % fleet}`, textOf(now - 5000))
          cycle(new Set(broken.map((at) => `lb-${at % fleet}`)))
        }
        // Everybody recovers: no one starves, however few slots there are.
        for (let rest = 0; rest < fleet + FAILED_AT_MOST_MS / INTERVAL + 2; rest += 1) cycle(new Set())
        expect(read).toEqual(updated)
        expect([...m.last().state.scopes.values()].filter(({ trouble }) => trouble !== null)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('who waits longest comes first', () => {
    const ids = ['a', 'b', 'c']
    const m = machine(ids)
    m.poll(START, [line('a'), line('b'), line('c', '2026-11-22T13:00:00')])
    expect(
      m.poll(START + INTERVAL, [line('a', '2026-11-22T14:00:00'), line('b'), line('c', '2026-11-22T14:00:00')]).due,
    ).toEqual(['c', 'a'])
  })
})
