import { describe, expect, it } from 'vitest'
import type { Outputs } from '../../src/lib/core/change.ts'
import { EXIT, interrupted, nyahError } from '../../src/lib/core/errors.ts'
import type { EventType, NyahEvent } from '../../src/lib/core/events.ts'
import type { Operation, Scene } from '../../src/lib/engine/operation.ts'
import { virtualClock } from '../support/clock.ts'
import { broken, busy, inMemory, toyOperation, toyRemote, type ToyWorld, type Wish } from '../support/toy.ts'
import { memoryStore, runToy } from '../support/toy-run.ts'

const NAMES = Array.from({ length: 300 }, (_, index) => `name-${String(index).padStart(3, '0')}`)
const APPLE = 'name-123/set'
const WISHES: Readonly<Record<string, Wish>> = Object.fromEntries(
  NAMES.map((name) => [`${name}/set`, { value: 'aws' }]),
)

/** 300 names, each a scope of its own, that go out in one call; `fate` may throw for one of them, or for the whole call. */
function batches(fate: (key: string, attempt: number) => void, call: (scene: Scene) => Promise<void> = async () => {}) {
  const state = inMemory()
  const calls: (readonly string[])[] = []
  const single = toyOperation({ remote: toyRemote(state), wishes: () => WISHES })
  const operation: Operation<ToyWorld> = {
    ...single,
    together: {
      keyOf: () => 'names',
      apply: async (changes, scene) => {
        calls.push(changes.map(({ ref }) => ref.name))
        await call(scene)
        const results = new Map<string, Outputs | Error>()
        for (const change of changes) {
          try {
            fate(change.ref.name, calls.length)
            results.set(change.id, await single.apply(change, scene))
          } catch (error) {
            results.set(change.id, error as Error)
          }
        }
        return results
      },
    },
  }
  return { state, calls, operation, done: () => Object.keys(state.load()).length }
}

const ids = (events: readonly NyahEvent[], type: EventType): number => events.filter((one) => one.type === type).length

describe('300 changes that go together', () => {
  it('are one call, however little is done in parallel, and each has its own events', async () => {
    const { calls, operation, done } = batches(() => undefined)
    const result = await runToy(operation, { options: { parallel: 1 } })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    expect(calls.map((call) => call.length)).toEqual([300])
    expect(done()).toBe(300)
    expect([ids(result.events, 'change.started'), ids(result.events, 'change.succeeded')]).toEqual([300, 300])
  })

  it('with a bad apple: that one fails, the others do not', async () => {
    const { calls, operation, done } = batches((key) => {
      if (key === APPLE) throw broken()
    })
    const result = await runToy(operation)
    expect(result).toMatchObject({ outcome: 'partly-applied', exitCode: EXIT.partial })
    expect(calls).toHaveLength(1)
    expect(done()).toBe(299)
    const failed = result.progress.changes.filter(({ status }) => status === 'failed')
    expect(failed.map(({ change, error }) => [change.ref.name, error?.code])).toEqual([[APPLE, 'TOY_BROKEN']])
  })

  it('with busy ones: those are tried again, together, and the others settle meanwhile', async () => {
    const slow = new Set(['name-007/set', APPLE])
    const { calls, operation, done } = batches((key, attempt) => {
      if (slow.has(key) && attempt < 3) throw busy()
    })
    const result = await runToy(operation)
    expect(result).toMatchObject({ outcome: 'applied' })
    expect(calls.map((call) => call.length)).toEqual([300, 2, 2])
    expect(done()).toBe(300)
    expect(ids(result.events, 'change.retrying')).toBe(4)
  })

  it('with one that stays busy: it is given up at the deadline', async () => {
    const clock = virtualClock()
    const { operation, done } = batches((key) => {
      if (key === APPLE) throw busy()
    })
    const result = await runToy(operation, { clock, options: { timeoutMs: 60_000 } })
    expect(result).toMatchObject({ outcome: 'partly-applied', exitCode: EXIT.partial })
    expect(done()).toBe(299)
    expect(clock.elapsed()).toBeLessThanOrEqual(60_000)
    expect(clock.elapsed()).toBeGreaterThan(20_000)
  })

  it('are tried again whole where the call itself got no answer', async () => {
    let lost = 0
    const { calls, operation, done } = batches(
      () => undefined,
      () => ((lost += 1) === 1 ? Promise.reject(busy(true)) : Promise.resolve()),
    )
    expect(await runToy(operation)).toMatchObject({ outcome: 'applied' })
    expect(calls.map((call) => call.length)).toEqual([300, 300])
    expect(done()).toBe(300)
  })

  it('fail one by one where the call leaves one out', async () => {
    const { operation } = batches(() => undefined)
    const forgetful: Operation<ToyWorld> = {
      ...operation,
      together: {
        keyOf: () => 'names',
        apply: async (changes) =>
          new Map(changes.filter(({ ref }) => ref.name !== APPLE).map(({ id }) => [id, {} satisfies Outputs])),
      },
    }
    const { progress } = await runToy(forgetful)
    const failed = progress.changes.filter(({ status }) => status === 'failed')
    expect(failed.map(({ change }) => change.ref.name)).toEqual([APPLE])
  })

  it('may finish after an interruption, and are cut off when they do not', async () => {
    for (const ms of [5_000, 60_000]) {
      // Applying takes no time on this clock.
      let isApplying = false
      const clock = virtualClock({ busy: () => isApplying })
      const abort = new AbortController()
      const { operation, done } = batches(
        () => undefined,
        async (scene) => {
          abort.abort(interrupted('SIGINT'))
          await scene.clock.sleep(ms, scene.signal)
          isApplying = true
        },
      )
      const result = await runToy(operation, { clock, deps: { signal: abort.signal } })
      expect(result).toMatchObject({ outcome: 'interrupted', exitCode: EXIT.interrupted })
      expect(done(), `${ms} ms`).toBe(ms < 10_000 ? 300 : 0)
      expect(clock.elapsed()).toBe(Math.min(ms, 10_000))
    }
  })

  it('are not sent once the journal is broken', async () => {
    const append = ({ type }: NyahEvent) => {
      if (type === 'change.started') throw nyahError({ code: 'STATE_UNWRITABLE', message: 'full', exit: 3 })
    }
    const { calls, operation } = batches(() => undefined)
    const result = await runToy(operation, { deps: { store: memoryStore({ append }) } })
    expect(result).toMatchObject({ outcome: 'failed', exitCode: EXIT.configuration })
    expect(calls).toEqual([])
  })

  it('leave out what is held or refused', async () => {
    const { calls, operation } = batches(() => undefined)
    const stopped: Operation<ToyWorld> = {
      ...operation,
      guards: [
        () =>
          (['hold', 'refuse'] as const).map((severity, index) => ({
            code: 'TOY_UNWELL',
            severity,
            scope: NAMES[index] ?? '',
            subject: 'a name',
            evidence: 'it is not well',
            remedy: 'make it well',
            allowable: true,
          })),
      ],
    }
    await runToy(stopped)
    expect(calls.map((call) => call.length)).toEqual([298])
  })

  it('that take something away go one by one, each with its own fresh look', async () => {
    const { calls, operation, state } = batches(() => undefined)
    await runToy(operation)
    const empty = toyOperation({ remote: toyRemote(state), wishes: () => ({}) })
    const { together } = operation
    const result = await runToy({ ...empty, ...(together && { together }) })
    expect(result).toMatchObject({ outcome: 'applied' })
    expect(calls).toHaveLength(1)
    expect(state.load()).toEqual({})
  })
})
