import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Change, token } from '../../../src/lib/core/change.ts'
import { withDependents } from '../../../src/lib/core/dag.ts'
import { interrupted } from '../../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { makeEmitter } from '../../../src/lib/engine/emitter.ts'
import { execute, type ExecuteOptions } from '../../../src/lib/engine/execute.ts'
import { virtualClock } from '../../support/clock.ts'
import { broken, busy } from '../../support/toy.ts'

const change = (id: string, scope: string, needs: readonly string[] = []): Change => ({
  id,
  scope,
  ref: { type: 'key', id: null, name: id },
  kind: 'create',
  before: null,
  after: { from: needs.map((need) => token(need, 'id') as never) },
  needs,
  reason: 'a test',
  risk: 'none',
})

/** How `apply` of one change behaves. */
type Fate = 'well' | 'fails' | 'busy-once'

interface Scenario {
  readonly changes: readonly Change[]
  readonly fates: ReadonlyMap<string, Fate>
  readonly held: ReadonlySet<string>
  readonly refused: ReadonlySet<string>
  readonly parallel: number
  /** Aborted before the nth call of `apply`; 0: never. */
  readonly abortAt: number
  /** Scopes whose changes go out together. */
  readonly together: readonly string[]
}

/** Up to 14 changes in up to 3 scopes; each may need earlier ones of its scope. */
const scenarios: fc.Arbitrary<Scenario> = fc
  .array(
    fc.record({
      scope: fc.constantFrom('a', 'b', 'c'),
      needs: fc.array(fc.nat(13), { maxLength: 3 }),
      fate: fc.constantFrom<Fate>('well', 'well', 'well', 'fails', 'busy-once'),
      held: fc.constantFrom(false, false, false, false, true),
    }),
    { maxLength: 14 },
  )
  .chain((rows) =>
    fc
      .record({
        parallel: fc.integer({ min: 1, max: 5 }),
        abortAt: fc.constantFrom(0, 0, 1, 3, 6),
        refused: fc.constantFrom([], [], ['a'], ['b', 'c']),
        together: fc.constantFrom([], ['a', 'b'], ['a', 'b', 'c']),
        order: fc.shuffledSubarray(
          rows.map((_, i) => i),
          { minLength: rows.length },
        ),
      })
      .map(({ parallel, abortAt, order, refused, together }) => {
        const inOrder = rows.map(({ scope, needs }, index) => {
          const earlier = [...new Set(needs)].filter((need) => need < index && rows[need]?.scope === scope)
          return change(
            `c${index}`,
            scope,
            earlier.map((need) => `c${need}`),
          )
        })
        const changes = order.flatMap((index) => inOrder[index] ?? [])
        const held = rows.flatMap((row, index) => (row.held ? [`c${index}`] : []))
        return {
          changes,
          fates: new Map(rows.map(({ fate }, index) => [`c${index}`, fate])),
          held: withDependents(changes, held),
          refused: new Set(refused),
          parallel,
          abortAt,
          together,
        }
      }),
  )

async function carryOut(scenario: Scenario) {
  const { changes, fates, held, refused, parallel, abortAt, together } = scenario
  const clock = virtualClock({ settleMs: 0 })
  const events: NyahEvent[] = []
  const { emit } = makeEmitter({ clock, run: 'r', sinks: [(event) => events.push(event)] })
  const abort = new AbortController()
  const finished = new Set<string>()
  const tried = new Set<string>()
  const problems: string[] = []
  const groups: (readonly string[])[] = []
  let underWay = 0
  let busiest = 0
  let calls = 0
  const options: ExecuteOptions = {
    changes,
    held,
    refused,
    parallel,
    deadline: { at: () => clock.now() + 60_000 },
    clock,
    emit,
    random: () => 0.5,
    signal: abort.signal,
    broken: () => null,
    together: {
      keyOf: ({ scope }) => (together.includes(scope) ? 'together' : null),
      apply: async (group) => {
        groups.push(group.map(({ id }) => id))
        underWay += 1
        busiest = Math.max(busiest, underWay)
        const ends = await Promise.allSettled(group.map(one))
        underWay -= 1
        return new Map(
          ends.map((end, at) => [group[at]?.id ?? '', end.status === 'fulfilled' ? end.value : (end.reason as Error)]),
        )
      },
    },
    apply: async (only) => {
      underWay += 1
      busiest = Math.max(busiest, underWay)
      try {
        return await one(only)
      } finally {
        underWay -= 1
      }
    },
  }
  async function one({ id, needs, after }: Change) {
    if (!needs.every((need) => finished.has(need))) problems.push(`${id} came before what it needs`)
    if (JSON.stringify(after) !== JSON.stringify({ from: needs.map((need) => `id-${need}`) }))
      problems.push(`${id}: tokens`)
    calls += 1
    if (calls === abortAt) abort.abort(interrupted('SIGINT'))
    await new Promise((resolve) => setImmediate(resolve))
    if (fates.get(id) === 'fails') throw broken()
    if (fates.get(id) === 'busy-once' && !tried.has(id)) {
      tried.add(id)
      throw busy()
    }
    finished.add(id)
    return { id: `id-${id}` }
  }
  return { ...(await execute(options)), events, problems, busiest, groups, calls: () => calls }
}

describe('carrying out a graph of changes', () => {
  it('never starts one before its needs, nor more than allowed at once, and ends each in exactly one way', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const { changes, held, refused, parallel, abortAt, fates } = scenario
        const { succeeded, failed, skipped, problems, busiest, stopped, events } = await carryOut(scenario)
        expect(problems).toEqual([])
        expect(busiest).toBeLessThanOrEqual(parallel)

        const ends = [...succeeded.keys(), ...failed.keys(), ...skipped.keys()]
        expect(ends.toSorted()).toEqual(changes.map(({ id }) => id).toSorted())
        const told = events.flatMap(({ type, data }) =>
          ['change.succeeded', 'change.failed', 'change.skipped'].includes(type) && 'id' in data ? [data.id] : [],
        )
        expect(told.toSorted()).toEqual(ends.toSorted())

        for (const { id, scope } of changes) {
          if (refused.has(scope)) expect(skipped.get(id)).toBe('refused')
          else if (held.has(id)) expect(skipped.get(id)).toBe('held')
          if (skipped.get(id) === 'interrupted') expect(stopped?.code).toBe('INTERRUPTED')
          if (skipped.get(id) === 'scope-failed' || skipped.get(id) === 'needs') {
            expect(changes.some((other) => other.scope === scope && failed.has(other.id))).toBe(true)
          }
        }
        // A scope in which nothing fails and nothing is held is finished, whatever happens elsewhere.
        if (abortAt === 0) {
          for (const scope of ['a', 'b', 'c'].filter((one) => !refused.has(one))) {
            const own = changes.filter((one) => one.scope === scope)
            if (own.some(({ id }) => held.has(id) || fates.get(id) === 'fails')) continue
            expect(own.every(({ id }) => succeeded.has(id))).toBe(true)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('uses all the room it is given', async () => {
    const changes = ['1', '2', '3', '4', '5', '6'].map((id) => change(id, id))
    const { busiest } = await carryOut({
      changes,
      fates: new Map(),
      held: new Set(),
      refused: new Set(),
      parallel: 3,
      abortAt: 0,
      together: [],
    })
    expect(busiest).toBe(3)
  })

  it('hands over at once what goes out together, however little room there is; the busy ones again, and alone the bad apple', async () => {
    const changes = Array.from({ length: 300 }, (_, at) => change(`c${at}`, `scope-${at}`))
    const { groups, succeeded, failed, events } = await carryOut({
      changes,
      fates: new Map([
        ['c7', 'fails'],
        ['c8', 'busy-once'],
        ['c9', 'busy-once'],
      ]),
      held: new Set(['c5']),
      refused: new Set(['scope-6']),
      parallel: 1,
      abortAt: 0,
      together: changes.map(({ scope }) => scope),
    })
    expect(groups.map((group) => group.length)).toEqual([298, 2])
    expect(groups[1]).toEqual(['c8', 'c9'])
    expect([succeeded.size, [...failed.keys()]]).toEqual([297, ['c7']])
    expect(events.filter(({ type }) => type === 'change.retrying')).toHaveLength(2)
  })

  it('is done at once with nothing to do', async () => {
    const done = await carryOut({
      changes: [],
      fates: new Map(),
      held: new Set(),
      refused: new Set(),
      parallel: 3,
      abortAt: 0,
      together: [],
    })
    expect(done).toMatchObject({ stopped: null, events: [] })
  })

  it('starts nothing when it was interrupted before', async () => {
    const clock = virtualClock()
    const { emit, events } = makeEmitter({ clock, run: 'r' })
    const execution = await execute({
      changes: [change('1', 'a')],
      held: new Set(),
      refused: new Set(),
      parallel: 1,
      deadline: { at: () => clock.now() + 1 },
      clock,
      emit,
      random: () => 0.5,
      signal: AbortSignal.abort(interrupted('SIGTERM')),
      broken: () => null,
      apply: () => Promise.reject(new Error('must not be called')),
    })
    expect([...execution.skipped]).toEqual([['1', 'interrupted']])
    expect(events.map(({ type }) => type)).toEqual(['change.skipped'])
  })

  it('starts nothing new after the deadline', async () => {
    const clock = virtualClock()
    const { emit } = makeEmitter({ clock, run: 'r' })
    const { stopped, succeeded, skipped } = await execute({
      changes: [change('1', 'a'), change('2', 'a', ['1'])],
      held: new Set(),
      refused: new Set(),
      parallel: 1,
      deadline: { at: () => Date.UTC(2026, 10, 22) + 1_000 },
      clock,
      emit,
      random: () => 0.5,
      signal: new AbortController().signal,
      broken: () => null,
      apply: () => {
        clock.advance(5_000)
        return Promise.resolve({ id: 'x' })
      },
    })
    expect(stopped?.code).toBe('RUN_TIMED_OUT')
    expect([[...succeeded.keys()], [...skipped.keys()]]).toEqual([['1'], ['2']])
  })
})
