import { describe, expect, it } from 'vitest'
import { EXIT } from '../../../src/lib/core/errors.ts'
import { decide } from '../../../src/lib/engine/decide.ts'
import { makePlan } from '../../../src/lib/engine/planning.ts'
import type { RunOptions } from '../../../src/lib/engine/terms.ts'
import { planToy } from '../../support/toy.ts'
import { toyOptions, toyRequest } from '../../support/toy-run.ts'

const world = { wishes: { 'shop/lb': { value: 'nlb' } }, entries: {} }
const { plan } = makePlan({ draft: planToy(world), world, guards: [], request: toyRequest, observedAt: 0 })

type Row = readonly [
  confirmId: string | null,
  consent: RunOptions['consent'],
  confirmed: string | null,
  saved: boolean,
  expected: string,
]

/** Who may answer for a plan: every combination that differs. */
const rows: readonly Row[] = [
  [null, 'yes', null, false, 'apply yes-flag'],
  [null, 'ask', null, false, 'ask'],
  [null, 'none', null, false, 'end declined 5'],
  [null, 'yes', null, true, 'apply saved-plan'],
  [null, 'ask', null, true, 'apply saved-plan'],
  [null, 'none', null, true, 'apply saved-plan'],
  // --confirm answers nothing that does not ask for it.
  [null, 'none', 'shop', false, 'end declined 5'],
  ['shop', 'yes', null, false, 'end declined 5'],
  ['shop', 'ask', null, false, 'ask'],
  ['shop', 'none', null, false, 'end declined 5'],
  ['shop', 'yes', 'shop', false, 'apply confirm-flag'],
  ['shop', 'ask', 'shop', false, 'apply confirm-flag'],
  ['shop', 'none', 'shop', false, 'apply confirm-flag'],
  ['shop', 'none', 'other', false, 'end declined 5'],
  ['shop', 'yes', 'other', false, 'end declined 5'],
  ['shop', 'ask', 'other', false, 'ask'],
  ['shop', 'yes', null, true, 'end declined 5'],
  ['shop', 'ask', null, true, 'end declined 5'],
  ['shop', 'none', 'shop', true, 'apply confirm-flag'],
]

describe('who answers for a plan', () => {
  it.each(rows)(
    'confirmId %s, consent %s, --confirm %s, saved %s → %s',
    (confirmId, consent, confirmed, saved, expected) => {
      const options: RunOptions = { ...toyOptions, consent, confirmed, saved: saved ? plan : null }
      const decision = decide(plan, { mutates: true, confirmId, waits: false, walks: false }, options)
      const said =
        decision.do === 'apply'
          ? `apply ${decision.by}`
          : decision.do === 'end'
            ? `end ${decision.outcome} ${decision.exitCode}`
            : decision.do
      expect(said).toBe(expected)
    },
  )

  it.each([
    ['shop', null, false, 'ask'],
    ['shop', 'other', false, 'ask'],
    ['shop', 'shop', false, 'apply'],
    // A saved plan never prompts.
    ['shop', null, true, 'end'],
    // What --yes answers is not asked.
    [null, null, false, 'apply'],
  ])('--yes on a terminal, confirmId %s, --confirm %s, saved %s → %s', (confirmId, confirmed, saved, expected) => {
    const options: RunOptions = { ...toyOptions, consent: 'yes', terminal: true, confirmed, saved: saved ? plan : null }
    expect(decide(plan, { mutates: true, confirmId, waits: false, walks: false }, options).do).toBe(expected)
  })

  it('goes on with a walk although nothing is due, or only what is stopped, unless it only looks', () => {
    const finding = { scope: 'shop', subject: 'shop', evidence: 'it is', remedy: 'mend it', allowable: true } as const
    const plans = {
      empty: { ...plan, changes: [] },
      held: { ...plan, findings: [{ ...finding, code: 'TOY_NO', severity: 'hold' as const }] },
      refused: { ...plan, findings: [{ ...finding, code: 'TOY_NO', severity: 'refuse' as const }] },
    }
    const does = (name: keyof typeof plans, walks: boolean, part: Partial<RunOptions> = {}) => {
      const facts = { mutates: true, confirmId: null, waits: true, walks }
      const decision = decide(plans[name], facts, { ...toyOptions, ...part })
      return decision.do === 'end' ? decision.outcome : decision.do
    }
    expect([does('empty', false), does('held', false), does('refused', false)]).toEqual(['verify', 'held', 'refused'])
    expect([does('empty', true), does('held', true), does('refused', true)]).toEqual(['apply', 'apply', 'apply'])
    expect(does('empty', true, { consent: 'ask' })).toBe('ask')
    expect(does('empty', true, { consent: 'none' })).toBe('declined')
    expect(does('empty', true, { mode: 'plan' })).toBe('nothing-to-do')
    expect(does('refused', true, { mode: 'plan' })).toBe('refused')
  })

  it('gives the command that overrules a refusal, where the command can carry it', () => {
    const finding = { scope: 'shop', subject: 'shop', evidence: 'it is', remedy: 'mend it', allowable: true } as const
    const refused = { ...plan, findings: [{ ...finding, code: 'TOY_NO', severity: 'refuse' as const }] }
    const triesOf = (mutates: boolean, saved: boolean) => {
      const options = { ...toyOptions, saved: saved ? refused : null }
      const decision = decide(refused, { mutates, confirmId: null, waits: false, walks: false }, options)
      return decision.do === 'end' ? decision.error?.tries : null
    }
    expect(triesOf(true, false)).toEqual(['mend it', 'nyah toy set --allow TOY_NO --reason "…"'])
    expect(triesOf(true, true)).toEqual(['mend it', 'make the plan again with --allow TOY_NO --reason "…"'])
    // `diff` has no such flag.
    expect(triesOf(false, false)).toEqual(['mend it'])
  })

  it('gives the whole command to paste', () => {
    const tries = (confirmId: string | null, part: Partial<RunOptions>) => {
      const decision = decide(
        plan,
        { mutates: true, confirmId, waits: false, walks: false },
        { ...toyOptions, consent: 'none', ...part },
      )
      return decision.do === 'end' ? decision.error : null
    }
    expect(tries(null, {})).toMatchObject({
      code: 'CONFIRMATION_NEEDED',
      exit: EXIT.confirmationNeeded,
      tries: ['nyah toy set --yes'],
    })
    expect(tries('shop', {})?.tries).toEqual(['nyah toy set --confirm shop'])
    expect(tries('shop', { confirmed: 'other' })?.message).toContain('"other"')
  })
})
