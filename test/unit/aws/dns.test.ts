import { afterEach, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createDns } from '../../../src/lib/adapters/aws/dns.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { AWS_WORLD, awsSandbox } from '../../support/aws-sandbox.ts'
import { virtualClock } from '../../support/clock.ts'
import { faultProxy } from '../../support/faults.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** An account with so many hosted zones. */
async function scene(zones: number) {
  const clock = virtualClock({ settleMs: 0 })
  const hostedZones = Array.from({ length: zones }, (_, at) => ({ id: `Z${at}`, name: `n${at}.example` }))
  const sandbox = await awsSandbox(clock, { ...AWS_WORLD, hostedZones })
  const proxy = await faultProxy(sandbox.url)
  closing.push(proxy.close, sandbox.close)
  const env = { HOME: '/nonexistent', AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' }
  const session = createSession({ region: AWS_WORLD.region, endpointUrl: proxy.url, env }, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  return { clock, proxy, dns: createDns({ session, clock, retry: (_what, call) => call() }) }
}

describe('names', () => {
  it('are read of every page of zones, at 4 calls a second', async () => {
    const { dns, proxy, clock } = await scene(203)
    expect(await dns.pointingAt('lb.example')).toEqual([])
    expect(proxy.calls('ListHostedZones')).toHaveLength(3)
    expect(proxy.calls('ListResourceRecordSets')).toHaveLength(203)
    expect(clock.elapsed()).toBeGreaterThanOrEqual(((206 - 4) / 4) * 1000)
  })

  it('are given up after 120 s: what was not read is not known to be empty', async () => {
    const { dns, clock } = await scene(600)
    const error = await dns.pointingAt('lb.example').then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'AWS_DNS_UNFINISHED', exit: 7, retryable: false, details: { zones: 600 } })
    expect(clock.elapsed()).toBeGreaterThan(120_000)
    expect(clock.elapsed()).toBeLessThan(125_000)
  })

  it('stop being read when that is said', async () => {
    const { dns, proxy } = await scene(1)
    const control = new AbortController()
    proxy.inject({ action: 'ListResourceRecordSets', kind: 'hang' })
    const looking = dns.pointingAt('lb.example', control.signal).then(
      () => 'found',
      (error: unknown) => error,
    )
    await expect.poll(() => proxy.calls('ListResourceRecordSets').length).toBe(1)
    const why = new Error('enough')
    control.abort(why)
    expect(await looking).toBe(why)
  })
})
