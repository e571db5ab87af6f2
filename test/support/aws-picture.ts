import { TAG } from '../../src/lib/lb/model.ts'
import type { AwsState } from '../../src/lib/sandbox/aws/state.ts'

/** What nyah remembers of its runs: their times. */
const REMEMBERED = new Set<string>([TAG.held, TAG.inStep, TAG.removals])

const lasting = (tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !REMEMBERED.has(key)))

const OFF = {
  'preserve_client_ip.enabled': 'false',
  'proxy_protocol_v2.enabled': 'false',
  'stickiness.enabled': 'false',
}

/**
 * What an AWS account holds, without what differs between two equal ones: ids, order of creation, times, health, and what
 * nyah writes down of times. Targets that drain are gone already.
 */
export async function awsPicture(url: string) {
  const answer = await fetch(`${url}/sandbox/state`)
  const { aws } = (await answer.json()) as { aws: AwsState }
  const names = new Map<string, string>([
    ...Object.values(aws.securityGroups).map(({ id, name }) => [id, name] as const),
    ...Object.values(aws.targetGroups).map(({ arn, name }) => [arn, name] as const),
    ...Object.values(aws.loadBalancers).map(({ arn, name }) => [arn, name] as const),
  ])
  const named = (id: string): string => names.get(id) ?? id
  const sorted = <T>(items: readonly T[]): readonly T[] =>
    items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return {
    securityGroups: sorted(
      Object.values(aws.securityGroups).map(({ id, name, vpcId, description, ingress }) => ({
        name,
        vpcId,
        description,
        ingress: sorted(ingress.map(({ protocol, from, to, peer }) => ({ protocol, from, to, peer }))),
        tags: aws.ec2Tags[id] ?? {},
      })),
    ),
    loadBalancers: sorted(
      Object.values(aws.loadBalancers).map(({ name, scheme, vpcId, nodes, securityGroups, attributes, tags }) => ({
        name,
        scheme,
        vpcId,
        subnets: nodes.map(({ subnetId }) => subnetId),
        addresses: Object.fromEntries(
          nodes.flatMap(({ subnetId, allocationId }) => (allocationId === null ? [] : [[subnetId, allocationId]])),
        ),
        securityGroups: securityGroups.map(named),
        attributes,
        tags: lasting(tags),
      })),
    ),
    listeners: sorted(
      Object.values(aws.listeners).map(({ loadBalancerArn, protocol, port, targetGroups, tags }) => ({
        loadBalancer: named(loadBalancerArn),
        protocol,
        port,
        targetGroups: sorted(
          targetGroups.map(({ arn, weight }) => ({ name: named(arn), weight: targetGroups.length === 1 ? 1 : weight })),
        ),
        tags,
      })),
    ),
    targetGroups: sorted(
      Object.values(aws.targetGroups).map(
        ({ name, protocol, port, vpcId, healthCheck, attributes, tags, targets }) => ({
          name,
          protocol,
          port,
          vpcId,
          healthCheck,
          // As AWS reads it back: false is what holds for TCP targets by address until somebody says otherwise.
          attributes: { ...OFF, ...attributes },
          tags: lasting(tags),
          targets: sorted(
            targets
              .filter(({ drainsUntil }) => drainsUntil === null)
              .map(({ id, port: at, zone }) => ({ id, at, zone })),
          ),
        }),
      ),
    ),
  }
}
