import { endpoint } from './addresses.ts'
import type { Desired } from './desired.ts'
import { count } from './remarks.ts'

/** What a mirror and its source have in common, so what it does not save users from. Said plainly, with numbers. */
export function sharedBy({ listeners }: Desired): readonly string[] {
  const targets = new Map(
    listeners
      .flatMap((listener) => listener.groups)
      .flatMap((group) => group.targets)
      .map((target) => [endpoint(target), target]),
  )
  const total = targets.size
  if (total === 0) return ['the mirror has no targets now: it saves users from nothing']
  const far = [...targets.values()].filter((target) => target.availabilityZone === 'all').length
  const weighted = listeners.filter((listener) => listener.groups.length > 1)
  return [
    `${total} of ${count(total, 'target')} ${total === 1 ? 'is the same member' : 'are the same members'} that Octavia sends to: a lost member is lost on both sides`,
    ...(far === 0
      ? []
      : [
          `${far} of ${count(total, 'target')} ${far === 1 ? 'is' : 'are'} reached over Direct Connect: when it is down, the mirror ${far === total ? 'reaches none of them' : `reaches ${total - far}`}`,
        ]),
    ...weighted.map(
      ({ port }) =>
        `port ${port}: shares of target groups stay as they are when members fail; the others do not take over the share of a group that has none left`,
    ),
    'so the mirror saves users from a lost Octavia (its API, its amphorae, the network of its VIP), not from lost members, nor from a lost Direct Connect',
  ]
}
