import type { Quota } from '../core/report.ts'
import type { AccountLimits } from '../ports/mirrors.ts'
import { isWithin } from './addresses.ts'
import type { Desired } from './desired.ts'
import type { Observed } from './model.ts'
import type { Owned } from './owned.ts'
import { registered } from './owned.ts'
import type { Remark } from './remarks.ts'

/**
 * Limits of AWS that a mirror may meet, looked at before the first write. Defaults where the account's own are not known:
 * docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html, and 60 inbound rules per security
 * group (docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html).
 */

const DOCUMENTED = {
  networkLoadBalancers: 50,
  listenersPerLoadBalancer: 50,
  targetGroups: 3_000,
  targetsPerLoadBalancer: 3_000,
  targetsPerZone: 500,
  targetsPerTargetGroup: 1_000,
  certificatesPerLoadBalancer: 25,
} as const

const SECURITY_GROUP_RULES = 60

/** Not adjustable, the same page says. */
const FIXED: ReadonlySet<string> = new Set(['LB_QUOTA_LISTENERS'])

/** AWS advises to have as many free in each subnet of a load balancer. */
const ENOUGH_ADDRESSES = 8

interface Limit {
  readonly code: string
  readonly quota: Quota
}

export interface Quotas {
  readonly quotas: readonly Quota[]
  readonly remarks: readonly Remark[]
}

export function quotasOf(observed: Observed, owned: Owned, desired: Desired): Quotas {
  const subject = `mirror ${owned.loadBalancer?.name ?? desired.loadBalancer.name}`
  const limits = limitsOf(observed, owned, desired)
  const addresses = freeAddresses(observed, owned)
  return {
    quotas: [...limits, ...addresses].map(({ quota }) => quota),
    remarks: [
      ...limits.flatMap((limit) => exceeded(limit, subject)),
      ...addresses.flatMap(({ code, quota }) => scarce(code, quota, observed.placement.name)),
    ],
  }
}

function limitOf(
  limits: AccountLimits | null,
  code: string,
  name: string,
  of: keyof typeof DOCUMENTED,
  used: number | null,
  needed: number,
): readonly Limit[] {
  const own = limits?.[of] ?? null
  const quota = { name, used, needed, limit: own ?? DOCUMENTED[of] }
  return needed === 0 ? [] : [{ code, quota: { ...quota, origin: own === null ? 'documented' : 'account' } }]
}

/** `before`: as many further NLBs are made in the same run. */
export function loadBalancersOf(limits: AccountLimits | null, before: number): readonly Limit[] {
  const used = limits?.used.networkLoadBalancers ?? null
  const needed = (used ?? 0) + before + 1
  return limitOf(limits, 'LB_QUOTA_LOAD_BALANCERS', 'NLBs in the Region', 'networkLoadBalancers', used, needed)
}

function limitsOf({ limits, network }: Observed, owned: Owned, desired: Desired): readonly Limit[] {
  const limit = (
    code: string,
    name: string,
    of: keyof typeof DOCUMENTED,
    used: number | null,
    needed: number,
  ): readonly Limit[] => limitOf(limits, code, name, of, used, needed)
  const groups = desired.listeners.flatMap((listener) => listener.groups)
  const wanted = groups.map((group) => group.targets)
  const there = [...owned.targetGroups.values()].map(registered)
  const zoned = (lists: readonly (readonly Placed[])[]): number => perZone(lists.flat(), network.subnets)
  const fresh = groups.filter((group) => !owned.targetGroups.has(group.key)).length
  const known = limits?.used ?? null
  const listeners = owned.listeners.size + owned.foreignListeners.size
  const sni = desired.listeners.flatMap((listener) => listener.certificates.slice(1))
  const shown = [...owned.listeners.values()].flatMap((listener) => listener.certificates.slice(1))
  const { securityGroup } = owned
  const rules = desired.securityGroup.ingress.length
  return [
    ...(owned.loadBalancer === null ? loadBalancersOf(limits, 0) : []),
    ...limit(
      'LB_QUOTA_LISTENERS',
      'listeners per NLB',
      'listenersPerLoadBalancer',
      listeners,
      desired.listeners.length + owned.foreignListeners.size,
    ),
    ...(fresh === 0
      ? []
      : limit(
          'LB_QUOTA_TARGET_GROUPS',
          'target groups in the Region',
          'targetGroups',
          known?.targetGroups ?? null,
          (known?.targetGroups ?? 0) + fresh,
        )),
    ...limit(
      'LB_QUOTA_TARGETS',
      'targets per NLB',
      'targetsPerLoadBalancer',
      there.flat().length,
      wanted.flat().length,
    ),
    ...limit('LB_QUOTA_TARGETS_PER_ZONE', 'targets per zone of an NLB', 'targetsPerZone', zoned(there), zoned(wanted)),
    ...limit(
      'LB_QUOTA_TARGETS_PER_GROUP',
      'targets per target group',
      'targetsPerTargetGroup',
      most(there),
      most(wanted),
    ),
    ...limit(
      'LB_QUOTA_CERTIFICATES',
      'certificates per NLB (without the default ones)',
      'certificatesPerLoadBalancer',
      shown.length,
      sni.length,
    ),
    ...(rules === 0
      ? []
      : [
          {
            code: 'LB_QUOTA_SECURITY_GROUP_RULES',
            quota: {
              name: 'inbound rules of its security group',
              used: securityGroup?.ingress.length ?? 0,
              needed: Math.max(...byFamily(desired)),
              limit: SECURITY_GROUP_RULES,
              origin: 'documented' as const,
            },
          },
        ]),
  ]
}

/** AWS counts IPv4 and IPv6 rules apart. */
function byFamily({ securityGroup }: Desired): readonly number[] {
  const six = securityGroup.ingress.filter(({ cidr }) => cidr.includes(':')).length
  return [securityGroup.ingress.length - six, six]
}

const most = (lists: readonly (readonly unknown[])[]): number => Math.max(0, ...lists.map((list) => list.length))

type Placed = Pick<Desired['listeners'][number]['groups'][number]['targets'][number], 'address' | 'availabilityZone'>

/** Targets outside the VPC count in each zone; of those inside, the ones whose subnet is known. */
function perZone(targets: readonly Placed[], subnets: Observed['network']['subnets']): number {
  const everywhere = targets.filter((target) => target.availabilityZone === 'all').length
  const zones = subnets.map(
    ({ cidr, ipv6Cidr }) =>
      targets.filter(
        (target) =>
          target.availabilityZone !== 'all' && isWithin(target.address, ipv6Cidr === null ? [cidr] : [cidr, ipv6Cidr]),
      ).length,
  )
  return everywhere + Math.max(0, ...zones)
}

/** Nothing that grows is stopped by a limit that was already passed, but by what would pass it further. */
export function exceeded({ code, quota }: Limit, subject: string): readonly Remark[] {
  const { name, used, needed, limit, origin } = quota
  if (limit === null || needed <= limit || (used !== null && needed <= used)) return []
  return [
    {
      code,
      severity: 'refuse',
      subject,
      evidence: `${name}: ${needed} would be needed${used === null ? '' : ` (${used} now)`}, ${origin === 'account' ? "the account's limit" : "AWS's documented default"} is ${limit}`,
      remedy: FIXED.has(code)
        ? `AWS raises it for nobody: spread the listeners over several load balancers of at most ${limit}`
        : origin === 'account'
          ? 'Have the quota raised (Service Quotas), or make the load balancer smaller'
          : 'Look at the quota of the account (Service Quotas); allow it if it is higher',
      allowable: origin === 'documented',
    },
  ]
}

/** Of the subnets that its NLB is not in yet. */
function freeAddresses({ placement, network }: Observed, owned: Owned): readonly Limit[] {
  const taken = owned.loadBalancer?.subnets ?? []
  return network.subnets
    .filter(({ id }) => placement.subnets.includes(id) && !taken.includes(id))
    .map(({ id, freeAddresses: free }) => ({
      code: 'LB_QUOTA_FREE_ADDRESSES',
      quota: { name: `free addresses in ${id}`, used: 0, needed: 1, limit: free, origin: 'account' as const },
    }))
}

function scarce(code: string, { name, limit }: Quota, network: string): readonly Remark[] {
  if (limit === null || limit >= ENOUGH_ADDRESSES) return []
  const base = { code, subject: `network ${network}`, remedy: 'Free some addresses, or name another subnet' }
  return limit < 1
    ? [{ ...base, severity: 'refuse', evidence: `${name}: 0, the NLB needs 1` }]
    : [
        {
          ...base,
          severity: 'warn',
          evidence: `${name}: ${limit}; AWS advises ${ENOUGH_ADDRESSES}, so that the NLB can grow`,
        },
      ]
}
