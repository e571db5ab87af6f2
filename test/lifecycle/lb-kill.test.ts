import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/lib/core/json.ts'
import type { SandboxState } from '../../src/lib/sandbox/services.ts'
import { awsPicture } from '../support/aws-picture.ts'
import { SHOP_WEB, startWorld, type World } from '../support/cli.ts'
import { lbChild } from '../support/lb-child.ts'

interface ChildEnd {
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

const child = (home: string, operation: string, args: JsonObject, moment: number | string): Promise<ChildEnd> =>
  new Promise((resolve) => {
    const argv = [lbChild, join(home, 'state'), operation, JSON.stringify(args), String(moment)]
    execFile(process.execPath, argv, (error, stdout, stderr) =>
      resolve({ signal: error?.signal ?? null, stdout, stderr }),
    )
  })

const MIRROR = { ids: [SHOP_WEB], wait: true }

describe('a process killed at every event of a mirror', () => {
  it('is finished by `nyah run resume`, or the same command, with the same end', { timeout: 240_000 }, async () => {
    const whole = await startWorld(1000)
    const { stdout, stderr } = await child(whole.home, 'lb.mirror', MIRROR, 0)
    expect(stderr).toBe('')
    const { outcome, events } = JSON.parse(stdout) as { outcome: string; events: number }
    expect(outcome).toBe('applied')
    const end = await awsPicture(whole.sandbox.url)
    await whole.close()

    const killAt = async (seq: number): Promise<boolean> => {
      const world = await startWorld(1000)
      try {
        const killed = await child(world.home, 'lb.mirror', MIRROR, seq)
        // How often nyah looks while it waits is not the same each time: the last events may not come.
        if (killed.signal === null) return false
        expect(killed.signal, `at ${seq}`).toBe('SIGKILL')
        const list = await world.run(['run', 'list', '--json'])
        const [run] = (JSON.parse(list.stdout) as { runs: { id: string; standing: string }[] }).runs
        if (run !== undefined) expect(run.standing).toBe('killed')
        const again =
          run === undefined ? ['lb', 'mirror', SHOP_WEB, '--sandbox', '--yes'] : ['run', 'resume', run.id, '--yes']
        const resumed = await world.run(again)
        expect(resumed, `at ${seq}`).toMatchObject({ code: 0 })
        expect(await awsPicture(world.sandbox.url), `at ${seq}`).toEqual(end)
        return run !== undefined
      } finally {
        await world.close()
      }
    }

    let journalled = 0
    for (let seq = 1; seq <= events; seq += 2) {
      const pair = await Promise.all([killAt(seq), killAt(seq + 1)])
      journalled += pair.filter(Boolean).length
    }
    expect(journalled).toBeGreaterThan(15)
  })
})

describe.concurrent('a process killed in the middle of', () => {
  const stateOf = (sandbox: World['sandbox']): SandboxState => {
    const seen: SandboxState[] = []
    sandbox.change((now) => (seen.push(now), now))
    const [now] = seen
    if (now === undefined) throw new Error('the sandbox has no state')
    return now
  }

  /** From the same moment twice: seen through, then killed at `moment` and asked again. */
  async function killed({ home, sandbox }: World, operation: string, args: JsonObject, moment: string): Promise<void> {
    const kept = stateOf(sandbox)
    expect(await child(home, operation, args, 0)).toMatchObject({ signal: null, stderr: '' })
    const end = await awsPicture(sandbox.url)
    sandbox.change(() => kept)
    const start = await awsPicture(sandbox.url)
    expect(await child(home, operation, args, moment)).toMatchObject({ signal: 'SIGKILL' })
    const half = await awsPicture(sandbox.url)
    expect(half).not.toEqual(start)
    expect(half).not.toEqual(end)
    const again = await child(home, operation, args, 0)
    expect(again.signal === null && JSON.parse(again.stdout)).toMatchObject({ outcome: 'applied' })
    expect(await awsPicture(sandbox.url)).toEqual(end)
  }

  async function mirrored(then: (world: World) => Promise<void>): Promise<void> {
    const world = await startWorld(1000)
    try {
      expect(await child(world.home, 'lb.mirror', MIRROR, 0)).toMatchObject({ signal: null })
      await then(world)
    } finally {
      await world.close()
    }
  }

  it('a replacement of target groups is followed by the same command, with the same end', () =>
    mirrored(async (world) => {
      const [pool] = await world.octavia.poolsOf(SHOP_WEB)
      const [first] = await world.octavia.members(pool.id)
      await world.octavia.updateMember(SHOP_WEB, pool.id, first.id, { weight: 5 })
      await killed(world, 'lb.mirror', { ...MIRROR, weights: 'target-groups' }, '/listener/80/join')
    }))

  it('a retarget is followed by the same command, with the same end', () =>
    mirrored(async (world) => {
      const made = await world.octavia.createLoadBalancer({ name: 'shop-web-2' })
      const heir = await world.octavia.createPool(made.id, { name: 'p' })
      const members = [11, 12, 13, 14].map((host) => ({ address: `10.20.0.${host}`, protocol_port: 8080 }))
      await world.octavia.replaceMembers(made.id, heir.id, members)
      await world.octavia.createListener(made.id, { protocol_port: 80, default_pool_id: heir.id })
      const args = { ids: [made.id as string], formerId: SHOP_WEB, wait: true }
      await killed(world, 'lb.retarget', args, '/target-group/80/update')
    }))
})
