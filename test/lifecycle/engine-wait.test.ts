import { describe, expect, it } from 'vitest'
import type { Change } from '../../src/lib/core/change.ts'
import { EXIT, interrupted } from '../../src/lib/core/errors.ts'
import { virtualClock } from '../support/clock.ts'
import { broken, busy, inMemory, toyOperation, toyRemote, type ToyWorld, type Wish } from '../support/toy.ts'
import { memoryStore, runToy } from '../support/toy-run.ts'

const wishes: Readonly<Record<string, Wish>> = {
  'shop/lb': { value: 'nlb' },
  'shop/tg': { value: 'tg', parent: 'shop/lb' },
}

/** Everything is healthy once it is `afterMs` old, on the clock of the run. */
function slowWorld(afterMs: number) {
  const clock = virtualClock()
  let madeAt: number | null = null
  const after = ({ verb }: { verb: string }) => {
    if (verb === 'put') madeAt ??= clock.now()
  }
  const remote = toyRemote(inMemory(), { after })
  const waiting = ({ entries }: ToyWorld) =>
    madeAt !== null && clock.now() - madeAt >= afterMs
      ? []
      : Object.keys(entries).map((subject) => ({ subject, detail: 'not yet' }))
  return { clock, remote, operation: toyOperation({ remote, wishes: () => wishes, waiting }) }
}

describe('waiting for health', () => {
  it('lasts until it is healthy', async () => {
    const { clock, operation, remote } = slowWorld(90_000)
    const result = await runToy(operation, { clock })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    expect(result.progress).toMatchObject({ healthy: true, waiting: [] })
    expect(clock.elapsed()).toBeGreaterThanOrEqual(90_000)
    expect(clock.elapsed()).toBeLessThan(110_000)
    // Slower and slower: far fewer readings than seconds.
    expect(remote.calls.filter(({ verb }) => verb === 'read').length).toBeLessThan(20)
    // What is waited for did not change, so it was said once, with its deadline.
    const waits = result.events.filter(({ type }) => type === 'verify.waiting')
    expect(waits).toHaveLength(1)
    expect(waits[0]?.data).toMatchObject({ deadlineAt: '2026-11-22T00:10:00.000Z' })
  })

  it('ends with 9 at the deadline, and says what is not healthy', async () => {
    const { clock, operation } = slowWorld(Infinity)
    const result = await runToy(operation, { clock, options: { timeoutMs: 120_000 } })
    expect(result).toMatchObject({
      outcome: 'not-healthy',
      exitCode: EXIT.notHealthy,
      error: { code: 'RUN_NOT_HEALTHY' },
    })
    expect(result.error?.message).toContain('shop/lb: not yet')
    expect(clock.elapsed()).toBe(120_000)
    expect(result.progress).toMatchObject({ healthy: false, deadlineAt: '2026-11-22T00:02:00.000Z' })
  })

  it('is done for an empty plan too, without a lock or a journal', async () => {
    const { clock, operation } = slowWorld(60_000)
    await runToy(operation, { clock, options: { timeoutMs: 1_000 } })
    const store = memoryStore()
    const again = await runToy(operation, { clock, deps: { store } })
    expect(again).toMatchObject({ outcome: 'nothing-to-do', exitCode: EXIT.ok })
    expect(again.progress.healthy).toBe(true)
    expect(clock.elapsed()).toBeGreaterThanOrEqual(60_000)
    expect(store.journals.size).toBe(0)
  })

  it('is not done in a plan', async () => {
    const { clock, operation } = slowWorld(60_000)
    await runToy(operation, { clock, options: { timeoutMs: 1_000 } })
    const elapsed = clock.elapsed()
    expect(await runToy(operation, { clock, options: { mode: 'plan' } })).toMatchObject({ outcome: 'nothing-to-do' })
    expect(clock.elapsed()).toBe(elapsed)
  })

  it('what cannot be seen is not healthy', async () => {
    let readings = 0
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'read' && (readings += 1) > 1) throw broken()
    }
    const remote = toyRemote(inMemory(), { before })
    const result = await runToy(toyOperation({ remote, wishes: () => wishes, waiting: () => [] }))
    expect(result).toMatchObject({ outcome: 'not-healthy', exitCode: EXIT.notHealthy, error: { code: 'TOY_BROKEN' } })
    // The world that was read before the writes is no result.
    expect(result.result).toBeNull()
  })

  it('a result that cannot be read does not undo what was applied', async () => {
    let readings = 0
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'read' && (readings += 1) > 1) throw broken()
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }))
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok, result: null })
    expect(result.progress.notes).toMatchObject([{ code: 'RESULT_UNREAD' }])
  })

  it('reads again while the remote is busy', async () => {
    let readings = 0
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'read' && (readings += 1) % 2 === 1) throw busy()
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }))
    expect(result.outcome).toBe('applied')
    expect(result.events.filter(({ type }) => type === 'read.retrying').length).toBeGreaterThan(1)
  })
})

describe('a wait that only another run can end', () => {
  /** The remote loses or gains things at its nth reading; whatever is wished for and missing is waited for. */
  const moving = (options: {
    readonly at: number
    readonly lose?: string
    readonly come?: string
    readonly back?: number
    readonly sick?: boolean
  }) => {
    const { at, lose, come, back = Infinity, sick = false } = options
    const clock = virtualClock()
    const state = inMemory()
    let lost: ReturnType<typeof state.load>[string] | undefined
    let readings = 0
    const before = ({ verb }: { verb: string }) => {
      if (verb !== 'read') return
      readings += 1
      const { [lose ?? '']: gone, ...rest } = state.load()
      if (readings === at && gone !== undefined) {
        lost = gone
        state.save(rest)
      }
      if (readings === back && lose !== undefined && lost !== undefined) state.save({ ...state.load(), [lose]: lost })
    }
    const wished = () => (come !== undefined && readings >= at - 1 ? { ...wishes, [come]: { value: 'b' } } : wishes)
    const waiting = ({ entries, wishes: now }: ToyWorld) => [
      ...Object.keys(now)
        .filter((key) => entries[key] === undefined)
        .map((key) => ({ subject: key, detail: 'not there', unplanned: true })),
      ...(sick ? [{ subject: 'shop/lb', detail: 'unhealthy' }] : []),
    ]
    const tolerates = ({ ref }: Change) => /\/m\d$/.test(ref.name)
    const operation = toyOperation({ remote: toyRemote(state, { before }), wishes: wished, waiting, tolerates })
    return { clock, operation, readings: () => readings }
  }

  it('ends early with 9, the command and what has become due: something was taken away', async () => {
    const { clock, operation } = moving({ at: 3, lose: 'shop/tg', sick: true })
    const result = await runToy(operation, { clock })
    expect(result).toMatchObject({
      outcome: 'not-healthy',
      exitCode: EXIT.notHealthy,
      error: { code: 'RUN_MORE_TO_DO' },
    })
    expect(result.error?.message).toContain('1 change has become due (key shop/tg: shop/tg is wished for)')
    expect(result.error?.tries).toEqual(['nyah toy set'])
    expect(result.progress.healthy).toBe(false)
    expect(clock.elapsed()).toBeLessThan(20_000)
  })

  it('sees it for five seconds first: a remote may be slow to show what was written', async () => {
    // Readings lie 0, 1, 3, 7 … s behind the apply; in the first two it is not to be seen.
    const blip = moving({ at: 2, lose: 'shop/tg', back: 4 })
    expect(await runToy(blip.operation, { clock: blip.clock })).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    const lasting = moving({ at: 2, lose: 'shop/tg' })
    expect(await runToy(lasting.operation, { clock: lasting.clock })).toMatchObject({ exitCode: EXIT.notHealthy })
    expect(lasting.clock.elapsed()).toBe(7_000)
  })

  it('what merely came does not end it while something else is unhealthy', async () => {
    const { clock, operation } = moving({ at: 3, come: 'shop/m1', sick: true })
    const result = await runToy(operation, { clock, options: { timeoutMs: 120_000 } })
    expect(result).toMatchObject({ exitCode: EXIT.notHealthy, error: { code: 'RUN_NOT_HEALTHY' } })
    expect(clock.elapsed()).toBe(120_000)
  })

  it('what merely came ends it when all else is well', async () => {
    const { clock, operation } = moving({ at: 2, come: 'shop/m1' })
    const result = await runToy(operation, { clock })
    expect(result).toMatchObject({ exitCode: EXIT.notHealthy, error: { code: 'RUN_MORE_TO_DO' } })
    expect(clock.elapsed()).toBeLessThan(20_000)
  })
})

describe('an interruption', () => {
  it.each([
    ['SIGINT', EXIT.interrupted],
    ['SIGTERM', EXIT.terminated],
  ] as const)('%s during the wait ends with %d', async (signal, exitCode) => {
    const { clock, operation } = slowWorld(Infinity)
    const abort = new AbortController()
    const result = await runToy(operation, {
      clock,
      deps: { signal: abort.signal },
      onEvent: ({ type }) => {
        if (type === 'verify.waiting') abort.abort(interrupted(signal))
      },
    })
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode })
    expect(result.progress.changes.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
  })

  it('starts nothing new, lets finish what is under way', async () => {
    const abort = new AbortController()
    const state = inMemory()
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'put') abort.abort(interrupted('SIGINT'))
    }
    const result = await runToy(toyOperation({ remote: toyRemote(state, { before }), wishes: () => wishes }), {
      deps: { signal: abort.signal },
    })
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.interrupted })
    expect(result.progress.changes.map((one) => one.skipped ?? one.status)).toEqual(['succeeded', 'interrupted'])
    expect(Object.keys(state.load())).toEqual(['shop/lb'])
  })

  it('does not wait for ever for what hangs', async () => {
    const abort = new AbortController()
    const clock = virtualClock()
    const before = ({ verb }: { verb: string }) => {
      if (verb !== 'put') return
      abort.abort(interrupted('SIGINT'))
      return new Promise<void>(() => undefined)
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }), {
      clock,
      deps: { signal: abort.signal },
    })
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.interrupted })
    expect(result.progress.changes.map((one) => one.skipped ?? one.error?.code)).toEqual(['INTERRUPTED', 'interrupted'])
    expect(clock.elapsed()).toBe(10_000)
  })

  it('ends a reading that hangs at once', async () => {
    const abort = new AbortController()
    const before = () => new Promise<void>(() => undefined)
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }), {
      deps: { signal: abort.signal },
      onEvent: ({ type }) => {
        if (type === 'observe.started') setImmediate(() => abort.abort(interrupted('SIGINT')))
      },
    })
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.interrupted })
  })

  it('ends a question', async () => {
    const abort = new AbortController()
    const ask = () => {
      abort.abort(interrupted('SIGINT'))
      return new Promise<boolean>(() => undefined)
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes }), {
      options: { consent: 'ask' },
      deps: { signal: abort.signal, ask },
    })
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.interrupted })
  })

  it('ends a back-off', async () => {
    const abort = new AbortController()
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'put') throw busy()
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }), {
      deps: { signal: abort.signal },
      onEvent: ({ type }) => {
        if (type === 'change.retrying') abort.abort(interrupted('SIGINT'))
      },
    })
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.interrupted })
    expect(result.progress.changes[0]).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'TOY_BUSY' } })
  })
})

describe('a bug', () => {
  const fresh = () => toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes })
  const explode = () => {
    throw new TypeError('undefined is not a function')
  }
  it.each([
    ['plan', { plan: explode }],
    ['observe', { observe: explode }],
    ['guards', { guards: [explode] }],
    ['apply', { apply: explode }],
    ['waiting', { waiting: explode }],
    ['summary', { summary: explode }],
  ])('in %s ends with 1, and run.finished is still last', async (_, bug) => {
    const store = memoryStore()
    const result = await runToy({ ...fresh(), ...bug }, { deps: { store } })
    expect(result).toMatchObject({ outcome: 'failed', exitCode: EXIT.bug, error: { code: 'BUG' } })
    expect(result.events.at(-1)).toMatchObject({ type: 'run.finished', data: { exitCode: EXIT.bug } })
    expect(store.locks.size).toBe(0)
  })

  it('in a planner that makes a graph nobody can carry out is named', async () => {
    const operation = fresh()
    const draft = operation.plan({ wishes, entries: {} })
    const twice = { ...operation, plan: () => ({ ...draft, changes: [...draft.changes, ...draft.changes] }) }
    const result = await runToy(twice)
    expect(result).toMatchObject({ exitCode: EXIT.bug, error: { code: 'PLAN_INVALID' } })
  })

  it('in a listener does not touch the run', async () => {
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes }), {
      onEvent: explode,
    })
    expect(result.outcome).toBe('applied')
  })
})
