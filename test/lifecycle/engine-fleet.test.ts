import { describe, expect, it } from 'vitest'
import { EXIT, nyahError } from '../../src/lib/core/errors.ts'
import type { Finding } from '../../src/lib/core/plan.ts'
import { broken, type Entries, inMemory, toyOperation, toyRemote, type ToyWorld, type Wish } from '../support/toy.ts'
import { memoryStore, runToy } from '../support/toy-run.ts'

/** Three scopes, each with something to do. */
const wishes: Readonly<Record<string, Wish>> = {
  'admin/lb': { value: 'nlb' },
  'shop/lb': { value: 'nlb' },
  'shop/tg': { value: 'tg', parent: 'shop/lb' },
  'web/lb': { value: 'nlb' },
}
const refusal = (scope: string, part: Partial<Finding> = {}): Finding => ({
  code: 'TOY_NO',
  severity: 'refuse',
  scope,
  subject: `listener of ${scope}`,
  evidence: 'it speaks UDP',
  remedy: `mend ${scope}`,
  allowable: true,
  ...part,
})
const refusing =
  (...scopes: string[]) =>
  () =>
    scopes.map((scope) => refusal(scope))

const skips = (result: Awaited<ReturnType<typeof runToy>>) =>
  result.progress.changes.map(({ change, skipped, status }) => `${change.id} ${skipped ?? status}`)

describe('a refusal in one of several scopes', () => {
  it('stops that scope only; the run ends with 6 and names what was refused', async () => {
    const state = inMemory()
    const result = await runToy(
      toyOperation({ remote: toyRemote(state), wishes: () => wishes, guards: [refusing('shop')] }),
    )
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused, error: { code: 'PLAN_REFUSED' } })
    expect(result.error?.message).toBe('1 of 3 refused, and left as it is: shop TOY_NO listener of shop: it speaks UDP')
    expect(result.error?.tries).toEqual(['mend shop', 'nyah toy set --allow TOY_NO --reason "…"'])
    expect(Object.keys(state.load()).sort()).toEqual(['admin/lb', 'web/lb'])
    expect(skips(result)).toEqual([
      'admin/lb/put succeeded',
      'shop/lb/put refused',
      'shop/tg/put refused',
      'web/lb/put succeeded',
    ])
    expect(result.events.at(-1)).toMatchObject({ type: 'run.finished', data: { outcome: 'refused', exitCode: 6 } })
  })

  it('offers to overrule those scopes only that can be', async () => {
    const guards = [
      () => [
        refusal('shop', { code: 'TOY_A' }),
        refusal('shop', { code: 'TOY_NEVER', allowable: false }),
        refusal('web', { code: 'TOY_B' }),
      ],
    ]
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards }))
    expect(result.error?.tries).toEqual(['mend shop', 'mend web', 'nyah toy set --allow TOY_B --reason "…"'])
  })

  it('is asked about once for all that is left, and locks only that', async () => {
    const locked: (readonly string[])[] = []
    const asked: string[] = []
    const store = memoryStore({ lock: (scopes) => locked.push(scopes) })
    const guards = [
      refusing('shop'),
      () => [refusal('web', { severity: 'hold', code: 'TOY_HOLD', holds: ['web/lb/put'] })],
    ]
    const result = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards }), {
      options: { consent: 'ask' },
      deps: {
        store,
        ask: (plan) => {
          asked.push(plan.hash)
          return Promise.resolve(true)
        },
      },
    })
    expect(asked).toHaveLength(1)
    expect(locked).toEqual([['admin']])
    // Refused is worse than held.
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
  })

  it.each([
    ['every scope that has changes is refused', ['admin', 'shop', 'web'], []],
    ['the rest of them is held', ['admin', 'shop'], ['web/lb/put']],
    ['it is about no scope of the plan', ['elsewhere'], []],
  ])('stops all of it before anything when %s', async (_, scopes, holds) => {
    const remote = toyRemote(inMemory())
    const store = memoryStore()
    const guards = [
      refusing(...scopes),
      () => (holds.length === 0 ? [] : [refusal('web', { severity: 'hold', holds })]),
    ]
    const result = await runToy(toyOperation({ remote, wishes: () => wishes, guards }), { deps: { store } })
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(result.error?.message).toMatch(/^nothing was changed: /)
    expect(remote.calls.map(({ verb }) => verb)).toEqual(['read'])
    expect(store.journals.size).toBe(0)
  })

  it('ends so again, with nothing to change, when the others are done', async () => {
    const state = inMemory()
    const operation = () => toyOperation({ remote: toyRemote(state), wishes: () => wishes, guards: [refusing('shop')] })
    await runToy(operation())
    const remote = toyRemote(state)
    const again = await runToy(toyOperation({ remote, wishes: () => wishes, guards: [refusing('shop')] }))
    expect(again).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(remote.calls.map(({ verb }) => verb)).toEqual(['read'])
  })

  it('gives way to what is worse', async () => {
    const before = ({ key }: { key: string }) => {
      if (key === 'web/lb') throw broken()
    }
    const partly = await runToy(
      toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes, guards: [refusing('shop')] }),
    )
    expect(partly).toMatchObject({ outcome: 'partly-applied', exitCode: EXIT.partial })
    // What was refused was not left undone by a failure.
    expect(partly.error?.message).toContain('1 of 2 changes were applied, 1 failed, 0 were not started')
    const waiting = () => [{ subject: 'web', detail: 'not yet', scope: 'web' }]
    const unhealthy = await runToy(
      toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards: [refusing('shop')], waiting }),
    )
    expect(unhealthy).toMatchObject({ outcome: 'not-healthy', exitCode: EXIT.notHealthy })
  })

  it('is not waited for', async () => {
    const waiting = ({ entries }: ToyWorld) =>
      ['admin', 'shop', 'web'].flatMap((scope) =>
        entries[`${scope}/lb`] === undefined ? [{ subject: scope, detail: 'not there', scope }] : [],
      )
    const result = await runToy(
      toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes, guards: [refusing('shop')], waiting }),
    )
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(result.progress.healthy).toBe(true)
  })

  it('shows in a plan with the code it would end with, and what is left to do', async () => {
    const remote = toyRemote(inMemory())
    const result = await runToy(toyOperation({ remote, wishes: () => wishes, guards: [refusing('shop')] }), {
      options: { mode: 'plan', detailedExitcode: true },
    })
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(result.error?.message).toMatch(/^1 of 3 refused/)
    expect(result.plan?.changes).toHaveLength(4)
  })

  const stale: Entries = {
    'shop/a': { id: 'id-of-shop/a', value: 'x', parent: null },
    'web/a': { id: 'id-of-web/a', value: 'x', parent: null },
  }
  it('found by the second reading stops its scope; the other removals agree and are made', async () => {
    const state = inMemory(stale)
    let readings = 0
    const guards = [() => ((readings += 1) === 2 ? [refusal('shop')] : [])]
    const result = await runToy(toyOperation({ remote: toyRemote(state), wishes: () => ({}), guards }))
    expect(result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(Object.keys(state.load())).toEqual(['shop/a'])
  })

  it('needs no second reading for removals that it refuses', async () => {
    const state = inMemory({ 'shop/a': { id: 'id-of-shop/a', value: 'x', parent: null } })
    const result = await runToy(
      toyOperation({
        remote: toyRemote(state),
        wishes: () => ({ 'web/lb': { value: 'nlb' } }),
        guards: [refusing('shop')],
      }),
    )
    expect(result.outcome).toBe('refused')
    expect(Object.keys(state.load()).sort()).toEqual(['shop/a', 'web/lb'])
    expect(result.events.map(({ type }) => type)).not.toContain('reading.second')
  })
})

describe('two runs at once', () => {
  it('of different scopes both succeed; of the same one the second ends with 10', async () => {
    const store = memoryStore()
    const held = new Set<string>()
    const exclusive = {
      ...store,
      lock: (context: string, scopes: readonly string[], run: string) => {
        const taken = scopes.find((scope) => held.has(scope))
        if (taken !== undefined) throw nyahError({ code: 'RUN_LOCKED', message: taken, exit: EXIT.stale })
        for (const scope of scopes) held.add(scope)
        const { release } = store.lock(context, scopes, run)
        return {
          release: () => {
            for (const scope of scopes) held.delete(scope)
            release()
          },
        }
      },
    }
    const state = inMemory()
    const runOf = (scope: string, run: string) => {
      const own = Object.fromEntries(Object.entries(wishes).filter(([key]) => key.startsWith(scope)))
      const before = ({ verb }: { verb: string }) =>
        verb === 'put' ? new Promise<void>((resolve) => setTimeout(resolve, 20)) : undefined
      const operation = toyOperation({ remote: toyRemote(state, { before }), wishes: () => own })
      const plan = (world: ToyWorld) => {
        const entries = Object.fromEntries(Object.entries(world.entries).filter(([key]) => key.startsWith(scope)))
        return operation.plan({ ...world, entries })
      }
      return runToy({ ...operation, plan }, { deps: { store: exclusive, run } })
    }
    const [first, second, third] = await Promise.all([runOf('shop', 'a'), runOf('web', 'b'), runOf('shop', 'c')])
    expect([first?.outcome, second?.outcome]).toEqual(['applied', 'applied'])
    expect(third).toMatchObject({ exitCode: EXIT.stale, error: { code: 'RUN_LOCKED' } })
    expect(Object.keys(state.load()).sort()).toEqual(['shop/lb', 'shop/tg', 'web/lb'])
  })
})
