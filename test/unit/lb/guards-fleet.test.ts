import { describe, expect, it } from 'vitest'
import { errorData } from '../../../src/lib/core/errors.ts'
import { looksBlind } from '../../../src/lib/lb/guards-fleet.ts'
import type { Observed } from '../../../src/lib/lb/model.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { loadBalancer, member, pool, tree } from './sources.ts'
import { guarded, looked, standing } from './standing.ts'

const idOf = (at: number): string => `5f0c7c1e-0000-4000-8000-${String(at).padStart(12, '0')}`
const sourceOf = (at: number, over: Partial<SourceTree> = {}): SourceTree => ({
  ...tree(over),
  loadbalancer: loadBalancer({ id: idOf(at), name: `lb${at}` }),
})

/** Loses a member: a removal that nothing else speaks against. */
const sound = (at: number): Observed =>
  looked(sourceOf(at, { pools: [pool({ members: [member('10.20.0.11')] })] }), standing(sourceOf(at)))

const DEAD = {
  gone: (at: number) => looked(null, { id: idOf(at), ...standing(sourceOf(at)) }),
  unread: (at: number) =>
    looked(null, { id: idOf(at), unread: errorData(new Error('no answer')), ...standing(sourceOf(at)) }),
  empty: (at: number) => looked(sourceOf(at, { listeners: [] }), standing(sourceOf(at))),
  ERROR: (at: number) => {
    const source = sourceOf(at)
    const loadbalancer = { ...source.loadbalancer, operating_status: 'ERROR' as const }
    return looked({ ...source, loadbalancer }, standing(source))
  },
}

const fleet = (dead: (at: number) => Observed, alive: number, deads: number): readonly Observed[] => [
  ...Array.from({ length: alive }, (_none, at) => sound(at)),
  ...Array.from({ length: deads }, (_none, at) => dead(100 + at)),
]

describe('when much of a fleet vanishes at once', () => {
  it.each(Object.entries(DEAD))('%s: more than a third holds every removal of all, a third does not', (_why, dead) => {
    const third = guarded(...fleet(dead, 4, 2))
    expect(third.codes).not.toContain('hold LB_FLEET_VANISHING (allowable)')
    const more = guarded(...fleet(dead, 3, 2))
    const brake = more.findings.filter(({ code }) => code === 'LB_FLEET_VANISHING')
    const removals = more.draft.changes.filter(({ risk }) => risk === 'removes').map(({ id }) => id)
    expect(removals.length).toBeGreaterThanOrEqual(3)
    expect(brake.flatMap(({ holds = [] }) => holds).toSorted()).toEqual(removals.toSorted())
    expect(brake.every(({ severity, allowable }) => severity === 'hold' && allowable)).toBe(true)
  })

  it('says how many of how many, and names them', () => {
    const { findings } = guarded(...fleet(DEAD.gone, 1, 2))
    const brake = findings.find(({ code }) => code === 'LB_FLEET_VANISHING')
    expect(brake).toMatchObject({ scope: idOf(0), subject: 'load balancer lb0' })
    expect(brake?.evidence).toContain('2 of 3 mirrored load balancers look dead')
    expect(brake?.evidence).toContain('lb100 (gone), lb101 (gone)')
    expect(brake?.remedy).toContain(`nyah lb sync ${idOf(0)} --allow LB_FLEET_VANISHING`)
  })

  it('fewer than three are no fleet', () => {
    expect(guarded(...fleet(DEAD.gone, 1, 1)).codes).toEqual(['hold LB_SOURCE_GONE'])
  })

  it('counts only what is mirrored', () => {
    const fresh = Array.from({ length: 9 }, (_none, at) => looked(sourceOf(50 + at)))
    const { codes } = guarded(...fleet(DEAD.gone, 3, 2), ...fresh)
    expect(codes).toContain('hold LB_FLEET_VANISHING (allowable)')
  })

  it('additions go on', () => {
    const grown = looked(
      sourceOf(7, { pools: [pool({ members: ['1', '2', '3'].map((host) => member(`10.20.0.1${host}`)) })] }),
      standing(sourceOf(7)),
    )
    const { draft, findings } = guarded(...fleet(DEAD.unread, 0, 3), grown)
    expect(draft.changes.map(({ id }) => id)).toEqual([`${idOf(7)}/targets/80/register`])
    expect(findings.map(({ code }) => code)).not.toContain('LB_FLEET_VANISHING')
  })
})

it.each([
  [2, 2, 2, false],
  [3, 3, 1, false],
  [3, 3, 2, true],
  [3, 2, 1, true],
  [9, 9, 3, false],
  [9, 9, 4, true],
  [1000, 1000, 333, false],
  [1000, 1000, 334, true],
  [9, 0, 0, false],
])('of %i, %i mirrored, %i dead: nyah is the one who does not see: %s', (all, mirrored, dead, blind) => {
  expect(looksBlind(all, mirrored, dead)).toBe(blind)
})
