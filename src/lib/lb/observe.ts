import { EXIT, nyahError } from '../core/errors.ts'
import type { Mirrors, MirrorTree } from '../ports/mirrors.ts'
import type { Network, NetworkFacts, SecurityGroup } from '../ports/network.ts'
import type { LoadBalancerSource } from '../ports/source.ts'
import type { LbSettings, LbWorld, Observed, Placement } from './model.ts'
import { hashOf, securityGroupName } from './names.ts'
import { exists, ownedOf } from './owned.ts'
import { allocationsOf } from './placed.ts'

export interface LbPorts {
  readonly source: LoadBalancerSource
  readonly mirrors: Mirrors
  readonly network: Network
}

const NOTHING: MirrorTree = { loadBalancer: null, listeners: [], targetGroups: [] }

/** UUIDs as Octavia writes them, each once. */
export const canonicalIds = (ids: readonly string[]): readonly string[] => [
  ...new Set(ids.map((id) => id.trim().toLowerCase())),
]

/**
 * Both sides of each load balancer, all at once: each source in its own read, all mirrors in one, each network once.
 * `mirrored`: only those that have a mirror. Throws LB_NOT_FOUND (neither side knows it) and LB_NOT_MIRRORED, both exit 2.
 */
export async function observeMirrors(
  ports: LbPorts,
  settings: LbSettings,
  ids: readonly string[],
  mirrored: boolean,
  signal: AbortSignal,
): Promise<LbWorld> {
  const placements = new Map(ids.map((id) => [id, settings.placementFor(id)]))
  const [sources, sides] = await Promise.all([
    Promise.all(ids.map((id) => ports.source.read(id, signal))),
    readMirrors(ports, placements, true, signal),
  ])
  const scopes = sides.map((side, at): Observed => ({ ...side, source: sources[at] ?? null }))
  for (const observed of scopes) demand(observed, mirrored)
  return { scopes }
}

/** The AWS side alone: a mirror is taken down although Octavia is gone, or does not answer. */
export async function observeForRemoval(
  ports: Pick<LbPorts, 'mirrors' | 'network'>,
  settings: LbSettings,
  id: string,
  signal: AbortSignal,
): Promise<LbWorld> {
  const sides = await readMirrors(ports, new Map([[id, settings.placementFor(id)]]), false, signal)
  return { scopes: sides.map((side) => ({ ...side, source: null })) }
}

function demand(observed: Observed, mirrored: boolean): void {
  const mirror = ownedOf(observed)
  const known = exists(mirror) || mirror.obstacles.length > 0
  if (observed.source === null && !known) {
    throw nyahError({
      code: 'LB_NOT_FOUND',
      message: `no load balancer ${observed.id}: Octavia does not know it (or these credentials may not see it), and it has no mirror`,
      exit: EXIT.usage,
      tries: ['nyah lb list'],
    })
  }
  if (mirrored && !known) {
    throw nyahError({
      code: 'LB_NOT_MIRRORED',
      message: `load balancer ${observed.id} has no mirror to bring up to date`,
      exit: EXIT.usage,
      tries: [`nyah lb mirror ${observed.id}`],
    })
  }
}

type Side = Omit<Observed, 'source'>

async function readMirrors(
  { mirrors, network }: Pick<LbPorts, 'mirrors' | 'network'>,
  placements: ReadonlyMap<string, Placement>,
  withFacts: boolean,
  signal: AbortSignal,
): Promise<readonly Side[]> {
  const ids = [...placements.keys()]
  const places = [...placements.values()]
  const allocations = withFacts ? [...new Set(places.flatMap(allocationsOf))] : []
  const [trees, facts, groups, elastic] = await Promise.all([
    mirrors.read(ids.map(hashOf), signal),
    withFacts ? readFacts(network, places, signal) : new Map<string, NetworkFacts>(),
    readGroups(network, new Map(ids.map((id) => [id, placements.get(id)?.vpcId ?? ''])), signal),
    allocations.length === 0 ? [] : network.addresses(allocations, signal),
  ])
  const sides = ids.map((id, at): Side => {
    const placement = placements.get(id)
    if (placement === undefined) throw new Error(`no placement for ${id}`)
    return {
      id,
      mirror: trees[at] ?? NOTHING,
      securityGroup: groups.get(id) ?? null,
      placement,
      network: facts.get(factsKey(placement)) ?? { vpcId: placement.vpcId, vpcCidrs: [], subnets: [] },
      elasticAddresses: elastic.filter(({ allocationId }) => allocationsOf(placement).includes(allocationId)),
    }
  })
  return movedGroups(network, sides, signal)
}

/** A mirror that stands in another VPC than the configuration says has its security group there. */
async function movedGroups(network: Network, sides: readonly Side[], signal: AbortSignal): Promise<readonly Side[]> {
  const elsewhere = new Map<string, string>()
  for (const { id, mirror, placement } of sides) {
    const vpcId = mirror.loadBalancer?.vpcId ?? mirror.targetGroups[0]?.vpcId ?? placement.vpcId
    if (vpcId !== placement.vpcId) elsewhere.set(id, vpcId)
  }
  if (elsewhere.size === 0) return sides
  const groups = await readGroups(network, elsewhere, signal)
  return sides.map((side) => ({ ...side, securityGroup: groups.get(side.id) ?? side.securityGroup }))
}

const factsKey = (placement: Placement): string => `${placement.vpcId} ${placement.subnets.join(' ')}`

async function readFacts(
  network: Network,
  placements: readonly Placement[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, NetworkFacts>> {
  const distinct = new Map(placements.map((placement) => [factsKey(placement), placement]))
  return new Map(
    await Promise.all(
      [...distinct].map(
        async ([key, { vpcId, subnets }]) => [key, await network.facts(vpcId, subnets, signal)] as const,
      ),
    ),
  )
}

/** Security groups by load balancer, one call per VPC. */
async function readGroups(
  network: Network,
  vpcs: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SecurityGroup>> {
  const found = new Map<string, SecurityGroup>()
  await Promise.all(
    [...new Set(vpcs.values())].map(async (vpcId) => {
      const ids = [...vpcs.keys()].filter((id) => vpcs.get(id) === vpcId)
      const groups = await network.securityGroups(vpcId, ids.map(securityGroupName), signal)
      for (const id of ids) {
        const group = groups.find((one) => one.name === securityGroupName(id))
        if (group !== undefined) found.set(id, group)
      }
    }),
  )
  return found
}
