import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyAllowances } from '../../../src/lib/core/allow.ts'
import type { Finding, Plan } from '../../../src/lib/core/plan.ts'
import { heldOf, heldText, inStepOf, revisionOf, second, settingsOf } from '../../../src/lib/lb/held.ts'
import { ASKED_NOTHING, TAG, type Observed } from '../../../src/lib/lb/model.ts'
import { recordOf } from '../../../src/lib/lb/record-of.ts'
import { recordMirrors } from '../../../src/lib/lb/record.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { ID, loadBalancer, member, placement, pool, tree } from './sources.ts'
import { guarded, looked, standing, tagged } from './standing.ts'

const NOW = '2026-11-22T03:00:00Z'
const THEN = '2026-11-21T00:00:00Z'
const UPDATED = '2026-11-22T02:59:00'

const SETTINGS = settingsOf(placement())

const source = tree({ loadbalancer: loadBalancer({ updated_at: UPDATED }) })
const empty: SourceTree = { ...source, listeners: [], pools: [] }
const ARN = standing(source).mirror.loadBalancer?.arn

/** What is to be written about a source whose mirror is in step with `was`, and has these tags besides. */
const recorded = (is: SourceTree | null, tags: Readonly<Record<string, string>> = {}, over: Partial<Observed> = {}) => {
  const observed = looked(is, { id: ID, ...tagged(standing(source), tags), ...over })
  return recordOf(observed, guarded(observed).plan)
}

describe('what is written down with a mirror', () => {
  it('in step: the revision of the source', () => {
    expect(recorded(source)).toEqual({ arn: ARN, set: { [TAG.inStep]: UPDATED, [TAG.settings]: SETTINGS }, remove: [] })
  })

  it('of one that was never changed: when it was created', () => {
    expect(recorded(tree())?.set).toEqual({ [TAG.inStep]: '2026-11-22T19:37:03', [TAG.settings]: SETTINGS })
  })

  it('nothing where the tags say so already', () => {
    expect(recorded(source, { [TAG.inStep]: UPDATED, [TAG.settings]: SETTINGS })).toBeNull()
    expect(recorded(empty, { [TAG.held]: `LB_SOURCE_EMPTY/${THEN}` })).toBeNull()
  })

  it('nothing on what an adoption or a retarget has not made ours yet: nobody has said yes', () => {
    const unread = { code: 'OCTAVIA_DOWN', message: 'no answer', exit: 12, tries: [] } as unknown as Observed['unread']
    const adopt = { ...ASKED_NOTHING, adopt: true }
    const { mirror, securityGroup } = standing(source)
    const untagged = { ...mirror, loadBalancer: mirror.loadBalancer && { ...mirror.loadBalancer, tags: {} } }
    expect(recorded(null, {}, { mirror: untagged, securityGroup, asked: adopt })).toBeNull()
    expect(recorded(null, {}, { mirror: untagged, securityGroup, asked: adopt, unread })).toBeNull()
    expect(recorded(null, {}, { asked: adopt })?.set).toEqual({ [TAG.held]: `LB_SOURCE_GONE/${NOW}` })
    const former = { id: 'another', asked: { ...ASKED_NOTHING, formerId: ID } }
    expect(recorded(empty, {}, former)).toBeNull()
  })

  it('held: the code and since when; the last step stays as it was', () => {
    expect(recorded(empty, { [TAG.inStep]: 'before' })).toEqual({
      arn: ARN,
      set: { [TAG.held]: `LB_SOURCE_EMPTY/${NOW}` },
      remove: [],
    })
  })

  it('held still: since it first was; what is no longer goes', () => {
    expect(recorded(empty, { [TAG.held]: `LB_MINIMUM_HEALTHY/${THEN} LB_SOURCE_EMPTY/${THEN}` })?.set).toEqual({
      [TAG.held]: `LB_SOURCE_EMPTY/${THEN}`,
    })
  })

  it('nothing held any more: the tag goes', () => {
    expect(
      recorded(source, { [TAG.held]: `LB_SOURCE_EMPTY/${THEN}`, [TAG.inStep]: UPDATED, [TAG.settings]: SETTINGS }),
    ).toEqual({
      arn: ARN,
      set: {},
      remove: [TAG.held],
    })
  })

  it('changes that are still to come: not in step', () => {
    const grown = { ...source, pools: [pool({ members: ['1', '2', '3'].map((host) => member(`10.20.0.1${host}`)) })] }
    expect(recorded(grown)).toBeNull()
    expect(recorded(grown, { [TAG.held]: `LB_SOURCE_EMPTY/${THEN}` })).toEqual({
      arn: ARN,
      set: {},
      remove: [TAG.held],
    })
  })

  it.each([
    ['gone', null, {}, `LB_SOURCE_GONE/${NOW}`],
    ['PENDING', { ...source, loadbalancer: loadBalancer({ provisioning_status: 'PENDING_UPDATE' }) }, {}, undefined],
    ['looked at for its members only', source, { asked: { ...ASKED_NOTHING, membersOnly: true } }, undefined],
  ] as const)('%s: not in step', (_how, is, over, held) => {
    const record = recorded(is, {}, over)
    expect(record?.set[TAG.inStep]).toBeUndefined()
    expect(record?.set[TAG.held]).toBe(held)
  })

  it('a refusal stops it, too; what is allowed does not', () => {
    const observed = looked(source, standing(source))
    const refusal: Finding = {
      code: 'LB_UNSUPPORTED_X',
      severity: 'refuse',
      scope: ID,
      subject: '',
      evidence: '',
      remedy: '',
      allowable: true,
    }
    const plan = (findings: readonly Finding[]) => ({ changes: [], findings })
    expect(recordOf(observed, plan([refusal]))?.set).toEqual({ [TAG.held]: `LB_UNSUPPORTED_X/${NOW}` })
    const { findings } = applyAllowances([refusal], [{ code: 'LB_UNSUPPORTED_X', reason: 'r' }])
    expect(recordOf(observed, plan(findings))?.set).toEqual({ [TAG.inStep]: UPDATED, [TAG.settings]: SETTINGS })
    expect(recordOf(observed, plan([{ ...refusal, scope: 'other' }]))?.set).toEqual({
      [TAG.inStep]: UPDATED,
      [TAG.settings]: SETTINGS,
    })
    expect(recordOf(observed, plan([{ ...refusal, severity: 'warn' }]))?.set).toEqual({
      [TAG.inStep]: UPDATED,
      [TAG.settings]: SETTINGS,
    })
  })

  it('nothing is written on what is not ours', () => {
    const side = tagged(standing(source), { [TAG.octaviaId]: 'another' })
    const observed = looked(source, side)
    expect(recordOf(observed, guarded(observed).plan)).toBeNull()
    expect(recordOf(looked(source), guarded(looked(source)).plan)).toBeNull()
  })

  it('once written, there is nothing to write', () => {
    for (const [is, keys] of [
      [source, [TAG.inStep, TAG.settings]],
      [empty, [TAG.held]],
      [null, [TAG.held]],
    ] as const) {
      const set = recorded(is)?.set ?? {}
      expect(Object.keys(set)).toEqual(keys)
      expect(recorded(is, set)).toBeNull()
    }
  })
})

describe('the tag of what is held', () => {
  it('reads what it writes, oldest first', () => {
    const text = heldText([
      { code: 'LB_B', since: NOW },
      { code: 'LB_C', since: THEN },
      { code: 'LB_A', since: NOW },
    ])
    expect(text).toBe(`LB_C/${THEN} LB_A/${NOW} LB_B/${NOW}`)
    expect(heldOf({ [TAG.held]: text }).map(({ code }) => code)).toEqual(['LB_C', 'LB_A', 'LB_B'])
  })

  it('is what AWS takes, however much is held', () => {
    const held = fc.array(
      fc.record({
        code: fc.stringMatching(/^LB_[A-Z_]{1,40}$/),
        since: fc.integer({ min: 0, max: 4e9 }).map((seconds) => second(seconds * 1000)),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(held, (all) => {
        const text = heldText(all)
        expect(text).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u)
        expect(all).toEqual(expect.arrayContaining([...heldOf({ [TAG.held]: text })]))
      }),
    )
  })

  it.each([
    [undefined, []],
    ['', []],
    ['nonsense', []],
    [`LB_A/yesterday LB_B/${NOW}`, ['LB_B']],
  ] as const)('%o names %o', (text, codes) => {
    expect(heldOf(text === undefined ? {} : { [TAG.held]: text }).map(({ code }) => code)).toEqual(codes)
  })

  it('the step', () => {
    expect([{}, { [TAG.inStep]: '' }, { [TAG.inStep]: UPDATED }].map(inStepOf)).toEqual([null, null, UPDATED])
    expect(revisionOf({ updated_at: null, created_at: THEN })).toBe(THEN)
    expect(revisionOf({ updated_at: UPDATED, created_at: THEN })).toBe(UPDATED)
  })
})

describe('writing it down', () => {
  const scopes = [1, 2, 3].map((at) => {
    const own = { ...source, loadbalancer: loadBalancer({ id: `${ID.slice(0, -1)}${at}`, updated_at: UPDATED }) }
    return looked(own, standing(own))
  })
  const plan = { changes: [], findings: [] } as unknown as Plan
  const scene = (signal = new AbortController().signal) => ({ signal })

  it('one call for each mirror that does not say it yet', async () => {
    const calls: unknown[] = []
    const tag = (...given: unknown[]) => Promise.resolve(void calls.push(given))
    const [first, ...others] = scopes
    if (first === undefined) throw new Error('no scope')
    const own = { ...source, loadbalancer: loadBalancer({ id: first.id, updated_at: UPDATED }) }
    const done = looked(own, tagged(standing(own), { [TAG.inStep]: UPDATED, [TAG.settings]: SETTINGS }))
    await recordMirrors({ scopes: [done, ...others] }, plan, { mirrors: { tag } }, scene())
    expect(calls).toEqual(
      others.map(({ mirror }) => [mirror.loadBalancer?.arn, { [TAG.inStep]: UPDATED, [TAG.settings]: SETTINGS }, []]),
    )
  })

  it('tries all of them, and throws the first error', async () => {
    let calls = 0
    const tag = (arn: string) => {
      calls += 1
      return calls === 2 ? Promise.resolve() : Promise.reject(new Error(`AccessDenied ${arn}`))
    }
    const write = recordMirrors({ scopes }, plan, { mirrors: { tag } }, scene())
    await expect(write).rejects.toThrow(`AccessDenied ${scopes[0]?.mirror.loadBalancer?.arn}`)
    expect(calls).toBe(3)
  })

  it('not after an interruption', async () => {
    const controller = new AbortController()
    controller.abort()
    let calls = 0
    const tag = () => Promise.resolve(void (calls += 1))
    await recordMirrors({ scopes }, plan, { mirrors: { tag } }, scene(controller.signal))
    expect(calls).toBe(0)
  })
})
