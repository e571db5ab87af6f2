import { describe, expect, it } from 'vitest'
import { ASKED_NOTHING, TAG } from '../../../src/lib/lb/model.ts'
import { hashOf } from '../../../src/lib/lb/names.ts'
import { mirrorOperation, unmirrorOperation } from '../../../src/lib/lb/operation.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { fakePorts, scene, settings } from './fakes.ts'
import { applyAll, EMPTY, observed, type ModelWorld } from './model-world.ts'
import { ID as OLD, loadBalancer, tree } from './sources.ts'

const NEW = '5f0c7c1e-0000-4000-8000-0000000000aa'
const THIRD = '5f0c7c1e-0000-4000-8000-0000000000bb'
const named = (id: string) => tree({ loadbalancer: loadBalancer({ id, name: `lb-${id.slice(-2)}` }) })
const standing = applyAll(EMPTY, planMirrors({ scopes: [observed(tree())] }).changes)

const BARE = { loadBalancer: null, listeners: [] }

/** What a retarget leaves behind that was killed after its first write. */
const half: ModelWorld = {
  ...standing,
  securityGroup: {
    ...standing.securityGroup!,
    tags: { ...standing.securityGroup?.tags, [TAG.octaviaId]: NEW },
  },
}

function mirroring(ids: readonly string[], world: ModelWorld) {
  const ports = fakePorts({ sources: [named(NEW), named(THIRD)], worlds: { [OLD]: world } })
  const read = (keys: readonly { readonly octaviaId: string; readonly hash: string }[]) =>
    Promise.resolve(
      keys.map(({ octaviaId, hash }) =>
        octaviaId === OLD || hash === world.mirror.hash ? world.mirror : { ...EMPTY.mirror, hash: hashOf(octaviaId) },
      ),
    )
  const operation = mirrorOperation({ ...ports, mirrors: { ...ports.mirrors, read } }, settings(), {
    ids,
    wait: true,
    asked: ASKED_NOTHING,
  })
  return { operation, seen: () => operation.observe(scene()) }
}

describe('a mirror of what another mirror was on its way to', () => {
  it('is not made: the retarget is to be finished', async () => {
    await expect(mirroring([NEW], half).seen()).rejects.toMatchObject({
      code: 'LB_RETARGET_UNFINISHED',
      exit: 6,
      tries: [`nyah lb retarget ${OLD} ${NEW}`],
    })
  })

  it('is left out, and the others go on', async () => {
    const { operation, seen } = mirroring([NEW, THIRD], half)
    const world = await seen()
    const { changes } = operation.plan(world)
    expect(new Set(changes.map(({ scope }) => scope))).toEqual(new Set([THIRD]))
    expect(world.scopes[0]?.unread?.code).toBe('LB_RETARGET_UNFINISHED')
  })

  it.each([
    ['the other mirror is whole', standing],
    ['all of it has gone but the group', { ...half, mirror: { ...half.mirror, ...BARE, targetGroups: [] } }],
  ])('is made where %s', async (_what, world) => {
    const { operation, seen } = mirroring([NEW], world)
    expect(operation.plan(await seen()).changes).not.toEqual([])
  })
})

describe('when somebody deleted the NLB in the middle of a retarget', () => {
  /** Target groups that follow `id` beside a security group that follows the new one. */
  const following = (id: string): ModelWorld => ({
    ...half,
    mirror: {
      ...half.mirror,
      ...BARE,
      targetGroups: half.mirror.targetGroups.map((one) => ({ ...one, tags: { ...one.tags, [TAG.octaviaId]: id } })),
    },
  })

  it('the retarget is to be finished where a target group still follows the former one', async () => {
    await expect(mirroring([NEW], following(OLD)).seen()).rejects.toMatchObject({
      code: 'LB_RETARGET_UNFINISHED',
      message: expect.stringContaining('its NLB is gone since'),
      tries: [`nyah lb retarget ${OLD} ${NEW}`],
    })
  })

  it.each([
    ['groups', following(NEW)],
    ['security group', { ...half, mirror: { ...half.mirror, ...BARE, targetGroups: [] } }],
  ])('a mirror of the new one is made of the %s that follow it, names and all', async (_what, world) => {
    const { operation, seen } = mirroring([NEW], world)
    const { changes } = operation.plan(await seen())
    expect(changes.find(({ ref }) => ref.type === 'load-balancer')?.ref.name).toMatch(/-ef5e7c45$/)
    expect(changes.filter(({ ref, kind }) => ref.type === 'security-group' && kind === 'create')).toEqual([])
    const done = applyAll(world, changes)
    expect(done.securityGroup?.id).toBe(world.securityGroup?.id)
    expect(done.mirror.targetGroups.map(({ name }) => name)).toEqual(
      world.mirror.targetGroups.length === 0 ? ['nyah-lb-aa-ef5e7c45-80'] : ['nyah-shop-ef5e7c45-80'],
    )
  })

  it('taking the mirror of the new one down takes the security group too', async () => {
    const ports = fakePorts({ worlds: { [OLD]: { ...half, mirror: { ...half.mirror, ...BARE, targetGroups: [] } } } })
    const operation = unmirrorOperation(ports, settings(), { id: NEW })
    const { changes } = operation.plan(await operation.observe(scene()))
    expect(changes.map(({ ref, kind }) => [ref.type, kind, ref.id])).toEqual([['security-group', 'delete', 'sg-1']])
  })
})
