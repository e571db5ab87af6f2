import { expect, it } from 'vitest'
import type { Outputs } from '../../../src/lib/core/change.ts'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import type { Emit } from '../../../src/lib/core/events.ts'
import { judgeName, planWeights } from '../../../src/lib/dns/plan.ts'
import type { Scene } from '../../../src/lib/engine/operation.ts'
import type { SeenWorld } from '../../../src/lib/failover/model.ts'
import { following } from '../../../src/lib/runtime/failover-spread.ts'
import type { Opened } from '../../../src/lib/runtime/open.ts'
import { AT, name } from '../failover/seen.ts'

const ENACTOR = { by: 'tanaka', why: 'INC-4711', run: 'k3f9' }
const HOME = { octavia: 90, aws: 10 }
const AWAY = { octavia: 0, aws: 100 }
const SHOP = name(HOME)
const API: typeof SHOP = JSON.parse(JSON.stringify(SHOP).replaceAll('shop.example.jp', 'api.example.jp'))

/** Route 53 that says INSYNC of the changes in `synced`, no name servers, and a clock that only moves when it is told to. */
function stage() {
  let now = AT
  let extended = 0
  const synced = new Set<string>()
  const notes: string[] = []
  const opened = {
    names: () => Promise.resolve({ inSync: (id: string) => Promise.resolve(synced.has(id)) }),
    resolver: () => Promise.resolve(null),
  } as unknown as Opened
  const emit: Emit = (type, _, data) => {
    if (type === 'note') notes.push((data as { readonly code: string }).code)
  }
  const sleep = (_: number, signal?: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))))
  const scene: Scene = { clock: { now: () => now, sleep }, signal: new AbortController().signal, emit }
  const deadline = { at: () => now + 60_000, extend: (ms: number) => void (extended += ms) }
  const follow = following(opened, ENACTOR, deadline)
  return {
    follow,
    scene,
    synced,
    notes,
    extended: () => extended,
    pass: (ms: number) => void (now += ms),
    look: (world: () => Promise<SeenWorld>) => follow.observe(world, scene),
    send: (ids: Readonly<Record<string, string | Error>>, weights = AWAY) => {
      const changes = [SHOP, API]
        .filter((seen) => seen.name in ids)
        .flatMap((seen) => planWeights(seen, { weights, reason: 'failover' }))
      const results = new Map<string, Outputs | Error>(
        changes.map(({ id, scope }) => {
          const its = ids[scope] ?? ''
          return [id, typeof its === 'string' ? { changeId: its } : its]
        }),
      )
      now += 200
      return follow.carry(changes, scene, () => Promise.resolve(results))
    },
  }
}

const world = (): Promise<SeenWorld> => Promise.resolve({ at: AT, names: [SHOP], ways: [] })
const weightsOf = ({ names }: SeenWorld) => names.flatMap((seen) => judgeName(seen).sets.map(({ now }) => now))

it('while a change spreads, the names are shown as they were written; then as they are read', async () => {
  const { look, send, synced, pass, extended } = stage()
  expect(weightsOf(await look(world))).toEqual([HOME])
  await send({ [SHOP.name]: 'C1' })
  // Sending has the run's own time; only who waits until it has spread gets more, once.
  expect(extended()).toBe(0)
  const going = await look(() => Promise.reject(new Error('nobody reads now')))
  expect(going.spread).toMatchObject([{ name: SHOP.name, state: 'pending' }])
  expect(weightsOf(going)).toEqual([AWAY])
  pass(5_000)
  await look(world)
  expect(extended()).toBe(120_000)
  synced.add('C1')
  expect(weightsOf(await look(world))).toEqual([HOME])
})

it('what was taken and cannot be read is shown as it was written, and said; it does not fail', async () => {
  const { look, send, synced, notes } = stage()
  await look(world)
  await send({ [SHOP.name]: 'C1' })
  synced.add('C1')
  const dead = nyahError({ code: 'AWS_UNREACHABLE', message: 'refused', exit: EXIT.remote, tries: [] })
  const seen = await look(() => Promise.reject(dead))
  expect(weightsOf(seen)).toEqual([AWAY])
  expect(notes).toContain('FAILOVER_NOT_READ')
})

it('the time to the last name counts, also of one that was sent again; the way back does not', async () => {
  const { follow, look, send, synced, pass } = stage()
  await look(world)
  expect(follow.reached()).toBeNull()
  await send({ [SHOP.name]: 'C1', [API.name]: new Error('throttled') })
  const sentAt = follow.reached()?.sentAt
  pass(2_000)
  await send({ [API.name]: 'C2' })
  pass(3_000)
  synced.add('C1')
  await look(world)
  expect(follow.reached()).toMatchObject({ insyncMs: 5_200 })
  pass(4_000)
  synced.add('C2')
  await look(world)
  const whole = follow.reached()
  expect(whole).toEqual({ sentAt, changeMs: 2_200, insyncMs: 9_200, visibleMs: null })
  await send({ [SHOP.name]: 'C3' }, HOME)
  pass(1_000)
  synced.add('C3')
  await look(world)
  expect(follow.reached()).toEqual(whole)
})

it('nobody waits: nothing is followed', async () => {
  const follow = following({} as Opened, ENACTOR, null)
  const { scene } = stage()
  await follow.carry([], scene, () => Promise.resolve(new Map()))
  expect((await follow.observe(world, scene)).spread).toEqual([])
  expect(follow.reached()).toBeNull()
})
