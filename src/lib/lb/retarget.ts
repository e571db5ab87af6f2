import type { Draft } from '../core/plan.ts'
import type { Guard } from '../engine/operation.ts'
import type { LbSettings, LbWorld, Observed } from './model.ts'
import { judge } from './judge.ts'
import { hashOf } from './names.ts'
import { exists, ownedOf } from './owned.ts'
import { planMirrors } from './plan.ts'
import { finding, label, refusing, type Remark } from './remarks.ts'

/** The load balancer as it is in Octavia now, with the mirror of the one it was before. */
export interface RetargetWorld extends LbWorld {
  /** Why it must not be done. */
  readonly refusals: readonly Remark[]
}

/** The AWS side of one load balancer. */
export type Side = Omit<Observed, 'at' | 'asked' | 'limits' | 'source' | 'unread'>

type Claimed = Side & Pick<Observed, 'asked'>

/**
 * The mirror that is to follow the new one: the former one's; or the new one's, when all was done before; or what is left of
 * the former one's where somebody deleted its NLB on the way: tags had moved already. Null: none.
 */
export function standing(own: Claimed, former: Claimed): Side | null {
  const [has, had] = [ownedOf(own), ownedOf(former)]
  if (had.loadBalancer !== null) return former
  // Its names tell that it was another's once: a run that was cut off after its last step, or asked for again.
  if (has.loadBalancer !== null && has.hash !== hashOf(own.id)) return own
  if (exists(had)) return former
  const left = ownedOf({ ...former, id: own.id, asked: own.asked })
  return has.loadBalancer === null && exists(left) ? former : null
}

export function refusalsOf(observed: Observed, own: Side, settings: LbSettings): readonly Remark[] {
  const { id, asked, source, mirror } = observed
  const formerId = asked.formerId ?? ''
  const subject = `load balancer ${source === null ? id : label(source.loadbalancer)}`
  const remark = refusing(subject)
  const mirrored = own.mirror.hash !== mirror.hash && exists(ownedOf({ ...own, asked: { ...asked, formerId: null } }))
  const status = source?.loadbalancer.provisioning_status ?? 'DELETED'
  const particular = settings.particular ?? []
  return [
    ...(mirrored
      ? [
          remark(
            'LB_RETARGET_MIRRORED',
            `it has a mirror of its own (${own.mirror.loadBalancer?.name ?? `names with ${own.mirror.hash}`}): two cannot become one`,
            `Take that one down first: nyah lb unmirror ${id}`,
          ),
        ]
      : []),
    ...(status === 'ACTIVE'
      ? []
      : [
          remark(
            'LB_RETARGET_NOT_ACTIVE',
            `its provisioning_status is ${status}: what it serves may not be what it says`,
            `Wait until it is ACTIVE, then: nyah lb retarget ${formerId} ${id}`,
          ),
        ]),
    ...(judge(observed)?.desired.listeners.length === 0
      ? [
          remark(
            'LB_RETARGET_NO_LISTENER',
            'nothing of it can be mirrored: the NLB would answer on no port',
            `Give it listeners and members first, then: nyah lb retarget ${formerId} ${id}`,
          ),
        ]
      : []),
    ...(particular.includes(formerId) && !particular.includes(id)
      ? [
          remark(
            'LB_CONFIG_NAMES_FORMER',
            `the configuration has an entry mirrors.${formerId}, and none for ${id}: its network and addresses would no longer apply`,
            `Rename the line "${formerId}:" under mirrors to "${id}:" in the configuration`,
          ),
        ]
      : []),
  ]
}

/** Nothing is drafted that must not be done: half a retarget belongs to nobody. */
export function planRetarget(world: RetargetWorld): Draft {
  const draft = planMirrors(world)
  return world.refusals.length === 0 ? draft : { ...draft, changes: [] }
}

export const retargetable: Guard<RetargetWorld> = (_draft, { scopes, refusals }) =>
  scopes.flatMap(({ id }) => refusals.map((remark) => finding(id, remark)))
