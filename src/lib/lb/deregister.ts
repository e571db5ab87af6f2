import type { Change, Outputs } from '../core/change.ts'
import { EXIT, isNyahError, nyahError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Mirrors, Tags, Target, TargetHealth } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { SERVES_NOBODY } from './budget.ts'
import { type Asked, TAG } from './model.ts'
import { count, some } from './remarks.ts'
import { countIn, headOf, stamped, unknownRemoval, withdrawn } from './removals.ts'
import { demandOurs } from './still-ours.ts'

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
 * AWS has no compare-and-set for tags. So a claim has to stand this long before it is acted on, and is acted on no later
 * than this after the look that found it standing. Of two that saw the same tag, whose claim was overwritten in time finds
 * the other's. Whoever wrote later than this after its own look may have overwritten a claim that was acted upon: then what
 * was taken out is gone by the time its own claim has stood, and it sees that.
 */
const CLAIM_MS = 5_000

/** How often it looks again because AWS (or its own pace) let it act only long after it had looked. */
const LOOKS = 5

type Writers = Pick<Mirrors, 'targetHealth' | 'tags' | 'tag' | 'deregisterTargets'>

/** The target group at one moment, as fresh as its beginning. */
interface Look {
  readonly at: number
  readonly tags: Tags
  /** Registered, and not on their way out. */
  readonly there: ReadonlySet<string>
  /** Those of them that are to go. */
  readonly still: readonly Target[]
}

/**
 * Takes targets out: is the group ours, does somebody healthy stay, has another nyah been here since the plan was made (the
 * tag's epoch), and does the new epoch stand before the first target goes; all that is looked at in the same breath. Takes
 * CLAIM_MS. May be repeated: the same removal finds its own mark. A claim that comes to nothing gives its budget back.
 *
 * Throws LB_FOREIGN_EPOCH (exit 10), LB_MINIMUM_HEALTHY (exit 11), LB_NOT_OWNED (exit 6), AWS_TOO_LATE (exit 7).
 */
export async function deregister(
  change: Change,
  mirrors: Writers,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  owner: Asked,
): Promise<Outputs> {
  const asked = change.before as unknown as Deregistration
  const { removals: claim } = change.after as unknown as { readonly removals: string }
  const { targetGroupArn: arn } = asked
  /** Null: nothing is left to be done. */
  const look = async (
    refused: (at: number, tags: Tags, there: Look['there']) => Promise<void>,
  ): Promise<Look | null> => {
    const at = clock.now()
    const [health, tags] = await Promise.all([mirrors.targetHealth(arn, signal), mirrors.tags(arn, signal)])
    const still = stillThere(asked, health)
    if (tags === null || still.length === 0) return null
    demandOurs(change, tags, owner)
    const there = registeredIn(health)
    if (leavesNobody(asked, health)) {
      await refused(at, tags, there)
      throw nobodyHealthy(change, asked, health)
    }
    return { at, tags, there, still }
  }
  /** Was it written soon enough after the look? A clock that went back says nothing. */
  const write = async (at: number, text: string): Promise<boolean> => {
    await mirrors.tag(arn, { [TAG.removals]: text })
    const tookMs = clock.now() - at
    return tookMs >= 0 && tookMs <= CLAIM_MS
  }
  const giveBack = async (at: number, tags: Tags, there: Look['there']): Promise<void> => {
    if (!isOwn(tags, claim) || countIn(claim) === 0) return
    if (await write(at, withdrawn(tags[TAG.removals], claim))) return
    await clock.sleep(CLAIM_MS, signal)
    const now = registeredIn(await mirrors.targetHealth(arn, signal))
    if (someoneLeft(asked, there, now)) await write(at, unknownRemoval(tags[TAG.removals], clock.now()))
  }

  const first = await look(giveBack)
  if (first === null) return { deregistered: 0 }
  let inTime = true
  if (!isOwn(first.tags, claim)) {
    demandEpoch(change, first.tags, asked.removals)
    inTime = await write(first.at, stamped(first.tags[TAG.removals], claim, clock.now()))
  }
  for (let looks = 1; ; looks += 1) {
    await clock.sleep(CLAIM_MS, signal)
    const last = await look(giveBack)
    if (last === null) return { deregistered: 0 }
    if (!isOwn(last.tags, claim)) throw foreign(change, last.tags, headOf(claim))
    if (!inTime && someoneLeft(asked, first.there, last.there)) {
      // How many another one counted stood in the tag that this one's claim has overwritten.
      await write(last.at, unknownRemoval(last.tags[TAG.removals], clock.now()))
      throw overwritten(change)
    }
    try {
      await mirrors.deregisterTargets(arn, last.still, last.at + CLAIM_MS)
      return { deregistered: last.still.length }
    } catch (error) {
      if (!isNyahError(error) || error.code !== 'AWS_TOO_LATE') throw error
      if (looks < LOOKS) continue
      // Of many targets some may have gone out in time.
      const end = await look(giveBack)
      if (end !== null && end.still.length === first.still.length) await giveBack(end.at, end.tags, end.there)
      throw error
    }
  }
}

const registeredIn = (health: readonly TargetHealth[]): ReadonlySet<string> =>
  new Set(health.flatMap((target) => (target.state === 'draining' ? [] : [endpoint(target)])))

/** Has anybody gone who is not to go here? */
function someoneLeft({ targets }: Deregistration, then: Look['there'], now: Look['there']): boolean {
  const going = new Set(targets.map(endpoint))
  return [...then].some((one) => !now.has(one) && !going.has(one))
}

function stillThere({ targets }: Deregistration, health: readonly TargetHealth[]): readonly Target[] {
  const there = registeredIn(health)
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

const overwritten = ({ ref, scope }: Change) =>
  nyahError({
    code: 'LB_FOREIGN_EPOCH',
    message:
      `target group ${ref.name}: targets left it while AWS took more than ${CLAIM_MS / 1000} s to write its tag ${TAG.removals}: ` +
      `another nyah took them out, so this one does not, and for an hour nobody takes out what serves`,
    exit: EXIT.stale,
    tries: [`find out who else runs nyah for this load balancer, then: nyah lb sync ${scope}`],
  })

const servingOf = ({ targets }: Deregistration, health: readonly TargetHealth[]): readonly TargetHealth[] => {
  const going = new Set(targets.map(endpoint))
  return health.filter((target) => going.has(endpoint(target)) && !SERVES_NOBODY.has(target.state))
}

/** Somebody healthy has to stay, unless it was known that nobody would, and allowed. */
function leavesNobody(asked: Deregistration, health: readonly TargetHealth[]): boolean {
  const { targets, healthyStays = true } = asked
  if (servingOf(asked, health).length === 0 || !healthyStays) return false
  const going = new Set(targets.map(endpoint))
  return !health.some((target) => target.state === 'healthy' && !going.has(endpoint(target)))
}

const nobodyHealthy = ({ ref, scope }: Change, asked: Deregistration, health: readonly TargetHealth[]) => {
  const serving = servingOf(asked, health)
  return nyahError({
    code: 'LB_MINIMUM_HEALTHY',
    message:
      `target group ${ref.name}: ${some(serving.map((target) => `${endpoint(target)} is ${target.state}`))}, and no other target is healthy any more: ` +
      `taking ${count(serving.length, 'target')} out would leave 0 healthy targets (at least 1 has to stay)`,
    exit: EXIT.held,
    tries: [`wait until other targets are healthy, then: nyah lb sync ${scope}`],
  })
}
