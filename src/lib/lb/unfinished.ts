import { EXIT, nyahError, type NyahError } from '../core/errors.ts'
import type { MirrorKey, MirrorTree } from '../ports/mirrors.ts'
import type { SecurityGroup } from '../ports/network.ts'
import { TAG } from './model.ts'
import { hashOf, securityGroupName } from './names.ts'

/**
 * A retarget that was cut short: the security group follows the new load balancer already (its tags are the first to
 * move), its name is that of the former one's mirror, and so is the load balancer still (its tags are the last). Another mirror of the new one would be a second one.
 */

/** Part of a mirror that may be on its way to another load balancer. */
interface OnItsWay extends MirrorKey {
  readonly group: SecurityGroup
}

/** Mirrors that may be on their way to another load balancer. */
export const onTheirWay = (groups: readonly SecurityGroup[]): readonly OnItsWay[] =>
  groups.flatMap((group) => {
    const octaviaId = group.tags[TAG.octaviaId] ?? ''
    const hash = group.name.split('-').at(-1) ?? ''
    return group.name === securityGroupName(hash) && hash !== hashOf(octaviaId) ? [{ octaviaId, hash, group }] : []
  })

/** Of one load balancer that has no NLB: what keeps it from getting one, or what is left of one that it can have. */
export type Halfway =
  | { readonly error: NyahError }
  | { readonly mirror: MirrorTree; readonly securityGroup: SecurityGroup }

/**
 * By Octavia id; `trees`: one per key. LB_RETARGET_UNFINISHED (exit 6) where anything still follows the former one. Where
 * nothing does and the NLB is gone, what is left is the new one's own: it goes on with that, names and all.
 */
export const halfwayOf = (keys: readonly OnItsWay[], trees: readonly MirrorTree[]): ReadonlyMap<string, Halfway> =>
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
