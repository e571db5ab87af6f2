import type { SourceListener, SourcePool } from '../ports/source.ts'
import { verdictsOn, type Item, type Verdicts } from './fidelity.ts'
import type { Placement } from './model.ts'
import { some } from './remarks.ts'

/**
 * TLS that the NLB ends: certificates of the configured map, and AWS's policies in place of versions and ciphers. Policies:
 * docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html.
 */

export interface TlsSettings {
  readonly certificates: readonly string[]
  readonly sslPolicy: string | null
  readonly alpnPolicy: string | null
}

export const NO_TLS: TlsSettings = { certificates: [], sslPolicy: null, alpnPolicy: null }

/** What AWS's console proposes; TLS 1.2 and 1.3, and ciphers with forward secrecy alone. */
const DEFAULT_POLICY = 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06'

/** By the versions that they take, oldest first. */
const POLICIES: Readonly<Record<string, string>> = {
  'TLSv1.3': 'ELBSecurityPolicy-TLS13-1-3-2021-06',
  'TLSv1.2': 'ELBSecurityPolicy-TLS-1-2-2017-01',
  'TLSv1.2 TLSv1.3': DEFAULT_POLICY,
  'TLSv1.1 TLSv1.2': 'ELBSecurityPolicy-TLS-1-1-2017-01',
  'TLSv1.1 TLSv1.2 TLSv1.3': 'ELBSecurityPolicy-TLS13-1-1-2021-06',
  'TLSv1 TLSv1.1 TLSv1.2': 'ELBSecurityPolicy-2016-08',
  'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3': 'ELBSecurityPolicy-TLS13-1-0-2021-06',
}

/** Octavia's own names, oldest first. AWS has no SSLv3. */
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** The last part of a container's reference: people know it by that. */
const lastPart = (ref: string): string => ref.replace(/\/+$/, '').split('/').at(-1) ?? ref

const certificateFor = (ref: string, certificates: Placement['certificates']): string | null =>
  [ref, lastPart(ref)].flatMap((key) => (Object.hasOwn(certificates, key) ? [certificates[key] ?? ''] : []))[0] ?? null

/** For a listener that is TERMINATED_HTTPS. `pool`: what it sends to, if anything. */
export function terminatedTls(
  listener: SourceListener,
  pool: SourcePool | undefined,
  placement: Placement,
  subject: string,
): { readonly settings: TlsSettings; readonly items: readonly Item[] } {
  const say = verdictsOn('LISTENER', subject)
  const certificates = certificatesOf(listener, placement.certificates, say)
  const versions = policyOf(listener.tls_versions)
  const alpn = alpnOf(listener, pool, say)
  return {
    settings: { certificates: certificates.arns, sslPolicy: versions.policy, alpnPolicy: alpn.policy },
    items: [
      ...certificates.items,
      versionsItem(listener, versions, say),
      ...(listener.tls_ciphers === null || listener.tls_ciphers === ''
        ? []
        : [
            say.approximate(
              'tls_ciphers',
              listener.tls_ciphers,
              `those of ${versions.policy}`,
              'an NLB takes ciphers by policy, not one by one',
              'See that clients with old TLS libraries have a cipher of the policy: aws elbv2 describe-ssl-policies',
            ),
          ]),
      ...alpn.items,
      ...clientAuthentication(listener, say),
      ...(listener.hsts_max_age === null
        ? []
        : [
            say.dropped(
              'hsts_max_age',
              `${listener.hsts_max_age} s`,
              'an NLB adds no header to answers',
              'Let the members send Strict-Transport-Security themselves',
            ),
          ]),
    ],
  }
}

function certificatesOf(
  listener: SourceListener,
  known: Placement['certificates'],
  say: Verdicts,
): { readonly arns: readonly string[]; readonly items: readonly Item[] } {
  const main = listener.default_tls_container_ref
  const arn = main === null ? null : certificateFor(main, known)
  const others = [...new Set(listener.sni_container_refs)].filter((ref) => ref !== main)
  const found = others.map((ref) => ({ ref, arn: certificateFor(ref, known) }))
  const missing = found.flatMap((one) => (one.arn === null ? [one.ref] : []))
  const sni = [...new Set(found.flatMap((one) => (one.arn === null || one.arn === arn ? [] : [one.arn])))].toSorted()
  const line = (ref: string): string =>
    `Import its certificate into ACM, and add it to certificates of the context: "${lastPart(ref)}": arn:aws:acm:…`
  const first =
    main !== null && arn !== null
      ? say.exact('default_tls_container_ref', main, arn)
      : say.refused('default_tls_container_ref', main ?? 'not set', {
          code: 'LB_UNSUPPORTED_TLS_CONTAINER',
          why:
            main === null
              ? 'an NLB does not end TLS without a certificate'
              : 'its certificate is in Octavia, and the configuration names none in AWS for it',
          remedy: main === null ? 'Give the listener a default container in Octavia' : line(main),
          allowable: false,
        })
  return {
    arns: arn === null ? [] : [arn, ...sni],
    items: [
      first,
      ...(missing.length === 0
        ? found.length === 0
          ? []
          : [say.exact('sni_container_refs', some(others), some(found.map((one) => one.arn ?? '')))]
        : [
            say.refused('sni_container_refs', some(missing), {
              code: 'LB_UNSUPPORTED_SNI_CONTAINERS',
              why: 'their certificates are in Octavia, and the configuration names none in AWS for them: clients of these names would be shown the default one',
              remedy: `${missing.map(line).join('; ')}; or allow the mirror to go without`,
              allowable: true,
            }),
          ]),
    ],
  }
}

interface PolicyChoice {
  readonly policy: string
  /** The versions it takes. */
  readonly takes: string
}

/** The policy of just these versions, or of the fewest that hold them all. */
function policyOf(versions: readonly string[]): PolicyChoice {
  const known = VERSIONS.filter((version) => versions.includes(version))
  const [oldest] = known
  const takes = Object.entries(POLICIES).map(([words, policy]) => ({
    takes: words,
    policy,
    count: words.split(' ').length,
  }))
  const asked = versions.length > 0 && oldest === undefined ? VERSIONS.slice(0, 1) : known
  const fitting = takes
    .filter((one) => asked.every((version) => one.takes.split(' ').includes(version)))
    .toSorted((a, b) => a.count - b.count)[0]
  return versions.length === 0 || fitting === undefined
    ? { policy: DEFAULT_POLICY, takes: 'TLSv1.2 TLSv1.3' }
    : { policy: fitting.policy, takes: fitting.takes }
}

function versionsItem({ tls_versions }: SourceListener, { policy, takes }: PolicyChoice, say: Verdicts): Item {
  const source = tls_versions.toSorted().join(' ')
  const copy = `${policy} (${takes})`
  return source === takes
    ? say.exact('tls_versions', source, copy)
    : say.approximate(
        'tls_versions',
        source === '' ? 'not said' : source,
        copy,
        source === '' ? 'the NLB has to be told' : 'AWS has no policy of just these versions',
      )
}

const HTTP_1 = ['http/1.1', 'http/1.0']

/**
 * The NLB passes on what the client speaks: HTTP/2 is only offered where the members speak it too. Octavia turns HTTP/2 of
 * clients into HTTP/1.1 for members that do not.
 */
function alpnOf(
  { alpn_protocols: offered }: SourceListener,
  pool: SourcePool | undefined,
  say: Verdicts,
): { readonly policy: string | null; readonly items: readonly Item[] } {
  if (offered.length === 0) return { policy: null, items: [] }
  const source = offered.join(', ')
  const speakHttp2 = pool?.tls_enabled === true && pool.alpn_protocols.includes('h2')
  const usable = offered.filter((protocol) => protocol !== 'h2' || speakHttp2)
  const policy = alpnPolicyOf(usable)
  if (policy === null) {
    const refusal = say.refused('alpn_protocols', source, {
      code: 'LB_UNSUPPORTED_ALPN_PROTOCOLS',
      why: 'an NLB would pass HTTP/2 on to members that do not speak it; Octavia turns it into HTTP/1.1',
      remedy: 'Offer http/1.1 too, or let the members speak HTTP/2 over TLS; or allow the mirror to negotiate nothing',
      allowable: true,
      copy: 'no ALPN',
    })
    return { policy: null, items: [refusal] }
  }
  const copy = `${policy.name} (${policy.offers.join(', ')})`
  const item =
    source === policy.offers.join(', ')
      ? say.exact('alpn_protocols', source, copy)
      : say.approximate(
          'alpn_protocols',
          source,
          copy,
          usable.length < offered.length
            ? 'an NLB would pass HTTP/2 on to members that do not speak it; Octavia turns it into HTTP/1.1'
            : 'an NLB takes these by policy',
        )
  return { policy: policy.name, items: [item] }
}

function alpnPolicyOf(usable: readonly string[]): { readonly name: string; readonly offers: readonly string[] } | null {
  const http1 = usable.some((protocol) => HTTP_1.includes(protocol))
  const http2 = usable.includes('h2')
  if (http2 && !http1) return { name: 'HTTP2Only', offers: ['h2'] }
  if (http1 && !http2) return { name: 'HTTP1Only', offers: HTTP_1 }
  if (!http1) return null
  return usable[0] === 'h2'
    ? { name: 'HTTP2Preferred', offers: ['h2', ...HTTP_1] }
    : { name: 'HTTP2Optional', offers: [...HTTP_1, 'h2'] }
}

function clientAuthentication(listener: SourceListener, say: Verdicts): readonly Item[] {
  const { client_authentication: asks, client_ca_tls_container_ref: ca, client_crl_container_ref: crl } = listener
  const parts = [
    ['client_ca_tls_container_ref', ca],
    ['client_crl_container_ref', crl],
  ] as const
  const set = parts.flatMap(([field, value]) => (value === null ? [] : [{ field, value }]))
  if (asks === 'NONE') {
    return set.map(({ field, value }) => say.exact(field, value, 'no effect: Octavia asks clients for no certificate'))
  }
  const refusal = {
    code: 'LB_UNSUPPORTED_CLIENT_AUTHENTICATION',
    why: 'an NLB does not ask clients for certificates: it would let in whom Octavia keeps out',
    remedy: 'Let TLS pass through (an HTTPS or TCP listener), and let the members ask for client certificates',
    allowable: false,
  }
  return [
    say.refused('client_authentication', asks, refusal),
    // One finding says it; the report has every field.
    ...set.map(({ field, value }) => ({ ...say.refused(field, value, refusal), remark: null })),
  ]
}
