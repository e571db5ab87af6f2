import ipaddr from 'ipaddr.js'
import { balancerOf, checkVerdict, nlbVerdict } from '../aws/route53-verdict.ts'
import type { AwsState, LoadBalancerState } from '../aws/state.ts'
import type { Surroundings } from '../service.ts'
import type { Referred } from './answer.ts'

/**
 * AWS's own public address of a network interface: in RFC 2544's block, which nobody on the internet has, by the last 17
 * bits of the private one.
 */
function publicOf(privateIp: string): string {
  const [, second = 0, ...rest] = ipaddr.IPv4.parse(privateIp).toByteArray()
  return ['198', 18 + (second % 2), ...rest].join('.')
}

/** In the subnet's IPv6 block, by the last 16 bits of the private address. */
function inSubnet(cidr: string, privateIp: string): string {
  const [, , third = 0, fourth = 0] = ipaddr.IPv4.parse(privateIp).toByteArray()
  const { parts } = ipaddr.IPv6.networkAddressFromCIDR(cidr)
  return new ipaddr.IPv6([...parts.slice(0, 7), third * 256 + fourth]).toString()
}

/**
 * What a load balancer's own name has: one address in each zone, and one more in IPv6 with `dualstack`. All of them,
 * whatever lives behind: zones that leave the name when nothing in them is healthy are not built.
 */
function addressesOf(state: AwsState, { nodes, scheme, ipAddressType }: LoadBalancerState): readonly string[] {
  return nodes.flatMap(({ privateIp, allocationId, subnetId }) => {
    const elastic = state.addresses.find((one) => one.allocationId === allocationId)?.publicIp
    const v4 = scheme === 'internal' ? privateIp : (elastic ?? publicOf(privateIp))
    const cidr = state.subnets.find(({ id }) => id === subnetId)?.ipv6Cidr ?? null
    return ipAddressType === 'dualstack' && cidr !== null ? [v4, inSubnet(cidr, privateIp)] : [v4]
  })
}

/** Health checks and load balancers as they are now. */
export const referredIn = (state: AwsState, { now, down }: Surroundings): Referred => ({
  check: (id) => checkVerdict(state, id, now, down),
  balancer(dnsName) {
    const balancer = balancerOf(state, dnsName)
    const verdict = nlbVerdict(state, dnsName, now, down)
    return balancer === null || verdict === null ? null : { verdict, addresses: addressesOf(state, balancer) }
  },
})
