import { afterEach, describe, expect, it } from 'vitest'
import { loadCloud } from '../../../src/lib/adapters/octavia/clouds.ts'
import { createOctaviaSource } from '../../../src/lib/adapters/octavia/source.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'
import { buildWorld, idBelow } from '../../support/octavia-world.ts'
import { httpMonitor, ID, listener, loadBalancer, member, monitor, pool } from '../lb/sources.ts'

/** What tests arrange with: trees put into the sandbox, statuses that stay, services that are out. */

const running: Sandbox[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()))
})

async function setting() {
  const clock = virtualClock()
  const sandbox = await startSandbox({ clock })
  running.push(sandbox)
  const cloud = loadCloud({ cloud: null, env: { ...sandbox.env }, homedir: '/', cwd: '/', readFile: () => null })
  const source = createOctaviaSource({ cloud, clock, retry: (_what, call) => call(), callMs: 300 })
  return { sandbox, source, clock }
}

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Everything at once that a real Octavia would not have together. */
const ODD: SourceTree = {
  loadbalancer: loadBalancer({
    name: '東京の店',
    vip_address: '2001:db8::1',
    additional_vips: ['198.51.100.9'],
    vip_sg_ids: [uuid(90)],
    vip_qos_policy_id: uuid(91),
    flavor_id: uuid(92),
    availability_zone: 'tokyo',
    vip_vnic_type: 'direct',
    tags: ['a', 'env=production'],
  }),
  listeners: [
    listener({
      id: uuid(1),
      protocol: 'TERMINATED_HTTPS',
      protocol_port: 443,
      default_pool_id: uuid(3),
      l7policies: [uuid(11), uuid(12)],
      default_tls_container_ref: 'http://barbican/1',
      sni_container_refs: ['http://barbican/2'],
      client_authentication: 'MANDATORY',
      client_ca_tls_container_ref: 'http://barbican/3',
      client_crl_container_ref: 'http://barbican/4',
      tls_ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
      tls_versions: ['TLSv1.3'],
      alpn_protocols: ['h2'],
      hsts_max_age: 300,
      insert_headers: { 'X-Forwarded-For': 'true' },
      allowed_cidrs: ['2001:db8::/32'],
    }),
    listener({ id: uuid(2), protocol: 'QUIC', protocol_port: 443, default_pool_id: uuid(3), connection_limit: 7 }),
  ],
  pools: [
    pool({
      id: uuid(3),
      protocol: 'PROXYV9',
      session_persistence: {
        type: 'SOURCE_IP',
        cookie_name: null,
        persistence_timeout: 300,
        persistence_granularity: '255.255.255.0',
      },
      tls_enabled: true,
      tls_container_ref: 'http://barbican/5',
      ca_tls_container_ref: 'http://barbican/6',
      crl_container_ref: 'http://barbican/7',
      tls_ciphers: 'X',
      tls_versions: ['TLSv1.2'],
      alpn_protocols: ['http/1.1'],
      healthmonitor: httpMonitor({ id: uuid(4), http_version: 1.1, domain_name: 'shop.example.jp' }),
      members: [
        member('2001:db8::5', { id: uuid(5), weight: 256, backup: true, vnic_type: 'direct' }),
        member('10.20.0.1', { id: uuid(6), monitor_address: '10.99.0.1', monitor_port: 1, subnet_id: uuid(93) }),
      ],
    }),
    pool({ id: uuid(7), name: 'unused', healthmonitor: monitor({ id: uuid(8) }), members: [] }),
  ],
}

/** Without what the sandbox sets by itself. */
function comparable(tree: SourceTree | null): unknown {
  if (tree === null) return null
  const strip = <T extends { operating_status: string }>(of: T) => ({ ...of, operating_status: '' })
  return {
    loadbalancer: { ...strip(tree.loadbalancer), project_id: '' },
    listeners: tree.listeners.map(strip),
    pools: tree.pools.map((each) => ({ ...strip(each), members: each.members.map(strip) })),
  }
}

describe('a tree put into the sandbox', () => {
  it('is read back as it was, whatever is in it', async () => {
    const { sandbox, source } = await setting()
    buildWorld(sandbox, ODD)
    expect(comparable(await source.read(ID))).toEqual(comparable(ODD))
    expect((await source.list()).length).toBe(7)
  })

  it('takes the place of the one before, with all below it', async () => {
    const { sandbox, source } = await setting()
    buildWorld(sandbox, ODD)
    const plain: SourceTree = {
      loadbalancer: loadBalancer({ updated_at: '2026-11-21T00:00:00' }),
      listeners: [listener()],
      pools: [pool()],
    }
    buildWorld(sandbox, plain)
    const read = await source.read(ID)
    expect(read?.loadbalancer).toMatchObject({ name: 'shop', updated_at: '2026-11-21T00:00:00' })
    expect(read?.pools.map((each) => [each.id, each.members.map(({ id }) => id)])).toEqual([
      [
        idBelow(ID, ID, 'p-web'),
        ['10.20.0.11', '10.20.0.12'].map((each) => idBelow(ID, idBelow(ID, ID, 'p-web'), `m-${each}-8080`)).toSorted(),
      ],
    ])
    expect(read?.listeners.map(({ default_pool_id }) => default_pool_id)).toEqual([idBelow(ID, ID, 'p-web')])
  })

  it('keeps two pools apart whose members and monitors are called the same', async () => {
    const { sandbox, source } = await setting()
    const two = [pool({ id: 'a' }), pool({ id: 'b' })]
    buildWorld(sandbox, { loadbalancer: loadBalancer(), listeners: [], pools: two })
    expect((await source.read(ID))?.pools.map((each) => [each.members.length, each.healthmonitor?.type])).toEqual([
      [2, 'TCP'],
      [2, 'TCP'],
    ])
  })

  it('stays PENDING or in ERROR until it is told otherwise', async () => {
    const { sandbox, source, clock } = await setting()
    buildWorld(sandbox, { ...ODD, loadbalancer: { ...ODD.loadbalancer, provisioning_status: 'PENDING_UPDATE' } })
    const status = async () => (await source.read(ID))?.loadbalancer.provisioning_status
    clock.advance(3_600_000)
    expect(await status()).toBe('PENDING_UPDATE')
    expect(sandbox.force(ID, 'ERROR')).toBe(true)
    clock.advance(3_600_000)
    expect(await status()).toBe('ERROR')
    expect(sandbox.force(ID, 'ACTIVE')).toBe(true)
    expect(await status()).toBe('ACTIVE')
    expect(sandbox.force('no-such-id', 'ERROR')).toBe(false)
  })

  it('shows in the change poll when it is forced, members alone do not', async () => {
    const { sandbox, source, clock } = await setting()
    buildWorld(sandbox, ODD)
    const at = async () => (await source.changes()).loadbalancers.find(({ id }) => id === ID)?.updated_at
    const before = await at()
    clock.advance(60_000)
    sandbox.force(uuid(5), 'ERROR')
    expect(await at()).toBe(before)
    sandbox.force(ID, 'PENDING_UPDATE')
    expect(await at()).not.toBe(before)
  })
})

describe('an outage', () => {
  const readable = async (source: Awaited<ReturnType<typeof setting>>['source']) =>
    source.read(ID).then(
      (tree) => tree !== null,
      (error: { code: string; tries: readonly string[]; retryable: boolean }) => error,
    )

  it('refuses, hangs or cuts, of one service, and ends when told', async () => {
    const { sandbox, source } = await setting()
    sandbox.setOutages([{ service: 'identity', kind: 'status' }])
    expect(await readable(source)).toMatchObject({ code: 'KEYSTONE_UNAVAILABLE', exit: 7, retryable: true })
    sandbox.setOutages([])
    expect(await readable(source)).toBe(true)
    // The token is at hand: Keystone is not missed.
    sandbox.setOutages([{ service: 'identity', kind: 'hang' }])
    expect(await readable(source)).toBe(true)
    for (const [kind, code] of [
      ['status', 'OCTAVIA_UNAVAILABLE'],
      ['hang', 'OCTAVIA_UNREACHABLE'],
      ['reset', 'OCTAVIA_UNREACHABLE'],
    ] as const) {
      sandbox.setOutages([{ service: 'load-balancer', kind }])
      expect(await readable(source)).toMatchObject({
        code,
        retryable: true,
        tries: expect.arrayContaining([expect.any(String)]),
      })
    }
    sandbox.setOutages([])
    expect(await readable(source)).toBe(true)
  })

  it('can be of one path and of so many requests', async () => {
    const { sandbox, source } = await setting()
    sandbox.setOutages([{ service: 'load-balancer', kind: 'status', status: 502, path: '/v2/lbaas/pools', times: 1 }])
    expect((await source.list()).length).toBe(7)
    expect(await readable(source)).toMatchObject({
      code: 'OCTAVIA_UNAVAILABLE',
      message: expect.stringMatching(/pools.*502/),
    })
    expect(await readable(source)).toBe(true)
  })
})
