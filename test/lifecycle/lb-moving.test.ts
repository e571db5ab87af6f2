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
import { handOn } from '../support/hand.ts'
import { type Meddle, movingProxy } from '../support/moving.ts'
import { sandboxOpenStack, type OpenStack } from '../support/openstack.ts'
import { memoryStore } from '../support/toy-run.ts'

/** The world does not stand still while nyah works: both clouds are behind a proxy that lets a test move it. */
interface Stage {
  readonly clock: VirtualClock
  readonly octavia: OpenStack
  /** Replaced by a test; both clouds pass by these. */
  meddle: { octavia: Meddle; aws: Meddle }
  readonly url: string
  run(operation: string, more?: Partial<LbRunSettings>): Promise<LbRun>
  picture(): Promise<Picture>
  setDown(hosts: readonly string[]): void
}

type Picture = Awaited<ReturnType<typeof awsPicture>>

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
  const door = await movingProxy(sandbox.url, (passing) => {
    const [, service = '', path = ''] = /^\/([^/]*)(.*)$/.exec(passing.path) ?? []
    if (service === 'identity') return undefined
    return (service === 'aws' ? meddle.aws : meddle.octavia)({ ...passing, path })
  })
  const env = Object.fromEntries(
    Object.entries(sandbox.env).map(([key, value]) => [key, value.replace(sandbox.url, door.url)]),
  )
  writeFileSync(
    join(stateDir, 'sandbox.json'),
    JSON.stringify({
      url: door.url,
      pid: process.pid,
      // Keystone's catalogue names the sandbox itself.
      env: { ...env, OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: `${door.url}/load-balancer` },
      networks: world.networks,
    }),
  )
  closers.push(door.close, sandbox.close, () => rmSync(stateDir, { recursive: true, force: true }))
  const octavia = await sandboxOpenStack(sandbox, (ms) => clock.sleep(ms))
  return {
    clock,
    octavia,
    meddle,
    url: sandbox.env['AWS_ENDPOINT_URL'] ?? '',
    setDown: sandbox.setDown,
    picture: () => awsPicture(sandbox.url),
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

  it('a member goes: the run has done its part, and says that there is more to do', async () => {
    const here = await stage()
    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    const [gone] = await here.octavia.members(pool.id)
    const moving = whileWaiting(here, () => here.octavia.removeMember(SHOP_WEB, pool.id, gone.id))
    const made = await here.run('lb.mirror', moving)
    expect(made).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(made.events).toContainEqual(
      expect.objectContaining({ type: 'note', data: expect.objectContaining({ code: 'RUN_MORE_TO_DO' }) }),
    )
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

const WRITES = /^(Create|Modify|Delete|Register|Deregister|Set|Add|Authorize|Revoke)/

/** Calls `move` before the first request of this action, once. */
function before(here: Stage, action: RegExp, move: () => Promise<void>): void {
  let moved = false
  here.meddle.aws = async (passing) => {
    if (moved || !action.test(passing.action)) return
    moved = true
    await move()
  }
}

const quickly = { options: { timeoutMs: 60_000 } }
const unmirror = { arguments: { ids: [SHOP_WEB] }, options: { confirmed: SHOP_WEB } }

describe('when each answer is lost once, and each request cut off once', () => {
  it('nothing is there twice, and nothing is left behind', async () => {
    const fresh = await stage()
    const start = await fresh.picture()
    await fresh.run('lb.mirror')
    const end = await fresh.picture()

    const here = await stage()
    const seen = new Map<string, number>()
    here.meddle.aws = ({ action, fields }) => {
      const key = `${action} ${fields.get('Name') ?? fields.get('Port') ?? fields.get('TargetGroupArn') ?? ''}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
      if (seen.get(key) === 1) return 'cut'
      return seen.get(key) === 2 && WRITES.test(action) ? 'cut-after' : undefined
    }
    const asked = new Set<string>()
    here.meddle.octavia = ({ path }) => {
      if (asked.has(path)) return undefined
      asked.add(path)
      return 'cut'
    }
    expect(await here.run('lb.mirror')).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await here.picture()).toEqual(end)
    expect([...seen.keys()].filter((key) => WRITES.test(key)).length).toBeGreaterThan(9)
    expect(await here.run('lb.unmirror', unmirror)).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await here.picture()).toEqual(start)
  })

  it('a token that expires under way is renewed', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    const asked = new Set<string>()
    here.meddle.octavia = ({ path }) => {
      if (asked.has(path)) return undefined
      asked.add(path)
      return () => ({ status: 401, body: '{"error": {"code": 401, "message": "no", "title": "Unauthorized"}}' })
    }
    expect(await here.run('lb.sync')).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0 })
  })
})

describe('between two readings', () => {
  const missing = `{"faultcode": "Client", "faultstring": "Load Balancer ${SHOP_WEB} not found.", "debuginfo": null}`
  it.each([
    ['PENDING_UPDATE', 'LB_SOURCE_PENDING'],
    ['ERROR', 'LB_SOURCE_ERROR'],
    ['gone', 'LB_SOURCE_GONE'],
  ])('a load balancer that is %s then keeps all its targets', async (how, code) => {
    const here = await stage()
    await here.run('lb.mirror')
    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    const [gone] = await here.octavia.members(pool.id)
    await here.octavia.removeMember(SHOP_WEB, pool.id, gone.id)
    let passes = 0
    here.meddle.octavia = ({ path }) => {
      if (passes < 2 || !path.startsWith(LB)) return undefined
      if (how === 'gone') return () => ({ status: 404, body: missing })
      return changed((data) => void (data.loadbalancer.provisioning_status = how))
    }
    const synced = await here.run('lb.sync', {
      onEvent: ({ type }) => void (passes += Number(type === 'observe.started')),
    })
    expect(synced).toMatchObject({ outcome: 'held', exitCode: 11 })
    expect(codes(synced)).toContain(code)
    expect(await targetsOf(here, 80)).toHaveLength(3)
  })
})

describe('while Octavia is read', () => {
  it('a change that falls between its lists and its slow load balancer is not overlooked', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    const [listener] = await here.octavia.listenersOf(SHOP_WEB)
    let slow = true
    here.meddle.octavia = async ({ path }) => {
      if (!slow || !path.startsWith(LB)) return
      slow = false
      await here.octavia.must('PUT', `/listeners/${listener.id}`, { listener: { allowed_cidrs: ['192.0.2.0/24'] } })
      await here.octavia.waitActive(SHOP_WEB)
      await here.clock.sleep(5_000)
    }
    expect(await here.run('lb.sync')).toMatchObject({ outcome: 'applied', exitCode: 0 })
    const { securityGroups } = await here.picture()
    expect(JSON.stringify(securityGroups)).toContain('192.0.2.0/24')
  })
})

describe('two machines at once', () => {
  it('make one mirror, and one removal', async () => {
    const fresh = await stage()
    await fresh.run('lb.mirror')
    const here = await stage()
    const both = (operation: string): Promise<readonly LbRun[]> =>
      Promise.all(['a', 'b'].map((run) => here.run(operation, { run })))
    expect(await both('lb.mirror')).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }])
    expect(await here.picture()).toEqual(await fresh.picture())

    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    const members = await here.octavia.members(pool.id)
    const rest = [...members.slice(1).map(bare), { address: '10.20.0.50', protocol_port: 8080 }]
    await here.octavia.replaceMembers(SHOP_WEB, pool.id, rest)
    expect(await both('lb.sync')).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }])
    expect(await targetsOf(here, 80)).toHaveLength(3)
    expect(await here.run('lb.sync')).toMatchObject({ outcome: 'nothing-to-do' })
  })

  it('that make two load balancers, since it is renamed meanwhile, keep to the one that serves, and say so', async () => {
    const here = await stage()
    const start = await here.picture()
    before(here, /^CreateSecurityGroup$/, async () => {
      await here.octavia.must('PUT', LB.slice('/v2/lbaas'.length), { loadbalancer: { name: 'zz-renamed' } })
      await here.octavia.waitActive(SHOP_WEB)
      await here.run('lb.mirror', { run: 'b' })
    })
    await here.run('lb.mirror')
    expect((await here.picture()).loadBalancers).toHaveLength(2)
    const again = await here.run('lb.mirror')
    expect(again).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0 })
    expect(again.plan?.findings.map(({ code }) => code)).toContain('LB_SPARE_LOAD_BALANCER')
    expect(await here.run('lb.unmirror', unmirror)).toMatchObject({ outcome: 'held', exitCode: 11 })
    expect(await here.run('lb.unmirror', unmirror)).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await here.picture()).toEqual(start)
  })
})

describe("somebody's hand", () => {
  const grow = async (here: Stage): Promise<void> => {
    const [pool] = await here.octavia.poolsOf(SHOP_WEB)
    await here.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.60', protocol_port: 8080 })
  }

  it('that closes the security group meanwhile is no success: healthy targets nobody can reach', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    await grow(here)
    before(here, WRITES, () => handOn(here.url).closeSecurityGroup())
    const synced = await here.run('lb.sync', quickly)
    expect(synced).toMatchObject({ outcome: 'not-healthy', exitCode: 9 })
    expect(synced.error?.message).toContain('does not let in 0.0.0.0/0')
    expect(await here.run('lb.sync')).toMatchObject({ outcome: 'applied', exitCode: 0 })
  })

  it('that deletes a target group meanwhile fails the run; the next one makes it again', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    await grow(here)
    before(here, WRITES, () => handOn(here.url).deleteTargetGroup())
    expect(await here.run('lb.sync', quickly)).toMatchObject({ exitCode: 7, error: { code: 'AWS_NOT_FOUND' } })
    expect(await here.run('lb.sync')).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(await targetsOf(here, 80)).toHaveLength(4)
  })

  it('that adds a listener while the mirror is taken down keeps its load balancer', async () => {
    const here = await stage()
    await here.run('lb.mirror')
    before(here, /^DeleteListener$/, () => handOn(here.url).addListener())
    const taken = await here.run('lb.unmirror', unmirror)
    expect(taken).toMatchObject({ outcome: 'partly-applied', exitCode: 8 })
    expect(taken.error?.message).toContain('port 9999')
    expect((await here.picture()).listeners.map(({ port }) => port)).toEqual([9999])
  })
})
