import type { AccountLimits } from '../../ports/mirrors.ts'
import type { Clock } from '../../ports/clock.ts'
import { accountLimits, type Elbv2 } from './elbv2-lists.ts'
import { type Lists, readLists } from './elbv2-read.ts'

/** How long limits and usage are remembered: a quota preflight does not have to be newer. */
const REMEMBERED_MS = 5 * 60_000

interface Remembered<T> {
  readonly at: number
  readonly value: Promise<T>
}

/** Limits of the account, and the lists that also say how much of them is in use. */
export interface Account {
  /** Fresh each time; what `limits` counts. */
  lists(signal?: AbortSignal): Promise<Lists>
  limits(signal?: AbortSignal): Promise<AccountLimits>
}

export function createLimits(elb: Elbv2, clock: Clock): Account {
  let limits: Remembered<ReadonlyMap<string, number>> | null = null
  let lists: Remembered<Lists> | null = null

  const isRecent = <T>(one: Remembered<T> | null): one is Remembered<T> =>
    one !== null && Math.abs(clock.now() - one.at) < REMEMBERED_MS

  const limitsNow = (signal?: AbortSignal): Promise<ReadonlyMap<string, number>> => {
    const value = accountLimits(elb, signal)
    limits = { at: clock.now(), value }
    return value
  }
  const readNow = (signal?: AbortSignal): Promise<Lists> => {
    const value = readLists(elb, signal)
    lists = { at: clock.now(), value }
    return value
  }

  return {
    lists: readNow,
    async limits(signal) {
      // Whose reading it was may have been interrupted: then it is read anew.
      const byName = (isRecent(limits) ? await limits.value.catch(() => null) : null) ?? (await limitsNow(signal))
      const recent = isRecent(lists) ? await lists.value.catch(() => null) : null
      const { balancers, groups } = recent ?? (await readNow(signal))
      const of = (name: string): number | null => byName.get(name) ?? null
      return {
        networkLoadBalancers: of('network-load-balancers'),
        listenersPerLoadBalancer: of('listeners-per-network-load-balancer'),
        targetGroups: of('target-groups'),
        targetsPerLoadBalancer: of('targets-per-network-load-balancer'),
        targetsPerZone: of('targets-per-availability-zone-per-network-load-balancer'),
        targetsPerTargetGroup: of('targets-per-target-group'),
        certificatesPerLoadBalancer: of('certificates-per-network-load-balancer'),
        targetGroupsPerAction: of('target-groups-per-action-on-network-load-balancer'),
        used: { networkLoadBalancers: balancers.length, targetGroups: groups.length },
      }
    },
  }
}
