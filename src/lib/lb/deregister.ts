import type { Change, Outputs } from '../core/change.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Mirrors, Tags, Target, TargetHealth } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { SERVES_NOBODY } from './budget.ts'
import { TAG } from './model.ts'
import { count, some } from './remarks.ts'
import { headOf, stamped } from './removals.ts'

/** `before` of a change that deregisters; its `after` is `{removals: RemovalSplit.tag}`. */
export interface Deregistration {
  readonly targetGroupArn: string
  readonly targets: readonly Target[]
  /** `RemovalSplit.before`, or the tag itself. Null: there is none. */
  readonly removals: string | null
  /** Was a healthy target to stay when this was planned? False: none was, and that was allowed. Absent: yes. */
  readonly healthyStays?: boolean
}

/**
 * AWS has no compare-and-set for tags. So a claim has to stand this long before it is acted on, and whoever writes one has
 * to have looked at the tag no longer before than this: of two that saw the same tag, the first finds the other's claim,
 * or the other knows that it came too late.
 */
const CLAIM_MS = 5_000

/**
 * Takes targets out: does somebody healthy stay, has another nyah been here since the plan was made (the tag's epoch), and
 * does the new epoch stand before the first target goes; who is registered and healthy is looked at in the same breath as
 * that. Takes CLAIM_MS. May be repeated: the same removal finds its own mark.
 *
 * Throws LB_FOREIGN_EPOCH (exit 10), LB_MINIMUM_HEALTHY (exit 11).
 */
export async function deregister(
  change: Change,
  mirrors: Pick<Mirrors, 'targetHealth' | 'tags' | 'tag' | 'deregisterTargets'>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Outputs> {
  const asked = change.before as unknown as Deregistration
  const { removals: claim } = change.after as unknown as { readonly removals: string }
  const { targetGroupArn: arn } = asked
  const look = async () => {
    const [health, tags] = await Promise.all([mirrors.targetHealth(arn, signal), mirrors.tags(arn, signal)])
    const still = stillThere(asked, health)
    if (tags !== null && still.length > 0) demandHealthy(change, asked, health)
    return { tags, still }
  }
  const lookedAt = clock.now()
  const { tags, still } = await look()
  if (tags === null || still.length === 0) return { deregistered: 0 }
  if (!isOwn(tags, claim)) {
    demandEpoch(change, tags, asked.removals)
    await mirrors.tag(arn, { [TAG.removals]: stamped(tags[TAG.removals], claim, clock.now()) })
    const tookMs = clock.now() - lookedAt
    // A clock that went back says nothing.
    if (tookMs > CLAIM_MS || tookMs < 0) throw late(change, tookMs)
  }
  await clock.sleep(CLAIM_MS, signal)
  const last = await look()
  if (last.tags === null || last.still.length === 0) return { deregistered: 0 }
  if (!isOwn(last.tags, claim)) throw foreign(change, last.tags, headOf(claim))
  await mirrors.deregisterTargets(arn, last.still)
  return { deregistered: last.still.length }
}

/** Who of them is registered, and not on its way out. */
function stillThere({ targets }: Deregistration, health: readonly TargetHealth[]): readonly Target[] {
  const there = new Set(health.flatMap((target) => (target.state === 'draining' ? [] : [endpoint(target)])))
  return targets.filter((target) => there.has(endpoint(target)))
}

/** After a lost answer the tag may be there already: the mark names this removal and no other. */
const isOwn = (tags: Tags, claim: string): boolean => headOf(tags[TAG.removals]) === headOf(claim)

function demandEpoch(change: Change, tags: Tags, planned: string | null): void {
  if (headOf(tags[TAG.removals]) !== headOf(planned)) throw foreign(change, tags, headOf(planned))
}

const foreign = ({ ref, scope }: Change, tags: Tags, expected: string | null) =>
  nyahError({
    code: 'LB_FOREIGN_EPOCH',
    message:
      `target group ${ref.name}: its tag ${TAG.removals} is at ${headOf(tags[TAG.removals]) ?? 'nothing'}, ` +
      `not at ${expected ?? 'nothing'}: another nyah takes targets out of it, so this one does not`,
    exit: EXIT.stale,
    tries: [`find out who else runs nyah for this load balancer, then: nyah lb sync ${scope}`],
  })

const late = ({ ref, scope }: Change, tookMs: number) =>
  nyahError({
    code: 'LB_FOREIGN_EPOCH',
    message:
      `target group ${ref.name}: its tag ${TAG.removals} was read and written within ${Math.round(tookMs / 1000)} s, and has to be within ` +
      `${CLAIM_MS / 1000} s: another nyah may have taken targets out meanwhile, so this one does not`,
    exit: EXIT.stale,
    tries: [`nyah lb sync ${scope}`],
  })

/** Somebody healthy has to stay, unless it was known that nobody would, and allowed. */
function demandHealthy(
  { ref, scope }: Change,
  { targets, healthyStays = true }: Deregistration,
  health: readonly TargetHealth[],
): void {
  const going = new Set(targets.map(endpoint))
  const serving = health.filter((target) => going.has(endpoint(target)) && !SERVES_NOBODY.has(target.state))
  if (serving.length === 0 || !healthyStays) return
  if (health.some((target) => target.state === 'healthy' && !going.has(endpoint(target)))) return
  throw nyahError({
    code: 'LB_MINIMUM_HEALTHY',
    message:
      `target group ${ref.name}: ${some(serving.map((target) => `${endpoint(target)} is ${target.state}`))}, and no other target is healthy any more: ` +
      `taking ${count(serving.length, 'target')} out would leave 0 healthy targets (at least 1 has to stay)`,
    exit: EXIT.held,
    tries: [`wait until other targets are healthy, then: nyah lb sync ${scope}`],
  })
}
