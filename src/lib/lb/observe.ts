import { errorData, EXIT, isNyahError, nyahError } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'
import type { Mirrors } from '../ports/mirrors.ts'
import type { Network, NetworkFacts, SecurityGroup } from '../ports/network.ts'
import type { DnsReferences } from '../ports/dns.ts'
import type { LoadBalancerSource } from '../ports/source.ts'
import { ASKED_NOTHING, type Asked, type LbSettings, type LbWorld, type Observed, type Placement } from './model.ts'
import { nothingToTakeOver, notFound, notMirrored } from './absent.ts'
import { hashOf, securityGroupName } from './names.ts'
import { exists, ownedOf } from './owned.ts'
import { allocationsOf } from './placed.ts'
import { refusalsOf, standing, type RetargetWorld, type Side } from './retarget.ts'
import { halfwayOf, onTheirWay, type Halfway } from './unfinished.ts'
import type { References, RemovalWorld } from './unmirror.ts'

export interface LbPorts {
  readonly source: LoadBalancerSource
  readonly mirrors: Mirrors
  readonly network: Network
}

/** UUIDs as Octavia writes them, each once. */
export const canonicalIds = (ids: readonly string[]): readonly string[] => [
  ...new Set(ids.map((id) => id.trim().toLowerCase())),
]

export interface LookAt {
  /** Only those that have a mirror. */
  readonly mirrored: boolean
  readonly asked: Asked
  /** Something may be created: the account's limits are read too. */
  readonly wantLimits: boolean
}

export type Tools = Pick<Scene, 'clock' | 'signal'>

/**
 * Both sides of each load balancer, all at once: each source in its own read, all mirrors in one, each network once. Of
 * several, a source that cannot be read is `unread` and the others go on; a single one throws. Throws LB_NOT_FOUND (neither
 * side knows it) and LB_NOT_MIRRORED, both exit 2, of a single one; of several, those are left to the guards.
 */
export async function observeMirrors(
  ports: LbPorts,
  settings: LbSettings,
  ids: readonly string[],
  { mirrored, asked, wantLimits }: LookAt,
  { clock, signal }: Tools,
): Promise<LbWorld> {
  const placements = new Map(ids.map((id) => [id, settings.placementFor(id)]))
  const at = clock.now()
  const mirrors = readMirrors(ports, placements, true, signal)
  const [sources, sides, limits, halves] = await Promise.all([
    Promise.all(ids.map((id) => readSource(ports.source, id, ids.length === 1, signal))),
    mirrors,
    wantLimits ? ports.mirrors.limits(signal) : null,
    mirrored ? NONE_HALFWAY : mirrors.then((read) => halfway(ports, read, asked, signal)),
  ])
  const scopes = sides.map((side, index): Observed => {
    const half = halves.get(side.id)
    if (half !== undefined && 'error' in half) {
      return { ...side, at, asked, limits, source: null, unread: errorData(half.error) }
    }
    return { ...side, ...half, at, asked, limits, ...(sources[index] ?? NOT_THERE) }
  })
  demand(scopes, mirrored)
  return { scopes }
}

const NONE_HALFWAY: ReadonlyMap<string, Halfway> = new Map()

/** Of load balancers without an NLB. A single one throws what keeps it from getting one. */
async function halfway(
  { mirrors, network }: { readonly mirrors: Mirrors; readonly network: Network },
  sides: readonly Pick<Observed, 'id' | 'mirror' | 'securityGroup'>[],
  asked: Asked,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Halfway>> {
  const bare = sides.filter((side) => ownedOf({ ...side, asked }).loadBalancer === null).map(({ id }) => id)
  const keys = bare.length === 0 ? [] : onTheirWay(await network.securityGroupsOf(bare, signal))
  if (keys.length === 0) return NONE_HALFWAY
  const found = halfwayOf(keys, await mirrors.read(keys, signal))
  const [only] = found.values()
  if (sides.length === 1 && only !== undefined && 'error' in only) throw only.error
  return found
}

/**
 * Octavia's new load balancer and the mirror of the former one, which need not be in Octavia any more. Throws LB_NOT_FOUND
 * (Octavia has no such new one), LB_NOT_MIRRORED (the former one has no mirror) and LB_RETARGET_SAME, all exit 2.
 */
export async function observeRetarget(
  ports: LbPorts,
  settings: LbSettings,
  id: string,
  asked: Asked & { readonly formerId: string },
  { clock, signal }: Tools,
): Promise<RetargetWorld> {
  const { formerId } = asked
  if (id === formerId) {
    throw nyahError({
      code: 'LB_RETARGET_SAME',
      message: `${id} is both the former and the new load balancer`,
      exit: EXIT.usage,
      tries: [`nyah lb sync ${id}`],
    })
  }
  const placement = settings.placementFor(id)
  const at = clock.now()
  const [source, sides, limits] = await Promise.all([
    ports.source.read(id, signal),
    readMirrors(
      ports,
      new Map([
        [id, placement],
        [formerId, placement],
      ]),
      true,
      signal,
    ),
    ports.mirrors.limits(signal),
  ])
  const [own, former] = sides
  if (own === undefined || former === undefined) throw new Error('one side was not read')
  if (source === null) throw notFound(id)
  const from = standing({ ...own, asked }, { ...former, asked: { ...asked, formerId: null } })
  if (from === null) throw nothingToTakeOver(formerId, { ...own, asked })
  const observed: Observed = { ...from, id, at, asked, source, unread: null, limits }
  return { scopes: [observed], refusals: refusalsOf(observed, own, settings) }
}

/** The AWS side alone, and whose names point there: a mirror is taken down although Octavia is gone, or does not answer. */
export async function observeForRemoval(
  { mirrors, network, dns }: Pick<LbPorts, 'mirrors' | 'network'> & { readonly dns: DnsReferences | null },
  settings: LbSettings,
  id: string,
  { clock, signal }: Tools,
): Promise<RemovalWorld> {
  const at = clock.now()
  const sides = await readMirrors({ mirrors, network }, new Map([[id, settings.placementFor(id)]]), false, signal)
  const halves = await halfway({ mirrors, network }, sides, ASKED_NOTHING, signal)
  const scopes = sides.map((side): Observed => {
    const half = halves.get(side.id)
    const left = half === undefined || 'error' in half ? {} : half
    return { ...side, ...left, ...NOT_THERE, at, asked: ASKED_NOTHING, limits: null }
  })
  const names = scopes.flatMap((observed) => ownedOf(observed).loadBalancer?.dnsName ?? [])
  return { scopes, references: dns === null || names.length === 0 ? null : await readReferences(dns, names, signal) }
}

async function readReferences(dns: DnsReferences, names: readonly string[], signal: AbortSignal): Promise<References> {
  try {
    const records = await Promise.all(names.map((name) => dns.pointingAt(name, signal)))
    return { records: records.flat() }
  } catch (error) {
    if (signal.aborted || !isNyahError(error)) throw error
    return { unread: errorData(error) }
  }
}

type Source = Pick<Observed, 'source' | 'unread'>

const NOT_THERE: Source = { source: null, unread: null }

async function readSource(
  source: LoadBalancerSource,
  id: string,
  alone: boolean,
  signal: AbortSignal,
): Promise<Source> {
  try {
    return { source: await source.read(id, signal), unread: null }
  } catch (error) {
    if (alone || signal.aborted || !isNyahError(error)) throw error
    return { source: null, unread: errorData(error) }
  }
}

function demand(scopes: readonly Observed[], mirrored: boolean): void {
  const alone = scopes.length === 1
  for (const observed of scopes) {
    const owned = ownedOf(observed)
    const known = exists(owned) || owned.obstacles.length > 0
    if (observed.source === null && observed.unread === null && !known && alone) throw notFound(observed.id)
    if (mirrored && !known && observed.unread === null && alone) throw notMirrored(observed.id)
  }
}

/** All of AWS that is about these load balancers: by Octavia id. */
export async function readMirrors(
  { mirrors, network }: Pick<LbPorts, 'mirrors' | 'network'>,
  placements: ReadonlyMap<string, Placement>,
  withFacts: boolean,
  signal: AbortSignal,
): Promise<readonly Side[]> {
  const ids = [...placements.keys()]
  const places = [...placements.values()]
  const allocations = withFacts ? [...new Set(places.flatMap(allocationsOf))] : []
  const likely = ids.map((id): Site => ({ id, vpcId: placements.get(id)?.vpcId ?? '', hash: hashOf(id) }))
  const [trees, facts, groups, elastic] = await Promise.all([
    mirrors.read(
      ids.map((octaviaId) => ({ octaviaId, hash: hashOf(octaviaId) })),
      signal,
    ),
    withFacts ? readFacts(network, places, signal) : new Map<string, NetworkFacts>(),
    readGroups(network, likely, signal),
    allocations.length === 0 ? [] : network.addresses(allocations, signal),
  ])
  const sides = ids.map((id, at): Side => {
    const placement = placements.get(id)
    const mirror = trees[at]
    if (placement === undefined || mirror === undefined) throw new Error(`no placement or no answer for ${id}`)
    return {
      id,
      mirror,
      securityGroup: groups.get(id) ?? null,
      placement,
      network: facts.get(factsKey(placement)) ?? { vpcId: placement.vpcId, vpcCidrs: [], subnets: [] },
      elasticAddresses: elastic.filter(({ allocationId }) => allocationsOf(placement).includes(allocationId)),
    }
  })
  return movedGroups(network, sides, signal)
}

/** A mirror that stands in another VPC than the configuration says, or was retargeted, has its security group there. */
async function movedGroups(network: Network, sides: readonly Side[], signal: AbortSignal): Promise<readonly Side[]> {
  const elsewhere = sides.flatMap(({ id, mirror, placement }): readonly Site[] => {
    const vpcId = mirror.loadBalancer?.vpcId ?? mirror.targetGroups[0]?.vpcId ?? placement.vpcId
    return vpcId === placement.vpcId && mirror.hash === hashOf(id) ? [] : [{ id, vpcId, hash: mirror.hash }]
  })
  if (elsewhere.length === 0) return sides
  const groups = await readGroups(network, elsewhere, signal)
  return sides.map((side) => {
    const found = groups.get(side.id) ?? null
    // The group with the name of its own id is no part of a mirror whose names have another hash.
    const moved = elsewhere.some(({ id, hash }) => id === side.id && hash !== hashOf(id))
    return { ...side, securityGroup: moved ? found : (found ?? side.securityGroup) }
  })
}

/** Where a load balancer's security group is, and which hash its name has. */
interface Site {
  readonly id: string
  readonly vpcId: string
  readonly hash: string
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
  sites: readonly Site[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SecurityGroup>> {
  const found = new Map<string, SecurityGroup>()
  await Promise.all(
    [...new Set(sites.map(({ vpcId }) => vpcId))].map(async (vpcId) => {
      const here = sites.filter((site) => site.vpcId === vpcId)
      const groups = await network.securityGroups(
        vpcId,
        here.map(({ hash }) => securityGroupName(hash)),
        signal,
      )
      for (const { id, hash } of here) {
        const group = groups.find((one) => one.name === securityGroupName(hash))
        if (group !== undefined) found.set(id, group)
      }
    }),
  )
  return found
}
