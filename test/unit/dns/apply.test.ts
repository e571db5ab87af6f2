import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorData, isNyahError } from '../../../src/lib/core/errors.ts'
import { applyNames, type Enactor } from '../../../src/lib/dns/apply.ts'
import { ownedSets, weightsIn } from '../../../src/lib/dns/set.ts'
import { planWeights } from '../../../src/lib/dns/plan-weights.ts'
import { ownerOf } from '../../../src/lib/dns/state.ts'
import type { Weights } from '../../../src/lib/dns/model.ts'
import { fakeDns, record, uncertain, type FakeDns } from './fakes.ts'
import { ownedRecords, scene, seenName } from './seen.ts'

const SHOP = 'shop.example.jp'
const ENACTOR: Enactor = { by: 'sato@jump2', why: 'INC-4711', run: 'bbbb' }
const TO_AWS: Weights = { octavia: 0, aws: 100 }

const planFor = (dns: FakeDns, name: string, weights: Weights = TO_AWS) =>
  planWeights(
    seenName(
      name,
      dns.standing().filter((one) => one.name.endsWith(name)),
    ),
    { weights, reason: 'test' },
  )

const now = (dns: FakeDns, name = SHOP) => {
  const [set] = ownedSets({ name, records: dns.standing() })
  return set === undefined ? null : { weights: weightsIn(set), epoch: set.state.epoch, run: set.state.run }
}

const codes = (results: ReadonlyMap<string, unknown>) =>
  [...results.values()].map((one) => (one instanceof Error ? errorData(one).code : 'done'))

describe('a change of one name', () => {
  it('is one batch that changes both weights and the state, and says who, when and why', async () => {
    const dns = fakeDns({ records: ownedRecords(SHOP) })
    const results = await applyNames(planFor(dns, SHOP), dns, ENACTOR, scene())
    expect([...results.values()]).toEqual([{ changeId: 'C1' }])
    expect(dns.batches).toHaveLength(1)
    expect(now(dns)).toEqual({ weights: TO_AWS, epoch: 2, run: 'bbbb' })
    expect(ownerOf(dns.standing(), SHOP, 'A')).toMatchObject({
      state: { by: 'sato@jump2', why: 'INC-4711', at: '2026-11-23T04:10:00Z', steady: { octavia: 90, aws: 10 } },
    })
  })

  it('that was done although the answer was lost is done', async () => {
    const dns = fakeDns({ records: ownedRecords(SHOP), failing: (_, when) => (when === 'after' ? uncertain() : null) })
    const results = await applyNames(planFor(dns, SHOP), dns, ENACTOR, scene())
    expect([...results.values()]).toEqual([{ readBack: true }])
    expect(dns.batches).toHaveLength(1)
  })

  it('that never arrived may be sent again, and is not sent blindly', async () => {
    const dns = fakeDns({ records: ownedRecords(SHOP), failing: (_, when) => (when === 'before' ? uncertain() : null) })
    const [result] = [...(await applyNames(planFor(dns, SHOP), dns, ENACTOR, scene())).values()]
    expect(isNyahError(result) && [result.code, result.retryable]).toEqual(['AWS_UNCERTAIN', true])
    expect(dns.batches).toHaveLength(1)
  })

  it('whose reply was lost twice is seen by the next attempt', async () => {
    const dns = fakeDns({
      records: ownedRecords(SHOP),
      failing: (batch, when) => (batch === 1 && when === 'after' ? uncertain() : null),
    })
    const blind = { ...dns, recordsOf: () => Promise.reject(uncertain()) }
    const changes = planFor(dns, SHOP)
    const [first] = [...(await applyNames(changes, blind, ENACTOR, scene())).values()]
    expect(isNyahError(first) && first.retryable).toBe(true)
    const second = await applyNames(changes, dns, ENACTOR, scene())
    expect([...second.values()]).toEqual([{ readBack: true }])
    expect(now(dns)?.epoch).toBe(2)
  })

  it('is overtaken by somebody else’s, who is named', async () => {
    const dns = fakeDns({ records: ownedRecords(SHOP) })
    const slow = planFor(dns, SHOP)
    await applyNames(
      planFor(dns, SHOP, { octavia: 50, aws: 50 }),
      dns,
      { ...ENACTOR, by: 'tanaka', run: 'cccc' },
      scene(),
    )
    const [result] = [...(await applyNames(slow, dns, ENACTOR, scene())).values()]
    expect(errorData(result)).toMatchObject({
      code: 'DNS_OVERTAKEN',
      exit: 10,
      message: expect.stringContaining('by tanaka at 2026-11-23T04:10:00Z (INC-4711)') as string,
    })
    expect(now(dns)).toEqual({ weights: { octavia: 50, aws: 50 }, epoch: 2, run: 'cccc' })
  })

  it('is stopped where somebody edited a record by hand', async () => {
    const edited = ownedRecords(SHOP).map((one) => (one.type === 'A' ? { ...one, weight: 7 } : one))
    const plan = planFor(fakeDns({ records: ownedRecords(SHOP) }), SHOP)
    const dns = fakeDns({ records: edited })
    expect(codes(await applyNames(plan, dns, ENACTOR, scene()))).toEqual(['DNS_RECORD_MOVED'])
    expect(dns.standing()).toEqual(edited)
  })
})

describe('changes of many names', () => {
  const names = Array.from({ length: 300 }, (_, index) => `shop-${index}.example.jp`)
  const records = names.flatMap((name) => ownedRecords(name))

  it('need at most three batches for 300 names', async () => {
    const dns = fakeDns({ records })
    const byName = new Map(names.map((name) => [name, ownedRecords(name)]))
    const changes = names.flatMap((name) =>
      planWeights(seenName(name, byName.get(name) ?? []), { weights: TO_AWS, reason: 'failover' }),
    )
    const results = await applyNames(changes, dns, ENACTOR, scene())
    expect(new Set(codes(results))).toEqual(new Set(['done']))
    expect(dns.batches.length).toBeLessThanOrEqual(3)
    for (const batch of dns.batches) {
      const values = batch.flatMap((one) => one.record.values)
      expect(batch.length).toBeLessThanOrEqual(1000)
      expect(values.join('').length).toBeLessThanOrEqual(32_000)
    }
  })

  it('are divided until only the refused name is left', async () => {
    const some = names.slice(0, 20)
    const dns = fakeDns({
      records: some.flatMap((name) =>
        ownedRecords(name).map((one) =>
          name === 'shop-7.example.jp' && one.weight === 90 ? { ...one, weight: 80 } : one,
        ),
      ),
    })
    const changes = some.flatMap((name) =>
      planWeights(seenName(name, ownedRecords(name)), { weights: TO_AWS, reason: 'failover' }),
    )
    const results = await applyNames(changes, dns, ENACTOR, scene())
    expect(codes(results).filter((code) => code !== 'done')).toEqual(['DNS_RECORD_MOVED'])
    for (const name of some) expect(now(dns, name)?.weights.aws).toBe(name === 'shop-7.example.jp' ? 10 : 100)
  })

  it('stop with what the remote said where it is neither a refusal nor silence', async () => {
    const busy = Object.assign(new Error('busy'), { name: 'Error' })
    const dns = fakeDns({ records: ownedRecords(SHOP), failing: () => busy })
    expect([...(await applyNames(planFor(dns, SHOP), dns, ENACTOR, scene())).values()]).toEqual([busy])
  })
})

describe('old over new', () => {
  it('never happens, however two enactors are interleaved', { timeout: 60_000 }, async () => {
    const step = fc.record({
      who: fc.constantFrom('a', 'b'),
      act: fc.constantFrom('plan', 'send'),
      aws: fc.integer({ min: 0, max: 100 }),
      lost: fc.constantFrom('no', 'before', 'after'),
    })
    const met = { stale: 0, fresh: 0, lost: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (steps) => {
        let lost = 'no'
        const dns = fakeDns({
          records: [...ownedRecords(SHOP), record({ name: 'other.example.jp' })],
          failing: (_, when) => (lost === when ? uncertain() : null),
        })
        const held = new Map<string, { plan: ReturnType<typeof planWeights>; epoch: number }>()
        let epoch = 1
        for (const { who, act, aws, lost: loses } of steps) {
          if (act === 'plan') {
            held.set(who, { plan: planFor(dns, SHOP, { octavia: 100 - aws, aws }), epoch: now(dns)?.epoch ?? 0 })
            continue
          }
          const mine = held.get(who)
          if (mine === undefined || mine.plan.length === 0) continue
          lost = loses
          met[mine.epoch < epoch ? 'stale' : 'fresh'] += 1
          if (loses !== 'no') met.lost += 1
          const results = await applyNames(mine.plan, dns, { ...ENACTOR, run: who }, scene())
          const after = now(dns)
          // Whoever planned from what is no longer there changes nothing, whatever it is told.
          if (mine.epoch < epoch) expect(after?.epoch).toBe(epoch)
          else expect(after?.epoch).toBe(loses === 'before' ? epoch : epoch + 1)
          if (mine.epoch === epoch && loses !== 'before') expect(codes(results)).toEqual(['done'])
          epoch = after?.epoch ?? 0
          for (const moment of dns.moments) {
            const set = moment.filter((one) => one.name === SHOP)
            expect(set.reduce((sum, one) => sum + (one.weight ?? 0), 0)).toBeGreaterThan(0)
            expect(moment).toContainEqual(record({ name: 'other.example.jp' }))
          }
        }
      }),
      { numRuns: 1000 },
    )
    // Old plans were sent after newer ones, and answers were lost: often.
    expect(Math.min(met.stale, met.fresh, met.lost)).toBeGreaterThan(500)
  })
})
