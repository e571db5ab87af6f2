import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { desiredOf } from '../../../src/lib/lb/desired.ts'
import { nameOfField, type SourceKind } from '../../../src/lib/lb/fidelity.ts'
import { translate, type Translation } from '../../../src/lib/lb/translate.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { type Kind, recorded, recordedTrees } from './recorded.ts'
import { facts, httpMonitor, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'

/**
 * Every field that a real Octavia was seen to send, and what becomes of it. A field that is new here fails the first
 * test: nothing is dropped in silence.
 */
type Fate =
  /** Says nothing about how traffic is served. */
  | { readonly bookkeeping: true }
  /** With this value the mirror differs. */
  | { readonly translated: object }
  /** With this value the report has this verdict on it. */
  | { readonly judged: object; readonly verdict: string }
  /** With this value a finding of this code says so. */
  | { readonly said: object; readonly code: string }
  /** Octavia has it only beside this field, which is judged. */
  | { readonly beside: string }

const meta: Fate = { bookkeeping: true }
const judged = (over: object, verdict: string): Fate => ({ judged: over, verdict })
const tls = (over: object): object => ({ protocol: 'TERMINATED_HTTPS', default_tls_container_ref: REF, ...over })

const REF = 'https://barbican.example.jp/v1/containers/c0c0'
const ARN = 'arn:aws:acm:ap-northeast-1:111122223333:certificate/c0c0'

const COMMON = {
  id: meta,
  name: meta,
  project_id: meta,
  tenant_id: meta,
  created_at: meta,
  updated_at: meta,
  provisioning_status: meta,
  operating_status: meta,
}

const FATES: Readonly<Record<Kind, Readonly<Record<string, Fate>>>> = {
  loadbalancer: {
    ...COMMON,
    description: judged({ description: 'two listeners' }, 'dropped'),
    tags: judged({ tags: ['env=prod'] }, 'dropped'),
    admin_state_up: judged({ admin_state_up: false }, 'exact'),
    vip_address: judged({ vip_address: '2001:db8::11' }, 'refused'),
    vip_port_id: meta,
    vip_subnet_id: meta,
    vip_network_id: meta,
    vip_sg_ids: judged({ vip_sg_ids: ['sg'] }, 'refused'),
    vip_qos_policy_id: judged({ vip_qos_policy_id: 'qos' }, 'dropped'),
    vip_vnic_type: judged({ vip_vnic_type: 'direct' }, 'exact'),
    additional_vips: judged({ additional_vips: ['198.51.100.2'] }, 'dropped'),
    listeners: meta,
    pools: meta,
    provider: judged({ provider: 'ovn' }, 'approximate'),
    flavor_id: judged({ flavor_id: 'large' }, 'exact'),
    availability_zone: judged({ availability_zone: 'tokyo-1' }, 'exact'),
  },
  listener: {
    ...COMMON,
    description: meta,
    tags: judged({ tags: ['env=prod'] }, 'dropped'),
    admin_state_up: judged({ admin_state_up: false }, 'exact'),
    protocol: judged({ protocol: 'HTTP' }, 'approximate'),
    protocol_port: { translated: { protocol_port: 81 } },
    connection_limit: judged({ connection_limit: 5000 }, 'dropped'),
    default_tls_container_ref: judged(tls({}), 'exact'),
    sni_container_refs: judged(tls({ sni_container_refs: ['other'] }), 'refused'),
    default_pool_id: { said: { default_pool_id: null }, code: 'LB_LISTENER_WITHOUT_POOL' },
    l7policies: judged({ l7policies: ['policy'] }, 'refused'),
    insert_headers: judged({ insert_headers: { 'X-Forwarded-For': 'true' } }, 'refused'),
    loadbalancers: meta,
    timeout_client_data: judged({ timeout_client_data: 61_000 }, 'exact'),
    timeout_member_connect: judged({ timeout_member_connect: 7_000 }, 'dropped'),
    timeout_member_data: judged({ timeout_member_data: 90_000 }, 'exact'),
    timeout_tcp_inspect: judged({ timeout_tcp_inspect: 100 }, 'dropped'),
    client_ca_tls_container_ref: judged(
      tls({ client_authentication: 'MANDATORY', client_ca_tls_container_ref: REF }),
      'refused',
    ),
    client_authentication: judged(tls({ client_authentication: 'MANDATORY' }), 'refused'),
    client_crl_container_ref: judged(
      tls({ client_authentication: 'MANDATORY', client_crl_container_ref: REF }),
      'refused',
    ),
    allowed_cidrs: { translated: { allowed_cidrs: ['192.0.2.0/24'] } },
    tls_ciphers: judged(tls({ tls_ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), 'approximate'),
    tls_versions: judged(tls({ tls_versions: ['TLSv1.3'] }), 'exact'),
    alpn_protocols: judged(tls({ alpn_protocols: ['http/1.1'] }), 'approximate'),
    hsts_max_age: judged(tls({ hsts_max_age: 3600 }), 'dropped'),
    hsts_include_subdomains: { beside: 'hsts_max_age' },
    hsts_preload: { beside: 'hsts_max_age' },
  },
  pool: {
    ...COMMON,
    description: meta,
    tags: judged({ tags: ['env=prod'] }, 'dropped'),
    admin_state_up: judged({ admin_state_up: false }, 'exact'),
    protocol: { translated: { protocol: 'PROXYV2' } },
    lb_algorithm: judged({ lb_algorithm: 'LEAST_CONNECTIONS' }, 'approximate'),
    session_persistence: {
      translated: { session_persistence: { type: 'SOURCE_IP', cookie_name: null } },
    },
    loadbalancers: meta,
    listeners: meta,
    healthmonitor_id: judged({ healthmonitor: null }, 'approximate'),
    members: { translated: { members: [member('10.20.0.99')] } },
    tls_container_ref: judged({ tls_enabled: true, tls_container_ref: REF }, 'refused'),
    ca_tls_container_ref: judged({ tls_enabled: true, ca_tls_container_ref: REF }, 'refused'),
    crl_container_ref: judged({ tls_enabled: true, crl_container_ref: REF }, 'refused'),
    tls_enabled: judged({ tls_enabled: true }, 'refused'),
    tls_ciphers: judged({ tls_enabled: true, tls_ciphers: 'AES256-SHA' }, 'approximate'),
    tls_versions: judged({ tls_enabled: true, tls_versions: ['TLSv1.2'] }, 'approximate'),
    alpn_protocols: judged({ tls_enabled: true, alpn_protocols: ['h2'] }, 'approximate'),
  },
  member: {
    ...COMMON,
    tags: judged({ tags: ['rack-1'] }, 'dropped'),
    admin_state_up: judged({ admin_state_up: false }, 'exact'),
    address: { translated: { address: '10.20.0.77' } },
    protocol_port: { translated: { protocol_port: 9090 } },
    weight: judged({ weight: 5 }, 'approximate'),
    backup: judged({ backup: true }, 'dropped'),
    subnet_id: meta,
    monitor_address: judged({ monitor_address: '10.99.0.1' }, 'refused'),
    monitor_port: judged({ monitor_port: 9000 }, 'refused'),
    vnic_type: judged({ vnic_type: 'direct' }, 'exact'),
  },
  healthmonitor: {
    ...COMMON,
    tags: meta,
    admin_state_up: judged({ admin_state_up: false }, 'approximate'),
    type: judged({ type: 'PING' }, 'approximate'),
    delay: { translated: { delay: 11 } },
    timeout: { translated: { timeout: 4 } },
    max_retries: { translated: { max_retries: 4 } },
    max_retries_down: { translated: { max_retries_down: 4 } },
    http_method: judged({ http_method: 'HEAD' }, 'approximate'),
    url_path: { translated: { url_path: '/healthz' } },
    expected_codes: { translated: { expected_codes: '200-299' } },
    http_version: judged({ http_version: 1.1 }, 'approximate'),
    domain_name: judged({ domain_name: 'app.example.com' }, 'refused'),
    pools: meta,
  },
}

/** A plain load balancer with one object of the kind changed. */
function withOne(kind: Kind, over: object): SourceTree {
  switch (kind) {
    case 'loadbalancer':
      return plain({ loadbalancer: loadBalancer(over) })
    case 'listener':
      return plain({ listeners: [listener(over)] })
    case 'pool':
      return plain({ pools: [pool({ healthmonitor: httpMonitor(), ...over })] })
    case 'member':
      return plain({
        pools: [pool({ healthmonitor: httpMonitor(), members: [member('10.20.0.11'), member('10.20.0.12', over)] })],
      })
    case 'healthmonitor':
      return plain({ pools: [pool({ healthmonitor: httpMonitor(over) })] })
  }
}

const plain = (over: Partial<SourceTree> = {}): SourceTree =>
  tree({ pools: [pool({ healthmonitor: httpMonitor() })], ...over })

const PLACE = placement({ certificates: { c0c0: ARN } })
const translated = (source: SourceTree): Translation => translate(source, PLACE, facts())
const desired = (source: SourceTree): unknown =>
  desiredOf(source, translated(source), PLACE, { hash: 'ef5e7c45', tags: {} })

/** `| cell | cell |` lines below each heading of the page. */
const PAGE = readFileSync(new URL('../../../docs/fidelity.md', import.meta.url), 'utf8')
const HEADING: Readonly<Record<Kind, readonly [heading: string, kind: SourceKind]>> = {
  loadbalancer: ['Load balancer', 'LOAD_BALANCER'],
  listener: ['Listener', 'LISTENER'],
  pool: ['Pool', 'POOL'],
  member: ['Member', 'MEMBER'],
  healthmonitor: ['Health monitor', 'MONITOR'],
}

interface Row {
  readonly field: string
  readonly name: string
  readonly verdicts: readonly string[]
}

const ticked = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')

function rows(kind: Kind): readonly Row[] {
  const [heading] = HEADING[kind]
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [fields = '', names = '', verdicts = ''] = line.slice(2).split(' | ')
      const known = ticked(names)
      return ticked(fields).map((field, at) => ({ field, name: known[at] ?? '–', verdicts: verdicts.split(', ') }))
    })
}

const KINDS = Object.keys(FATES) as Kind[]

describe.each(KINDS)('the fields of a %s', (kind) => {
  const fates = FATES[kind]
  const objects = recorded(kind)

  it('are all known', () => {
    const seen = new Set(objects.flatMap((one) => Object.keys(one)))
    expect(objects.length).toBeGreaterThan(5)
    expect([...seen].filter((field) => !(field in fates))).toEqual([])
    expect(Object.keys(fates).filter((field) => !seen.has(field))).toEqual([])
  })

  it('each have one row in docs/fidelity.md', () => {
    const listed = rows(kind).map((row) => row.field)
    expect(Object.keys(fates).filter((field) => !listed.includes(field))).toEqual([])
    expect(listed.filter((field, at) => listed.indexOf(field) !== at || !(field in fates))).toEqual([])
  })

  it.each(Object.entries(fates).flatMap(([field, fate]) => ('translated' in fate ? [[field, fate] as const] : [])))(
    '%s is translated',
    (_field, fate) => {
      expect(desired(withOne(kind, fate.translated))).not.toEqual(desired(withOne(kind, {})))
    },
  )

  it.each(
    Object.entries(fates).flatMap(([field, fate]) => ('judged' in fate ? [[field, fate.verdict, fate] as const] : [])),
  )('%s is %s', (field, verdict, fate) => {
    const found = translated(withOne(kind, fate.judged)).fidelity.filter((one) => one.field === field)
    expect(found.map((one) => one.verdict)).toEqual([verdict])
    expect(found[0]?.subject).toMatch(/shop|port 80/)
    if (verdict === 'refused') expect(found[0]?.code).toMatch(/^LB_UNSUPPORTED_[A-Z0-9_]+$/)
    else expect(found[0]?.code).toBe(`LB_FIDELITY_${nameOfField(HEADING[kind][1], field)}`)
  })

  it.each(
    Object.entries(fates).flatMap(([field, fate]) => ('said' in fate ? [[field, fate.code, fate] as const] : [])),
  )('%s is said as %s', (_field, code, fate) => {
    expect(translated(withOne(kind, fate.said)).remarks.map((one) => one.code)).toContain(code)
  })

  it('that come beside another are set only where that is', () => {
    const alone = Object.entries(fates).flatMap(([field, fate]) =>
      'beside' in fate ? objects.filter((one) => one[field] === true && one[fate.beside] === null) : [],
    )
    expect(alone).toEqual([])
  })
})

describe('a verdict', () => {
  const all = [
    ...KINDS.flatMap((kind) =>
      Object.values(FATES[kind]).flatMap((fate) => ('judged' in fate ? [withOne(kind, fate.judged)] : [])),
    ),
    ...KINDS.flatMap((kind) =>
      Object.values(FATES[kind]).flatMap((fate) => ('translated' in fate ? [withOne(kind, fate.translated)] : [])),
    ),
    ...recordedTrees().values(),
  ].map(translated)

  it('is one that docs/fidelity.md gives to the field, by the name it gives', () => {
    const page = new Map<string, true>(
      KINDS.flatMap((kind) =>
        rows(kind).flatMap((row) =>
          row.verdicts.map(
            (verdict) =>
              [`${verdict} ${row.field} ${verdict === 'refused' ? '' : `LB_FIDELITY_${row.name}`}`, true] as const,
          ),
        ),
      ),
    )
    const given = all.flatMap(({ fidelity }) =>
      fidelity.map((one) => `${one.verdict} ${one.field} ${one.verdict === 'refused' ? '' : one.code}`),
    )
    expect(new Set(given).size).toBeGreaterThan(60)
    expect([...new Set(given)].filter((one) => !page.has(one))).toEqual([])
  })

  it('says why when it is not exact, and nothing when it is', () => {
    const odd = all
      .flatMap(({ fidelity }) => fidelity)
      .filter((one) => (one.why === '') !== (one.verdict === 'exact') || (one.verdict === 'exact' && one.remedy !== ''))
    expect(odd).toEqual([])
  })

  it('has both values, and none of what is dropped', () => {
    const odd = all
      .flatMap(({ fidelity }) => fidelity)
      .filter((one) => one.source === '' || one.copy === '' || (one.copy === null) !== (one.verdict === 'dropped'))
      .filter((one) => one.verdict !== 'refused')
    expect(odd).toEqual([])
  })

  it('that refuses comes with a finding of its code, and each such finding with a verdict', () => {
    for (const { fidelity, remarks } of all) {
      const refused = new Set(fidelity.filter((one) => one.verdict === 'refused').map((one) => one.code))
      const found = new Set(remarks.map((one) => one.code).filter((code) => code.startsWith('LB_UNSUPPORTED_')))
      expect([...refused].toSorted()).toEqual([...found].toSorted())
    }
  })

  it('of a plain load balancer is told where a default comes out otherwise', () => {
    const { fidelity, remarks } = translated(plain())
    expect(remarks).toEqual([])
    expect(
      fidelity.filter((one) => one.verdict !== 'exact').map((one) => `${one.field}: ${one.source} → ${one.copy}`),
    ).toEqual([
      'vip_address: 198.51.100.1 → one address per subnet',
      'timeout_client_data: 50 s → 60 s',
      'timeout_member_data: 50 s → 60 s',
      'lb_algorithm: ROUND_ROBIN → a hash of each connection',
      'http_version: 1.0 → what the NLB speaks',
      "domain_name: no Host header of its own → the member's address and port as Host",
    ])
  })
})
