import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createHealthChecks } from '../../../src/lib/adapters/aws/health-checks.ts'
import { createRecordSets } from '../../../src/lib/adapters/aws/record-sets.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import type { Dns, RecordSet } from '../../../src/lib/ports/dns.ts'
import type { CheckSpec, HealthChecks } from '../../../src/lib/ports/health-checks.ts'
import { AWS_WORLD, awsSandbox } from '../../support/aws-sandbox.ts'
import { virtualClock } from '../../support/clock.ts'

/** The Dns and HealthChecks ports over the wire. Not against moto: its batches are not atomic, its checks judge nothing. */

const ZONE = 'Z1EXAMPLE'
const INTERNAL = { id: 'Z2EXAMPLE', name: 'nyah-test.internal', private: true }
const clock = virtualClock()
let dns: Dns
let checks: HealthChecks
let sandbox: Awaited<ReturnType<typeof awsSandbox>>

beforeAll(async () => {
  const zone = { id: ZONE, name: 'nyah-test.example', protections: [{ name: 'locked.nyah-test.example', type: 'A' }] }
  sandbox = await awsSandbox(clock, { ...AWS_WORLD, hostedZones: [zone, INTERNAL] })
  const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', HOME: '/nonexistent' }
  const session = createSession({ region: AWS_WORLD.region, endpointUrl: sandbox.url, env }, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  const deps = { session, clock, retry: <T>(_what: string, call: () => Promise<T>) => call() }
  dns = createRecordSets(deps)
  checks = createHealthChecks(deps)
})
afterAll(() => sandbox.close())

const record = (name: string, rest: Partial<RecordSet> = {}): RecordSet => ({
  name,
  type: 'A',
  setIdentifier: null,
  weight: null,
  ttl: 60,
  values: ['203.0.113.7'],
  alias: null,
  healthCheckId: null,
  otherRouting: null,
  ...rest,
})

const create = (...records: readonly RecordSet[]) =>
  dns.change(
    ZONE,
    records.map((one) => ({ action: 'CREATE' as const, record: one })),
    'a test',
  )
const remove = (...records: readonly RecordSet[]) =>
  dns.change(
    ZONE,
    records.map((one) => ({ action: 'DELETE' as const, record: one })),
    'a test',
  )

describe('record sets', () => {
  it.each([
    ['a wildcard', record('*.nyah-test.example')],
    ['a name with an escape', record('a+b.nyah-test.example')],
    [
      'a TXT value with quotes',
      record('a-x.nyah-test.example', { type: 'TXT', values: ['"heritage=external-dns,x=a b"'] }),
    ],
    ['a weighted one', record('w.nyah-test.example', { setIdentifier: 'octavia', weight: 90 })],
  ])('%s is read as it was written, and deleted as it was read', async (_what, one) => {
    await create(one)
    const [read, ...others] = await dns.recordsOf(ZONE, [one.name])
    expect(others).toEqual([])
    expect(read).toEqual(one)
    await remove(read!)
    expect(await dns.recordsOf(ZONE, [one.name])).toEqual([])
  })

  it('of a few names are those of the whole zone', async () => {
    const all = [record('p.nyah-test.example'), record('pp.nyah-test.example'), record('q.p.nyah-test.example')]
    await create(...all)
    expect(await dns.recordsOf(ZONE, ['p.nyah-test.example'])).toEqual([all[0]])
    const whole = await dns.records(ZONE)
    expect(whole).toEqual(expect.arrayContaining(all))
    await remove(...all)
  })

  it('a change is PENDING, then INSYNC', async () => {
    const one = record('slow.nyah-test.example')
    const id = await create(one)
    expect(await dns.inSync(id)).toBe(false)
    clock.advance(120_000)
    expect(await dns.inSync(id)).toBe(true)
    await remove(one)
  })

  it('of a public zone have name servers that can be asked, of a private one none', async () => {
    expect((await dns.nameServers(ZONE)).length).toBeGreaterThan(0)
    expect(await dns.nameServers(INTERNAL.id)).toEqual([])
  })

  it('a batch is done whole or not at all', async () => {
    const there = record('there.nyah-test.example')
    await create(there)
    const batch = create(record('new.nyah-test.example'), there)
    await expect(batch).rejects.toMatchObject({ code: 'DNS_BATCH_REFUSED', retryable: false, exit: 7 })
    expect(await dns.recordsOf(ZONE, ['new.nyah-test.example'])).toEqual([])
    await remove(there)
  })

  it('what Route 53 lets nobody change is told', async () => {
    expect(await dns.protections(ZONE)).toEqual([{ name: 'locked.nyah-test.example', type: 'A' }])
  })
})

const spec: CheckSpec = {
  type: 'HTTP',
  address: '203.0.113.7',
  port: 80,
  host: 'shop.nyah-test.example',
  path: '/healthz',
  search: null,
  intervalSeconds: 30,
  failureThreshold: 3,
  inverted: false,
  children: [],
  threshold: null,
  tags: { 'nyah:managed': 'true', Name: 'shop' },
}

describe('health checks', () => {
  it('one reference makes one check, however often it is sent', async () => {
    const { id } = await checks.create('once', spec)
    expect(await checks.create('once', spec)).toEqual({ id })
    await expect(checks.create('once', { ...spec, port: 81 })).rejects.toMatchObject({ code: 'AWS_ALREADY_EXISTS' })
    expect(await checks.read([id])).toEqual([{ ...spec, id, version: 1, otherType: null, disabled: false }])
    await checks.delete(id)
    expect(await checks.read([id])).toEqual([])
  })

  it('an update takes fields away, and names the version it changes', async () => {
    const { id } = await checks.create('changed', spec)
    await checks.update(id, 1, { ...spec, host: null, path: null })
    const [changed] = await checks.read([id])
    expect(changed).toMatchObject({ host: null, path: null, version: 2 })
    await expect(checks.update(id, 1, spec)).rejects.toMatchObject({ code: 'AWS_CONFLICT', retryable: false })
    await checks.delete(id)
  })

  it('deleting one that is gone succeeds', async () => {
    await expect(checks.delete('00000000-0000-4000-8000-000000000000')).resolves.toBeUndefined()
  })
})
