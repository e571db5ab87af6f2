import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { awsPicture } from '../support/aws-picture.ts'
import { SHOP_WEB, startWorld } from '../support/cli.ts'
import { lbChild } from '../support/lb-child.ts'

interface ChildEnd {
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

const child = (stateDir: string, seq: number): Promise<ChildEnd> =>
  new Promise((resolve) => {
    execFile(process.execPath, [lbChild, stateDir, SHOP_WEB, String(seq)], (error, stdout, stderr) =>
      resolve({ signal: error?.signal ?? null, stdout, stderr }),
    )
  })

describe('a process killed at every event of a mirror', () => {
  it('is finished by `nyah run resume`, or the same command, with the same end', { timeout: 240_000 }, async () => {
    const whole = await startWorld(1000)
    const { stdout, stderr } = await child(join(whole.home, 'state'), 0)
    expect(stderr).toBe('')
    const { outcome, events } = JSON.parse(stdout) as { outcome: string; events: number }
    expect(outcome).toBe('applied')
    const end = await awsPicture(whole.sandbox.url)
    await whole.close()

    const killAt = async (seq: number): Promise<boolean> => {
      const world = await startWorld(1000)
      try {
        const killed = await child(join(world.home, 'state'), seq)
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
