import type { Actions } from './action.ts'
import { associated } from './elbv2-association.ts'
import { LIMIT } from './elbv2-limits.ts'
import { attributeOf } from './elbv2-attributes.ts'
import { checkForward } from './elbv2-forward.ts'
import { checkName, listenersOf, loadBalancerOf, pageOf } from './elbv2-lookup.ts'
import { checkGroups, placed } from './elbv2-placement.ts'
import { createdTags, sameTags } from './elbv2-tags.ts'
import { fault, invalid } from './fault.ts'
import { ARN, elbArn, hex, hostedZoneId } from './ids.ts'
import type { Params } from './query.ts'
import { oneOf, required, requiredTexts, texts } from './query.ts'
import type { AwsState, LoadBalancerState, Node } from './state.ts'
import { counted, without } from './state.ts'

/** How long a new NLB is `provisioning`: minutes in AWS (facts: API behaviour). */
const PROVISIONING_MS = 120_000

/** How long the network interfaces of a deleted NLB keep its security groups in use. */
const LINGERING_MS = 30_000

/** Ready from this time on. */
export const activeAt = (balancer: LoadBalancerState): number => balancer.createdAt + PROVISIONING_MS

const zonesXml = (state: AwsState, nodes: readonly Node[]) =>
  nodes.map((node) => ({
    ZoneName: node.zone,
    SubnetId: node.subnetId,
    LoadBalancerAddresses: addressesXml(state, node),
  }))

// Only addresses that were asked for are shown (API_LoadBalancerAddress).
function addressesXml(state: AwsState, node: Node) {
  if (node.privateIpAsked) return [{ PrivateIPv4Address: node.privateIp }]
  const address = state.addresses.find(({ allocationId }) => allocationId === node.allocationId)
  return address === undefined ? [] : [{ IpAddress: address.publicIp, AllocationId: address.allocationId }]
}

const balancerXml = (state: AwsState, balancer: LoadBalancerState, now: number) => {
  const guarded = balancer.securityGroups.length > 0
  return {
    LoadBalancerArn: balancer.arn,
    DNSName: balancer.dnsName,
    CanonicalHostedZoneId: hostedZoneId(state.region),
    CreatedTime: new Date(balancer.createdAt).toISOString(),
    LoadBalancerName: balancer.name,
    Scheme: balancer.scheme,
    VpcId: balancer.vpcId,
    State: { Code: now < activeAt(balancer) ? 'provisioning' : 'active' },
    Type: 'network',
    AvailabilityZones: zonesXml(state, balancer.nodes),
    SecurityGroups: guarded ? balancer.securityGroups : null,
    IpAddressType: balancer.ipAddressType,
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: guarded ? 'on' : null,
    EnablePrefixForIpv6SourceNat: 'off',
  }
}

const settingsOf = (balancer: Pick<LoadBalancerState, 'scheme' | 'ipAddressType' | 'nodes' | 'securityGroups'>) =>
  JSON.stringify([
    balancer.scheme,
    balancer.ipAddressType,
    balancer.nodes
      .map((node) => [node.subnetId, node.allocationId, node.privateIpAsked ? node.privateIp : null])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    balancer.securityGroups.toSorted(),
  ])

const conflict = (message: string) => fault('InvalidConfigurationRequest', message)

/** `IpAddressType`, if it is given. */
function familyOf(state: AwsState, params: Params, scheme: string, nodes: readonly Node[]) {
  const family = oneOf(params, 'IpAddressType', ['ipv4', 'dualstack', 'dualstack-without-public-ipv4'])
  // "[Network Load Balancers …] The possible values are ipv4 … and dualstack".
  if (family === 'dualstack-without-public-ipv4') {
    throw conflict(`IP address type '${family}' is not supported for load balancers of type 'network'`)
  }
  if (family !== undefined) checkFamily(state, scheme, family, nodes)
  return family
}

// CreateLoadBalancer, `IpAddressType`: "Internal load balancers must use ipv4"; a dualstack one needs IPv6 in each subnet.
function checkFamily(state: AwsState, scheme: string, family: 'ipv4' | 'dualstack', nodes: readonly Node[]): void {
  if (family === 'ipv4') return
  if (scheme === 'internal') throw conflict(`IP address type '${family}' is not supported for internal load balancers`)
  const without = nodes.find(
    ({ subnetId }) => (state.subnets.find(({ id }) => id === subnetId)?.ipv6Cidr ?? null) === null,
  )
  if (without !== undefined) throw conflict(`The subnet '${without.subnetId}' does not have an IPv6 CIDR block`)
}

/** What its listeners forward to has to go with what it becomes. */
const checkListeners = (state: AwsState, balancer: LoadBalancerState): void =>
  listenersOf(state, balancer.arn).forEach(({ protocol, targetGroups }) =>
    checkForward(state, balancer, protocol, targetGroups),
  )

const put = (state: AwsState, balancer: LoadBalancerState): AwsState => ({
  ...state,
  loadBalancers: { ...state.loadBalancers, [balancer.arn]: balancer },
})

export const loadBalancerActions: Actions = {
  // API_CreateLoadBalancer: idempotent for the same settings, and tags count as settings (facts: API behaviour).
  CreateLoadBalancer({ state: before, params, now }) {
    const name = required(params, 'Name')
    checkName(name, 'Load balancer')
    if (name.startsWith('internal-')) throw invalid(`Load balancer name '${name}' cannot begin with 'internal-'`)
    const type = oneOf(params, 'Type', ['application', 'network', 'gateway']) ?? 'application'
    if (type !== 'network')
      throw invalid(`Load balancers of type '${type}' are not built in the sandbox: use 'network'`)
    const scheme = oneOf(params, 'Scheme', ['internet-facing', 'internal']) ?? 'internet-facing'
    const securityGroups = texts(params, 'SecurityGroups') ?? []
    const tags = createdTags(params)
    const present = Object.values(before.loadBalancers).find((balancer) => balancer.name === name)
    const { vpcId, nodes } = placed(before, params, scheme, now, present?.nodes)
    const ipAddressType = familyOf(before, params, scheme, nodes) ?? 'ipv4'
    checkGroups(before, securityGroups, vpcId)
    if (present !== undefined) {
      const same =
        settingsOf({ scheme, ipAddressType, nodes, securityGroups }) === settingsOf(present) &&
        sameTags(tags, present.tags)
      if (same) return { state: before, result: { LoadBalancers: [balancerXml(before, present, now)] } }
      const message = `A load balancer with the same name '${name}' exists, but with different settings`
      throw fault('DuplicateLoadBalancerName', message)
    }
    // Quotas page: 50 NLBs per Region.
    if (Object.keys(before.loadBalancers).length >= LIMIT.loadBalancers) {
      throw fault('TooManyLoadBalancers', `The maximum number of load balancers has been reached`)
    }
    const { state, ordinal } = counted(before)
    const id = hex(`${state.accountId}/loadbalancer/${ordinal}`, 16)
    const balancer: LoadBalancerState = {
      ordinal,
      arn: elbArn(state.region, state.accountId, `loadbalancer/net/${name}/${id}`),
      name,
      scheme,
      vpcId,
      createdAt: now,
      dnsName: `${name}-${id}.elb.${state.region}.amazonaws.com`,
      ipAddressType,
      nodes,
      securityGroups,
      attributes: {},
      tags,
    }
    const next = put(state, balancer)
    return { state: next, result: { LoadBalancers: [balancerXml(next, balancer, now)] } }
  },

  // API_DescribeLoadBalancers: at most 20 ARNs; one name or ARN that does not exist fails the call.
  DescribeLoadBalancers({ state, params, now }) {
    const arns = texts(params, 'LoadBalancerArns')
    const names = texts(params, 'Names')
    if (arns !== undefined && arns.length > 20)
      throw invalid(`You can specify at most 20 load balancers in a single call`)
    arns?.forEach((arn) => loadBalancerOf(state, arn))
    const all = Object.values(state.loadBalancers)
    const unknown = (names ?? []).filter((name) => !all.some((balancer) => balancer.name === name))
    if (unknown.length > 0) throw fault('LoadBalancerNotFound', `Load balancers '[${unknown.join(', ')}]' not found`)
    const asked = (set: readonly string[] | undefined, value: string) =>
      set === undefined || set.length === 0 || set.includes(value)
    const found = all.filter((balancer) => asked(arns, balancer.arn) && asked(names, balancer.name))
    const { items, marker } = pageOf(params, found)
    return {
      state,
      result: { LoadBalancers: items.map((balancer) => balancerXml(state, balancer, now)), NextMarker: marker },
    }
  },

  // API_DeleteLoadBalancer: its listeners go with it; one that does not exist succeeds; deletion protection refuses.
  DeleteLoadBalancer({ state, params, now }) {
    const arn = required(params, 'LoadBalancerArn')
    if (!ARN.loadBalancer.test(arn)) throw invalid(`'${arn}' is not a valid load balancer ARN`)
    const balancer = state.loadBalancers[arn]
    if (balancer === undefined) return { state, result: {} }
    if (attributeOf('load-balancer', balancer, 'deletion_protection.enabled') === 'true') {
      const message = `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`
      throw fault('OperationNotPermitted', message)
    }
    const listeners = listenersOf(state, arn).reduce((left, listener) => without(left, listener.arn), state.listeners)
    const { vpcId, securityGroups, nodes } = balancer
    const lingering = [
      ...state.lingering.filter(({ until }) => until > now),
      { loadBalancerArn: arn, vpcId, securityGroups, nodes, until: now + LINGERING_MS },
    ]
    const next = { ...state, loadBalancers: without(state.loadBalancers, arn), listeners, lingering }
    return { state: associated(next, now), result: {} }
  },

  // API_SetSecurityGroups: "You can't perform this operation on a Network Load Balancer unless you specified a security
  // group for the load balancer when you created it."
  SetSecurityGroups({ state, params }) {
    const balancer = loadBalancerOf(state, required(params, 'LoadBalancerArn'))
    const ids = requiredTexts(params, 'SecurityGroups')
    const enforced = oneOf(params, 'EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic', ['on', 'off'])
    if (enforced === 'off') throw invalid('PrivateLink traffic that evades security groups is not built in the sandbox')
    if (balancer.securityGroups.length === 0) {
      const message = `You cannot set security groups on '${balancer.arn}': it was created without a security group`
      throw fault('InvalidConfigurationRequest', message)
    }
    checkGroups(state, ids, balancer.vpcId)
    return {
      state: put(state, { ...balancer, securityGroups: ids }),
      result: { SecurityGroupIds: ids, EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on' },
    }
  },

  // API_SetSubnets: the whole list; an NLB may also lose a zone (only a Gateway Load Balancer has to keep all).
  SetSubnets({ state, params, now }) {
    const balancer = loadBalancerOf(state, required(params, 'LoadBalancerArn'))
    const { vpcId, nodes } = placed(state, params, balancer.scheme, now, balancer.nodes)
    if (vpcId !== balancer.vpcId) {
      throw fault('InvalidConfigurationRequest', 'All subnets of a load balancer must belong to the same VPC')
    }
    const family = familyOf(state, params, balancer.scheme, nodes)
    checkFamily(state, balancer.scheme, family ?? balancer.ipAddressType, nodes)
    const changed = { ...balancer, nodes, ipAddressType: family ?? balancer.ipAddressType }
    checkListeners(state, changed)
    const next = put(state, changed)
    return { state: next, result: { AvailabilityZones: zonesXml(next, nodes), IpAddressType: changed.ipAddressType } }
  },

  // API_SetIpAddressType.
  SetIpAddressType({ state, params }) {
    const balancer = loadBalancerOf(state, required(params, 'LoadBalancerArn'))
    required(params, 'IpAddressType')
    const ipAddressType = familyOf(state, params, balancer.scheme, balancer.nodes) ?? 'ipv4'
    const changed = { ...balancer, ipAddressType }
    checkListeners(state, changed)
    return { state: put(state, changed), result: { IpAddressType: ipAddressType } }
  },
}
