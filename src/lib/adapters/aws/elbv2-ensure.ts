import type {
  Listener as AwsListener,
  LoadBalancer as AwsLoadBalancer,
  TargetGroup as AwsTargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { EXIT, nyahError } from '../../core/errors.ts'
import type { ListenerSpec, LoadBalancerSpec, Tags, TargetGroupSpec } from '../../ports/mirrors.ts'
import { need } from './decode.ts'
import { forwardTo, healthCheckInput } from './elbv2-decode.ts'
import { completeListener, tlsInput } from './elbv2-listeners.ts'
import { type Elbv2, listenerArnOf, tagsByArn } from './elbv2-lists.ts'
import * as sdk from './elbv2.sdk.ts'
import { isOwn, nameTaken, tagList, unsettled } from './ownership.ts'
import { unlessGone } from './wire.ts'

/** What an `ensure` needs to know of one kind of thing. */
interface Kind<Raw> {
  /** `load balancer nyah-shop-1a2b3c4d` */
  readonly what: string
  readonly tags: Tags
  readonly arn: (raw: Raw) => string
  readonly find: () => Promise<Raw | undefined>
  readonly create: () => Promise<Raw | undefined>
}

/**
 * Looks, judges the owner, creates. When AWS then says that the name exists (a lost answer, or its lists lag behind)
 * it looks once more. AWS's own idempotency is not leant on: it compares settings, and tags with them.
 */
async function ensure<Raw>(elb: Elbv2, kind: Kind<Raw>): Promise<Raw> {
  const own = async (): Promise<Raw | null> => {
    const found = await kind.find()
    if (found === undefined) return null
    const arn = kind.arn(found)
    const tags = (await tagsByArn(elb, [arn])).get(arn)
    if (tags === undefined) return null // gone between the two looks
    if (isOwn(tags, kind.tags)) return found
    throw nameTaken(kind.what, arn, tags, kind.tags)
  }
  const found = await own()
  if (found !== null) return found
  try {
    return need(await kind.create(), kind.what)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'AWS_NAME_TAKEN') throw error
  }
  const appeared = await own()
  if (appeared === null) throw unsettled(kind.what)
  return appeared
}

/** With an address for some subnet, all of them are told as mappings: AWS takes one form or the other. */
function subnetInput({ subnets, addresses = {} }: LoadBalancerSpec) {
  if (Object.keys(addresses).length === 0) return { Subnets: [...subnets] }
  return {
    SubnetMappings: subnets.map((SubnetId) => {
      const address = addresses[SubnetId]
      if (address === undefined) return { SubnetId }
      return { SubnetId, ...(isAllocation(address) ? { AllocationId: address } : { PrivateIPv4Address: address }) }
    }),
  }
}

const isAllocation = (address: string): boolean => address.startsWith('eipalloc-')

export const ensureLoadBalancer = (elb: Elbv2, spec: LoadBalancerSpec): Promise<AwsLoadBalancer> => {
  const { client, wire } = elb
  if (spec.securityGroups.length === 0) {
    // Such an NLB can never get one later (SetSecurityGroups refuses), and would be open to everybody.
    throw nyahError({
      code: 'BUG',
      message: `load balancer ${spec.name} was planned without a security group`,
      exit: EXIT.bug,
    })
  }
  const names = { Names: [spec.name] }
  const input = {
    Name: spec.name,
    Type: 'network' as const,
    Scheme: spec.scheme,
    ...subnetInput(spec),
    SecurityGroups: [...spec.securityGroups],
    IpAddressType: spec.ipAddressType,
    Tags: tagList(spec.tags),
  }
  return ensure<AwsLoadBalancer>(elb, {
    what: `load balancer ${spec.name}`,
    tags: spec.tags,
    arn: ({ LoadBalancerArn }) => need(LoadBalancerArn, 'LoadBalancers[].LoadBalancerArn'),
    find: async () => {
      const look = wire.read('DescribeLoadBalancers', (o) =>
        client.send(new sdk.DescribeLoadBalancersCommand(names), o),
      )
      return (await unlessGone(look, null))?.LoadBalancers?.[0]
    },
    create: async () =>
      (await wire.once('CreateLoadBalancer', (o) => client.send(new sdk.CreateLoadBalancerCommand(input), o)))
        .LoadBalancers?.[0],
  })
}

export async function ensureTargetGroup(elb: Elbv2, spec: TargetGroupSpec): Promise<AwsTargetGroup> {
  const { client, wire } = elb
  const input = {
    Name: spec.name,
    Protocol: spec.protocol,
    Port: spec.port,
    VpcId: spec.vpcId,
    TargetType: 'ip' as const,
    IpAddressType: spec.ipAddressType,
    ...healthCheckInput(spec.healthCheck),
    Tags: tagList(spec.tags),
  }
  const group = await ensure<AwsTargetGroup>(elb, {
    what: `target group ${spec.name}`,
    tags: spec.tags,
    arn: ({ TargetGroupArn }) => need(TargetGroupArn, 'TargetGroups[].TargetGroupArn'),
    find: () => elb.looks.targetGroup(spec.name),
    create: async () =>
      (await wire.once('CreateTargetGroup', (o) => client.send(new sdk.CreateTargetGroupCommand(input), o)))
        .TargetGroups?.[0],
  })
  // Attributes cannot be given at creation. Always set, also on one that was found: a crash may lie between the calls.
  await setAttributes(elb, need(group.TargetGroupArn, 'TargetGroups[].TargetGroupArn'), spec.attributes)
  return group
}

export async function setAttributes(
  { client, wire }: Elbv2,
  arn: string,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  if (Object.keys(attributes).length === 0) return
  const input = { TargetGroupArn: arn, Attributes: tagList(attributes) }
  await wire.repeat('ModifyTargetGroupAttributes', 'write', (o) =>
    client.send(new sdk.ModifyTargetGroupAttributesCommand(input), o),
  )
}

export async function ensureListener(elb: Elbv2, loadBalancerArn: string, spec: ListenerSpec): Promise<AwsListener> {
  const { client, wire } = elb
  const input = {
    LoadBalancerArn: loadBalancerArn,
    Protocol: spec.protocol,
    Port: spec.port,
    ...(spec.protocol === 'TLS' ? tlsInput(spec) : {}),
    DefaultActions: forwardTo(spec.forward),
    Tags: tagList(spec.tags),
  }
  const listener = await ensure<AwsListener>(elb, {
    what: `listener on port ${spec.port}`,
    tags: spec.tags,
    arn: listenerArnOf,
    find: () => elb.looks.listener(loadBalancerArn, spec.port),
    create: async () =>
      (await wire.once('CreateListener', (o) => client.send(new sdk.CreateListenerCommand(input), o))).Listeners?.[0],
  })
  await completeListener(elb, listenerArnOf(listener), spec)
  return listener
}
