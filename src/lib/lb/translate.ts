import type { Fidelity } from '../core/report.ts'
import type { HealthCheck } from '../ports/mirrors.ts'
import type { NetworkFacts } from '../ports/network.ts'
import type { SourceListener, SourceLoadBalancer, SourcePool, SourceTree } from '../ports/source.ts'
import { byAddress, canonicalCidr } from './addresses.ts'
import { fidelityOf, isFatal, remarksOf, verdictsOn, type Item } from './fidelity.ts'
import { idleTimeout, listenerItems, protocolOf } from './listener-fields.ts'
import { loadBalancerItems, wantsIpv6 } from './load-balancer-fields.ts'
import type { Placement } from './model.ts'
import type { Variant } from './names.ts'
import { joinPool } from './pool-fields.ts'
import {
  EQUAL_SHARES,
  translatePool,
  type Choices,
  type Surroundings,
  type TranslatedPool,
  type WantedTarget,
} from './pool.ts'
import { label, some, type Remark } from './remarks.ts'
import { NO_TLS, terminatedTls, type TlsSettings } from './tls.ts'

/** One target group that a listener sends to. */
export interface TranslatedGroup {
  readonly variant: Variant
  /** 0-999; 1 where it is the only one. */
  readonly share: number
  readonly healthCheck: HealthCheck
  readonly attributes: Readonly<Record<string, string>>
  readonly targets: readonly WantedTarget[]
  /** Members that are no targets of this group, by `address:port`, and why. */
  readonly leftOut: Readonly<Record<string, string>>
}

/** What one Octavia listener asks of the mirror. */
export interface TranslatedListener {
  readonly port: number
  /** `listener web (port 80)` */
  readonly subject: string
  /**
   * `mirrored`: to be there. `absent`: Octavia does not serve it (disabled), or users do not need it. `empty`: it has
   * nothing to send to. `refused`: nyah cannot do it, and touches nothing of what may be there.
   */
  readonly verdict: 'mirrored' | 'absent' | 'empty' | 'refused'
  /** `pool web` */
  readonly pool: string
  /** Canonical, sorted, never empty. */
  readonly cidrs: readonly string[]
  readonly protocol: 'TCP' | 'TLS'
  /** ARNs: the default one first, then those chosen by SNI, sorted. TLS only. */
  readonly certificates: readonly string[]
  readonly sslPolicy: string | null
  readonly alpnPolicy: string | null
  /** Of the listener: `tcp.idle_timeout.seconds`. */
  readonly attributes: Readonly<Record<string, string>>
  /** Never empty when mirrored; else they may be. */
  readonly groups: readonly TranslatedGroup[]
  /** Those of all groups. */
  readonly targets: readonly WantedTarget[]
  /** What below it is PENDING_* or ERROR. */
  readonly unsettled: readonly string[]
}

export interface Translation {
  /** By port. */
  readonly listeners: readonly TranslatedListener[]
  /** `dualstack` where clients or members come by IPv6 and the network can. */
  readonly ipAddressType: 'ipv4' | 'dualstack'
  readonly remarks: readonly Remark[]
  /** One verdict per field in use. */
  readonly fidelity: readonly Fidelity[]
}

/** What an Octavia load balancer becomes on AWS, with a verdict on each field in use. */
export function translate(
  source: SourceTree,
  placement: Placement,
  network: NetworkFacts,
  choices: Choices = EQUAL_SHARES,
): Translation {
  const tree = inOrder(source)
  const { loadbalancer } = tree
  const subject = `load balancer ${label(loadbalancer)}`
  const { id } = loadbalancer
  const surroundings = { id, placement, network, choices, dualstack: canBeDualstack(placement, network) }
  const pools = new Map(tree.pools.map((pool) => [pool.id, pool]))
  const translated = new Map<string, TranslatedPool>()
  for (const [poolId, listeners] of poolUsers(loadbalancer, tree.listeners)) {
    const pool = pools.get(poolId)
    if (pool === undefined) continue
    const plain = listeners.some((listener) => protocolOf(listener.protocol) === 'TCP')
    const subjectOfPool = poolSubject(pool, listeners)
    const content = translatePool(pool, subjectOfPool, surroundings, plain)
    translated.set(poolId, { ...content, items: [...sharing(listeners, subjectOfPool), ...content.items] })
  }
  const ipv6 = surroundings.dualstack && (wantsIpv6(loadbalancer) || [...translated.values()].some((pool) => pool.ipv6))
  const results = tree.listeners.map((listener) =>
    translateListener(listener, loadbalancer.admin_state_up, pools, translated, surroundings, ipv6),
  )
  const items = [
    ...loadBalancerItems(loadbalancer, subject, surroundings.dualstack),
    ...results.flatMap((result) => result.items),
    ...[...translated.values()].flatMap((pool) => pool.items),
  ]
  return {
    listeners: results.map((result) => result.listener),
    ipAddressType: ipv6 ? 'dualstack' : 'ipv4',
    fidelity: fidelityOf(items),
    remarks: [
      ...remarksOf(items),
      ...disabled(loadbalancer, subject),
      ...results.flatMap((result) => result.remarks),
      ...[...translated.values()].flatMap((pool) => pool.remarks),
      ...unused(tree, subject),
    ],
  }
}

/** An internal NLB, or one with a subnet that has no IPv6 range, speaks IPv4 only. */
const canBeDualstack = ({ scheme, subnets }: Placement, network: NetworkFacts): boolean =>
  scheme === 'internet-facing' &&
  subnets.length > 0 &&
  subnets.every((id) => network.subnets.some((subnet) => subnet.id === id && subnet.ipv6Cidr !== null))

const disabled = (loadbalancer: SourceLoadBalancer, subject: string): readonly Remark[] =>
  loadbalancer.admin_state_up
    ? []
    : [
        {
          code: 'LB_DISABLED',
          severity: 'warn',
          subject,
          evidence: 'it is disabled in Octavia (admin_state_up false): none of its listeners is mirrored',
          remedy: `openstack loadbalancer set --enable ${loadbalancer.id}`,
        },
      ]

function unused({ listeners, pools }: SourceTree, subject: string): readonly Remark[] {
  const idle = pools.filter((pool) => !listeners.some((listener) => listener.default_pool_id === pool.id))
  return idle.length === 0
    ? []
    : [
        {
          code: 'LB_POOL_UNUSED',
          severity: 'info',
          subject,
          evidence: `no listener sends to ${some(idle.map((pool) => `pool ${label(pool)}`))} by default; not mirrored`,
          remedy: 'Nothing to do',
        },
      ]
}

/** Octavia's own order is that of creation, to the second: two readings must not differ by it. */
const inOrder = ({ loadbalancer, listeners, pools }: SourceTree): SourceTree => ({
  loadbalancer,
  listeners: listeners.toSorted((a, b) => a.protocol_port - b.protocol_port || (a.id < b.id ? -1 : 1)),
  pools: pools
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((pool) => ({
      ...pool,
      members: pool.members.toSorted(
        (a, b) => byAddress(a.address, b.address) || a.protocol_port - b.protocol_port || (a.id < b.id ? -1 : 1),
      ),
    })),
})

/** Pools of listeners that are on and that an NLB serves: what others use is refused or left out with its listener. */
function poolUsers(
  loadbalancer: SourceLoadBalancer,
  listeners: readonly SourceListener[],
): ReadonlyMap<string, readonly SourceListener[]> {
  const users = new Map<string, readonly SourceListener[]>()
  for (const listener of loadbalancer.admin_state_up ? listeners : []) {
    const pool = listener.default_pool_id
    if (pool === null || protocolOf(listener.protocol) === null || !listener.admin_state_up) continue
    users.set(pool, [...(users.get(pool) ?? []), listener])
  }
  return users
}

function poolSubject(pool: SourcePool, listeners: readonly SourceListener[]): string {
  const ports = listeners.map((listener) => listener.protocol_port)
  return `pool ${label(pool)} (${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')})`
}

/** Each port has a target group of its own. */
function sharing(listeners: readonly SourceListener[], subject: string): readonly Item[] {
  const ports = listeners.map((listener) => listener.protocol_port)
  if (ports.length < 2) return []
  const copy = `one target group per port: each member counts as ${ports.length} targets`
  return [verdictsOn('POOL', subject).exact('listeners', `ports ${ports.join(', ')}`, copy)]
}

interface Result {
  readonly listener: TranslatedListener
  readonly items: readonly Item[]
  readonly remarks: readonly Remark[]
}

function translateListener(
  listener: SourceListener,
  enabled: boolean,
  pools: ReadonlyMap<string, SourcePool>,
  translated: ReadonlyMap<string, TranslatedPool>,
  surroundings: Surroundings,
  ipv6: boolean,
): Result {
  const subject = `listener ${label(listener)} (port ${listener.protocol_port})`
  const say = verdictsOn('LISTENER', subject)
  const pool = listener.default_pool_id === null ? undefined : pools.get(listener.default_pool_id)
  const content = pool === undefined ? undefined : translated.get(pool.id)
  const protocol = protocolOf(listener.protocol)
  const { placement } = surroundings
  const tls = protocol === 'TLS' ? terminatedTls(listener, pool, placement, subject) : { settings: NO_TLS, items: [] }
  const joined = pool === undefined || protocol === null ? null : joinPool(pool, protocol === 'TLS', say)
  const base = {
    port: listener.protocol_port,
    subject,
    pool: pool === undefined ? 'no pool' : `pool ${label(pool)}`,
    cidrs: cidrsOf(listener, ipv6),
    ...settingsOf(listener, tls.settings),
    groups: content === undefined || joined === null ? [] : groupsOf(content, joined),
    targets: content?.targets ?? [],
    unsettled: [
      ...(listener.provisioning_status === 'ACTIVE' ? [] : [`${subject} is ${listener.provisioning_status}`]),
      ...(content?.unsettled ?? []),
    ],
  }
  const as = (verdict: TranslatedListener['verdict']): TranslatedListener => ({ ...base, verdict })
  if (!listener.admin_state_up) {
    const item = say.exact('admin_state_up', 'false', 'no listener')
    return { listener: as('absent'), items: [item], remarks: [off(listener, subject)] }
  }
  if (!enabled) return { listener: as('absent'), items: [], remarks: [] }
  const items = [...listenerItems(listener, say), ...tls.items, ...(joined?.items ?? [])]
  if (isFatal([...remarksOf([...items, ...(content?.items ?? [])]), ...(content?.remarks ?? [])])) {
    return { listener: as('refused'), items, remarks: [] }
  }
  if (protocol === null) return { listener: as('absent'), items, remarks: [] }
  if (base.targets.length > 0) return { listener: as('mirrored'), items, remarks: [] }
  return { listener: as('empty'), items, remarks: [nothingBehind(base, pool)] }
}

function settingsOf(
  listener: SourceListener,
  tls: TlsSettings,
): TlsSettings & Pick<TranslatedListener, 'protocol' | 'attributes'> {
  const idle = idleTimeout(listener)
  return {
    ...tls,
    protocol: protocolOf(listener.protocol) ?? 'TCP',
    attributes: idle === null ? {} : { 'tcp.idle_timeout.seconds': String(idle) },
  }
}

const groupsOf = (
  content: TranslatedPool,
  { tls, attributes }: ReturnType<typeof joinPool>,
): readonly TranslatedGroup[] =>
  content.parts.map(({ weight, share, targets, leftOut }) => ({
    variant: { tls, ipv6: content.ipv6, weight },
    share,
    healthCheck: content.healthCheck,
    attributes,
    targets,
    leftOut,
  }))

const off = (listener: SourceListener, subject: string): Remark => ({
  code: 'LB_LISTENER_DISABLED',
  severity: 'warn',
  subject,
  evidence: 'it is disabled in Octavia (admin_state_up false) and is not mirrored',
  remedy: `openstack loadbalancer listener set --enable ${listener.id}`,
})

const nothingBehind = (
  listener: { readonly subject: string; readonly pool: string },
  pool: SourcePool | undefined,
): Remark => ({
  code: pool === undefined ? 'LB_LISTENER_WITHOUT_POOL' : 'LB_POOL_EMPTY',
  severity: 'warn',
  subject: listener.subject,
  evidence:
    pool === undefined
      ? 'it has no default pool: it gets no listener on the NLB'
      : `${listener.pool} has no member that can be a target: no listener is made on the NLB, since an empty target group would take the whole NLB out of DNS`,
  remedy: `${pool === undefined ? 'Give it a default pool' : 'Add an enabled member'} in Octavia, then sync the mirror again`,
})

const EVERYBODY = '0.0.0.0/0'
const EVERYBODY_BY_IPV6 = '::/0'

/** Never empty, never wider than what Octavia says: a CIDR that cannot be read stays in the list, and is refused. */
function cidrsOf(listener: SourceListener, ipv6: boolean): readonly string[] {
  const cidrs = listener.allowed_cidrs ?? []
  if (cidrs.length === 0) return [EVERYBODY, ...(ipv6 ? [EVERYBODY_BY_IPV6] : [])]
  return [...new Set(cidrs.map((cidr) => canonicalCidr(cidr) ?? cidr))].toSorted()
}
