import { describe, expect, it } from 'vitest'
import type { Change, Outputs } from '../../../src/lib/core/change.ts'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import type { Emit } from '../../../src/lib/core/events.ts'
import { planWeights } from '../../../src/lib/dns/plan-weights.ts'
import { planDetach } from '../../../src/lib/dns/plan-detach.ts'
import { watchSpread } from '../../../src/lib/dns/watch-spread.ts'
import { SAMPLE_MAX, spreadingOf } from '../../../src/lib/dns/spread.ts'
import { encodeState } from '../../../src/lib/dns/state.ts'
import type { Scene } from '../../../src/lib/engine/operation.ts'
import type { Resolver } from '../../../src/lib/ports/resolver.ts'
import { fakeDns } from './fakes.ts'
import { AT, ownedRecords, scene, seenName, setState } from './seen.ts'

const SHOP = 'shop.example.jp'
const moved = (name: string): readonly Change[] =>
  planWeights(seenName(name, ownedRecords(name)), { weights: { octavia: 0, aws: 100 }, reason: 'x' })
const accepted = (changes: readonly Change[], id = 'C1'): ReadonlyMap<string, Outputs> =>
  new Map(changes.map((change) => [change.id, { changeId: id }]))

/** What is said, and a clock that somebody else moves. */
function heard(over: Partial<Scene> = {}) {
  const said: { type: string; scope: string | null; data: unknown }[] = []
  const time = { now: AT }
  const emit: Emit = (type, scope, data) => void said.push({ type, scope, data })
  const on = { ...scene(() => time.now), emit, ...over }
  const of = (type: string) => said.filter((one) => one.type === type).map(({ data }) => data)
  return { on, time, reached: () => of('spread.reached'), notes: () => of('note') }
}

const saying = (epoch: () => number): Resolver => ({
  configured: null,
  ask: async () => ({ code: 'NOERROR', values: [encodeState(setState({ epoch: epoch() }))], ttl: 60 }),
})
const silent: Resolver = {
  configured: null,
  ask: () => Promise.reject(nyahError({ code: 'DNS_NO_ANSWER', message: 'no route', exit: EXIT.remote })),
}
const dead = nyahError({ code: 'AWS_UNREACHABLE', message: 'no route', exit: EXIT.remote })

describe('how far a change has spread', () => {
  it('is pending, then unseen, then done; and when', async () => {
    let [inSync, epoch] = [false, 1]
    const { on, time, reached } = heard()
    const watch = watchSpread(
      fakeDns({ inSync: () => inSync }),
      saying(() => epoch),
    )
    expect(await watch.look(on)).toEqual([])
    const changes = moved(SHOP)
    await watch.carry(changes, on, async () => {
      time.now += 300
      return accepted(changes)
    })
    expect(await watch.look(on)).toMatchObject([{ name: SHOP, state: 'pending' }])
    inSync = true
    time.now += 29_700
    expect(await watch.look(on)).toMatchObject([{ name: SHOP, state: 'unseen' }])
    epoch = 2
    time.now += 1_000
    expect(await watch.look(on)).toMatchObject([{ name: SHOP, state: 'done' }])
    expect(await watch.look(on)).toEqual([])
    expect(reached()).toEqual([
      { name: SHOP, state: 'accepted', afterMs: 300 },
      { name: SHOP, state: 'insync', afterMs: 30_000 },
      { name: SHOP, state: 'visible', afterMs: 31_000 },
    ])
  })

  it('goes by the name server that is behind', async () => {
    const { on } = heard()
    const dns = { ...fakeDns(), nameServers: async () => ['ns-1.example', 'ns-2.example'] }
    const watch = watchSpread(dns, {
      configured: null,
      ask: (server) => saying(() => (server === 'ns-2.example' ? 1 : 2)).ask(server, '', 'TXT', 0),
    })
    await watch.carry(moved(SHOP), on, async () => accepted(moved(SHOP)))
    expect(await watch.look(on)).toMatchObject([{ state: 'unseen', detail: expect.stringContaining('ns-2.example') }])
  })

  it('is said once where no name server can be asked', async () => {
    const { on, notes } = heard()
    const watch = watchSpread(fakeDns(), silent)
    for (const name of [SHOP, 'api.example.jp'])
      await watch.carry(moved(name), on, async () => accepted(moved(name), name))
    expect(await watch.look(on)).toMatchObject([{ state: 'done' }, { state: 'done' }])
    expect(notes()).toMatchObject([{ code: 'DNS_NOT_ASKED' }])
  })

  it('of a private zone is what its resolver answers; without one that is said', async () => {
    const dns = { ...fakeDns(), nameServers: async () => [] }
    const asked: string[] = []
    const own: Resolver = {
      configured: '10.0.0.2',
      ask: (server) => {
        asked.push(server)
        return saying(() => 2).ask(server, '', 'TXT', 0)
      },
    }
    for (const resolver of [own, saying(() => 2)]) {
      const { on, notes, reached } = heard()
      const watch = watchSpread(dns, resolver)
      await watch.carry(moved(SHOP), on, async () => accepted(moved(SHOP)))
      expect(await watch.look(on)).toMatchObject([{ state: 'done' }])
      expect(reached()).toHaveLength(resolver === own ? 3 : 2)
      expect(notes()).toMatchObject(resolver === own ? [] : [{ code: 'DNS_NOT_ASKED' }])
    }
    expect(asked).toEqual(['10.0.0.2'])
  })

  it('does not need Route 53 to say so where its name servers do', async () => {
    let epoch = 1
    const { on, notes, reached } = heard()
    const dns = { ...fakeDns(), inSync: () => Promise.reject(dead) }
    const watch = watchSpread(
      dns,
      saying(() => epoch),
    )
    await watch.carry(moved(SHOP), on, async () => accepted(moved(SHOP)))
    expect(await watch.look(on)).toMatchObject([{ state: 'unseen' }])
    epoch = 2
    expect(await watch.look(on)).toMatchObject([{ state: 'done' }])
    expect(reached().map((one) => (one as { state: string }).state)).toEqual(['accepted', 'visible'])
    expect(notes()).toEqual([])
  })

  it.each([
    ['fails', () => Promise.reject(dead)],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('is unknown where Route 53 %s and nobody else can be asked', async (_what, inSync) => {
    const { on, notes } = heard({ clock: { now: () => AT, sleep: () => new Promise((wake) => setTimeout(wake, 20)) } })
    const watch = watchSpread({ ...fakeDns(), inSync, nameServers: inSync }, silent)
    await watch.carry(moved(SHOP), on, async () => accepted(moved(SHOP)))
    expect(await watch.look(on)).toMatchObject([{ state: 'done' }])
    expect(notes()).toMatchObject([
      { code: 'DNS_SPREAD_UNKNOWN', message: expect.stringMatching(/C1.*\(Route 53 does not say which they are \(/) },
    ])
  })

  it('is unknown, said once and why, where Route 53 and the name servers are silent', async () => {
    const { on, notes } = heard()
    const watch = watchSpread({ ...fakeDns(), inSync: () => Promise.reject(dead) }, silent)
    await watch.carry(moved(SHOP), on, async () => accepted(moved(SHOP)))
    expect(await watch.look(on)).toMatchObject([{ state: 'done' }])
    expect(notes()).toMatchObject([
      {
        code: 'DNS_SPREAD_UNKNOWN',
        message: expect.stringMatching(/\(AWS_[A-Z_]+\); nor could they be asked \(.* could not be asked: /),
      },
    ])
  })

  it('asks which the name servers are before the change is sent: Route 53 may not say it later', async () => {
    let isDead = false
    const { on } = heard()
    const dns = {
      ...fakeDns(),
      inSync: () => Promise.reject(dead),
      nameServers: () => (isDead ? Promise.reject(dead) : Promise.resolve(['ns-1.example'])),
    }
    const watch = watchSpread(
      dns,
      saying(() => 2),
    )
    watch.prepare(['Z1'], on)
    isDead = true
    await watch.carry(moved(SHOP), on, async () => accepted(moved(SHOP)))
    expect(await watch.look(on)).toMatchObject([{ state: 'done' }])
  })

  it('of a name that was detached: its state is gone', async () => {
    let values: readonly string[] = [encodeState(setState())]
    const { on } = heard()
    const resolver: Resolver = { configured: null, ask: async () => ({ code: 'NOERROR', values, ttl: 60 }) }
    const watch = watchSpread(fakeDns(), resolver)
    const changes = planDetach({ names: [seenName(SHOP, ownedRecords(SHOP))] }).changes.filter(
      ({ ref }) => ref.type === 'weighted-set',
    )
    expect(changes).toHaveLength(1)
    await watch.carry(changes, on, async () => accepted(changes))
    expect(await watch.look(on)).toMatchObject([{ state: 'unseen' }])
    values = []
    expect(await watch.look(on)).toMatchObject([{ state: 'done' }])
  })

  it('of hundreds of names: one GetChange for each change, a few names asked for, the others as far as those', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `n${at}.example.jp`)
    const changes = names.flatMap(moved)
    let [calls, asked, epoch] = [0, 0, 1]
    const dns = {
      ...fakeDns(),
      inSync: async () => {
        calls += 1
        return true
      },
    }
    const { on, notes, reached } = heard()
    const watch = watchSpread(dns, {
      configured: null,
      ask: (server) => {
        asked += 1
        return saying(() => epoch).ask(server, '', 'TXT', 0)
      },
    })
    const results = new Map(changes.map(({ id }, at) => [id, { changeId: `C${Math.floor(at / 100)}` }]))
    await watch.carry(changes, on, async () => results)
    const first = await watch.look(on)
    expect([calls, asked]).toEqual([3, SAMPLE_MAX])
    expect(new Set(first.map(({ state }) => state))).toEqual(new Set(['unseen']))
    expect(notes()).toMatchObject([{ code: 'DNS_SAMPLED', message: expect.stringContaining('10 of 300') }])
    epoch = 2
    const second = await watch.look(on)
    expect(second).toHaveLength(300)
    expect(second.every(({ state }) => state === 'done')).toBe(true)
    const states = reached().map((one) => (one as { state: string }).state)
    expect(['accepted', 'insync', 'visible'].map((each) => states.filter((one) => one === each).length)).toEqual([
      300, 300, 10,
    ])
  })
})

describe('which names are asked for', () => {
  it.each([1, 9, 10, 11, 300])('some of each change, at most ten, of %i names', (many) => {
    const changes = Array.from({ length: many }, (_, at) => moved(`n${at}.example.jp`)).flat()
    const batches = Math.min(many, 7)
    const results = new Map(changes.map(({ id }, at) => [id, { changeId: `C${at % batches}` }]))
    const asked = spreadingOf(changes, results, AT).filter(({ expected }) => expected !== null)
    expect(asked).toHaveLength(Math.min(many, SAMPLE_MAX))
    expect(new Set(asked.map(({ changeId }) => changeId)).size).toBe(batches)
  })
})
