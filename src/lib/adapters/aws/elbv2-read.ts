import type {
  Listener as AwsListener,
  LoadBalancer as AwsLoadBalancer,
  TargetGroup as AwsTargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type {
  Listener,
  LoadBalancer,
  MirrorKey,
  MirrorTree,
  Tags,
  TargetGroup,
  TargetHealth,
} from '../../ports/mirrors.ts'
import { bounded } from './bounded.ts'
import { need } from './decode.ts'
import {
  listenerOf,
  type ListenerParts,
  loadBalancerOf,
  targetGroupOf,
  type TargetGroupParts,
  targetHealthOf,
} from './elbv2-decode.ts'
import { listenerParts } from './elbv2-listeners.ts'
import {
  arnOf,
  type Elbv2,
  groupArnOf,
  listenerArnOf,
  listenersOf,
  networkLoadBalancers,
  tagsByArn,
  targetGroups,
} from './elbv2-lists.ts'
import * as sdk from './elbv2.sdk.ts'
import { hashInName } from './names.ts'
import { isManaged, ownerOf } from './ownership.ts'
import { unlessGone } from './wire.ts'

export async function healthOf({ client, wire }: Elbv2, arn: string, signal?: AbortSignal): Promise<TargetHealth[]> {
  const input = { TargetGroupArn: arn }
  const answer = await wire.read(
    'DescribeTargetHealth',
    (o) => client.send(new sdk.DescribeTargetHealthCommand(input), o),
    signal,
  )
  // AWS gives them in no order; two readings of the same thing are to be equal.
  return (answer.TargetHealthDescriptions ?? []).map(targetHealthOf).sort(byEndpoint)
}

const byEndpoint = (a: TargetHealth, b: TargetHealth): number =>
  a.address === b.address ? a.port - b.port : a.address < b.address ? -1 : 1

async function attributesOf(
  { client, wire }: Elbv2,
  arn: string,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const input = { TargetGroupArn: arn }
  const send = (o: { abortSignal?: AbortSignal }) => client.send(new sdk.DescribeTargetGroupAttributesCommand(input), o)
  const answer = await wire.read('DescribeTargetGroupAttributes', send, signal)
  return Object.fromEntries(
    (answer.Attributes ?? []).map(({ Key, Value }) => [need(Key, 'Attributes[].Key'), Value ?? '']),
  )
}

/** Null: gone since it was listed. */
const groupParts = (elb: Elbv2, arn: string, signal?: AbortSignal): Promise<Omit<TargetGroupParts, 'tags'> | null> =>
  unlessGone(
    Promise.all([attributesOf(elb, arn, signal), healthOf(elb, arn, signal)]).then(([attributes, targets]) => ({
      attributes,
      targets,
    })),
    null,
  )

/** All load balancers and target groups of the account and Region. */
export interface Lists {
  readonly balancers: readonly AwsLoadBalancer[]
  readonly groups: readonly AwsTargetGroup[]
}

export async function readLists(elb: Elbv2, signal?: AbortSignal): Promise<Lists> {
  const [balancers, groups] = await Promise.all([networkLoadBalancers(elb, signal), targetGroups(elb, signal)])
  return { balancers, groups }
}

const hashOfBalancer = (raw: AwsLoadBalancer): string | null => hashInName(raw.LoadBalancerName ?? '')
const hashOfGroup = (raw: AwsTargetGroup): string | null => hashInName(raw.TargetGroupName ?? '')

/** The only ones whose tags are looked at: names cannot be changed, so what nyah made has one of its names. */
const withOurNames = (balancers: readonly AwsLoadBalancer[]): AwsLoadBalancer[] =>
  balancers.filter((raw) => hashOfBalancer(raw) !== null)

export async function listMirrors(elb: Elbv2, signal?: AbortSignal, named = false): Promise<LoadBalancer[]> {
  const found = withOurNames(await networkLoadBalancers(elb, signal))
  const tags = await tagsByArn(elb, found.map(arnOf), signal)
  return found.flatMap((raw) => {
    const own = tags.get(arnOf(raw))
    return own !== undefined && (named || isManaged(own)) ? [loadBalancerOf(raw, own)] : []
  })
}

/** What stands below the load balancers, and beside them, that carry some hashes. */
interface Below {
  readonly listeners: ReadonlyMap<string, readonly Listener[]>
  readonly groups: readonly TargetGroup[]
}

/**
 * Per load balancer its listeners, then what AWS gives only singly: all of it at once, but for the tags (20 a call) and
 * the settings of listeners, which wait for the list of listeners.
 */
async function readBelow(
  elb: Elbv2,
  lists: Lists,
  hashes: ReadonlySet<string>,
  balancerTags: Promise<ReadonlyMap<string, Tags>>,
  signal?: AbortSignal,
): Promise<Below> {
  const balancers = lists.balancers.filter((raw) => hashes.has(hashOfBalancer(raw) ?? ''))
  const groups = lists.groups.filter((raw) => hashes.has(hashOfGroup(raw) ?? ''))
  const listeners = async () => {
    const found = (await bounded(balancers, (raw) => listenersOf(elb, arnOf(raw), signal))).flat()
    const owners = await balancerTags
    const isOurs = ({ LoadBalancerArn }: AwsListener) => isManaged(owners.get(LoadBalancerArn ?? '') ?? {})
    const [tags, settings] = await Promise.all([
      tagsByArn(elb, [...groups.map(groupArnOf), ...found.map(listenerArnOf)], signal),
      bounded(found, (raw) => (isOurs(raw) ? listenerParts(elb, raw, signal) : Promise.resolve(NO_PARTS))),
    ])
    return { found, tags, settings }
  }
  const [{ found, tags, settings }, parts] = await Promise.all([
    listeners(),
    bounded(groups, (raw) => groupParts(elb, groupArnOf(raw), signal)),
  ])
  const decoded = found.flatMap((raw, at) => {
    const its = tags.get(listenerArnOf(raw))
    const rest = settings[at]
    if (its === undefined || rest === undefined || rest === null) return []
    return [{ balancer: raw.LoadBalancerArn ?? '', listener: listenerOf(raw, { tags: its, ...rest }) }]
  })
  return {
    listeners: new Map(
      balancers.map((raw) => {
        const its = decoded.filter(({ balancer }) => balancer === arnOf(raw)).map(({ listener }) => listener)
        return [arnOf(raw), its.sort((a, b) => a.port - b.port)]
      }),
    ),
    groups: groups.flatMap((raw, at) => {
      const its = tags.get(groupArnOf(raw))
      const rest = parts[at]
      return its === undefined || rest === undefined || rest === null
        ? []
        : [targetGroupOf(raw, { tags: its, ...rest })]
    }),
  }
}

const NO_PARTS: Omit<ListenerParts, 'tags'> = { attributes: {}, certificates: [] }

/**
 * Trees by key, from lists that were just read: whose a load balancer is, its tags say; what else belongs to it, the hash in
 * its name. What carries the keys' own hashes is read while the tags still come; after a retarget it is another hash.
 */
export async function readTrees(
  elb: Elbv2,
  keys: readonly MirrorKey[],
  lists: Lists,
  signal?: AbortSignal,
): Promise<MirrorTree[]> {
  const ours = withOurNames(lists.balancers)
  const tagging = tagsByArn(elb, ours.map(arnOf), signal)
  const direct = new Set(keys.map(({ hash }) => hash))
  const [tags, first] = await Promise.all([tagging, readBelow(elb, lists, direct, tagging, signal)])

  const balancers = ours.flatMap((raw) => {
    const own = tags.get(arnOf(raw))
    return own === undefined ? [] : [loadBalancerOf(raw, own)]
  })
  const isOf = (id: string) => (one: LoadBalancer) => isManaged(one.tags) && ownerOf(one.tags) === id
  const orphans = await orphanHashes(
    elb,
    lists,
    new Set(keys.map(({ octaviaId }) => octaviaId).filter((id) => !balancers.some(isOf(id)))),
    direct,
    signal,
  )
  const hashesOf = ({ octaviaId, hash }: MirrorKey): string[] => {
    const tagged = balancers.filter(isOf(octaviaId)).map(({ name }) => hashInName(name) ?? '')
    return tagged.length > 0 ? tagged : [orphans.get(octaviaId) ?? hash]
  }
  const further = new Set(keys.flatMap(hashesOf).filter((hash) => !direct.has(hash)))
  const second = further.size === 0 ? null : await readBelow(elb, lists, further, tagging, signal)
  const below: Below = {
    listeners: new Map([...first.listeners, ...(second?.listeners ?? [])]),
    groups: [...first.groups, ...(second?.groups ?? [])],
  }

  return keys.map((key) => {
    const tagged = balancers.filter(isOf(key.octaviaId))
    const named = balancers.filter(({ name }) => hashInName(name) === hashesOf(key)[0])
    // Two can be of one mirror (two machines made one each): the one that serves comes first. By name alone it may be a
    // stranger's.
    const [found, ...rest] = (tagged.length > 0 ? tagged : named).toSorted(
      (a, b) =>
        Number(isManaged(b.tags)) - Number(isManaged(a.tags)) ||
        (below.listeners.get(b.arn)?.length ?? 0) - (below.listeners.get(a.arn)?.length ?? 0) ||
        (a.name < b.name ? -1 : 1),
    )
    const hash = found === undefined ? (hashesOf(key)[0] ?? key.hash) : (hashInName(found.name) ?? key.hash)
    const spare = rest.filter((one) => isManaged(one.tags))
    return {
      hash,
      loadBalancer: found ?? null,
      ...(spare.length === 0 ? {} : { spareLoadBalancers: spare }),
      listeners: found === undefined ? [] : (below.listeners.get(found.arn) ?? []),
      targetGroups: below.groups
        .filter(({ name }) => hashInName(name) === hash)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    }
  })
}

/**
 * A retargeted mirror whose load balancer is gone (an unmirror that was killed) is found by the tags of its target groups:
 * only what no load balancer uses can be left of one, and that is next to nothing.
 */
async function orphanHashes(
  elb: Elbv2,
  lists: Lists,
  ids: ReadonlySet<string>,
  known: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const unused = lists.groups.filter((raw) => {
    const hash = hashOfGroup(raw)
    return hash !== null && !known.has(hash) && (raw.LoadBalancerArns ?? []).length === 0
  })
  if (ids.size === 0 || unused.length === 0) return new Map()
  const tags = await tagsByArn(elb, unused.map(groupArnOf), signal)
  return new Map(
    unused.flatMap((raw) => {
      const its = tags.get(groupArnOf(raw)) ?? {}
      const id = ownerOf(its)
      return isManaged(its) && ids.has(id) ? [[id, hashOfGroup(raw) ?? ''] as const] : []
    }),
  )
}
