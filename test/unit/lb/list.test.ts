import { describe, expect, it } from 'vitest'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import type { JsonObject } from '../../../src/lib/core/json.ts'
import { listMirrors, type MirrorRow } from '../../../src/lib/lb/list.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { summaryOf } from '../../../src/lib/lb/summary.ts'
import type { Finding, Plan } from '../../../src/lib/core/plan.ts'
import { isUuid, resolveName } from '../../../src/lib/lb/resolve.ts'
import { showMirror } from '../../../src/lib/lb/show.ts'
import { settingsOf } from '../../../src/lib/lb/held.ts'
import { TAG, type Placement } from '../../../src/lib/lb/model.ts'
import type { LoadBalancer, Tags } from '../../../src/lib/ports/mirrors.ts'
import { applyAll, EMPTY, observed } from './model-world.ts'
import { fakePorts, scene, settings } from './fakes.ts'
import { ID, loadBalancer, member, placement, pool, tree } from './sources.ts'

const OTHER = '5f0c7c1e-0000-4000-8000-000000000002'
const GONE = '5f0c7c1e-0000-4000-8000-000000000003'
const other = tree({ loadbalancer: loadBalancer({ id: OTHER, name: 'admin', vip_address: '198.51.100.2' }) })

function balancer(id: string, name: string): LoadBalancer {
  const source = tree({ loadbalancer: loadBalancer({ id, name }) })
  const { mirror } = applyAll(EMPTY, planMirrors({ scopes: [observed(source)] }).changes)
  if (mirror.loadBalancer === null) throw new Error('not mirrored')
  return mirror.loadBalancer
}

const failure = (code: string) => nyahError({ code, message: 'no', exit: EXIT.remote })

describe('the list', () => {
  const IN_STEP = '2026-11-22T03:00:00'
  const followed = (id: string, name: string, tags: Tags): LoadBalancer => {
    const twin = balancer(id, name)
    return { ...twin, tags: { ...twin.tags, ...tags } }
  }
  const sides = {
    sources: [tree({ loadbalancer: loadBalancer({ updated_at: IN_STEP }) }), other],
    mirrors: [followed(ID, 'shop', { [TAG.inStep]: IN_STEP }), balancer(GONE, 'old')],
  }
  const listed = (answers: Parameters<typeof fakePorts>[0], atMost = 40) => listMirrors(fakePorts(answers), atMost)
  const state = ({ mirror }: MirrorRow): string => (typeof mirror === 'string' ? mirror : mirror.state)

  it('has each load balancer beside its mirror, in three calls however many', async () => {
    const ports = fakePorts(sides)
    const { rows, unread } = await listMirrors(ports, 40)
    expect(
      rows.map((row) => [row.name, typeof row.source === 'string' ? row.source : row.source.vip, state(row)]),
    ).toEqual([
      ['admin', '198.51.100.2', 'none'],
      ['old', 'gone', 'active'],
      ['shop', '198.51.100.1', 'active'],
    ])
    expect(unread).toEqual([])
    expect(ports.calls.map(([call]) => call)).toEqual(['source.list', 'mirrors.list', 'mirrors.health'])
  })

  it.each([
    ['the same revision', IN_STEP, IN_STEP, { state: 'in-step', since: null, inStepWith: IN_STEP }],
    ['an older one than the tag', '2026-11-22T02:59:59', IN_STEP, { state: 'in-step', since: null }],
    ['a second later', '2026-11-22T03:00:01', IN_STEP, { state: 'behind', since: '2026-11-22T03:00:01.000Z' }],
    ['no tag', IN_STEP, undefined, { state: 'never', since: null, inStepWith: null }],
    ['a tag that is no time', IN_STEP, 'soon', { state: 'never', inStepWith: null }],
    ['a revision that is no time', 'soon', IN_STEP, { state: 'unknown' }],
    ['never changed, as when it was made', null, loadBalancer().created_at, { state: 'in-step' }],
  ])('drift: %s', async (_what, updated_at, tag, drift) => {
    const { rows } = await listed({
      sources: [tree({ loadbalancer: loadBalancer({ updated_at }) })],
      mirrors: [followed(ID, 'shop', tag === undefined ? {} : { [TAG.inStep]: tag })],
    })
    expect(rows[0]?.drift).toMatchObject(drift)
  })

  const at = (mirror: LoadBalancer, of: Partial<Placement> = {}) =>
    listMirrors(
      fakePorts({ sources: [tree({ loadbalancer: loadBalancer({ updated_at: IN_STEP }) })], mirrors: [mirror] }),
      40,
      undefined,
      settings(() => of),
    ).then(({ rows }) => rows.map(({ id, drift }) => `${id} ${drift.state}`))

  it('a mirror of a newer nyah is no mirror in step, nor is one that lost its tags "none"', async () => {
    expect(await at(followed(ID, 'shop', { [TAG.inStep]: IN_STEP, [TAG.schema]: '2' }))).toEqual([`${ID} newer`])
    const twin = balancer(ID, 'shop')
    expect(await at({ ...twin, tags: {} })).toEqual([`${ID} tags-lost`])
    expect(await at({ ...twin, tags: { [TAG.octaviaId]: ID } })).toEqual([`${ID} tags-lost`])
  })

  it('in step is one whose settings are those of then', async () => {
    const twin = followed(ID, 'shop', { [TAG.inStep]: IN_STEP, [TAG.settings]: settingsOf(placement()) })
    expect(await at(twin)).toEqual([`${ID} in-step`])
    expect(await at(twin, { subnets: ['subnet-c', 'subnet-a'] })).toEqual([`${ID} in-step`])
    for (const over of [
      { subnets: ['subnet-a'] },
      { vpcId: 'vpc-2' },
      { weights: 'target-groups' as const },
      { certificates: { c0c0: 'arn:x' } },
      { routableCidrs: ['10.0.0.0/8'] },
      { addresses: { 'subnet-a': '172.31.0.9' } },
    ])
      expect(await at(twin, over)).toEqual([`${ID} reconfigured`])
  })

  it('drift is unknown where a side is missing', async () => {
    const { rows } = await listed(sides)
    expect(rows.map(({ name, drift }) => [name, drift.state])).toEqual([
      ['admin', 'unknown'],
      ['old', 'unknown'],
      ['shop', 'in-step'],
    ])
  })

  it('says what the last run held, and since when', async () => {
    const held = 'LB_REMOVAL_BUDGET/2026-11-22T03:00:00Z LB_SOURCE_EMPTY/2026-11-22T04:00:00Z nonsense'
    const { rows } = await listed({ ...sides, mirrors: [followed(ID, 'shop', { [TAG.held]: held })] })
    expect(rows.find(({ id }) => id === ID)?.held).toEqual([
      { code: 'LB_REMOVAL_BUDGET', since: '2026-11-22T03:00:00Z' },
      { code: 'LB_SOURCE_EMPTY', since: '2026-11-22T04:00:00Z' },
    ])
  })

  it('counts healthy targets, and none where there are no target groups', async () => {
    const arn = balancer(ID, 'shop').arn
    const tallies = { targetGroups: 2, byLoadBalancer: new Map([[arn, { registered: 3, healthy: 2 }]]) }
    const { rows, healthNotAsked } = await listed({
      ...sides,
      mirrors: [...sides.mirrors, { ...balancer(GONE, 'old'), arn: 'arn:other' }],
      tallies,
    })
    const targets = (id: string) => {
      const mirror = rows.find((row) => row.id === id)?.mirror
      return typeof mirror === 'string' ? mirror : mirror?.targets
    }
    expect(targets(ID)).toEqual({ registered: 3, healthy: 2 })
    expect(targets(GONE)).toEqual({ registered: 0, healthy: 0 })
    expect(healthNotAsked).toBeNull()
  })

  it('says that health was not asked for, where that would be many requests', async () => {
    const { rows, healthNotAsked, unread } = await listed({
      ...sides,
      tallies: { targetGroups: 41, byLoadBalancer: null },
    })
    expect(healthNotAsked).toEqual({ targetGroups: 41, atMost: 40 })
    expect(unread).toEqual([])
    expect(rows.flatMap(({ mirror }) => (typeof mirror === 'string' ? [] : [mirror.targets]))).toEqual([null, null])
  })

  it('is partial where only the health could not be read: unknown, never zero', async () => {
    const { rows, unread } = await listed({ ...sides, failing: { 'mirrors.health': failure('AWS_DENIED') } })
    expect(unread).toMatchObject([{ side: 'health', error: { code: 'AWS_DENIED' } }])
    expect(rows.flatMap(({ mirror }) => (typeof mirror === 'string' ? [] : [mirror.targets]))).toEqual([null, null])
  })

  it('shows what could not be read as unknown, never as none or gone', async () => {
    const denied = failure('AWS_DENIED')
    const aws = await listed({ ...sides, failing: { 'mirrors.list': denied, 'mirrors.health': denied } })
    expect(aws.rows.map((row) => [row.name, row.mirror])).toEqual([
      ['admin', 'unknown'],
      ['shop', 'unknown'],
    ])
    expect(aws.unread).toMatchObject([{ side: 'aws', error: { code: 'AWS_DENIED' } }])
    const octavia = await listed({ ...sides, failing: { 'source.list': failure('OCTAVIA_DOWN') } })
    expect(octavia.rows.map((row) => [row.name, row.source, row.drift.state])).toEqual([
      ['old', 'unknown', 'unknown'],
      ['shop', 'unknown', 'unknown'],
    ])
    expect(octavia.unread).toMatchObject([{ side: 'octavia', error: { code: 'OCTAVIA_DOWN' } }])
  })

  it('is an error when nothing could be read', async () => {
    const failing = { 'source.list': failure('OCTAVIA_DOWN'), 'mirrors.list': failure('AWS_DENIED') }
    await expect(listed({ failing })).rejects.toMatchObject({ code: 'OCTAVIA_DOWN' })
  })

  it('leaves out what carries no whole ownership', async () => {
    const stray = { ...balancer(GONE, 'old'), tags: { 'nyah:managed': 'true' } }
    expect((await listed({ mirrors: [stray] })).rows).toEqual([])
  })
})

describe('a name', () => {
  const sources = [
    loadBalancer({ additional_vips: ['2001:db8::100'] }),
    other.loadbalancer,
    loadBalancer({ id: GONE, name: 'admin', vip_address: '198.51.100.3' }),
  ]
  const mirrors = [balancer(ID, 'shop')]
  const resolve = (text: string) => resolveName(sources, mirrors, text)

  it.each([
    ['UUID', ID],
    ['UUID in capitals', ID.toUpperCase()],
    ['name', 'shop'],
    ['VIP', '198.51.100.1'],
    ['further VIP', '2001:DB8::100'],
    ['NLB name', 'nyah-shop-ef5e7c45'],
    ['DNS name', 'nyah-shop-ef5e7c45.elb.example.com'],
    ['DNS name with a dot', 'Nyah-Shop-ef5e7c45.elb.example.com.'],
  ])('is found by %s', (_how, text) => {
    expect(resolve(text)).toBe(ID)
  })

  it('of a mirror whose source is gone is found', () => {
    expect(resolveName([], mirrors, 'nyah-shop-ef5e7c45')).toBe(ID)
    expect(resolveName([], mirrors, ID)).toBe(ID)
  })

  it('of a mirror whose source is gone, or unread, is the name that the list shows', () => {
    const [remembered = ''] = mirrors.map(({ tags }) => tags[TAG.source] ?? '')
    expect(resolveName([], mirrors, remembered)).toBe(mirrors[0]?.tags[TAG.octaviaId])
  })

  it('that another load balancer has by now is no longer that of the old mirror', () => {
    const renamed = loadBalancer({ id: OTHER, name: 'old' })
    expect(resolveName([renamed], [balancer(GONE, 'old')], 'old')).toBe(OTHER)
    expect(resolveName([], [balancer(GONE, 'old')], 'old')).toBe(GONE)
  })

  it('that two have is ambiguous, with both', () => {
    expect(() => resolve('admin')).toThrow(
      expect.objectContaining({ code: 'LB_AMBIGUOUS', exit: 2, message: expect.stringMatching(`${OTHER}.*${GONE}`) }),
    )
    expect(resolve('198.51.100.3')).toBe(GONE)
  })

  it.each(['sho', '', 'SHOP'])('%j is nobody', (text) => {
    expect(() => resolve(text)).toThrow(expect.objectContaining({ code: 'LB_NOT_FOUND', exit: 2 }))
  })

  it('is a UUID or not', () => {
    expect([ID, ID.toUpperCase(), 'shop', `${ID}0`, ''].map(isUuid)).toEqual([true, true, false, false, false])
  })
})

describe('one load balancer', () => {
  const world = applyAll(EMPTY, planMirrors({ scopes: [observed(tree())] }).changes)
  const show = (answers: Parameters<typeof fakePorts>[0]) => showMirror(fakePorts(answers), settings(), ID, scene())

  it('is shown with its drift and what the guards say', async () => {
    const shrunk = tree({ pools: [pool({ members: [member('10.20.0.31')] })] })
    const shown = await show({ sources: [shrunk], worlds: { [ID]: world } })
    expect(shown.changes?.map((change) => change.kind)).toEqual(['create', 'delete'])
    expect(shown.findings.map((finding) => finding.code)).toContain('LB_MINIMUM_HEALTHY')
    expect(shown.loadBalancer).toMatchObject({ id: ID, changes: 2, mirror: { state: 'active' } })
    expect(shown.report?.fidelity.length).toBeGreaterThan(0)
    expect(shown.unread).toEqual([])
  })

  it('tells the share and the targets of each group behind a listener', async () => {
    const shown = await show({ sources: [tree()], worlds: { [ID]: world } })
    const [listener] = shown.loadBalancer['listeners'] as readonly JsonObject[]
    expect(listener).toMatchObject({ registered: 2, groups: [{ share: 100, registered: 2 }] })
    expect(listener).toMatchObject({ groups: [{ name: listener?.['targetGroup'] }] })
  })

  it('is shown although it is gone from Octavia', async () => {
    const shown = await show({ worlds: { [ID]: world } })
    expect(shown.loadBalancer).toMatchObject({
      source: null,
      mirror: { name: 'nyah-shop-ef5e7c45' },
      listeners: [{ port: 80, verdict: 'surplus', registered: 2 }],
    })
    expect(shown.findings.map((finding) => finding.code)).toEqual(['LB_SOURCE_GONE'])
  })

  it('without Octavia is what AWS says: nothing is called surplus or drift', async () => {
    const held = 'LB_REMOVAL_BUDGET/2026-11-22T03:00:00Z'
    const twin = world.mirror.loadBalancer
    if (twin === null) throw new Error('not mirrored')
    const tagged = {
      ...world,
      mirror: { ...world.mirror, loadBalancer: { ...twin, tags: { ...twin.tags, [TAG.held]: held } } },
    }
    const shown = await show({ worlds: { [ID]: tagged }, failing: { 'source.read': failure('OCTAVIA_DOWN') } })
    expect(shown).toMatchObject({
      changes: null,
      findings: [],
      report: null,
      held: [{ code: 'LB_REMOVAL_BUDGET', since: '2026-11-22T03:00:00Z' }],
      unread: [{ side: 'octavia', error: { code: 'OCTAVIA_DOWN' } }],
      loadBalancer: {
        source: null,
        changes: null,
        listeners: [{ port: 80, verdict: 'unknown', members: null, registered: 2 }],
      },
    })
  })

  it('without AWS is what Octavia says: nothing is called not mirrored', async () => {
    const shown = await show({ sources: [tree()], failing: { 'mirrors.read': failure('AWS_DOWN') } })
    expect(shown).toMatchObject({
      changes: null,
      report: null,
      unread: [{ side: 'aws', error: { code: 'AWS_DOWN' } }],
      loadBalancer: { source: { name: 'shop' }, mirror: null, listeners: [{ port: 80, members: 2, registered: null }] },
    })
  })

  it('without the limits of the account is shown all the same', async () => {
    const shown = await show({ sources: [tree()], failing: { 'mirrors.limits': failure('AWS_DENIED') } })
    expect(shown.unread).toEqual([])
    expect(shown.report?.quotas.some(({ origin }) => origin === 'documented')).toBe(true)
  })

  it.each([
    ['Octavia says no and AWS cannot be asked', { 'mirrors.read': failure('AWS_DOWN') }, 'AWS_DOWN'],
    [
      'neither can be asked',
      { 'mirrors.read': failure('AWS_DOWN'), 'source.read': failure('OCTAVIA_DOWN') },
      'OCTAVIA_DOWN',
    ],
    ['it is nowhere', {}, 'LB_NOT_FOUND'],
  ])('is an error when %s', async (_what, failing, code) => {
    await expect(show({ failing })).rejects.toMatchObject({ code })
  })
})

describe('the result of a run', () => {
  it('names what is held, since when, what is refused, and how the fields fared', () => {
    const world = { scopes: [observed(tree())] }
    const stopped = (severity: 'hold' | 'refuse', code: string, part: Partial<Finding> = {}): Finding => ({
      code,
      severity,
      scope: ID,
      subject: 'listener web (port 80)',
      evidence: '',
      remedy: '',
      allowable: true,
      ...part,
    })
    const plan = {
      ...planMirrors(world),
      findings: [
        stopped('hold', 'LB_SOURCE_EMPTY', { since: '2026-11-22T03:00:00Z' }),
        stopped('hold', 'LB_REMOVAL_BUDGET'),
        stopped('hold', 'LB_MINIMUM_HEALTHY', { allowed: { reason: 'meant' } }),
        stopped('refuse', 'LB_UNSUPPORTED_L7POLICIES'),
        stopped('refuse', 'LB_NOT_FOUND', { scope: OTHER }),
      ],
    }
    const { mirrors } = summaryOf(world, plan as unknown as Plan) as { readonly mirrors: readonly JsonObject[] }
    expect(mirrors).toMatchObject([
      {
        id: ID,
        held: [
          { code: 'LB_SOURCE_EMPTY', since: '2026-11-22T03:00:00Z' },
          { code: 'LB_REMOVAL_BUDGET', since: null },
        ],
        refused: [{ code: 'LB_UNSUPPORTED_L7POLICIES' }],
        fidelity: { exact: expect.any(Number), refused: 0 },
        changes: plan.changes.length,
      },
    ])
  })
})
