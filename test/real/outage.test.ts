import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BIN, plainEnv } from '../support/cli.ts'
import { type Arranged, arrange } from './arranged.ts'
import { awsEnv } from './lane.ts'

/**
 * The real Octavia's worker held up, and Keystone stopped. Everybody on the lane is struck, so each test sets right what
 * it put out of order before it ends, and so does the end of the file.
 */

const REGION = 'eu-west-3'
const octaviaLane = (...args: readonly string[]) =>
  promisify(execFile)(fileURLToPath(new URL('lanes/octavia-lane', import.meta.url)), args, { timeout: 120_000 })

let world: Arranged

beforeAll(async () => {
  world = await arrange(REGION, 'outage')
})

afterAll(async () => {
  await octaviaLane('resume')
  await octaviaLane('up')
  await world.close()
})

const MONITOR = { type: 'TCP', delay: 10, timeout: 5, max_retries: 3 }

async function mirrored(name: string, hosts: readonly number[]): Promise<{ id: string; pool: string; group: any }> {
  const members = hosts.map((host) => ({ address: `10.20.7.${host}`, protocol_port: 8080 }))
  const id = await world.create({
    name,
    listeners: [{ protocol_port: 80, default_pool: { members, healthmonitor: MONITOR } }],
  })
  await world.demand(0, ['lb', 'mirror', id, '--yes'])
  const [group] = (await world.mirrorOf(id)).targetGroups
  return { id, pool: (await world.octavia.poolsOf(id))[0].id, group }
}

const at = (host: number): string => `10.20.7.${host}:8080`

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((done) => setTimeout(done, 250))) {
    if (await holds()) return
  }
  throw new Error(`waited 60 s for ${what}`)
}

describe('while Octavia’s worker is held up', () => {
  it('a member that was added is registered; one that was switched off stays until the change is through', async () => {
    const { id, pool, group } = await mirrored('pending', [1, 2])
    await octaviaLane('pause')
    try {
      // All in one request: another would be refused while this one is pending. What it says of members shows at once.
      const batch = [1, 2, 3].map((host) => ({
        address: `10.20.7.${host}`,
        protocol_port: 8080,
        admin_state_up: host !== 1,
      }))
      const { status } = await world.octavia.call('PUT', `/pools/${pool}/members`, { members: batch })
      expect(status).toBe(202)
      const { loadbalancer } = await world.octavia.must('GET', `/loadbalancers/${id}`)
      expect(loadbalancer.provisioning_status).toBe('PENDING_UPDATE')

      const ended = await world.demand(11, ['lb', 'sync', id, '--yes', '--json'])
      const { plan, outcome } = JSON.parse(ended.stdout)
      expect(outcome).toBe('held')
      const held = plan.findings.find(({ code }: { code: string }) => code === 'LB_SOURCE_PENDING')
      expect(held).toMatchObject({ severity: 'hold' })
      expect(held.evidence).toContain('PENDING_UPDATE')
      expect(await world.targetsOf(group)).toEqual([at(1), at(2), at(3)])
      // Kept with the mirror, so that whoever looks next sees it, and since when.
      const [{ LoadBalancerArn }] = (await world.mirrorOf(id)).loadBalancers
      expect((await world.tagsOf(LoadBalancerArn))['nyah:held']).toMatch(/^LB_SOURCE_PENDING\/20\d\d-/)
    } finally {
      await octaviaLane('resume')
    }
    await world.octavia.waitActive(id)
    await world.demand(0, ['lb', 'sync', id, '--yes'])
    expect(await world.targetsOf(group)).toEqual([at(2), at(3)])
    const [{ LoadBalancerArn }] = (await world.mirrorOf(id)).loadBalancers
    expect(await world.tagsOf(LoadBalancerArn)).not.toHaveProperty('nyah:held')
  })

  it('a member that is being deleted goes on taking traffic, as it does in Octavia', async () => {
    const { id, pool, group } = await mirrored('going', [1, 2, 3])
    await octaviaLane('pause')
    try {
      const going = (await world.octavia.members(pool)).find(({ address }) => address === '10.20.7.1')
      await world.octavia.must('DELETE', `/pools/${pool}/members/${going.id}`)
      const { stdout } = await world.demand(0, ['lb', 'sync', id, '--yes'])
      expect(stdout).toContain('LB_SOURCE_PENDING')
      expect(await world.targetsOf(group)).toEqual([at(1), at(2), at(3)])
    } finally {
      await octaviaLane('resume')
    }
    await world.octavia.waitActive(id)
    await world.demand(0, ['lb', 'sync', id, '--yes'])
    expect(await world.targetsOf(group)).toEqual([at(2), at(3)])
  })

  it('what is being deleted is not taken down, and not mirrored anew', async () => {
    const { id, group } = await mirrored('leaving', [1, 2])
    const fresh = await world.create({
      name: 'never',
      listeners: [{ protocol_port: 80, default_pool: { members: [{ address: '10.20.7.9', protocol_port: 80 }] } }],
    })
    await octaviaLane('pause')
    try {
      for (const each of [id, fresh]) await world.octavia.must('DELETE', `/loadbalancers/${each}?cascade=true`)
      const synced = await world.demand(0, ['lb', 'sync', id, '--yes'])
      expect(synced.stdout).toContain('PENDING_DELETE')
      expect(await world.targetsOf(group)).toEqual([at(1), at(2)])
      const { stdout } = await world.demand(6, ['lb', 'mirror', fresh, '--yes'])
      expect(stdout).toContain('LB_SOURCE_PENDING')
      expect((await world.mirrorOf(fresh)).loadBalancers).toEqual([])
    } finally {
      await octaviaLane('resume')
    }
  })
})

describe('while Keystone is stopped', () => {
  it('a command fails with 7 and says what to try; a watch that has a token goes on', async () => {
    const { id, pool, group } = await mirrored('unidentified', [1, 2])
    const watch = spawn(process.execPath, [BIN, 'lb', 'sync', id, '--watch', '--interval', '5s', '--yes'], {
      cwd: world.home,
      env: { ...plainEnv(world.home), ...world.lane, ...awsEnv(REGION) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [watch.stdout, watch.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
    const closed = new Promise<number | null>((resolve) => watch.on('close', (code) => resolve(code)))
    try {
      // A member that comes while all is well shows that it is at work, and so has its token.
      await world.octavia.addMember(id, pool, { address: '10.20.7.3', protocol_port: 8080 })
      await until('the watch to follow', async () => (await world.targetsOf(group)).includes(at(3)))
      await octaviaLane('stop', 'keystone')
      try {
        // What changes needs Octavia; what shows, shows the half that it can see.
        for (const [exit, words] of [
          [7, ['lb', 'mirror', id, '--yes']],
          [12, ['lb', 'show', id]],
        ] as const) {
          const { stdout, stderr } = await world.demand(exit, [...words, '--timeout', '8s'])
          expect(stdout + stderr).toContain('KEYSTONE_UNREACHABLE')
          expect(stdout + stderr).toMatch(/Try: /)
        }
        // Octavia knows the token of this test, as it knows the watch's.
        await world.octavia.addMember(id, pool, { address: '10.20.7.4', protocol_port: 8080 })
        await until('the watch to go on', async () => (await world.targetsOf(group)).includes(at(4)))
      } finally {
        await octaviaLane('up')
      }
      await world.demand(0, ['lb', 'diff', id])
    } finally {
      watch.kill('SIGTERM')
    }
    expect({ code: await closed, said }).toMatchObject({ code: 0 })
  })
})
