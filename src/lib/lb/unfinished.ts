import { EXIT, nyahError, type NyahError } from '../core/errors.ts'
import type { MirrorKey, MirrorTree } from '../ports/mirrors.ts'
import type { SecurityGroup } from '../ports/network.ts'
import { TAG } from './model.ts'
import { hashOf, securityGroupName } from './names.ts'

/**
 * A retarget that was cut short: the security group follows the new load balancer already (its tags are the first to
 * move), its name is that of the former one's mirror, and so is the load balancer still (its tags are the last). Another mirror of the new one would be a second one.
 */

/** Mirrors that may be on their way to another load balancer. */
export const onTheirWay = (groups: readonly SecurityGroup[]): readonly MirrorKey[] =>
  groups.flatMap(({ name, tags }) => {
    const octaviaId = tags[TAG.octaviaId] ?? ''
    const hash = name.split('-').at(-1) ?? ''
    return name === securityGroupName(hash) && hash !== hashOf(octaviaId) ? [{ octaviaId, hash }] : []
  })

/** LB_RETARGET_UNFINISHED (exit 6) by Octavia id; `trees`: one per key. */
export const unfinishedOf = (
  keys: readonly MirrorKey[],
  trees: readonly MirrorTree[],
): ReadonlyMap<string, NyahError> =>
  new Map(
    keys.flatMap(({ octaviaId }, at) => {
      const { name = '', tags = {} } = trees[at]?.loadBalancer ?? {}
      const former = tags[TAG.octaviaId]
      if (former === undefined || former === octaviaId) return []
      const error = nyahError({
        code: 'LB_RETARGET_UNFINISHED',
        message: `load balancer ${octaviaId} was to take over ${name}, the mirror of ${former}, and that was cut short: a mirror of its own would be a second one`,
        exit: EXIT.refused,
        tries: [`nyah lb retarget ${former} ${octaviaId}`],
      })
      return [[octaviaId, error] as const]
    }),
  )
