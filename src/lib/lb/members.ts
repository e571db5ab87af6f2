import type { SourceMember, SourcePool } from '../ports/source.ts'
import { endpoint, isIpv4, isIpv6, isPrivate, isWithin } from './addresses.ts'
import { verdictsOn, type Item } from './fidelity.ts'
import { isMonitored } from './monitor.ts'
import type { Surroundings } from './pool.ts'
import { count, some, type Remark } from './remarks.ts'

/** Which members can be targets, and what of them the NLB takes otherwise. */

export const at = (member: SourceMember): string => endpoint({ address: member.address, port: member.protocol_port })

export interface Usable {
  /** In the order of the members; all of one family. */
  readonly members: readonly SourceMember[]
  readonly ipv6: boolean
  /** Members that are no targets, by `address:port`, and why. */
  readonly leftOut: Readonly<Record<string, string>>
  /** Of health checks: a number, or `traffic-port`. */
  readonly checkPort: string
  readonly items: readonly Item[]
  readonly remarks: readonly Remark[]
}

export function usableMembers(pool: SourcePool, subject: string, surroundings: Surroundings): Usable {
  const serving = pool.members.filter((member) => pool.admin_state_up && member.admin_state_up && member.weight > 0)
  const primary = serving.filter((member) => !member.backup)
  const addresses = judgeAddresses(primary, subject, surroundings)
  const overrides = monitorOverrides(addresses.usable, isMonitored(pool.healthmonitor), subject)
  return {
    members: addresses.usable,
    ipv6: addresses.ipv6,
    leftOut: Object.fromEntries(
      pool.members
        .filter((member) => !addresses.usable.includes(member))
        .map((member) => [at(member), whyLeftOut(pool, member)]),
    ),
    checkPort: overrides.port,
    items: [
      ...states(pool, subject),
      ...backups(serving, primary, subject),
      ...addresses.items,
      ...overrides.items,
      ...bookkeeping(pool, subject),
    ],
    remarks: [...addresses.remarks, ...unregistered(pool, subject)],
  }
}

function whyLeftOut(pool: SourcePool, member: SourceMember): string {
  if (!pool.admin_state_up) return 'its pool is disabled'
  if (!member.admin_state_up) return 'it is disabled'
  if (member.weight === 0) return 'its weight is 0'
  if (member.backup) return 'it is a backup member'
  return 'its address cannot be a target'
}

const of = (members: readonly SourceMember[]): string => `of ${some(members.map(at))}`

/** What Octavia sends no new connections to is no target either. */
function states(pool: SourcePool, subject: string): readonly Item[] {
  if (!pool.admin_state_up) {
    return [verdictsOn('POOL', subject).exact('admin_state_up', 'false', 'none of its members is a target')]
  }
  const say = verdictsOn('MEMBER', subject)
  const disabled = pool.members.filter((member) => !member.admin_state_up)
  const drained = pool.members.filter((member) => member.admin_state_up && member.weight === 0)
  return [
    ...(disabled.length === 0 ? [] : [say.exact('admin_state_up', `false ${of(disabled)}`, 'not registered')]),
    ...(drained.length === 0 ? [] : [say.exact('weight', `0 ${of(drained)}`, 'not registered')]),
  ]
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

/** Somebody would have to switch them on: they are not registered, and serve nobody on the AWS side. */
function backups(serving: readonly SourceMember[], primary: readonly SourceMember[], subject: string): readonly Item[] {
  const spare = serving.filter((member) => member.backup)
  if (spare.length === 0) return []
  const why =
    primary.length === 0
      ? 'an NLB has no backup targets; Octavia serves from these since there are no others, the mirror has no target at all'
      : 'an NLB has no backup targets; once all others are down, Octavia serves from these and the mirror does not'
  return [
    verdictsOn('MEMBER', subject).lost(
      'LB_DROPPED_BACKUP',
      'backup',
      `true ${of(spare)}`,
      why,
      'Make them ordinary members if the mirror is to use them',
    ),
  ]
}

interface Overrides {
  readonly port: string
  readonly items: readonly Item[]
}

/** Health checks of an NLB go to the target's own address, and to one port for a whole target group. */
function monitorOverrides(members: readonly SourceMember[], monitored: boolean, subject: string): Overrides {
  const say = verdictsOn('MEMBER', subject)
  const addressed = members.filter((member) => member.monitor_address !== null)
  const ported = members.filter((member) => member.monitor_port !== null)
  const own = 'traffic-port'
  if (!monitored) {
    const without = 'no effect: no health monitor is on'
    return {
      port: own,
      items: [
        ...(addressed.length === 0 ? [] : [say.exact('monitor_address', `set ${of(addressed)}`, without)]),
        ...(ported.length === 0 ? [] : [say.exact('monitor_port', `set ${of(ported)}`, without)]),
      ],
    }
  }
  const elsewhere = addressed.filter((member) => member.monitor_address !== member.address)
  const address =
    elsewhere.length === 0
      ? []
      : [
          say.refused(
            'monitor_address',
            some(elsewhere.map((member) => `${at(member)} ${member.monitor_address ?? ''}`)),
            {
              code: 'LB_UNSUPPORTED_MONITOR_ADDRESS',
              why: 'an NLB checks a target at its own address',
              remedy: "Take it away in Octavia, or allow the mirror to check the members' own addresses",
              allowable: true,
              copy: "the members' own addresses",
            },
          ),
        ]
  const checked = new Set(members.map((member) => member.monitor_port ?? member.protocol_port))
  const [only] = checked
  const differing = members.filter((member) => (member.monitor_port ?? member.protocol_port) !== member.protocol_port)
  if (differing.length === 0) return { port: own, items: address }
  const source = some(ported.map((member) => `${at(member)} ${member.monitor_port}`))
  if (checked.size === 1 && only !== undefined) {
    const item = say.exact('monitor_port', source, `port ${only} of every target`)
    return { port: String(only), items: [...address, item] }
  }
  const refusal = say.refused('monitor_port', source, {
    code: 'LB_UNSUPPORTED_MONITOR_PORT',
    why: 'an NLB checks all targets of a group on one port, or each on its own; these members do not agree on one',
    remedy: "Give all members the same monitor_port, or allow the mirror to check the members' own ports",
    allowable: true,
    copy: "the members' own ports",
  })
  return { port: own, items: [...address, refusal] }
}

interface Addresses {
  readonly usable: readonly SourceMember[]
  readonly ipv6: boolean
  readonly items: readonly Item[]
  readonly remarks: readonly Remark[]
}

/**
 * AWS takes private IPv4 addresses anywhere, and IPv6 ones in the VPC alone; one target group has one family. Where there
 * are both, IPv4 stays, so that members that come and go do not turn the family over. What cannot be a target, or may not
 * be reached, is held by itself: the others serve.
 */
function judgeAddresses(
  members: readonly SourceMember[],
  subject: string,
  { id, placement, network, dualstack, choices }: Surroundings,
): Addresses {
  const sixes = members.filter((member) => !isIpv4(member.address) && isIpv6(member.address))
  const others = members.filter((member) => !sixes.includes(member))
  const inVpc = (member: SourceMember): boolean => isWithin(member.address, network.vpcCidrs)
  const foreign = others.filter((member) => !isPrivate(member.address) && !inVpc(member))
  const { routableCidrs } = placement
  const unroutable =
    routableCidrs === null
      ? []
      : others.filter(
          (member) => !foreign.includes(member) && !inVpc(member) && !isWithin(member.address, routableCidrs),
        )
  // What serves already is not taken out because a list was edited.
  const there = unroutable.filter((member) => choices.registered?.has(at(member)) === true)
  const astray = unroutable.filter((member) => !there.includes(member))
  const held = [...foreign, ...(choices.allowsUnroutable === true ? [] : astray)]
  const fours = others.filter((member) => !held.includes(member))
  const near = sixes.filter((member) => dualstack && inVpc(member))
  const ipv6 = others.length === 0 && near.length > 0
  const usable = ipv6 ? near : fours
  const left = sixes.filter((member) => !usable.includes(member))
  const say = verdictsOn('MEMBER', subject)
  const outside = `outside what network ${placement.name} says is reachable over Direct Connect (routableCidrs ${some(routableCidrs ?? [])})`
  const notRegistered = members.length > held.length ? 'not registered, the other members are' : 'not registered'
  const remark = (having: readonly SourceMember[], rest: Omit<Remark, 'subject'>): readonly Remark[] =>
    having.length === 0 ? [] : [{ ...rest, subject, evidence: `${some(having.map(at))}: ${rest.evidence}` }]
  return {
    usable,
    ipv6,
    items: [
      ...(ipv6 ? [say.exact('address', `IPv6 ${of(near)}`, 'an IPv6 target group of a dual-stack NLB')] : []),
      ...(left.length > 0
        ? [
            say.refused('address', `IPv6 ${of(left)}`, {
              code: 'LB_UNSUPPORTED_IPV6_MEMBER',
              why: whyNoIpv6(left.some(inVpc), dualstack),
              remedy: 'Give the members IPv4 addresses, or allow the mirror to go without them',
              allowable: true,
            }),
          ]
        : held.length > 0
          ? [say.dropped('address', some(held.map(at)), 'the NLB cannot reach these members: they are not registered')]
          : []),
    ],
    remarks: [
      ...remark(foreign, {
        code: 'LB_MEMBER_PUBLIC',
        severity: 'hold',
        evidence: `not a private address (RFC 1918 or 100.64.0.0/10) and not in the VPC; AWS takes no others as targets: ${notRegistered}`,
        remedy: 'Use the private addresses of these members in Octavia',
        holds: [],
      }),
      ...remark(astray, {
        code: 'LB_MEMBER_UNROUTABLE',
        severity: 'hold',
        evidence: `${outside}: ${choices.allowsUnroutable === true ? 'registered all the same' : notRegistered}`,
        remedy: `Add their range to routableCidrs once it is routed; or, if you know that it is: nyah lb mirror ${id} --allow LB_MEMBER_UNROUTABLE --reason "…"`,
        allowable: true,
        holds: [],
      }),
      ...remark(there, {
        code: 'LB_MEMBER_UNROUTABLE',
        severity: 'warn',
        evidence: `${outside}; registered before, and left in`,
        remedy: 'Add their range to routableCidrs, or take them out of the pool in Octavia',
      }),
    ],
  }
}

function whyNoIpv6(near: boolean, dualstack: boolean): string {
  if (!near) return 'AWS takes IPv6 targets in the VPC alone, not over Direct Connect'
  return dualstack
    ? 'a target group has addresses of one family, and the pool has IPv4 members too'
    : 'IPv6 targets need a dual-stack NLB: internet-facing, with an IPv6 range in each of its subnets'
}

function bookkeeping(pool: SourcePool, subject: string): readonly Item[] {
  const say = verdictsOn('MEMBER', subject)
  const tagged = pool.members.filter((member) => member.tags.length > 0)
  const plugged = pool.members.filter((member) => member.vnic_type !== 'normal')
  return [
    ...(tagged.length === 0
      ? []
      : [say.dropped('tags', of(tagged), 'targets of an NLB have no tags', 'Nothing to do: they stay in Octavia')]),
    ...(plugged.length === 0
      ? []
      : [
          say.exact(
            'vnic_type',
            some(plugged.map((member) => `${at(member)} ${member.vnic_type}`)),
            'the NLB sends by IP',
          ),
        ]),
  ]
}
