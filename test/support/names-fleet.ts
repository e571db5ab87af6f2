import { expect } from 'vitest'
import type { World } from './cli.ts'

export const SHOP = 'shop.example.jp'

/** One name attached to a mirror through nyah itself, and `count - 1` more like it, put beside it in the zone. */
export async function attachFleet(world: World, count: number, ...more: readonly string[]): Promise<void> {
  expect((await world.run(['lb', 'mirror', 'shop-web', '--yes', '--sandbox'])).code).toBe(0)
  const words = [
    '--mirror',
    'shop-web',
    '--no-ramp',
    '--yes',
    '--allow',
    'DNS_PRIVATE_ADDRESS',
    '--reason',
    'INC-1',
    ...more,
  ]
  expect((await world.run(['dns', 'attach', SHOP, ...words, '--sandbox'])).code).toBe(0)
  world.sandbox.change((state) => {
    const zones = Object.entries(state.aws.zones).map(([id, zone]) => {
      const its = zone.records.filter(({ name }) => name === `${SHOP}.` || name === `a-${SHOP}.`)
      const copies = Array.from({ length: count - 1 }, (_, at) =>
        its.map((record) => ({ ...record, name: record.name.replace('shop', `app-${at}`) })),
      )
      return [id, { ...zone, records: [...zone.records, ...copies.flat()] }] as const
    })
    return { ...state, aws: { ...state.aws, zones: Object.fromEntries(zones) } }
  })
}

/** Batches that Route 53 took. */
export function batchesTaken(world: World): number {
  let count = 0
  world.sandbox.change((state) => {
    count = Object.keys(state.aws.route53.changes).length
    return state
  })
  return count
}

/** `aws=10 octavia=90` of every name of the fleet, each kind once. */
export function splitsOf(world: World, count: number): ReadonlySet<string> {
  const found = new Map<string, string[]>()
  world.sandbox.change((state) => {
    for (const { records } of Object.values(state.aws.zones))
      for (const { name, setIdentifier, weight } of records)
        if (setIdentifier !== null && weight !== null && /^(app-\d+|shop)\.example\.jp\.$/.test(name))
          found.set(name, [...(found.get(name) ?? []), `${setIdentifier}=${weight}`])
    return state
  })
  expect(found.size).toBe(count)
  return new Set([...found.values()].map((each) => each.toSorted().join(' ')))
}
