import { byAddress } from './addresses.ts'
import type { Listener, LoadBalancer, Tags, TargetGroup } from '../ports/mirrors.ts'
import type { SecurityGroup } from '../ports/network.ts'
import { SCHEMA, TAG, type Observed } from './model.ts'
import { isOurName, keyOfTargetGroup, portOfKey, securityGroupName } from './names.ts'
import type { Remark } from './remarks.ts'

/** What of a mirror is nyah's, found by its tags; nothing else is ever touched. */
export interface Owned {
  /** With which all its names end; see MirrorTree. */
  readonly hash: string
  readonly loadBalancer: LoadBalancer | null
  /** Further ones of the same mirror (two machines, two names): they serve nobody, and cost. */
  readonly spareLoadBalancers: readonly LoadBalancer[]
  /** By port. */
  readonly listeners: ReadonlyMap<number, Listener>
  /** Somebody's own listeners on our load balancer, by port. */
  readonly foreignListeners: ReadonlyMap<number, Listener>
  /** By key (port and variant: what AWS cannot change), the one in use of each. */
  readonly targetGroups: ReadonlyMap<string, TargetGroup>
  /** Further ones of the same key (two runs with two names for one load balancer). */
  readonly spareTargetGroups: readonly TargetGroup[]
  readonly securityGroup: SecurityGroup | null
  /** Things that have our names and are not ours, or are a newer nyah's. */
  readonly obstacles: readonly Remark[]
}

type Claim = 'ours' | 'newer' | 'foreign'

/** Whose things count as this mirror's. */
type Claimant = Pick<Observed, 'id' | 'asked'>

function claimOf(tags: Tags, { id, asked }: Claimant): Claim {
  const owner = tags[TAG.octaviaId]
  const managed = tags[TAG.managed] === 'true'
  const own = managed && owner !== undefined && (owner === id || owner === asked.formerId)
  const lost = asked.adopt && (owner === undefined || owner === id)
  if (!own && !lost) return 'foreign'
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

/** The groups of one listener port, in the order of their keys. */
export const groupsOfPort = (owned: Pick<Owned, 'targetGroups'>, port: number): readonly TargetGroup[] =>
  [...owned.targetGroups].flatMap(([key, group]) => (portOfKey(key) === port ? [group] : []))

export function ownedOf(observed: Pick<Observed, 'id' | 'mirror' | 'securityGroup' | 'asked'>): Owned {
  const { id, mirror, securityGroup } = observed
  const { hash, loadBalancer } = mirror
  const named = loadBalancer !== null && isOurName(loadBalancer.name, hash) ? loadBalancer : null
  const groups = mirror.targetGroups.filter((group) => keyOfTargetGroup(group.name, hash) !== null)
  const group = securityGroup !== null && securityGroup.name === securityGroupName(hash) ? securityGroup : null
  const claim = (thing: { readonly tags: Tags }): Claim => claimOf(thing.tags, observed)
  const ours = <Thing extends { readonly tags: Tags }>(thing: Thing | null): Thing | null =>
    thing !== null && claim(thing) === 'ours' ? thing : null
  const owner = ours(named)
  const below = owner === null ? [] : mirror.listeners
  // By hand on our load balancer: to be adopted only where a listener of ours has to be, see `adopting`.
  const tagged: Claimant = { id, asked: { ...observed.asked, adopt: false } }
  const listeners = byPort(below.filter((listener) => claimOf(listener.tags, tagged) === 'ours'))
  const { chosen, spare } = choose(
    groups.filter((one) => claim(one) === 'ours'),
    hash,
    listeners,
  )
  return {
    hash,
    loadBalancer: owner,
    spareLoadBalancers: (mirror.spareLoadBalancers ?? []).filter((one) => ours(one) !== null),
    listeners,
    foreignListeners: byPort(below.filter((listener) => claimOf(listener.tags, tagged) === 'foreign')),
    targetGroups: chosen,
    spareTargetGroups: spare,
    securityGroup: ours(group),
    obstacles: [
      ...obstacle('load balancer', named, observed),
      ...groups.flatMap((one) => obstacle('target group', one, observed)),
      ...obstacle('security group', group, observed),
      ...below
        .filter((listener) => claimOf(listener.tags, tagged) === 'newer')
        .flatMap((listener) => obstacle('listener', { name: `port ${listener.port}`, tags: listener.tags }, tagged)),
    ],
  }
}

/** With `--adopt`: listeners by hand on our load balancer, on ports where ours have to be, are ours. */
export function adopting(owned: Owned, ports: ReadonlySet<number>, claimant: Claimant): Owned {
  const adopted = [...owned.foreignListeners.values()].filter(
    ({ port, tags }) => ports.has(port) && claimOf(tags, claimant) === 'ours',
  )
  if (adopted.length === 0) return owned
  return {
    ...owned,
    listeners: byPort([...owned.listeners.values(), ...adopted]),
    foreignListeners: byPort([...owned.foreignListeners.values()].filter((one) => !adopted.includes(one))),
  }
}

const byPort = <Thing extends { readonly port: number }>(things: readonly Thing[]): ReadonlyMap<number, Thing> =>
  new Map(things.toSorted((a, b) => a.port - b.port).map((thing) => [thing.port, thing]))

/** Of two groups with one key: the one its listener uses, else one in use at all, else the first by name. */
function choose(
  groups: readonly TargetGroup[],
  hash: string,
  listeners: ReadonlyMap<number, Listener>,
): { readonly chosen: ReadonlyMap<string, TargetGroup>; readonly spare: readonly TargetGroup[] } {
  const keyed = groups.map((group) => {
    const key = keyOfTargetGroup(group.name, hash) ?? ''
    const port = portOfKey(key) ?? 0
    const used = listeners.get(port)?.forward.some(({ targetGroupArn }) => targetGroupArn === group.arn) ?? false
    return { group, key, port, rank: used ? 0 : group.loadBalancerArns.length > 0 ? 1 : 2 }
  })
  const chosen = new Map<string, TargetGroup>()
  const spare: TargetGroup[] = []
  const order = keyed.toSorted(
    (a, b) =>
      a.port - b.port ||
      (a.key === b.key ? a.rank - b.rank : a.key < b.key ? -1 : 1) ||
      (a.group.name < b.group.name ? -1 : 1),
  )
  for (const { group, key } of order) {
    if (chosen.has(key)) spare.push(group)
    else chosen.set(key, group)
  }
  return { chosen, spare }
}

/** Why it is not to be touched; empty: it is ours. */
export function obstacle(
  what: string,
  thing: { readonly name: string; readonly tags: Tags } | null,
  claimant: Claimant,
): readonly Remark[] {
  if (thing === null) return []
  const claim = claimOf(thing.tags, claimant)
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
  const { id } = claimant
  const other = thing.tags[TAG.octaviaId]
  const elsewhere = other !== undefined && other !== id
  return [
    {
      code: 'LB_NOT_OWNED',
      severity: 'refuse',
      subject,
      evidence: elsewhere
        ? `it is tagged as part of the mirror of ${other}`
        : `it lacks the tag ${thing.tags[TAG.managed] === 'true' ? TAG.octaviaId : `${TAG.managed}=true`}: nyah did not make it, or its tags were taken away`,
      remedy: elsewhere
        ? `It follows ${other} (nyah lb show ${other}); if its retarget was cut short: nyah lb retarget ${id} ${other}`
        : `Rename or delete it if it is somebody's own; if nyah made it, or may have it, look at what would be changed: nyah lb mirror ${id} --adopt --plan`,
    },
  ]
}

/** A listener of somebody's own where ours has to be. */
export const inTheWay = (listener: Listener, claimant: Claimant): readonly Remark[] =>
  obstacle('listener', { name: `port ${listener.port}`, tags: listener.tags }, claimant)

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
