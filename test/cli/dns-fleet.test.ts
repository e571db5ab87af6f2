import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../support/cli.ts'

const NAME = 'shop.example.jp'
const FLEET = 300

let world: World
const run = (...words: readonly string[]) => world.run([...words, '--sandbox'])
/** Batches that Route 53 took. */
const batches = (): number => {
  let count = 0
  world.sandbox.change((state) => {
    count = Object.keys(state.aws.route53.changes).length
    return state
  })
  return count
}

/** Weights by set identifier of the records of all names of the fleet, each kind once. */
const splits = (): ReadonlySet<string> => {
  const found = new Map<string, string[]>()
  world.sandbox.change((state) => {
    for (const { records } of Object.values(state.aws.zones))
      for (const { name, setIdentifier, weight } of records)
        if (setIdentifier !== null && weight !== null && /^(app-\d+|shop)\.example\.jp\.$/.test(name))
          found.set(name, [...(found.get(name) ?? []), `${setIdentifier}=${weight}`])
    return state
  })
  expect(found.size).toBe(FLEET)
  return new Set([...found.values()].map((each) => each.toSorted().join(' ')))
}

beforeAll(async () => {
  world = await startWorld()
  expect((await run('lb', 'mirror', 'shop-web', '--yes')).code).toBe(0)
  const words = ['--mirror', 'shop-web', '--no-ramp', '--yes', '--allow', 'DNS_PRIVATE_ADDRESS', '--reason', 'INC-1']
  expect((await run('dns', 'attach', NAME, ...words)).code).toBe(0)
  // 299 more like it.
  world.sandbox.change((state) => {
    const zones = Object.entries(state.aws.zones).map(([id, zone]) => {
      const its = zone.records.filter(({ name }) => name === `${NAME}.` || name === `a-${NAME}.`)
      const copies = Array.from({ length: FLEET - 1 }, (_, at) =>
        its.map((record) => ({ ...record, name: record.name.replace('shop', `app-${at}`) })),
      )
      return [id, { ...zone, records: [...zone.records, ...copies.flat()] }] as const
    })
    return { ...state, aws: { ...state.aws, zones: Object.fromEntries(zones) } }
  })
}, 60_000)
afterAll(() => world.close())

it('hundreds of names are moved, and brought back, with a handful of calls', async () => {
  expect(splits()).toEqual(new Set(['aws=10 octavia=90']))
  const before = batches()
  const moved = await run('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-4711 line down', '--quiet')
  expect(moved.stderr).not.toContain('BUG')
  expect(moved.code).toBe(0)
  expect(splits()).toEqual(new Set(['aws=100 octavia=0']))
  expect(batches() - before).toBeLessThanOrEqual(3)

  const back = ['--yes', '--allow', 'FAILOVER_RETURN_UNPROVEN', '--reason', 'line is back', '--quiet']
  expect((await run('failover', 'end', '--all', ...back)).code).toBe(0)
  expect(splits()).toEqual(new Set(['aws=10 octavia=90']))
  expect(batches() - before).toBeLessThanOrEqual(6)
}, 60_000)
