import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { interrupted } from '../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../src/lib/core/events.ts'
import { startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { awsPicture } from '../support/aws-picture.ts'
import { ROOT, SHOP_WEB } from '../support/cli.ts'
import { virtualClock } from '../support/clock.ts'
import { runLb, type LbRun, type LbRunSettings } from '../support/lb-run.ts'
import { sandboxOpenStack, type OpenStack } from '../support/openstack.ts'
import { memoryStore } from '../support/toy-run.ts'

/** A sandbox and a nyah that share one clock, which jumps. */
interface Stage {
  readonly stateDir: string
  readonly octavia: OpenStack
  run(operation: string, more?: Partial<LbRunSettings>): Promise<LbRun>
  picture(): Promise<unknown>
  setDown(hosts: readonly string[]): void
}

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function stage(): Promise<Stage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'nyah-life-'))
  mkdirSync(stateDir, { recursive: true })
  const clock = virtualClock({ start: Date.UTC(2026, 10, 23) })
  const world = loadWorld(join(ROOT, 'fixtures', 'worlds', 'default.json'))
  const sandbox = await startSandbox({ world, clock })
  const beacon = { url: sandbox.url, pid: process.pid, env: sandbox.env, networks: world.networks }
  writeFileSync(join(stateDir, 'sandbox.json'), JSON.stringify(beacon))
  closers.push(sandbox.close, () => rmSync(stateDir, { recursive: true, force: true }))
  const octavia = await sandboxOpenStack(sandbox, (ms) => clock.sleep(ms))
  const store = memoryStore()
  return {
    stateDir,
    octavia,
    setDown: sandbox.setDown,
    picture: () => awsPicture(sandbox.url),
    run: (operation, more = {}) =>
      runLb({
        clock,
        store,
        stateDir,
        operation,
        arguments: operation === 'lb.unmirror' ? { ids: [SHOP_WEB] } : { ids: [SHOP_WEB], wait: true },
        ...more,
      }),
  }
}

/** The plan of a run, which is now empty. */
async function expectInStep({ run }: Stage): Promise<void> {
  const again = await run('lb.mirror')
  expect(again.plan?.changes).toEqual([])
  expect(again).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0 })
}

async function addMembers({ octavia }: Stage, address: string): Promise<void> {
  for (const pool of await octavia.poolsOf(SHOP_WEB)) {
    const [first] = await octavia.members(pool.id)
    await octavia.addMember(SHOP_WEB, pool.id, { address, protocol_port: first.protocol_port })
  }
}

describe('a mirror', () => {
  it('is made, is in step, follows, equals a fresh one, and leaves AWS as it was', async () => {
    const here = await stage()
    const start = await here.picture()
    expect(await here.run('lb.mirror')).toMatchObject({ outcome: 'applied', exitCode: 0 })
    await expectInStep(here)

    await addMembers(here, '10.20.0.99')
    const sync = await here.run('lb.sync')
    expect(sync).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(sync.plan?.changes.map(({ ref, kind }) => `${kind} ${ref.type}`)).toEqual([
      'create targets',
      'create targets',
    ])
    await expectInStep(here)

    const fresh = await stage()
    await addMembers(fresh, '10.20.0.99')
    expect(await fresh.run('lb.mirror')).toMatchObject({ outcome: 'applied' })
    expect(await here.picture()).toEqual(await fresh.picture())

    const removal = await here.run('lb.unmirror', { options: { confirmed: SHOP_WEB } })
    expect(removal).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await here.picture()).toEqual(start)
    expect(await here.run('lb.unmirror', { options: { confirmed: SHOP_WEB } })).toMatchObject({
      outcome: 'nothing-to-do',
    })
  })

  it('follows a member that goes: two readings, the new one before the old, then in step', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    const [gone, ...rest] = await here.octavia.members(pool.id)
    await here.octavia.replaceMembers(SHOP_WEB, pool.id, [
      ...rest.map(({ address, protocol_port }: { address: string; protocol_port: number }) => ({
        address,
        protocol_port,
      })),
      { address: '10.20.0.50', protocol_port: gone.protocol_port },
    ])
    const sync = await here.run('lb.sync')
    expect(sync).toMatchObject({ outcome: 'applied', exitCode: 0 })
    const types = sync.events.map(({ type }) => type)
    expect(types).toContain('reading.second')
    const began = (risk: string): number => {
      const ids = sync.plan?.changes.filter((change) => change.risk === risk).map(({ id }) => id) ?? []
      return sync.events.findIndex((event) => event.type === 'change.started' && ids.includes(event.data.id))
    }
    expect(began('removes')).toBeGreaterThan(began('none'))
    await expectInStep(here)
  })

  it('is held, not emptied, when all members are gone from Octavia', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    const before = await here.picture()
    for (const pool of await here.octavia.poolsOf(SHOP_WEB)) await here.octavia.replaceMembers(SHOP_WEB, pool.id, [])
    const sync = await here.run('lb.sync')
    expect(sync).toMatchObject({ outcome: 'held', exitCode: 11 })
    expect(sync.plan?.findings.filter(({ severity }) => severity === 'hold').map(({ code }) => code)).toContain(
      'LB_SOURCE_EMPTY',
    )
    expect(await here.picture()).toEqual(before)
  })

  it('waits for members that serve, not for one that Octavia itself calls down', async () => {
    const here = await stage()
    here.setDown(['10.20.0.13:8080', '10.20.0.13:8443'])
    const mirrored = await here.run('lb.mirror')
    expect(mirrored).toMatchObject({ outcome: 'applied', exitCode: 0 })
  })

  it('of 150 members is in step after one run', async () => {
    const here = await stage()
    const bulk = { arguments: { ids: ['b01c0000-0000-4000-8000-000000000007'], wait: true } }
    expect(await here.run('lb.mirror', bulk)).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await here.run('lb.mirror', bulk)).toMatchObject({ outcome: 'nothing-to-do' })
  })

  it('that faces the internet has the Elastic IPs of the configuration, and gives them back', async () => {
    const here = await stage()
    const config = join(here.stateDir, 'nyah.yaml')
    const addresses = { 'subnet-1a': 'eipalloc-1a', 'subnet-1c': 'eipalloc-1c' }
    const publicNetwork = { vpcId: 'vpc-0a1b', scheme: 'internet-facing', subnets: ['subnet-1a', 'subnet-1c'] }
    const context = {
      sandbox: true,
      networks: { public: publicNetwork },
      mirrors: { [SHOP_WEB]: { network: 'public', addresses } },
    }
    writeFileSync(config, JSON.stringify({ contexts: { here: context } }))
    expect(await here.run('lb.mirror', { config })).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await here.picture()).toMatchObject({ loadBalancers: [{ scheme: 'internet-facing', addresses }] })
    expect(await here.run('lb.mirror', { config })).toMatchObject({ outcome: 'nothing-to-do' })

    // The same addresses for another load balancer: they are taken.
    const other = '5f0c7c1e-0000-4000-8000-000000000002'
    const greedy = { ...context, mirrors: { [other]: { network: 'public', addresses } } }
    writeFileSync(config, JSON.stringify({ contexts: { here: greedy } }))
    const second = await here.run('lb.mirror', { config, arguments: { ids: [other], wait: true } })
    expect(second).toMatchObject({ outcome: 'refused', exitCode: 6 })
    expect(second.plan?.findings.map(({ code }) => code)).toContain('LB_ADDRESS_IN_USE')
    await here.run('lb.unmirror', { config, options: { confirmed: SHOP_WEB } })
    const third = await here.run('lb.mirror', { config, arguments: { ids: [other], wait: true } })
    expect(third).toMatchObject({ outcome: 'applied' })
  })

  it('of several load balancers in one run: a refused one stays as it is, the others are as if they were alone', async () => {
    const [here, alone] = await Promise.all([stage(), stage()])
    const ids = [SHOP_WEB, 'd0530000-0000-4000-8000-000000000005']
    const both = await here.run('lb.mirror', { arguments: { ids, wait: true } })
    expect(both).toMatchObject({ outcome: 'refused', exitCode: 6 })
    expect(both.error?.message).toContain('1 of 2 refused, and left as it is: dns-udp (d0530000')
    await alone.run('lb.mirror')
    expect(await here.picture()).toEqual(await alone.picture())
  })
})

describe('an abort at every event', () => {
  it('is finished by the next run, with the same end', { timeout: 240_000 }, async () => {
    const whole = await stage()
    const { events } = await whole.run('lb.mirror')
    const end = await whole.picture()
    expect(events.length).toBeGreaterThan(20)
    let midway = 0
    for (let seq = 1; seq < events.length; seq += 1) {
      const here = await stage()
      const controller = new AbortController()
      const onEvent = (event: NyahEvent): void => {
        if (event.seq === seq) controller.abort(interrupted('SIGINT'))
      }
      const aborted = await here.run('lb.mirror', { signal: controller.signal, onEvent })
      expect(aborted.events.at(-1)?.type, `at ${seq}`).toBe('run.finished')
      if (aborted.exitCode === 130) midway += 1
      const resumed = await here.run('lb.mirror', { options: { resumes: 'run-1' }, run: 'run-2' })
      expect(['applied', 'nothing-to-do'], `at ${seq}: ${JSON.stringify(resumed.error)}`).toContain(resumed.outcome)
      expect(await here.picture(), `at ${seq}`).toEqual(end)
      for (const close of closers.splice(0)) await close()
    }
    expect(midway).toBeGreaterThan(15)
  })
})
