import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../support/cli.ts'
import { attachFleet, batchesTaken, splitsOf } from '../support/names-fleet.ts'

const FLEET = 300

let world: World
const run = (...words: readonly string[]) => world.run([...words, '--sandbox'])

beforeAll(async () => {
  world = await startWorld()
  await attachFleet(world, FLEET)
}, 60_000)
afterAll(() => world.close())

it('hundreds of names are moved, and brought back, with a handful of calls', async () => {
  expect(splitsOf(world, FLEET)).toEqual(new Set(['aws=10 octavia=90']))
  const before = batchesTaken(world)
  const moved = await run('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-4711 line down', '--quiet')
  expect(moved.stderr).not.toContain('BUG')
  expect(moved.code).toBe(0)
  expect(splitsOf(world, FLEET)).toEqual(new Set(['aws=100 octavia=0']))
  expect(batchesTaken(world) - before).toBeLessThanOrEqual(3)

  const back = ['--healthy-for', '0', '--yes', '--reason', 'line is back', '--quiet']
  expect((await run('failover', 'end', '--all', ...back)).code).toBe(0)
  expect(splitsOf(world, FLEET)).toEqual(new Set(['aws=10 octavia=90']))
  expect(batchesTaken(world) - before).toBeLessThanOrEqual(6)
}, 60_000)
