import { byAddress } from './addresses.ts'
import type { Listener, LoadBalancer, Tags, TargetGroup } from '../ports/mirrors.ts'
import type { SecurityGroup } from '../ports/network.ts'
import { SCHEMA, TAG, type Observed } from './model.ts'
import { hashOf, isOurName, isOurTargetGroupName, securityGroupName } from './names.ts'
import type { Remark } from './remarks.ts'

/** What of a mirror is nyah's, found by its tags; nothing else is ever touched. */
export interface Owned {
  readonly loadBalancer: LoadBalancer | null
  /** Further ones of the same mirror (two machines, two names): they serve nobody, and cost. */
  readonly spareLoadBalancers: readonly LoadBalancer[]
  /** By port. */
  readonly listeners: ReadonlyMap<number, Listener>
  /** Somebody's own listeners on our load balancer, by port. */
  readonly foreignListeners: ReadonlyMap<number, Listener>
  /** The one in use per port. */
  readonly targetGroups: ReadonlyMap<number, TargetGroup>
  /** Further ones of the same port (two runs with two names for one load balancer). */
  readonly spareTargetGroups: readonly TargetGroup[]
  readonly securityGroup: SecurityGroup | null
  /** Things that have our names and are not ours, or are a newer nyah's. */
  readonly obstacles: readonly Remark[]
}

type Claim = 'ours' | 'newer' | 'foreign'

function claimOf(tags: Tags, octaviaId: string): Claim {
  if (tags[TAG.managed] !== 'true' || tags[TAG.octaviaId] !== octaviaId) return 'foreign'
  const schema = tags[TAG.schema]
  return schema === undefined || Number(schema) <= Number(SCHEMA) ? 'ours' : 'newer'
}

/** Does anything of nyah's exist for this load balancer? */
export const exists = (owned: Owned): boolean =>
  owned.loadBalancer !== null ||
  owned.targetGroups.size > 0 ||
  owned.spareTargetGroups.length > 0 ||
  owned.securityGroup !== null

/**
 * Registered: all but those that were deregistered and finish their connections. Sorted, since AWS lists in no order and
 * two readings of the same world have to give the same plan.
 */
export const registered = (group: TargetGroup): TargetGroup['targets'] =>
  group.targets
    .filter((target) => target.state !== 'draining')
    .toSorted((a, b) => byAddress(a.address, b.address) || a.port - b.port)

export function ownedOf({ id, mirror, securityGroup }: Pick<Observed, 'id' | 'mirror' | 'securityGroup'>): Owned {
  const hash = hashOf(id)
  const { loadBalancer } = mirror
  const named = loadBalancer !== null && isOurName(loadBalancer.name, hash) ? loadBalancer : null
  const groups = mirror.targetGroups.filter((group) => isOurTargetGroupName(group.name, hash))
  const group = securityGroup !== null && securityGroup.name === securityGroupName(id) ? securityGroup : null
  const ours = <Thing extends { readonly tags: Tags }>(thing: Thing | null): Thing | null =>
    thing !== null && claimOf(thing.tags, id) === 'ours' ? thing : null
  const owner = ours(named)
  const below = owner === null ? [] : mirror.listeners
  const listeners = byPort(below.filter((listener) => claimOf(listener.tags, id) === 'ours'))
  const { chosen, spare } = choose(
    groups.filter((one) => claimOf(one.tags, id) === 'ours'),
    listeners,
  )
  return {
    loadBalancer: owner,
    spareLoadBalancers: (mirror.spareLoadBalancers ?? []).filter((one) => ours(one) !== null),
    listeners,
    foreignListeners: byPort(below.filter((listener) => claimOf(listener.tags, id) === 'foreign')),
    targetGroups: chosen,
    spareTargetGroups: spare,
    securityGroup: ours(group),
    obstacles: [
      ...obstacle('load balancer', named, id),
      ...groups.flatMap((one) => obstacle('target group', one, id)),
      ...obstacle('security group', group, id),
      ...below
        .filter((listener) => claimOf(listener.tags, id) === 'newer')
        .flatMap((listener) => obstacle('listener', { name: `port ${listener.port}`, tags: listener.tags }, id)),
    ],
  }
}

const byPort = <Thing extends { readonly port: number }>(things: readonly Thing[]): ReadonlyMap<number, Thing> =>
  new Map(things.toSorted((a, b) => a.port - b.port).map((thing) => [thing.port, thing]))

/** Of two groups for one port: the one its listener uses, else one in use at all, else the first by name. */
function choose(
  groups: readonly TargetGroup[],
  listeners: ReadonlyMap<number, Listener>,
): { readonly chosen: ReadonlyMap<number, TargetGroup>; readonly spare: readonly TargetGroup[] } {
  const rank = (group: TargetGroup): number =>
    listeners.get(group.port)?.targetGroupArn === group.arn ? 0 : group.loadBalancerArns.length > 0 ? 1 : 2
  const chosen = new Map<number, TargetGroup>()
  const spare: TargetGroup[] = []
  for (const group of groups.toSorted((a, b) => a.port - b.port || rank(a) - rank(b) || (a.name < b.name ? -1 : 1))) {
    if (chosen.has(group.port)) spare.push(group)
    else chosen.set(group.port, group)
  }
  return { chosen, spare }
}

function obstacle(
  what: string,
  thing: { readonly name: string; readonly tags: Tags } | null,
  octaviaId: string,
): readonly Remark[] {
  if (thing === null) return []
  const claim = claimOf(thing.tags, octaviaId)
  if (claim === 'ours') return []
  const subject = `${what} ${thing.name}`
  if (claim === 'newer') {
    return [
      {
        code: 'LB_NEWER_NYAH',
        severity: 'refuse',
        subject,
        evidence: `its tag ${TAG.schema} is ${thing.tags[TAG.schema]}, this nyah knows ${SCHEMA}: a newer nyah made it`,
        remedy: 'Use the newer nyah',
      },
    ]
  }
  const other = thing.tags[TAG.octaviaId]
  return [
    {
      code: 'LB_NOT_OWNED',
      severity: 'refuse',
      subject,
      evidence:
        other !== undefined && other !== octaviaId
          ? `it is tagged as part of the mirror of ${other}`
          : `it lacks the tag ${thing.tags[TAG.managed] === 'true' ? TAG.octaviaId : `${TAG.managed}=true`}: nyah did not make it, or its tags were taken away`,
      remedy: `Rename or delete it if it is somebody's own; if nyah made it, set its tags back: ${TAG.managed}=true ${TAG.octaviaId}=${octaviaId}`,
    },
  ]
}

/** A listener of somebody's own where ours has to be. */
export const inTheWay = (listener: Listener, octaviaId: string): readonly Remark[] =>
  obstacle('listener', { name: `port ${listener.port}`, tags: listener.tags }, octaviaId)

/** Two load balancers for one: nyah keeps to the one with listeners. */
export const spares = (owned: Owned, severity: 'warn' | 'hold', remedy: (arn: string) => string): readonly Remark[] =>
  owned.spareLoadBalancers.map((one): Remark => ({
    code: 'LB_SPARE_LOAD_BALANCER',
    severity,
    subject: `load balancer ${one.name}`,
    evidence: `it carries the tags of the same mirror as ${owned.loadBalancer?.name ?? 'none'}: two runs at once made one each`,
    remedy: remedy(one.arn),
    ...(severity === 'hold' ? { holds: [] } : {}),
  }))
