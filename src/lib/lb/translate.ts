import type { Fidelity } from '../core/report.ts'
import type { HealthCheck } from '../ports/mirrors.ts'
import type { NetworkFacts } from '../ports/network.ts'
import type { SourceListener, SourcePool, SourceTree } from '../ports/source.ts'
import { byAddress, canonicalCidr } from './addresses.ts'
import type { Placement } from './model.ts'
import type { Variant } from './names.ts'
import { translatePool, type TranslatedPool, type WantedTarget } from './pool.ts'
import { label, some, type Remark } from './remarks.ts'
import { LISTENER_CHECKS, LOAD_BALANCER_CHECKS, protocolCheck, unsupported } from './unsupported.ts'

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

const EVERYBODY = ['0.0.0.0/0']

/** What an Octavia load balancer becomes on AWS, and all that does not come along, by name. */
export function translate(source: SourceTree, placement: Placement, network: NetworkFacts): Translation {
  const tree = inOrder(source)
  const { loadbalancer } = tree
  const subject = `load balancer ${label(loadbalancer)}`
  const pools = new Map(tree.pools.map((pool) => [pool.id, pool]))
  const users = poolUsers(tree.listeners)
  const translated = new Map<string, TranslatedPool>()
  for (const [poolId, listeners] of users) {
    const pool = pools.get(poolId)
    if (pool !== undefined)
      translated.set(poolId, translatePool(pool, poolSubject(pool, listeners), placement, network))
  }
  const results = tree.listeners.map((listener) =>
    translateListener(listener, loadbalancer.admin_state_up, pools, translated),
  )
  const unused = tree.pools.filter((pool) => !tree.listeners.some((listener) => listener.default_pool_id === pool.id))
  return {
    listeners: results.map((result) => result.listener),
    ipAddressType: 'ipv4',
    fidelity: [],
    remarks: [
      ...unsupported(LOAD_BALANCER_CHECKS, loadbalancer, subject),
      ...(loadbalancer.admin_state_up
        ? []
        : [
            {
              code: 'LB_DISABLED',
              severity: 'warn' as const,
              subject,
              evidence: 'it is disabled in Octavia (admin_state_up false): none of its listeners is mirrored',
              remedy: `openstack loadbalancer set --enable ${loadbalancer.id}`,
            },
          ]),
      ...results.flatMap((result) => result.remarks),
      ...[...translated.values()].flatMap((pool) => pool.remarks),
      ...(unused.length === 0
        ? []
        : [
            {
              code: 'LB_POOL_UNUSED',
              severity: 'info' as const,
              subject,
              evidence: `no listener sends to ${some(unused.map((pool) => `pool ${label(pool)}`))} by default; not mirrored`,
              remedy: 'Nothing to do',
            },
          ]),
    ],
  }
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

/** Pools of TCP listeners that are on: what others use is refused or left out with its listener. */
function poolUsers(listeners: readonly SourceListener[]): ReadonlyMap<string, readonly SourceListener[]> {
  const users = new Map<string, readonly SourceListener[]>()
  for (const listener of listeners) {
    const pool = listener.default_pool_id
    if (pool === null || listener.protocol !== 'TCP' || !listener.admin_state_up) continue
    users.set(pool, [...(users.get(pool) ?? []), listener])
  }
  return users
}

function poolSubject(pool: SourcePool, listeners: readonly SourceListener[]): string {
  const ports = listeners.map((listener) => listener.protocol_port)
  return `pool ${label(pool)} (${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')})`
}

function translateListener(
  listener: SourceListener,
  enabled: boolean,
  pools: ReadonlyMap<string, SourcePool>,
  translated: ReadonlyMap<string, TranslatedPool>,
): { readonly listener: TranslatedListener; readonly remarks: readonly Remark[] } {
  const subject = `listener ${label(listener)} (port ${listener.protocol_port})`
  const pool = listener.default_pool_id === null ? undefined : pools.get(listener.default_pool_id)
  const content = pool === undefined ? undefined : translated.get(pool.id)
  const base = {
    port: listener.protocol_port,
    subject,
    pool: pool === undefined ? 'no pool' : `pool ${label(pool)}`,
    cidrs: cidrsOf(listener),
    protocol: 'TCP' as const,
    certificates: [],
    sslPolicy: null,
    alpnPolicy: null,
    attributes: {},
    groups:
      content === undefined || content.targets.length === 0
        ? []
        : [
            {
              variant: { tls: false, ipv6: false, weight: null },
              share: 1,
              healthCheck: content.healthCheck,
              attributes: { 'preserve_client_ip.enabled': 'false' },
              targets: content.targets,
              leftOut: content.leftOut,
            },
          ],
    targets: content?.targets ?? [],
    unsettled: [
      ...(listener.provisioning_status === 'ACTIVE' ? [] : [`${subject} is ${listener.provisioning_status}`]),
      ...(content?.unsettled ?? []),
    ],
  }
  if (!listener.admin_state_up || !enabled) {
    const remark: Remark = {
      code: 'LB_LISTENER_DISABLED',
      severity: 'warn',
      subject,
      evidence: 'it is disabled in Octavia (admin_state_up false) and is not mirrored',
      remedy: `openstack loadbalancer listener set --enable ${listener.id}`,
    }
    return { listener: { ...base, verdict: 'absent' }, remarks: listener.admin_state_up ? [] : [remark] }
  }
  const own = unsupported([protocolCheck(listener.protocol), ...LISTENER_CHECKS], listener, subject)
  const fatal = [...own, ...(content?.remarks ?? [])].some(
    (remark) => remark.severity === 'refuse' && remark.allowable !== true,
  )
  if (fatal) return { listener: { ...base, verdict: 'refused' }, remarks: own }
  if (listener.protocol !== 'TCP') return { listener: { ...base, verdict: 'absent' }, remarks: own }
  if (base.targets.length > 0) return { listener: { ...base, verdict: 'mirrored' }, remarks: own }
  return { listener: { ...base, verdict: 'empty' }, remarks: [...own, nothingBehind(base, pool)] }
}

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
  remedy: 'Add an enabled member in Octavia, then: nyah lb sync',
})

/** Never empty, never wider than what Octavia says: a CIDR that cannot be read stays in the list for AWS to refuse. */
function cidrsOf(listener: SourceListener): readonly string[] {
  const cidrs = listener.allowed_cidrs ?? []
  if (cidrs.length === 0) return EVERYBODY
  return [...new Set(cidrs.map((cidr) => canonicalCidr(cidr) ?? cidr))].toSorted()
}
