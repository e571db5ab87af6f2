import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveTokens } from '../../../src/lib/core/token.ts'
import type { Outputs } from '../../../src/lib/core/change.ts'
import {
  attachOperation,
  detachOperation,
  shiftOperation,
  weightOperation,
  type Attach,
  type DnsPorts,
} from '../../../src/lib/dns/operation.ts'
import type { FloatingIp } from '../../../src/lib/dns/destinations.ts'
import type { Shift } from '../../../src/lib/dns/plan-shift.ts'
import { ownedSets, weightsIn } from '../../../src/lib/dns/set.ts'
import type { Operation } from '../../../src/lib/engine/operation.ts'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import type { TargetState } from '../../../src/lib/ports/mirrors.ts'
import { aliasRecord, fakeChecks, fakeDns, fakeMirrors, MIRROR_ID, NLB, record } from './fakes.ts'
import { AT, scene } from './seen.ts'

const SHOP = 'shop.example.jp'
const STRANGERS = [
  record({ name: 'other.example.jp', ttl: 300 }),
  record({ name: SHOP, type: 'MX', values: ['10 mail.example.jp.'] }),
]
const SIMPLE = record({ name: SHOP, ttl: 300 })

function lab(records: readonly RecordSet[] = [SIMPLE, ...STRANGERS], state: TargetState = 'healthy') {
  const dns = fakeDns({ records })
  const checks = fakeChecks()
  const mirrors = fakeMirrors(state)
  const ports: DnsPorts = { dns, checks, mirrors, resolver: null }
  const targets = (now: TargetState) => Object.assign(mirrors, fakeMirrors(now))
  let now = AT
  const on = { ...scene(() => now), wait: (seconds: number) => (now += seconds * 1000) }
  return { dns, checks, ports, on, targets }
}
type Lab = ReturnType<typeof lab>

const settings = { enactor: { by: 'sato', why: 'INC-1', run: 'bbbb' }, zones: {} }
const attach = ({ ports }: Lab, over: Partial<Attach> = {}) =>
  attachOperation(ports, settings, {
    names: [SHOP],
    mirror: MIRROR_ID,
    zone: null,
    octaviaAddress: null,
    check: { type: 'TCP', port: null, path: null, search: null, intervalSeconds: 10, failureThreshold: 3 },
    ramp: null,
    everySeconds: 120,
    adopt: false,
    steady: { octavia: 90, aws: 10 },
    ...over,
  })

/** What the engine does, as far as a plan goes; `stopAfter`: the process dies after so many changes. */
async function go<World>(operation: Operation<World>, { on }: Lab, stopAfter = Infinity) {
  const world = await operation.observe(on)
  const draft = operation.plan(world)
  const findings = [...draft.findings, ...operation.guards.flatMap((guard) => guard(draft, world))]
  const stopped = findings.some(({ severity }) => severity === 'refuse' || severity === 'hold')
  const outputs = new Map<string, Outputs>()
  for (const change of stopped ? [] : draft.changes.slice(0, stopAfter)) {
    expect(change.needs.every((need) => outputs.has(need))).toBe(true)
    const after = change.after === null ? null : resolveTokens(change.after, (id) => outputs.get(id))
    outputs.set(change.id, await operation.apply({ ...change, after }, on))
  }
  const summary = operation.summary(await operation.observe(on), null as never)
  return {
    summary,
    codes: findings.map(({ code }) => code),
    kinds: draft.changes.map(({ ref, kind }) => `${ref.type} ${kind}`),
  }
}

const owned = ({ dns }: Lab) => ownedSets({ name: SHOP, records: dns.standing() })[0]
const sorted = (records: readonly RecordSet[]) => records.map((one) => JSON.stringify(one)).toSorted()

/** At every moment: an answer at the name, a total above zero, and what is not nyah's as it was. */
function laws({ dns }: Lab) {
  for (const moment of dns.moments) {
    const set = moment.filter(({ name, type }) => name === SHOP && type === 'A')
    expect(set.length).toBeGreaterThan(0)
    expect(set.reduce((sum, one) => sum + (one.weight ?? 1), 0)).toBeGreaterThan(0)
    for (const one of STRANGERS) expect(moment).toContainEqual(one)
  }
}

const shift = ({ ports }: Lab, over: Partial<Shift> = {}) =>
  shiftOperation(ports, settings, {
    names: [SHOP],
    side: 'aws',
    percent: 50,
    steps: [5, 20, 30, 50],
    everySeconds: 300,
    onUnhealthy: 'hold',
    ...over,
  })

describe('dns shift', () => {
  const awsNow = (here: Lab) => weightsIn(owned(here) ?? expect.fail()).aws
  const attached = async (state: TargetState = 'healthy') => {
    const here = lab(undefined, state)
    await go(attach(here), here)
    return here
  }

  it('walks by the steps that lie ahead, each when it is due; what is normal stays', async () => {
    const here = await attached()
    const one = shift(here)
    const shares: number[] = []
    for (let step = 0; step < 5; step += 1) {
      await go(one, here)
      expect((await go(one, here)).kinds).toEqual([])
      shares.push(awsNow(here))
      here.on.wait(300)
    }
    expect(shares).toEqual([20, 30, 50, 50, 50])
    expect(owned(here)?.state).toMatchObject({ walk: null, steady: { octavia: 90, aws: 10 } })
    laws(here)
  })

  it('is gone on with by another run, from what stands in the zone', async () => {
    const here = await attached()
    await go(shift(here), here)
    here.on.wait(300)
    await go(shift(here), here)
    expect(awsNow(here)).toBe(30)
    expect(shift(here).requeue?.(await shift(here).observe(here.on), new Set())).toBe(300_000)
    expect(shift(here).requeue?.(await shift(here).observe(here.on), new Set([SHOP]))).toBeNull()
  })

  it('holds where the side that gains users is not healthy', async () => {
    const here = await attached()
    await go(shift(here), here)
    here.targets('unhealthy')
    here.on.wait(300)
    expect((await go(shift(here), here)).codes).toContain('DNS_STEP_HELD')
    expect(awsNow(here)).toBe(20)
  })

  it('or goes back at once, and says so; it does not begin again', async () => {
    const here = await attached()
    const one = shift(here, { onUnhealthy: 'return' })
    await go(one, here)
    here.targets('unhealthy')
    here.on.wait(30)
    expect((await go(one, here)).kinds).toEqual(['weighted-set shift'])
    expect(awsNow(here)).toBe(10)
    const after = await go(one, here)
    expect([after.kinds, after.codes]).toEqual([[], ['DNS_WALK_RETURNED']])
    laws(here)
  })

  it('ends where somebody else moved the name meanwhile', async () => {
    const here = await attached()
    const one = shift(here)
    await go(one, here)
    const other = { ...settings, enactor: { by: 'tanaka', why: 'INC-9', run: 'cccc' } }
    await go(weightOperation(here.ports, other, { names: [SHOP], weights: { octavia: 70, aws: 30 } }), here)
    here.on.wait(300)
    const after = await go(one, here)
    expect([after.kinds, after.codes]).toEqual([[], ['DNS_WALK_OVERTAKEN']])
    expect(awsNow(here)).toBe(30)
  })
})

describe('dns attach', () => {
  it('makes the check, then both sides and the state in one batch; again, nothing is left', async () => {
    const here = lab()
    expect((await go(attach(here), here)).kinds).toEqual(['health-check create', 'weighted-set create'])
    expect(here.dns.batches).toHaveLength(1)
    expect(here.dns.standing().filter(({ name, type }) => name === SHOP && type === 'A')).toEqual([
      record({ setIdentifier: 'octavia', weight: 90, healthCheckId: 'hc-1' }),
      aliasRecord({ weight: 10 }),
    ])
    expect(owned(here)?.state).toMatchObject({ epoch: 1, formerly: { ttl: 300, values: null, type: 'A' }, run: 'bbbb' })
    expect([...here.checks.all.values()]).toMatchObject([
      {
        type: 'TCP',
        address: '203.0.113.11',
        port: 443,
        tags: { 'nyah:managed': 'true', 'nyah:name': SHOP, Name: SHOP },
      },
    ])
    expect((await go(attach(here), here)).kinds).toEqual([])
    laws(here)
  })

  it('begins with nobody on AWS and walks to the steady weights, a step when it is due', async () => {
    const here = lab()
    const ramp = () => attach(here, { ramp: [1, 5, 10] })
    const shares: number[] = []
    for (let step = 0; step < 5; step += 1) {
      await go(ramp(), here)
      const early = await go(ramp(), here)
      expect(early.kinds).toEqual([])
      expect(early.summary).toMatchObject({ nextStepInMs: step < 3 ? 120_000 : null })
      const set = owned(here)
      shares.push(set === undefined ? -1 : weightsIn(set).aws)
      here.on.wait(120)
    }
    expect(shares).toEqual([0, 1, 5, 10, 10])
    expect(owned(here)?.state).toMatchObject({ walk: null, epoch: 4, steady: { octavia: 90, aws: 10 } })
    laws(here)
  })

  it('holds a step while AWS is not proven healthy', async () => {
    for (const state of ['unhealthy', 'initial'] as const) {
      const here = lab(undefined, state)
      await go(attach(here, { ramp: [1, 5, 10] }), here)
      here.on.wait(120)
      expect((await go(attach(here, { ramp: [1, 5, 10] }), here)).codes).toContain('DNS_STEP_HELD')
      expect(weightsIn(owned(here) ?? expect.fail()).aws).toBe(0)
    }
  })

  it('uses a check that a run cut short had made, and takes away one that nothing refers to', async () => {
    const here = lab()
    await go(attach(here), here, 1)
    expect(here.checks.all.size).toBe(1)
    await go(attach(here), here)
    expect([...here.checks.all.keys()]).toEqual(['hc-1'])
    expect(owned(here)?.members.octavia?.healthCheckId).toBe('hc-1')
    const http = {
      type: 'HTTP',
      port: null,
      path: '/',
      search: null,
      intervalSeconds: 30,
      failureThreshold: 3,
    } as const
    expect((await go(attach(here, { check: http }), here)).kinds).toEqual([
      'health-check create',
      'weighted-set update',
      'health-check delete',
    ])
    expect([...here.checks.all.values()]).toMatchObject([{ type: 'HTTP', host: SHOP, port: 80 }])
    expect((await go(attach(here, { check: http }), here)).kinds).toEqual([])
    expect((await go(attach(here, { check: { ...http, path: '/healthz' } }), here)).kinds).toEqual([
      'health-check update',
    ])
    expect((await go(attach(here, { check: null }), here)).kinds).toEqual([
      'weighted-set update',
      'health-check delete',
    ])
    expect(here.checks.all.size).toBe(0)
    laws(here)
  })

  const weighted = [record({ setIdentifier: 'x', weight: 1 }), aliasRecord({ setIdentifier: 'y', weight: 1 })]
  it.each([
    ['DNS_CNAME', [record({ type: 'CNAME', values: ['x.example.com.'] })], {}],
    ['DNS_SEVERAL_VALUES', [record({ values: ['192.0.2.1', '192.0.2.2'] })], {}],
    ['DNS_NOTHING_THERE', [], {}],
    ['DNS_ALIAS', [aliasRecord({ setIdentifier: null, weight: null })], {}],
    ['DNS_ROUTING', [record({ setIdentifier: 'a', otherRouting: 'Failover' })], {}],
    ['DNS_NOT_OWNED', weighted, {}],
    [
      'DNS_NEWER_NYAH',
      [
        SIMPLE,
        record({ name: `a-${SHOP}`, type: 'TXT', values: ['"heritage=external-dns,external-dns/owner=nyah,nyah=v9"'] }),
      ],
      {},
    ],
    [
      'DNS_NOT_OWNED',
      [SIMPLE, record({ name: `a-${SHOP}`, type: 'TXT', values: ['"heritage=external-dns,external-dns/owner=k8s"'] })],
      {},
    ],
    ['DNS_PRIVATE_ADDRESS', [record({ values: ['10.0.0.5'] })], { check: null }],
    ['DNS_CHECK_UNREACHABLE', [record({ values: ['10.0.0.5'] })], {}],
    ['DNS_MIRROR_MISSING', [SIMPLE], { mirror: 'other' }],
    ['DNS_CHANGED_SINCE', [SIMPLE], { asSeen: { [SHOP]: 'of another day' } }],
    ['DNS_NO_IPV6', [SIMPLE], { octaviaAddress: '2001:db8::1' }],
  ])('refuses %s and touches nothing', async (code, records, over) => {
    const here = lab(records)
    expect((await go(attach(here, over), here)).codes).toContain(code)
    expect(here.dns.standing()).toEqual(records)
    expect(here.checks.all.size).toBe(0)
  })

  it('takes over weighted records of nobody when it is asked to', async () => {
    const here = lab([...weighted, ...STRANGERS])
    await go(attach(here, { adopt: true }), here)
    expect(owned(here)?.records.map(({ setIdentifier, weight }) => [setIdentifier, weight])).toEqual([
      ['octavia', 90],
      ['aws', 10],
    ])
    laws(here)
  })

  it('points where it is told', async () => {
    const here = lab([record({ values: ['192.0.2.1', '192.0.2.2'] }), ...STRANGERS])
    await go(attach(here, { octaviaAddress: '192.0.2.2', check: null }), here)
    expect(owned(here)?.members.octavia?.values).toEqual(['192.0.2.2'])
    expect(owned(here)?.members.aws?.alias).toEqual({ zoneId: 'ZNLB', dnsName: NLB, evaluateTargetHealth: true })
    await go(detachOperation(here.ports, settings, { names: [SHOP] }), here)
    expect(here.dns.standing()).toContainEqual(record({ values: ['192.0.2.1', '192.0.2.2'] }))
  })
})

describe('dns attach, where the name does not say what Octavia’s address is', () => {
  const asking = (its: Lab, floatingIp: FloatingIp, over: Partial<Attach> = {}) => {
    const asked: string[] = []
    const ports: DnsPorts = {
      ...its.ports,
      floatingIp: async (id) => {
        asked.push(id)
        return floatingIp
      },
    }
    return { asked, ended: go(attach({ ...its, ports }, over), its) }
  }
  const KNOWN = { address: '198.51.100.7', why: null }

  it('takes the floating IP of the VIP for a name that answers nothing', async () => {
    const its = lab(STRANGERS)
    const { asked, ended } = asking(its, KNOWN)
    expect((await ended).codes).toContain('DNS_FLOATING_IP')
    expect(asked[0]).toBe(MIRROR_ID)
    expect(owned(its)?.members.octavia).toMatchObject({ values: ['198.51.100.7'] })
    expect(owned(its)?.state.formerly).toBeNull()
    laws({ ...its, dns: { ...its.dns, moments: its.dns.moments.slice(1) } })
    // It says itself by now.
    const again = asking(its, { address: '198.51.100.99', why: null })
    await again.ended
    expect(again.asked).toEqual([])
    expect(owned(its)?.members.octavia).toMatchObject({ values: ['198.51.100.7'] })
  })

  it.each([
    ['there is none', { address: null, why: null }],
    ['nobody knows', { address: null, why: 'its floating IP could not be looked up: NEUTRON_UNAVAILABLE' }],
  ])('refuses it where %s', async (_, floatingIp) => {
    const its = lab(STRANGERS)
    expect((await asking(its, floatingIp).ended).codes).toContain('DNS_NOTHING_THERE')
    expect(its.dns.standing()).toEqual(STRANGERS)
  })

  it('asks nobody where the name or the operator says it', async () => {
    const answering = asking(lab(), KNOWN)
    expect((await answering.ended).codes).not.toContain('DNS_FLOATING_IP')
    const told = asking(lab(STRANGERS), KNOWN, { octaviaAddress: '203.0.113.40' })
    await told.ended
    expect([answering.asked, told.asked]).toEqual([[], []])
  })

  it('names it where the name answers what the internet does not reach, and never takes it unasked', async () => {
    const hidden = record({ name: SHOP, values: ['10.0.0.5'] })
    const its = lab([hidden])
    const { codes } = await asking(its, KNOWN).ended
    expect(codes).toEqual(expect.arrayContaining(['DNS_FLOATING_IP', 'DNS_PRIVATE_ADDRESS']))
    expect(its.dns.standing()).toEqual([hidden])
  })
})

describe('dns weight', () => {
  it('is the normal day from now on; again, nothing is left', async () => {
    const here = lab()
    await go(attach(here), here)
    const weight = () => weightOperation(here.ports, settings, { names: [SHOP], weights: { octavia: 50, aws: 50 } })
    expect((await go(weight(), here)).kinds).toEqual(['weighted-set shift'])
    expect(owned(here)?.state).toMatchObject({ epoch: 2, steady: { octavia: 50, aws: 50 } })
    expect((await go(weight(), here)).kinds).toEqual([])
  })

  it.each([
    ['DNS_TOTAL_ZERO', 'healthy', { octavia: 0, aws: 0 }],
    ['DNS_SIDE_UNHEALTHY', 'unhealthy', { octavia: 0, aws: 100 }],
  ] as const)('refuses %s', async (code, state, weights) => {
    const here = lab(undefined, state)
    await go(attach(here), here)
    const before = here.dns.standing()
    expect((await go(weightOperation(here.ports, settings, { names: [SHOP], weights }), here)).codes).toContain(code)
    expect(here.dns.standing()).toEqual(before)
  })

  it('refuses what is not attached', async () => {
    const here = lab()
    const operation = weightOperation(here.ports, settings, { names: [SHOP], weights: { octavia: 50, aws: 50 } })
    expect((await go(operation, here)).codes).toContain('DNS_NOT_OWNED')
  })
})

describe('names through their life', () => {
  const percent = fc.integer({ min: 0, max: 100 })
  const act = fc.oneof(
    fc.record({ act: fc.constant('weight' as const), aws: percent }),
    fc.record({ act: fc.constant('attach' as const), ramp: fc.boolean() }),
    fc.record({ act: fc.constant('wait' as const), seconds: fc.nat(300) }),
  )

  it('never have a total of zero or no answer, and are restored exactly; nothing else is touched', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 6 }), fc.boolean(), async (acts, cut) => {
        const here = lab()
        for (const one of [{ act: 'attach' as const, ramp: true }, ...acts]) {
          if (one.act === 'wait') here.on.wait(one.seconds)
          else if (one.act === 'attach')
            await go(attach(here, one.ramp ? { ramp: [1, 5] } : {}), here, cut ? 1 : Infinity)
          else
            await go(
              weightOperation(here.ports, settings, {
                names: [SHOP],
                weights: { octavia: 100 - one.aws, aws: one.aws },
              }),
              here,
            )
          laws(here)
        }
        await go(detachOperation(here.ports, settings, { names: [SHOP] }), here)
        laws(here)
        expect(sorted(here.dns.standing())).toEqual(sorted([SIMPLE, ...STRANGERS]))
        expect(here.checks.all.size).toBe(0)
        const again = await go(detachOperation(here.ports, settings, { names: [SHOP] }), here)
        expect(again).toMatchObject({ codes: ['DNS_NOT_ATTACHED'], kinds: [] })
      }),
      { numRuns: 60 },
    )
  })
})
