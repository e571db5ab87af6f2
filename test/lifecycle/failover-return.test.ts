import { describe, expect, it } from 'vitest'
import { EXIT, interrupted } from '../../src/lib/core/errors.ts'
import type { EventType, NyahEvent } from '../../src/lib/core/events.ts'
import { stamped, standings } from '../../src/lib/dns/delta.ts'
import type { Health } from '../../src/lib/dns/model.ts'
import { resumable } from '../../src/lib/engine/resume.ts'
import type { Way } from '../../src/lib/failover/model.ts'
import { endOperation, type FailoverPorts } from '../../src/lib/failover/operation.ts'
import type { RecordSet } from '../../src/lib/ports/dns.ts'
import { virtualClock } from '../support/clock.ts'
import { memoryStore, runToy, type ToyRunOptions } from '../support/toy-run.ts'
import { ownedRecords, seenName } from '../unit/dns/seen.ts'
import { NLB } from '../unit/dns/fakes.ts'

const AWAY = { octavia: 0, aws: 100 }
const PLACE = { bucket: 'example-switch', region: 'ap-northeast-3', key: 'nyah/away' }

interface Stage {
  readonly names?: readonly string[]
  /** How Octavia's address is, so many seconds after the beginning. */
  readonly octavia?: (seconds: number, name: string) => Health
  readonly forSeconds?: number
  readonly steps?: readonly number[]
  /** Seconds until a change is everywhere. */
  readonly spreadsFor?: number
  /** Is there a switch, and is it engaged? */
  readonly switched?: boolean
}

/** Names that are all on AWS, in memory, and a `failover end` of them. */
function stage({
  names = ['shop.example.jp'],
  octavia = () => 'healthy',
  switched = false,
  spreadsFor = 0,
  ...asked
}: Stage = {}) {
  const clock = virtualClock()
  const begun = clock.now()
  const store = memoryStore()
  const zone = new Map<string, readonly RecordSet[]>(names.map((name) => [name, ownedRecords(name, AWAY)]))
  const done: string[] = []
  let isEngaged = true
  let last: Awaited<ReturnType<FailoverPorts['observe']>> | null = null
  let spreadAt = 0
  const seconds = (): number => (clock.now() - begun) / 1000
  const mark = (what: string): void => void done.push(`${what} at ${Math.floor(seconds())} s`)
  const ways = (): readonly Way[] =>
    switched ? [{ kind: 's3', place: PLACE, names, engaged: isEngaged, covered: true }] : []
  const side = { health: 'healthy' as const, detail: '3 of 3 targets healthy', at: null }
  const entrance = { octaviaId: null, name: 'nyah-shop', dnsName: NLB, zoneId: 'Z31', ipAddressType: 'ipv4' } as const
  const ports: FailoverPorts = {
    run: 'k3f9',
    observe: () => {
      // As `following` does it: while a change spreads, only that is looked at.
      if (last !== null && seconds() < spreadAt)
        return Promise.resolve({
          ...last,
          spread: names.map((name) => ({ name, state: 'pending', detail: '' }) as const),
        })
      last = {
        at: clock.now(),
        ways: ways(),
        spread: [],
        names: names.map((name) => {
          const verdict = octavia(seconds(), name)
          const status = {
            verdict,
            healthy: 16,
            checkers: 16,
            why: null,
            observedAt: new Date(clock.now()).toISOString(),
          }
          const entrances = { [NLB]: { ...entrance, scheme: 'internet-facing' as const, side } }
          return seenName(name, zone.get(name) ?? [], { statuses: { 'hc-1': status }, entrances })
        }),
      }
      return Promise.resolve(last)
    },
    apply: (changes) => {
      spreadAt = seconds() + spreadsFor
      for (const change of changes) {
        const at = new Date(clock.now()).toISOString().replace('.000', '')
        const stamp = { at, by: 'tanaka', why: '', run: 'k3f9' }
        const records = stamped(standings(change).after.records, change.ref.name, stamp)
        zone.set(change.ref.name, records)
        mark(`${change.ref.name} octavia=${records.find((one) => one.setIdentifier === 'octavia')?.weight}`)
      }
      return Promise.resolve(new Map(changes.map(({ id }) => [id, {}])))
    },
    switches: {
      engage: () => Promise.reject(new Error('nothing is engaged here')),
      disengage: () => {
        isEngaged = false
        mark('switch let go')
        return Promise.resolve()
      },
    },
  }
  const { forSeconds = 180, steps = [100] } = asked
  const end = { which: { by: 'all' }, steps, everySeconds: 120, healthyForSeconds: forSeconds } as const
  const operation = () => endOperation(ports, end)
  const go = (settings: ToyRunOptions = {}) =>
    runToy(operation(), { clock, ...settings, deps: { store, ...settings.deps } })
  return { clock, store, done, go, operation, seconds }
}

const of = <T extends EventType>(events: readonly NyahEvent[], type: T): readonly Extract<NyahEvent, { type: T }>[] =>
  events.filter((event): event is Extract<NyahEvent, { type: T }> => event.type === type)

const notes = (events: readonly NyahEvent[]): readonly string[] =>
  of(events, 'note').map(({ data }) => `${data.code} ${data.message}`)

describe('the end of a failover', () => {
  it('comes once the side has been healthy for so long, in one run and under one consent', async () => {
    const { done, go, store } = stage()
    // Far shorter than the wait: what is slept does not count.
    const result = await go({ options: { timeoutMs: 30_000 } })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok, error: null })
    expect(done).toEqual(['shop.example.jp octavia=90 at 180 s'])
    expect(of(result.events, 'plan.confirmed')).toHaveLength(1)
    expect(of(result.events, 'step.waiting').map(({ data }) => data)).toEqual([
      { untilAt: '2026-11-22T00:03:00.000Z', next: 1 },
    ])
    expect(notes(result.events).slice(0, 3)).toEqual([
      'FAILOVER_RETURN_WATCHED shop.example.jp A: octavia has been healthy for 10s of 3m',
      'FAILOVER_RETURN_WATCHED shop.example.jp A: octavia has been healthy for 40s of 3m',
      'FAILOVER_RETURN_WATCHED shop.example.jp A: octavia has been healthy for 1m10s of 3m',
    ])
    expect(result.progress.earlier).toEqual([])
    expect(store.journals.get('run-1')).toEqual(result.events)
    expect(store.locks.size).toBe(0)
  })

  it('is at once where nothing is to be waited for', async () => {
    const { done, go } = stage({ forSeconds: 0 })
    expect(await go()).toMatchObject({ outcome: 'applied' })
    expect(done).toEqual(['shop.example.jp octavia=90 at 0 s'])
  })

  it.each(['unhealthy', 'unknown'] as const)('begins to count again after it was %s, and says so', async (health) => {
    const { done, go } = stage({ octavia: (at) => (at >= 100 && at < 140 ? health : 'healthy') })
    const result = await go({ options: { timeoutMs: 30_000 } })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    expect(done).toEqual(['shop.example.jp octavia=90 at 320 s'])
    const breaks = notes(result.events).filter((note) => note.startsWith('FAILOVER_RETURN_BREAK'))
    expect(breaks).toHaveLength(1)
    expect(breaks[0]).toMatch(
      health === 'unhealthy'
        ? /: octavia is unhealthy \(.*\), and its 3m begin again$/
        : /: octavia is not known to be healthy \(.*\), and its 3m begin again$/,
    )
  })

  it('never comes while it is down for a moment in every three minutes', async () => {
    const abort = new AbortController()
    const { done, go, seconds } = stage({ octavia: (at) => (at % 170 < 10 && at >= 170 ? 'unhealthy' : 'healthy') })
    const result = await go({
      deps: { signal: abort.signal },
      onEvent: () => {
        if (seconds() >= 3600 && !abort.signal.aborted) abort.abort(interrupted('SIGINT'))
      },
    })
    expect(result).toMatchObject({ outcome: 'interrupted' })
    expect(done).toEqual([])
  })

  it('is refused at once where the side is not healthy when it is asked for', async () => {
    const dead = stage({ octavia: () => 'unhealthy' })
    expect(await dead.go()).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    const unknown = stage({ octavia: () => 'unknown' })
    expect(await unknown.go()).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect([...dead.done, ...unknown.done]).toEqual([])
    expect(unknown.seconds()).toBe(0)
  })

  it('waits for nothing where it was allowed not to be proven', async () => {
    const allowances = [{ code: 'FAILOVER_RETURN_UNPROVEN', reason: 'the line is back' }]
    for (const octavia of ['healthy', 'unknown'] as const) {
      const { done, go } = stage({ octavia: () => octavia })
      expect(await go({ request: { allowances } })).toMatchObject({ outcome: 'applied' })
      expect(done).toEqual(['shop.example.jp octavia=90 at 0 s'])
    }
    // That is no leave to return to what is dead.
    const broken = stage({ octavia: () => 'unhealthy' })
    expect(await broken.go({ request: { allowances } })).toMatchObject({ outcome: 'refused' })
  })

  it('brings back each name in its own time', async () => {
    const names = ['a.example.jp', 'b.example.jp']
    const { done, go } = stage({
      names,
      octavia: (at, name) => (name < 'b' || at < 60 || at >= 90 ? 'healthy' : 'unknown'),
    })
    const result = await go()
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    expect(done).toEqual(['a.example.jp octavia=90 at 180 s', 'b.example.jp octavia=90 at 270 s'])
    expect(of(result.events, 'change.skipped')).toEqual([])
    expect(result.progress.earlier.map(({ changes }) => changes.map(({ change }) => change.ref.name))).toEqual([
      ['a.example.jp'],
    ])
  })

  it('does not count the time in which it only looked at how another name spread', async () => {
    const names = ['a.example.jp', 'b.example.jp']
    const octavia = (at: number, name: string): Health => (name < 'b' || at < 60 || at >= 90 ? 'healthy' : 'unknown')
    const quick = stage({ names, octavia, spreadsFor: 30 })
    expect(await quick.go()).toMatchObject({ outcome: 'applied' })
    expect(quick.done.at(-1)).toBe('b.example.jp octavia=90 at 270 s')
    const slow = stage({ names, octavia, spreadsFor: 100 })
    expect(await slow.go()).toMatchObject({ outcome: 'applied' })
    expect(Number(/at (\d+) s/.exec(slow.done.at(-1) ?? '')?.[1])).toBeGreaterThanOrEqual(180 + 100 + 180)
  })

  it('keeps a switch engaged until all of its names are back', async () => {
    const names = ['a.example.jp', 'b.example.jp']
    const octavia = (at: number, name: string): Health => (name < 'b' || at < 60 || at >= 90 ? 'healthy' : 'unknown')
    const { done, go } = stage({ names, octavia, switched: true })
    expect(await go()).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    expect(done).toEqual([
      'a.example.jp octavia=90 at 180 s',
      'b.example.jp octavia=90 at 270 s',
      'switch let go at 270 s',
    ])
  })

  it('waits before the first step only; each later one needs the side to be healthy', async () => {
    const { done, go } = stage({ steps: [50, 100] })
    expect(await go()).toMatchObject({ outcome: 'applied' })
    expect(done).toEqual(['shop.example.jp octavia=45 at 180 s', 'shop.example.jp octavia=90 at 300 s'])
    const ill = stage({ steps: [50, 100], octavia: (at) => (at < 200 ? 'healthy' : 'unhealthy') })
    expect(await ill.go()).toMatchObject({ exitCode: EXIT.held })
    expect(ill.done).toEqual(['shop.example.jp octavia=45 at 180 s'])
  })

  it('a machine that slept has seen nothing meanwhile', async () => {
    let isSlept = false
    const { clock, done, go, seconds } = stage()
    const result = await go({
      onEvent: ({ type }) => {
        if (type !== 'observe.started' || isSlept || seconds() < 100) return
        isSlept = true
        clock.advance(3_600_000)
      },
    })
    expect(result).toMatchObject({ outcome: 'applied' })
    expect(notes(result.events)).toContainEqual(expect.stringContaining('nobody looked at octavia for a while'))
    expect(done).toEqual(['shop.example.jp octavia=90 at 3880 s'])
  })

  it('lets others have its names while it waits', async () => {
    const { store, go } = stage()
    const held: string[] = []
    await go({
      onEvent: ({ type }) => {
        if (type === 'observe.started') held.push([...store.locks].join(', '))
      },
    })
    expect(new Set(held.slice(3, -1))).toEqual(new Set(['test run run-1']))
  })

  it('interrupted, it can be taken up: the count begins again', async () => {
    const abort = new AbortController()
    const { done, go, seconds } = stage()
    const first = await go({
      deps: { signal: abort.signal },
      onEvent: () => {
        if (seconds() >= 100 && !abort.signal.aborted) abort.abort(interrupted('SIGINT'))
      },
    })
    expect(first).toMatchObject({ outcome: 'interrupted' })
    expect(done).toEqual([])
    expect(first.error?.tries).toEqual(['nyah run resume run-1'])
    expect(resumable(first.events).run).toBe('run-1')
    const second = await go({ deps: { run: 'run-2' }, options: { resumes: 'run-1' } })
    expect(second).toMatchObject({ outcome: 'applied' })
    expect(done).toEqual(['shop.example.jp octavia=90 at 280 s'])
  })

  it('shows in a plan what it will do and what it waits for, and does nothing', async () => {
    const { done, go, seconds } = stage()
    const { plan, outcome } = await go({ options: { mode: 'plan' } })
    expect(outcome).toBe('planned')
    expect(plan?.changes.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['shift', 'octavia 0 %, aws 100 % → octavia 90 %, aws 10 %: back to steady'],
    ])
    expect(plan?.findings).toMatchObject([
      {
        code: 'FAILOVER_RETURN_UNPROVEN',
        passes: true,
        evidence: expect.stringContaining('healthy for 3m without a break'),
      },
    ])
    expect([done, seconds()]).toEqual([[], 0])
  })
})
