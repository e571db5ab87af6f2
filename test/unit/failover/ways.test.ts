import { describe, expect, it } from 'vitest'
import type { ObservedName, Weights } from '../../../src/lib/dns/model.ts'
import { planAttach } from '../../../src/lib/dns/plan-attach.ts'
import { planDetach } from '../../../src/lib/dns/plan-detach.ts'
import { switchesOf } from '../../../src/lib/dns/plan-armed.ts'
import { armedSpec, switchSpec } from '../../../src/lib/dns/check.ts'
import { standings } from '../../../src/lib/dns/delta.ts'
import { judgeName } from '../../../src/lib/dns/plan.ts'
import { endOperation, rulesOf } from '../../../src/lib/failover/operation.ts'
import { NOTHING_YET } from '../../../src/lib/failover/model.ts'
import type { FailoverWorld, Way } from '../../../src/lib/failover/model.ts'
import { planArm, planEnd, planTo } from '../../../src/lib/failover/plan.ts'
import { notWhileEngaged } from '../../../src/lib/failover/ways.ts'
import type { Check, CheckStatus } from '../../../src/lib/ports/health-checks.ts'
import { AT, ownedRecords, seenName } from '../dns/seen.ts'
import { NLB } from '../dns/fakes.ts'

const PLACE = { bucket: 'b', region: 'ap-northeast-3', key: 'away' }
const ALL = { by: 'all' } as const
const NAME = 'shop.example.jp'
const END = { which: ALL, steps: [100], everySeconds: 60, healthyForSeconds: 0 }

const check = (id: string, spec: Partial<Check>): Check => ({
  ...switchSpec(PLACE),
  inverted: false,
  tags: {},
  version: 1,
  otherType: null,
  disabled: false,
  ...spec,
  id,
})
const OWN = check('hc-1', {
  type: 'TCP',
  address: '203.0.113.11',
  host: null,
  path: null,
  tags: { 'nyah:managed': 'true', 'nyah:name': NAME },
})
const SWITCH = check('hc-s', switchSpec(PLACE))
const COUNT = check('hc-c', armedSpec(NAME, 's3://b/away', ['hc-s', 'hc-1']))
const checks = { 'hc-1': OWN, 'hc-s': SWITCH, 'hc-c': COUNT }

const status = (verdict: CheckStatus['verdict']): CheckStatus => ({
  verdict,
  healthy: 0,
  checkers: 16,
  why: null,
  observedAt: null,
})

/** A name that follows the switch. Of the switch's check, `healthy` is what its checkers see: the object is there. */
function armed(
  { engaged = false, octavia = 'healthy' }: { engaged?: boolean; octavia?: CheckStatus['verdict'] } = {},
  weights: Weights = { octavia: 90, aws: 10 },
): ObservedName {
  const records = ownedRecords(NAME, weights).map((one) =>
    one.setIdentifier === 'octavia' ? { ...one, healthCheckId: 'hc-c' } : one,
  )
  const statuses = { 'hc-1': status(octavia), 'hc-s': status(engaged ? 'healthy' : 'unhealthy') }
  return seenName(NAME, records, { checks, statuses })
}

const way = (over: Partial<Way> = {}): Way => ({
  kind: 's3',
  place: PLACE,
  names: [NAME],
  engaged: false,
  covered: true,
  ...over,
})
const world = (seen: ObservedName, ...ways: readonly Way[]): FailoverWorld => ({
  at: AT,
  names: [seen],
  ways,
  ours: NOTHING_YET,
})
const TO_AWS = { which: ALL, side: 'aws', percent: 100 } as const
const ids = ({ changes }: { readonly changes: readonly { readonly id: string }[] }) => changes.map(({ id }) => id)
const never = () => Promise.reject(new Error('never'))
const endGuards = endOperation(
  { run: '', observe: never, apply: never, switches: { engage: never, disengage: never } },
  END,
)

describe('the health of a name that follows a switch', () => {
  const health = (seen: ObservedName) => judgeName(seen).sets[0]?.sides.octavia
  it('is that of its address, until the switch is engaged', () => {
    expect(health(armed())?.health).toBe('healthy')
    expect(health(armed({ octavia: 'unhealthy' }))?.health).toBe('unhealthy')
    expect(health(armed({ engaged: true }))).toMatchObject({
      health: 'unhealthy',
      detail: expect.stringContaining('the switch is engaged') as unknown,
      apart: { health: 'healthy' },
    })
    expect(health({ ...armed(), statuses: {} })?.health).toBe('unknown')
  })
})

describe('arming', () => {
  it('makes the switch’s check, proves it, and counts it with the name’s own; then there is nothing to do', () => {
    const plain = seenName(NAME, ownedRecords(NAME), { checks: { 'hc-1': OWN } })
    const draft = planArm(world(plain), { which: ALL, place: PLACE }, '123456789012')
    expect(draft.changes.map(({ kind, scope }) => [kind, scope])).toEqual([
      ['create', 's3://b/away'],
      ['wait', 's3://b/away'],
      ['create', NAME],
      ['update', NAME],
    ])
    expect(ids(planArm(world(armed()), { which: ALL, place: PLACE }, '123456789012'))).toEqual([])
    expect(ids(planArm(world(plain), { which: ALL, place: null }, '123456789012'))).toEqual([])
    expect(switchesOf([armed(), plain])).toEqual([{ place: PLACE, names: [NAME] }])
  })

  it('is left where the configuration names it no more: the name’s own check again, and nothing of the switch stays', () => {
    const draft = planArm(world(armed()), { which: ALL, place: null }, '123456789012')
    expect(draft.changes.map(({ kind, ref, needs }) => [kind, ref.id, needs.length])).toEqual([
      ['update', 'Z1', 0],
      ['delete', 'hc-c', 1],
      ['delete', 'hc-s', 2],
    ])
    const [change] = draft.changes
    const records = change === undefined ? [] : standings(change).after.records
    expect(records.map(({ healthCheckId, weight }) => [healthCheckId, weight])).toEqual([
      ['hc-1', 90],
      [null, 10],
      [null, null],
    ])
  })

  it('is left by all of its names, and its check goes once, with the last of them; not while others follow it', () => {
    const other = 'api.example.jp'
    const own = check('hc-2', { ...OWN, tags: { 'nyah:managed': 'true', 'nyah:name': other } })
    const count = check('hc-d', armedSpec(other, 's3://b/away', ['hc-s', 'hc-2']))
    const all = { ...checks, 'hc-2': own, 'hc-d': count }
    const records = ownedRecords(other).map((one) =>
      one.setIdentifier === 'octavia' ? { ...one, healthCheckId: 'hc-d' } : one,
    )
    const [one, two] = [{ ...armed(), checks: all }, seenName(other, records, { checks: all })]
    const gone = (names: readonly ObservedName[]) =>
      planArm({ ...world(one), names }, { which: ALL, place: null }, '123456789012').changes.flatMap(
        ({ kind, ref, scope }) => (kind === 'delete' ? [[ref.id, scope]] : []),
      )
    expect(gone([one, two])).toEqual([
      ['hc-c', NAME],
      ['hc-d', other],
      ['hc-s', other],
    ])
    expect(gone([one])).toEqual([['hc-c', NAME]])
  })

  it('is exchanged for another one: made, proved, followed, and the old one goes', () => {
    const place = { ...PLACE, bucket: 'new' }
    const { changes } = planArm(world(armed()), { which: ALL, place }, '123456789012')
    expect(changes.map(({ kind, scope, ref }) => [kind, scope, ref.id])).toEqual([
      ['create', 's3://new/away', null],
      ['wait', 's3://new/away', null],
      ['create', NAME, null],
      ['update', NAME, 'Z1'],
      ['delete', NAME, 'hc-c'],
      ['delete', NAME, 'hc-s'],
    ])
    const update = changes.find(({ kind }) => kind === 'update')
    expect(changes.slice(4).map(({ needs }) => needs[0])).toEqual([update?.id, update?.id])
  })

  it.each([
    ['engaged', true, null, false],
    ['engaged, and stays configured', true, PLACE, false],
    ['not known to be let go', null, null, true],
  ] as const)('is not left, nor followed, while it is %s', (_what, engaged, place, allowable) => {
    const plain = seenName('new.example.jp', ownedRecords('new.example.jp'))
    const here = { ...world(armed(), way({ engaged })), names: [armed(), plain] }
    const draft = planArm(here, { which: ALL, place }, '123456789012')
    const found = notWhileEngaged(place)(draft, here)
    expect(found.map(({ code }) => code)).toContain('SWITCH_ENGAGED')
    expect(found.every((one) => one.allowable === allowable)).toBe(true)
    expect(found[0]?.evidence).toContain(place === null ? 'back to Octavia' : 'moved to AWS')
  })

  it('can be armed while nobody knows whether the switch that stays is engaged', () => {
    const plain = seenName('new.example.jp', ownedRecords('new.example.jp'))
    const here = { ...world(armed(), way({ engaged: null })), names: [armed(), plain] }
    const draft = planArm(here, { which: ALL, place: PLACE }, '123456789012')
    expect(draft.changes).not.toEqual([])
    expect(notWhileEngaged(PLACE)(draft, here)).toEqual([])
  })

  it('stays through another attach, and goes with its checks when the name is detached', () => {
    const entrance = {
      octaviaId: 'o',
      name: 'nyah-shop',
      dnsName: NLB,
      zoneId: 'ZNLB',
      ipAddressType: 'ipv4',
      scheme: 'internet-facing',
      side: { health: 'healthy', detail: '', at: null },
    } as const
    const asked = {
      type: 'TCP',
      port: 443,
      path: null,
      search: null,
      intervalSeconds: 10,
      failureThreshold: 3,
    } as const
    const args = { octaviaAddress: null, check: asked, ramp: null, everySeconds: 60, adopt: false }
    const attach = planAttach(
      { at: AT, names: [armed()], ours: NOTHING_YET, destinations: { m: { entrance, ports: [443] } }, floatingIps: {} },
      { ...args, mirror: 'm', steady: { octavia: 90, aws: 10 } },
    )
    expect(ids(attach)).toEqual([])
    const detach = planDetach({ names: [armed()] })
    const gone = detach.changes.filter(({ kind, ref }) => kind === 'delete' && ref.type === 'health-check')
    expect(gone.map(({ ref }) => ref.id).toSorted()).toEqual(['hc-1', 'hc-c', 'hc-s'])
    // Route 53 keeps what another one counts on.
    for (const { ref, needs } of gone) expect(needs.some((need) => need.includes('hc-c'))).toBe(ref.id !== 'hc-c')
    const shared = { ...armed(), checks: { ...checks, other: check('other', { ...COUNT, tags: {} }) } }
    expect(ids(planDetach({ names: [shared] })).some((id) => id.includes('hc-s'))).toBe(false)
  })
})

describe('a failover with a switch', () => {
  it('to AWS engages it beside the weights, unless it is engaged, or only some names or users are meant', () => {
    expect(ids(planTo(world(armed(), way()), TO_AWS))).toContain('s3://b/away/switch/engage')
    expect(ids(planTo(world(armed(), way({ engaged: null })), TO_AWS))).toContain('s3://b/away/switch/engage')
    for (const none of [
      planTo(world(armed(), way({ engaged: true })), TO_AWS),
      planTo(world(armed(), way({ covered: false })), TO_AWS),
      planTo(world(armed(), way()), { ...TO_AWS, percent: 50 }),
    ])
      expect(ids(none).some((id) => id.includes('switch'))).toBe(false)
  })

  it('is not engaged where its names are refused', () => {
    const dead = armed()
    const side = { health: 'unhealthy', detail: 'no healthy target', at: null } as const
    const seen: ObservedName = {
      ...dead,
      entrances: {
        [NLB]: {
          octaviaId: null,
          name: 'n',
          dnsName: NLB,
          zoneId: 'Z',
          ipAddressType: 'ipv4',
          scheme: 'internet-facing',
          side,
        },
      },
    }
    const { plan, guards } = rulesOf(TO_AWS)
    const here = world(seen, way())
    const draft = plan(here)
    const refused = guards.flatMap((guard) => guard(draft, here)).filter(({ severity }) => severity === 'refuse')
    expect(refused.map(({ scope, code }) => [scope, code])).toEqual([
      [NAME, 'DNS_SIDE_UNHEALTHY'],
      ['s3://b/away', 'DNS_SIDE_UNHEALTHY'],
    ])
  })

  it('back: Octavia is judged without the switch, also where only the switch moved the users', () => {
    const refusals = (seen: ObservedName) => {
      const here = world(seen, way({ engaged: true }))
      const draft = planEnd(here, END)
      expect(ids(draft)).toContain('s3://b/away/switch/disengage')
      return endGuards.guards
        .flatMap((guard) => guard(draft, { ...here, spread: [] }))
        .filter(({ severity }) => severity === 'refuse')
    }
    expect(refusals(armed({ engaged: true }))).toEqual([])
    expect(refusals(armed({ engaged: true }, { octavia: 0, aws: 100 }))).toEqual([])
    for (const octavia of ['unhealthy', 'unknown'] as const)
      expect(refusals(armed({ engaged: true, octavia })).map(({ scope }) => scope)).toEqual([NAME, 's3://b/away'])
  })

  it('back by steps begins at nobody, whatever weights the zone was left with', () => {
    const here = world(armed({ engaged: true }), way({ engaged: true }))
    const [change] = planEnd(here, { ...END, steps: [10, 100] }).changes
    const after = change === undefined ? [] : standings(change).after.records
    expect(after.map(({ weight }) => weight)).toEqual([9, 91, null])
  })
})
