import { request } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startNyah } from '../e2e/process.ts'
import { startWorld, type Ended, type World } from '../support/cli.ts'
import { attachFleet, SHOP, splitsOf } from '../support/names-fleet.ts'

/** Two names. */
const FLEET = 2
const HOME = new Set(['aws=10 octavia=90'])
const OUT = new Set(['aws=20 octavia=80'])
const AWAY = new Set(['aws=100 octavia=0'])

let world: World
const run = (...words: readonly string[]): Promise<Ended> => world.run([...words, '--sandbox'])
const drill = (time: string, ...more: readonly string[]): readonly string[] => [
  'failover',
  'drill',
  '--all',
  '--percent',
  '20',
  '--for',
  time,
  '--attended',
  '--yes',
  ...more,
]
const flat = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`.replaceAll(/\s+/g, ' ')

const alarm = (state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = request(`${world.sandbox.url}/sandbox/alarms`, { method: 'PUT' }, (given) => {
      given.resume().on('end', resolve)
    })
    asked.on('error', reject)
    asked.end(JSON.stringify({ alarms: { 'shop-errors': state } }))
  })

beforeAll(async () => {
  world = await startWorld()
  await attachFleet(world, FLEET, '--check', 'tcp')
  expect(splitsOf(world, FLEET)).toEqual(HOME)
}, 60_000)
afterAll(() => world.close())

it('one life, each step standing on the one before', { timeout: 120_000 }, async () => {
  // a promise needs somebody who stays
  for (const words of [
    ['failover', 'drill', '--all', '--for', '5s', '--yes'],
    ['failover', 'to-aws', '--all', '--for', '5s', '--yes'],
    ['failover', 'to-aws', '--all', '--attended', '--yes'],
  ]) {
    const refused = await run(...words)
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toContain('--attended')
  }
  expect((await run('failover', 'status')).stdout).toContain('Never rehearsed: ')

  // what it would be given up on is no beginning; nobody left
  {
    await alarm('INSUFFICIENT_DATA')
    const unfit = await run(...drill('5s', '--abort-on', 'alarm:shop-errors'))
    expect(unfit.code).toBe(6)
    expect(flat(unfit)).toContain('DRILL_UNFIT')
    expect(flat(unfit)).toContain('has no data')
    expect(splitsOf(world, FLEET)).toEqual(HOME)
    await alarm('OK')
  }

  // out, measured, back, and written down with the names: any machine can tell
  {
    const live = startNyah(world.home, [...drill('6s', '--abort-on', 'alarm:shop-errors', '--json'), '--sandbox'])
    await live.until(/step 2 is due/)
    expect(splitsOf(world, FLEET)).toEqual(OUT)
    const ended = await live.ended
    expect(ended).toMatchObject({ code: 0 })
    expect(splitsOf(world, FLEET)).toEqual(HOME)
    const { result } = JSON.parse(ended.stdout)
    expect(result.drill.givenUp).toBeNull()
    expect(result.drill.measured).toHaveLength(FLEET)
    for (const { answered, shares } of result.drill.measured) {
      expect(answered).toBe(300)
      // 20 % of 300; beyond these bounds once in more than a million times.
      const aws = shares.find(({ id }: { id: string }) => id === 'aws')
      expect(aws).toMatchObject({ intended: 20 })
      expect(aws.answers).toBeGreaterThan(24)
      expect(aws.answers).toBeLessThan(100)
    }
    const { decideMs, changeMs, insyncMs, visibleMs } = result.rto
    expect(decideMs).toBeGreaterThan(0)
    expect(changeMs).toBeLessThanOrEqual(insyncMs)
    expect(insyncMs).toBeLessThanOrEqual(visibleMs)
    const status = await run('failover', 'status', '--json')
    const proven = { side: 'aws', seconds: Math.round((decideMs + visibleMs) / 1000) }
    expect(JSON.parse(status.stdout).proven).toMatchObject([
      { proven, daysSince: 0 },
      { proven, daysSince: 0 },
    ])
    expect((await run('failover', 'status')).stdout).toContain('by a rehearsal on aws')
  }

  // given up as soon as a condition is broken: all are back long before the time
  {
    const live = startNyah(world.home, [...drill('10m', '--abort-on', 'alarm:shop-errors'), '--sandbox'])
    await live.until(/step 2 is due/)
    await alarm('ALARM')
    const ended = await live.ended
    expect(ended.code).toBe(11)
    expect(flat(ended)).toContain('DRILL_GIVEN_UP')
    expect(ended.stdout).toContain('Rehearsal: given up.')
    expect(splitsOf(world, FLEET)).toEqual(HOME)
    await alarm('OK')
  }

  // a move whose nyah was killed: the promise stands in the zone, is overdue, and is kept by whoever takes it up
  {
    const words = ['failover', 'to-aws', '--all', '--for', '5s', '--attended', '--yes', '--reason', 'new line card']
    const live = startNyah(world.home, [...words, '--sandbox'])
    await live.until(/step 2 is due/)
    live.child.kill('SIGKILL')
    await live.ended
    const shown = (): Promise<string> => run('dns', 'show', SHOP).then(({ stdout }) => stdout)
    expect(await shown()).toContain('promised back')
    await expect.poll(shown, { timeout: 20_000, interval: 500 }).toContain('OVERDUE')
    expect((await run('status')).stdout).toContain('overdue')
    expect(splitsOf(world, FLEET)).toEqual(AWAY)
    const [killed] = JSON.parse((await run('run', 'list', '--json')).stdout).runs
    const resumed = await run('run', 'resume', killed.id, '--yes')
    expect(resumed).toMatchObject({ code: 0 })
    expect(splitsOf(world, FLEET)).toEqual(HOME)
  }

  // interrupted: it says where the users are, and how they come back
  {
    const live = startNyah(world.home, [...drill('10m'), '--sandbox'])
    await live.until(/step 2 is due/)
    live.child.kill('SIGINT')
    const ended = await live.ended
    expect(ended.code).toBe(130)
    expect(flat(ended)).toContain('nobody attends to them')
    expect(flat(ended)).toContain('nyah failover end')
    expect(splitsOf(world, FLEET)).toEqual(OUT)
    const back = await run('failover', 'end', '--all', '--healthy-for', '0', '--yes')
    expect(back).toMatchObject({ code: 0 })
    expect(splitsOf(world, FLEET)).toEqual(HOME)
  }
})
