import type { Actions } from './action.ts'
import { LIMIT } from './elbv2-limits.ts'
import { listenerOf, listenersOf } from './elbv2-lookup.ts'
import { fault, invalid } from './fault.ts'
import type { Params } from './query.ts'
import { flag, required, requiredStructs, structs, text, texts } from './query.ts'
import type { AwsState, ListenerState, TlsState } from './state.ts'

/** "Security policies for your Network Load Balancer" page. */
const VARIANTS_2021 = ['1-3', '1-2', '1-2-Res', '1-2-Ext1', '1-2-Ext2', '1-1', '1-0']
const VARIANTS_FIPS = ['1-3', '1-2', '1-2-Res', '1-2-Ext0', '1-2-Ext1', '1-2-Ext2', '1-1', '1-0']
const VARIANTS_PQ = ['1-3', '1-2', '1-2-Res', '1-2-Ext1', '1-2-Ext2', '1-0']
const POLICIES: ReadonlySet<string> = new Set([
  ...VARIANTS_2021.map((variant) => `ELBSecurityPolicy-TLS13-${variant}-2021-06`),
  ...VARIANTS_FIPS.map((variant) => `ELBSecurityPolicy-TLS13-${variant}-FIPS-2023-04`),
  ...VARIANTS_PQ.map((variant) => `ELBSecurityPolicy-TLS13-${variant}-PQ-2025-09`),
  'ELBSecurityPolicy-2016-08',
  'ELBSecurityPolicy-TLS-1-0-2015-04',
  'ELBSecurityPolicy-TLS-1-1-2017-01',
  'ELBSecurityPolicy-TLS-1-2-2017-01',
  'ELBSecurityPolicy-TLS-1-2-Ext-2018-06',
  'ELBSecurityPolicy-FS-2018-06',
  'ELBSecurityPolicy-FS-1-1-2019-08',
  'ELBSecurityPolicy-FS-1-2-2019-08',
  'ELBSecurityPolicy-FS-1-2-Res-2019-08',
  'ELBSecurityPolicy-FS-1-2-Res-2020-10',
])

/** What the API takes where none is named (the console takes another). */
const DEFAULT_POLICY = 'ELBSecurityPolicy-2016-08'

// API_CreateListener, `AlpnPolicy`.
const ALPN: ReadonlySet<string> = new Set(['HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred', 'None'])

const CERTIFICATE =
  /^arn:aws[a-z-]*:(?:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]{36}|iam::\d{12}:server-certificate\/[\w+=,.@/-]{1,256})$/

function known(state: AwsState, arn: string): string {
  if (!CERTIFICATE.test(arn)) throw invalid(`Certificate ARN '${arn}' is not valid`)
  if (state.certificates.includes(arn)) return arn
  throw fault('CertificateNotFound', `Certificate '${arn}' not found`)
}

function certificateArn(state: AwsState, item: Params): string {
  // API_CreateListener and API_AddListenerCertificates: "Set CertificateArn … but do not set IsDefault."
  if (flag(item, 'IsDefault') !== undefined) throw invalid('You cannot set IsDefault of a certificate')
  return known(state, required(item, 'CertificateArn'))
}

/**
 * The TLS settings after a create (`before` null) or a ModifyListener; null for every other protocol. "Changing the
 * protocol … from TLS to TCP removes the security policy and default certificate properties. If you change the protocol …
 * from TCP to TLS, you must add" them (API_ModifyListener).
 */
export function tlsOf(state: AwsState, params: Params, protocol: string, before: TlsState | null): TlsState | null {
  const certificates = structs(params, 'Certificates') ?? []
  const policy = text(params, 'SslPolicy')
  const alpn = texts(params, 'AlpnPolicy') ?? []
  if (protocol !== 'TLS') {
    if (certificates.length > 0 || policy !== undefined || alpn.length > 0) {
      throw invalid(`A certificate or policy cannot be specified for ${protocol} listeners`)
    }
    return null
  }
  const [asked, ...more] = certificates
  if (more.length > 0) throw invalid('Exactly one default certificate must be specified')
  const certificate = asked === undefined ? before?.certificate : certificateArn(state, asked)
  if (certificate === undefined) throw invalid('A certificate must be specified for TLS listeners')
  if (policy !== undefined && !POLICIES.has(policy))
    throw fault('SSLPolicyNotFound', `SSL policy '${policy}' not found`)
  const [protocols, ...others] = alpn
  if (others.length > 0 || (protocols !== undefined && !ALPN.has(protocols))) {
    throw fault('ALPNPolicyNotFound', `The ALPN policy '${alpn.join(', ')}' is not supported`)
  }
  return {
    certificate,
    further: before?.further ?? [],
    policy: policy ?? before?.policy ?? DEFAULT_POLICY,
    alpn: protocols ?? before?.alpn ?? null,
  }
}

/** The TLS part of a listener's description. */
export const tlsXml = ({ tls }: ListenerState) =>
  tls === null
    ? {}
    : {
        Certificates: [{ CertificateArn: tls.certificate }],
        SslPolicy: tls.policy,
        AlpnPolicy: tls.alpn === null ? null : [tls.alpn],
      }

/** Quotas page: 25 certificates per NLB. One certificate of several listeners is one. */
export function checkCertificates(state: AwsState, loadBalancerArn: string): void {
  const all = listenersOf(state, loadBalancerArn).flatMap(({ tls }) =>
    tls === null ? [] : [tls.certificate, ...tls.further],
  )
  if (new Set(all).size > LIMIT.certificates) {
    const message = `The maximum number of certificates '${LIMIT.certificates}' has been reached on load balancer '${loadBalancerArn}'`
    throw fault('TooManyCertificates', message)
  }
}

function tlsListener(state: AwsState, params: Params): { readonly listener: ListenerState; readonly tls: TlsState } {
  const listener = listenerOf(state, required(params, 'ListenerArn'))
  if (listener.tls !== null) return { listener, tls: listener.tls }
  throw invalid(`The listener '${listener.arn}' has protocol '${listener.protocol}', which has no certificates`)
}

const withTls = (state: AwsState, listener: ListenerState, tls: TlsState): AwsState => ({
  ...state,
  listeners: { ...state.listeners, [listener.arn]: { ...listener, tls } },
})

const listed = (arns: readonly string[]) => arns.map((CertificateArn) => ({ CertificateArn, IsDefault: false }))

export const certificateActions: Actions = {
  // API_AddListenerCertificates: "If the certificate is already in the certificate list, the call is successful but the
  // certificate is not added again."
  AddListenerCertificates({ state, params }) {
    const { listener, tls } = tlsListener(state, params)
    const added = requiredStructs(params, 'Certificates').map((item) => certificateArn(state, item))
    const further = [...new Set([...tls.further, ...added])]
    const next = withTls(state, listener, { ...tls, further })
    checkCertificates(next, listener.loadBalancerArn)
    return { state: next, result: { Certificates: listed(added) } }
  },

  // API_RemoveListenerCertificates: only from the list; the default certificate is replaced with ModifyListener.
  RemoveListenerCertificates({ state, params }) {
    const { listener, tls } = tlsListener(state, params)
    const gone = requiredStructs(params, 'Certificates').map((item) => required(item, 'CertificateArn'))
    if (gone.includes(tls.certificate) && !tls.further.includes(tls.certificate)) {
      throw fault('OperationNotPermitted', 'Default certificate cannot be removed')
    }
    const further = tls.further.filter((arn) => !gone.includes(arn))
    return { state: withTls(state, listener, { ...tls, further }), result: {} }
  },

  // API_DescribeListenerCertificates: a default certificate that is also in the list is shown twice.
  DescribeListenerCertificates({ state, params }) {
    const { tls } = tlsListener(state, params)
    const first = { CertificateArn: tls.certificate, IsDefault: true }
    return { state, result: { Certificates: [first, ...listed(tls.further)] } }
  },
}
