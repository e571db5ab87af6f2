import type { IpPermission } from '@aws-sdk/client-ec2'
import ipaddr from 'ipaddr.js'
import type { IngressRule } from '../../ports/network.ts'

/**
 * The rules of a group that nyah could have made: one TCP port from one CIDR. Whatever else somebody added (ranges,
 * other protocols, references to groups) is neither shown nor touched. In one order, whatever order EC2 answers in.
 */
export const rulesOf = (permissions: readonly IpPermission[] | undefined): IngressRule[] =>
  (permissions ?? []).flatMap(rulesIn).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

function rulesIn({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges }: IpPermission): IngressRule[] {
  if (IpProtocol !== 'tcp' || FromPort === undefined || FromPort !== ToPort) return []
  const cidrs = [...(IpRanges ?? []).map(({ CidrIp }) => CidrIp), ...(Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6)]
  return cidrs.flatMap((cidr) => (cidr === undefined ? [] : [{ protocol: 'tcp', port: FromPort, cidr }]))
}

/** As EC2 stores it: host bits cleared, IPv6 in its short form. */
function canonical(cidr: string): string {
  if (!ipaddr.isValidCIDR(cidr)) return cidr
  const [address, bits] = ipaddr.parseCIDR(cidr)
  const network =
    address.kind() === 'ipv6' ? ipaddr.IPv6.networkAddressFromCIDR(cidr) : ipaddr.IPv4.networkAddressFromCIDR(cidr)
  return `${network.toString()}/${bits}`
}

const keyOf = (rule: IngressRule): string => `${rule.port} ${canonical(rule.cidr)}`

/** Those of `rules` that are not in `present`, each once. */
export function missingFrom(present: readonly IngressRule[], rules: readonly IngressRule[]): IngressRule[] {
  const seen = new Set(present.map(keyOf))
  return rules.filter((rule) => !seen.has(keyOf(rule)) && seen.add(keyOf(rule)))
}

/** Those of `present` that are in `rules`, spelt as EC2 has them: only so can they be revoked. */
export function commonWith(present: readonly IngressRule[], rules: readonly IngressRule[]): IngressRule[] {
  const wanted = new Set(rules.map(keyOf))
  return present.filter((rule) => wanted.has(keyOf(rule)))
}

/** The shape Authorize and Revoke take: one entry per port. */
export function permissionsOf(rules: readonly IngressRule[]): IpPermission[] {
  const ports = new Map<number, string[]>()
  for (const { port, cidr } of rules) ports.set(port, [...(ports.get(port) ?? []), canonical(cidr)])
  return [...ports].map(([port, cidrs]) => {
    const v4 = cidrs.filter((cidr) => !cidr.includes(':'))
    const v6 = cidrs.filter((cidr) => cidr.includes(':'))
    return {
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      ...(v4.length > 0 ? { IpRanges: v4.map((CidrIp) => ({ CidrIp })) } : {}),
      ...(v6.length > 0 ? { Ipv6Ranges: v6.map((CidrIpv6) => ({ CidrIpv6 })) } : {}),
    }
  })
}

/** EC2 takes a few ASCII characters and 255 of them in a group's name and description. */
export const asciiText = (text: string): string =>
  text.replace(/[^a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]/g, '-').slice(0, 255)
