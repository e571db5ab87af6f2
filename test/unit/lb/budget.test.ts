import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpoint } from '../../../src/lib/lb/addresses.ts'
import { splitRemovals, type RemovalInput } from '../../../src/lib/lb/budget.ts'
import type { WantedTarget } from '../../../src/lib/lb/pool.ts'
import { headOf, stamped } from '../../../src/lib/lb/removals.ts'
import type { TargetHealth, TargetState } from '../../../src/lib/ports/mirrors.ts'

const AT = 1_795_400_000_000
const SECONDS = AT / 1000
const HOUR = 3_600_000

const target = (host: number, state: TargetState = 'healthy'): TargetHealth => ({
  address: `10.20.${Math.floor(host / 256)}.${host % 256}`,
  port: 8080,
  availabilityZone: 'all',
  state,
  reason: null,
})
const targets = (amount: number, state: TargetState = 'healthy', from = 1): readonly TargetHealth[] =>
  Array.from({ length: amount }, (_none, at) => target(from + at, state))

const split = (
  registered: readonly TargetHealth[],
  leaving: readonly TargetHealth[],
  over: Partial<RemovalInput> = {},
) => splitRemovals({ registered, leaving, joining: [], tag: undefined, atMs: AT, ...over })

const counts = ({ now, later }: ReturnType<typeof split>): readonly [number, number] => [now.length, later.length]

describe('the share', () => {
  it.each([
    [9, 9, [9, 0]],
    [9, 8, [8, 0]],
    [10, 3, [3, 0]],
    [10, 4, [3, 1]],
    [10, 10, [3, 7]],
    [13, 13, [3, 10]],
    [14, 14, [4, 10]],
    [150, 45, [45, 0]],
    [150, 46, [45, 1]],
  ] as const)('of %i healthy targets %i leave: %o (now, later)', (size, leaving, said) => {
    const all = targets(size)
    expect(counts(split(all, all.slice(0, leaving)))).toEqual(said)
  })

  it('nothing leaves: nothing waits', () => {
    expect(split(targets(12), [])).toMatchObject({ now: [], later: [], why: null })
  })

  it('is at least one', () => {
    const all = [...targets(3), ...targets(9, 'initial', 50)]
    expect(counts(split(all, all.slice(0, 3)))).toEqual([1, 2])
  })

  it('is of those that serve: new ones that are not healthy make it no greater', () => {
    const old = targets(10)
    expect(counts(split([...old, ...targets(10, 'initial', 50)], old))).toEqual([3, 7])
    expect(counts(split([...old, ...targets(10, 'healthy', 50)], old))).toEqual([6, 4])
  })
})

describe('what does not count', () => {
  // Of the four healthy ones alone, one may go; of all ten, three.
  it.each([
    ['unhealthy', [7, 3]],
    ['unhealthy.draining', [7, 3]],
    ['unused', [7, 3]],
    ['unavailable', [3, 7]],
    ['initial', [3, 7]],
    ['healthy', [3, 7]],
  ] as const)('four healthy targets leave, and six that are %s: %o (now, later)', (state, said) => {
    const all = [...targets(4), ...targets(6, state, 50)]
    expect(counts(split(all, all))).toEqual(said)
  })

  it('the unhealthy ones count where none is healthy: an NLB then sends to all of them', () => {
    const all = targets(12, 'unhealthy')
    expect(counts(split(all, all))).toEqual([3, 9])
    expect(counts(split([...all, target(200)], all))).toEqual([12, 0])
  })

  it('nothing serves where no listener uses the group', () => {
    const all = targets(12, 'unused')
    expect(counts(split(all, all))).toEqual([12, 0])
  })
})

describe('who goes first', () => {
  it('unhealthy, draining, then by address, however AWS lists them', () => {
    const all = [
      target(9),
      target(300, 'unhealthy.draining'),
      target(10),
      target(301, 'unhealthy'),
      target(2),
      ...targets(8, 'healthy', 20),
    ]
    const asked = split(all, all.slice(0, 5).toReversed())
    expect(asked.now.map(({ address }) => address)).toEqual([
      '10.20.1.45',
      '10.20.1.44',
      '10.20.0.2',
      '10.20.0.9',
      '10.20.0.10',
    ])
    expect(split(all.toReversed(), all.slice(0, 5))).toEqual(asked)
  })
})

describe('the hour', () => {
  const all = targets(14)

  it.each([
    ['nothing', undefined, 4],
    ['one', `3.00000000 ${SECONDS - 10}:1/15`, 3],
    ['four', `3.00000000 ${SECONDS - 10}:2/16 ${SECONDS - 5}:2/16`, 1],
    ['six', `3.00000000 ${SECONDS - 10}:6/20`, 0],
    ['more than it may be', `3.00000000 ${SECONDS - 10}:60/74`, 0],
    ['six an hour ago', `3.00000000 ${SECONDS - 3600}:6/20`, 4],
    ['six not quite an hour ago', `3.00000000 ${SECONDS - 3599}:6/20`, 0],
    ['six in the future', `3.00000000 ${SECONDS + 86_400}:6/20`, 0],
    ['nobody knows how many', `3.00000000 ${SECONDS - 10}:x`, 0],
    ['what cannot be read', 'three in the morning', 0],
  ] as const)('%s went already (%s): of 14 that leave, %i may go now', (_what, tag, most) => {
    expect(counts(split(all, all, { tag }))).toEqual([most, 14 - most])
  })

  it('ten that shrink to nine are still a group with a budget, for an hour', () => {
    const nine = targets(9)
    expect(counts(split(nine, nine, { tag: `1.00000000 ${SECONDS}:1/10` }))).toEqual([2, 7])
    expect(counts(split(nine, nine, { tag: `1.00000000 ${SECONDS}:1/10`, atMs: AT + HOUR }))).toEqual([9, 0])
  })

  it('a small group whose tag cannot be read waits too: nobody knows what it was', () => {
    expect(counts(split(targets(2), targets(1), { tag: '?' }))).toEqual([0, 1])
  })

  it('says its numbers, and when the next may go', () => {
    expect(split(all, all, { tag: `3.00000000 ${SECONDS - 600}:2/16` }).why).toBe(
      'at most 4 of 16 targets that serve may go in an hour (30 %); 2 went within the last hour, 2 go now; ' +
        `12 have to wait; the next may go at ${new Date(AT - 600_000 + HOUR).toISOString().replace('.000Z', 'Z')}`,
    )
    expect(split(all, all, { tag: '?' }).why).toContain('the tag cannot be read')
    expect(split(all, all, { tag: `3.00000000 ${SECONDS + 999}:6/20` }).why).toContain('some clock is wrong')
  })
})

describe('one for one', () => {
  const wanted = targets(10, 'initial', 100).map((one): WantedTarget => ({ ...one, status: 'ONLINE' }))

  it('new ones that are healthy let as many old ones go', () => {
    const old = targets(10)
    const first = split(old, old, { joining: wanted })
    expect(counts(first)).toEqual([3, 7])
    expect(first.why).toContain('once new ones are healthy')
    const tag = stamped(undefined, first.tag, AT)
    const left = old.slice(3)
    const coming = [...left, ...targets(10, 'initial', 100)]
    expect(counts(split(coming, left, { tag, atMs: AT + 60_000 }))).toEqual([0, 7])
    const five = [...left, ...targets(5, 'healthy', 100), ...targets(5, 'initial', 105)]
    // Five replaced; of 15 that serve or did, four may go in the hour, three did.
    expect(counts(split(five, left, { tag, atMs: AT + 60_000 }))).toEqual([6, 1])
    const come = [...left, ...targets(10, 'healthy', 100)]
    expect(counts(split(come, left, { tag, atMs: AT + 60_000 }))).toEqual([7, 0])
  })

  it('a group that only shrinks has nobody new, however many healthy ones stay', () => {
    const all = targets(20)
    const first = split(all, all.slice(0, 10))
    expect(counts(first)).toEqual([6, 4])
    const tag = stamped(undefined, first.tag, AT)
    expect(counts(split(all.slice(6), all.slice(6, 10), { tag, atMs: AT + 60_000 }))).toEqual([0, 4])
    expect(counts(split(all.slice(6), all.slice(6, 10), { tag, atMs: AT + HOUR }))).toEqual([4, 0])
  })

  it('new ones that are not healthy yet replace nobody, however many healthy old ones stay', () => {
    const tag = `1.00000000 ${SECONDS}:6/20`
    const old = targets(14)
    const of = (state: TargetState) => split([...old, ...targets(2, state, 100)], old.slice(0, 3), { tag })
    expect(counts(of('initial'))).toEqual([0, 3])
    expect(counts(of('unhealthy'))).toEqual([0, 3])
    expect(counts(of('healthy'))).toEqual([2, 1])
  })

  it('each new one replaces one, once', () => {
    const tag = `1.00000000 ${SECONDS}:6/20`
    const all = [...targets(14), ...targets(3, 'healthy', 100)]
    expect(counts(split(all, all.slice(0, 14), { tag }))).toEqual([3, 11])
    expect(counts(split(all.slice(3), all.slice(3, 14), { tag }))).toEqual([0, 11])
  })
})

describe('what the change carries', () => {
  const all = targets(14)

  it('is free of times: a second reading gives the same', () => {
    const tag = `3.00000000 ${SECONDS - 600}:2/16`
    const { why: _why, ...first } = split(all, all, { tag })
    expect(split(all, all, { tag, atMs: AT + 2_000 })).toMatchObject(first)
  })

  it('the later one follows the first', () => {
    const { before, tag, laterBefore, laterTag } = split(all, all, { tag: `3.00000000 ${SECONDS - 600}:2/16` })
    expect(before).toBe('3.00000000')
    expect(tag).toMatch(/^4\.[0-9a-f]{8} \+2\/14$/)
    expect(laterBefore).toBe(headOf(tag))
    expect(laterTag).toMatch(/^5\.[0-9a-f]{8} \+12\/12$/)
  })

  it('or stands alone where none goes now', () => {
    const { before, laterBefore, laterTag } = split(all, all, { tag: `3.00000000 ${SECONDS - 600}:9/23` })
    expect([before, laterBefore]).toEqual(['3.00000000', '3.00000000'])
    expect(laterTag).toMatch(/^4\.[0-9a-f]{8} \+14\/14$/)
  })

  it('another set of targets has another mark', () => {
    const one = split(all, all.slice(0, 2)).tag
    expect(split(all, all.slice(0, 2)).tag).toBe(one)
    expect(split(all, all.slice(1, 3)).tag).not.toBe(one)
  })
})

describe('whatever happens', () => {
  const STATES = ['healthy', 'healthy', 'healthy', 'unhealthy', 'initial'] as const
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 2_400 }),
    /** Which members Octavia has afterwards, by number. */
    wanted: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }),
    states: fc.array(fc.constantFrom(...STATES), { minLength: 60, maxLength: 60 }),
    applies: fc.boolean(),
  })

  it('no hour sees more counted removals than 30 %', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), fc.integer({ min: 10, max: 60 }), (steps, size) => {
        let registered = targets(size)
        let tag: string | undefined
        let at = AT
        const counted: { readonly at: number; readonly amount: number }[] = []
        for (const { wait, wanted, states, applies } of steps) {
          at += wait * 1000
          registered = registered.map((one, index) => ({ ...one, state: states[index % 60] ?? 'healthy' }))
          const kept = new Set(wanted.map((host) => endpoint(target(host))))
          const leaving = registered.filter((one) => !kept.has(endpoint(one)))
          const asked = split(registered, leaving, { tag, atMs: at })
          expect([...asked.now, ...asked.later].map(endpoint).toSorted()).toEqual(leaving.map(endpoint).toSorted())
          const hour = counted.filter((one) => at - one.at < HOUR).reduce((sum, one) => sum + one.amount, 0)
          const amount = Number(/\+(\d+)\//.exec(asked.tag)?.[1])
          expect(amount).toBeLessThanOrEqual(asked.now.length)
          if (registered.length + hour >= 10) {
            const most = Math.max(1, Math.floor(0.3 * (registered.length + hour)))
            expect(amount === 0 || hour + amount <= most).toBe(true)
          }
          if (applies) {
            if (asked.now.length > 0) tag = stamped(tag, asked.tag, at)
            if (amount > 0) counted.push({ at, amount })
            const gone = new Set(asked.now.map(endpoint))
            registered = registered.filter((one) => !gone.has(endpoint(one)))
          }
          const there = new Set(registered.map(endpoint))
          registered = [
            ...registered,
            ...wanted.map((host) => target(host, 'initial')).filter((one) => !there.has(endpoint(one))),
          ]
        }
      }),
      { numRuns: 100 },
    )
  })

  it('where nobody new comes, an hour takes at most 30 % of the healthy ones that were there when it began', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 2_400 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(waits, fc.integer({ min: 10, max: 200 }), (all, size) => {
        let registered = targets(size)
        let tag: string | undefined
        let at = AT
        const gone: number[] = []
        const sizes: { readonly at: number; readonly size: number }[] = []
        for (const wait of all) {
          at += wait * 1000
          sizes.push({ at, size: registered.length })
          const asked = split(registered, registered, { tag, atMs: at })
          if (asked.now.length === 0) continue
          const began = sizes.find((one) => at - one.at < HOUR)?.size ?? 0
          if (began < 10) return
          tag = stamped(tag, asked.tag, at)
          gone.push(...asked.now.map(() => at))
          registered = asked.later
          const inHour = gone.filter((one) => at - one < HOUR).length
          expect(inHour).toBeLessThanOrEqual(Math.max(1, Math.floor(0.3 * began)))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('everybody who has to go does, some day', () => {
    let registered = targets(100)
    let tag: string | undefined
    let hours = 0
    while (registered.length > 0) {
      const asked = split(registered, registered, { tag, atMs: AT + hours * HOUR })
      tag = stamped(tag, asked.tag, AT + hours * HOUR)
      registered = asked.later
      hours += 1
      expect(hours).toBeLessThan(12)
    }
  })
})
