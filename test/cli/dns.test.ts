import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld, type Ended, type World } from '../support/cli.ts'

const NAME = 'shop.example.jp'

describe('a name: attached, looked at, moved, brought back, detached', () => {
  let world: World
  const run = (...words: readonly string[]): Promise<Ended> => world.run([...words, '--sandbox'])
  const shares = async (): Promise<Readonly<Record<string, number>>> => {
    const { stdout } = await run('dns', 'show', NAME, '--json')
    const { sets } = JSON.parse(stdout)
    return Object.fromEntries(sets[0].members.map((one: { id: string; share: number }) => [one.id, one.share]))
  }

  beforeAll(async () => {
    world = await startWorld()
    const made = await run('lb', 'mirror', 'shop-web', '--yes')
    expect(made.code).toBe(0)
  }, 60_000)
  afterAll(() => world.close())

  it('one life, each step standing on the one before', async () => {
    // nothing is nyah’s yet: nobody could be moved
    {
      const { code, stdout } = await run('status')
      expect(code).toBe(12)
      expect(stdout).toContain('there is nobody it could move')
      expect((await run('failover', 'to-aws', '--all', '--plan')).stderr).toContain('FAILOVER_NO_NAMES')
    }

    // dns show of a simple record
    {
      const { code, stdout } = await run('dns', 'show', NAME)
      expect(code).toBe(0)
      expect(stdout).toMatch(/routing\s+simple/)
      expect(stdout).toContain('203.0.113.11')
      expect(stdout).toContain('Route 53 does not notice')
    }

    // dns show of a name that is not there
    {
      expect(await run('dns', 'show', 'nowhere.example.jp')).toMatchObject({ code: 2 })
    }

    // dns attach
    {
      const ended = await run(
        'dns',
        'attach',
        NAME,
        '--mirror',
        'shop-web',
        '--no-ramp',
        '--yes',
        '--allow',
        'DNS_PRIVATE_ADDRESS',
        '--reason',
        'INC-1',
      )
      expect(ended.stderr).not.toContain('BUG')
      expect(ended.code).toBe(0)
      expect(await shares()).toEqual({ octavia: 90, aws: 10 })
      const { stdout } = await run('dns', 'show', NAME)
      expect(stdout).toMatch(/owner\s+nyah/)
      expect(stdout).toMatch(/moved\s+.* by tester/)
      expect(stdout).toMatch(/why\s+INC-1/)
      expect(stdout).toContain('If octavia dies now: Route 53 sends 100 % to aws')
    }

    // what the zone's name servers really answer
    {
      const { code, stdout } = await run('dns', 'show', NAME, '--measure', '300', '--json')
      expect(code).toBe(0)
      const [{ answered, why, shares: measured }] = JSON.parse(stdout).measured
      expect([answered, why]).toEqual([300, null])
      expect(measured.map((one: { id: string; intended: number }) => [one.id, one.intended])).toEqual([
        ['aws', 10],
        ['octavia', 90],
      ])
      expect(measured[0].answers + measured[1].answers).toBe(300)
    }

    // dns weight
    {
      expect(await run('dns', 'weight', NAME, 'octavia=80', 'aws=20', '--yes')).toMatchObject({ code: 0 })
      expect(await shares()).toEqual({ octavia: 80, aws: 20 })
    }

    // dns shift walks in one run; what is normal stays, and is returned to
    {
      const walked = await run('dns', 'shift', NAME, '--to', 'aws=50', '--steps', '30,50', '--every', '1s', '--yes')
      expect(walked).toMatchObject({ code: 0 })
      expect(walked.stderr).toContain('step 2 of 2')
      expect(await shares()).toEqual({ octavia: 50, aws: 50 })
      const { stdout } = await run('dns', 'show', NAME)
      expect(stdout).toMatch(/steady\s+octavia 80 %, aws 20 %/)
      expect(await run('failover', 'end', NAME, '--healthy-for', '0', '--yes')).toMatchObject({ code: 0 })
      expect(await shares()).toEqual({ octavia: 80, aws: 20 })
    }

    // failover to-aws --plan changes nothing
    {
      const { code, stdout } = await run('failover', 'to-aws', '--all', '--plan')
      expect(code).toBe(0)
      expect(stdout).toContain('failover to aws')
      expect(await shares()).toEqual({ octavia: 80, aws: 20 })
    }

    // failover to-aws moves everybody, and what is done already is nothing to do
    {
      const moved = await run('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-4711')
      expect(moved.code).toBe(0)
      expect(moved.stdout).toContain(`${NAME} A  octavia 0 %, aws 100 %`)
      expect(await shares()).toEqual({ octavia: 0, aws: 100 })
      const again = await run('failover', 'to-aws', NAME, '--yes')
      expect(again.code).toBe(0)
      expect(again.stdout).toContain('Nothing to do')
    }

    // failover end brings it back to its own steady weights
    {
      const ended = await run('failover', 'end', '--all', '--healthy-for', '0', '--yes', '--reason', 'over')
      expect(ended.code).toBe(0)
      expect(await shares()).toEqual({ octavia: 80, aws: 20 })
    }

    // dns audit and failover status say their part
    {
      const audit = await run('dns', 'audit', '--json')
      expect(audit).toMatchObject({ code: 0 })
      expect(JSON.parse(audit.stdout).sets).toBeGreaterThan(0)
      const tagged = await run('failover', 'status', '--tag', 'nyah:managed=true')
      expect(tagged.stdout).toContain('shop.example.jp A to aws')
      const none = await run('failover', 'status', '--tag', 'nyah:managed=never')
      expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('FAILOVER_NO_NAMES') })
      const { stdout } = await run('failover', 'status', NAME)
      expect(stdout).toContain('Not armed')
      expect(stdout).toMatch(/(ready|unknown|bad) +shop\.example\.jp A to aws/)
    }

    // dns detach restores what was there before
    {
      expect(await run('dns', 'detach', NAME, '--yes')).toMatchObject({ code: 0 })
      const { stdout } = await run('dns', 'show', NAME, '--json')
      expect(JSON.parse(stdout).sets).toMatchObject([
        { routing: 'simple', owner: { kind: 'nobody' }, members: [{ pointsTo: ['203.0.113.11'], ttl: 300 }] },
      ])
    }
  }, 120_000)

  it.each([
    ['no name', ['failover', 'to-aws'], 'no name was given'],
    ['names and --all', ['failover', 'to-aws', NAME, '--all'], 'one of four'],
    ['a way that does not end', ['failover', 'end', '--all', '--steps', '10,50'], 'the last step is 100'],
    ['no weights', ['dns', 'weight', NAME], 'no weights were given'],
    ['a shift to nowhere', ['dns', 'shift', NAME, '--to', '50'], 'give one side and whole percent'],
    ['a shift that ends elsewhere', ['dns', 'shift', NAME, '--to', 'aws=50', '--steps', '10,30'], 'where --to leads'],
    ['a shift to and fro', ['dns', 'shift', NAME, '--to', 'aws=30', '--steps', '10,50,30'], 'only grow, or only fall'],
    ['a word that is no name', ['dns', 'detach', 'shop'], 'shop is no name'],
    ['steps that do not grow', ['dns', 'attach', NAME, '--mirror', 'x', '--ramp', '5,1'], 'growing percents'],
    [
      'a path for TCP',
      ['dns', 'attach', NAME, '--mirror', 'x', '--check', 'tcp', '--check-path', '/'],
      'http and https',
    ],
  ])('usage: %s', async (_what, words, needle) => {
    const { code, stderr } = await run(...words)
    expect(code).toBe(2)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(needle)
  })
})
