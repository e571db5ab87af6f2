import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../src/lib/core/plan.ts'
import { renderPlanMarkdown } from '../../../src/lib/render/markdown.ts'
import { heldChanges, outlinePlan } from '../../../src/lib/render/outline.ts'
import { colourPaint, plainPaint } from '../../../src/lib/render/paint.ts'
import { isConsent, renderPrompt } from '../../../src/lib/render/prompt.ts'
import { renderPlanText } from '../../../src/lib/render/text.ts'
import { textWidth } from '../../../src/lib/render/width.ts'
import { hostile, OURS, poison, UNSAFE, withoutColour } from './evil.ts'
import { golden } from './golden.ts'
import { change, emptyPlan, finding, mirrorPlan, plan, refusedPlan, SHOP, syncPlan } from './samples.ts'

const PLANS: Readonly<Record<string, Plan>> = {
  mirror: mirrorPlan,
  sync: syncPlan,
  refused: refusedPlan,
  empty: emptyPlan,
}

const plain = (one: Plan, width = 80): string => renderPlanText(one, { paint: plainPaint, width })

describe('a plan on a terminal', () => {
  it.each(Object.keys(PLANS))('%s, 80 columns', async (name) => {
    await expect(plain(PLANS[name] ?? emptyPlan)).toMatchFileSnapshot(golden(`plan-${name}.80.txt`))
  })

  it.each(['mirror', 'sync'])('%s, 120 columns', async (name) => {
    await expect(plain(PLANS[name] ?? emptyPlan, 120)).toMatchFileSnapshot(golden(`plan-${name}.120.txt`))
  })

  it('in colour says the same words', async () => {
    for (const one of Object.values(PLANS))
      expect(withoutColour(renderPlanText(one, { paint: colourPaint, width: 80 }))).toBe(plain(one))
    await expect(renderPlanText(syncPlan, { paint: colourPaint, width: 80 })).toMatchFileSnapshot(
      golden('plan-sync.80.ansi'),
    )
  })

  it('shows what a held change holds too', () => {
    const first = change({ type: 'listener', name: 'TCP 80', kind: 'delete', reason: 'gone', risk: 'removes' })
    const second = change({ type: 'target-group', name: 'tg', kind: 'delete', needs: [first.id], reason: 'unused' })
    const third = change({ type: 'security-group', name: 'sg', kind: 'update', needs: [second.id], reason: 'rule' })
    const hold = finding({ code: 'LB_SOURCE_EMPTY', severity: 'hold', holds: [first.id] })
    // The last in the chain stands first: order in a plan is free.
    const held = plan({ changes: [third, second, first], findings: [hold] })
    expect(heldChanges(held).get(third.id)).toEqual(['LB_SOURCE_EMPTY'])
    expect(outlinePlan(held)).toMatchObject({ held: 3, counts: { delete: 0, update: 0 } })
    expect(plain(held)).toContain('Held: 3 changes will not be applied now.')
    expect(plain(held)).not.toContain('Takes away')
    const allowed = plan({ ...held, findings: [{ ...hold, allowed: { reason: 'meant' } }] })
    expect(outlinePlan(allowed)).toMatchObject({ held: 0, counts: { delete: 2, update: 1 } })
    expect(plain(allowed)).toContain('Takes away: target-group tg, listener TCP 80.')
  })

  it('does not call a stopped plan a plan with nothing to do', () => {
    const stopped = plan({ findings: [finding({ code: 'LB_SOURCE_GONE', severity: 'hold', holds: [] })] })
    expect(plain(stopped)).toContain('Held: nothing is changed, for the reasons above.')
    expect(plain(stopped)).not.toContain('Nothing to do')
    expect(plain(plan({ findings: [finding({ severity: 'warn' })] }))).toContain(
      'Nothing to do, but see the warnings above.',
    )
    expect(plain(emptyPlan)).toContain('Nothing to do: everything is as it should be.')
    expect(plain(plan({ findings: [finding({ severity: 'refuse' })] }))).toContain('Refused: nothing of this plan')
  })

  it('shows a change of a scope that the plan does not list', () => {
    const stray = change({ scope: 'elsewhere', type: 'listener', name: 'TCP 1', reason: 'stray' })
    expect(plain(plan({ changes: [stray] }))).toContain('Load balancer elsewhere')
  })

  it('calls a scope by its name and id, or by its id alone', () => {
    expect(plain(mirrorPlan)).toContain(`Load balancer shop-front  ${SHOP}`)
    expect(plain({ ...mirrorPlan, names: {} })).toContain(`Load balancer ${SHOP}\n`)
  })

  it('keeps every line within the terminal, but for commands to paste', () => {
    for (const width of [70, 80, 120])
      for (const one of Object.values(PLANS))
        for (const line of plain(one, width).split('\n'))
          if (!line.includes('nyah ') && !line.includes('openstack '))
            expect(textWidth(line)).toBeLessThanOrEqual(width)
  })

  it('passes no remote text on as it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(mirrorPlan, syncPlan, refusedPlan),
        fc.array(hostile, { minLength: 1 }),
        (one, texts) => {
          let turn = 0
          const poisoned = poison(one, () => texts[turn++ % texts.length] ?? '', OURS)
          const shown = renderPlanText(poisoned, { paint: colourPaint, width: 80 })
          expect(withoutColour(shown)).not.toMatch(UNSAFE)
          expect(renderPlanMarkdown(poisoned)).not.toMatch(UNSAFE)
          expect(renderPrompt(poisoned, texts[0] ?? '', plainPaint)).not.toMatch(UNSAFE)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a plan in a pull request', () => {
  it.each(Object.keys(PLANS))('%s', async (name) => {
    await expect(renderPlanMarkdown(PLANS[name] ?? emptyPlan)).toMatchFileSnapshot(golden(`plan-${name}.md`))
  })

  it('mentions nobody, embeds nothing, and opens no block that is not its own', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1 }), (texts) => {
        let turn = 0
        const poisoned = poison(syncPlan, () => texts[turn++ % texts.length] ?? '', OURS)
        const prose = renderPlanMarkdown(poisoned)
          .replaceAll(/^(`{3,})diff\n[^]*?\n\1$/gm, '')
          .replaceAll(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '')
          .replaceAll(/^> \[!\w+\]$|<br>$|<\/?sub>|^> |\*\*[\w ():]+\*\*|^\|.*---.*\|$|^#+ /gm, '')
        expect(prose).not.toMatch(/[@<[\]`*_#]/)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the question', () => {
  it('asks for a y, or for the id', () => {
    expect(renderPrompt(mirrorPlan, null, plainPaint)).toBe(
      'Apply this to production? 6 to create, 0 to change, 0 to delete; 153 targets to add. [y/N] ',
    )
    expect(renderPrompt(syncPlan, SHOP, plainPaint)).toBe(
      `This cannot be taken back. 0 to create, 1 to change, 2 to delete, 1 held; 1 target to add, in production.\nType ${SHOP} to go ahead: `,
    )
  })

  it.each([
    ['y', null, true],
    [' YES ', null, true],
    ['', null, false],
    ['yep', null, false],
    [SHOP, SHOP, true],
    ['y', SHOP, false],
    ['', SHOP, false],
  ])('%j to %j is %s', (answer, id, consent) => {
    expect(isConsent(answer, id)).toBe(consent)
  })
})
