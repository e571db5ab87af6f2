import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  anyAction,
  anyNames,
  type Kept,
  life,
  type Place,
  recordsOf,
  steadyNames,
  strangers,
  toAction,
  unstamped,
  ZONES,
} from '../../support/names-model.ts'
import type { RecordSet, Zone } from '../../../src/lib/ports/dns.ts'
import { fakeDns, type FakeDns } from './fakes.ts'

/** Zones of the model: each its own records. */
function model(names: readonly Kept[]): Place {
  const zones = new Map<string, FakeDns>(
    ZONES.map((zone) => [
      zone.id,
      fakeDns({ records: [...strangers(zone), ...names.filter((one) => one.zone === zone).flatMap(recordsOf)] }),
    ]),
  )
  const of = (zoneId: string): FakeDns => {
    const zone = zones.get(zoneId)
    if (zone === undefined) throw new Error(`no zone ${zoneId}`)
    return zone
  }
  const standing = (zone: Zone): Promise<readonly RecordSet[]> => Promise.resolve(of(zone.id).standing())
  return {
    standing,
    dns: {
      ...of(ZONES[0]?.id ?? ''),
      zones: () => Promise.resolve(ZONES),
      records: (zoneId) => Promise.resolve(of(zoneId).standing()),
      recordsOf: (zoneId, wanted) => of(zoneId).recordsOf(zoneId, wanted),
      change: (zoneId, changes, comment) => of(zoneId).change(zoneId, changes, comment),
    },
  }
}

describe('whatever is done to names, in whatever order', { timeout: 60_000 }, () => {
  it('nobody is ever without an answer, and nothing of others is touched', async () => {
    let done = 0
    await fc.assert(
      fc.asyncProperty(
        anyNames(6),
        fc.array(fc.tuple(anyAction, fc.constantFrom(0, 60)), { minLength: 1, maxLength: 6 }),
        async (names, actions) => {
          const here = life(model(names), names)
          await here.judge()
          for (const [action, seconds] of actions) {
            done += await here.act(action)
            here.sleep(seconds)
          }
        },
      ),
      { numRuns: 200 },
    )
    expect(done).toBeGreaterThan(500)
  })

  it('cut off at any batch and run again, it ends as if it had not been', async () => {
    const cuts = { before: 0, after: 0 }
    await fc.assert(
      fc.asyncProperty(
        anyNames(6),
        fc.array(anyAction, { maxLength: 2 }),
        anyAction,
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom('before' as const, 'after' as const),
        async (names, first, action, at, when) => {
          const [whole, cut] = [life(model(names), names), life(model(names), names)]
          for (const one of first) {
            await whole.act(one)
            await cut.act(one)
          }
          await whole.act(action)
          const begun = cut.sent()
          await cut.act(action, (batch) => (batch === begun + at ? when : null))
          if (cut.sent() - begun >= at) cuts[when] += 1
          await cut.act(action)
          expect(unstamped(await cut.all(), names)).toEqual(unstamped(await whole.all(), names))
        },
      ),
      { numRuns: 200 },
    )
    expect(Math.min(cuts.before, cuts.after)).toBeGreaterThan(20)
  })

  it('done once more, it finds nothing to do', async () => {
    await fc.assert(
      fc.asyncProperty(anyNames(4), toAction, async (names, action) => {
        const here = life(model(names), names)
        await here.act(action)
        expect(await here.act(action)).toBe(0)
      }),
    )
  })

  it('the end of a failover restores each name exactly', async () => {
    let moved = 0
    await fc.assert(
      fc.asyncProperty(
        steadyNames(5),
        fc.array(toAction, { minLength: 1, maxLength: 4 }),
        fc.constantFrom([100], [30, 100], [1, 50, 100]),
        async (names, actions, steps) => {
          const here = life(model(names), names)
          const before = await here.all()
          for (const action of actions) moved += await here.act(action)
          for (const _ of steps) {
            await here.act({ do: 'end', steps })
            here.sleep(60)
          }
          expect(unstamped(await here.all(), names)).toEqual(unstamped(before, names))
        },
      ),
      { numRuns: 150 },
    )
    expect(moved).toBeGreaterThan(200)
  })
})
