import * as fc from 'fast-check'
import type { SourceListener } from '../../../src/lib/ports/source.ts'
import { NAMES, POOLS, REFS, statusTwists, twisted } from './generated-odd.ts'
import { listener } from './sources.ts'

const [A = '', B = '', C = '', UNKNOWN = ''] = REFS

const listenerTwists: readonly Partial<SourceListener>[] = [
  ...NAMES.map((name) => ({ name })),
  { admin_state_up: false },
  { operating_status: 'OFFLINE' },
  { protocol: 'HTTP' },
  { protocol: 'HTTPS' },
  { protocol: 'PROMETHEUS', default_pool_id: null },
  { connection_limit: 100 },
  { insert_headers: { 'X-Forwarded-For': 'true' } },
  { timeout_client_data: 0 },
  { timeout_client_data: 7_000_500 },
  { timeout_member_data: 1 },
  { timeout_member_connect: 1_000 },
  { timeout_tcp_inspect: 10 },
  { allowed_cidrs: [] },
  { allowed_cidrs: ['192.0.2.0/24'] },
  { allowed_cidrs: ['10.1.2.3/8', '192.0.2.7', '10.0.0.0/8'] },
  { allowed_cidrs: ['2001:db8::/32', '0.0.0.0/0'] },
  { client_ca_tls_container_ref: A },
  { client_crl_container_ref: B },
  { tls_ciphers: 'AES128' },
  { tls_versions: ['TLSv1.3', 'TLSv1.2'] },
  { alpn_protocols: ['h2', 'http/1.1'] },
  { hsts_max_age: 3_600 },
  { tags: ['listener'] },
]

const wildListeners: readonly Partial<SourceListener>[] = [
  ...listenerTwists,
  ...statusTwists,
  { operating_status: 'ERROR' },
  ...['UDP', 'SCTP', 'QUIC'].map((protocol) => ({ protocol })),
  { l7policies: ['policy-1', 'policy-2'] },
  { client_authentication: 'MANDATORY' },
  { allowed_cidrs: ['not a network', '10.0.0.0/8'] },
  { allowed_cidrs: ['10.0.0.0/33'] },
  { default_pool_id: 'no-such-pool' },
]

const tlsTwists: readonly Partial<SourceListener>[] = [
  { default_tls_container_ref: B },
  { sni_container_refs: [B, C, A] },
  { sni_container_refs: [B, UNKNOWN] },
  { tls_versions: ['TLSv1.2'] },
  { tls_versions: ['SSLv3'] },
  { tls_versions: ['TLSv1', 'TLSv1.2'] },
  { tls_ciphers: 'AES128' },
  { alpn_protocols: ['h2'] },
  { alpn_protocols: ['http/1.1', 'h2'] },
  { alpn_protocols: ['http/1.0'] },
  { hsts_max_age: 60 },
]

export const someListener = (port: number, wild: boolean): fc.Arbitrary<SourceListener> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .record({
          poolId: fc.constantFrom(...POOLS.slice(0, 3)),
          over: twisted(3, wild ? wildListeners : listenerTwists),
        })
        .map(({ poolId, over }) => listener({ ...plain(port), default_pool_id: poolId, ...over })),
    },
    {
      weight: 1,
      arbitrary: fc.record({ poolId: fc.constantFrom(...POOLS), over: twisted(3, tlsTwists) }).map(({ poolId, over }) =>
        listener({
          ...plain(port),
          protocol: 'TERMINATED_HTTPS',
          default_tls_container_ref: A,
          default_pool_id: poolId,
          ...over,
        }),
      ),
    },
    { weight: 1, arbitrary: fc.constant(listener({ ...plain(port), default_pool_id: null })) },
  )

const plain = (port: number): Pick<SourceListener, 'id' | 'name' | 'protocol_port'> => ({
  id: `l-${port}`,
  name: `l-${port}`,
  protocol_port: port,
})
