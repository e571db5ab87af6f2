import { describe, expect, it } from 'vitest'
import { EXIT, interrupted, nyahError } from '../../src/lib/core/errors.ts'
import type { EventType, NyahEvent } from '../../src/lib/core/events.ts'
import { resumable } from '../../src/lib/engine/resume.ts'
import { virtualClock } from '../support/clock.ts'
import { broken, busy, inMemory, type ToyCall, toyRemote, type ToyState } from '../support/toy.ts'
import { memoryStore, runToy, type ToyRun, type ToyRunOptions } from '../support/toy-run.ts'
import { EVERY_MS, percents, STEPS, type WalkOptions, walkOperation, type WalkWorld } from '../support/toy-walk.ts'

const MINUTE = 60_000

interface Hooks {
  readonly before?: (call: ToyCall) => void
  readonly after?: (call: ToyCall) => void
}

/** A walk over a world in memory, and all that was put there in order. */
function stroll(options: Partial<WalkOptions> = {}, hooks: Hooks = {}, state: ToyState = inMemory()) {
  const clock = virtualClock()
  const store = memoryStore()
  const puts: string[] = []
  const remote = toyRemote(state, {
    ...hooks,
    after: (call) => {
      if (call.verb === 'put') puts.push(`${call.key} ${percents(state.load())[call.key] ?? '?'}`)
      hooks.after?.(call)
    },
  })
  const operation = walkOperation({ remote, names: ['shop'], ...options })
  const go = (settings: ToyRunOptions = {}): Promise<ToyRun> =>
    runToy(operation, { clock, ...settings, deps: { store, ...settings.deps } })
  return { clock, store, state, remote, puts, operation, go }
}

const of = <T extends EventType>(events: readonly NyahEvent[], type: T): readonly Extract<NyahEvent, { type: T }>[] =>
  events.filter((event): event is Extract<NyahEvent, { type: T }> => event.type === type)

describe('a walk', () => {
  it('goes step by step to its end, in one run, one journal and under one consent', async () => {
    const { clock, store, state, remote, go } = stroll()
    // Far shorter than the walk: what is slept does not count.
    const result = await go({ options: { timeoutMs: MINUTE } })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok, error: null, result: { shop: 100 } })
    expect(percents(state.load())).toEqual({ shop: 100 })
    const { events } = result
    expect(of(events, 'plan.made').map(({ data }) => data.plan.changes.map(({ kind }) => kind))).toEqual([
      ['create'],
      ['shift'],
      ['shift'],
    ])
    expect(of(events, 'plan.confirmed')).toHaveLength(1)
    expect(of(events, 'verify.finished')).toHaveLength(3)
    expect(of(events, 'step.waiting').map(({ data }) => data)).toEqual([
      { untilAt: '2026-11-22T00:05:00.000Z', next: 2 },
      { untilAt: '2026-11-22T00:10:00.000Z', next: 3 },
    ])
    expect(store.journals.get('run-1')).toEqual(events)
    expect(store.locks.size).toBe(0)
    expect(clock.elapsed()).toBe(2 * EVERY_MS)
    // Every 30 s, and around each step.
    const readings = remote.calls.filter(({ verb }) => verb === 'read').length
    expect(readings).toBeGreaterThanOrEqual(20)
    expect(readings).toBeLessThan(30)
  })

  it('has its time for its steps, not for looking at the world between them', async () => {
    const walk = stroll(
      {},
      {
        before: ({ verb }) => {
          if (verb === 'read') walk.clock.advance(2_000)
        },
      },
    )
    const result = await walk.go({ options: { timeoutMs: 30_000 } })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    // However long readings take, the moment is the same, and said once.
    expect(of(result.events, 'step.waiting').map(({ data }) => data.next)).toEqual([2, 3])
  })

  it('is folded into its steps', async () => {
    const { progress, events } = await stroll().go()
    expect(progress).toMatchObject({ phase: 'finished', nextStep: null, healthy: true, outcome: 'applied' })
    const steps = [...progress.earlier, { plan: progress.plan, changes: progress.changes }]
    expect(steps.map(({ changes }) => changes.map(({ change, status }) => [change.reason, status]))).toEqual([
      [['0 % → 10 %', 'succeeded']],
      [['10 % → 50 %', 'succeeded']],
      [['50 % → 100 %', 'succeeded']],
    ])
    expect(of(events, 'plan.made').at(-1)?.data.plan).toEqual(progress.plan)
  })

  it('is only shown in a plan, and refused without a consent', async () => {
    const { clock, go, puts } = stroll()
    expect(await go({ options: { mode: 'plan' } })).toMatchObject({ outcome: 'planned' })
    expect(await go({ options: { consent: 'none' } })).toMatchObject({ exitCode: EXIT.confirmationNeeded })
    expect(puts).toEqual([])
    expect(clock.elapsed()).toBe(0)
  })

  it('lets others have its names while it waits, and stays known as alive', async () => {
    const { store, go } = stroll({ names: ['shop', 'admin'] })
    const held: string[] = []
    await go({
      onEvent: ({ type }) => {
        if (type === 'change.started') held.push([...store.locks].toSorted().join(', '))
        if (type === 'observe.started') held.push([...store.locks].toSorted().join(', '))
      },
    })
    expect(new Set(held)).toEqual(new Set(['', 'test admin, test shop', 'test run run-1']))
  })

  it('stops with 10 where another run is at it when a step is due', async () => {
    let isTaken = false
    const lock = (scopes: readonly string[]) => {
      if (isTaken && scopes.includes('shop'))
        throw nyahError({ code: 'RUN_LOCKED', message: 'another run is at work on shop', exit: EXIT.stale })
    }
    const { clock, go, puts } = stroll()
    const store = memoryStore({ lock })
    const onEvent = ({ type }: NyahEvent) => {
      if (type === 'step.waiting') isTaken = true
    }
    const result = await go({ deps: { store }, onEvent })
    expect(result).toMatchObject({ exitCode: EXIT.stale, error: { code: 'RUN_LOCKED' } })
    expect(puts).toEqual(['shop 10'])
    expect(clock.elapsed()).toBe(EVERY_MS)
    expect(store.locks.size).toBe(0)
  })

  it('waits until each step is healthy, and goes no further when one is not in time', async () => {
    const { state, go, clock } = stroll({
      waiting: ({ at, entries }: WalkWorld) =>
        percents(entries)['shop'] === 50
          ? [{ subject: 'shop', detail: 'not yet', scope: 'shop' }]
          : at < Number(entries['shop']?.value.split('@')[1]) + MINUTE
            ? [{ subject: 'shop', detail: 'in a minute', scope: 'shop' }]
            : [],
    })
    const result = await go()
    expect(result).toMatchObject({ outcome: 'not-healthy', exitCode: EXIT.notHealthy })
    expect(percents(state.load())).toEqual({ shop: 50 })
    // The time for what is no waiting between steps is what was given.
    expect(clock.elapsed()).toBeGreaterThan(EVERY_MS - MINUTE + 600_000 - MINUTE)
    expect(clock.elapsed()).toBeLessThanOrEqual(EVERY_MS + 600_000)
  })
})

describe('trouble between two steps', () => {
  /** It comes a minute after the first step. */
  const troubled = (kind: WalkWorld['trouble'][string], names: readonly string[] = ['shop']) => {
    const walk = stroll({ names, trouble: () => (walk.clock.elapsed() >= MINUTE ? { shop: kind } : {}) })
    return walk
  }

  it.each(['hold', 'refuse'] as const)('%s ends it at once, held', async (kind) => {
    const { clock, puts, go } = troubled(kind)
    const result = await go()
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held, error: { code: 'RUN_WORLD_MOVED' } })
    expect(result.error?.message).toContain('TOY_UNWELL shop: it is not well')
    expect(result.error?.tries).toEqual(['make it well'])
    expect(puts).toEqual(['shop 10'])
    expect(clock.elapsed()).toBeLessThanOrEqual(MINUTE + 30_000)
    expect(resumable(result.events).run).toBe('run-1')
  })

  it('an allowance that was given goes on meaning what it meant', async () => {
    const allowances = [{ code: 'TOY_UNWELL', reason: 'it is a drill' }]
    const { puts, go } = troubled('hold')
    expect(await go({ request: { allowances } })).toMatchObject({ outcome: 'applied' })
    expect(puts).toEqual(['shop 10', 'shop 50', 'shop 100'])
  })

  it('a return is made at once', async () => {
    const { clock, puts, go } = troubled('return')
    expect(await go()).toMatchObject({ outcome: 'applied', result: { shop: 0 } })
    expect(puts).toEqual(['shop 10', 'shop 0'])
    expect(clock.elapsed()).toBeLessThanOrEqual(MINUTE + 30_000)
  })

  it('what nobody agreed to is not done', async () => {
    const { clock, puts, go } = troubled('edited')
    const result = await go()
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held, error: { code: 'RUN_WORLD_MOVED' } })
    expect(result.error?.message).toContain('RUN_STEP_NOT_AGREED shop')
    expect(result.error?.message).toContain('update name shop')
    expect(puts).toEqual(['shop 10'])
    expect(clock.elapsed()).toBeLessThanOrEqual(MINUTE + 30_000)
  })

  it.each(['hold', 'refuse', 'edited'] as const)('%s of one name leaves the others walking', async (kind) => {
    const { state, go } = troubled(kind, ['admin', 'shop'])
    const result = await go()
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held, error: { code: 'RUN_WORLD_MOVED' } })
    expect(percents(state.load())).toEqual({ admin: 100, shop: 10 })
    // Said when it was seen, and once.
    const notes = of(result.events, 'note')
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatchObject({ scope: 'shop' })
  })

  it('a name that was refused when the others were agreed to does not start walking later', async () => {
    const walk = stroll({
      names: ['admin', 'shop'],
      trouble: () => (walk.clock.elapsed() < MINUTE ? { shop: 'refuse' } : {}),
    })
    await walk.remote.put('shop', `10@${walk.clock.now()}`, null)
    const result = await walk.go()
    expect(result).toMatchObject({ outcome: 'held', error: { code: 'RUN_WORLD_MOVED' } })
    expect(percents(walk.state.load())).toEqual({ admin: 100, shop: 10 })
  })

  it('ends as its first plan did, where that was refused in part', async () => {
    const walk = stroll({ names: ['admin', 'shop'], trouble: () => ({ shop: 'refuse' }) })
    const result = await walk.go()
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(percents(walk.state.load())).toEqual({ admin: 100 })
  })

  it('a step that fails leaves the walk done in part', async () => {
    let puts = 0
    const before = ({ verb }: ToyCall) => {
      if (verb === 'put' && (puts += 1) === 2) throw broken()
    }
    const result = await stroll({}, { before }).go()
    expect(result).toMatchObject({
      outcome: 'partly-applied',
      exitCode: EXIT.partial,
      error: { code: 'RUN_PARTLY_APPLIED', details: { steps: 1 } },
    })
    expect(result.error?.message).toContain('1 step of the walk done, the next failed: TOY_BROKEN')
    expect(result.error?.tries[0]).toBe('nyah run resume run-1')
  })

  it('a lost answer is no second step', async () => {
    let puts = 0
    const { puts: done, go } = stroll(
      {},
      {
        after: ({ verb }) => {
          if (verb === 'put' && (puts += 1) === 2) throw busy(true)
        },
      },
    )
    expect(await go()).toMatchObject({ outcome: 'applied' })
    expect(done).toEqual(['shop 10', 'shop 50', 'shop 50', 'shop 100'])
  })

  it('a world that cannot be read is read again, and in the end leaves the walk done in part', async () => {
    const walk = stroll(
      {},
      {
        before: ({ verb }) => {
          if (verb === 'read' && walk.clock.elapsed() > MINUTE) throw busy()
        },
      },
    )
    const result = await walk.go({ options: { timeoutMs: 2 * MINUTE } })
    expect(result).toMatchObject({ outcome: 'partly-applied', exitCode: EXIT.partial })
    expect(result.error?.message).toContain('TOY_BUSY')
    expect(of(result.events, 'read.retrying').length).toBeGreaterThan(3)
    expect(walk.clock.elapsed()).toBeLessThan(4 * MINUTE)
  })

  it('a world that cannot be read for a moment is read again, however little time is left for a step', async () => {
    let failures = 0
    const walk = stroll(
      {},
      {
        before: ({ verb }) => {
          if (verb === 'read' && walk.clock.elapsed() > MINUTE && (failures += 1) < 4) throw busy()
        },
      },
    )
    expect(await walk.go({ options: { timeoutMs: 20_000 } })).toMatchObject({ outcome: 'applied' })
    expect(failures).toBeGreaterThan(4)
  })

  it('a journal that can no longer be written stops it before the next step', async () => {
    const { clock, puts, go } = stroll()
    const append = ({ type }: NyahEvent) => {
      if (type === 'step.waiting') throw nyahError({ code: 'STATE_UNWRITABLE', message: 'full', exit: 3 })
    }
    const result = await go({ deps: { store: memoryStore({ append }) } })
    expect(result).toMatchObject({ outcome: 'partly-applied', exitCode: EXIT.partial })
    expect(result.error?.message).toContain('STATE_UNWRITABLE')
    expect(clock.elapsed()).toBeLessThanOrEqual(30_000)
    expect(puts).toEqual(['shop 10'])
  })

  it('a step that never comes, though it is due, is not waited for for ever', async () => {
    const { clock, operation } = stroll()
    const late = { ...operation, requeue: () => 0 }
    const result = await runToy({ ...late, plan: (world) => ({ ...operation.plan(world), changes: [] }) }, { clock })
    expect(of(result.events, 'step.waiting')).toHaveLength(1)
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'RUN_TIMED_OUT' } })
    expect(clock.elapsed()).toBeLessThan(11 * MINUTE)
  })

  it('an operation that goes on counting what is stopped does not hold it up', async () => {
    const { clock, operation } = troubled('hold')
    const naive = { ...operation, requeue: (world: WalkWorld) => operation.requeue?.(world, new Set()) ?? null }
    expect(await runToy(naive, { clock })).toMatchObject({ outcome: 'held', exitCode: EXIT.held })
    expect(clock.elapsed()).toBeLessThanOrEqual(MINUTE + 30_000)
  })
})

describe('a walk that is interrupted', () => {
  /** Ctrl-C at the event with this number. */
  const interruptAt = async (seq: number, state: ToyState) => {
    const abort = new AbortController()
    const walk = stroll({ names: ['admin', 'shop'] }, {}, state)
    const result = await walk.go({
      deps: { signal: abort.signal },
      onEvent: (event) => {
        if (event.seq === seq) abort.abort(interrupted('SIGINT'))
      },
    })
    return { ...walk, result }
  }

  it('ends with 130 while it waits, and says how to go on', async () => {
    const whole = await stroll({ names: ['admin', 'shop'] }).go()
    const seq = of(whole.events, 'step.waiting')[0]?.seq ?? 0
    const { result, store, puts, clock } = await interruptAt(seq, inMemory())
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.interrupted })
    expect(result.error?.tries).toEqual(['nyah run resume run-1'])
    expect(puts).toEqual(['admin 10', 'shop 10'])
    expect(clock.elapsed()).toBe(0)
    expect(store.locks.size).toBe(0)
    expect(result.progress).toMatchObject({ phase: 'finished', nextStep: null })
    expect(resumable(result.events).request.operation).toBe('toy.set')
  })

  it('is interrupted, whatever a library calls that', async () => {
    const abort = new AbortController()
    const { clock, operation } = stroll()
    const sleep = (ms: number, signal?: AbortSignal) =>
      clock.sleep(ms, signal).catch(() => Promise.reject(new Error('The operation was aborted')))
    const result = await runToy(operation, {
      clock: { ...clock, sleep },
      deps: { signal: abort.signal },
      onEvent: ({ type }) => {
        if (type === 'step.waiting') abort.abort(interrupted('SIGTERM'))
      },
    })
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.terminated })
  })

  it('needs a consent to go on between two steps, where nothing is due', async () => {
    const state = inMemory()
    const { operation, clock } = await interruptAt(0, inMemory())
    await toyRemote(state).put('shop', `10@${clock.now()}`, null)
    const walk = stroll({}, {}, state)
    expect(await walk.go({ options: { consent: 'none' } })).toMatchObject({
      outcome: 'declined',
      error: { code: 'CONFIRMATION_NEEDED' },
    })
    const asked: number[] = []
    const ask = (plan: { readonly changes: readonly unknown[] }) => {
      asked.push(plan.changes.length)
      return Promise.resolve(true)
    }
    const result = await walk.go({ options: { consent: 'ask' }, deps: { ask } })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    expect(asked).toEqual([0])
    expect(walk.puts).toEqual(['shop 50', 'shop 100'])
    expect(of(result.events, 'step.waiting').map(({ data }) => data.next)).toEqual([1, 2])
    expect(result.progress.earlier).toHaveLength(1)
    expect(operation.name).toBe('toy.walk')
  })

  it('at any event, is finished by a resume: no step is left out, none is made twice', async () => {
    const whole = stroll({ names: ['admin', 'shop'] })
    const { events } = await whole.go()
    expect(events.length).toBeGreaterThan(60)
    let interruptions = 0
    for (let seq = 1; seq < events.length; seq += 1) {
      const state = inMemory()
      const first = await interruptAt(seq, state)
      if (first.result.outcome === 'interrupted') interruptions += 1
      const clock = virtualClock({ start: first.clock.now() })
      const second = stroll({ names: ['admin', 'shop'] }, {}, state)
      const resumed = await second.go({ clock, options: { resumes: 'run-1' }, deps: { run: 'run-2' } })
      expect(['applied', 'nothing-to-do'], `at event ${seq}`).toContain(resumed.outcome)
      expect(percents(state.load()), `at event ${seq}`).toEqual({ admin: 100, shop: 100 })
      const puts = [...first.puts, ...second.puts]
      for (const name of ['admin', 'shop'])
        expect(
          puts.filter((put) => put.startsWith(name)),
          `at event ${seq}`,
        ).toEqual(STEPS.map((step) => `${name} ${step}`))
    }
    expect(interruptions).toBeGreaterThan(events.length - 10)
  })
})
