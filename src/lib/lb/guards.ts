import type { Guard } from '../engine/operation.ts'
import { fleetVanishing } from './guards-fleet.ts'
import { addressKept, certificates, exposed, network, ownership } from './guards-place.ts'
import { fleetQuota } from './guards-quota.ts'
import { sourceEmpty, sourceGone, sourceSettled, sourceUnread } from './guards-source.ts'
import { sourceSuspicious } from './guards-suspicious.ts'
import { minimumHealthy, removalBudget } from './guards-targets.ts'
import type { LbWorld } from './model.ts'

/** What protects users from a plan (design, §6), in the order in which it is told. */
export const MIRROR_GUARDS: readonly Guard<LbWorld>[] = [
  ownership,
  network,
  certificates,
  exposed,
  addressKept,
  fleetQuota,
  fleetVanishing,
  sourceGone,
  sourceUnread,
  sourceSettled,
  sourceEmpty,
  sourceSuspicious,
  minimumHealthy,
  removalBudget,
]
