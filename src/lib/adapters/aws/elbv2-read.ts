import type {
  Listener as AwsListener,
  LoadBalancer as AwsLoadBalancer,
  TargetGroup as AwsTargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { LoadBalancer, MirrorTree, Tags, TargetGroup, TargetHealth } from '../../ports/mirrors.ts'
import { bounded, chunks } from './bounded.ts'
import { need } from './decode.ts'
import { listenerOf, loadBalancerOf, targetGroupOf, targetHealthOf } from './elbv2-decode.ts'
import * as sdk from './elbv2.sdk.ts'
import { hashInName } from './names.ts'
import { isManaged, tagsOf } from './ownership.ts'
import { everyPage } from './pages.ts'
import { unlessGone, type Wire } from './wire.ts'

/** DescribeTags takes no more. */
const TAGS_PER_CALL = 20
/** The greatest page ELBv2 gives. */
const PAGE = 400

export interface Elbv2 {
  readonly client: sdk.ElasticLoadBalancingV2Client
  readonly wire: Wire
}

type ByArn<T> = ReadonlyMap<string, T>

const networkLoadBalancers = async ({ client, wire }: Elbv2, signal?: AbortSignal): Promise<AwsLoadBalancer[]> => {
  const all = await everyPage('DescribeLoadBalancers', async (Marker) => {
    const input = { PageSize: PAGE, ...(Marker === undefined ? {} : { Marker }) }
    const page = await wire.read(
      'DescribeLoadBalancers',
      (o) => client.send(new sdk.DescribeLoadBalancersCommand(input), o),
      signal,
    )
    return { items: page.LoadBalancers ?? [], next: page.NextMarker }
  })
  return all.filter(({ Type }) => Type === 'network')
}

const targetGroups = ({ client, wire }: Elbv2, signal?: AbortSignal): Promise<AwsTargetGroup[]> =>
  everyPage('DescribeTargetGroups', async (Marker) => {
    const input = { PageSize: PAGE, ...(Marker === undefined ? {} : { Marker }) }
    const page = await wire.read(
      'DescribeTargetGroups',
      (o) => client.send(new sdk.DescribeTargetGroupsCommand(input), o),
      signal,
    )
    return { items: page.TargetGroups ?? [], next: page.NextMarker }
  })

/** Of one load balancer; none when it is gone. */
export const listenersOf = ({ client, wire }: Elbv2, arn: string, signal?: AbortSignal): Promise<AwsListener[]> =>
  unlessGone(
    everyPage('DescribeListeners', async (Marker) => {
      const input = { LoadBalancerArn: arn, PageSize: PAGE, ...(Marker === undefined ? {} : { Marker }) }
      const page = await wire.read(
        'DescribeListeners',
        (o) => client.send(new sdk.DescribeListenersCommand(input), o),
        signal,
      )
      return { items: page.Listeners ?? [], next: page.NextMarker }
    }),
    [],
  )

/** Tags by ARN. What vanished since it was listed is missing in the answer. */
export async function tagsByArn(
  { client, wire }: Elbv2,
  arns: readonly string[],
  signal?: AbortSignal,
): Promise<ByArn<Tags>> {
  const describe = (some: readonly string[]) =>
    wire.read('DescribeTags', (o) => client.send(new sdk.DescribeTagsCommand({ ResourceArns: [...some] }), o), signal)
  const answers = await bounded(chunks(arns, TAGS_PER_CALL), async (some) => {
    const answer = await unlessGone(describe(some), null)
    if (answer !== null) return answer.TagDescriptions ?? []
    // One that is gone fails all twenty: ask for each alone.
    const single = await bounded(some, async (arn) => (await unlessGone(describe([arn]), null))?.TagDescriptions ?? [])
    return single.flat()
  })
  return new Map(
    answers.flat().map(({ ResourceArn, Tags }) => [need(ResourceArn, 'TagDescriptions[].ResourceArn'), tagsOf(Tags)]),
  )
}

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

export async function listMirrors(elb: Elbv2, signal?: AbortSignal): Promise<LoadBalancer[]> {
  const found = await networkLoadBalancers(elb, signal)
  const tags = await tagsByArn(elb, found.map(arnOf), signal)
  return found.flatMap((raw) => {
    const own = tags.get(arnOf(raw))
    return own !== undefined && isManaged(own) ? [loadBalancerOf(raw, own)] : []
  })
}

const arnOf = (raw: AwsLoadBalancer): string => need(raw.LoadBalancerArn, 'LoadBalancers[].LoadBalancerArn')
const groupArnOf = (raw: AwsTargetGroup): string => need(raw.TargetGroupArn, 'TargetGroups[].TargetGroupArn')

/** The trees of these hashes: two lists for all of them, then per load balancer and target group what AWS gives only singly. */
export async function readTrees(elb: Elbv2, hashes: readonly string[], signal?: AbortSignal): Promise<MirrorTree[]> {
  if (hashes.length === 0) return []
  const wanted = new Set(hashes)
  const named = (name: string | undefined): boolean => wanted.has(hashInName(name ?? '') ?? '')
  const [allBalancers, allGroups] = await Promise.all([networkLoadBalancers(elb, signal), targetGroups(elb, signal)])
  const balancers = allBalancers.filter(({ LoadBalancerName }) => named(LoadBalancerName))
  const groups = allGroups.filter(({ TargetGroupName }) => named(TargetGroupName))

  const [listeners, parts] = await Promise.all([
    bounded(balancers, (raw) => listenersOf(elb, arnOf(raw), signal)),
    bounded(groups, (raw) => groupParts(elb, groupArnOf(raw), signal)),
  ])
  const arns = [
    ...balancers.map(arnOf),
    ...groups.map(groupArnOf),
    ...listeners.flat().map(({ ListenerArn }) => need(ListenerArn, 'Listeners[].ListenerArn')),
  ]
  const tags = await tagsByArn(elb, arns, signal)

  const trees = balancers.flatMap((raw, at) => {
    const own = tags.get(arnOf(raw))
    if (own === undefined) return []
    const below = (listeners[at] ?? []).flatMap((listener) => {
      const its = tags.get(listener.ListenerArn ?? '')
      return its === undefined ? [] : [listenerOf(listener, its)]
    })
    return [{ loadBalancer: loadBalancerOf(raw, own), listeners: below.sort((a, b) => a.port - b.port) }]
  })
  const decoded = groups.flatMap((raw, at): TargetGroup[] => {
    const own = tags.get(groupArnOf(raw))
    const rest = parts[at]
    return own === undefined || rest === undefined || rest === null ? [] : [targetGroupOf(raw, { tags: own, ...rest })]
  })
  return hashes.map((hash) => {
    // Two balancers can carry one hash (a stranger's, or two machines made one each): nyah's own comes first, then the
    // one that serves.
    const [tree, ...rest] = trees
      .filter(({ loadBalancer }) => hashInName(loadBalancer.name) === hash)
      .sort(
        (a, b) =>
          Number(isManaged(b.loadBalancer.tags)) - Number(isManaged(a.loadBalancer.tags)) ||
          b.listeners.length - a.listeners.length ||
          (a.loadBalancer.name < b.loadBalancer.name ? -1 : 1),
      )
    const spare = rest.map(({ loadBalancer }) => loadBalancer).filter(({ tags: its }) => isManaged(its))
    return {
      loadBalancer: tree?.loadBalancer ?? null,
      ...(spare.length === 0 ? {} : { spareLoadBalancers: spare }),
      listeners: tree?.listeners ?? [],
      targetGroups: decoded.filter(({ name }) => hashInName(name) === hash).sort((a, b) => (a.name < b.name ? -1 : 1)),
    }
  })
}

/** Null: gone since it was listed. */
const groupParts = (elb: Elbv2, arn: string, signal?: AbortSignal) =>
  unlessGone(
    Promise.all([attributesOf(elb, arn, signal), healthOf(elb, arn, signal)]).then(([attributes, targets]) => ({
      attributes,
      targets,
    })),
    null,
  )
