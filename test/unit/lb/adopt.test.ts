import { describe, expect, it } from 'vitest'
import { ASKED_NOTHING, TAG } from '../../../src/lib/lb/model.ts'
import { MIRROR_GUARDS } from '../../../src/lib/lb/guards.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { applyAll, EMPTY, observed, type ModelWorld } from './model-world.ts'
import { ID, listener, tree } from './sources.ts'

const adopt = { asked: { ...ASKED_NOTHING, adopt: true } }
const short = (id: string): string => id.slice(ID.length + 1)
const mirrored = (source = tree()): ModelWorld => applyAll(EMPTY, planMirrors({ scopes: [observed(source)] }).changes)
type Retag = (tags: Readonly<Record<string, string>>) => Readonly<Record<string, string>>

function retagged({ mirror, securityGroup }: ModelWorld, change: Retag): ModelWorld {
  const tagged = <Thing extends { readonly tags: Readonly<Record<string, string>> }>(thing: Thing): Thing => ({
    ...thing,
    tags: change(thing.tags),
  })
  return {
    mirror: {
      ...mirror,
      loadBalancer: mirror.loadBalancer && tagged(mirror.loadBalancer),
      listeners: mirror.listeners.map(tagged),
      targetGroups: mirror.targetGroups.map(tagged),
    },
    securityGroup: securityGroup && tagged(securityGroup),
  }
}

const judgeAll = (world: ModelWorld, over: Parameters<typeof observed>[2] = {}, source = tree()) => {
  const scene = { scopes: [observed(source, world, over)] }
  const draft = planMirrors(scene)
  return { ...draft, findings: [...draft.findings, ...MIRROR_GUARDS.flatMap((guard) => guard(draft, scene))] }
}
const refusals = (judged: ReturnType<typeof judgeAll>) =>
  judged.findings.filter(({ severity }) => severity === 'refuse')

describe('what has lost its tags', () => {
  const world = retagged(mirrored(), () => ({}))

  it('is refused by name, with the command that would look at it', () => {
    const judged = judgeAll(world)
    expect(judged.changes).toEqual([])
    expect(refusals(judged).map(({ code }) => code)).toEqual(['LB_NOT_OWNED', 'LB_NOT_OWNED', 'LB_NOT_OWNED'])
    for (const one of refusals(judged)) expect(one.remedy).toContain(`nyah lb mirror ${ID} --adopt --plan`)
  })

  it('is taken over with --adopt: its tags are part of the plan, the load balancer comes last', () => {
    const judged = judgeAll(world, adopt)
    expect(refusals(judged)).toEqual([])
    expect(judged.changes.map(({ id, after }) => [short(id), Object.keys(after ?? {}).includes('tags')])).toEqual([
      ['security-group/ef5e7c45/update', true],
      ['target-group/80/update', true],
      ['listener/80/update', true],
      ['load-balancer/ef5e7c45/adopt', true],
    ])
    expect(judged.changes.at(-1)?.needs.map(short)).toEqual([
      'security-group/ef5e7c45/update',
      'target-group/80/update',
      'listener/80/update',
    ])
    const after = applyAll(world, judged.changes)
    expect(after).toEqual(mirrored())
    expect(judgeAll(after).changes).toEqual([])
  })

  it('is finished after a run was cut off', () => {
    const { changes } = judgeAll(world, adopt)
    const cut = applyAll(world, changes.slice(0, 2))
    expect(applyAll(cut, judgeAll(cut, adopt).changes)).toEqual(mirrored())
  })
})

describe('a listener by hand on our load balancer', () => {
  const two = tree({ listeners: [listener(), listener({ protocol_port: 81 })] })
  const world = mirrored(two)
  const stripped = (port: number): ModelWorld => ({
    ...world,
    mirror: {
      ...world.mirror,
      listeners: world.mirror.listeners.map((one) => (one.port === port ? { ...one, tags: {} } : one)),
    },
  })

  it('where ours has to be is adopted', () => {
    expect(refusals(judgeAll(stripped(81), {}, two)).map(({ subject }) => subject)).toEqual(['listener port 81'])
    expect(judgeAll(stripped(81), adopt, two).changes.map(({ id }) => short(id))).toEqual(['listener/81/update'])
  })

  it('where we need none stays, adopted or not', () => {
    const judged = judgeAll(stripped(81), adopt, tree())
    expect(judged.changes.filter(({ ref }) => ref.type === 'listener')).toEqual([])
    expect(judged.findings.map(({ code }) => code)).toContain('LB_FOREIGN_LISTENER')
  })
})

it.each<[string, Retag]>([
  ['of another Octavia id', (tags) => ({ ...tags, [TAG.octaviaId]: 'another' })],
  ['of another Octavia id without the rest', () => ({ [TAG.octaviaId]: 'another' })],
  ['of a newer nyah', (tags) => ({ ...tags, [TAG.schema]: '2' })],
])('what has tags %s is never adopted', (_whose, change) => {
  const judged = judgeAll(retagged(mirrored(), change), adopt)
  expect(judged.changes).toEqual([])
  expect(refusals(judged)).not.toEqual([])
})

it('what is tagged as of another says whom it follows', () => {
  const [said] = refusals(judgeAll(retagged(mirrored(), (tags) => ({ ...tags, [TAG.octaviaId]: 'another' }))))
  expect(said).toMatchObject({ code: 'LB_NOT_OWNED', evidence: 'it is tagged as part of the mirror of another' })
  expect(said?.remedy).toContain('nyah lb show another')
})
