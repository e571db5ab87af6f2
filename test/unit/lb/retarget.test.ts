import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/lib/core/change.ts'
import { ASKED_NOTHING, TAG, type LbSettings } from '../../../src/lib/lb/model.ts'
import { hashOf } from '../../../src/lib/lb/names.ts'
import { mirrorOperation, retargetOperation, syncOperation } from '../../../src/lib/lb/operation.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import type { MirrorTree } from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { fakePorts, scene, settings } from './fakes.ts'
import { applyAll, EMPTY, inOrder, observed, type ModelWorld } from './model-world.ts'
import { ID as OLD, listener, loadBalancer, member, pool, tree } from './sources.ts'

const NEW = '5f0c7c1e-0000-4000-8000-0000000000aa'
const rebuilt = (over: Partial<SourceTree> = {}): SourceTree =>
  tree({ loadbalancer: loadBalancer({ id: NEW, name: 'shop-2' }), ...over })
const grown = rebuilt({
  listeners: [listener(), listener({ protocol_port: 81 })],
  pools: [pool({ members: [member('10.20.0.12'), member('10.20.0.13')] })],
})
const mirrored = (source = tree()): ModelWorld => applyAll(EMPTY, planMirrors({ scopes: [observed(source)] }).changes)

/** AWS with these worlds in it, found as the adapter finds them: by the load balancer's tag, then by hash. */
function account(worlds: readonly ModelWorld[], sources: readonly SourceTree[]) {
  const ports = fakePorts({ sources, worlds: Object.fromEntries(worlds.map((world, at) => [String(at), world])) })
  const treeOf = (octaviaId: string, hash: string): MirrorTree => {
    const by = (is: (mirror: MirrorTree) => boolean) => worlds.find(({ mirror }) => is(mirror))?.mirror
    return (
      by(({ loadBalancer: one }) => one?.tags[TAG.octaviaId] === octaviaId) ??
      by((mirror) => mirror.hash === hash) ?? { ...EMPTY.mirror, hash }
    )
  }
  return {
    ...ports,
    mirrors: {
      ...ports.mirrors,
      read: (keys: readonly { readonly octaviaId: string; readonly hash: string }[]) =>
        Promise.resolve(keys.map(({ octaviaId, hash }) => treeOf(octaviaId, hash))),
    },
  }
}

const asked = { ...ASKED_NOTHING, formerId: OLD }

async function retarget(
  world: ModelWorld,
  source = grown,
  others: readonly ModelWorld[] = [],
  where: LbSettings = settings(),
) {
  const ports = account([world, ...others], [source])
  const operation = retargetOperation(ports, where, { ids: [NEW], wait: true, asked })
  const seen = await operation.observe(scene())
  const draft = operation.plan(seen)
  return { ...draft, findings: [...draft.findings, ...operation.guards.flatMap((guard) => guard(draft, seen))] }
}

async function planned(make: typeof mirrorOperation, id: string, world: ModelWorld, sources: readonly SourceTree[]) {
  const operation = make(account([world], sources), settings(), { ids: [id], wait: true })
  const seen = await operation.observe(scene())
  const draft = operation.plan(seen)
  return { ...draft, findings: [...draft.findings, ...operation.guards.flatMap((guard) => guard(draft, seen))] }
}

const short = (id: string): string => id.slice(NEW.length + 1)
const codes = (findings: readonly { readonly code: string; readonly severity: string }[]) =>
  findings.filter(({ severity }) => severity === 'refuse').map(({ code }) => code)
const reaches = (changes: readonly Change[], from: string, to: string): boolean =>
  changes.find(({ id }) => id === from)?.needs.some((need) => need === to || reaches(changes, need, to)) ?? false

describe('a mirror whose load balancer was rebuilt', () => {
  it('keeps its names, and its own tag moves after all other tags and new members', async () => {
    const { changes } = await retarget(mirrored())
    const last = changes.find(({ id }) => id.endsWith('/retarget'))
    expect(last?.after).toEqual({ tags: { [TAG.octaviaId]: NEW, [TAG.source]: 'shop-2' } })
    expect(last?.ref.name).toBe('nyah-shop-ef5e7c45')
    const first = changes.filter(
      ({ id, kind, after }) => id !== last?.id && (kind === 'create' || after?.['tags'] !== undefined),
    )
    expect(first.filter(({ id }) => !reaches(changes, last?.id ?? '', id))).toEqual([])
    expect(changes.map(({ id }) => short(id))).toEqual([
      'security-group/ef5e7c45/update',
      'target-group/80/update',
      'targets/80/register',
      'target-group/81/create',
      'targets/81/register',
      'listener/80/update',
      'targets/80/deregister',
      'listener/81/create',
      'load-balancer/ef5e7c45/retarget',
    ])
    const register = changes.find(({ id }) => id.endsWith('80/register'))
    expect(reaches(changes, changes.find(({ id }) => id.endsWith('80/deregister'))?.id ?? '', register?.id ?? '')).toBe(
      true,
    )
  })

  it('follows the new one after that: nothing is left to do, for a sync neither', async () => {
    const world = mirrored()
    const after = applyAll(world, (await retarget(world)).changes)
    expect(after.mirror.loadBalancer?.arn).toBe(world.mirror.loadBalancer?.arn)
    expect(after.mirror.targetGroups.map(({ name }) => name)).toEqual([
      'nyah-shop-ef5e7c45-80',
      'nyah-shop-2-ef5e7c45-81',
    ])
    expect((await retarget(after)).changes).toEqual([])
    expect((await planned(syncOperation, NEW, after, [grown])).changes).toEqual([])
  })

  it('is refused to the former one by name', async () => {
    const world = mirrored()
    const after = applyAll(world, (await retarget(world)).changes)
    const { changes, findings } = await planned(mirrorOperation, OLD, after, [tree()])
    expect(changes).toEqual([])
    expect(new Set(codes(findings))).toEqual(new Set(['LB_NOT_OWNED']))
    expect(findings.find(({ severity }) => severity === 'refuse')?.evidence).toContain(NEW)
  })

  it('is finished from wherever a run was cut off', async () => {
    const world = mirrored()
    const { changes } = await retarget(world)
    for (const [at] of changes.entries()) {
      const cut = applyAll(world, inOrder(changes).slice(0, at))
      const rest = await retarget(cut)
      expect(codes(rest.findings)).toEqual([])
      const done = applyAll(cut, rest.changes)
      expect((await planned(syncOperation, NEW, done, [grown])).changes).toEqual([])
    }
  })

  it('is finished although somebody deleted the NLB on the way, wherever that was', async () => {
    const world = mirrored()
    const { changes } = await retarget(world)
    for (const [at] of changes.entries()) {
      const cut = applyAll(world, inOrder(changes).slice(0, at))
      const bare = { ...cut, mirror: { ...cut.mirror, loadBalancer: null, listeners: [] } }
      const rest = await retarget(bare)
      expect(codes(rest.findings)).toEqual([])
      const done = applyAll(bare, rest.changes)
      expect(done.mirror.loadBalancer?.tags[TAG.octaviaId]).toBe(NEW)
      expect(done.securityGroup?.id).toBe(world.securityGroup?.id)
      expect((await planned(syncOperation, NEW, done, [grown])).changes).toEqual([])
    }
  })

  it('has nothing to take over where the new one has a mirror and the former one none', async () => {
    const empty: ModelWorld = { ...EMPTY, mirror: { ...EMPTY.mirror, hash: hashOf(NEW) } }
    const own = applyAll(empty, planMirrors({ scopes: [observed(grown, empty)] }).changes)
    await expect(retarget(own)).rejects.toMatchObject({ code: 'LB_NOT_MIRRORED', tries: [`nyah lb sync ${NEW}`] })
  })

  it('half way belongs to neither, and says which command goes on', async () => {
    const world = mirrored()
    const { changes } = await retarget(world)
    const half = applyAll(world, inOrder(changes).slice(0, -3))
    const { findings } = await planned(syncOperation, OLD, half, [tree()])
    expect(codes(findings)).toContain('LB_NOT_OWNED')
    expect(findings.find(({ code }) => code === 'LB_NOT_OWNED')?.remedy).toContain(`nyah lb retarget ${OLD} ${NEW}`)
  })

  it('can be rebuilt again', async () => {
    const world = mirrored()
    const after = applyAll(world, (await retarget(world)).changes)
    const third = '5f0c7c1e-0000-4000-8000-0000000000bb'
    const source = { ...grown, loadbalancer: loadBalancer({ id: third }) }
    const operation = retargetOperation(account([after], [source]), settings(), {
      ids: [third],
      wait: true,
      asked: { ...ASKED_NOTHING, formerId: NEW },
    })
    const draft = operation.plan(await operation.observe(scene()))
    const done = applyAll(after, draft.changes)
    expect(done.mirror.loadBalancer?.tags[TAG.octaviaId]).toBe(third)
    expect((await planned(syncOperation, third, done, [source])).changes).toEqual([])
  })
})

describe('a retarget is refused', () => {
  const refused = async (given: ReturnType<typeof retarget>) => {
    const { changes, findings } = await given
    expect(changes).toEqual([])
    return codes(findings)
  }

  it('when the new one has a mirror of its own', async () => {
    const empty: ModelWorld = { ...EMPTY, mirror: { ...EMPTY.mirror, hash: hashOf(NEW) } }
    const own = applyAll(empty, planMirrors({ scopes: [observed(grown, empty)] }).changes)
    expect(await refused(retarget(mirrored(), grown, [own]))).toEqual(['LB_RETARGET_MIRRORED'])
  })

  it.each(['PENDING_UPDATE', 'PENDING_CREATE', 'ERROR'] as const)('while the new one is %s', async (status) => {
    const source = { ...grown, loadbalancer: loadBalancer({ id: NEW, provisioning_status: status }) }
    expect(await refused(retarget(mirrored(), source))).toContain('LB_RETARGET_NOT_ACTIVE')
  })

  it('when nothing of the new one can be mirrored', async () => {
    expect(await refused(retarget(mirrored(), rebuilt({ listeners: [] })))).toContain('LB_RETARGET_NO_LISTENER')
  })

  it('when the configuration has a line for the former one alone', async () => {
    const named = (particular: readonly string[]) => ({ ...settings(), particular })
    expect(await refused(retarget(mirrored(), grown, [], named([OLD])))).toEqual(['LB_CONFIG_NAMES_FORMER'])
    const { findings, changes } = await retarget(mirrored(), grown, [], named([OLD, NEW]))
    expect(codes(findings)).toEqual([])
    expect(changes).not.toEqual([])
  })

  it('when one of the two is nothing to speak of', async () => {
    await expect(retarget(EMPTY)).rejects.toMatchObject({
      code: 'LB_NOT_MIRRORED',
      exit: 2,
      tries: [`nyah lb mirror ${NEW}`],
    })
    await expect(retarget(mirrored(), tree())).rejects.toMatchObject({ code: 'LB_NOT_FOUND', exit: 2 })
    const same = retargetOperation(account([mirrored()], [tree()]), settings(), { ids: [OLD], wait: true, asked })
    await expect(same.observe(scene())).rejects.toMatchObject({ code: 'LB_RETARGET_SAME', exit: 2 })
  })

  it('by a fresh look, when the mirror follows somebody else by now', async () => {
    const world = mirrored()
    const { changes } = await retarget(world)
    const last = changes.find(({ id }) => id.endsWith('/retarget'))
    const stolen = { ...world.mirror.loadBalancer!, tags: { ...world.mirror.loadBalancer?.tags, [TAG.octaviaId]: 'x' } }
    const ports = account([{ ...world, mirror: { ...world.mirror, loadBalancer: stolen } }], [grown])
    const operation = retargetOperation(ports, settings(), { ids: [NEW], wait: true, asked })
    await expect(operation.apply(last!, scene())).rejects.toMatchObject({ code: 'LB_NOT_OWNED', exit: 6 })
    const fine = account([world], [grown])
    await retargetOperation(fine, settings(), { ids: [NEW], wait: true, asked }).apply(last!, scene())
    expect(fine.calls.map(([call]) => call)).toEqual(['mirrors.tags', 'mirrors.modifyLoadBalancer'])
  })
})
