import type { FailoverWorld } from '../../src/lib/failover/model.ts'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { dueChanges } from '../../src/lib/core/allow.ts'
import { nyahError } from '../../src/lib/core/errors.ts'
import { applyNames } from '../../src/lib/dns/apply.ts'
import type { SetState, Side, Weights } from '../../src/lib/dns/model.ts'
import { observeNames } from '../../src/lib/dns/observe.ts'
import { type SpreadWorld, weightOperation } from '../../src/lib/dns/operation.ts'
import { ownerOf, stateRecord } from '../../src/lib/dns/state.ts'
import type { Operation, Scene } from '../../src/lib/engine/operation.ts'
import { makePlan } from '../../src/lib/engine/planning.ts'
import { endOperation, toOperation } from '../../src/lib/failover/operation.ts'
import type { Dns, RecordSet, Zone } from '../../src/lib/ports/dns.ts'
import { aliasRecord, record } from '../unit/dns/fakes.ts'

/** Names in several zones, and whatever nyah does to them, in any order: for properties, on a model or on the wire. */

export const AT = Date.parse('2026-11-23T04:10:00Z')

export const ZONES: readonly Zone[] = ['example.jp', 'example.net', 'shop.example.com'].map((name, at) => ({
  id: `Z${at + 1}NAMES`,
  name,
  private: at === 2,
}))

/** A name that is nyah's. */
export interface Kept {
  readonly name: string
  readonly zone: Zone
  readonly types: readonly ('A' | 'AAAA')[]
  readonly now: Weights
  readonly steady: Weights
  readonly formerly: SetState['formerly']
}

const weight = fc.oneof(fc.constantFrom(0, 1, 10, 90, 100, 255), fc.integer({ min: 0, max: 255 }))
const weights = fc.record({ octavia: weight, aws: weight })
const some = weights.filter(({ octavia, aws }) => octavia + aws > 0)

const kept = (steady: fc.Arbitrary<Weights>): fc.Arbitrary<Kept> =>
  fc
    .record({
      // The apex, a wildcard, and plain ones.
      label: fc.constantFrom('', '*.', 'shop.', 'api.', 'a-b.', 'x.y.'),
      zone: fc.constantFrom(...ZONES),
      types: fc.constantFrom<Kept['types']>(['A'], ['A', 'AAAA'], ['AAAA']),
      now: some,
      steady,
      formerly: fc.constantFrom<SetState['formerly']>(
        null,
        { ttl: 300, values: null, type: 'A' },
        { ttl: 3600, values: ['203.0.113.77'], type: 'A' },
      ),
    })
    .map(({ label, zone, ...rest }) => ({ ...rest, name: `${label}${zone.name}`, zone }))

/** Names with any steady weights, as long as there are names that answer. */
export const anyNames = (most: number, steady = weights): fc.Arbitrary<readonly Kept[]> =>
  fc.uniqueArray(kept(steady), { minLength: 1, maxLength: most, selector: ({ name }) => name })

/** Names on a normal day. */
export const steadyNames = (most: number): fc.Arbitrary<readonly Kept[]> =>
  anyNames(most, some).map((names) => names.map((one) => ({ ...one, now: one.steady })))

export type Action =
  | { readonly do: 'to'; readonly side: Side; readonly percent: number }
  | { readonly do: 'end'; readonly steps: readonly number[] }
  | { readonly do: 'weight'; readonly weights: Weights }

export const toAction: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('to' as const),
  side: fc.constantFrom('aws' as const, 'octavia' as const),
  percent: fc.oneof(fc.constantFrom(1, 50, 99, 100), fc.integer({ min: 1, max: 100 })),
})

export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  toAction,
  fc.record({ do: fc.constant('end' as const), steps: fc.constantFrom([100], [50, 100], [1, 2, 100]) }),
  fc.record({ do: fc.constant('weight' as const), weights }),
)

/** What stands at a name that is nyah's. */
export const recordsOf = ({ name, zone, types, now, steady, formerly }: Kept): readonly RecordSet[] =>
  types.flatMap((type) => [
    record({
      name,
      type,
      setIdentifier: 'octavia',
      weight: now.octavia,
      values: [type === 'A' ? '203.0.113.11' : '2001:db8::11'],
    }),
    aliasRecord({ name, type, weight: now.aws }),
    stateRecord(name, type, zone.name, {
      epoch: 7,
      steady,
      at: '2026-11-23T04:00:00Z',
      by: 'tanaka',
      why: 'INC-1',
      run: 'aaaa',
      formerly,
      walk: null,
      until: null,
      drill: false,
      proven: null,
    }),
  ])

/** What is not nyah's, in a zone. */
export const strangers = ({ name }: Zone): readonly RecordSet[] => [
  record({ name: `other.${name}`, ttl: 300 }),
  record({ name: `split.${name}`, setIdentifier: 'octavia', weight: 3, values: ['203.0.113.5'] }),
  record({ name: `split.${name}`, setIdentifier: 'aws', weight: 0, values: ['203.0.113.6'] }),
  record({ name: `k8s.${name}`, setIdentifier: 'aws', weight: 9, values: ['203.0.113.7'] }),
  record({
    name: `a-k8s.${name}`,
    type: 'TXT',
    ttl: 300,
    values: ['"heritage=external-dns,external-dns/owner=cluster-1,external-dns/resource=ingress/shop/web"'],
  }),
]

/** Where names stand. */
export interface Place {
  readonly dns: Dns
  /** All records of a zone, as they are now. */
  standing(zone: Zone): Promise<readonly RecordSet[]>
}

/** What happens to batches, by their number in the place's life from 1: dies before or after it; null: nothing. */
export type Fate = (batch: number) => 'before' | 'after' | null

const KILLED = 'KILLED'
const killed = () => nyahError({ code: KILLED, message: 'the process is gone', exit: 1 })

/** A life of names: actions one after the other, each moment judged. */
export function life(place: Place, names: readonly Kept[]) {
  let [now, batches, actions] = [AT, 0, 0]
  const zones = ZONES.filter((zone) => names.some((one) => one.zone === zone))

  const all = async (): Promise<readonly RecordSet[]> =>
    (await Promise.all(zones.map((zone) => place.standing(zone)))).flat().toSorted(byText)

  /** Whatever has just happened: nobody is without an answer, and nothing of others is touched. */
  const judge = async (): Promise<void> => {
    const records = await all()
    for (const { name, types } of names)
      for (const type of types) {
        const its = records.filter((one) => one.name === name && one.type === type)
        expect(its).toHaveLength(2)
        expect(its.reduce((sum, one) => sum + (one.weight ?? 0), 0)).toBeGreaterThan(0)
      }
    for (const zone of zones) for (const one of strangers(zone)) expect(records).toContainEqual(one)
    expect(records).toHaveLength(zones.length * 5 + names.reduce((sum, { types }) => sum + 3 * types.length, 0))
  }

  const operationOf = (action: Action): Pick<Operation<SpreadWorld & FailoverWorld>, 'name' | 'plan' | 'guards'> => {
    const unused = () => Promise.reject(new Error('not through this door'))
    const ports = { run: '', observe: unused, apply: unused, switches: { engage: unused, disengage: unused } }
    const which = { by: 'all' } as const
    if (action.do === 'to') return toOperation(ports, { which, side: action.side, percent: action.percent })
    if (action.do === 'end') return endOperation(ports, { which, steps: action.steps, everySeconds: 60 })
    const settings = { enactor: { by: '', why: '', run: '' }, zones: {} }
    const dns = { dns: place.dns, checks: {} as never, mirrors: {} as never, resolver: null }
    return weightOperation(dns, settings, { names: names.map(({ name }) => name), weights: action.weights })
  }

  return {
    all,
    judge,
    /** Batches that were sent so far. */
    sent: () => batches,
    sleep: (seconds: number) => void (now += seconds * 1000),
    /** One run of nyah; how many changes were due. */
    async act(action: Action, fate: Fate = () => null): Promise<number> {
      actions += 1
      let isDead = false
      const scene: Scene = {
        clock: { now: () => now, sleep: () => new Promise(() => undefined) },
        signal: new AbortController().signal,
        emit: () => undefined,
      }
      const choice = { zone: null, zones: Object.fromEntries(ZONES.map(({ name, id }) => [name, id])) }
      const observed = await observeNames(
        { dns: place.dns, checks: null, mirrors: null },
        { names: null, choice, healthMs: 0 },
        scene,
      )
      const world = {
        at: now,
        names: observed.filter(({ name }) => names.some((one) => one.name === name)),
        ours: { run: '', moved: new Map() },
        spread: [],
        ways: [],
      }
      const operation = operationOf(action)
      const allowances = ['FAILOVER_RETURN_UNPROVEN', 'DNS_SIDE_UNHEALTHY', 'DNS_STEP_HELD'].map((code) => ({
        code,
        reason: 'a test',
      }))
      const request = { operation: operation.name, arguments: {}, allowances, context: 'test' }
      const draft = operation.plan(world)
      const { plan } = makePlan({ draft, world, guards: operation.guards, request, observedAt: now })
      const due = dueChanges(plan)
      const dns: Pick<Dns, 'change' | 'recordsOf'> = {
        recordsOf: (zoneId, wanted) => (isDead ? Promise.reject(killed()) : place.dns.recordsOf(zoneId, wanted)),
        async change(zoneId, changes, comment) {
          if (isDead) throw killed()
          batches += 1
          const end = fate(batches)
          if (end === 'before') {
            isDead = true
            throw killed()
          }
          const id = await place.dns.change(zoneId, changes, comment)
          await judge()
          if (end === 'after') {
            isDead = true
            throw killed()
          }
          return id
        },
      }
      const results = await applyNames(due, dns, { by: 'sato', why: 'INC-2', run: `r${actions}` }, scene)
      for (const result of results.values()) if (result instanceof Error && !isDead) throw result
      await judge()
      return due.length
    },
  }
}

const byText = (one: RecordSet, other: RecordSet): number => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)

/** The records without who changed them, when, why and how often. */
export const unstamped = (records: readonly RecordSet[], names: readonly Kept[]): readonly unknown[] =>
  records
    .map((one) => {
      if (one.type !== 'TXT') return one
      for (const { name, types } of names)
        for (const type of types) {
          const owner = ownerOf([one], name, type)
          if (owner.kind !== 'nyah') continue
          const { epoch: _e, at: _a, by: _b, why: _w, run: _r, ...state } = owner.state
          return { ...one, values: [state] }
        }
      return one
    })
    .toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
