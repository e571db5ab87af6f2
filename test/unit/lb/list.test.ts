import { describe, expect, it } from 'vitest'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import { listMirrors } from '../../../src/lib/lb/list.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { isUuid, resolveName } from '../../../src/lib/lb/resolve.ts'
import { showMirror } from '../../../src/lib/lb/show.ts'
import type { LoadBalancer } from '../../../src/lib/ports/mirrors.ts'
import { applyAll, EMPTY, observed } from './model-world.ts'
import { fakePorts, settings } from './fakes.ts'
import { ID, loadBalancer, member, pool, tree } from './sources.ts'

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
  const sides = { sources: [tree(), other], mirrors: [balancer(ID, 'shop'), balancer(GONE, 'old')] }

  it('has each load balancer beside its mirror, in two calls', async () => {
    const ports = fakePorts(sides)
    const { rows, unread } = await listMirrors(ports)
    expect(
      rows.map(({ name, source, mirror }) => [name, source, typeof mirror === 'string' ? mirror : mirror.state]),
    ).toEqual([
      ['admin', { vip: '198.51.100.2', provisioning_status: 'ACTIVE', operating_status: 'ONLINE' }, 'none'],
      ['old', 'gone', 'active'],
      ['shop', { vip: '198.51.100.1', provisioning_status: 'ACTIVE', operating_status: 'ONLINE' }, 'active'],
    ])
    expect(unread).toEqual([])
    expect(ports.calls.map(([call]) => call)).toEqual(['source.list', 'mirrors.list'])
  })

  it('shows what could not be read as unknown, never as none or gone', async () => {
    const aws = await listMirrors(fakePorts({ ...sides, failing: { 'mirrors.list': failure('AWS_DENIED') } }))
    expect(aws.rows.map((row) => [row.name, row.mirror])).toEqual([
      ['admin', 'unknown'],
      ['shop', 'unknown'],
    ])
    expect(aws.unread).toMatchObject([{ side: 'aws', error: { code: 'AWS_DENIED' } }])
    const octavia = await listMirrors(fakePorts({ ...sides, failing: { 'source.list': failure('OCTAVIA_DOWN') } }))
    expect(octavia.rows.map((row) => [row.name, row.source])).toEqual([
      ['old', 'unknown'],
      ['shop', 'unknown'],
    ])
    expect(octavia.unread).toMatchObject([{ side: 'octavia', error: { code: 'OCTAVIA_DOWN' } }])
  })

  it('is an error when nothing could be read', async () => {
    const failing = { 'source.list': failure('OCTAVIA_DOWN'), 'mirrors.list': failure('AWS_DENIED') }
    await expect(listMirrors(fakePorts({ failing }))).rejects.toMatchObject({ code: 'OCTAVIA_DOWN' })
  })

  it('leaves out what carries no whole ownership', async () => {
    const stray = { ...balancer(GONE, 'old'), tags: { 'nyah:managed': 'true' } }
    expect((await listMirrors(fakePorts({ mirrors: [stray] }))).rows).toEqual([])
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
  const { signal } = new AbortController()

  it('is shown with its drift and what the guards say', async () => {
    const shrunk = tree({ pools: [pool({ members: [member('10.20.0.31')] })] })
    const shown = await showMirror(fakePorts({ sources: [shrunk], worlds: { [ID]: world } }), settings(), ID, signal)
    expect(shown.changes.map((change) => change.kind)).toEqual(['create', 'delete'])
    expect(shown.findings.map((finding) => finding.code)).toEqual(['LB_MINIMUM_HEALTHY'])
    expect(shown.loadBalancer).toMatchObject({ id: ID, changes: 2, mirror: { state: 'active' } })
  })

  it('is shown although it is gone from Octavia', async () => {
    const shown = await showMirror(fakePorts({ worlds: { [ID]: world } }), settings(), ID, signal)
    expect(shown.loadBalancer).toMatchObject({
      source: null,
      mirror: { name: 'nyah-shop-ef5e7c45' },
      listeners: [{ port: 80, verdict: 'surplus', registered: 2 }],
    })
    expect(shown.findings.map((finding) => finding.code)).toEqual(['LB_SOURCE_GONE'])
  })

  it('that is nowhere is an error', async () => {
    await expect(showMirror(fakePorts(), settings(), ID, signal)).rejects.toMatchObject({ code: 'LB_NOT_FOUND' })
  })
})
