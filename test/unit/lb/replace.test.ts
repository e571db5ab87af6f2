import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/lib/core/change.ts'
import { graphProblem } from '../../../src/lib/core/dag.ts'
import { ASKED_NOTHING, type Asked, type Observed } from '../../../src/lib/lb/model.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { NO_LIMITS } from './fakes.ts'
import { applyAll, EMPTY, inOrder, observed, type ModelWorld } from './model-world.ts'
import { facts, ID, listener, member, pool, placement, tree } from './sources.ts'

/** Target groups cannot be changed in what their names' variants say: another one takes over, without a gap. */

const ARN = 'arn:aws:acm:ap-northeast-1:111122223333:certificate/c0c0'
const place = placement({ certificates: { c0c0: ARN } })
const short = (id: string): string => id.slice(ID.length + 1)
const look = (source: SourceTree, world: ModelWorld, over: Partial<Observed> = {}): Observed =>
  observed(source, world, { placement: place, ...over })
const plan = (source: SourceTree, world: ModelWorld = EMPTY, over: Partial<Observed> = {}) =>
  planMirrors({ scopes: [look(source, world, over)] })
const asking = (asked: Partial<Asked>): Partial<Observed> => ({ asked: { ...ASKED_NOTHING, ...asked } })
const mirrored = (source: SourceTree, over: Partial<Observed> = {}): ModelWorld =>
  applyAll(EMPTY, plan(source, EMPTY, over).changes)
const steps = (changes: readonly Change[]) => changes.map(({ id, needs }) => [short(id), needs.map(short)])
const kinds = (changes: readonly Change[]) => changes.map(({ id }) => short(id))
const forwardOf = (world: ModelWorld) =>
  world.mirror.listeners.map(({ forward }) =>
    forward.map(({ targetGroupArn, weight }) => [targetGroupArn.split('ef5e7c45-')[1], weight]),
  )

const terminated = (over: Parameters<typeof pool>[0] = {}) =>
  tree({
    listeners: [listener({ protocol: 'TERMINATED_HTTPS', protocol_port: 443, default_tls_container_ref: 'c0c0' })],
    pools: [pool({ protocol: 'HTTP', ...over })],
  })
const encrypted = terminated({ tls_enabled: true })

/** Every prefix of the plan, in the order in which the model carries it out. */
const prefixes = (changes: readonly Change[]): readonly (readonly Change[])[] =>
  inOrder(changes).map((_one, at) => inOrder(changes).slice(0, at))

/** The listener's traffic never goes where no target is registered. */
function expectNoGap(world: ModelWorld): void {
  for (const one of world.mirror.listeners) {
    const serving = one.forward.filter(({ weight }) => weight > 0)
    expect(serving).not.toEqual([])
    for (const { targetGroupArn } of serving) {
      const group = world.mirror.targetGroups.find(({ arn }) => arn === targetGroupArn)
      expect(group?.targets.filter(({ state }) => state !== 'draining')).not.toEqual([])
    }
  }
}

describe('a pool whose members speak TLS from now on', () => {
  const world = mirrored(terminated())
  const { changes } = plan(encrypted, world)

  it('gets another target group, which joins, is waited for, takes over, and the old one goes', () => {
    expect(graphProblem(changes)).toBeNull()
    expect(steps(changes)).toEqual([
      ['target-group/443-t/create', []],
      ['targets/443-t/register', ['target-group/443-t/create']],
      ['listener/443/join', ['target-group/443-t/create', 'targets/443-t/register']],
      ['targets/443-t/wait', ['target-group/443-t/create', 'targets/443-t/register', 'listener/443/join']],
      ['listener/443/switch', ['target-group/443-t/create', 'targets/443-t/register', 'targets/443-t/wait']],
      ['target-group/443/delete', ['listener/443/switch']],
    ])
    expect(changes.find(({ kind }) => kind === 'wait')?.after).toMatchObject({
      beside: ['arn:tg/nyah-shop-ef5e7c45-443'],
    })
  })

  it('is in step after that', () => {
    const after = applyAll(world, changes)
    expect(forwardOf(after)).toEqual([[['443-t', 1]]])
    expect(after.mirror.targetGroups.map(({ name, protocol }) => [name, protocol])).toEqual([
      ['nyah-shop-ef5e7c45-443-t', 'TLS'],
    ])
    expect(plan(encrypted, after).changes).toEqual([])
  })

  it('serves all the time, and is finished from wherever a run was cut off', () => {
    for (const part of prefixes(changes)) {
      const cut = applyAll(world, part)
      expectNoGap(cut)
      const rest = plan(encrypted, cut).changes
      expect(graphProblem(rest)).toBeNull()
      expect(forwardOf(applyAll(cut, rest))).toEqual([[['443-t', 1]]])
      expect(plan(encrypted, applyAll(cut, rest)).changes).toEqual([])
    }
  })

  it('waits and switches where the new one has joined already', () => {
    const joined = applyAll(
      world,
      changes.filter(({ id }) => /create|register|join/.test(id)),
    )
    expect(forwardOf(joined)).toEqual([
      [
        ['443', 1],
        ['443-t', 0],
      ],
    ])
    expect(steps(plan(encrypted, joined).changes)).toEqual([
      ['targets/443-t/wait', []],
      ['listener/443/switch', ['targets/443-t/wait']],
      ['target-group/443/delete', ['listener/443/switch']],
    ])
  })

  it('goes back the same way', () => {
    const there = applyAll(world, changes)
    const back = applyAll(there, plan(terminated(), there).changes)
    expect(forwardOf(back)).toEqual([[['443', 1]]])
    expect(plan(terminated(), back).changes).toEqual([])
  })

  it('is held where the account allows one target group per listener, and the old one follows the members', () => {
    const limits = { ...NO_LIMITS, targetGroupsPerAction: 1 }
    const moved = terminated({ tls_enabled: true, members: [member('10.20.0.11'), member('10.20.0.13')] })
    const held = plan(moved, world, { limits })
    expect(held.findings.filter(({ severity }) => severity === 'hold')).toMatchObject([
      { code: 'LB_REPLACE_NEEDS_WEIGHTS', holds: [`${ID}/listener/443/join`] },
    ])
    expect(kinds(held.changes)).toEqual(
      expect.arrayContaining(['targets/443/register', 'targets/443/deregister', 'listener/443/join']),
    )
    const enough = plan(moved, world, { limits: { ...NO_LIMITS, targetGroupsPerAction: 2 } })
    expect(enough.findings.filter(({ severity }) => severity === 'hold')).toEqual([])
  })
})

describe('members that go while their target group is replaced', () => {
  const many = (amount: number, over: Parameters<typeof pool>[0] = {}) =>
    terminated({ ...over, members: Array.from({ length: amount }, (_one, at) => member(`10.20.0.${at + 1}`)) })

  it('make the switch a removal: guards and the second reading look at it', () => {
    const { changes } = plan(many(8, { tls_enabled: true }), mirrored(many(9)))
    expect(changes.find(({ id }) => id.endsWith('/switch'))?.risk).toBe('removes')
    const same = plan(many(9, { tls_enabled: true }), mirrored(many(9)))
    expect(same.changes.find(({ id }) => id.endsWith('/switch'))?.risk).toBe('changes')
  })

  it('go as far as the budget of the old group goes, and the switch comes after the last of them', () => {
    const { changes } = plan(many(5, { tls_enabled: true }), mirrored(many(10)))
    const later = changes.find(({ id }) => id.endsWith('/443/deregister-later'))
    expect(changes.find(({ id }) => id.endsWith('/443/deregister'))?.before?.['targets']).toHaveLength(3)
    expect(later?.before?.['targets']).toHaveLength(2)
    expect(changes.find(({ id }) => id.endsWith('/switch'))?.needs).toContain(later?.id)
  })
})

describe('a listener that ends TLS from now on', () => {
  const plain = tree({ listeners: [listener({ protocol_port: 443 })] })
  const world = mirrored(plain)

  it('is changed in place where its target group fits', () => {
    const { changes } = plan(terminated(), world)
    expect(kinds(changes)).toEqual(['listener/443/update'])
    expect(changes[0]?.after).toMatchObject({ protocol: 'TLS', certificates: [ARN] })
    const after = applyAll(world, changes)
    expect(plan(terminated(), after).changes).toEqual([])
    expect(plan(plain, applyAll(after, plan(plain, after).changes)).changes).toEqual([])
  })

  it('and speaks TLS to its members is switched at once, with a warning: a TCP listener cannot check them', () => {
    const draft = plan(encrypted, world)
    expect(draft.findings.map(({ code }) => code)).toContain('LB_REPLACE_WITH_GAP')
    expect(kinds(draft.changes)).toEqual([
      'target-group/443-t/create',
      'targets/443-t/register',
      'listener/443/update',
      'target-group/443/delete',
    ])
    expect(plan(encrypted, applyAll(world, draft.changes)).changes).toEqual([])
  })

  it('and stops speaking TLS at all goes back through a group that proves healthy first', () => {
    const there = mirrored(encrypted)
    const { changes } = plan(plain, there)
    expect(kinds(changes)).toContain('targets/443/wait')
    expect(changes.find(({ id }) => id.endsWith('/switch'))?.after).toMatchObject({ protocol: 'TCP' })
    expect(plan(plain, applyAll(there, changes)).changes).toEqual([])
  })
})

describe('weights kept as target groups', () => {
  const weighted = (...weights: readonly number[]) =>
    tree({ pools: [pool({ members: weights.map((weight, at) => member(`10.20.0.${at + 11}`, { weight })) })] })
  const keeping = asking({ weights: 'target-groups' })
  const world = mirrored(weighted(1, 1, 5), keeping)

  it('are one group each, with a share', () => {
    expect(forwardOf(world)).toEqual([
      [
        ['80-w1', 2],
        ['80-w5', 5],
      ],
    ])
    expect(plan(weighted(1, 1, 5), world).changes).toEqual([])
  })

  const cases: readonly (readonly [string, SourceTree, unknown])[] = [
    [
      'a member moves to another weight',
      weighted(1, 5, 5),
      [
        ['80-w1', 1],
        ['80-w5', 10],
      ],
    ],
    ['a weight disappears', weighted(1, 1, 1), [['80', 1]]],
    [
      'a new weight comes',
      weighted(1, 9, 5),
      [
        ['80-w1', 1],
        ['80-w5', 5],
        ['80-w9', 9],
      ],
    ],
    [
      'all weights become others',
      weighted(2, 2, 3),
      [
        ['80-w2', 4],
        ['80-w3', 3],
      ],
    ],
  ]
  it.each(cases)('%s: nobody is taken out of where he was before he is healthy where he goes', (_what, source, end) => {
    const { changes } = plan(source, world)
    expect(graphProblem(changes)).toBeNull()
    const waits = changes.filter(({ kind }) => kind === 'wait').map(({ id }) => id)
    expect(waits).not.toEqual([])
    const reaches = (id: string, wait: string): boolean =>
      changes.find((one) => one.id === id)?.needs.some((need) => need === wait || reaches(need, wait)) ?? false
    for (const change of changes.filter(({ risk }) => risk === 'removes')) {
      for (const wait of waits) expect(reaches(change.id, wait), `${change.id} after ${wait}`).toBe(true)
    }
    for (const part of prefixes(changes)) {
      const cut = applyAll(world, part)
      expectNoGap(cut)
      const done = applyAll(cut, plan(source, cut).changes)
      expect(forwardOf(done)).toEqual([end])
      expect(plan(source, done).changes).toEqual([])
    }
  })

  it('one that is ill alone in its weight keeps no other from serving: its group joins with no share until it is well', () => {
    const { members } = weighted(1, 1, 5).pools[0] ?? pool()
    const ill = (operating_status: 'ERROR' | 'ONLINE') =>
      tree({
        pools: [pool({ members: members.map((one) => (one.weight === 5 ? { ...one, operating_status } : one)) })],
      })
    const state = (to: ModelWorld, address: string, health: 'healthy' | 'unhealthy'): ModelWorld => ({
      ...to,
      mirror: {
        ...to.mirror,
        targetGroups: to.mirror.targetGroups.map((group) => ({
          ...group,
          targets: group.targets.map((one) => (one.address === address ? { ...one, state: health } : one)),
        })),
      },
    })
    const before = state(mirrored(ill('ERROR'), asking({ weights: 'equal' })), '10.20.0.13', 'unhealthy')
    for (const source of [ill('ERROR'), ill('ONLINE')]) {
      const { changes } = plan(source, before, keeping)
      expect(changes.filter(({ kind }) => kind === 'wait').map(({ id }) => short(id))).toEqual(['targets/80-w1/wait'])
      const after = state(applyAll(before, changes), '10.20.0.13', 'unhealthy')
      expect(forwardOf(after)).toEqual([
        [
          ['80-w1', 2],
          ['80-w5', 0],
        ],
      ])
      expect(plan(source, after).changes).toEqual([])
      const well = state(after, '10.20.0.13', 'healthy')
      const healed = plan(source, well).changes
      expect(kinds(healed)).toEqual(['targets/80-w5/wait', 'listener/80/switch'])
      expect(forwardOf(applyAll(well, healed))).toEqual(forwardOf(world))
    }
  })

  it('that are all ill are waited for as ever', () => {
    const bad = tree({
      pools: [
        pool({
          members: [1, 5].map((weight, at) => member(`10.20.0.${at + 11}`, { weight, operating_status: 'ERROR' })),
        }),
      ],
    })
    const sick = mirrored(bad, asking({ weights: 'equal' }))
    const targetGroups = sick.mirror.targetGroups.map((group) => ({
      ...group,
      targets: group.targets.map((one) => ({ ...one, state: 'unhealthy' as const })),
    }))
    const { changes } = plan(bad, { ...sick, mirror: { ...sick.mirror, targetGroups } }, keeping)
    expect(changes.filter(({ kind }) => kind === 'wait')).toHaveLength(2)
  })

  it('given up are one group again, and the tag that remembered them goes', () => {
    const equal = asking({ weights: 'equal' })
    const { changes } = plan(weighted(1, 1, 5), world, equal)
    const after = applyAll(world, changes)
    expect(forwardOf(after)).toEqual([[['80', 1]]])
    expect(plan(weighted(1, 1, 5), after).changes).toEqual([])
  })
})

describe('members only', () => {
  const only = asking({ membersOnly: true })
  const grown = tree({ pools: [pool({ members: [member('10.20.0.11'), member('10.20.0.13')] })] })

  it('registers and deregisters, and counts the rest', () => {
    const more = { ...grown, listeners: [listener({ allowed_cidrs: ['10.0.0.0/8'] }), listener({ protocol_port: 81 })] }
    const draft = plan(more, mirrored(tree()), only)
    expect(steps(draft.changes)).toEqual([
      ['targets/80/register', []],
      ['targets/80/deregister', ['targets/80/register']],
    ])
    const [said] = draft.findings.filter(({ code }) => code === 'LB_MEMBERS_ONLY')
    expect(said).toMatchObject({ severity: 'info', remedy: `nyah lb sync ${ID}` })
    expect(said?.evidence).toMatch(/^only members were asked for; 5 other changes left alone/)
  })

  it('says nothing where nothing else is left', () => {
    const draft = plan(grown, mirrored(tree()), only)
    expect(draft.changes).toHaveLength(2)
    expect(draft.findings.map(({ code }) => code)).not.toContain('LB_MEMBERS_ONLY')
  })

  it('makes nothing where there is no mirror', () => {
    expect(plan(tree(), EMPTY, only).changes).toEqual([])
  })

  it('lets a group that should be another one follow its members all the same', () => {
    const draft = plan(
      terminated({ tls_enabled: true, members: [member('10.20.0.11'), member('10.20.0.13')] }),
      mirrored(terminated()),
      only,
    )
    expect(kinds(draft.changes)).toEqual(['targets/443/register', 'targets/443/deregister'])
  })
})

describe('members that are IPv6 addresses of the VPC from now on', () => {
  const network = { ...facts(), vpcCidrs: ['10.64.0.0/16', '2001:db8:64::/56'] }
  const four = tree({ pools: [pool({ members: [member('10.20.0.11')] })] })
  const six = tree({ pools: [pool({ members: [member('2001:db8:64::11')] })] })

  it('cannot be checked beside IPv4 ones: AWS takes one family in a listener', () => {
    const there = placement({ scheme: 'internet-facing' })
    const dual = { ...network, subnets: network.subnets.map((one) => ({ ...one, ipv6Cidr: '2001:db8:64::/64' })) }
    const over = { placement: there, network: dual }
    const world = mirrored(four, over)
    const { changes, findings } = plan(six, world, over)
    expect(kinds(changes)).toContain('target-group/80-6/create')
    expect(kinds(changes)).not.toContain('listener/80/join')
    expect(findings.map(({ code }) => code)).toContain('LB_REPLACE_WITH_GAP')
    expect(forwardOf(applyAll(world, changes))).toEqual([[['80-6', 1]]])
  })
})
