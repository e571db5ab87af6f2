import type { SourcePool } from '../ports/source.ts'
import { verdictsOn, type Item, type Verdicts } from './fidelity.ts'
import { some } from './remarks.ts'

/** Verdicts on the fields of a pool itself, and what of it depends on the listener that sends to it. */

/** Pool protocols whose bytes go to the members as they come from clients. */
const AS_IT_IS = new Set(['TCP', 'HTTP', 'HTTPS'])

/** `plain`: a listener that is not TLS sends to it. */
export function poolItems(pool: SourcePool, subject: string, plain: boolean): readonly Item[] {
  const say = verdictsOn('POOL', subject)
  return [
    ...protocolItems(pool, say),
    algorithmItem(pool, plain, say),
    ...persistenceItems(pool, plain, say),
    ...tlsItems(pool, say),
    ...(pool.tags.length === 0
      ? []
      : [say.dropped('tags', some(pool.tags), "Octavia's tags have no key, AWS's need one", 'Nothing to do')]),
  ]
}

function protocolItems({ protocol }: SourcePool, say: Verdicts): readonly Item[] {
  if (protocol === 'TCP') return []
  if (AS_IT_IS.has(protocol)) return [say.exact('protocol', protocol, 'TCP')]
  if (protocol === 'PROXYV2') return [say.exact('protocol', protocol, 'TCP with proxy_protocol_v2.enabled=true')]
  return [
    say.refused('protocol', protocol, {
      code: 'LB_UNSUPPORTED_POOL_PROTOCOL',
      why:
        protocol === 'PROXY'
          ? 'an NLB speaks version 2 of the PROXY protocol only: members that want version 1 would not understand it'
          : `an NLB does not send ${protocol} over Direct Connect`,
      remedy:
        protocol === 'PROXY'
          ? 'Switch the members and the pool to PROXYV2'
          : 'Move its listener to a load balancer of its own, which is not mirrored',
      allowable: false,
    }),
  ]
}

function algorithmItem({ lb_algorithm: algorithm }: SourcePool, plain: boolean, say: Verdicts): Item {
  return algorithm === 'SOURCE_IP' && plain
    ? say.approximate(
        'lb_algorithm',
        algorithm,
        'stickiness.type=source_ip',
        'clients stay on one member, but not on the same one as in Octavia',
      )
    : say.approximate(
        'lb_algorithm',
        algorithm,
        'a hash of each connection',
        'an NLB has no other way to spread connections',
        algorithm === 'SOURCE_IP' ? 'See that members do not rely on seeing the same clients again' : '',
      )
}

/** Kept apart by source address: what the pool asks for, in either of two ways. */
const bySource = ({ lb_algorithm, session_persistence }: SourcePool): boolean =>
  lb_algorithm === 'SOURCE_IP' || session_persistence?.type === 'SOURCE_IP'

function persistenceItems({ session_persistence: asked }: SourcePool, plain: boolean, say: Verdicts): readonly Item[] {
  if (asked === null) return []
  const { type, persistence_timeout: timeout, persistence_granularity: mask, cookie_name: cookie } = asked
  if (type === 'SOURCE_IP') {
    const extras = [
      ...(timeout == null ? [] : [`timeout ${timeout} s`]),
      ...(mask == null ? [] : [`granularity ${mask}`]),
    ]
    const copy = 'stickiness.type=source_ip'
    if (!plain) return []
    return extras.length === 0
      ? [say.exact('session_persistence', type, copy)]
      : [say.approximate('session_persistence', `${type}, ${extras.join(', ')}`, copy, 'an NLB has neither of these')]
  }
  return [
    say.refused('session_persistence', cookie == null ? type : `${type} ${cookie}`, {
      code: 'LB_UNSUPPORTED_SESSION_PERSISTENCE',
      why: 'an NLB does not look into requests: clients would not be kept on one member by a cookie',
      remedy: 'Use SOURCE_IP, or share sessions among the members; or allow the mirror to go without',
      allowable: true,
    }),
  ]
}

const NOT_CHECKED = 'an NLB takes any certificate of a target'

/** How Octavia speaks TLS to the members; nothing of it counts while that is off. */
function tlsItems(pool: SourcePool, say: Verdicts): readonly Item[] {
  const values = [
    ['tls_container_ref', pool.tls_container_ref],
    ['ca_tls_container_ref', pool.ca_tls_container_ref],
    ['crl_container_ref', pool.crl_container_ref],
    ['tls_ciphers', pool.tls_ciphers],
    ['tls_versions', pool.tls_versions.join(' ')],
    ['alpn_protocols', pool.alpn_protocols.join(', ')],
  ] as const
  const set = values.flatMap(([field, value]) => (value === null || value === '' ? [] : [{ field, value }]))
  if (!pool.tls_enabled)
    return set.map(({ field, value }) => say.exact(field, value, 'no effect: tls_enabled is false'))
  return set.map(({ field, value }) => {
    if (field === 'tls_container_ref') {
      return say.refused(field, value, {
        code: 'LB_UNSUPPORTED_POOL_CERTIFICATE',
        why: 'an NLB shows members no certificate of its own: those that demand one would refuse it',
        remedy: 'Let the members do without a client certificate, then allow the mirror to go without',
        allowable: true,
      })
    }
    if (field === 'ca_tls_container_ref' || field === 'crl_container_ref') {
      return say.refused(field, value, {
        code: 'LB_UNSUPPORTED_POOL_AUTHORITY',
        why: `${NOT_CHECKED}; Octavia looks whether it is signed by this authority`,
        remedy: 'Allow it if the way to the members is trusted otherwise',
        allowable: true,
        copy: 'any certificate',
      })
    }
    return say.approximate(
      field,
      value,
      "what AWS's policy for targets takes",
      'what an NLB offers to targets cannot be set',
    )
  })
}

/** What a listener makes of the pool it sends to: TLS towards members, and clients that stay on one of them. */
export function joinPool(
  pool: SourcePool,
  tlsListener: boolean,
  say: Verdicts,
): { readonly tls: boolean; readonly attributes: Readonly<Record<string, string>>; readonly items: readonly Item[] } {
  const sticky = bySource(pool) && !tlsListener
  return {
    tls: pool.tls_enabled,
    attributes: {
      // Targets see the NLB's own addresses: answers must come back the way requests went, over Direct Connect.
      'preserve_client_ip.enabled': 'false',
      'proxy_protocol_v2.enabled': String(pool.protocol === 'PROXYV2'),
      'stickiness.enabled': String(sticky),
      ...(sticky ? { 'stickiness.type': 'source_ip' } : {}),
    },
    items: [
      ...(pool.tls_enabled
        ? [
            tlsListener
              ? say.exact('tls_enabled', 'true', 'TLS target group')
              : say.refused('tls_enabled', 'true', {
                  code: 'LB_UNSUPPORTED_POOL_TLS',
                  why: 'a TCP listener of an NLB cannot begin TLS to members: it would speak plain TCP to those that want TLS',
                  remedy: 'Let clients speak TLS through to the members, or terminate it (TERMINATED_HTTPS)',
                  allowable: false,
                }),
          ]
        : []),
      ...(tlsListener && pool.session_persistence?.type === 'SOURCE_IP'
        ? [
            say.refused('session_persistence', 'SOURCE_IP', {
              code: 'LB_UNSUPPORTED_SESSION_PERSISTENCE',
              why: 'a TLS listener of an NLB does not keep clients on one member',
              remedy: 'Share sessions among the members; or allow the mirror to go without',
              allowable: true,
            }),
          ]
        : []),
    ],
  }
}
