import { describe, expect, it } from 'vitest'
import type { Change } from '../../src/lib/core/change.ts'
import { EXIT } from '../../src/lib/core/errors.ts'
import type { Finding } from '../../src/lib/core/plan.ts'
import { type Entries, inMemory, toyOperation, type ToyOptions, toyRemote, type Wish } from '../support/toy.ts'
import { runToy } from '../support/toy-run.ts'

/** Keys named `m…` are members: they may come and go between a plan and its application. */
const tolerates = ({ ref }: Change) => /\/m\d$/.test(ref.name)

const wishes: Readonly<Record<string, Wish>> = {
  'shop/lb': { value: 'nlb' },
  'shop/m1': { value: 'a' },
  'web/lb': { value: 'nlb' },
}
const there: Entries = { 'shop/m9': { id: 'id-of-shop/m9', value: 'x', parent: null } }

type Part = Partial<Pick<ToyOptions, 'guards' | 'tolerates'>>

/** A plan for `wishes`, saved, and then applied when the wishes have become others. */
async function applySaved(wished: Readonly<Record<string, Wish>>, part: Part = {}, before: Part = {}) {
  const state = inMemory(there)
  const remote = toyRemote(state)
  const { plan } = await runToy(toyOperation({ remote, wishes: () => wishes, tolerates, ...before }), {
    options: { mode: 'plan' },
  })
  const result = await runToy(toyOperation({ remote, wishes: () => wished, tolerates, ...part }), {
    options: { saved: plan, consent: 'none' },
  })
  return { result, keys: () => Object.keys(state.load()).sort(), state }
}

const hold = (holds: readonly string[]): Finding => ({
  code: 'TOY_HOLD',
  severity: 'hold',
  scope: 'shop',
  subject: 'the shop',
  evidence: 'too many at once',
  remedy: 'wait',
  allowable: true,
  holds,
})

describe('a saved plan, where members came or went meanwhile', () => {
  const { 'shop/m1': _, ...rest } = wishes
  it.each([
    ['one more came', { ...wishes, 'shop/m2': { value: 'b' } }, 'shop/m2/put is new', ['shop/m1', 'shop/m2']],
    ['one went again', rest, 'shop/m1/put is gone', []],
    ['one changed', { ...wishes, 'shop/m1': { value: 'z' } }, 'shop/m1/put is different', ['shop/m1']],
  ])('is applied as it comes out now when %s, and says so', async (_, wished, said, members) => {
    const { result, keys } = await applySaved(wished)
    expect(result).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok })
    expect(keys()).toEqual(['shop/lb', ...members, 'web/lb'])
    // The delete of m9 needs every put of its scope, so its needs differ too, by these members alone.
    expect(result.progress.notes).toEqual([
      { code: 'PLAN_MEMBERS_DIFFER', message: expect.stringContaining(said) as string },
    ])
    expect(result.plan?.findings).toMatchObject([{ code: 'PLAN_MEMBERS_DIFFER', severity: 'warn', scope: 'shop' }])
    expect(result.progress.plan?.findings).toEqual(result.plan?.findings)
  })

  it('says nothing when nothing differs', async () => {
    const { result } = await applySaved({ ...wishes })
    expect(result).toMatchObject({ outcome: 'applied', progress: { notes: [] } })
    expect(result.plan?.findings).toEqual([])
  })

  it.each([
    ['something else differs too', { ...rest, 'shop/m2': { value: 'b' }, 'web/x': { value: 'y' } }, 'web/x/put is new'],
    ['its own scope has something else', { ...rest, 'shop/lb': { value: 'other' } }, 'shop/lb/put is different'],
  ])('is stale when %s: then members are no excuse', async (_, wished, said) => {
    const { result, state } = await applySaved(wished)
    expect(result).toMatchObject({ outcome: 'stale', exitCode: EXIT.stale, error: { code: 'STALE_PLAN' } })
    expect(result.error?.message).toContain(said)
    expect(result.error?.message).not.toContain('shop/m')
    expect(result.progress.notes).toEqual([])
    expect(state.load()).toEqual(there)
  })

  it('is stale where the operation tolerates nothing', async () => {
    const { tolerates: _, ...operation } = toyOperation({ remote: toyRemote(inMemory(there)), wishes: () => rest })
    const { plan } = await runToy(toyOperation({ remote: toyRemote(inMemory(there)), wishes: () => wishes }), {
      options: { mode: 'plan' },
    })
    expect(await runToy(operation, { options: { saved: plan } })).toMatchObject({ outcome: 'stale' })
  })

  it('goes through all guards anew', async () => {
    const guards = [() => [hold(['shop/m9/delete'])]]
    const { result, keys } = await applySaved({ ...wishes, 'shop/m2': { value: 'b' } }, { guards })
    expect(result).toMatchObject({ outcome: 'held', exitCode: EXIT.held })
    expect(keys()).toEqual(['shop/lb', 'shop/m1', 'shop/m2', 'shop/m9', 'web/lb'])
    expect(result.progress.notes[0]?.message).toContain('shop/m9/delete is now held back')
  })

  it('does not do what somebody saw held back', async () => {
    const guards = [() => [hold(['shop/m9/delete'])]]
    const { result, state } = await applySaved(wishes, {}, { guards })
    expect(result).toMatchObject({ outcome: 'stale', exitCode: EXIT.stale })
    expect(result.error?.message).toContain('shop/m9/delete is no longer held back')
    expect(state.load()).toEqual(there)
  })

  it('is stale where what differs rests on an allowance: that was given for what somebody saw', async () => {
    const guards = [() => [{ ...hold(['shop/m1/put']), allowed: { reason: 'these may go at once' } }]]
    const { result, state } = await applySaved({ ...wishes, 'shop/m1': { value: 'z' } }, { guards }, { guards })
    expect(result).toMatchObject({ outcome: 'stale', exitCode: EXIT.stale })
    expect(result.error?.message).toContain('shop/m1/put is different')
    expect(state.load()).toEqual(there)
    const same = await applySaved(wishes, { guards }, { guards })
    expect(same.result).toMatchObject({ outcome: 'applied' })
    const other = await applySaved({ ...wishes, 'shop/m2': { value: 'b' } }, { guards }, { guards })
    expect(other.result).toMatchObject({ outcome: 'applied' })
  })

  const no = (): Finding => ({ ...hold([]), code: 'TOY_NO', severity: 'refuse' })
  it('does not do what somebody saw refused, and does the rest of what still is', async () => {
    const opened = await applySaved(wishes, {}, { guards: [() => [no()]] })
    expect(opened.result).toMatchObject({ outcome: 'stale' })
    expect(opened.result.error?.message).toContain('is no longer refused')
    const guards = [() => [no()]]
    const same = await applySaved(wishes, { guards }, { guards })
    expect(same.result).toMatchObject({ outcome: 'refused', exitCode: EXIT.refused })
    expect(same.keys()).toEqual(['shop/m9', 'web/lb'])
  })

  it('is stale when what it would do is refused now', async () => {
    const { result, state } = await applySaved(wishes, { guards: [() => [no()]] })
    expect(result).toMatchObject({ outcome: 'stale', exitCode: EXIT.stale })
    expect(result.error?.message).toContain('shop/lb/put is now refused')
    expect(state.load()).toEqual(there)
  })
})
