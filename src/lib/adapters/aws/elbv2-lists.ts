import type {
  Listener as AwsListener,
  LoadBalancer as AwsLoadBalancer,
  TargetGroup as AwsTargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Tags } from '../../ports/mirrors.ts'
import { bounded, chunks } from './bounded.ts'
import { need } from './decode.ts'
import * as sdk from './elbv2.sdk.ts'
import { tagsOf } from './ownership.ts'
import { everyPage } from './pages.ts'
import type { Looks } from './elbv2-looks.ts'
import { unlessGone, type Wire } from './wire.ts'

/** DescribeTags takes no more. */
const TAGS_PER_CALL = 20
/** The greatest page ELBv2 gives. */
const PAGE = 400

/** How ELBv2 is asked. */
export interface Asking {
  readonly client: sdk.ElasticLoadBalancingV2Client
  readonly wire: Wire
}

export interface Elbv2 extends Asking {
  readonly looks: Looks
}

export const arnOf = (raw: AwsLoadBalancer): string => need(raw.LoadBalancerArn, 'LoadBalancers[].LoadBalancerArn')
export const groupArnOf = (raw: AwsTargetGroup): string => need(raw.TargetGroupArn, 'TargetGroups[].TargetGroupArn')
export const listenerArnOf = (raw: AwsListener): string => need(raw.ListenerArn, 'Listeners[].ListenerArn')

export const networkLoadBalancers = async (
  { client, wire }: Asking,
  signal?: AbortSignal,
): Promise<AwsLoadBalancer[]> => {
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

export const targetGroups = ({ client, wire }: Asking, signal?: AbortSignal): Promise<AwsTargetGroup[]> =>
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
export const listenersOf = ({ client, wire }: Asking, arn: string, signal?: AbortSignal): Promise<AwsListener[]> =>
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
  { client, wire }: Asking,
  arns: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Tags>> {
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

/** Limits by AWS's name for them; one without a number is missing. */
export async function accountLimits(
  { client, wire }: Asking,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const all = await everyPage('DescribeAccountLimits', async (Marker) => {
    const input = { PageSize: PAGE, ...(Marker === undefined ? {} : { Marker }) }
    const page = await wire.read(
      'DescribeAccountLimits',
      (o) => client.send(new sdk.DescribeAccountLimitsCommand(input), o),
      signal,
    )
    return { items: page.Limits ?? [], next: page.NextMarker }
  })
  return new Map(
    all.flatMap(({ Name, Max }) =>
      Name !== undefined && Max !== undefined && /^\d+$/.test(Max) ? [[Name, Number(Max)] as const] : [],
    ),
  )
}
