import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/lib/core/change.ts'
import { minimumHealthy } from '../../../src/lib/lb/guards-targets.ts'
import { TAG } from '../../../src/lib/lb/model.ts'
import type { TargetState } from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { ID, member, pool, tree } from './sources.ts'
import { AT, guarded, held, inStates, looked, regrouped, standing, tagged } from './standing.ts'

const SECONDS = AT / 1000

const members = (amount: number, from = 1): SourceTree =>
  tree({ pools: [pool({ members: Array.from({ length: amount }, (_none, at) => member(`10.20.0.${from + at}`)) })] })

/** What is said when of `size` targets only the last `stay` are members. */
const shrunk = (size: number, stay: number, side = standing(members(size))) =>
  guarded(looked(members(stay, 1 + size - stay), side))

describe('the budget of removals', () => {
  it.each([
    [9, 1, []],
    [10, 7, []],
    [10, 6, ['hold LB_REMOVAL_BUDGET (allowable)']],
    [150, 105, []],
    [150, 104, ['hold LB_REMOVAL_BUDGET (allowable)']],
  ] as const)('of %i, %i stay: %o', (size, stay, said) => {
    const { changes, findings, codes } = shrunk(size, stay)
    expect(codes).toEqual(said)
    expect(changes).toEqual(['targets/80/deregister', ...(said.length === 0 ? [] : ['targets/80/deregister-later'])])
    expect(findings.flatMap(held)).toEqual(said.length === 0 ? [] : ['targets/80/deregister-later'])
  })

  it('says its numbers, when it goes on, and how it is overruled', () => {
    const [finding] = shrunk(20, 10).findings
    expect(finding).toMatchObject({
      subject: expect.stringMatching(/^target group nyah-shop-[0-9a-f]{8}-80$/) as string,
      evidence:
        'at most 6 of 20 targets that serve may go in an hour (30 %); 0 went within the last hour, 6 go now; 4 have to wait; the next may go at 2026-11-22T04:00:00Z',
      remedy: expect.stringContaining(`nyah lb sync ${ID} --allow LB_REMOVAL_BUDGET --reason "…"`) as string,
    })
    expect(finding?.since).toBeUndefined()
  })

  it.each([
    [0, ['targets/80/deregister', 'targets/80/deregister-later']],
    [3, ['targets/80/deregister', 'targets/80/deregister-later']],
    [6, ['targets/80/deregister-later']],
  ] as const)('%i of them went this hour already: %o', (gone, said) => {
    const side = regrouped(standing(members(20 - gone)), '80', ({ tags }) => ({
      tags: { ...tags, [TAG.removals]: `1.00000000 ${SECONDS - 60}:${gone}/20` },
    }))
    const { changes, findings } = shrunk(20 - gone, 8, side)
    expect(changes).toEqual(said)
    expect(findings[0]?.evidence).toContain(`${gone} went within the last hour`)
    expect(findings.map(({ code }) => code)).toEqual(['LB_REMOVAL_BUDGET'])
  })

  it('holds all where the tag cannot be read', () => {
    const side = regrouped(standing(members(3)), '80', ({ tags }) => ({ tags: { ...tags, [TAG.removals]: 'x' } }))
    const { changes, findings } = shrunk(3, 2, side)
    expect(changes).toEqual(['targets/80/deregister-later'])
    expect(findings[0]?.evidence).toContain('cannot be read')
  })

  it('since when, the mirror remembers', () => {
    const side = tagged(standing(members(20)), {
      [TAG.held]: 'LB_OTHER/2026-11-20T00:00:00Z LB_REMOVAL_BUDGET/2026-11-21T00:00:00Z',
    })
    expect(shrunk(20, 10, side).findings[0]?.since).toBe('2026-11-21T00:00:00Z')
  })

  it('what is unhealthy goes all the same', () => {
    const side = regrouped(
      standing(members(20)),
      '80',
      inStates(...Array.from({ length: 10 }, () => 'unhealthy' as const)),
    )
    expect(shrunk(20, 10, side)).toMatchObject({ changes: ['targets/80/deregister'], codes: [] })
  })
})

describe('the last healthy target', () => {
  const three = (...states: readonly TargetState[]) => regrouped(standing(members(3)), '80', inStates(...states))

  it.each([
    [['healthy', 'healthy', 'unhealthy'], []],
    [['healthy', 'unhealthy', 'unhealthy'], ['hold LB_MINIMUM_HEALTHY (allowable)']],
    [['healthy', 'initial', 'initial'], ['hold LB_MINIMUM_HEALTHY (allowable)']],
    [['initial', 'healthy', 'initial'], []],
    [['unhealthy', 'unhealthy', 'unhealthy'], []],
  ] as const)('%o, and the first leaves: %o', (states, said) => {
    const { findings, codes } = guarded(looked(members(2, 2), three(...states)))
    expect(codes).toEqual(said)
    expect(findings.flatMap(held)).toEqual(said.length === 0 ? [] : ['targets/80/deregister'])
  })

  it('what has to wait for the hour is still there for those that go now', () => {
    const side = standing(members(12))
    const none = tree({ pools: [pool({ members: [member('10.20.9.9')] })] })
    const { findings } = guarded(looked(none, side))
    expect(findings.map(({ code, holds }) => [code, ...(holds ?? []).map((id) => id.split('/').at(-1))])).toEqual([
      ['LB_MINIMUM_HEALTHY', 'deregister-later'],
      ['LB_REMOVAL_BUDGET', 'deregister-later'],
    ])
  })
})

describe('a listener that is to send elsewhere', () => {
  const source = members(2)
  const own = standing(source)
  const [old] = own.mirror.targetGroups
  if (old === undefined) throw new Error('no target group')
  const fresh = { ...old, arn: 'arn:tg/fresh', name: `nyah-${own.mirror.hash}-80-t` }

  const world = (now: TargetState, then: TargetState) => ({
    ...own,
    mirror: {
      ...own.mirror,
      targetGroups: [
        { ...old, ...inStates(now, now)(old) },
        { ...fresh, ...inStates(then, 'unhealthy')(fresh) },
      ],
    },
  })
  const change = (over: Partial<Change>): Change => ({
    id: `${ID}/listener/80/switch`,
    scope: ID,
    ref: { type: 'listener', id: 'arn:listener/80', name: 'TCP 80' },
    kind: 'update',
    before: null,
    after: { forward: [{ targetGroupArn: fresh.arn, weight: 1 }] },
    needs: [],
    reason: '',
    risk: 'changes',
    ...over,
  })
  const wait = change({ id: `${ID}/targets/80-t/wait`, kind: 'wait', after: null, risk: 'none' })
  const said = (side: ReturnType<typeof world>, changes: readonly Change[]) =>
    minimumHealthy({ scopes: [ID], names: {}, basis: {}, changes, findings: [] }, { scopes: [looked(source, side)] })

  it.each([
    ['healthy', 'healthy', 0],
    ['healthy', 'initial', 1],
    ['healthy', 'unhealthy', 1],
    ['unhealthy', 'initial', 0],
  ] as const)('from %s targets to %s ones: %i held', (now, then, times) => {
    const findings = said(world(now, then), [change({})])
    expect(findings.map(({ code }) => code)).toEqual(Array.from({ length: times }, () => 'LB_MINIMUM_HEALTHY'))
    expect(findings.flatMap(held)).toEqual(times === 0 ? [] : ['listener/80/switch'])
  })

  it('a wait before it sees to that', () => {
    expect(said(world('healthy', 'initial'), [wait, change({ needs: [wait.id] })])).toEqual([])
    expect(said(world('healthy', 'initial'), [wait, change({})])).toHaveLength(1)
  })

  it.each([
    [1, 0],
    [0, 1],
  ])('the old one beside it with weight %i: %i held', (weight, times) => {
    const forward = [
      { targetGroupArn: old.arn, weight },
      { targetGroupArn: fresh.arn, weight: 1 },
    ]
    expect(said(world('healthy', 'initial'), [change({ after: { forward } })])).toHaveLength(times)
  })

  it('a target that the same plan takes out counts no more', () => {
    const [first] = old.targets
    if (first === undefined) throw new Error('no target')
    const { address, port } = first
    const out = change({
      id: `${ID}/targets/80-t/deregister`,
      ref: { type: 'targets', id: fresh.arn, name: fresh.name },
      kind: 'delete',
      before: { targetGroupArn: fresh.arn, targets: [{ address, port, availabilityZone: 'all' }] },
      after: null,
      risk: 'removes',
    })
    expect(said(world('healthy', 'healthy'), [out, change({})]).flatMap(held)).toEqual(['listener/80/switch'])
  })

  it('a group that gets no traffic has no minimum', () => {
    const [first] = old.targets
    if (first === undefined) throw new Error('no target')
    const { address, port } = first
    const out = (arn: string) =>
      change({
        id: `${ID}/targets/80/deregister`,
        ref: { type: 'targets', id: arn, name: 'group' },
        kind: 'delete',
        before: { targetGroupArn: arn, targets: [{ address, port, availabilityZone: 'all' }] },
        after: null,
        risk: 'removes',
      })
    expect(said(world('initial', 'initial'), [out(fresh.arn)])).toEqual([])
    expect(said(world('initial', 'initial'), [out(old.arn)])).toHaveLength(1)
  })
})
