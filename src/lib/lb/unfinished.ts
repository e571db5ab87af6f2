import { errorData, type ErrorData, EXIT, nyahError } from '../core/errors.ts'
import type { Mirrors } from '../ports/mirrors.ts'
import type { Network } from '../ports/network.ts'
import { TAG, type Asked } from './model.ts'
import { hashOf, securityGroupName } from './names.ts'
import { exists, ownedOf } from './owned.ts'
import type { Side } from './retarget.ts'

/**
 * Load balancers without a mirror, to which another's was on its way when its retarget was cut short: its load balancer still
 * follows the former one, its security group this one already. Another mirror would be a second one. Of several these count
 * as unread; a single one throws LB_RETARGET_UNFINISHED (exit 6).
 */
export async function unfinishedRetargets(
  { mirrors, network }: { readonly mirrors: Mirrors; readonly network: Network },
  sides: readonly Side[],
  asked: Asked,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ErrorData>> {
  const bare = sides.filter((side) => !exists(ownedOf({ ...side, asked }))).map(({ id }) => id)
  if (bare.length === 0) return new Map()
  const taken = (await network.securityGroupsOf(bare, signal)).flatMap(({ name, tags }) => {
    const octaviaId = tags[TAG.octaviaId] ?? ''
    const hash = name.split('-').at(-1) ?? ''
    return name === securityGroupName(hash) && hash !== hashOf(octaviaId) ? [{ octaviaId, hash }] : []
  })
  if (taken.length === 0) return new Map()
  const trees = await mirrors.read(taken, signal)
  const found = taken.flatMap(({ octaviaId }, at) => {
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
  })
  const [only] = found
  if (sides.length === 1 && only !== undefined) throw only[1]
  return new Map(found.map(([id, error]) => [id, errorData(error)]))
}
