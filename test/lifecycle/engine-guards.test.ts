import { describe, expect, it } from 'vitest'
import { EXIT, nyahError } from '../../src/lib/core/errors.ts'
import type { Finding } from '../../src/lib/core/plan.ts'
import { virtualClock } from '../support/clock.ts'
import { broken, type Entries, inMemory, toyOperation, toyRemote, type Wish } from '../support/toy.ts'
import { memoryStore, runToy } from '../support/toy-run.ts'

const wishes: Readonly<Record<string, Wish>> = {
  'shop/lb': { value: 'nlb' },
  'shop/tg': { value: 'tg', parent: 'shop/lb' },
}
const stale: Entries = {
  'shop/a': { id: 'id-of-shop/a', value: 'x', parent: null },
  'shop/b': { id: 'id-of-shop/b', value: 'x', parent: null },
}
const finding = (part: Partial<Finding>): Finding => ({
  code: 'TOY_GUARD',
  severity: 'hold',
  scope: 'shop',
  subject: 'the shop',
  evidence: '2 of 2 would go',
  remedy: 'look first',
  allowable: true,
  ...part,
})

describe('guards', () => {
  it('a refusal stops all of it, says why, and how to overrule it', async () => {
    const remote = toyRemote(inMemory())
    const guards = [() => [finding({ severity: 'refuse' })]]
    const result = await runToy(toyOperation({ remote, wishes: () => wishes, guards }))
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused, error: { code: 'PLAN_REFUSED' } })
    expect(result.error?.message).toContain('2 of 2 would go')
    expect(result.error?.tries).toEqual(['look first', 'nyah toy set --allow TOY_GUARD --reason "…"'])
    expect(remote.calls.map(({ verb }) => verb)).toEqual(['read'])
  })

  it('a refusal that nobody may overrule does not offer it', async () => {
    const guards = [() => [finding({ severity: 'refuse', allowable: false })]]
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards }), {
      request: { allowances: [{ code: 'TOY_GUARD', reason: 'please' }] },
    })
    expect(result.outcome).toBe('refused')
    expect(result.error?.tries).toEqual(['look first'])
    expect(result.progress.notes).toEqual([expect.objectContaining({ code: 'ALLOWANCE_IMPOSSIBLE' })])
  })

  it('an allowance overrules it, with its reason in the plan; one that meets nothing is mentioned', async () => {
    const guards = [() => [finding({ severity: 'refuse' })]]
    const allowances = [
      { code: 'TOY_GUARD', reason: 'the owner agreed' },
      { code: 'OTHER', reason: 'just in case' },
    ]
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards }), {
      request: { allowances },
    })
    expect(result.outcome).toBe('applied')
    expect(result.plan?.findings).toMatchObject([{ severity: 'refuse', allowed: { reason: 'the owner agreed' } }])
    expect(result.progress.notes).toEqual([
      { code: 'ALLOWANCE_UNUSED', message: expect.stringContaining('--allow OTHER') as string },
    ])
  })

  it('an allowance that is misspelt is named with what could be meant, also where the plan is refused', async () => {
    const guards = [
      () => [finding({ severity: 'refuse' }), finding({ code: 'TOY_NEVER', severity: 'refuse', allowable: false })],
    ]
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards }), {
      request: { allowances: [{ code: 'TOY_GAURD', reason: 'a slip' }] },
    })
    expect(result.outcome).toBe('refused')
    expect(result.progress.notes).toEqual([
      {
        code: 'ALLOWANCE_UNUSED',
        message: '--allow TOY_GAURD met nothing that it could overrule; what it could overrule here: TOY_GUARD',
      },
    ])
  })

  it('a hold keeps its changes and what needs them back, does the rest, and ends with 11', async () => {
    const state = inMemory(stale)
    const guards = [() => [finding({ holds: ['shop/lb/put', 'shop/a/delete'] })]]
    const operation = toyOperation({
      remote: toyRemote(state),
      wishes: () => ({ ...wishes, 'admin/lb': { value: 'nlb' } }),
      guards,
    })
    const result = await runToy(operation)
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held, error: null })
    // The deletes need every put of their scope, so the held put holds both.
    expect(Object.keys(state.load()).sort()).toEqual(['admin/lb', 'shop/a', 'shop/b'])
    expect(result.progress.changes.filter(({ skipped }) => skipped === 'held')).toHaveLength(4)
  })

  it('asks nobody when everything is held, and writes nothing', async () => {
    const store = memoryStore()
    const guards = [() => [finding({})]]
    const remote = toyRemote(inMemory())
    const result = await runToy(toyOperation({ remote, wishes: () => wishes, guards }), {
      options: { consent: 'none' },
      deps: { store },
    })
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held })
    expect(result.progress.changes.map(({ skipped }) => skipped)).toEqual(['held', 'held'])
    expect(store.journals.size).toBe(0)
  })

  it('does not call it done when a hold left nothing to change', async () => {
    const result = await runToy(
      toyOperation({ remote: toyRemote(inMemory()), wishes: () => ({}), guards: [() => [finding({})]] }),
    )
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held })
  })
})

describe('the second reading', () => {
  it('lies at least two seconds behind the first, and lets removals through that it sees too', async () => {
    const state = inMemory(stale)
    const result = await runToy(toyOperation({ remote: toyRemote(state), wishes: () => ({}) }))
    expect(result.outcome).toBe('applied')
    expect(state.load()).toEqual({})
    const [first, second] = result.events.filter(({ type }) => type === 'observe.started')
    const read = result.events.find(({ type }) => type === 'observe.finished')
    expect(Date.parse(second?.at ?? '') - Date.parse(read?.at ?? '')).toBeGreaterThanOrEqual(2_000)
    expect(first?.seq).toBeLessThan(second?.seq ?? 0)
    expect(result.events).toContainEqual(
      expect.objectContaining({ type: 'reading.compared', data: { agree: true, findings: [] } }),
    )
  })

  it('is not made where nothing is removed', async () => {
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes }))
    expect(result.events.map(({ type }) => type)).not.toContain('reading.second')
  })

  it('holds the removals that it does not see, and does the rest', async () => {
    const state = inMemory(stale)
    // The first reading got an incomplete answer: b was missing.
    const readings: Record<string, Wish>[] = [{ ...wishes }, { ...wishes, 'shop/b': { value: 'x' } }]
    const operation = toyOperation({ remote: toyRemote(state), wishes: () => readings.shift() ?? wishes })
    const result = await runToy(operation)
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held })
    expect(Object.keys(state.load()).sort()).toEqual(['shop/b', 'shop/lb', 'shop/tg'])
    expect(result.plan?.findings).toMatchObject([{ code: 'READINGS_DISAGREE', holds: ['shop/b/delete'] }])
    expect(result.progress.plan?.findings).toEqual(result.plan?.findings)
  })

  it('holds a removal of what has become something else', async () => {
    const state = inMemory(stale)
    let readings = 0
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'read' && (readings += 1) === 2) {
        state.save({ ...stale, 'shop/a': { id: 'id-of-shop/a', value: 'in use again', parent: null } })
      }
    }
    const result = await runToy(toyOperation({ remote: toyRemote(state, { before }), wishes: () => ({}) }))
    expect(result.outcome).toBe('held')
    expect(Object.keys(state.load())).toEqual(['shop/a'])
    expect(result.plan?.findings).toMatchObject([{ code: 'READINGS_DISAGREE', holds: ['shop/a/delete'] }])
  })

  it('is not made for removals that are held anyway', async () => {
    const guards = [() => [finding({ holds: ['shop/a/delete', 'shop/b/delete'] })]]
    const operation = toyOperation({ remote: toyRemote(inMemory(stale)), wishes: () => wishes, guards })
    const result = await runToy(operation)
    expect(result.outcome).toBe('held')
    expect(result.events.map(({ type }) => type)).not.toContain('reading.second')
  })

  it('refuses all of it when it finds a refusal', async () => {
    const state = inMemory(stale)
    let readings = 0
    const guards = [() => ((readings += 1) === 2 ? [finding({ severity: 'refuse', code: 'SOURCE_GONE' })] : [])]
    const result = await runToy(toyOperation({ remote: toyRemote(state), wishes: () => wishes, guards }))
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(result.error?.message).toContain('SOURCE_GONE')
    expect(state.load()).toEqual(stale)
  })

  it('honours a hold that only it has', async () => {
    const state = inMemory(stale)
    let readings = 0
    const guards = [() => ((readings += 1) === 2 ? [finding({ holds: ['shop/a/delete'] })] : [])]
    const result = await runToy(toyOperation({ remote: toyRemote(state), wishes: () => ({}), guards }))
    expect(result.outcome).toBe('held')
    expect(Object.keys(state.load())).toEqual(['shop/a'])
  })

  it('is made for any plan that waited long for its answer, and stops one that is old', async () => {
    const clock = virtualClock()
    const state = inMemory()
    const readings: Record<string, Wish>[] = [{ ...wishes }, { 'shop/other': { value: 'x' } }]
    const operation = toyOperation({ remote: toyRemote(state), wishes: () => readings.shift() ?? wishes })
    const ask = () => {
      clock.advance(3_600_000)
      return Promise.resolve(true)
    }
    const result = await runToy(operation, { clock, options: { consent: 'ask' }, deps: { ask } })
    expect(result).toMatchObject({ outcome: 'stale', exitCode: EXIT.stale, error: { code: 'STALE_PLAN' } })
    expect(state.load()).toEqual({})
  })

  it("lets one through that waited long and is still the same; the wait was not the run's time", async () => {
    const clock = virtualClock()
    const ask = () => {
      clock.advance(3_600_000)
      return Promise.resolve(true)
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes }), {
      clock,
      options: { consent: 'ask', timeoutMs: 60_000 },
      deps: { ask },
    })
    expect(result.outcome).toBe('applied')
  })
})

describe('a saved plan', () => {
  const operation = (state = inMemory(stale), wished = wishes) =>
    toyOperation({ remote: toyRemote(state), wishes: () => wished })
  const save = async () => {
    const { plan } = await runToy(operation(), { options: { mode: 'plan' } })
    if (plan === null) throw new Error('there must be a plan')
    return plan
  }

  it('is applied without a question when the same changes come out', async () => {
    const state = inMemory(stale)
    const result = await runToy(operation(state), { options: { saved: await save(), consent: 'none' } })
    expect(result.outcome).toBe('applied')
    expect(Object.keys(state.load()).sort()).toEqual(['shop/lb', 'shop/tg'])
    expect(result.progress.confirmedBy).toBe('saved-plan')
  })

  it.each([
    ['a change is new', inMemory(stale), { ...wishes, 'shop/new': { value: 'x' } }, 'shop/new/put is new'],
    ['a change is gone', inMemory({}), wishes, 'shop/a/delete is gone'],
    ['a change is different', inMemory(stale), { ...wishes, 'shop/lb': { value: 'y' } }, 'shop/lb/put is different'],
  ])('is stale when %s', async (_, state, wished, said) => {
    const before = state.load()
    const result = await runToy(operation(state, wished), { options: { saved: await save(), consent: 'yes' } })
    expect(result).toMatchObject({ outcome: 'stale', exitCode: EXIT.stale, error: { code: 'STALE_PLAN' } })
    expect(result.error?.message).toContain(said)
    expect(state.load()).toEqual(before)
  })

  it('is stale when what it held back would now be done', async () => {
    const held = toyOperation({
      remote: toyRemote(inMemory(stale)),
      wishes: () => wishes,
      guards: [() => [finding({ holds: ['shop/a/delete'] })]],
    })
    const { plan } = await runToy(held, { options: { mode: 'plan' } })
    const result = await runToy(operation(), { options: { saved: plan } })
    expect(result.error?.message).toContain('shop/a/delete is no longer held back')
  })

  it('still needs the id where nothing can be taken back', async () => {
    const saved = await save()
    const final = toyOperation({ remote: toyRemote(inMemory(stale)), wishes: () => wishes, confirmId: 'shop' })
    expect(await runToy(final, { options: { saved, consent: 'ask' } })).toMatchObject({
      exitCode: EXIT.confirmationNeeded,
    })
    expect(await runToy(final, { options: { saved, confirmed: 'shop' } })).toMatchObject({ outcome: 'applied' })
  })
})

describe('what stands before the first write', () => {
  it('another run at work: 10, naming it, nothing written', async () => {
    const lock = () => {
      throw nyahError({ code: 'RUN_LOCKED', message: 'run x is at work', exit: EXIT.stale })
    }
    const remote = toyRemote(inMemory())
    const store = memoryStore({ lock })
    const result = await runToy(toyOperation({ remote, wishes: () => wishes }), { deps: { store } })
    expect(result).toMatchObject({ outcome: 'failed', exitCode: EXIT.stale, error: { code: 'RUN_LOCKED' } })
    expect(remote.calls.map(({ verb }) => verb)).toEqual(['read'])
    expect(store.journals.size).toBe(0)
  })

  const unwritable = () => {
    throw nyahError({ code: 'STATE_UNWRITABLE', message: 'the disk is full', exit: EXIT.configuration })
  }
  it.each([
    ['opened', { open: unwritable }],
    ['written', { append: unwritable }],
    ['put on the disk', { sync: unwritable }],
  ])('a journal that cannot be %s: 3, nothing written, the lock given back', async (_, hooks) => {
    const remote = toyRemote(inMemory())
    const store = memoryStore(hooks)
    const result = await runToy(toyOperation({ remote, wishes: () => wishes }), { deps: { store } })
    expect(result).toMatchObject({
      outcome: 'failed',
      exitCode: EXIT.configuration,
      error: { code: 'STATE_UNWRITABLE' },
    })
    expect(remote.calls.map(({ verb }) => verb)).toEqual(['read'])
    expect(store.locks.size).toBe(0)
  })

  it('a journal that breaks halfway stops the run before its next write', async () => {
    const remote = toyRemote(inMemory())
    const append = ({ type, data }: { type: string; data: object }) => {
      if (type === 'change.started' && 'id' in data && data.id === 'shop/tg/put') unwritable()
    }
    const result = await runToy(toyOperation({ remote, wishes: () => ({ ...wishes, 'web/x': { value: 'y' } }) }), {
      deps: { store: memoryStore({ append }) },
      options: { parallel: 1 },
    })
    expect(result).toMatchObject({ outcome: 'partly-applied', exitCode: EXIT.partial })
    expect(result.error?.message).toContain('STATE_UNWRITABLE')
    expect(remote.calls.filter(({ verb }) => verb === 'put').map(({ key }) => key)).toEqual(['shop/lb'])
  })

  it('the journal is open, and holds every event, before the remote is written to', async () => {
    const store = memoryStore()
    const journalled: number[] = []
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'put') journalled.push(store.readRun('run-1').length)
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }), {
      deps: { store },
    })
    expect(journalled[0]).toBeGreaterThan(4)
    expect(store.readRun('run-1')).toEqual(result.events)
  })
})

describe('a run that only looks', () => {
  it.each([
    { mutates: true, mode: 'plan', detailedExitcode: false, wished: wishes, exitCode: 0, outcome: 'planned' },
    { mutates: true, mode: 'plan', detailedExitcode: true, wished: wishes, exitCode: 4, outcome: 'planned' },
    { mutates: true, mode: 'plan', detailedExitcode: true, wished: {}, exitCode: 0, outcome: 'nothing-to-do' },
    { mutates: false, mode: 'apply', detailedExitcode: false, wished: wishes, exitCode: 4, outcome: 'planned' },
    { mutates: false, mode: 'apply', detailedExitcode: false, wished: {}, exitCode: 0, outcome: 'nothing-to-do' },
  ] as const)('mutates $mutates, mode $mode, detailed $detailedExitcode → $exitCode', async (row) => {
    const { mutates, mode, detailedExitcode, wished, exitCode, outcome } = row
    const remote = toyRemote(inMemory())
    const store = memoryStore()
    const result = await runToy(toyOperation({ remote, wishes: () => wished, mutates }), {
      options: { mode, detailedExitcode, consent: 'none' },
      deps: { store },
    })
    expect(result).toMatchObject({ outcome, exitCode, result: { entries: {} } })
    expect(remote.calls.map(({ verb }) => verb)).toEqual(['read'])
    expect(store.journals.size).toBe(0)
  })

  it('a plan that would be refused ends with 6 all the same', async () => {
    const guards = [() => [finding({ severity: 'refuse' })]]
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards }), {
      options: { mode: 'plan' },
    })
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(result.plan?.changes).toHaveLength(2)
  })

  it("an unreadable world ends with the error's own exit", async () => {
    const before = () => {
      throw broken()
    }
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }))
    expect(result).toMatchObject({
      outcome: 'failed',
      exitCode: EXIT.remote,
      plan: null,
      error: { code: 'TOY_BROKEN' },
    })
  })
})
