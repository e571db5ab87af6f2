import type { SourceListener } from '../ports/source.ts'
import { canonicalCidr } from './addresses.ts'
import type { Item, Verdicts } from './fidelity.ts'
import { count, some } from './remarks.ts'

/** Verdicts on the fields of a listener. What is TLS stands in tls.ts. */

/** Octavia's listener protocols that an NLB serves, and as what. */
const SERVED: Readonly<Record<string, 'TCP' | 'TLS'>> = {
  TCP: 'TCP',
  HTTP: 'TCP',
  HTTPS: 'TCP',
  TERMINATED_HTTPS: 'TLS',
}

/** Null: an NLB does not serve it over Direct Connect. */
export const protocolOf = (protocol: string): 'TCP' | 'TLS' | null =>
  Object.hasOwn(SERVED, protocol) ? (SERVED[protocol] ?? null) : null

const ALONE = 'Move this listener to a load balancer of its own, which is not mirrored'

const REFUSED: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  UDP: [
    'an NLB always keeps the client address of UDP, so answers would not come back over Direct Connect the way they went',
    ALONE,
  ],
  SCTP: ['an NLB does not know SCTP', ALONE],
}

const REQUESTS =
  'an NLB spreads connections, not requests, and looks into none: no X-Forwarded headers, no error pages of its own'

function protocolItems({ protocol }: SourceListener, say: Verdicts): readonly Item[] {
  switch (protocol) {
    case 'TCP':
      return []
    case 'HTTPS':
      return [say.exact('protocol', protocol, 'TCP')]
    case 'HTTP':
      return [say.approximate('protocol', protocol, 'TCP', REQUESTS)]
    case 'TERMINATED_HTTPS':
      return [say.approximate('protocol', protocol, 'TLS', REQUESTS)]
    case 'PROMETHEUS':
      return [
        say.dropped(
          'protocol',
          protocol,
          "an NLB's metrics are in CloudWatch (AWS/NetworkELB)",
          'Collect them from there',
        ),
      ]
    default: {
      const [why, remedy] = REFUSED[protocol] ?? ['nyah does not know this protocol', ALONE]
      return [
        say.refused('protocol', protocol, {
          code: 'LB_UNSUPPORTED_LISTENER_PROTOCOL',
          why,
          remedy,
          allowable: false,
        }),
      ]
    }
  }
}

export const listenerItems = (it: SourceListener, say: Verdicts): readonly Item[] => [
  ...protocolItems(it, say),
  ...(protocolOf(it.protocol) === null ? [] : servedItems(it, say)),
  ...(it.tags.length === 0
    ? []
    : [say.dropped('tags', some(it.tags), "Octavia's tags have no key, AWS's need one", 'Nothing to do')]),
]

function servedItems(it: SourceListener, say: Verdicts): readonly Item[] {
  const headers = Object.entries(it.insert_headers).map(([name, value]) => `${name}: ${value}`)
  const policies = it.l7policies.length
  return [
    ...(policies === 0
      ? []
      : [
          say.refused('l7policies', count(policies, 'policy').replace('policys', 'policies'), {
            code: 'LB_UNSUPPORTED_L7POLICIES',
            why: 'an NLB does not look into requests: it would send them where these policies do not',
            remedy: 'Do this work in a proxy behind a TCP listener; L7 policies cannot be mirrored',
            allowable: false,
          }),
        ]),
    ...(headers.length === 0
      ? []
      : [
          say.refused('insert_headers', some(headers), {
            code: 'LB_UNSUPPORTED_INSERT_HEADERS',
            why: 'an NLB does not look into requests: members would miss these headers',
            remedy:
              'Let the members do without (PROXYV2 tells them the address of the client), or allow the mirror to go without',
            allowable: true,
          }),
        ]),
    ...(it.connection_limit < 0
      ? []
      : [
          say.dropped(
            'connection_limit',
            String(it.connection_limit),
            'an NLB has no limit of connections',
            'Limit them at the members, if more would hurt',
          ),
        ]),
    ...cidrItems(it, say),
    ...timeoutItems(it, say),
    ...withoutTls(it, say),
  ]
}

/** One that nobody can read would stop the mirror half made, or let in others than Octavia does. */
function cidrItems({ allowed_cidrs: cidrs }: SourceListener, say: Verdicts): readonly Item[] {
  if (cidrs === null || cidrs.length === 0) return []
  const unreadable = cidrs.filter((cidr) => canonicalCidr(cidr) === null)
  if (unreadable.length === 0) return [say.exact('allowed_cidrs', some(cidrs), 'rules of its security group')]
  return [
    say.refused('allowed_cidrs', some(unreadable), {
      code: 'LB_UNSUPPORTED_ALLOWED_CIDRS',
      why: 'no CIDR block that a security group takes',
      remedy: 'Correct allowed_cidrs of the listener in Octavia',
      allowable: false,
    }),
  ]
}

/** Set on a listener that does not end TLS, these do nothing in Octavia. */
function withoutTls(it: SourceListener, say: Verdicts): readonly Item[] {
  if (protocolOf(it.protocol) === 'TLS') return []
  const values = [
    ['default_tls_container_ref', it.default_tls_container_ref],
    ['sni_container_refs', it.sni_container_refs.join(', ')],
    ['client_authentication', it.client_authentication === 'NONE' ? null : it.client_authentication],
    ['client_ca_tls_container_ref', it.client_ca_tls_container_ref],
    ['client_crl_container_ref', it.client_crl_container_ref],
    ['tls_ciphers', it.tls_ciphers],
    ['tls_versions', it.tls_versions.join(' ')],
    ['alpn_protocols', it.alpn_protocols.join(', ')],
    ['hsts_max_age', it.hsts_max_age === null ? null : `${it.hsts_max_age} s`],
  ] as const
  return values.flatMap(([field, value]) =>
    value === null || value === ''
      ? []
      : [say.exact(field, value, `no effect: a listener of ${it.protocol} ends no TLS`)],
  )
}

const DEFAULTS = { timeout_member_connect: 5_000, timeout_tcp_inspect: 0 }

/** `tcp.idle_timeout.seconds`: AWS's range. */
const SHORTEST = 60
const LONGEST = 6_000

/** Of a TLS listener; it cannot be set. */
const TLS_IDLE = 350

const seconds = (ms: number): string => (ms === 0 ? 'none' : `${ms / 1000} s`)

/** Null: a listener that ends TLS, whose time-out is fixed. */
export function idleTimeout({
  protocol,
  timeout_client_data: client,
  timeout_member_data: member,
}: SourceListener): number | null {
  if (protocolOf(protocol) === 'TLS') return null
  // HAProxy takes 0 for never.
  if (client === 0 || member === 0) return LONGEST
  return Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(Math.max(client, member) / 1000)))
}

function timeoutItems(it: SourceListener, say: Verdicts): readonly Item[] {
  const idle = idleTimeout(it)
  const copy = `${idle ?? TLS_IDLE} s`
  const why =
    idle === null
      ? `a TLS listener of an NLB drops connections that were idle for ${TLS_IDLE} s`
      : `an NLB has one time-out for both sides, ${SHORTEST} to ${LONGEST} s: idle connections are dropped by the longer one`
  const dropped = (field: keyof typeof DEFAULTS, what: string): readonly Item[] =>
    it[field] === DEFAULTS[field] ? [] : [say.dropped(field, seconds(it[field]), what)]
  return [
    say.same('timeout_client_data', seconds(it.timeout_client_data), copy, why),
    say.same('timeout_member_data', seconds(it.timeout_member_data), copy, why),
    ...dropped('timeout_member_connect', 'how long an NLB waits for a target cannot be set'),
    ...dropped('timeout_tcp_inspect', 'an NLB does not look into connections'),
  ]
}
