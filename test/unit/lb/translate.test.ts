import { describe, expect, it } from 'vitest'
import { desiredOf } from '../../../src/lib/lb/desired.ts'
import { translate, type TranslatedListener, type Translation } from '../../../src/lib/lb/translate.ts'
import type { SourceListener, SourceTree } from '../../../src/lib/ports/source.ts'
import { recordedTrees } from './recorded.ts'
import { facts, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'

const RECORDED = recordedTrees()

/** What every load balancer has to be told: the rest is what is particular to one. */
const COMMON = new Set([
  'vip_address',
  'lb_algorithm',
  'timeout_client_data',
  'timeout_member_data',
  'healthmonitor_id',
])

const refused = ({ remarks }: Translation): readonly string[] =>
  remarks.map(
    (one) => `${one.code.replace('LB_', '')}${one.severity === 'refuse' && one.allowable !== true ? '!' : ''}`,
  )

/** Listeners, then findings (`!` where nothing can overrule a refusal), then what is approximate or dropped. */
function story(name: string): readonly (readonly string[])[] {
  const source = RECORDED.get(name)
  if (source === undefined) throw new Error(`no recorded load balancer ${name}`)
  const translation = translate(source, placement(), facts())
  return [
    translation.listeners.map((one) => `${one.port} ${one.protocol} ${one.verdict} ${one.targets.length}`),
    refused(translation),
    translation.fidelity
      .filter((one) => !COMMON.has(one.field) && (one.verdict === 'approximate' || one.verdict === 'dropped'))
      .map((one) => `${one.field}: ${one.source.slice(0, 22).trim()} → ${one.copy ?? 'nothing'}`),
  ]
}

const HTTP = [
  'http_version: 1.0 → what the NLB speaks',
  "domain_name: no Host header of its → the member's address and port as Host",
]

describe('load balancers recorded from a real Octavia', () => {
  it.each([
    [
      'a-l4-tcp',
      ['80 TCP mirrored 4', '443 TCP mirrored 4'],
      [],
      ['tags: env=prod, nyah → nothing', 'description: two TCP listeners, own → nothing'],
    ],
    [
      'b-http-monitor',
      ['80 TCP mirrored 2', '81 TCP mirrored 1', '82 TCP mirrored 1', '83 TCP mirrored 1'],
      ['UNSUPPORTED_MONITOR_DOMAIN_NAME', 'UNSUPPORTED_MONITOR_ADDRESS', 'UNSUPPORTED_MONITOR_PORT'],
      [
        'http_version: 1.1 → what the NLB speaks',
        'max_retries: 1 → 2',
        'http_method: HEAD → GET',
        ...HTTP,
        'type: PING → TCP',
        'delay: 400 s → 300 s',
        'timeout: 200 s → 120 s',
        'admin_state_up: false → TCP checks',
      ],
    ],
    [
      'c-udp',
      ['53 TCP mirrored 2', '53 TCP refused 0', '514 TCP refused 0'],
      ['UNSUPPORTED_LISTENER_PROTOCOL!', 'UNSUPPORTED_LISTENER_PROTOCOL!'],
      [],
    ],
    ['d-sctp', ['3868 TCP refused 0'], ['UNSUPPORTED_LISTENER_PROTOCOL!'], []],
    ['e-proxy-protocol', ['25 TCP refused 1', '465 TCP mirrored 1'], ['UNSUPPORTED_POOL_PROTOCOL!'], []],
    [
      'f-l7',
      ['80 TCP refused 2', '443 TLS refused 0', '8443 TCP mirrored 2', '9100 TCP absent 0'],
      [
        'UNSUPPORTED_L7POLICIES!',
        'UNSUPPORTED_INSERT_HEADERS',
        'UNSUPPORTED_TLS_CONTAINER!',
        'UNSUPPORTED_SESSION_PERSISTENCE',
        'POOL_UNUSED',
      ],
      [
        'protocol: HTTP → TCP',
        'protocol: TERMINATED_HTTPS → TLS',
        'tls_ciphers: TLS_AES_128_GCM_SHA256 → those of ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
        'alpn_protocols: h2, http/1.1 → HTTP1Only (http/1.1, http/1.0)',
        'hsts_max_age: 31536000 s → nothing',
        'protocol: PROMETHEUS → nothing',
        ...HTTP,
        'type: TLS-HELLO → TCP',
      ],
    ],
    [
      'g-persistence',
      ['80 TCP mirrored 2', '81 TCP mirrored 2'],
      ['UNSUPPORTED_SESSION_PERSISTENCE'],
      ['protocol: HTTP → TCP'],
    ],
    [
      'h-members',
      ['80 TCP mirrored 5'],
      ['DROPPED_BACKUP', 'UNSUPPORTED_IPV6_MEMBER', 'MEMBERS_NOT_REGISTERED'],
      [
        'weight: 1 (4 of 5 members), 25 → equal shares',
        'backup: true of 10.20.1.4:80 → nothing',
        'tags: of 10.20.1.9:80 → nothing',
      ],
    ],
    [
      'i-acl-timeouts',
      ['22 TCP mirrored 2', '23 TCP absent 0'],
      ['LISTENER_DISABLED'],
      [
        'connection_limit: 5000 → nothing',
        'timeout_member_connect: 7 s → nothing',
        'timeout_tcp_inspect: 0.1 s → nothing',
      ],
    ],
    [
      'k-ロードバランサー',
      ['443 TCP mirrored 1'],
      [],
      ['tags: nyah, 環境=本番 → nothing', 'description: 本番の決済用ロードバランサー（東京）🐈 → nothing'],
    ],
    [
      'l-shared-pool',
      ['80 TCP mirrored 1', '8080 TCP mirrored 1', '9999 TCP empty 0'],
      ['UNSUPPORTED_IPV6_VIP', 'LISTENER_WITHOUT_POOL'],
      [],
    ],
    ['m-many-members', ['80 TCP mirrored 150'], [], []],
    ['n-disabled', [], ['DISABLED'], []],
    ['o-empty', [], [], []],
  ])('%s', (name, ...told) => {
    expect(story(name)).toEqual(told)
  })

  it('are all told', () => {
    expect(RECORDED.size).toBe(14)
  })
})

const of = (source: SourceTree, over: Parameters<typeof placement>[0] = {}, network = facts()): Translation =>
  translate(source, placement(over), network)

const first = ({ listeners }: Translation): TranslatedListener => {
  const [one] = listeners
  if (one === undefined) throw new Error('no listener')
  return one
}

const withListener = (over: Partial<SourceListener>): Translation => of(tree({ listeners: [listener(over)] }))

const verdictOn = ({ fidelity }: Translation, field: string, subject = /./): readonly string[] =>
  fidelity
    .filter((one) => one.field === field && subject.test(one.subject))
    .map((one) => `${one.verdict}: ${one.source} → ${one.copy ?? 'nothing'}`)

describe('a listener', () => {
  it.each([
    ['TCP', 'mirrored', []],
    ['HTTP', 'mirrored', ['approximate: HTTP → TCP']],
    ['HTTPS', 'mirrored', ['exact: HTTPS → TCP']],
    ['UDP', 'refused', ['refused: UDP → nothing']],
    ['SCTP', 'refused', ['refused: SCTP → nothing']],
    ['PROMETHEUS', 'absent', ['dropped: PROMETHEUS → nothing']],
    ['QUIC', 'refused', ['refused: QUIC → nothing']],
  ])('of %s is %s', (protocol, verdict, verdicts) => {
    const translation = withListener({ protocol })
    expect(first(translation).verdict).toBe(verdict)
    expect(verdictOn(translation, 'protocol', /listener/)).toEqual(verdicts)
    expect(refused(translation)).toEqual(verdict === 'refused' ? ['UNSUPPORTED_LISTENER_PROTOCOL!'] : [])
  })

  it('of UDP says why, and what can be done', () => {
    const [remark] = withListener({ protocol: 'UDP' }).remarks
    expect(remark?.evidence).toContain('answers would not come back over Direct Connect')
    expect(remark?.remedy).toContain('load balancer of its own')
  })

  it('of UDP beside TCP on one port leaves the TCP one', () => {
    const translation = of(tree({ listeners: [listener({ protocol: 'UDP', default_pool_id: null }), listener()] }))
    expect(translation.listeners.map((one) => one.verdict).toSorted()).toEqual(['mirrored', 'refused'])
    expect(refused(translation)).toEqual(['UNSUPPORTED_LISTENER_PROTOCOL!'])
  })

  it('with L7 policies is refused for good, with inserted headers until it is allowed', () => {
    expect(first(withListener({ protocol: 'HTTP', l7policies: ['a', 'b'] })).verdict).toBe('refused')
    const headers = withListener({ protocol: 'HTTP', insert_headers: { 'X-Forwarded-For': 'true' } })
    expect(first(headers).verdict).toBe('mirrored')
    expect(refused(headers)).toEqual(['UNSUPPORTED_INSERT_HEADERS'])
  })

  it.each([
    [50_000, 50_000, '60', ['approximate: 50 s → 60 s', 'approximate: 50 s → 60 s']],
    [60_000, 60_000, '60', ['exact: 60 s → 60 s', 'exact: 60 s → 60 s']],
    [59_999, 60_001, '61', ['approximate: 59.999 s → 61 s', 'approximate: 60.001 s → 61 s']],
    [300_000, 50_000, '300', ['exact: 300 s → 300 s', 'approximate: 50 s → 300 s']],
    [50_000, 6_000_000, '6000', ['approximate: 50 s → 6000 s', 'exact: 6000 s → 6000 s']],
    [6_000_001, 1_000, '6000', ['approximate: 6000.001 s → 6000 s', 'approximate: 1 s → 6000 s']],
    [0, 50_000, '6000', ['approximate: none → 6000 s', 'approximate: 50 s → 6000 s']],
  ])('with time-outs of %i and %i ms drops idle connections after %s s', (client, data, seconds, verdicts) => {
    const translation = withListener({ timeout_client_data: client, timeout_member_data: data })
    expect(first(translation).attributes).toEqual({ 'tcp.idle_timeout.seconds': seconds })
    expect([
      ...verdictOn(translation, 'timeout_client_data'),
      ...verdictOn(translation, 'timeout_member_data'),
    ]).toEqual(verdicts)
  })

  it.each([
    [{ timeout_member_connect: 5_000 }, []],
    [{ timeout_member_connect: 5_001 }, ['timeout_member_connect']],
    [{ timeout_tcp_inspect: 1 }, ['timeout_tcp_inspect']],
    [{ connection_limit: -1 }, []],
    [{ connection_limit: 0 }, ['connection_limit']],
  ])('with %o drops %o', (over, dropped) => {
    const { fidelity } = withListener(over)
    expect(fidelity.filter((one) => one.verdict === 'dropped').map((one) => one.field)).toEqual(dropped)
  })

  it('lets in everybody, or whom Octavia lets in, in AWS spelling', () => {
    const cidrs = (allowed_cidrs: readonly string[] | null) => first(withListener({ allowed_cidrs })).cidrs
    expect(cidrs(null)).toEqual(['0.0.0.0/0'])
    expect(cidrs([])).toEqual(['0.0.0.0/0'])
    expect(cidrs(['192.0.2.9/24', '2001:DB8:0::/32', '198.51.100.7', '192.0.2.0/24'])).toEqual([
      '192.0.2.0/24',
      '198.51.100.7/32',
      '2001:db8::/32',
    ])
    expect(cidrs(['nonsense'])).toEqual(['nonsense'])
    expect(verdictOn(withListener({ allowed_cidrs: ['192.0.2.0/24'] }), 'allowed_cidrs')).toEqual([
      'exact: 192.0.2.0/24 → rules of its security group',
    ])
    expect(verdictOn(withListener({ allowed_cidrs: [] }), 'allowed_cidrs')).toEqual([])
  })

  it('that ends no TLS has no use for TLS fields', () => {
    const translation = withListener({ tls_versions: ['TLSv1'], client_authentication: 'MANDATORY', hsts_max_age: 9 })
    expect(first(translation)).toMatchObject({
      verdict: 'mirrored',
      protocol: 'TCP',
      certificates: [],
      sslPolicy: null,
    })
    expect(refused(translation)).toEqual([])
    expect(verdictOn(translation, 'client_authentication')).toEqual([
      'exact: MANDATORY → no effect: a listener of TCP ends no TLS',
    ])
  })

  it('that is off is absent, and so are all of a load balancer that is off, whatever they ask for', () => {
    expect(first(withListener({ admin_state_up: false, protocol: 'UDP' }))).toMatchObject({ verdict: 'absent' })
    const off = of(
      tree({
        loadbalancer: loadBalancer({ admin_state_up: false }),
        listeners: [listener(), listener({ protocol: 'SCTP', protocol_port: 81 })],
        pools: [pool({ protocol: 'PROXY' })],
      }),
    )
    expect(off.listeners.map((one) => one.verdict)).toEqual(['absent', 'absent'])
    expect(refused(off)).toEqual(['DISABLED'])
  })

  it('with something in flux says so', () => {
    const source = tree({
      listeners: [listener({ provisioning_status: 'PENDING_UPDATE' })],
      pools: [pool({ members: [member('10.20.0.11', { provisioning_status: 'ERROR' })] })],
    })
    expect(first(of(source)).unsettled).toEqual([
      'listener web (port 80) is PENDING_UPDATE',
      'member 10.20.0.11:8080 is ERROR',
    ])
  })
})

describe('listeners that share a pool', () => {
  const source = tree({ listeners: [listener({ protocol_port: 8080 }), listener()] })

  it('have a target group each', () => {
    const translation = of(source)
    const { listeners } = desiredOf(source, translation, placement(), { hash: 'ef5e7c45', tags: {} })
    expect(listeners.map((one) => one.groups.map((group) => [group.key, group.targets.length]))).toEqual([
      [['80', 2]],
      [['8080', 2]],
    ])
    expect(verdictOn(translation, 'listeners')).toEqual([
      'exact: ports 80, 8080 → one target group per port: each member counts as 2 targets',
    ])
  })

  it('hear of the pool once', () => {
    expect(
      of(source)
        .fidelity.filter((one) => one.field === 'lb_algorithm')
        .map((one) => one.subject),
    ).toEqual(['pool web (ports 80, 8080)'])
  })
})

describe('addresses', () => {
  const dual = (ipv6: readonly (string | null)[]) =>
    facts({
      subnets: facts().subnets.map((subnet, at) => ({ ...subnet, ipv6Cidr: ipv6[at] ?? null })),
    })
  const both = dual(['2001:db8:a::/64', '2001:db8:c::/64'])
  const vip6 = tree({ loadbalancer: loadBalancer({ vip_address: '2001:db8::11' }) })

  it.each([
    ['internet-facing', both, 'dualstack', []],
    ['internet-facing', dual(['2001:db8:a::/64', null]), 'ipv4', ['UNSUPPORTED_IPV6_VIP']],
    ['internal', both, 'ipv4', ['UNSUPPORTED_IPV6_VIP']],
  ] as const)('of an IPv6 VIP on a network that is %s (%#)', (scheme, network, type, said) => {
    const translation = of(vip6, { scheme }, network)
    expect(translation.ipAddressType).toBe(type)
    expect(refused(translation)).toEqual(said)
    expect(first(translation).cidrs).toEqual(type === 'dualstack' ? ['0.0.0.0/0', '::/0'] : ['0.0.0.0/0'])
  })

  it('stay IPv4 where nobody comes by IPv6', () => {
    expect(of(tree(), { scheme: 'internet-facing' }, both).ipAddressType).toBe('ipv4')
  })

  it('that are additional are IPv6 beside the first, or left out with a warning', () => {
    const source = tree({ loadbalancer: loadBalancer({ additional_vips: ['198.51.100.2', '2001:db8::12'] }) })
    const translation = of(source, { scheme: 'internet-facing' }, both)
    expect(translation.ipAddressType).toBe('dualstack')
    expect(translation.remarks.map((one) => [one.code, one.severity])).toEqual([['LB_DROPPED_ADDITIONAL_VIPS', 'warn']])
    expect(verdictOn(translation, 'additional_vips')).toEqual(['dropped: 198.51.100.2 → nothing'])
  })

  it.each([
    ['amphora', []],
    ['octavia', []],
    ['vendor', ['exact: vendor → an NLB']],
    ['ovn', ["approximate: ovn → members see the NLB's addresses"]],
  ])('are served by provider %s', (provider, verdicts) => {
    expect(verdictOn(of(tree({ loadbalancer: loadBalancer({ provider }) })), 'provider')).toEqual(verdicts)
  })
})
