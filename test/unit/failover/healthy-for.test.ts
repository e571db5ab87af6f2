import { describe, expect, it } from 'vitest'
import { leftOf, looked, longEnough, type Return } from '../../../src/lib/failover/healthy-for.ts'
import type { FailoverWorld, Proof, Proofs } from '../../../src/lib/failover/model.ts'
import type { Health, ObservedName } from '../../../src/lib/dns/model.ts'
import type { JudgedSet } from '../../../src/lib/dns/plan.ts'

const AT = Date.parse('2026-11-23T05:00:00Z')
const NAME = 'shop.example.jp'
const KEY = `${NAME} A octavia`
const MINUTES_3 = 180

const iso = (ms: number): string => new Date(ms).toISOString()

const back = (health: Health, at: string | null): Return => ({
  seen: { name: NAME } as ObservedName,
  set: { type: 'A' } as JudgedSet,
  side: 'octavia',
  health: { health, detail: '16 of 16 checkers', at },
})

/** Looks after each other: seconds, what was found, and of when that was (the moment of the look unless said). */
function after(...looks: readonly (readonly [number, Health, number?])[]): Proof {
  let proofs: Proofs = new Map()
  for (const [seconds, health, seen = seconds] of looks) {
    const began = AT + seconds * 1000
    proofs = looked(proofs, [back(health, iso(AT + seen * 1000))], began, began + 500)
  }
  const proof = proofs.get(KEY)
  if (proof === undefined) throw new Error('nothing was seen')
  return proof
}

const left = (proof: Proof, seconds: number): number => leftOf(proof, MINUTES_3, AT + seconds * 1000)

/** Healthy every 10 seconds, from one moment to another. */
const healthy = (from: number, to: number): readonly (readonly [number, Health])[] =>
  Array.from({ length: (to - from) / 10 + 1 }, (_, turn) => [from + turn * 10, 'healthy'] as const)

describe('how long a side has been healthy', () => {
  it('counts from the end of the first look, to the millisecond', () => {
    const proof = after(...healthy(0, 180))
    expect(proof.since).toBe(AT + 500)
    expect(leftOf(proof, MINUTES_3, AT + 180_499)).toBe(1)
    expect(leftOf(proof, MINUTES_3, AT + 180_500)).toBe(0)
    expect(leftOf(proof, MINUTES_3, AT + 200_000)).toBe(0)
  })

  it.each(['unhealthy', 'unknown'] as const)(
    '%s ends the count, which begins again from the next good look',
    (health) => {
      const broken = after(...healthy(0, 170), [180, health])
      expect(broken).toMatchObject({ since: null, begun: true, health })
      expect(left(broken, 180)).toBe(Infinity)
      const again = after(...healthy(0, 170), [180, health], ...healthy(190, 200))
      expect(again.since).toBe(AT + 190_500)
      expect(left(again, 200)).toBe(170_500)
    },
  )

  it('what nobody looked at does not count: a machine that slept begins again', () => {
    // 45 s after the end of the last look.
    expect(after([0, 'healthy'], [45.5, 'healthy'])).toMatchObject({ since: AT + 500, gap: false })
    expect(after([0, 'healthy'], [45.501, 'healthy'])).toMatchObject({ since: AT + 46_001, gap: true })
  })

  it('checkers that see nothing new are not known to see anything', () => {
    const stale = (to: number) => after(...healthy(0, to).map(([at, health]) => [at, health, -5] as const))
    expect(stale(90)).toMatchObject({ health: 'healthy', since: AT + 500 })
    expect(stale(100)).toMatchObject({ health: 'unknown', since: null })
    expect(stale(100).detail).toContain('nothing newer than 2026-11-23T04:59:55')
  })

  it('one that was never healthy waits for nothing: the guard refuses it', () => {
    expect(after([0, 'unhealthy'])).toMatchObject({ begun: false })
    expect(left(after([0, 'unhealthy']), 0)).toBe(0)
    expect(leftOf(undefined, MINUTES_3, AT)).toBe(0)
  })
})

describe('what is held meanwhile', () => {
  const said = (proof: Proof, seconds: number, moved = false) =>
    longEnough(
      [back(proof.health, null)],
      { scopes: [NAME], names: {}, basis: {}, changes: [], findings: [] },
      {
        at: AT + seconds * 1000,
        names: [],
        ways: [],
        ours: { run: 'k3f9', moved: new Map(moved ? [[NAME, { reason: '', back: false }]] : []) },
        proofs: new Map([[KEY, proof]]),
      } satisfies FailoverWorld,
      MINUTES_3,
    ).map(({ code, severity, passes, evidence }) => [severity, passes, code, evidence])

  it('says how far it is, and nothing once it is there', () => {
    expect(said(after(...healthy(0, 70)), 70.5)).toEqual([
      ['hold', true, 'FAILOVER_RETURN_UNPROVEN', 'octavia has been healthy for 1m10s of 3m: users return then'],
    ])
    expect(said(after(...healthy(0, 180)), 180.499)).toHaveLength(1)
    expect(said(after(...healthy(0, 180)), 180.5)).toEqual([])
  })

  it('is held by what it is, so that allowing the unknown does not allow the dead', () => {
    expect(said(after([0, 'healthy'], [10, 'unhealthy']), 10)[0]?.[2]).toBe('DNS_SIDE_UNHEALTHY')
    expect(said(after([0, 'healthy'], [10, 'unknown']), 10)[0]?.[2]).toBe('FAILOVER_RETURN_UNPROVEN')
  })

  it('a return that this run has begun goes its way', () => {
    expect(said(after([0, 'healthy']), 0, true)).toEqual([])
  })
})
