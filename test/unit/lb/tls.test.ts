import { describe, expect, it } from 'vitest'
import { desiredOf } from '../../../src/lib/lb/desired.ts'
import { translate, type Translation } from '../../../src/lib/lb/translate.ts'
import type { SourceListener, SourcePool, SourceTree } from '../../../src/lib/ports/source.ts'
import { facts, httpMonitor, listener, placement, pool, tree } from './sources.ts'

const REF = 'https://barbican.example.jp/v1/containers/main'
const arn = (name: string): string => `arn:aws:acm:ap-northeast-1:111122223333:certificate/${name}`
const PLACE = placement({
  certificates: { main: arn('m'), 'https://barbican.example.jp/v1/containers/b': arn('b'), a: arn('a') },
})

const source = (over: Partial<SourceListener> = {}, behind: Partial<SourcePool> = {}): SourceTree =>
  tree({
    listeners: [
      listener({
        protocol: 'TERMINATED_HTTPS',
        protocol_port: 443,
        default_tls_container_ref: REF,
        tls_versions: ['TLSv1.2', 'TLSv1.3'],
        ...over,
      }),
    ],
    pools: [pool({ protocol: 'HTTP', ...behind })],
  })

const of = (over: Partial<SourceListener> = {}, behind: Partial<SourcePool> = {}): Translation =>
  translate(source(over, behind), PLACE, facts())

const verdictOn = ({ fidelity }: Translation, field: string): readonly string[] =>
  fidelity.filter((one) => one.field === field).map((one) => `${one.verdict}: ${one.source} → ${one.copy ?? 'nothing'}`)

const refused = ({ remarks }: Translation): readonly string[] =>
  remarks.map((one) => `${one.code.replace('LB_UNSUPPORTED_', '')}${one.allowable === true ? '' : '!'}`)

describe('a listener that ends TLS', () => {
  it('is a TLS listener with the certificate of the map, before a TCP target group', () => {
    const translation = of()
    const { listeners } = desiredOf(source(), translation, PLACE, { hash: 'ef5e7c45', tags: {} })
    expect(listeners).toMatchObject([
      {
        port: 443,
        protocol: 'TLS',
        certificates: [arn('m')],
        sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
        alpnPolicy: null,
        attributes: {},
        groups: [{ key: '443', targetGroup: { name: 'nyah-shop-ef5e7c45-443', protocol: 'TCP' } }],
      },
    ])
    expect(translation.remarks).toEqual([])
    expect(verdictOn(translation, 'timeout_client_data')).toEqual(['approximate: 50 s → 350 s'])
    expect(verdictOn(of({ timeout_client_data: 350_000 }), 'timeout_client_data')).toEqual(['exact: 350 s → 350 s'])
  })

  it('sends to a TLS target group where Octavia speaks TLS to the members, and so do its checks', () => {
    const behind = { tls_enabled: true, healthmonitor: httpMonitor() }
    const { listeners } = desiredOf(source({}, behind), of({}, behind), PLACE, { hash: 'ef5e7c45', tags: {} })
    expect(listeners[0]?.groups).toMatchObject([
      {
        key: '443-t',
        targetGroup: { name: 'nyah-shop-ef5e7c45-443-t', protocol: 'TLS', healthCheck: { protocol: 'HTTPS' } },
      },
    ])
    expect(verdictOn(of({}, behind), 'tls_enabled')).toEqual(['exact: true → TLS target group'])
  })

  it.each([
    ['whole reference', 'https://barbican.example.jp/v1/containers/b', arn('b')],
    ['last part', 'https://elsewhere.example.jp/v1/containers/a', arn('a')],
    ['last part before a slash', 'https://elsewhere.example.jp/v1/containers/a/', arn('a')],
  ])('finds its certificate by the %s', (_by, ref, certificate) => {
    expect(of({ default_tls_container_ref: ref }).listeners[0]?.certificates).toEqual([certificate])
  })

  it.each(['https://elsewhere.example.jp/v1/containers/c', 'https://x.example.jp/constructor'])(
    'without an entry for %s is refused, with the line to add',
    (ref) => {
      const translation = of({ default_tls_container_ref: ref })
      expect(translation.listeners[0]?.verdict).toBe('refused')
      expect(refused(translation)).toEqual(['TLS_CONTAINER!'])
      expect(translation.remarks[0]?.remedy).toContain(`"${ref.split('/').at(-1)}": arn:aws:acm:`)
    },
  )

  it('without any container is refused', () => {
    expect(refused(of({ default_tls_container_ref: null }))).toEqual(['TLS_CONTAINER!'])
  })

  it('has further certificates by SNI: sorted, each once, never the default one again', () => {
    const refs = ['x/b', 'https://barbican.example.jp/v1/containers/b', 'x/a', 'x/a', REF, 'y/main']
    const translation = of({ sni_container_refs: refs.slice(1) })
    expect(translation.listeners[0]?.certificates).toEqual([arn('m'), arn('a'), arn('b')])
    expect(refused(translation)).toEqual([])
  })

  it('goes without a certificate by SNI only where that is allowed', () => {
    const translation = of({ sni_container_refs: ['x/a', 'x/unknown'] })
    expect(translation.listeners[0]).toMatchObject({ verdict: 'mirrored', certificates: [arn('m'), arn('a')] })
    expect(refused(translation)).toEqual(['SNI_CONTAINERS'])
    expect(translation.remarks[0]?.remedy).toContain('"unknown": arn:aws:acm:')
  })

  it.each([
    [['TLSv1.3'], 'TLS13-1-3-2021-06', 'exact'],
    [['TLSv1.2'], 'TLS-1-2-2017-01', 'exact'],
    [['TLSv1.3', 'TLSv1.2'], 'TLS13-1-2-Res-2021-06', 'exact'],
    [['TLSv1.1', 'TLSv1.2'], 'TLS-1-1-2017-01', 'exact'],
    [['TLSv1.1', 'TLSv1.2', 'TLSv1.3'], 'TLS13-1-1-2021-06', 'exact'],
    [['TLSv1', 'TLSv1.1', 'TLSv1.2'], '2016-08', 'exact'],
    [['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'], 'TLS13-1-0-2021-06', 'exact'],
    [[], 'TLS13-1-2-Res-2021-06', 'approximate'],
    [['TLSv1'], '2016-08', 'approximate'],
    [['TLSv1.1'], 'TLS-1-1-2017-01', 'approximate'],
    [['TLSv1.1', 'TLSv1.3'], 'TLS13-1-1-2021-06', 'approximate'],
    [['SSLv3'], '2016-08', 'approximate'],
    [['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2'], '2016-08', 'approximate'],
  ])('of %j has policy %s: %s', (tls_versions, policy, verdict) => {
    const translation = of({ tls_versions })
    expect(translation.listeners[0]?.sslPolicy).toBe(`ELBSecurityPolicy-${policy}`)
    expect(translation.fidelity.filter((one) => one.field === 'tls_versions').map((one) => one.verdict)).toEqual([
      verdict,
    ])
  })

  const h2 = { tls_enabled: true, alpn_protocols: ['h2', 'http/1.1'] }
  it.each([
    [[], h2, null, null],
    [['h2', 'http/1.1'], {}, 'HTTP1Only', 'approximate'],
    [['http/1.1', 'http/1.0'], {}, 'HTTP1Only', 'exact'],
    [['http/1.0'], {}, 'HTTP1Only', 'approximate'],
    [['h2', 'http/1.1'], h2, 'HTTP2Preferred', 'approximate'],
    [['h2', 'http/1.1', 'http/1.0'], h2, 'HTTP2Preferred', 'exact'],
    [['http/1.1', 'h2'], h2, 'HTTP2Optional', 'approximate'],
    [['h2'], h2, 'HTTP2Only', 'exact'],
    [['h2'], { tls_enabled: true, alpn_protocols: ['http/1.1'] }, null, 'refused'],
    [['h2'], { alpn_protocols: ['h2'] }, null, 'refused'],
  ])('that offers %j before %o negotiates %s: %s', (alpn_protocols, behind, policy, verdict) => {
    const translation = of({ alpn_protocols }, behind)
    expect(translation.listeners[0]).toMatchObject({ verdict: 'mirrored', alpnPolicy: policy })
    const found = translation.fidelity.filter((one) => one.field === 'alpn_protocols' && /listener/.test(one.subject))
    expect(found.map((one) => one.verdict)).toEqual(verdict === null ? [] : [verdict])
    expect(refused(translation)).toEqual(verdict === 'refused' ? ['ALPN_PROTOCOLS'] : [])
  })

  it.each(['OPTIONAL', 'MANDATORY'])(
    'that asks clients for certificates (%s) is refused for good',
    (client_authentication) => {
      const translation = of({
        client_authentication,
        client_ca_tls_container_ref: 'ca',
        client_crl_container_ref: 'crl',
      })
      expect(translation.listeners[0]?.verdict).toBe('refused')
      expect(refused(translation)).toEqual(['CLIENT_AUTHENTICATION!'])
      expect(translation.fidelity.filter((one) => one.verdict === 'refused').map((one) => one.field)).toEqual([
        'client_authentication',
        'client_ca_tls_container_ref',
        'client_crl_container_ref',
      ])
    },
  )

  it('keeps nobody on one member', () => {
    const sticky = { type: 'SOURCE_IP', cookie_name: null, persistence_timeout: null, persistence_granularity: null }
    const translation = of({}, { session_persistence: sticky })
    expect(translation.listeners[0]?.groups[0]?.attributes).toMatchObject({ 'stickiness.enabled': 'false' })
    expect(refused(translation)).toEqual(['SESSION_PERSISTENCE'])
    expect(verdictOn(of({}, { lb_algorithm: 'SOURCE_IP' }), 'lb_algorithm')).toEqual([
      'approximate: SOURCE_IP → a hash of each connection',
    ])
  })
})

describe('TLS to the members', () => {
  it('behind a listener that ends none is refused for good', () => {
    const translation = of(
      { protocol: 'HTTP', default_tls_container_ref: null, tls_versions: [] },
      { tls_enabled: true },
    )
    expect(translation.listeners[0]?.verdict).toBe('refused')
    expect(refused(translation)).toEqual(['POOL_TLS!'])
  })

  it.each([
    ['tls_container_ref', 'POOL_CERTIFICATE'],
    ['ca_tls_container_ref', 'POOL_AUTHORITY'],
    ['crl_container_ref', 'POOL_AUTHORITY'],
  ])('with %s is refused until it is allowed', (field, code) => {
    expect(refused(of({}, { tls_enabled: true, [field]: 'ref' }))).toEqual([code])
    expect(refused(of({}, { tls_enabled: false, [field]: 'ref' }))).toEqual([])
    expect(verdictOn(of({}, { tls_enabled: false, [field]: 'ref' }), field)).toEqual([
      'exact: ref → no effect: tls_enabled is false',
    ])
  })

  it('goes by a policy of AWS', () => {
    const { fidelity } = of({}, { tls_enabled: true, tls_ciphers: 'AES256-SHA', tls_versions: ['TLSv1.2'] })
    const found = fidelity.filter((one) => one.subject.startsWith('pool') && one.field.startsWith('tls_'))
    expect(found.map((one) => [one.field, one.verdict])).toEqual([
      ['tls_ciphers', 'approximate'],
      ['tls_versions', 'approximate'],
    ])
  })
})
