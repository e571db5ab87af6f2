import type { Actions } from './action.ts'
import { isAddress, isPrivate } from './cidr.ts'
import { subnetOf } from './ec2-network.ts'
import { liveTargets } from './elbv2-association.ts'
import { attributeOf } from './elbv2-attributes.ts'
import { checkBalancerTargets, checkGroupTargets } from './elbv2-limits.ts'
import { targetGroupOf, usersOf } from './elbv2-lookup.ts'
import { fault, invalid } from './fault.ts'
import type { Params } from './query.ts'
import { integer, required, requiredStructs, text } from './query.ts'
import type { AwsState, TargetGroupState, TargetState } from './state.ts'

/** What identifies a target in its group: address AND port. */
export const targetKey = ({ id, port }: Pick<TargetState, 'id' | 'port'>): string => `${id} ${port}`

const portOf = (params: Params, group: TargetGroupState) => integer(params, 'Port', 1, 65_535) ?? group.port

// API_TargetDescription and CreateTargetGroup, `TargetType`: which addresses, and in which zone.
function zoneOf(state: AwsState, group: TargetGroupState, id: string, asked: string | undefined): string {
  if (!isAddress(id, group.ipAddressType))
    throw invalid(`The IP address '${id}' is not a valid ${group.ipAddressType} address`)
  // AWS compares with the subnets, not with the CIDRs of the VPC (kubernetes-sigs/aws-load-balancer-controller#3714, #561).
  const subnet = subnetOf(state, group.vpcId, id)
  if (subnet !== undefined) {
    if (asked !== undefined && asked !== subnet.availabilityZone) {
      const message = `The IP address '${id}' is within the VPC, and cannot have its Availability Zone overridden to '${asked}' from '${subnet.availabilityZone}'`
      throw invalid(message)
    }
    return subnet.availabilityZone
  }
  // "You can't specify publicly routable IP addresses."
  if (group.ipAddressType === 'ipv6' || !isPrivate(id)) {
    throw invalid(
      `The IP address '${id}' is not in a subnet of the VPC, nor in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10`,
    )
  }
  // "If the IP address is outside the VPC, this parameter is required."
  if (asked === undefined)
    throw invalid(`The Availability Zone is required for IP address '${id}' because it is not in the VPC`)
  // For an NLB it is `all` (facts: targets over Direct Connect).
  if (asked !== 'all') {
    throw invalid(
      `You must specify a valid Availability Zone or select 'all' for all enabled Availability Zones, since the IP address '${id}' is outside the VPC`,
    )
  }
  return asked
}

const withTargets = (state: AwsState, group: TargetGroupState, targets: readonly TargetState[]) => {
  const changed = { ...group, targets }
  return { changed, state: { ...state, targetGroups: { ...state.targetGroups, [group.arn]: changed } } }
}

export const targetActions: Actions = {
  // API_RegisterTargets: all or none. A registered one stays as it is; a draining one comes back.
  RegisterTargets({ state, params, now }) {
    const group = targetGroupOf(state, required(params, 'TargetGroupArn'))
    const asked = requiredStructs(params, 'Targets').map((item) => {
      const id = required(item, 'Id')
      // The sandbox has no instances.
      if (group.targetType === 'instance') throw fault('InvalidTarget', `The following targets do not exist: '${id}'`)
      if (text(item, 'QuicServerId') !== undefined)
        throw invalid('A QUIC server ID needs a QUIC or TCP_QUIC target group')
      return { id, port: portOf(item, group), zone: zoneOf(state, group, id, text(item, 'AvailabilityZone')) }
    })
    const targets = new Map(liveTargets(group, now).map((target) => [targetKey(target), target]))
    for (const target of asked) {
      const present = targets.get(targetKey(target))
      if (present?.drainsUntil === null) continue
      targets.set(targetKey(target), { ...target, registeredAt: now, drainsUntil: null })
    }
    const next = withTargets(state, group, [...targets.values()])
    checkGroupTargets(next.changed)
    usersOf(next.state, group.arn).forEach((arn) => checkBalancerTargets(next.state, arn))
    return { state: next.state, result: {} }
  },

  // API_DeregisterTargets: "If the specified target does not exist, the action returns successfully." Without a port the
  // target group's is meant. In an unused target group nothing has to drain.
  DeregisterTargets({ state, params, now }) {
    const group = targetGroupOf(state, required(params, 'TargetGroupArn'))
    const asked = new Set(
      requiredStructs(params, 'Targets').map((item) =>
        targetKey({ id: required(item, 'Id'), port: portOf(item, group) }),
      ),
    )
    const delay = Number(attributeOf('target-group', group, 'deregistration_delay.timeout_seconds')) * 1000
    const gone = group.inUseSince === null || delay === 0
    const targets = liveTargets(group, now).flatMap((target) => {
      if (!asked.has(targetKey(target)) || target.drainsUntil !== null) return [target]
      return gone ? [] : [{ ...target, drainsUntil: now + delay }]
    })
    return { state: withTargets(state, group, targets).state, result: {} }
  },
}
