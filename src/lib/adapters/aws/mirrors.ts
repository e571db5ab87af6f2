import { EXIT, nyahError } from '../../core/errors.ts'
import type { Mirrors, Tags, Target } from '../../ports/mirrors.ts'
import { bounded, chunks } from './bounded.ts'
import { need } from './decode.ts'
import { guarded } from './door.ts'
import { healthCheckInput } from './elbv2-decode.ts'
import { ensureListener, ensureLoadBalancer, ensureTargetGroup, setAttributes } from './elbv2-ensure.ts'
import { healthTallies, standings } from './elbv2-health.ts'
import { createLimits } from './elbv2-limits.ts'
import { changeListener } from './elbv2-listeners.ts'
import { type Elbv2, tagsByArn } from './elbv2-lists.ts'
import { createLooks } from './elbv2-looks.ts'
import { healthOf, listMirrors, readTrees } from './elbv2-read.ts'
import * as sdk from './elbv2.sdk.ts'
import { tagList } from './ownership.ts'
import { ELBV2_RATES, paceTowards } from './pace.ts'
import type { AwsDeps } from './session.ts'
import { createWire, unlessGone } from './wire.ts'

/** What the AWS load balancer controller sends at once; AWS names no figure. */
const TARGETS_PER_CALL = 200

const tooLate = (arn: string) =>
  nyahError({
    code: 'AWS_TOO_LATE',
    message: `targets of ${arn} were not taken out: AWS's limits let the call go only when what had been looked at before it was too old`,
    exit: EXIT.remote,
    tries: ['wait until AWS is less busy, then run the command again'],
  })

/** Mirrors in ELBv2. Errors: the AWS_ codes of docs/aws.md. */
export function createMirrors({ session, clock, retry }: AwsDeps): Mirrors {
  const client = guarded(new sdk.ElasticLoadBalancingV2Client(session.clientConfig('ELASTIC_LOAD_BALANCING_V2')))
  const wire = createWire(
    'elasticloadbalancing',
    paceTowards(session.settings.endpoints.ELASTIC_LOAD_BALANCING_V2, clock, ELBV2_RATES),
    retry,
  )
  const elb: Elbv2 = { client, wire, looks: createLooks({ client, wire }) }
  const account = createLimits(elb, clock)

  const addTags = async (arn: string, tags: Tags | undefined): Promise<void> => {
    if (tags === undefined || Object.keys(tags).length === 0) return
    const input = { ResourceArns: [arn], Tags: tagList(tags) }
    await wire.repeat('AddTags', 'write', (o) => client.send(new sdk.AddTagsCommand(input), o))
  }
  const description = ({ address, port, availabilityZone }: Target) => ({
    Id: address,
    Port: port,
    ...(availabilityZone === null ? {} : { AvailabilityZone: availabilityZone }),
  })

  return {
    list: (signal, named) => listMirrors(elb, signal, named),
    read: async (keys, signal) => (keys.length === 0 ? [] : readTrees(elb, keys, await account.lists(signal), signal)),
    limits: (signal) => account.limits(signal),
    health: (atMost, signal) => healthTallies(elb, atMost, signal),
    standings: (isAsked, signal) => standings(elb, isAsked, signal),
    tags: async (arn, signal) => (await tagsByArn(elb, [arn], signal)).get(arn) ?? null,
    async tag(arn, set, remove = []) {
      await addTags(arn, set)
      if (remove.length === 0) return
      const input = { ResourceArns: [arn], TagKeys: [...remove] }
      await wire.repeat('RemoveTags', 'write', (o) => client.send(new sdk.RemoveTagsCommand(input), o))
    },
    targetHealth: (arn, signal) => healthOf(elb, arn, signal),

    async createTargetGroup(spec) {
      const group = await ensureTargetGroup(elb, spec)
      return { arn: need(group.TargetGroupArn, 'TargetGroups[].TargetGroupArn') }
    },
    async modifyTargetGroup(arn, { healthCheck, attributes, tags }) {
      if (healthCheck !== undefined) {
        const input = { TargetGroupArn: arn, ...healthCheckInput(healthCheck) }
        await wire.repeat('ModifyTargetGroup', 'write', (o) => client.send(new sdk.ModifyTargetGroupCommand(input), o))
      }
      if (attributes !== undefined) await setAttributes(elb, arn, attributes)
      await addTags(arn, tags)
    },
    async registerTargets(arn, targets) {
      await bounded(chunks(targets, TARGETS_PER_CALL), (some) => {
        const input = { TargetGroupArn: arn, Targets: some.map(description) }
        return wire.repeat('RegisterTargets', 'targets', (o) => client.send(new sdk.RegisterTargetsCommand(input), o))
      })
    },
    async deregisterTargets(arn, targets, notAfter = Infinity) {
      await bounded(chunks(targets, TARGETS_PER_CALL), (some) => {
        const input = { TargetGroupArn: arn, Targets: some.map(description) }
        return wire.repeat('DeregisterTargets', 'targets', (o) => {
          if (clock.now() > notAfter) throw tooLate(arn)
          return client.send(new sdk.DeregisterTargetsCommand(input), o)
        })
      })
    },
    async deleteTargetGroup(arn) {
      const input = { TargetGroupArn: arn }
      await unlessGone(
        wire.once('DeleteTargetGroup', (o) => client.send(new sdk.DeleteTargetGroupCommand(input), o)),
        null,
      )
    },

    async createLoadBalancer(spec) {
      const made = await ensureLoadBalancer(elb, spec)
      return {
        arn: need(made.LoadBalancerArn, 'LoadBalancers[].LoadBalancerArn'),
        dnsName: need(made.DNSName, 'LoadBalancers[].DNSName'),
        hostedZoneId: need(made.CanonicalHostedZoneId, 'LoadBalancers[].CanonicalHostedZoneId'),
      }
    },
    async modifyLoadBalancer(arn, { securityGroups, subnets, ipAddressType, tags }) {
      if (securityGroups !== undefined) {
        const input = { LoadBalancerArn: arn, SecurityGroups: [...securityGroups] }
        await wire.repeat('SetSecurityGroups', 'write', (o) => client.send(new sdk.SetSecurityGroupsCommand(input), o))
      }
      if (subnets !== undefined) {
        const input = { LoadBalancerArn: arn, Subnets: [...subnets] }
        await wire.repeat('SetSubnets', 'write', (o) => client.send(new sdk.SetSubnetsCommand(input), o))
      }
      // After the subnets: a dual-stack load balancer needs IPv6 in all of them.
      if (ipAddressType !== undefined) {
        const input = { LoadBalancerArn: arn, IpAddressType: ipAddressType }
        await wire.repeat('SetIpAddressType', 'write', (o) => client.send(new sdk.SetIpAddressTypeCommand(input), o))
      }
      await addTags(arn, tags)
    },
    async deleteLoadBalancer(arn) {
      const input = { LoadBalancerArn: arn }
      await unlessGone(
        wire.once('DeleteLoadBalancer', (o) => client.send(new sdk.DeleteLoadBalancerCommand(input), o)),
        null,
      )
    },

    async createListener(loadBalancerArn, spec) {
      const made = await ensureListener(elb, loadBalancerArn, spec)
      return { arn: need(made.ListenerArn, 'Listeners[].ListenerArn') }
    },
    async modifyListener(arn, change) {
      await changeListener(elb, arn, change)
      await addTags(arn, change.tags)
    },
    async deleteListener(arn) {
      const input = { ListenerArn: arn }
      await unlessGone(
        wire.once('DeleteListener', (o) => client.send(new sdk.DeleteListenerCommand(input), o)),
        null,
      )
    },

    check: (signal) => retry('sts:GetCallerIdentity', () => session.identity(signal), signal),
  }
}
