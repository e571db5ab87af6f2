import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createHealthChecks } from '../../../src/lib/adapters/aws/health-checks.ts'
import { createMirrors } from '../../../src/lib/adapters/aws/mirrors.ts'
import { createRecordSets } from '../../../src/lib/adapters/aws/record-sets.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { createResolver } from '../../../src/lib/adapters/host/resolver.ts'
import { measuredShares } from '../../../src/lib/dns/measured.ts'
import { type NamesPorts, observeNames } from '../../../src/lib/dns/observe.ts'
import { nameOf, type ShownSet, viewSets } from '../../../src/lib/dns/view.ts'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'
import { tcpCheck } from '../../unit/dns/fakes.ts'

/**
 * What nyah tells people of a weighted set (who gets how much now, and what if one dies) is what resolvers are then
 * answered: all is made through AWS's APIs, looked at as `dns show` does, and asked with real queries.
 */

/** Queries for each split, and splits: two for each run, of up to `MEMBERS` shares each. */
const QUERIES = 800
const RUNS = 30
const MEMBERS = 4
/** How probable it may be that a right answer fails, over all that is compared here. */
const FALSE_ALARM = 1e-6

/** 0 ≤ … < 1, the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let at = seed
  return () => {
    at = (at + 0x6d2b79f5) | 0
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Of a share `p` seen as `q`: how far apart, in nats. Infinite for what cannot be. */
function divergence(q: number, p: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b))
  return term(q, p) + term(1 - q, 1 - p)
}

/** Chernoff: of `total` draws of chance `p`, P(their share is at least as far away as `q`) ≤ 2·exp(−total·divergence). */
const isPossible = (hits: number, total: number, p: number, chance: number): boolean =>
  2 * Math.exp(-total * divergence(hits / total, p)) >= chance

const clock = virtualClock({ busy: () => true })
const resolver = createResolver(null)
const REGION = 'ap-northeast-1'
const ADDRESSES = ['203.0.113.1', '203.0.113.2', '203.0.113.3']
const TARGET = '10.20.0.7'
let sandbox: Sandbox
let ports: NamesPorts
let dns: ReturnType<typeof createRecordSets>
let zoneId: string
let checkIds: readonly string[]
let alias: NonNullable<RecordSet['alias']>

/** An NLB as nyah makes them, with one target. */
async function makeBalancer(): Promise<NonNullable<RecordSet['alias']>> {
  const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' }
  const elb = new ElasticLoadBalancingV2Client({ region: REGION, endpoint: `${sandbox.url}/aws`, credentials })
  let subnets: readonly { readonly id: string; readonly vpcId: string }[] = []
  sandbox.change((state) => {
    subnets = Object.values(state.aws.subnets)
    return state
  })
  const [subnet] = subnets
  const Tags = Object.entries({
    'nyah:managed': 'true',
    'nyah:octavia-id': 'f1e1d000-0000-4000-8000-000000000001',
  }).map(([Key, Value]) => ({ Key, Value }))
  const Name = 'nyah-split-1a2b3c4d'
  const { LoadBalancers: [made] = [] } = await elb.send(
    new CreateLoadBalancerCommand({
      Name,
      Type: 'network',
      Scheme: 'internet-facing',
      Subnets: [subnet?.id ?? ''],
      Tags,
    }),
  )
  const LoadBalancerArn = made?.LoadBalancerArn
  const port = { Protocol: 'TCP', Port: 443 } as const
  const { TargetGroups: [group] = [] } = await elb.send(
    new CreateTargetGroupCommand({
      Name: `${Name}-443`,
      ...port,
      VpcId: subnet?.vpcId,
      TargetType: 'ip',
      HealthCheckIntervalSeconds: 10,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
      Tags,
    }),
  )
  const TargetGroupArn = group?.TargetGroupArn
  await elb.send(
    new CreateListenerCommand({ LoadBalancerArn, ...port, DefaultActions: [{ Type: 'forward', TargetGroupArn }] }),
  )
  const Targets = [{ Id: TARGET, Port: 443, AvailabilityZone: 'all' }]
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }))
  elb.destroy()
  return { zoneId: made?.CanonicalHostedZoneId ?? '', dnsName: made?.DNSName ?? '', evaluateTargetHealth: true }
}

beforeAll(async () => {
  sandbox = await startSandbox({ clock, random: seeded(4) })
  const env = { ...sandbox.env, HOME: '/nonexistent' }
  const session = createSession({ region: REGION, endpointUrl: `${sandbox.url}/aws`, env }, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  const deps = { session, clock, retry: <T>(_what: string, call: () => Promise<T>) => call() }
  dns = createRecordSets(deps)
  const checks = createHealthChecks(deps)
  ports = { dns, checks, mirrors: createMirrors(deps) }
  zoneId = (await dns.zones()).find(({ name }) => name === 'example.jp')?.id ?? ''
  checkIds = await Promise.all(ADDRESSES.map(async (one) => (await checks.create(one, tcpCheck(one))).id))
  alias = await makeBalancer()
})
afterAll(() => sandbox.close())

interface Member {
  readonly weight: number
  /** Does Route 53 look at it? */
  readonly watched: boolean
  readonly dead: boolean
}

const member = fc.record({
  weight: fc.oneof(fc.constantFrom(0, 0, 1, 10, 90, 255), fc.integer({ min: 0, max: 255 })),
  watched: fc.oneof({ arbitrary: fc.constant(true), weight: 4 }, { arbitrary: fc.constant(false), weight: 1 }),
  dead: fc.boolean(),
})

/** One to three addresses and, or not, the NLB after them; the one that dies later by its place. */
const sets = fc.record({
  addresses: fc.array(member, { minLength: 1, maxLength: ADDRESSES.length }),
  balancer: fc.option(member),
  victim: fc.nat({ max: MEMBERS - 1 }),
})

/** Those that chance seldom makes: nobody has a weight; the weighty ones die, and one is in reserve; all die. */
const told = (...weights: readonly (readonly [weight: number, dead: boolean])[]): Member[] =>
  weights.map(([weight, dead]) => ({ weight, watched: true, dead }))
const EXAMPLES = [
  [{ addresses: told([0, false], [0, false], [0, true]), balancer: told([0, false])[0]!, victim: 0 }],
  [{ addresses: told([90, true], [0, false]), balancer: told([10, false])[0]!, victim: 2 }],
  [{ addresses: told([90, true]), balancer: told([10, false])[0]!, victim: 1 }],
] satisfies [unknown][]

const BALANCER = 'nlb'
const placeOf = (index: number | typeof BALANCER): string =>
  `${index === BALANCER ? TARGET : (ADDRESSES[index] ?? '')}:443`

function recordOf(name: string, index: number | typeof BALANCER, { weight, watched }: Member): RecordSet {
  const toBalancer = index === BALANCER
  return {
    name,
    type: 'A',
    setIdentifier: toBalancer ? BALANCER : `a${index}`,
    weight,
    ttl: toBalancer ? null : 60,
    values: toBalancer ? [] : [ADDRESSES[index] ?? ''],
    alias: toBalancer ? { ...alias, evaluateTargetHealth: watched } : null,
    healthCheckId: toBalancer || !watched ? null : (checkIds[index] ?? ''),
    otherRouting: null,
  }
}

/** As `dns show` looks. */
async function show(name: string): Promise<ShownSet> {
  const scene = { clock, signal: new AbortController().signal, emit: () => undefined }
  const look = { names: [name], choice: { zone: null, zones: {} }, healthMs: 600_000 }
  const [set] = (await observeNames(ports, look, scene)).flatMap(viewSets)
  if (set === undefined) throw new Error(`nothing stands at ${name}`)
  expect(set.unread).toEqual([])
  return set
}

/** What that many queries are answered. */
async function ask(name: string): Promise<readonly (readonly string[])[]> {
  const answers: (readonly string[])[] = []
  const lane = async (): Promise<void> => {
    for (let asked = 0; asked < QUERIES / 20; asked++)
      answers.push((await resolver.ask(sandbox.nameServer, name, 'A', 20_000)).values)
  }
  await Promise.all(Array.from({ length: 20 }, lane))
  return answers
}

/** Enough for every checker and resolver: three probes, a change's 60 s, a target's first two. */
const settle = (): void => clock.advance(300_000)

describe('the split that is answered', () => {
  it('is the one that nyah shows, and what it says of a death comes true', { timeout: 120_000 }, async () => {
    let run = 0
    const met = { noticed: 0, unnoticed: 0, spare: 0, lastResort: 0, even: 0 }
    /** Splits, and those of which the true share lies outside the bounds that nyah gives a measurement. */
    const stated = { splits: 0, outside: 0 }
    const compare = async (name: string, { members }: ShownSet, promised: Readonly<Record<string, number>>) => {
      const answers = await ask(name)
      const recognised = members.map((one) => ({
        id: one.id,
        pointsTo: one.pointsTo,
        alias: one.id === BALANCER,
        now: promised[nameOf(one)] ?? 0,
      }))
      const measured = measuredShares(recognised, answers)
      for (const one of measured) {
        const p = (one.intended ?? 0) / 100
        const chance = FALSE_ALARM / (2 * RUNS * MEMBERS)
        expect(
          isPossible(one.answers, answers.length, p, chance),
          `${one.id} has ${one.answers} of ${answers.length} answers, and should have ${one.intended} %`,
        ).toBe(true)
      }
      stated.splits += 1
      stated.outside += measured[0]?.fits === false ? 1 : 0
    }

    await fc.assert(
      fc.asyncProperty(sets, async ({ addresses, balancer, victim }) => {
        const name = `split-${(run += 1)}.example.jp`
        const all = [
          ...addresses.map((one, index) => ({ at: index as number | typeof BALANCER, ...one })),
          ...(balancer === null ? [] : [{ at: BALANCER as typeof BALANCER, ...balancer }]),
        ]
        const changes = all.map((one) => ({ action: 'CREATE' as const, record: recordOf(name, one.at, one) }))
        await dns.change(zoneId, changes, 'a test')
        const dead = all.filter((one) => one.dead).map(({ at }) => placeOf(at))
        sandbox.setDown([])
        settle()
        sandbox.setDown(dead)
        settle()

        const before = await show(name)
        await compare(name, before, Object.fromEntries(before.members.map((one) => [nameOf(one), one.now])))

        const next = all[victim % all.length]!
        const death = before.deaths.find(({ id }) => id === recordOf(name, next.at, next).setIdentifier)!
        sandbox.setDown([...new Set([...dead, placeOf(next.at)])])
        settle()
        await compare(name, before, death.shares)
        const after = await show(name)
        expect(Object.fromEntries(after.members.map((one) => [nameOf(one), one.now]))).toEqual(death.shares)

        met[death.noticed ? 'noticed' : 'unnoticed'] += 1
        if (death.allUnhealthy) met.lastResort += 1
        const even = all.every(({ weight }) => weight === 0)
        const spare = before.members.some((one) => one.weight === 0 && (death.shares[nameOf(one)] ?? 0) > 0)
        if (even) met.even += 1
        else if (spare) met.spare += 1
      }),
      { numRuns: RUNS, seed: 4, endOnFailure: true, examples: EXAMPLES },
    )
    // Each of Route 53's rules was met, not only thought of.
    expect(Object.entries(met).filter(([, times]) => times === 0)).toEqual([])
    // Of bounds that hold 19 times of 20 the true share lies outside of a few, hardly ever of a third.
    expect(stated.splits).toBe(2 * RUNS)
    expect(isPossible(stated.outside, stated.splits, 0.05, FALSE_ALARM) || stated.outside === 0).toBe(true)
  })
})
