import { describe, expect, it } from 'vitest'
import type { Change, Outputs } from '../../../src/lib/core/change.ts'
import { errorData, nyahError } from '../../../src/lib/core/errors.ts'
import type { JsonObject } from '../../../src/lib/core/json.ts'
import { planWeights } from '../../../src/lib/dns/plan.ts'
import { recordDelta, standings } from '../../../src/lib/dns/delta.ts'
import { applyFromCard, namesThenWays, type CardApply } from '../../../src/lib/failover/apply.ts'
import {
  afterBatch,
  afterReading,
  cardOf,
  driftOf,
  mergedCard,
  namesOn,
  serves,
} from '../../../src/lib/failover/card.ts'
import { cardIn } from '../../../src/lib/failover/card-shape.ts'
import { rulesOf } from '../../../src/lib/failover/operation.ts'
import { AT, ownedRecords, scene, seenName } from '../dns/seen.ts'
import { record } from '../dns/fakes.ts'

const NOW = '2026-11-23T04:10:00.000Z'
const ABOUT = { at: NOW, context: 'prod', account: '123456789012', covers: 'all' } as const
const [SHOP, API] = ['shop.example.jp', 'api.example.jp']
const shop = seenName(SHOP, ownedRecords(SHOP))
const api = seenName(API, ownedRecords(API))
const card = cardOf([shop, api, seenName('simple.example.jp', [record({ name: 'simple.example.jp' })])], ABOUT)

const moved = (seen: typeof shop) => {
  const [change] = planWeights(seen, { weights: { octavia: 0, aws: 100 }, reason: 'x' })
  if (change === undefined) throw new Error('nothing to change')
  return change
}

describe('a card', () => {
  it('has the names that are nyah’s, as they stand, and comes back from its file the same', () => {
    expect(card.names.map(({ name }) => name)).toEqual([SHOP, API])
    expect(namesOn(card, AT).map(({ records }) => records)).toEqual([shop.records, api.records])
    expect(namesOn(card, AT)[0]?.origin).toEqual({ from: 'card', at: NOW })
    expect(cardIn(JSON.parse(JSON.stringify(card)) as JsonObject)).toEqual(card)
    expect(cardIn({ ...card, names: 'all' } as unknown as JsonObject)).toHaveProperty('why')
  })

  it.each([
    ['all', { by: 'all' }, true],
    ['names that it has', { by: 'names', names: [API] }, true],
    ['a name that it does not have', { by: 'names', names: [API, 'x.example.jp'] }, false],
  ] as const)('serves %s: %s %s', (_what, which, isServed) => {
    expect(serves(card, which)).toBe(isServed)
    expect(serves({ ...card, covers: 'some' }, which)).toBe(isServed && which.by === 'names')
  })

  it('follows what was done: the same as if the zone had been read anew', () => {
    const { before, after } = standings(moved(shop))
    const next = afterBatch(card, 'Z1', recordDelta(before.records, after.records), NOW)
    expect(driftOf(next, [{ ...shop, records: after.records }, api])).toEqual({ stale: [], gone: [], missing: [] })
    expect(driftOf(card, [{ ...shop, records: after.records }, api]).stale).toEqual([SHOP])
    expect(afterReading(card, 'Z1', after.records, NOW)).toEqual(next)
    // Another zone's batch is none of its business.
    expect(afterBatch(card, 'Z2', recordDelta(before.records, after.records), NOW)).toEqual(card)
  })

  it('no longer serves all once a name came that it does not have, and drops one that was detached', () => {
    const came = ownedRecords('new.example.jp').map((one) => ({ action: 'CREATE' as const, record: one }))
    const next = afterBatch(card, 'Z1', came, NOW)
    expect(next.covers).toBe('fewer')
    expect(serves(next, { by: 'all' })).toBe(false)
    const gone = recordDelta(shop.records, [record({ name: SHOP })])
    expect(afterBatch(card, 'Z1', gone, NOW).names.map(({ name }) => name)).toEqual([API])
  })

  it('keeps what it has of other names when some are armed anew', () => {
    const fresh = cardOf([shop], { ...ABOUT, at: '2026-11-24T00:00:00.000Z', covers: 'some' })
    expect(mergedCard(card, fresh)).toMatchObject({ at: NOW, covers: 'all', names: [{ name: API }, { name: SHOP }] })
    expect(mergedCard({ ...card, account: '1' }, fresh)).toEqual(fresh)
  })
})

describe('a change from a card that Route 53 refused', () => {
  const asked = { which: { by: 'all' }, side: 'aws', percent: 100 } as const
  const refused = nyahError({ code: 'DNS_RECORD_MOVED', message: 'x', exit: 10 })

  async function retried(records: typeof shop.records, over: Partial<CardApply> = {}) {
    const sent: Change[][] = []
    const apply = (changes: readonly Change[]): Promise<ReadonlyMap<string, Outputs | Error>> => {
      sent.push([...changes])
      return Promise.resolve(new Map(changes.map(({ id }) => [id, sent.length === 1 ? refused : { changeId: 'C1' }])))
    }
    const change = moved(shop)
    const results = await applyFromCard(
      [change],
      {
        ...rulesOf(asked),
        apply,
        reread: () => Promise.resolve([seenName(SHOP, records)]),
        allowances: [],
        known: [shop],
        ways: [],
        since: AT,
        asSeen: false,
        ...over,
      },
      scene(),
    )
    return { sent, result: results.get(change.id) }
  }
  const code = (result: Outputs | Error | undefined) => (result instanceof Error ? errorData(result).code : null)

  it('is made from what stands there now', async () => {
    const now = ownedRecords(SHOP, { octavia: 60, aws: 40 }, { epoch: 7, steady: { octavia: 60, aws: 40 } })
    const { sent, result } = await retried(now)
    expect(result).toEqual({ changeId: 'C1', fromZone: true })
    const [, again] = sent
    expect(standings(again?.[0] ?? moved(shop)).before.records).toEqual(now)
  })

  it('is left to whoever changed it after this run began', async () => {
    const now = ownedRecords(SHOP, { octavia: 100, aws: 0 }, { epoch: 2, at: '2026-11-23T04:10:00Z' })
    const { sent, result } = await retried(now)
    expect(code(result)).toBe('DNS_RECORD_MOVED')
    expect(sent).toHaveLength(1)
  })

  it('is not made where another split was agreed to, nor where nyah no longer owns the name', async () => {
    const now = ownedRecords(SHOP, { octavia: 60, aws: 40 }, { epoch: 2 })
    expect(code((await retried(now, { asSeen: true })).result)).toBe('DNS_RECORD_MOVED')
    expect(code((await retried([record({ name: SHOP })])).result)).toBe('DNS_NOT_OWNED')
  })

  it('is done where it is so already', async () => {
    const now = ownedRecords(SHOP, { octavia: 0, aws: 100 }, { epoch: 2 })
    expect((await retried(now)).result).toEqual({ already: true })
  })
})

describe('the way back of a switch', () => {
  it('lets go only when all names have their weights', async () => {
    const done: string[] = []
    let fails = true
    const apply = (changes: readonly Change[]): Promise<ReadonlyMap<string, Outputs | Error>> =>
      Promise.resolve(
        new Map(
          changes.map(({ id }) => [
            id,
            fails ? nyahError({ code: 'AWS_UNAVAILABLE', message: 'x', exit: 7, retryable: true }) : {},
          ]),
        ),
      )
    const switches = {
      engage: () => Promise.reject(new Error('never')),
      disengage: ({ key }: { key: string }) => Promise.resolve(void done.push(key)),
    }
    const both = namesThenWays({ apply, switches })
    const letGo: Change = {
      ...moved(shop),
      id: 'away',
      ref: { type: 'switch', id: null, name: 's3://b/k' },
      after: { engaged: false, place: { bucket: 'b', region: 'r-1', key: 'k' } },
    }
    const first = await both([moved(shop), letGo], scene())
    const error = errorData(first.get('away'))
    expect([error.code, error.retryable, done]).toEqual(['SWITCH_KEPT', true, []])
    fails = false
    expect((await both([moved(shop), letGo], scene())).get('away')).toEqual({ engaged: false })
    expect(done).toEqual(['k'])
  })
})
