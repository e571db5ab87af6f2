import { describe, expect, it } from 'vitest'
import { errorData } from '../../../src/lib/core/errors.ts'
import { applyNames } from '../../../src/lib/dns/apply.ts'
import { planWeights } from '../../../src/lib/dns/plan.ts'
import { makeDeadline } from '../../../src/lib/engine/deadline.ts'
import type { Dns } from '../../../src/lib/ports/dns.ts'
import { namesInTime } from '../../../src/lib/runtime/names-in-time.ts'
import { virtualClock } from '../../support/clock.ts'
import { fakeDns } from '../dns/fakes.ts'
import { ownedRecords, scene, seenName } from '../dns/seen.ts'

/** Three batches of names of one zone, against a Route 53 of which each call takes so long; null: it hangs for ten minutes. */
async function moved(changeMs: number | null, timeoutMs: number) {
  const clock = virtualClock()
  const started = clock.now()
  let sent = 0
  const dns: Dns = {
    ...fakeDns(),
    async change() {
      sent += 1
      await clock.sleep(changeMs ?? 600_000)
      return `C${sent}`
    },
    recordsOf: async () => {
      await clock.sleep(600_000)
      return []
    },
  }
  const names = Array.from({ length: 300 }, (_, at) => `app-${at}.example.jp`)
  const changes = names.flatMap((name) =>
    planWeights(seenName(name, ownedRecords(name)), { weights: { octavia: 0, aws: 100 }, reason: 'x' }),
  )
  const inTime = namesInTime(dns, makeDeadline(clock, timeoutMs), clock)
  const results = await applyNames(changes, inTime, { by: 'tanaka', why: '', run: 'k3f9' }, { ...scene(), clock })
  const codes = [...results.values()].map((one) => (one instanceof Error ? errorData(one).code : 'done'))
  return { ms: clock.now() - started, sent, codes: [...new Set(codes)].toSorted() }
}

describe('changes of names, and the time of a run', () => {
  it('end with it, however many of their batches hang; what was not sent is said to be', async () => {
    expect(await moved(null, 4_000)).toEqual({ ms: 4_000, sent: 1, codes: ['AWS_UNCERTAIN', 'RUN_TIMED_OUT'] })
  })

  it('that are done within it are done, and the last one in the last moment', async () => {
    expect(await moved(1_000, 3_001)).toEqual({ ms: 3_000, sent: 3, codes: ['done'] })
    expect(await moved(1_000, 2_999)).toEqual({ ms: 2_999, sent: 3, codes: ['AWS_UNCERTAIN', 'done'] })
    expect(await moved(1_000, 2_000)).toMatchObject({ ms: 2_000, sent: 2 })
  })
})
