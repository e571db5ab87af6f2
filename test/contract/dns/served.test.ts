import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createRecordSets } from '../../../src/lib/adapters/aws/record-sets.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { createResolver } from '../../../src/lib/adapters/host/resolver.ts'
import type { Dns, RecordSet } from '../../../src/lib/ports/dns.ts'
import { startSandbox, type Sandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'

/** What was changed through Route 53's API is what its name servers answer, once it is INSYNC. */

const clock = virtualClock()
const resolver = createResolver(null)
let sandbox: Sandbox
let dns: Dns

beforeAll(async () => {
  sandbox = await startSandbox({ clock })
  const { AWS_ENDPOINT_URL = '', AWS_REGION = '' } = sandbox.env
  const env = { ...sandbox.env, HOME: '/nonexistent' }
  const session = createSession({ region: AWS_REGION, endpointUrl: AWS_ENDPOINT_URL, env }, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  dns = createRecordSets({ session, clock, retry: <T>(_what: string, call: () => Promise<T>) => call() })
})
afterAll(() => sandbox.close())

const zoneId = async (name: string): Promise<string> => (await dns.zones()).find((zone) => zone.name === name)?.id ?? ''

const record = (name: string, address: string): RecordSet => ({
  name,
  type: 'A',
  setIdentifier: null,
  weight: null,
  ttl: 60,
  values: [address],
  alias: null,
  healthCheckId: null,
  otherRouting: null,
})

describe('the name servers of a zone', () => {
  it('are the sandbox itself, of a public zone', async () => {
    expect(await dns.nameServers(await zoneId('example.jp'))).toEqual([sandbox.nameServer])
    expect(await dns.nameServers(await zoneId('corp.example.jp'))).toEqual([])
    expect(sandbox.env['NYAH_SANDBOX_DNS']).toBe(sandbox.nameServer)
    const info = await fetch(`${sandbox.url}/sandbox/info`)
    expect(await info.json()).toMatchObject({ nameServer: sandbox.nameServer })
  })

  it('answer with a change once it is INSYNC, and with each of two in its turn', async () => {
    const zone = await zoneId('example.jp')
    const [server = ''] = await dns.nameServers(zone)
    const name = 'soon.example.jp'
    const seen = async () => (await resolver.ask(server, name, 'A', 2_000)).values
    const first = await dns.change(zone, [{ action: 'CREATE', record: record(name, '203.0.113.1') }], '')
    expect(await seen()).toEqual([])
    clock.advance(10_000)
    const second = await dns.change(
      zone,
      [
        { action: 'DELETE', record: record(name, '203.0.113.1') },
        { action: 'CREATE', record: record(name, '203.0.113.2') },
      ],
      '',
    )
    clock.advance(19_999)
    expect([await dns.inSync(first), await seen()]).toEqual([false, []])
    clock.advance(1)
    expect([await dns.inSync(first), await dns.inSync(second), await seen()]).toEqual([true, false, ['203.0.113.1']])
    clock.advance(10_000)
    expect([await dns.inSync(second), await seen()]).toEqual([true, ['203.0.113.2']])
  })
})
