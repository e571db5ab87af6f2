import type { Listener as AwsListener, TargetGroup as AwsTargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import { type Asking, listenersOf, targetGroups } from './elbv2-lists.ts'
import * as sdk from './elbv2.sdk.ts'
import { unlessGone } from './wire.ts'

/** Looks for what may be there already, before it is made; those that are wanted in the same turn share one call. */
export interface Looks {
  targetGroup(name: string): Promise<AwsTargetGroup | undefined>
  /** Of one load balancer. */
  listener(loadBalancerArn: string, port: number): Promise<AwsListener | undefined>
}

export function createLooks(asking: Asking): Looks {
  const groups = sharing(async (names) => {
    const found = await groupsNamed(asking, names)
    return new Map(found.map((group) => [group.TargetGroupName ?? '', group]))
  })
  const listeners = new Map<string, (port: string) => Promise<AwsListener | undefined>>()
  return {
    targetGroup: groups,
    listener(arn, port) {
      const ask =
        listeners.get(arn) ??
        sharing(async () => new Map((await listenersOf(asking, arn)).map((one) => [String(one.Port), one])))
      listeners.set(arn, ask)
      return ask(String(port))
    },
  }
}

/** AWS refuses a list of names whole when one of them is missing: several are looked for in the list of all. */
async function groupsNamed(asking: Asking, names: readonly string[]): Promise<readonly AwsTargetGroup[]> {
  if (names.length > 1) return targetGroups(asking)
  const { client, wire } = asking
  const input = { Names: [...names] }
  const look = wire.read('DescribeTargetGroups', (o) => client.send(new sdk.DescribeTargetGroupsCommand(input), o))
  return (await unlessGone(look, null))?.TargetGroups ?? []
}

/** Whoever asks before the call goes out, in the same turn, gets its answer; nobody gets one of before they asked. */
function sharing<T>(
  look: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): (key: string) => Promise<T | undefined> {
  let wanted: Set<string> | null = null
  let going: Promise<ReadonlyMap<string, T>> | null = null
  return async (key) => {
    const keys = wanted ?? new Set()
    wanted = keys.add(key)
    going ??= Promise.resolve().then(() => {
      wanted = null
      going = null
      return look([...keys])
    })
    return (await going).get(key)
  }
}
