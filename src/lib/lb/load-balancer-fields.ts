import type { SourceLoadBalancer } from '../ports/source.ts'
import { isIpv6 } from './addresses.ts'
import { verdictsOn, type Item, type Verdicts } from './fidelity.ts'
import { some } from './remarks.ts'

/** Verdicts on the fields of the load balancer itself. */

export const wantsIpv6 = ({ vip_address, additional_vips }: SourceLoadBalancer): boolean =>
  [vip_address, ...additional_vips].some(isIpv6)

/** `dualstack`: the network can have an NLB that also speaks IPv6. */
export function loadBalancerItems(it: SourceLoadBalancer, subject: string, dualstack: boolean): readonly Item[] {
  const say = verdictsOn('LOAD_BALANCER', subject)
  const groups = it.vip_sg_ids ?? []
  const qos = it.vip_qos_policy_id ?? null
  return [
    ...(it.admin_state_up ? [] : [say.exact('admin_state_up', 'false', 'no listener')]),
    ...addressItems(it, dualstack, say),
    ...(groups.length === 0
      ? []
      : [
          say.refused('vip_sg_ids', some(groups), {
            code: 'LB_UNSUPPORTED_VIP_SECURITY_GROUPS',
            why: 'nyah does not read Neutron: the mirror would let in whoever allowed_cidrs lets in, not what these groups say',
            remedy:
              'Say who may connect with allowed_cidrs on the listeners, or allow the mirror to go by allowed_cidrs alone',
            allowable: true,
            copy: 'allowed_cidrs alone',
          }),
        ]),
    ...(qos === null ? [] : [say.dropped('vip_qos_policy_id', qos, 'an NLB has no bandwidth limit')]),
    ...servedBy(it, say),
    ...(it.tags.length === 0
      ? []
      : [say.dropped('tags', some(it.tags), "Octavia's tags have no key, AWS's need one", 'Nothing to do')]),
    ...(it.description === ''
      ? []
      : [say.dropped('description', it.description, 'an NLB has no description', 'Nothing to do')]),
  ]
}

/** An address of Octavia's network cannot move to AWS: names do. */
function addressItems(it: SourceLoadBalancer, dualstack: boolean, say: Verdicts): readonly Item[] {
  const own = 'one address per subnet'
  const whyOwn = 'an address cannot move to AWS, a name can'
  const pointNames = 'Let clients come by a name, not by the address'
  const refusal = {
    code: 'LB_UNSUPPORTED_IPV6_VIP',
    why: 'the mirror has IPv4 addresses only here: clients that come by IPv6 would not reach it',
    remedy:
      'Use an internet-facing network with an IPv6 range in each subnet, or allow the mirror to serve by IPv4 alone',
    allowable: true,
    copy: `${own}, IPv4 alone`,
  }
  const sixes = it.additional_vips.filter(isIpv6)
  const fours = it.additional_vips.filter((vip) => !isIpv6(vip))
  const dual = 'one IPv4 and one IPv6 address per subnet'
  const noMore = 'an NLB has one address per subnet and no further ones'
  // One field, one verdict: the worst of what becomes of its addresses.
  const additional = (): Item => {
    const [field, all] = ['additional_vips', some(it.additional_vips)]
    if (sixes.length > 0 && !dualstack) {
      const why = fours.length === 0 ? refusal.why : `${refusal.why}; and ${noMore}, so none for ${some(fours)}`
      return say.refused(field, all, { ...refusal, why })
    }
    return fours.length === 0
      ? say.approximate(field, all, dual, whyOwn, pointNames)
      : say.lost(
          'LB_DROPPED_ADDITIONAL_VIPS',
          field,
          some(fours),
          sixes.length === 0 ? noMore : `${noMore}; of ${some(sixes)} it has one IPv6 address per subnet`,
          "Point the names of these addresses at the mirror's own",
        )
  }
  return [
    !isIpv6(it.vip_address)
      ? say.approximate('vip_address', it.vip_address, own, whyOwn, pointNames)
      : dualstack
        ? say.approximate('vip_address', it.vip_address, dual, whyOwn, pointNames)
        : say.refused('vip_address', it.vip_address, refusal),
    ...(it.additional_vips.length === 0 ? [] : [additional()]),
  ]
}

/** How Octavia is built: an NLB needs none of it. */
function servedBy(it: SourceLoadBalancer, say: Verdicts): readonly Item[] {
  const exact = (field: string, value: string | null, copy: string): readonly Item[] =>
    value === null ? [] : [say.exact(field, value, copy)]
  return [
    ...(it.provider === 'amphora' || it.provider === 'octavia'
      ? []
      : it.provider === 'ovn'
        ? [
            say.approximate(
              'provider',
              it.provider,
              "members see the NLB's addresses",
              "over Direct Connect an NLB cannot keep the clients' addresses, as OVN does",
              'See that members do not decide by the address of the client; PROXYV2 tells them',
            ),
          ]
        : exact('provider', it.provider, 'an NLB')),
    ...exact('flavor_id', it.flavor_id, 'an NLB sizes itself'),
    ...exact('availability_zone', it.availability_zone, "the zones of the network's subnets"),
    ...exact('vip_vnic_type', it.vip_vnic_type === 'normal' ? null : it.vip_vnic_type, "an NLB's own interfaces"),
  ]
}
