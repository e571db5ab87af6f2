import { describe, expect, it } from 'vitest'
import { EXIT, interrupted, nyahError } from '../../src/lib/core/errors.ts'
import type { Finding, Plan } from '../../src/lib/core/plan.ts'
import { broken, inMemory, toyOperation, type ToyOptions, toyRemote, type ToyWorld, type Wish } from '../support/toy.ts'
import { runToy, type ToyRunOptions } from '../support/toy-run.ts'

const wishes: Readonly<Record<string, Wish>> = { 'shop/lb': { value: 'nlb' }, 'web/lb': { value: 'nlb' } }
const done = {
  'shop/lb': { id: 'id-of-shop/lb', value: 'nlb', parent: null },
  'web/lb': { id: 'id-of-web/lb', value: 'nlb', parent: null },
}
const finding = (severity: Finding['severity'], scope: string): Finding => ({
  code: 'TOY_GUARD',
  severity,
  scope,
  subject: scope,
  evidence: 'e',
  remedy: 'r',
  allowable: true,
})

/** One run, with what it recorded: the plan that was left, and the entries it saw. */
async function recorded(part: Partial<ToyOptions> = {}, settings: ToyRunOptions = {}, entries = {}) {
  const calls: { plan: Plan; world: ToyWorld }[] = []
  const operation = toyOperation({
    remote: toyRemote(inMemory(entries)),
    wishes: () => wishes,
    record: (world, plan) => {
      calls.push({ world, plan })
      return Promise.resolve()
    },
    ...part,
  })
  return { result: await runToy(operation, settings), calls }
}

describe('how a run left things is recorded', () => {
  it.each([
    ['applied', {}, {}, {}, 0],
    ['nothing-to-do', {}, {}, done, 0],
    ['held before anything', { guards: [() => [finding('hold', 'shop'), finding('hold', 'web')]] }, {}, {}, 2],
    ['held in part', { guards: [() => [finding('hold', 'shop')]] }, {}, {}, 1],
    ['refused in part', { guards: [() => [finding('refuse', 'shop')]] }, {}, {}, 1],
    ['not-healthy', { waiting: () => [{ subject: 's', detail: 'd' }] }, { options: { timeoutMs: 9_000 } }, {}, 0],
  ] as const)('%s: what is left, of the world that was seen last', async (outcome, part, settings, entries, left) => {
    const { result, calls } = await recorded(part, settings, entries)
    expect(result.outcome).toBe(outcome.split(' ')[0])
    expect(calls).toHaveLength(1)
    expect(calls[0]?.plan.changes).toHaveLength(left)
    expect(Object.keys(calls[0]?.world.entries ?? {})).toHaveLength(2 - left)
    expect(calls[0]?.plan.findings).toHaveLength('guards' in part ? part.guards[0]().length : 0)
  })

  const hold = { guards: [() => [finding('hold', 'shop')]] }
  const stop = new AbortController()
  stop.abort(interrupted('SIGINT'))
  const fails = toyRemote(inMemory(), {
    before: ({ verb }) => {
      if (verb === 'put') throw broken()
    },
  })
  it.each([
    ['in a plan', hold, { options: { mode: 'plan' } }],
    ['by what only looks', { ...hold, mutates: false }, {}],
    ['where nobody agreed', {}, { options: { consent: 'none' } }],
    ['where a person declined', {}, { options: { consent: 'ask' }, deps: { ask: () => Promise.resolve(false) } }],
    ['of what was refused before anything', { guards: [() => [finding('refuse', 'elsewhere')]] }, {}],
    ['when it was interrupted', {}, { deps: { signal: stop.signal } }],
    ['when it failed', { remote: fails }, {}],
  ] as const)('but not %s', async (_, part, settings) => {
    const { calls } = await recorded(part, settings)
    expect(calls).toEqual([])
  })

  it('not of a world that was read before the last write', async () => {
    let readings = 0
    const remote = toyRemote(inMemory(), {
      before: ({ verb }) => {
        if (verb === 'read' && (readings += 1) > 1) throw broken()
      },
    })
    const { result, calls } = await recorded({ remote })
    expect(result.outcome).toBe('applied')
    expect(calls).toEqual([])
  })

  it.each([
    ['a remote that says no', () => Promise.reject(nyahError({ code: 'TOY_NO', message: 'no', exit: EXIT.remote }))],
    [
      'a bug',
      () => {
        throw new TypeError('x is undefined')
      },
    ],
  ])('%s is a note, and changes no outcome', async (_, record) => {
    const { result } = await recorded({ record })
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok, error: null })
    expect(result.progress.notes).toMatchObject([{ code: 'RECORD_FAILED' }])
    expect(result.events.at(-1)?.type).toBe('run.finished')
  })

  it('is told the request, so that what was allowed is not recorded as held', async () => {
    const { result, calls } = await recorded(hold, {
      request: { allowances: [{ code: 'TOY_GUARD', reason: 'agreed' }] },
    })
    expect(result.outcome).toBe('applied')
    expect(calls[0]?.plan.findings).toMatchObject([{ allowed: { reason: 'agreed' } }])
  })
})
