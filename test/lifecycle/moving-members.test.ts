import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LbRun } from '../support/lb-run.ts'
import { hashOf } from '../../src/lib/lb/names.ts'
import {
  CROWD,
  crowdMember,
  hosts,
  type Kept,
  type Machine,
  movingStage,
  type MovingStage,
  WEIGHTED,
  WRITES,
} from '../support/moving-stage.ts'

/** Members change, and answers are old, while nyah reads and writes. */

let here: MovingStage
let a: Machine
/** Both mirrored; the crowd is 1 to 20. */
let start: Kept
/** Octavia once 1 to 6 have left, and once 11 to 16 have, and two came. */
let few: Kept
let other: Kept
let weights: Kept
let backAgain: Kept

const sync = { ids: [CROWD], wait: true }
const quick = { ids: [CROWD], wait: false }
const HOUR = 3_601_000

beforeAll(async () => {
  here = await movingStage()
  a = await here.machine()
  await a.run('lb.mirror', sync)
  await a.run('lb.mirror', { ids: [WEIGHTED], wait: true, weights: 'target-groups' })
  start = here.state()
  const [crowd] = await here.octavia.poolsOf(CROWD)
  const become = async (members: readonly number[]): Promise<Kept> => {
    await here.octavia.replaceMembers(CROWD, crowd.id, members.map(crowdMember))
    const kept = here.state()
    return kept
  }
  few = await become(hosts(7, 20))
  other = await become([...hosts(1, 10), ...hosts(17, 22)])
  here.restore(start)
  const [pool] = await here.octavia.poolsOf(WEIGHTED)
  const members = await here.octavia.members(pool.id)
  const moving = members.find(({ name }: { name: string }) => name === 'proxy-18')
  await here.octavia.updateMember(WEIGHTED, pool.id, moving.id, { weight: 1 })
  weights = here.state()
  await here.octavia.updateMember(WEIGHTED, pool.id, moving.id, { weight: 5 })
  backAgain = here.state()
})
afterAll(() => here.close())

const registered = (): readonly number[] =>
  here
    .ours(CROWD)
    .targetGroups.flatMap(({ targets }) =>
      targets.flatMap(({ id, drainsUntil }) => (drainsUntil === null ? [Number(id.split('.')[3])] : [])),
    )
    .toSorted((x, y) => x - y)

async function settled(asked: typeof sync): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    a.writes.length = 0
    const { outcome, plan } = await a.run('lb.sync', asked)
    if (outcome === 'nothing-to-do' && plan?.changes.length === 0 && a.writes.length === 0) return
    here.clock.advance(HOUR)
  }
  throw new Error('never in step')
}

const codes = ({ plan }: LbRun): readonly string[] =>
  (plan?.findings ?? []).filter(({ severity }) => severity === 'hold').map(({ code }) => code)

/** Calls `move` before so many-th request of this kind, once. */
function at(which: 'octavia' | 'aws', count: number, move: () => void): { readonly moved: boolean } {
  const state = { moved: false }
  let seen = 0
  a.meddle = { octavia: () => undefined, aws: () => undefined }
  a.meddle[which] = ({ action }) => {
    if (which === 'aws' && !WRITES.test(action)) return
    seen += 1
    if (seen !== count || state.moved) return
    state.moved = true
    move()
  }
  return state
}
const calm = (): void => void (a.meddle = { octavia: () => undefined, aws: () => undefined })

describe('a crowd that changes', () => {
  it.each(['octavia', 'aws'] as const)(
    'before each request to %s: never below 70 %, and in step in the end',
    async (which) => {
      let moments = 0
      for (let count = 1; ; count += 1) {
        here.restore(start)
        here.octaviaOf(few)
        const others = here.others(CROWD)
        const care = here.lookAfter(CROWD)
        const move = at(which, count, () => here.octaviaOf(other))
        const run = await a.run('lb.sync', quick)
        calm()
        if (!move.moved) break
        moments += 1
        expect([0, 11], `at ${count}: ${JSON.stringify(run.error)}`).toContain(run.exitCode)
        expect(registered().length, `at ${count}`).toBeGreaterThanOrEqual(14)
        await settled(sync)
        expect(registered(), `at ${count}`).toEqual([...hosts(1, 10), ...hosts(17, 22)])
        expect(care.lowest, `at ${count}`).toBeGreaterThanOrEqual(14)
        expect(here.others(CROWD), `at ${count}`).toBe(others)
      }
      expect(moments).toBeGreaterThan(which === 'aws' ? 1 : 5)
    },
  )

  it.each([
    ['PENDING_UPDATE', 'LB_SOURCE_PENDING'],
    ['ERROR', 'LB_SOURCE_ERROR'],
    ['deleted', 'LB_SOURCE_GONE'],
  ] as const)('and is %s between plan and write: nobody leaves', async (how, code) => {
    here.restore(start)
    here.octaviaOf(few)
    const run = await a.run('lb.sync', quick, {
      onEvent: ({ type }) => {
        if (type !== 'plan.confirmed') return
        if (how !== 'deleted') return void here.sandbox.force(CROWD, how)
        here.sandbox.change((now) => {
          const { [CROWD]: _gone, ...loadbalancers } = now.openstack.octavia.loadbalancers
          return { ...now, openstack: { ...now.openstack, octavia: { ...now.openstack.octavia, loadbalancers } } }
        })
      },
    })
    expect(run).toMatchObject({ outcome: 'held', exitCode: 11 })
    expect(codes(run)).toContain(code)
    expect(registered()).toEqual(hosts(1, 20))
  })
})

it('a member between two weights, back and forth before each write: each group serves, and in step in the end', async () => {
  const asked = { ids: [WEIGHTED], wait: true }
  let moments = 0
  for (let count = 1; ; count += 1) {
    here.restore(start)
    here.octaviaOf(weights)
    const others = here.others(WEIGHTED)
    const care = here.lookAfter(WEIGHTED)
    const move = at('aws', count, () => here.octaviaOf(backAgain))
    await a.run('lb.sync', asked)
    calm()
    if (!move.moved) break
    moments += 1
    await settled(asked)
    const forward = here
      .ours(WEIGHTED)
      .targetGroups.map(({ name, targets }) => [
        name.split(`${hashOf(WEIGHTED)}-`)[1],
        targets.filter(({ drainsUntil }) => drainsUntil === null).length,
      ])
    expect(Object.fromEntries(forward), `at ${count}`).toEqual({ '443-w1': 1, '443-w5': 2 })
    // Three serve, one of them drains for the other side at most.
    expect(care.lowest, `at ${count}`).toBeGreaterThanOrEqual(2)
    expect(here.others(WEIGHTED), `at ${count}`).toBe(others)
  }
  expect(moments).toBeGreaterThan(3)
})

describe('an answer that is old, once', () => {
  it.each([1, 2])('of Octavia, in reading %i: nobody leaves on its word', async (pass) => {
    here.restore(start)
    let reading = 0
    const run = await a.run('lb.sync', quick, {
      onEvent: ({ type }) => {
        if (type !== 'observe.started') return
        reading += 1
        here.octaviaOf(reading === pass ? few : start)
      },
    })
    expect([0, 11]).toContain(run.exitCode)
    expect(registered()).toEqual(hosts(1, 20))
  })

  it('of AWS, each of its lists: nobody leaves who is to stay, and in step in the end', async () => {
    // What AWS said before the last run.
    const old = new Map<string, string>()
    const keyOf = (fields: URLSearchParams): string => fields.toString()
    here.restore(start)
    a.meddle.aws = ({ action, fields }) => {
      if (WRITES.test(action) || old.has(keyOf(fields))) return undefined
      return (answer) => {
        old.set(keyOf(fields), answer.body)
        return answer
      }
    }
    await a.run('lb.sync', quick)
    here.octaviaOf(few)
    await a.run('lb.sync', sync)
    calm()
    const between = here.state()
    const actions = [...new Set([...old.keys()].map((key) => new URLSearchParams(key).get('Action') ?? ''))]
    expect(actions.length).toBeGreaterThan(5)
    let served = 0
    for (const action of actions) {
      here.restore(between)
      // 1 to 6 come back, 11 to 16 leave, two are new.
      here.octaviaOf(other)
      const others = here.others(CROWD)
      const care = here.lookAfter(CROWD)
      const given = new Set<string>()
      a.meddle.aws = (passing) => {
        const key = keyOf(passing.fields)
        const body = old.get(key)
        if (passing.action !== action || body === undefined || given.has(key)) return undefined
        given.add(key)
        served += 1
        return ({ status }) => ({ status, body })
      }
      const run = await a.run('lb.sync', quick)
      calm()
      expect([0, 8, 10, 11], `${action}: ${JSON.stringify(run.error)}`).toContain(run.exitCode)
      // Whoever was there and is to stay stays.
      expect(registered(), `old ${action}`).toEqual(expect.arrayContaining([...hosts(7, 10), ...hosts(17, 20)]))
      await settled(sync)
      expect(registered(), `old ${action}`).toEqual([...hosts(1, 10), ...hosts(17, 22)])
      // Fourteen less the 30 % of another hour.
      expect(care.lowest, `old ${action}`).toBeGreaterThanOrEqual(10)
      expect(here.others(CROWD), `old ${action}`).toBe(others)
    }
    expect(served).toBeGreaterThan(actions.length / 2)
  })
})
