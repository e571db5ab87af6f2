import type { HealthCheck, Target } from '../ports/mirrors.ts'
import type { NetworkFacts } from '../ports/network.ts'
import type { OperatingStatus, SourceMember, SourcePool } from '../ports/source.ts'
import { isWithin } from './addresses.ts'
import { verdictsOn, type Item } from './fidelity.ts'
import { at, usableMembers } from './members.ts'
import type { Placement } from './model.ts'
import { healthCheckOf } from './monitor.ts'
import { poolItems } from './pool-fields.ts'
import { some, type Remark } from './remarks.ts'
import { sharesOf } from './weights.ts'

/** A member as a target. */
export interface WantedTarget extends Target {
  /** What Octavia's own monitor says of it. */
  readonly status: OperatingStatus
}

/** What is decided for the whole load balancer. */
export interface Choices {
  readonly weights: 'equal' | 'target-groups'
  /** The account's limit; null: not known. */
  readonly targetGroupsPerAction: number | null
  /** Members outside routableCidrs become targets too. Absent: no. */
  readonly allowsUnroutable?: boolean
  /** What is registered with the mirror now, as `address:port`. Absent: nothing. */
  readonly registered?: ReadonlySet<string>
}

export const EQUAL_SHARES: Choices = { weights: 'equal', targetGroupsPerAction: null }

export interface Surroundings {
  /** The Octavia UUID. */
  readonly id: string
  readonly placement: Placement
  readonly network: NetworkFacts
  /** The network can have an NLB that also speaks IPv6. */
  readonly dualstack: boolean
  readonly choices: Choices
}

/** Targets of one target group. */
export interface PoolPart {
  /** The members' weight, where weights are kept; null: all together. */
  readonly weight: number | null
  readonly share: number
  readonly targets: readonly WantedTarget[]
  /** Members that are no targets of it, by `address:port`, and why: for the reason of a deregistration. */
  readonly leftOut: Readonly<Record<string, string>>
}

export interface TranslatedPool {
  readonly healthCheck: HealthCheck
  readonly ipv6: boolean
  /** In the order of the members. */
  readonly targets: readonly WantedTarget[]
  /** Empty where it has no target. */
  readonly parts: readonly PoolPart[]
  /** Something in it is PENDING_* or ERROR: nothing is taken away on its word. */
  readonly unsettled: readonly string[]
  readonly items: readonly Item[]
  readonly remarks: readonly Remark[]
}

const settled = (status: string): boolean => status === 'ACTIVE'

/** `subject`: `pool web (port 80)`. `plain`: a listener that is not TLS sends to it. */
export function translatePool(
  pool: SourcePool,
  subject: string,
  surroundings: Surroundings,
  plain: boolean,
): TranslatedPool {
  const { network, choices } = surroundings
  const usable = usableMembers(pool, subject, surroundings)
  const monitor = healthCheckOf(pool.healthmonitor, subject, usable.checkPort, pool.tls_enabled)
  const weights = partsOf(usable.members, usable.leftOut, subject, network, choices)
  // One field, one verdict: that some weights are 0 is exact, and the others decide.
  const ofMembers = usable.items.filter(({ fidelity }) => weights.items.length === 0 || fidelity.field !== 'weight')
  return {
    healthCheck: monitor.check,
    ipv6: usable.ipv6,
    targets: usable.members.map((member) => targetOf(member, network)),
    parts: weights.parts,
    unsettled: [
      ...(settled(pool.provisioning_status) ? [] : [`${subject} is ${pool.provisioning_status}`]),
      ...pool.members
        .filter((member) => !settled(member.provisioning_status))
        .map((member) => `member ${at(member)} is ${member.provisioning_status}`),
    ],
    items: [...poolItems(pool, subject, plain), ...monitor.items, ...weights.items, ...ofMembers],
    remarks: usable.remarks,
  }
}

const targetOf = (member: SourceMember, network: NetworkFacts): WantedTarget => ({
  address: member.address,
  port: member.protocol_port,
  availabilityZone: isWithin(member.address, network.vpcCidrs) ? null : 'all',
  status: member.operating_status,
})

/** An NLB has no weights of targets, but of target groups. */
function partsOf(
  members: readonly SourceMember[],
  leftOut: Readonly<Record<string, string>>,
  subject: string,
  network: NetworkFacts,
  { weights, targetGroupsPerAction }: Choices,
): { readonly parts: readonly PoolPart[]; readonly items: readonly Item[] } {
  const targets = (some: readonly SourceMember[]): readonly WantedTarget[] => some.map((one) => targetOf(one, network))
  const whole = members.length === 0 ? [] : [{ weight: null, share: 1, targets: targets(members), leftOut }]
  const { shares, exact } = sharesOf(members.map((member) => member.weight))
  if (shares.length < 2) return { parts: whole, items: [] }
  const say = verdictsOn('MEMBER', subject)
  const source = some(shares.map((one) => `${one.weight} (${one.members} of ${members.length} members)`))
  if (weights === 'equal') {
    const item = say.approximate(
      'weight',
      source,
      'equal shares',
      'an NLB has no weights of targets',
      'To keep them by one target group per weight: --weights target-groups',
    )
    return { parts: whole, items: [item] }
  }
  if (targetGroupsPerAction !== null && shares.length > targetGroupsPerAction) {
    const item = say.refused('weight', source, {
      code: 'LB_UNSUPPORTED_WEIGHTS',
      why: `${shares.length} weights need ${shares.length} target groups in one listener, and this account may have ${targetGroupsPerAction}`,
      remedy: 'Use fewer weights in Octavia, have the quota raised, or allow equal shares',
      allowable: true,
      copy: 'equal shares',
    })
    return { parts: whole, items: [item] }
  }
  const words = `target groups with shares ${shares.map((one) => one.share).join(' : ')}`
  return {
    parts: shares.map(({ weight, share }) => ({
      weight,
      share,
      targets: targets(members.filter((member) => member.weight === weight)),
      leftOut: {
        ...leftOut,
        ...Object.fromEntries(
          members.filter((member) => member.weight !== weight).map((one) => [at(one), `its weight is ${one.weight}`]),
        ),
      },
    })),
    items: [
      exact
        ? say.exact('weight', source, words)
        : say.approximate('weight', source, words, 'shares of target groups are whole numbers up to 999'),
    ],
  }
}
