import { afterAll, beforeAll, expect, it } from 'vitest'
import { startNyah } from '../e2e/process.ts'
import { startWorld, type Ended, type World } from '../support/cli.ts'
import { attachFleet, SHOP, splitsOf } from '../support/names-fleet.ts'

/** What Octavia's health check looks at. */
const ADDRESS = '203.0.113.11:443'
const HOME = new Set(['aws=10 octavia=90'])
const AWAY = new Set(['aws=100 octavia=0'])

let world: World
const run = (...words: readonly string[]): Promise<Ended> => world.run([...words, '--sandbox'])

async function health(text: string): Promise<void> {
  const shown = async () => (await run('dns', 'show', SHOP)).stdout
  await expect.poll(shown, { timeout: 30_000 }).toContain(`: ${text}`)
}

beforeAll(async () => {
  world = await startWorld()
  await attachFleet(world, 1)
}, 60_000)
afterAll(() => world.close())

it('nobody is brought back before the side has been healthy for a while without a break', async () => {
  const away = await run('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-4711 line down', '--quiet')
  expect(away.code).toBe(0)

  // a plan says what it would wait for, and that it would do something
  {
    const planned = await run('failover', 'end', '--all', '--plan', '--detailed-exitcode')
    expect(planned.code).toBe(4)
    expect(planned.stdout).toMatch(
      /\. wait +octavia stays healthy for 3m without a break, counted from now on\n +> shift/,
    )
    expect(planned.stdout).toContain('1 to shift')
    expect(planned.stderr).not.toContain('--allow')
  }

  // a side that is down is refused, and not waited for
  {
    world.sandbox.setDown([ADDRESS])
    await health('0 of 16 checkers')
    const refused = await run('failover', 'end', '--all', '--yes')
    expect(refused.code).toBe(6)
    expect(refused.stderr).toContain('DNS_SIDE_UNHEALTHY')
    world.sandbox.setDown([])
    await health('16 of 16 checkers')
  }

  // interrupted while it waits: nothing was done, and it can be taken up
  const words = ['failover', 'end', '--all', '--healthy-for', '5s', '--yes', '--reason', 'line is back', '--sandbox']
  let id: string
  {
    const live = startNyah(world.home, words)
    await live.until(/step 1 is due/)
    live.child.kill('SIGINT')
    const ended = await live.ended
    expect(ended.code).toBe(130)
    expect(splitsOf(world, 1)).toEqual(AWAY)
    const [, found = ''] = /nyah run resume (\S+)/.exec(ended.stderr) ?? []
    expect(found).not.toBe('')
    id = found
  }

  // taken up, it sees the side break, begins to count again, and then moves
  {
    const live = startNyah(world.home, ['run', 'resume', id, '--yes', '--sandbox'])
    await live.until(/step 1 is due/)
    world.sandbox.setDown([ADDRESS])
    await live.until(/FAILOVER_RETURN_BREAK +shop\.example\.jp A: octavia is unhealthy/)
    expect(splitsOf(world, 1)).toEqual(AWAY)
    world.sandbox.setDown([])
    const { code, stderr } = await live.ended
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /FAILOVER_RETURN_BREAK[^]*step 1 is due[^]*step 1: octavia 0 %, aws 100 % → octavia 90 %, aws 10 %/,
    )
    expect(stderr).toContain('1 change made')
    expect(splitsOf(world, 1)).toEqual(HOME)
  }
}, 120_000)
