import { EXIT, nyahError, type NyahError } from '../core/errors.ts'
import type { MirrorKey, Mirrors, MirrorTree } from '../ports/mirrors.ts'
import type { Network, SecurityGroup } from '../ports/network.ts'
import { TAG, type Asked, type Observed } from './model.ts'
import { hashOf, securityGroupName } from './names.ts'
import { ownedOf } from './owned.ts'

/**
 * A retarget that was cut short: the security group follows the new load balancer already (its tags are the first to
 * move), its name is that of the former one's mirror, and so is the load balancer still (its tags are the last). Another mirror of the new one would be a second one.
 */

/** Part of a mirror that may be on its way to another load balancer. */
interface OnItsWay extends MirrorKey {
  readonly group: SecurityGroup
}

/** Mirrors that may be on their way to another load balancer. */
const onTheirWay = (groups: readonly SecurityGroup[]): readonly OnItsWay[] =>
  groups.flatMap((group) => {
    const octaviaId = group.tags[TAG.octaviaId] ?? ''
    const hash = group.name.split('-').at(-1) ?? ''
    return group.name === securityGroupName(hash) && hash !== hashOf(octaviaId) ? [{ octaviaId, hash, group }] : []
  })

/** Of one load balancer that has no NLB: what keeps it from getting one, or what is left of one that it can have. */
type Halfway = { readonly error: NyahError } | { readonly mirror: MirrorTree; readonly securityGroup: SecurityGroup }

/**
 * By Octavia id; `trees`: one per key. LB_RETARGET_UNFINISHED (exit 6) where anything still follows the former one. Where
 * nothing does and the NLB is gone, what is left is the new one's own: it goes on with that, names and all.
 */
const halfwayOf = (keys: readonly OnItsWay[], trees: readonly MirrorTree[]): ReadonlyMap<string, Halfway> =>
  new Map(
    keys.flatMap(({ octaviaId, group }, at): readonly (readonly [string, Halfway])[] => {
      const mirror = trees[at]
      if (mirror === undefined) return []
      const { loadBalancer, targetGroups } = mirror
      const former = [loadBalancer, ...targetGroups]
        .map((one) => one?.tags[TAG.octaviaId])
        .find((id) => id !== undefined && id !== octaviaId)
      if (former !== undefined) return [[octaviaId, { error: unfinished(octaviaId, former, loadBalancer?.name) }]]
      return loadBalancer === null ? [[octaviaId, { mirror, securityGroup: group }]] : []
    }),
  )

const unfinished = (id: string, former: string, name: string | undefined): NyahError =>
  nyahError({
    code: 'LB_RETARGET_UNFINISHED',
    message: `load balancer ${id} was to take over ${name === undefined ? '' : `${name}, `}the mirror of ${former}, and that was cut short${name === undefined ? ' (its NLB is gone since)' : ''}: a mirror of its own would be a second one`,
    exit: EXIT.refused,
    tries: [`nyah lb retarget ${former} ${id}`],
  })

export const NONE_HALFWAY: ReadonlyMap<string, Halfway> = new Map()

/** Of load balancers without an NLB. A single one throws what keeps it from getting one. */
export async function halfway(
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
