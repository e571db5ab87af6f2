import { canonicalCidr } from './cidr.ts'
import { fault } from './fault.ts'
import type { Params } from './query.ts'
import { structs, text } from './query.ts'
import type { AwsState, RuleState } from './state.ts'
import { own } from './state.ts'

/** A rule that was asked for: it has no id yet. */
export type Rule = Omit<RuleState, 'id'>

const PROTOCOLS: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6', all: '-1' }

const bad = (message: string) => fault('InvalidParameterValue', message)

/** What makes two rules the same; a description does not. */
export const ruleKey = ({ protocol, from, to, peer }: Rule): string => `${protocol}/${from}/${to}/${peer}`

/** As EC2's messages spell a rule. */
export function ruleText({ protocol, from, to, peer }: Rule): string {
  const ports = from === -1 ? 'ALL' : `from port: ${from}, to port: ${to}`
  return `peer: ${peer}, ${protocol.toUpperCase()}, ${ports}, ALLOW`
}

function port(params: Params, name: string): number | undefined {
  const value = text(params, name)
  if (value === undefined) return undefined
  if (!/^-?\d{1,6}$/.test(value)) throw bad(`Invalid value '${value}' for ${name}`)
  return Number(value)
}

// API_IpPermission: TCP and UDP need a port range; `-1` allows all ports, whatever range is given.
function portsOf(params: Params, protocol: string): readonly [number, number] {
  if (protocol === '-1') return [-1, -1]
  const from = port(params, 'FromPort')
  const to = port(params, 'ToPort')
  if (protocol !== 'tcp' && protocol !== 'udp') return [from ?? -1, to ?? -1]
  if (from === undefined || to === undefined)
    throw bad(`Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.`)
  if (from < 0 || to > 65_535)
    throw bad(`Invalid value '${from < 0 ? from : to}' for portRange. TCP/UDP port out of range`)
  if (from > to) throw bad(`Invalid value '${to}' for portRange. From port must not be greater than to port`)
  return [from, to]
}

function rulesOf(state: AwsState, params: Params): readonly Rule[] {
  const asked = text(params, 'IpProtocol')?.toLowerCase()
  if (asked === undefined) throw fault('MissingParameter', 'The request must contain the parameter IpProtocol')
  const protocol = own(PROTOCOLS, asked) ?? asked
  if (!/^(tcp|udp|icmp|icmpv6|-1|\d{1,3})$/.test(protocol) || Number(protocol) > 255) {
    throw bad(`Invalid value '${asked}' for IP protocol. Unknown protocol.`)
  }
  const [from, to] = portsOf(params, protocol)
  const cidr = (range: Params, name: string, v6: boolean): Rule => {
    const value = text(range, name) ?? ''
    const peer = canonicalCidr(value)
    if (peer === null || peer.includes(':') !== v6) throw bad(`CIDR block ${value} is malformed`)
    return { protocol, from, to, peer, description: described(range) }
  }
  const group = (pair: Params): Rule => {
    const id = text(pair, 'GroupId') ?? ''
    if (own(state.securityGroups, id) === undefined)
      throw fault('InvalidGroup.NotFound', `The security group '${id}' does not exist`)
    return { protocol, from, to, peer: id, description: described(pair) }
  }
  const rules = [
    ...(structs(params, 'IpRanges') ?? []).map((range) => cidr(range, 'CidrIp', false)),
    ...(structs(params, 'Ipv6Ranges') ?? []).map((range) => cidr(range, 'CidrIpv6', true)),
    ...(structs(params, 'Groups') ?? []).map(group),
  ]
  if (text(params, 'CidrIp') !== undefined) rules.push(cidr(params, 'CidrIp', false))
  if (rules.length === 0) throw fault('MissingParameter', 'Source group or CIDR must be specified')
  return rules
}

// API_IpRange: at most 255 characters of a-z A-Z 0-9, space and ._-:/()#,@[]+=&;{}!$*
function described(range: Params): string | null {
  const description = text(range, 'Description') ?? null
  if (description !== null && !/^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/.test(description)) {
    throw bad(
      `Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`,
    )
  }
  return description
}

/** The rules of an Authorize- or RevokeSecurityGroupIngress, from `IpPermissions` or the flat parameters. */
export function askedRules(state: AwsState, params: Params): readonly Rule[] {
  const permissions = structs(params, 'IpPermissions')
  const rules = (permissions ?? [params]).flatMap((permission) => rulesOf(state, permission))
  const keys = new Set(rules.map(ruleKey))
  if (keys.size !== rules.length) throw bad('The same permission must not appear multiple times')
  return rules
}

/** Rules as IpPermissions: one per protocol and port range, its peers below it. */
export function permissionsXml(state: AwsState, rules: readonly RuleState[]) {
  const groups = new Map<string, RuleState[]>()
  for (const rule of rules) {
    const key = `${rule.protocol}/${rule.from}/${rule.to}`
    groups.set(key, [...(groups.get(key) ?? []), rule])
  }
  return [...groups.values()].map((members) => {
    const { protocol, from, to } = members[0] as RuleState
    const noPorts = protocol === '-1'
    const peers = (kind: (peer: string) => boolean) => members.filter(({ peer }) => kind(peer))
    return {
      ipProtocol: protocol,
      fromPort: noPorts ? null : from,
      toPort: noPorts ? null : to,
      groups: peers((peer) => peer.startsWith('sg-')).map(({ peer, description }) => ({
        groupId: peer,
        userId: state.accountId,
        description,
      })),
      ipRanges: peers((peer) => peer.includes('.')).map(({ peer, description }) => ({ cidrIp: peer, description })),
      ipv6Ranges: peers((peer) => peer.includes(':')).map(({ peer, description }) => ({ cidrIpv6: peer, description })),
      prefixListIds: [],
    }
  })
}

/** A rule as a SecurityGroupRule. */
export const ruleXml = (
  state: AwsState,
  groupId: string,
  { id, protocol, from, to, peer, description }: RuleState,
) => ({
  securityGroupRuleId: id,
  groupId,
  groupOwnerId: state.accountId,
  isEgress: false,
  ipProtocol: protocol,
  fromPort: from,
  toPort: to,
  cidrIpv4: peer.includes('.') ? peer : null,
  cidrIpv6: peer.includes(':') ? peer : null,
  referencedGroupInfo: peer.startsWith('sg-') ? { groupId: peer, userId: state.accountId } : null,
  description,
})
