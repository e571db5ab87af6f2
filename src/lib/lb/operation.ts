import type { Change } from '../core/change.ts'
import type { Plan } from '../core/plan.ts'
import type { Operation, Scene } from '../engine/operation.ts'
import type { DnsReferences } from '../ports/dns.ts'
import { applyChange } from './apply.ts'
import { MIRROR_GUARDS } from './guards.ts'
import { ASKED_NOTHING, type Asked, type LbSettings, type LbWorld } from './model.ts'
import { canonicalIds, observeForRemoval, observeMirrors, observeRetarget, type LbPorts } from './observe.ts'
import { planMirrors } from './plan.ts'
import { recordMirrors } from './record.ts'
import { planRetarget, retargetable, type RetargetWorld } from './retarget.ts'
import { removalSummaryOf, summaryOf } from './summary.ts'
import { planUnmirror, stillReferenced, unmirrorOwnership, type RemovalWorld } from './unmirror.ts'
import { waitingFor } from './waiting.ts'

export interface LbArguments {
  /** Octavia UUIDs, one scope each. */
  readonly ids: readonly string[]
  /** Wait until the NLBs are active and the targets of sound members healthy. */
  readonly wait: boolean
  /** Absent: nothing besides. */
  readonly asked?: Asked
}

/** Members come and go while somebody looks at a saved plan. */
const isOfMembers = (change: Change): boolean => change.ref.type === 'targets'

/** What all have in common that make mirrors or change them. */
const changing = (name: string, ports: LbPorts, wait: boolean, asked: Asked) => ({
  name,
  mutates: true,
  confirmId: null,
  apply: (change: Change, scene: Scene) => applyChange(change, ports, scene, asked),
  waiting: wait ? waitingFor : null,
  tolerates: isOfMembers,
  record: (world: LbWorld, plan: Plan, scene: Scene) => recordMirrors(world, plan, ports, scene),
  summary: summaryOf,
})

function following(
  name: string,
  ports: LbPorts,
  settings: LbSettings,
  { ids, wait, asked = ASKED_NOTHING }: LbArguments,
  { mirrored, wantLimits }: { readonly mirrored: boolean; readonly wantLimits: boolean },
): Operation<LbWorld> {
  const scopes = canonicalIds(ids)
  return {
    ...changing(name, ports, wait, asked),
    observe: (scene) => observeMirrors(ports, settings, scopes, { mirrored, asked, wantLimits }, scene),
    plan: (world) => planMirrors(world, mirrored),
    guards: MIRROR_GUARDS,
  }
}

/** Makes mirrors, or brings those that exist up to date. */
export const mirrorOperation = (ports: LbPorts, settings: LbSettings, args: LbArguments): Operation<LbWorld> =>
  following('lb.mirror', ports, settings, args, { mirrored: false, wantLimits: true })

/** Brings mirrors up to date; a load balancer without one is LB_NOT_MIRRORED (2). */
export const syncOperation = (ports: LbPorts, settings: LbSettings, args: LbArguments): Operation<LbWorld> =>
  following('lb.sync', ports, settings, args, { mirrored: true, wantLimits: false })

/** What a sync (or, without a mirror, a first one) would do; never writes. */
export function diffOperation(
  ports: LbPorts,
  settings: LbSettings,
  args: Omit<LbArguments, 'wait'>,
): Operation<LbWorld> {
  const whole = following('lb.diff', ports, settings, { ...args, wait: false }, { mirrored: false, wantLimits: true })
  const { record: _writes, ...reads } = whole
  return { ...reads, mutates: false }
}

/**
 * The mirror of `asked.formerId` follows another load balancer from now on: the one that was built in its stead. Names stay,
 * tags move; members are added before others are taken out.
 */
export function retargetOperation(ports: LbPorts, settings: LbSettings, args: LbArguments): Operation<RetargetWorld> {
  const [id = ''] = canonicalIds(args.ids)
  const { formerId, ...rest } = args.asked ?? ASKED_NOTHING
  const [former = ''] = canonicalIds(formerId === null ? [] : [formerId])
  const asked = { ...rest, formerId: former }
  return {
    ...changing('lb.retarget', ports, args.wait, asked),
    observe: (scene) => observeRetarget(ports, settings, id, asked, scene),
    plan: planRetarget,
    guards: [retargetable, ...MIRROR_GUARDS],
  }
}

/**
 * Takes one mirror down; Octavia is not asked. Cannot be taken back: the id is to be typed. `dns` null: whether names point
 * there is not looked at.
 */
export function unmirrorOperation(
  ports: Pick<LbPorts, 'mirrors' | 'network'> & { readonly dns: DnsReferences | null },
  settings: LbSettings,
  args: { readonly id: string },
): Operation<RemovalWorld> {
  const [id = ''] = canonicalIds([args.id])
  return {
    name: 'lb.unmirror',
    mutates: true,
    confirmId: id,
    observe: (scene) => observeForRemoval(ports, settings, id, scene),
    plan: planUnmirror,
    guards: [unmirrorOwnership, stillReferenced],
    apply: (change, scene) => applyChange(change, ports, scene, ASKED_NOTHING),
    waiting: null,
    summary: removalSummaryOf,
  }
}
