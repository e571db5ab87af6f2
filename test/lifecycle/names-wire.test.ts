import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../src/lib/adapters/aws/credentials.sdk.ts'
import { createRecordSets } from '../../src/lib/adapters/aws/record-sets.ts'
import { createSession } from '../../src/lib/adapters/aws/session.ts'
import * as sts from '../../src/lib/adapters/aws/sts.sdk.ts'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import type { Clock } from '../../src/lib/ports/clock.ts'
import type { Dns } from '../../src/lib/ports/dns.ts'
import { AWS_WORLD, type AwsSandbox, awsSandbox } from '../support/aws-sandbox.ts'
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
} from '../support/names-model.ts'

/** The properties of names once more through the wire: the adapter, and a Route 53 that refuses what AWS refuses. */

// A change is no longer pending when the next one comes.
let shift = 0
const clock: Clock = { ...realClock(), now: () => Date.now() + (shift += 31_000) }

let sandbox: AwsSandbox
let dns: Dns

beforeAll(async () => {
  const hostedZones = ZONES.map(({ id, name }) => ({ id, name }))
  sandbox = await awsSandbox(clock, { ...AWS_WORLD, hostedZones })
  const env = { HOME: '/nonexistent', AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' }
  const session = createSession({ region: AWS_WORLD.region, endpointUrl: sandbox.url, env }, realClock(), {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  dns = createRecordSets({ session, clock: realClock(), retry: (_what, call) => call() })
})
afterAll(() => sandbox.close())

/** The zones as they were made, and in them these names: created through the same door, so that Route 53 has judged them. */
async function place(names: readonly Kept[]): Promise<Place> {
  sandbox.change((state) => ({ ...state, zones: empty(state) }))
  for (const zone of ZONES) {
    const its = [...strangers(zone), ...names.filter((one) => one.zone === zone).flatMap(recordsOf)]
    await dns.change(
      zone.id,
      its.map((record) => ({ action: 'CREATE', record })),
      'a test',
    )
  }
  return {
    dns,
    standing: async (zone) => (await dns.records(zone.id)).filter(({ type }) => type !== 'NS' && type !== 'SOA'),
  }
}

type State = ReturnType<AwsSandbox['state']>

const empty = (state: State): State['zones'] =>
  Object.fromEntries(
    Object.entries(state.zones).map(([id, zone]) => [
      id,
      { ...zone, records: zone.records.filter(({ type }) => type === 'NS' || type === 'SOA') },
    ]),
  )

describe('through the wire, whatever is done to names', () => {
  it('nobody is ever without an answer, and nothing of others is touched', async () => {
    let done = 0
    await fc.assert(
      fc.asyncProperty(anyNames(3), fc.array(anyAction, { minLength: 1, maxLength: 3 }), async (names, actions) => {
        const here = life(await place(names), names)
        await here.judge()
        for (const action of actions) {
          done += await here.act(action)
          here.sleep(60)
        }
      }),
      { numRuns: 80 },
    )
    expect(done).toBeGreaterThan(80)
  }, 120_000)

  it('cut off at any batch and run again, it ends as if it had not been', async () => {
    let cuts = 0
    await fc.assert(
      fc.asyncProperty(
        anyNames(3),
        anyAction,
        fc.integer({ min: 1, max: 2 }),
        fc.constantFrom('before' as const, 'after' as const),
        async (names, action, at, when) => {
          const whole = life(await place(names), names)
          await whole.act(action)
          const wanted = unstamped(await whole.all(), names)
          const cut = life(await place(names), names)
          await cut.act(action, (batch) => (batch === at ? when : null))
          if (cut.sent() >= at) cuts += 1
          await cut.act(action)
          expect(unstamped(await cut.all(), names)).toEqual(wanted)
        },
      ),
      { numRuns: 60 },
    )
    expect(cuts).toBeGreaterThan(15)
  }, 120_000)

  it('the end of a failover restores each name exactly', async () => {
    let moved = 0
    await fc.assert(
      fc.asyncProperty(steadyNames(3), fc.array(toAction, { minLength: 1, maxLength: 2 }), async (names, actions) => {
        const here = life(await place(names), names)
        const before = unstamped(await here.all(), names)
        for (const action of actions) moved += await here.act(action)
        await here.act({ do: 'end', steps: [100] })
        expect(unstamped(await here.all(), names)).toEqual(before)
      }),
      { numRuns: 60 },
    )
    expect(moved).toBeGreaterThan(60)
  }, 120_000)
})
