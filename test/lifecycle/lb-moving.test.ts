import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { awsPicture } from '../support/aws-picture.ts'
import { ROOT, SHOP_WEB } from '../support/cli.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { runLb, type LbRun, type LbRunSettings } from '../support/lb-run.ts'
import { type Meddle, movingProxy } from '../support/moving.ts'
import { openStack, type OpenStack } from '../support/openstack.ts'
import { memoryStore } from '../support/toy-run.ts'

/** The world does not stand still while nyah works: both clouds behind proxies that let a test move it. */
interface Stage {
  readonly clock: VirtualClock
  readonly octavia: OpenStack
  /** Replaced by a test; both clouds pass by these. */
  meddle: { octavia: Meddle; aws: Meddle }
  readonly aws: (fields: Readonly<Record<string, string>>) => Promise<string>
  run(operation: string, more?: Partial<LbRunSettings>): Promise<LbRun>
  picture(): Promise<Picture>
  setDown(hosts: readonly string[]): void
}

interface Picture {
  readonly loadBalancers: readonly { readonly name: string }[]
  readonly listeners: readonly { readonly port: number; readonly protocol: string }[]
  readonly targetGroups: readonly { readonly name: string; readonly targets: readonly { readonly id: string }[] }[]
  readonly securityGroups: readonly { readonly name: string; readonly ingress: readonly unknown[] }[]
}

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function stage(): Promise<Stage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'nyah-moving-'))
  const clock = virtualClock({ start: Date.UTC(2026, 10, 23) })
  const world = loadWorld(join(ROOT, 'fixtures', 'worlds', 'default.json'))
  const sandbox = await startSandbox({ world, clock })
  const meddle: Stage['meddle'] = { octavia: () => undefined, aws: () => undefined }
  const octaviaDoor = await movingProxy(`${sandbox.url}/load-balancer`, (passing) => meddle.octavia(passing))
  const awsDoor = await movingProxy(sandbox.env['AWS_ENDPOINT_URL'] ?? '', (passing) => meddle.aws(passing))
  const env = {
    ...sandbox.env,
    OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: octaviaDoor.url,
    AWS_ENDPOINT_URL: awsDoor.url,
  }
  writeFileSync(
    join(stateDir, 'sandbox.json'),
    JSON.stringify({ url: sandbox.url, pid: process.pid, env, networks: world.networks }),
  )
  closers.push(octaviaDoor.close, awsDoor.close, sandbox.close, () =>
    rmSync(stateDir, { recursive: true, force: true }),
  )
  const { OS_AUTH_URL = '', OS_USERNAME = '', OS_PASSWORD = '', OS_PROJECT_NAME = '' } = sandbox.env
  const octavia = await openStack({
    authUrl: OS_AUTH_URL,
    username: OS_USERNAME,
    password: OS_PASSWORD,
    project: OS_PROJECT_NAME,
    sleep: (ms) => clock.sleep(ms),
  })
  return {
    clock,
    octavia,
    meddle,
    aws: async (fields) => {
      const answer = await fetch(sandbox.env['AWS_ENDPOINT_URL'] ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(fields).toString(),
      })
      return answer.text()
    },
    setDown: sandbox.setDown,
    picture: async () => (await awsPicture(sandbox.url)) as Picture,
    run: (operation, more = {}) =>
      runLb({
        clock,
        // A machine of its own each time: nobody's lock keeps another out.
        store: memoryStore(),
        stateDir,
        operation,
        arguments: { ids: [SHOP_WEB], wait: true },
        ...more,
      }),
  }
}

const LB = `/v2/lbaas/loadbalancers/${SHOP_WEB}`
const BULK = 'b01c0000-0000-4000-8000-000000000007'

const changed =
  (change: (data: any) => void) =>
  ({ status, body }: { readonly status: number; readonly body: string }) => {
    const data: unknown = JSON.parse(body)
    change(data)
    return { status, body: JSON.stringify(data) }
  }

/** Octavia says in each of its answers that no pool has members. */
const noMembers: Meddle = ({ path }) => {
  if (/\/members/.test(path)) return changed((data) => void (data.members = []))
  if (!/\/pools\?/.test(path)) return undefined
  return changed((data) => {
    for (const pool of data.pools) pool.members = []
  })
}

const bare = ({ address, protocol_port }: any) => ({ address, protocol_port })

const codes = ({ plan }: LbRun): readonly string[] =>
  (plan?.findings ?? []).filter(({ severity }) => severity === 'hold' || severity === 'refuse').map(({ code }) => code)

const targetsOf = async (here: Stage, port: number): Promise<readonly string[]> => {
  const { targetGroups } = await here.picture()
  return (targetGroups.find(({ name }) => name.endsWith(`-${port}`))?.targets ?? []).map(({ id }) => id)
}

/** Called once, when nyah has begun to wait for health. */
function whileWaiting(here: Stage, move: () => Promise<void>): Pick<LbRunSettings, 'onEvent'> {
  let state: 'before' | 'now' | 'moved' = 'before'
  here.meddle.octavia = async ({ path }) => {
    if (state !== 'now' || !path.startsWith(LB)) return
    state = 'moved'
    await move()
  }
  return {
    onEvent: ({ type }) => {
      if (type === 'verify.waiting' && state === 'before') state = 'now'
    },
  }
}

describe('while nyah waits for health', () => {
  it('the load balancer is deleted in Octavia: that is no success', async () => {
    const here = await stage()
    const made = await here.run(
      'lb.mirror',
      whileWaiting(here, () => here.octavia.deleteLoadBalancer(SHOP_WEB)),
    )
    expect(made).toMatchObject({ outcome: 'held', exitCode: 11, error: { code: 'RUN_WORLD_MOVED' } })
    expect(made.error?.message).toContain('LB_SOURCE_GONE')
    expect(await targetsOf(here, 80)).toHaveLength(3)
  })

  it('Octavia shows no members any more: nothing to wait for is no success', async () => {
    const here = await stage()
    const made = await here.run(
      'lb.mirror',
      whileWaiting(here, async () => void (here.meddle.octavia = noMembers)),
    )
    expect(made).toMatchObject({ outcome: 'held', exitCode: 11, error: { code: 'RUN_WORLD_MOVED' } })
    expect(made.error?.message).toContain('LB_SOURCE_EMPTY')
    expect(await targetsOf(here, 80)).toHaveLength(3)
  })

  it('no member is one that Octavia vouches for: it waits for one that serves all the same', async () => {
    const here = await stage()
    here.setDown([11, 12, 13].flatMap((host) => [`10.20.0.${host}:8080`, `10.20.0.${host}:8443`]))
    await here.clock.sleep(120_000)
    const made = await here.run('lb.mirror')
    expect(made).toMatchObject({ outcome: 'not-healthy', exitCode: 9 })
    expect(made.error?.message).toContain('none of 3 targets is healthy')
  })
})

describe('a load balancer that is gone from Octavia', () => {
  it('is told by the exit code, also beside one that is brought up to date', async () => {
    const here = await stage()
    const both = { arguments: { ids: [SHOP_WEB, BULK], wait: true } }
    await here.run('lb.mirror', both)
    await here.octavia.deleteLoadBalancer(SHOP_WEB)
    const [pool] = await here.octavia.poolsOf(BULK)
    await here.octavia.addMember(BULK, pool.id, { address: '10.20.0.222', protocol_port: 8080 })
    const synced = await here.run('lb.sync', both)
    expect(synced).toMatchObject({ outcome: 'held', exitCode: 11 })
    expect(codes(synced)).toEqual(['LB_SOURCE_GONE'])
    expect(await targetsOf(here, 443)).toContain('10.20.0.222')
  })
})

describe('a removal', () => {
  it('waits while the NLB does not know yet whether those that leave serve', async () => {
    const here = await stage()
    const quickly = { arguments: { ids: [SHOP_WEB], wait: false } }
    await here.run('lb.mirror', quickly)
    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    await here.octavia.replaceMembers(SHOP_WEB, pool.id, [{ address: '10.20.0.50', protocol_port: 8080 }])
    const synced = await here.run('lb.sync', quickly)
    expect(synced).toMatchObject({ outcome: 'held', exitCode: 11 })
    expect(codes(synced)).toEqual(['LB_MINIMUM_HEALTHY'])
    expect(await targetsOf(here, 80)).toEqual(['10.20.0.11', '10.20.0.12', '10.20.0.13', '10.20.0.50'])
  })

  it('is not done on an old reading: AWS was slow, and the member came back meanwhile', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    const before = await here.octavia.members(pool.id)
    const rest = [...before.slice(1).map(bare), { address: '10.20.0.50', protocol_port: 8080 }]
    await here.octavia.replaceMembers(SHOP_WEB, pool.id, rest)
    let slow = true
    here.meddle.aws = async ({ action }) => {
      if (action !== 'RegisterTargets' || !slow) return
      slow = false
      await here.octavia.replaceMembers(SHOP_WEB, pool.id, before.map(bare))
      await here.clock.sleep(300_000)
    }
    const synced = await here.run('lb.sync')
    expect(synced).toMatchObject({ outcome: 'partly-applied', exitCode: 8 })
    expect(synced.error?.message).toContain('RUN_READING_OLD')
    expect(await targetsOf(here, 80)).toEqual(['10.20.0.11', '10.20.0.12', '10.20.0.13', '10.20.0.50'])
    expect(await here.run('lb.sync')).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await targetsOf(here, 80)).toEqual(['10.20.0.11', '10.20.0.12', '10.20.0.13'])
  })

  it('is looked at anew by a process that was asleep, and done where it still holds', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    const [gone, back] = await here.octavia.members(pool.id)
    await here.octavia.removeMember(SHOP_WEB, pool.id, gone.id)
    const readings = ({ events }: LbRun): number => events.filter(({ type }) => type === 'observe.started').length
    const asleep: Partial<LbRunSettings> = {
      onEvent: ({ type }) => {
        if (type === 'reading.compared') here.clock.advance(1_200_000)
      },
      options: { timeoutMs: 36_000_000 },
    }
    const first = await here.run('lb.sync', asleep)
    expect(first).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(readings(first)).toBe(4)
    expect(await targetsOf(here, 80)).not.toContain(gone.address)

    await here.octavia.removeMember(SHOP_WEB, pool.id, back.id)
    let passes = 0
    const gates: Partial<LbRunSettings> = {
      ...asleep,
      onEvent: (event) => {
        asleep.onEvent?.(event)
        passes += Number(event.type === 'observe.started')
      },
    }
    here.meddle.octavia = (passing) => (passes >= 3 ? noMembers(passing) : undefined)
    expect(await here.run('lb.sync', gates)).toMatchObject({ exitCode: 11, error: { code: 'RUN_READING_OLD' } })
    expect(await targetsOf(here, 80)).toContain(back.address)
  })
})
