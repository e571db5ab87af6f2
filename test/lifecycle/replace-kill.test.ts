import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { interrupted } from '../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../src/lib/core/events.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import { TAG } from '../../src/lib/lb/model.ts'
import {
  CROWD,
  crowdMember,
  hosts,
  type Kept,
  type Machine,
  movingStage,
  type MovingStage,
  TLS_INSIDE,
} from '../support/moving-stage.ts'

/** Runs that take targets away or carry traffic over, ended at each of their events: killed, or told to stop. */

let here: MovingStage
let a: Machine

interface Story {
  readonly id: string
  readonly operation: string
  readonly args: JsonObject
  readonly start: Kept
  /** The fewest healthy targets there may ever be. */
  readonly least: number
}
type What = 'a replacement' | 'a retarget' | 'a budgeted removal'
let stories: Readonly<Record<What, Story>>

const ALLOWED = { allowances: [{ code: 'LB_UNSUPPORTED_POOL_AUTHORITY', reason: 'a test' }] }
const HOUR = 3_601_000

beforeAll(async () => {
  here = await movingStage()
  a = await here.machine()
  await a.run('lb.mirror', { ids: [CROWD], wait: true })
  await a.run('lb.mirror', { ids: [TLS_INSIDE], wait: true }, ALLOWED)
  const whole = here.state()

  const [inside] = await here.octavia.poolsOf(TLS_INSIDE)
  await here.octavia.must('PUT', `/pools/${inside.id}`, { pool: { tls_enabled: false } })
  await here.octavia.waitActive(TLS_INSIDE)
  const replacement = here.state()

  here.restore(whole)
  const [crowd] = await here.octavia.poolsOf(CROWD)
  await here.octavia.replaceMembers(CROWD, crowd.id, hosts(10, 22).map(crowdMember))
  const removal = here.state()

  here.restore(whole)
  const made = await here.octavia.createLoadBalancer({ name: 'crowd-2' })
  const pool = await here.octavia.createPool(made.id, { name: 'p' })
  await here.octavia.replaceMembers(made.id, pool.id, hosts(4, 22).map(crowdMember))
  await here.octavia.createListener(made.id, { protocol_port: 443, default_pool_id: pool.id })

  const wait = true
  const retarget = { ids: [made.id as string], formerId: CROWD, wait }
  stories = {
    'a replacement': {
      id: TLS_INSIDE,
      operation: 'lb.sync',
      args: { ids: [TLS_INSIDE], wait },
      start: replacement,
      least: 2,
    },
    'a retarget': { id: CROWD, operation: 'lb.retarget', args: retarget, start: here.state(), least: 14 },
    'a budgeted removal': { id: CROWD, operation: 'lb.sync', args: { ids: [CROWD], wait }, start: removal, least: 13 },
  }
})
afterAll(() => here.close())

/** Runs until the mirror is in step: what a budget holds goes in the next hours. */
async function onward(machine: Machine, { operation, args }: Story, resumes: string | null): Promise<void> {
  const first = await machine.run(operation, args, { run: 'run-2', options: { resumes } })
  expect([0, 11], `went on with ${JSON.stringify(first.error)}`).toContain(first.exitCode)
  for (let round = 0; round < 4; round += 1) {
    const { plan, outcome } = await machine.run(operation, args, { run: `run-${3 + round}` })
    if (outcome === 'nothing-to-do' && plan?.changes.length === 0) return
    here.clock.advance(HOUR)
  }
  throw new Error('never in step')
}

/** Looking alone leaves nothing behind. */
const EVENTS = { killed: /^(change|plan|reading|verify)/, 'told to stop': /^(change.started|verify.waiting)/ }

/** lb-change.test.ts tells the others to stop. */
const WHATS: Readonly<Record<'killed' | 'told to stop', readonly What[]>> = {
  killed: ['a replacement', 'a retarget', 'a budgeted removal'],
  'told to stop': ['a budgeted removal'],
}

describe.each(['killed', 'told to stop'] as const)('%s at every event', (how) => {
  it.each(WHATS[how])('%s is finished by another run', async (what) => {
    const story = stories[what]
    const { id, operation, args, start, least } = story
    here.restore(start)
    const others = here.others(id)
    const { events, exitCode } = await a.run(operation, args)
    expect([0, 11]).toContain(exitCode)
    await onward(a, story, null)
    const end = await here.picture()

    let journalled = 0
    for (const { seq, type } of events) {
      if (!EVENTS[how].test(type)) continue
      here.restore(start)
      const care = here.lookAfter(id)
      const machine = await here.machine()
      const controller = new AbortController()
      let ended = false
      const onEvent = (event: NyahEvent): void => {
        if (event.seq !== seq) return
        ended = true
        // What is on its way may still arrive; nothing after it does.
        if (how === 'killed') machine.die()
        controller.abort(interrupted('SIGTERM'))
      }
      await machine.run(operation, args, { signal: controller.signal, onEvent })
      if (!ended) continue
      journalled += 1
      // Killed: another machine has only what stands in AWS. Stopped: the same one takes it up again.
      if (how === 'killed') await onward(await here.machine(), story, null)
      else await onward(machine, story, 'run-1')
      expect(await here.picture(), `at ${seq} ${type}`).toEqual(end)
      expect(care.lowest, `at ${seq} ${type}`).toBeGreaterThanOrEqual(least)
      expect(here.others(id), `at ${seq} ${type}`).toBe(others)
    }
    expect(journalled).toBeGreaterThan(how === 'killed' ? 10 : 2)
  })
})

it('a retarget that was killed anywhere is never answered by a second mirror', async () => {
  const { operation, args, start } = stories['a retarget']
  const [id = ''] = args['ids'] as readonly string[]
  here.restore(start)
  const before = await here.picture()
  const { events } = await a.run(operation, args)
  let halves = 0
  for (const { seq, type } of events) {
    if (type !== 'change.succeeded') continue
    here.restore(start)
    const machine = await here.machine()
    await machine.run(operation, args, { onEvent: (event) => void (event.seq === seq && machine.die()) })
    const follows = here.ours(CROWD).loadBalancer?.tags[TAG.octaviaId] === id
    if (follows || isDeepStrictEqual(await here.picture(), before)) continue
    halves += 1
    const other = await here.machine()
    const mirror = await other.run('lb.mirror', { ids: [id], wait: true })
    expect(mirror, `at ${seq} ${type}`).toMatchObject({ exitCode: 6, error: { code: 'LB_RETARGET_UNFINISHED' } })
    expect(mirror.error?.tries).toEqual([`nyah lb retarget ${CROWD} ${id}`])
    expect(other.writes).toEqual([])
  }
  expect(halves).toBeGreaterThan(3)
  await onward(await here.machine(), stories['a retarget'], null)
})

it('a retarget moves no tag before those of the security group', async () => {
  const { operation, args, start } = stories['a retarget']
  here.restore(start)
  const before = await here.picture()
  const machine = await here.machine()
  let asked = 0
  machine.meddle.aws = ({ action }) => {
    if (action !== 'CreateTags') return undefined
    asked += 1
    return 'cut'
  }
  const { exitCode, error } = await machine.run(operation, args)
  expect(asked).toBeGreaterThan(0)
  expect([7, 8], `ended with ${JSON.stringify(error)}`).toContain(exitCode)
  expect(machine.writes).toEqual([])
  expect(await here.picture()).toEqual(before)
  machine.meddle.aws = () => undefined
  await onward(machine, stories['a retarget'], null)
})
