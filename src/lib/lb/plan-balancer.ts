import { token, type Change } from '../core/change.ts'
import type { LoadBalancer, Tags } from '../ports/mirrors.ts'
import { change, type Later } from './changes.ts'
import type { Desired } from './desired.ts'
import { differing, sortedUnique, tagPair } from './drift.ts'
import { TAG, type Observed } from './model.ts'
import type { Owned } from './owned.ts'
import type { Ground } from './plan-way.ts'

interface SecurityGroupPlan {
  readonly id: Later
  readonly ready: string | null
}

interface LoadBalancerPlan {
  /** Before what is below it. */
  readonly first: readonly Change[]
  /** After what is below it. */
  readonly last: readonly Change[]
}

const idOf = ({ id }: Observed, { hash }: Owned, verb: string): string => `${id}/load-balancer/${hash}/${verb}`

/** What listeners stand on, whether it is there or is to be made. */
export function groundOf(observed: Observed, owned: Owned, desired: Desired, { ready }: SecurityGroupPlan): Ground {
  const { loadBalancer } = owned
  const made = idOf(observed, owned, 'create')
  return {
    observed,
    owned,
    open: ready,
    loadBalancerArn: loadBalancer === null ? token(made, 'arn') : loadBalancer.arn,
    // No listener of an NLB without IPv6 may send to IPv6 targets.
    ready: loadBalancer === null ? [made] : raises(loadBalancer, desired) ? [idOf(observed, owned, 'update')] : [],
  }
}

const raises = (actual: LoadBalancer, { loadBalancer }: Desired): boolean =>
  actual.ipAddressType === 'ipv4' && loadBalancer.ipAddressType === 'dualstack'

/** What the load balancer remembers and should not any more. */
const REMEMBERED = [TAG.weights, TAG.allowed]

/** `below`: all that is planned for the listeners and target groups. */
export function planLoadBalancer(
  observed: Observed,
  desired: Desired,
  owned: Owned,
  securityGroup: SecurityGroupPlan & { readonly changes: readonly Change[] },
  below: readonly Change[],
): LoadBalancerPlan {
  const { id: scope } = observed
  const { loadBalancer: actual, hash } = owned
  const wanted = desired.loadBalancer
  if (actual === null) {
    const creation = change({
      scope,
      type: 'load-balancer',
      key: hash,
      verb: 'create',
      kind: 'create',
      remote: null,
      name: wanted.name,
      after: { ...wanted, securityGroups: [securityGroup.id] },
      needs: [securityGroup.ready],
      reason: 'it has no mirror',
    })
    return { first: [creation], last: [] }
  }
  const common = {
    scope,
    type: 'load-balancer' as const,
    key: hash,
    kind: 'update' as const,
    remote: actual.arn,
    name: actual.name,
  }
  const moves = actual.tags[TAG.octaviaId] !== wanted.tags[TAG.octaviaId]
  const forgets = REMEMBERED.filter((key) => actual.tags[key] !== undefined && wanted.tags[key] === undefined)
  const tags = tagPair(wanted.tags, actual.tags)
  const lowers = actual.ipAddressType === 'dualstack' && wanted.ipAddressType === 'ipv4'
  const difference = differing({
    securityGroups: [sortedUnique(actual.securityGroups), [securityGroup.id]],
    subnets: [sortedUnique(actual.subnets), sortedUnique(wanted.subnets)],
    ...(lowers ? {} : { ipAddressType: [actual.ipAddressType, wanted.ipAddressType] as const }),
    ...(moves ? {} : { tags, untag: [[], forgets] as const }),
  })
  const leaves = actual.subnets.some((subnet) => !wanted.subnets.includes(subnet))
  const update =
    difference === null
      ? null
      : change({
          ...common,
          verb: 'update',
          before: difference.before,
          after: difference.after,
          needs: [securityGroup.ready],
          reason: `its ${Object.keys(difference.after).map(inWords).join(', ')} differ from what they should be`,
          risk: leaves ? 'removes' : 'changes',
        })
  const lowering = lowers
    ? change({
        ...common,
        verb: 'ipv4',
        before: { ipAddressType: actual.ipAddressType },
        after: { ipAddressType: wanted.ipAddressType },
        needs: [...below.map(({ id }) => id), update?.id ?? null],
        reason: 'nothing behind it is IPv6 any more',
        risk: 'removes',
      })
    : null
  const move = moves
    ? moveTags({ ...common, verb: observed.asked.formerId === null ? 'adopt' : 'retarget' }, observed, tags, forgets, [
        ...securityGroup.changes,
        ...below,
        ...(update === null ? [] : [update]),
      ])
    : null
  return {
    first: update === null ? [] : [update],
    last: [lowering, move].filter((one) => one !== null),
  }
}

/**
 * Whose mirror it is, its own tag says: that is moved (or set) last, after the tags of all that is below it and after new
 * members came in. Cut off before, the next run finds it where it was.
 */
function moveTags(
  common: Pick<Parameters<typeof change>[0], 'scope' | 'type' | 'key' | 'verb' | 'kind' | 'remote' | 'name'>,
  { id, asked }: Observed,
  [before, after]: readonly [Tags, Tags],
  forgets: readonly string[],
  all: readonly Change[],
): Change {
  const first = all.filter(
    ({ kind, after: data }) => kind === 'create' || (kind === 'update' && data?.['tags'] !== undefined),
  )
  return change({
    ...common,
    before: { tags: before },
    after: { tags: after, ...(forgets.length === 0 ? {} : { untag: forgets }) },
    needs: first.map((one) => one.id),
    reason: asked.formerId === null ? `its tags do not say that it follows ${id}` : `it follows ${id} from now on`,
  })
}

const inWords = (field: string): string =>
  ({ securityGroups: 'security groups', ipAddressType: 'address type', untag: 'tags' })[field] ?? field
