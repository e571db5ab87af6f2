import { describe, expect, it } from 'vitest'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import { observeKnown, observeNames, type Look, type NamesPorts } from '../../../src/lib/dns/observe.ts'
import { encodeState } from '../../../src/lib/dns/state.ts'
import { zoneOf } from '../../../src/lib/dns/zones.ts'
import type { ObservedName } from '../../../src/lib/dns/model.ts'
import type { TargetState } from '../../../src/lib/ports/mirrors.ts'
import { virtualClock } from '../../support/clock.ts'
import { fakeChecks, fakeDns, fakeMirrors, NLB, record, ZONE } from './fakes.ts'
import { ownedRecords, scene, setState } from './seen.ts'

const SHOP = 'shop.example.jp'
const LOOK: Look = { names: null, choice: { zone: null, zones: {} }, healthMs: 2500 }

const ports = (over: Partial<NamesPorts> = {}, records = ownedRecords(SHOP)): NamesPorts => ({
  dns: fakeDns({ records }),
  checks: fakeChecks(),
  mirrors: fakeMirrors(),
  ...over,
})

describe('the zone of a name', () => {
  const zones = [
    ZONE,
    { id: 'Z2', name: 'corp.example.jp', private: true },
    { id: 'Z3', name: 'twice.jp', private: false },
    { id: 'Z4', name: 'twice.jp', private: true },
  ]
  const choice = { zone: null, zones: {} }
  it.each([
    ['shop.example.jp', 'Z1'],
    ['example.jp', 'Z1'],
    ['a.corp.example.jp', 'Z2'],
    ['corp.example.jp', 'Z2'],
  ])('%s is the longest suffix', (name, id) => {
    expect(zoneOf(name, zones, choice).id).toBe(id)
  })

  it('is chosen by configuration or flag where several have it', () => {
    expect(zoneOf('a.twice.jp', zones, { zone: null, zones: { 'twice.jp': 'Z4' } }).id).toBe('Z4')
    expect(zoneOf('a.twice.jp', zones, { zone: 'Z3', zones: { 'twice.jp': 'Z4' } }).id).toBe('Z3')
    expect(zoneOf('a.corp.example.jp', zones, { zone: 'Z1', zones: {} }).id).toBe('Z1')
  })

  it.each([
    ['DNS_ZONE_AMBIGUOUS', 'a.twice.jp', choice],
    ['DNS_ZONE_MISSING', 'badexample.jp', choice],
    ['DNS_ZONE_MISSING', 'shop.example.jp', { zone: 'Z3', zones: {} }],
  ])('is %s for %s', (code, name, asked) => {
    expect(() => zoneOf(name, zones, asked)).toThrow(expect.objectContaining({ code, exit: 2 }) as Error)
  })
})

describe('observing names', () => {
  it('finds every one that is nyah’s, the apex and wildcards too, with its health', async () => {
    const state = (name: string) => record({ name, type: 'TXT', values: [encodeState(setState())] })
    const records = [
      ...ownedRecords(SHOP),
      ...ownedRecords('*.example.jp'),
      state('a-_apex.example.jp'),
      record({ name: 'example.jp' }),
      record({ name: 'other.example.jp' }),
      record({ name: 'split.example.jp', setIdentifier: 'x', weight: 1 }),
    ]
    const seen = await observeNames(ports({}, records), LOOK, scene())
    expect(seen.map(({ name }) => name).toSorted()).toEqual(['*.example.jp', 'example.jp', SHOP])
    expect(seen.find(({ name }) => name === SHOP)).toMatchObject({
      records: ownedRecords(SHOP),
      statuses: { 'hc-1': { verdict: 'healthy' } },
      entrances: {
        [NLB]: { name: 'nyah-shop-ef5e7c45', side: { health: 'healthy', detail: '1 of 1 targets healthy' } },
      },
      protections: [],
      unread: [],
    })
    const all = await observeNames(ports({}, records), { ...LOOK, weighted: true }, scene())
    expect(all.map(({ name }) => name)).toContain('split.example.jp')
  })

  it.each([
    ['initial', 'unknown'],
    ['unhealthy', 'unhealthy'],
    ['draining', 'unhealthy'],
  ] as const)('calls an NLB whose only target is %s %s', async (state: TargetState, health) => {
    const [seen] = await observeNames(ports({ mirrors: fakeMirrors(state) }), { ...LOOK, names: [SHOP] }, scene())
    expect(seen?.entrances[NLB]?.side.health).toBe(health)
  })

  it('goes on without what cannot be read, and says so', async () => {
    const broken = nyahError({ code: 'AWS_UNREACHABLE', message: 'x', exit: EXIT.remote })
    const fail = () => Promise.reject(broken)
    const [seen] = await observeNames(
      ports({ mirrors: { list: fail, read: fail, standings: fail }, checks: { ...fakeChecks(), status: fail } }),
      { ...LOOK, names: [SHOP] },
      scene(),
    )
    expect(seen?.records).toEqual(ownedRecords(SHOP))
    expect(seen?.unread.toSorted()).toEqual(['health checks: AWS_UNREACHABLE', 'load balancers: AWS_UNREACHABLE'])
    expect(seen?.entrances).toEqual({})
  })

  it('does not wait for health longer than it is told', async () => {
    const hangs = () => new Promise<never>(() => undefined)
    const impatient = scene()
    const hurried = { ...impatient, clock: { ...impatient.clock, sleep: () => Promise.resolve() } }
    const [seen] = await observeNames(
      ports({ mirrors: { list: hangs, read: hangs, standings: hangs } }),
      { ...LOOK, names: [SHOP] },
      hurried,
    )
    expect(seen?.unread).toContain('health was not read whole within 2.5 s')
  })

  it('gives each health check its time, where it is told to', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `app-${at}.example.jp`)
    const records = names.flatMap((name, at) =>
      ownedRecords(name).map((one) => (one.healthCheckId === null ? one : { ...one, healthCheckId: `hc-${at}` })),
    )
    const clock = virtualClock()
    // Four a second, as Route 53 lets itself be asked.
    let next = clock.now()
    const status = async (id: string) => {
      next = Math.max(clock.now(), next) + 250
      await clock.sleep(next - clock.now())
      return fakeChecks().status(id)
    }
    const look = { ...LOOK, healthMs: 2_500 }
    const slow = () => ports({ checks: { ...fakeChecks(), status } }, records)
    const proven = (seen: readonly ObservedName[]) =>
      seen.filter(({ statuses }) => Object.keys(statuses).length === 300)
    const patient = await observeNames(slow(), { ...look, checkMs: 300 }, { ...scene(), clock })
    expect([patient.length, proven(patient).length, patient[0]?.unread]).toEqual([300, 300, []])
    const hasty = await observeNames(slow(), look, { ...scene(), clock })
    expect([hasty.length, proven(hasty).length]).toEqual([300, 0])
  })

  it('throws what keeps records from being read', async () => {
    const broken = nyahError({ code: 'AWS_ACCESS_DENIED', message: 'x', exit: EXIT.configuration })
    const dns = { ...fakeDns(), zones: () => Promise.reject(broken) }
    await expect(observeNames(ports({ dns }), LOOK, scene())).rejects.toBe(broken)
  })
})

describe('names that are known already', () => {
  const known = async () => observeNames(ports(), LOOK, scene())
  /** Nothing may be listed that a card has. */
  const listed = () => Promise.reject(new Error('was listed'))
  const quiet = (state: TargetState): NamesPorts =>
    ports({ mirrors: { ...fakeMirrors(state), list: listed, read: listed }, checks: { ...fakeChecks(), list: listed } })

  it.each(['healthy', 'unhealthy'] as const)('are asked for nothing but health: %s', async (state) => {
    const before = await known()
    const [seen] = await observeKnown(quiet(state), before, 2500, scene())
    expect(seen?.unread).toEqual([])
    expect(seen?.entrances[NLB]).toEqual({
      ...before[0]?.entrances[NLB],
      side: { ...before[0]?.entrances[NLB]?.side, health: state, detail: expect.any(String) as string },
    })
    expect(Object.values(seen?.statuses ?? {})).toHaveLength(1)
  })

  it('have an NLB that is gone where another of its Region was read', async () => {
    const [first] = await known()
    const elsewhere = `nyah-gone-00000000-1.elb.${NLB.split('.elb.')[1] ?? ''}`
    const records = ownedRecords(SHOP).map((one) =>
      one.alias === null ? one : { ...one, alias: { ...one.alias, dnsName: elsewhere } },
    )
    const names = first === undefined ? [] : [{ ...first, records }]
    const [seen] = await observeKnown(quiet('healthy'), names, 2500, scene())
    expect(seen?.entrances[elsewhere]?.side.health).toBe('unhealthy')
  })
})
