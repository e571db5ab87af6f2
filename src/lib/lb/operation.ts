import type { Operation, Scene } from '../engine/operation.ts'
import { applyChange } from './apply.ts'
import { MIRROR_GUARDS } from './guards.ts'
import type { LbSettings, LbWorld } from './model.ts'
import { canonicalIds, observeForRemoval, observeMirrors, type LbPorts } from './observe.ts'
import { planMirrors } from './plan.ts'
import { removalSummaryOf, summaryOf } from './summary.ts'
import { planUnmirror, unmirrorOwnership } from './unmirror.ts'
import { waitingFor } from './waiting.ts'

interface LbArguments {
  /** Octavia UUIDs, one scope each. */
  readonly ids: readonly string[]
  /** Wait until the NLBs are active and the targets of sound members healthy. */
  readonly wait: boolean
}

function following(
  name: string,
  mirrored: boolean,
  ports: LbPorts,
  settings: LbSettings,
  args: LbArguments,
): Operation<LbWorld> {
  const ids = canonicalIds(args.ids)
  return {
    name,
    mutates: true,
    confirmId: null,
    observe: (scene: Scene) => observeMirrors(ports, settings, ids, mirrored, scene.signal),
    plan: planMirrors,
    guards: MIRROR_GUARDS,
    apply: (change, scene) => applyChange(change, ports, scene.signal),
    waiting: args.wait ? waitingFor : null,
    summary: summaryOf,
  }
}

/** Makes mirrors, or brings those that exist up to date. */
export const mirrorOperation = (ports: LbPorts, settings: LbSettings, args: LbArguments): Operation<LbWorld> =>
  following('lb.mirror', false, ports, settings, args)

/** Brings mirrors up to date; a load balancer without one is LB_NOT_MIRRORED (2). */
export const syncOperation = (ports: LbPorts, settings: LbSettings, args: LbArguments): Operation<LbWorld> =>
  following('lb.sync', true, ports, settings, args)

/** What a sync (or, without a mirror, a first one) would do; never writes. */
export const diffOperation = (
  ports: LbPorts,
  settings: LbSettings,
  args: Pick<LbArguments, 'ids'>,
): Operation<LbWorld> => ({
  ...following('lb.diff', false, ports, settings, { ids: args.ids, wait: false }),
  mutates: false,
})

/** Takes one mirror down; Octavia is not asked. Cannot be taken back: the id is to be typed. */
export function unmirrorOperation(
  ports: Pick<LbPorts, 'mirrors' | 'network'>,
  settings: LbSettings,
  args: { readonly id: string },
): Operation<LbWorld> {
  const [id = ''] = canonicalIds([args.id])
  return {
    name: 'lb.unmirror',
    mutates: true,
    confirmId: id,
    observe: (scene) => observeForRemoval(ports, settings, id, scene.signal),
    plan: planUnmirror,
    guards: [unmirrorOwnership],
    apply: (change, scene) => applyChange(change, ports, scene.signal),
    waiting: null,
    summary: removalSummaryOf,
  }
}
