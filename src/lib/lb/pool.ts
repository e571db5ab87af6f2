import type { HealthCheck, Target } from '../ports/mirrors.ts'
import type { NetworkFacts } from '../ports/network.ts'
import type { OperatingStatus, SourceMember, SourcePool } from '../ports/source.ts'
import { endpoint, isIpv4, isIpv6, isPrivate, isWithin } from './addresses.ts'
import type { Placement } from './model.ts'
import { healthCheckOf } from './monitor.ts'
import { count, some, type Remark } from './remarks.ts'
import { MEMBER_CHECKS, POOL_CHECKS, unsupported, unsupportedOfMany } from './unsupported.ts'

/** A member as a target. */
export interface WantedTarget extends Target {
  /** What Octavia's own monitor says of it. */
  readonly status: OperatingStatus
}

export interface TranslatedPool {
  readonly healthCheck: HealthCheck
  /** In the order of the members. */
  readonly targets: readonly WantedTarget[]
  /** Members that are no targets, by `address:port`, and why: for the reason of a deregistration. */
  readonly leftOut: Readonly<Record<string, string>>
  /** Something in it is PENDING_* or ERROR: nothing is taken away on its word. */
  readonly unsettled: readonly string[]
  readonly remarks: readonly Remark[]
}

const at = (member: SourceMember): string => endpoint({ address: member.address, port: member.protocol_port })

const settled = (status: string): boolean => status === 'ACTIVE'

/** `subject`: `pool web (port 80)`. */
export function translatePool(
  pool: SourcePool,
  subject: string,
  placement: Placement,
  network: NetworkFacts,
): TranslatedPool {
  const monitored = pool.healthmonitor !== null && pool.healthmonitor.admin_state_up
  const { check, remarks } = healthCheckOf(pool.healthmonitor, subject)
  const serving = pool.members.filter((member) => pool.admin_state_up && member.admin_state_up && member.weight > 0)
  const refusals = MEMBER_CHECKS.flatMap((one) =>
    one.field === 'backup' || monitored
      ? unsupportedOfMany([one], serving, subject, at)
      : ineffective(one, serving, subject),
  )
  const primary = serving.filter((member) => !member.backup)
  const addresses = judge(primary, subject, placement, network)
  const targets = addresses.usable.map((member): WantedTarget => ({
    address: member.address,
    port: member.protocol_port,
    availabilityZone: isWithin(member.address, network.vpcCidrs) ? null : 'all',
    status: member.operating_status,
  }))
  return {
    healthCheck: check,
    targets,
    leftOut: Object.fromEntries(
      pool.members
        .filter((member) => !addresses.usable.includes(member))
        .map((member) => [at(member), why(pool, member)]),
    ),
    unsettled: [
      ...(settled(pool.provisioning_status) ? [] : [`${subject} is ${pool.provisioning_status}`]),
      ...pool.members
        .filter((member) => !settled(member.provisioning_status))
        .map((member) => `member ${at(member)} is ${member.provisioning_status}`),
    ],
    remarks: [
      ...unsupported(POOL_CHECKS, pool, subject),
      ...remarks,
      ...balancing(pool, primary, subject),
      ...refusals,
      ...addresses.remarks,
      ...unregistered(pool, subject),
    ],
  }
}

function why(pool: SourcePool, member: SourceMember): string {
  if (!pool.admin_state_up) return 'its pool is disabled'
  if (!member.admin_state_up) return 'it is disabled'
  if (member.weight === 0) return 'its weight is 0'
  if (member.backup) return 'it is a backup member'
  return 'its address cannot be a target'
}

function unregistered(pool: SourcePool, subject: string): readonly Remark[] {
  const remark = (evidence: string): Remark => ({
    code: 'LB_MEMBERS_NOT_REGISTERED',
    severity: 'info',
    subject,
    evidence,
    remedy: 'Nothing to do: Octavia sends them no new connections either',
  })
  if (!pool.admin_state_up) return [remark('the pool is disabled: none of its members is a target')]
  const disabled = pool.members.filter((member) => !member.admin_state_up)
  const drained = pool.members.filter((member) => member.admin_state_up && member.weight === 0)
  const parts = [
    ...(disabled.length === 0 ? [] : [`disabled: ${some(disabled.map(at))}`]),
    ...(drained.length === 0 ? [] : [`weight 0: ${some(drained.map(at))}`]),
  ]
  return parts.length === 0
    ? []
    : [remark(`${count(disabled.length + drained.length, 'member')} not registered (${parts.join('; ')})`)]
}

/** A monitor's override on a pool that has no monitor does nothing in Octavia either. */
function ineffective(
  check: (typeof MEMBER_CHECKS)[number],
  members: readonly SourceMember[],
  subject: string,
): readonly Remark[] {
  const having = members.filter((member) => check.value(member) !== null)
  return having.length === 0
    ? []
    : [
        {
          code: 'LB_NO_EFFECT',
          severity: 'info',
          subject,
          evidence: `${check.field} of ${some(having.map(at))} has no effect: the pool has no health monitor that is on`,
          remedy: 'Nothing to do',
        },
      ]
}

/** Where an NLB spreads differently from what Octavia was told. */
function balancing(pool: SourcePool, members: readonly SourceMember[], subject: string): readonly Remark[] {
  const weights = [...new Set(members.map((member) => member.weight))].toSorted((a, b) => a - b)
  const parts = [
    ...(pool.lb_algorithm === 'ROUND_ROBIN'
      ? []
      : [`lb_algorithm ${pool.lb_algorithm} becomes a hash of each connection`]),
    ...(weights.length > 1 ? [`weights ${some(weights.map(String))} become equal shares`] : []),
  ]
  return parts.length === 0
    ? []
    : [
        {
          code: 'LB_APPROXIMATE',
          severity: 'info',
          subject,
          evidence: parts.join('; '),
          remedy: 'Nothing to do; connections spread a little differently on the NLB',
        },
      ]
}

function judge(
  members: readonly SourceMember[],
  subject: string,
  placement: Placement,
  network: NetworkFacts,
): { readonly usable: readonly SourceMember[]; readonly remarks: readonly Remark[] } {
  const ipv6 = members.filter((member) => !isIpv4(member.address) && isIpv6(member.address))
  const others = members.filter((member) => !ipv6.includes(member))
  const inVpc = (member: SourceMember): boolean => isWithin(member.address, network.vpcCidrs)
  const foreign = others.filter((member) => !isPrivate(member.address) && !inVpc(member))
  const usable = others.filter((member) => !foreign.includes(member))
  const { routableCidrs } = placement
  const unroutable =
    routableCidrs === null ? [] : usable.filter((member) => !inVpc(member) && !isWithin(member.address, routableCidrs))
  const remark = (
    having: readonly SourceMember[],
    code: string,
    tail: string,
    remedy: string,
    allowable: boolean,
  ): readonly Remark[] =>
    having.length === 0
      ? []
      : [{ code, severity: 'refuse', subject, evidence: `${some(having.map(at))}: ${tail}`, remedy, allowable }]
  return {
    usable,
    remarks: [
      ...remark(
        ipv6,
        'LB_UNSUPPORTED_IPV6_MEMBER',
        'nyah registers IPv4 targets only',
        'Give the members IPv4 addresses, or allow the mirror to go without them',
        true,
      ),
      ...remark(
        foreign,
        'LB_MEMBER_PUBLIC',
        'not a private address (RFC 1918 or 100.64.0.0/10) and not in the VPC; AWS takes no others as targets',
        'Use the private addresses of these members in Octavia',
        false,
      ),
      ...remark(
        unroutable,
        'LB_MEMBER_UNROUTABLE',
        `outside what network ${placement.name} says is reachable over Direct Connect (${some(routableCidrs ?? [])})`,
        'Add their range to routableCidrs once it is routed, or allow it if you know that it is',
        true,
      ),
    ],
  }
}
