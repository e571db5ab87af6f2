import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueChanges, stops } from '../../../src/lib/core/allow.ts'
import type { Change } from '../../../src/lib/core/change.ts'
import type { Plan } from '../../../src/lib/core/plan.ts'
import type { Listener, TargetGroup } from '../../../src/lib/ports/mirrors.ts'
import { somePair } from './generated-edits.ts'
import {
  allowing,
  carryOut,
  healthy,
  look,
  picking,
  plan,
  settle,
  share,
  START,
  type Settled,
  type Watch,
} from './generated-runs.ts'
import { someSettings, type Settings } from './generated-settings.ts'
import { someTree } from './generated.ts'
import type { ModelWorld } from './model-world.ts'
import { ID } from './sources.ts'

const seed = fc.integer()

/** What an operator says who has seen that all of it is as it should be. */
const ALL_LET_GO = [
  'LB_SOURCE_EMPTY',
  'LB_SOURCE_SUSPICIOUS',
  'LB_SOURCE_PENDING',
  'LB_SOURCE_ERROR',
  'LB_MINIMUM_HEALTHY',
  'LB_ADDRESS_WOULD_GO',
]

const carrying = ({ mirror }: ModelWorld, listener: Listener): readonly TargetGroup[] =>
  listener.forward
    .filter(({ weight }) => weight > 0)
    .flatMap(({ targetGroupArn }) => mirror.targetGroups.filter(({ arn }) => arn === targetGroupArn))

/** Nobody who is served now is left without anybody healthy, whatever the order. */
const keepsServing =
  ({ findings }: Plan): Watch =>
  (change, before, after) => {
    const gaps = findings.filter(({ code }) => code === 'LB_REPLACE_WITH_GAP').map(({ subject }) => subject)
    for (const listener of before.mirror.listeners) {
      const then = after.mirror.listeners.find(({ arn }) => arn === listener.arn)
      if (then === undefined || gaps.some((subject) => subject.endsWith(`(port ${listener.port})`))) continue
      expect(then.forward.length, `at ${change.id}`).toBeGreaterThan(0)
      const was = carrying(before, listener).flatMap(healthy)
      const is = carrying(after, then).flatMap(healthy)
      if (was.length > 0)
        expect(is.length, `${change.id} leaves port ${listener.port} without a target`).toBeGreaterThan(0)
    }
  }

/** Every thing that a change is about carries the tags of this mirror. */
const ownsIt: Watch = (change: Change, { mirror, securityGroup }) => {
  const { id } = change.ref
  if (id === null) return
  const things = [mirror.loadBalancer, ...mirror.listeners, ...mirror.targetGroups].filter((one) => one !== null)
  const thing = things.find(({ arn }) => arn === id) ?? (securityGroup?.id === id ? securityGroup : undefined)
  expect(thing?.tags, `at ${change.id}`).toMatchObject({ 'nyah:managed': 'true', 'nyah:octavia-id': ID })
}

const watching =
  (plan: Plan): Watch =>
  (change, before, after) => {
    keepsServing(plan)(change, before, after)
    ownsIt(change, before, after)
  }

/** Waits only look. */
const acts = (changes: readonly Change[]): readonly Change[] => changes.filter(({ kind }) => kind !== 'wait')

/** Nothing is due but what waits for somebody who is ill. */
function demandSettled({ plan, vain }: Settled, { ill }: Settings): void {
  expect(acts(dueChanges(plan))).toEqual(acts(vain))
  if (ill.length === 0) expect(vain).toEqual([])
}

describe('whatever the load balancer, and whatever becomes of it', () => {
  it('runs in any order come to an end, with nobody left unserved on the way', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(somePair(true), someSettings, seed, ({ before, after }, settings, order) => {
        const pick = picking(order)
        const first = settle(before, START, settings, pick, { watch: watching })
        const then = settle(after, first, settings, pick, { watch: watching })
        demandSettled(then, settings)
        if (acts(then.plan.changes).length > acts(then.vain).length) expect(then.plan.findings.some(stops)).toBe(true)
      }),
      share(1_200),
    )
  })

  it('with the operator’s word for what is held, nothing is left to do', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(somePair(false), someSettings, seed, ({ before, after }, settings, order) => {
        const pick = picking(order)
        const first = settle(before, START, settings, pick)
        const then = settle(after, first, settings, pick, { further: ALL_LET_GO })
        const stopped = then.plan.findings.filter(stops).map(({ code }) => code)
        // Neither is for the operator to overrule: another account, another network.
        fc.pre(!stopped.some((code) => /^LB_(REPLACE_NEEDS_WEIGHTS|PLACEMENT_CHANGED|QUOTA_)/.test(code)))
        if (!then.plan.findings.some((one) => one.severity === 'refuse' && stops(one))) {
          expect(acts(then.plan.changes)).toEqual(acts(then.vain))
          demandSettled(then, settings)
        }
      }),
      share(800),
    )
  })

  it('a run cut off anywhere is finished by the next', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(somePair(false), someSettings, seed, fc.nat(12), ({ before, after }, settings, order, atMost) => {
        const pick = picking(order)
        const first = settle(before, START, settings, pick)
        const { plan } = allowing(look(after, first, settings))
        const cut = carryOut(first, dueChanges(plan), settings, pick, { atMost, watch: watching(plan) })
        const then = settle(after, { ...cut, at: first.at + 60_000 }, settings, pick, { watch: watching })
        demandSettled(then, settings)
      }),
      share(500),
    )
  })
})

describe('the generator', () => {
  it('makes mirrors that stand, and all that may befall them', { timeout: 60_000 }, () => {
    const seen = new Map<string, number>()
    const add = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
    fc.assert(
      fc.property(somePair(true), someSettings, seed, ({ before, after }, settings, order) => {
        const pick = picking(order)
        const first = settle(before, START, settings, pick)
        if (first.world.mirror.listeners.length > 0) add('mirrored')
        const next = plan([look(after, first, settings)])
        for (const { id } of dueChanges(next)) add(id.split('/').at(-1) ?? '')
        for (const { code } of next.findings) add(code)
        for (const one of next.reports[ID]?.fidelity ?? []) add(`${one.field} ${one.verdict}`)
      }),
      { numRuns: 400, seed: 20_261_123 },
    )
    expect(seen.get('mirrored')).toBeGreaterThan(150)
    const rare = ['join', 'switch', 'wait', 'register', 'deregister', 'delete', 'revoke', 'LB_MINIMUM_HEALTHY']
    expect(rare.filter((what) => !seen.has(what))).toEqual([])
    expect([...seen.keys()].filter((what) => what.endsWith(' refused')).length).toBeGreaterThan(12)
  })

  it('varies every field that Octavia has', () => {
    const seen = new Map<string, Set<string>>()
    const note = (kind: string, thing: object): void => {
      for (const [key, value] of Object.entries(thing)) {
        const values = seen.get(`${kind} ${key}`) ?? new Set()
        if (!(value !== null && typeof value === 'object' && key === 'members')) values.add(JSON.stringify(value))
        seen.set(`${kind} ${key}`, values)
      }
    }
    fc.assert(
      fc.property(someTree(true), ({ loadbalancer, listeners, pools }) => {
        note('load balancer', loadbalancer)
        for (const one of listeners) note('listener', one)
        for (const one of pools) {
          note('pool', one)
          for (const member of one.members) note('member', member)
          if (one.healthmonitor !== null) note('monitor', one.healthmonitor)
        }
      }),
      { numRuns: 1_000, seed: 1 },
    )
    const constant = [...seen].filter(([, values]) => values.size < 2).map(([field]) => field)
    // Ids are those of their place; members are noted one by one.
    expect(constant.toSorted()).toEqual(['load balancer id', 'monitor id', 'pool members'])
  })
})
