import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { AwsState } from '../../src/lib/sandbox/aws/state.ts'
import { startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { ROOT } from '../support/cli.ts'
import { virtualClock } from '../support/clock.ts'
import { runLb, type LbRun, type LbRunSettings } from '../support/lb-run.ts'
import { sandboxOpenStack } from '../support/openstack.ts'
import { memoryStore } from '../support/toy-run.ts'

/** 150 members behind one listener. */
const BULK = 'b01c0000-0000-4000-8000-000000000007'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function stage() {
  const stateDir = mkdtempSync(join(tmpdir(), 'nyah-removals-'))
  mkdirSync(stateDir, { recursive: true })
  const clock = virtualClock({ start: Date.UTC(2026, 10, 23) })
  const world = loadWorld(join(ROOT, 'fixtures', 'worlds', 'default.json'))
  const sandbox = await startSandbox({ world, clock })
  const beacon = { url: sandbox.url, pid: process.pid, env: sandbox.env, networks: world.networks }
  writeFileSync(join(stateDir, 'sandbox.json'), JSON.stringify(beacon))
  closers.push(sandbox.close, () => rmSync(stateDir, { recursive: true, force: true }))
  const octavia = await sandboxOpenStack(sandbox, (ms) => clock.sleep(ms))
  const store = memoryStore()
  const run = (operation: string, more: Partial<LbRunSettings> = {}): Promise<LbRun> =>
    runLb({ clock, store, stateDir, operation, arguments: { ids: [BULK], wait: true }, ...more })
  const aws = async () => {
    const answer = await fetch(`${sandbox.url}/sandbox/state`)
    const state = (await answer.json()) as { aws: AwsState }
    const [group] = Object.values(state.aws.targetGroups)
    const [balancer] = Object.values(state.aws.loadBalancers)
    return {
      registered: group?.targets.filter(({ drainsUntil }) => drainsUntil === null).length,
      removals: group?.tags['nyah:removals'],
      held: balancer?.tags['nyah:held'],
      inStep: balancer?.tags['nyah:in-step'],
    }
  }
  /** Leaves Octavia the first so many members of the pool. */
  const leave = async (
    amount: number,
    others: readonly { readonly address: string; readonly protocol_port: number }[] = [],
  ) => {
    const [pool] = await octavia.poolsOf(BULK)
    const members = await octavia.members(pool.id)
    const kept = members
      .slice(0, amount)
      .map(({ address, protocol_port }: { address: string; protocol_port: number }) => ({ address, protocol_port }))
    await octavia.replaceMembers(BULK, pool.id, [...kept, ...others])
  }
  return { clock, run, aws, leave }
}

const holds = ({ plan }: LbRun): readonly string[] =>
  (plan?.findings ?? [])
    .filter(({ severity, allowed }) => severity === 'hold' && allowed === undefined)
    .map(({ code }) => code)

/** And a little: an hour is never too short. */
const HOUR = 3_601_000

describe('a pool that loses more than 30 % of its members', () => {
  it('loses them hour by hour on the mirror, and says since when', async () => {
    const { clock, run, aws, leave } = await stage()
    await run('lb.mirror')
    const before = await aws()
    expect(before).toMatchObject({ registered: 150, held: undefined })
    expect(before.inStep).toBeDefined()
    await leave(50)

    const first = await run('lb.sync')
    expect(first.exitCode).toBe(11)
    expect(holds(first)).toEqual(['LB_REMOVAL_BUDGET'])
    const then = await aws()
    expect(then).toMatchObject({ registered: 105, inStep: before.inStep })
    expect(then.removals).toMatch(/^1\.[0-9a-f]{8} \d+:45\/150$/)
    expect(then.held).toMatch(/^LB_REMOVAL_BUDGET\/2026-11-23T/)

    const again = await run('lb.sync')
    expect(again).toMatchObject({ outcome: 'held', exitCode: 11 })
    expect(again.plan?.findings.find(({ code }) => code === 'LB_REMOVAL_BUDGET')?.since).toBe(then.held?.split('/')[1])
    expect(await aws()).toEqual(then)

    clock.advance(HOUR)
    const second = await run('lb.sync')
    expect(holds(second)).toEqual(['LB_REMOVAL_BUDGET'])
    expect(await aws()).toMatchObject({ registered: 74, held: then.held })
    expect((await aws()).removals).toMatch(/^2\.[0-9a-f]{8} \d+:31\/105$/)

    clock.advance(HOUR)
    await run('lb.sync')
    clock.advance(HOUR)
    const last = await run('lb.sync')
    expect(last).toMatchObject({ outcome: 'applied', exitCode: 0 })
    const after = await aws()
    expect(after).toMatchObject({ registered: 50, held: undefined })
    expect(after.inStep).not.toBe(before.inStep)
    expect(await run('lb.sync')).toMatchObject({ outcome: 'nothing-to-do' })
    expect(await aws()).toEqual(after)
  })

  it('loses them at once where somebody says so', async () => {
    const { run, aws, leave } = await stage()
    await run('lb.mirror')
    await leave(50)
    const allowances = [{ code: 'LB_REMOVAL_BUDGET', reason: 'the rack is gone' }]
    expect(await run('lb.sync', { allowances })).toMatchObject({ outcome: 'applied', exitCode: 0 })
    const { registered, removals } = await aws()
    expect(registered).toBe(50)
    expect(removals).toMatch(/^2\.[0-9a-f]{8} \d+:45\/150 \d+:55\/105$/)
  })

  it('loses 30 % where all are replaced, and all the others once the new ones are healthy', async () => {
    const { run, aws, leave } = await stage()
    await run('lb.mirror')
    const fresh = Array.from({ length: 150 }, (_none, at) => ({ address: `10.20.8.${1 + at}`, protocol_port: 8080 }))
    await leave(0, fresh)
    const first = await run('lb.sync')
    expect(first.exitCode).toBe(11)
    expect(await aws()).toMatchObject({ registered: 105 + 150 })
    expect(await run('lb.sync')).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await aws()).toMatchObject({ registered: 150, held: undefined })
  })
})
