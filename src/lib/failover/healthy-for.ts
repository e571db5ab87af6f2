import { durationText } from '../core/duration.ts'
import type { Draft, Finding } from '../core/plan.ts'
import type { Health, ObservedName, Side } from '../dns/model.ts'
import type { JudgedSet } from '../dns/plan.ts'
import type { FailoverWorld, Proof, Proofs } from './model.ts'

/** A set of a name that is brought back, and the side that gains users. */
export interface Return {
  readonly seen: ObservedName
  readonly set: JudgedSet
  readonly side: Side
  /** Of that side, once the plan is done. */
  readonly health: { readonly health: Health; readonly detail: string; readonly at: string | null }
}

/** Nobody looked for so long: what was healthy before and after may have been anything between. */
const GAP_MS = 45_000

/** So long the newest observation of Route 53's checkers may stay the newest: then nobody knows. */
const STILL_MS = 90_000

export const proofKey = ({ seen, set, side }: Pick<Return, 'seen' | 'set' | 'side'>): string =>
  `${seen.name} ${set.type} ${side}`

/**
 * What one more look adds to what was seen so far. Route 53 tells how a side is, not since when: only what was looked at
 * counts. Unhealthy, unknown, and not looked at, each ends the count. Pure.
 *
 * @param began milliseconds since the epoch, when the look began
 * @param ended when it was over
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
 */
export const looked = (before: Proofs, returns: readonly Return[], began: number, ended: number): Proofs =>
  new Map(returns.map((one) => [proofKey(one), lookedAt(before.get(proofKey(one)), one, began, ended)]))

function lookedAt(before: Proof | undefined, { health }: Return, began: number, ended: number): Proof {
  const { at } = health
  const isNew = before === undefined || at === null || at !== before.newest.at
  const newest = isNew ? { at, seen: began } : before.newest
  const still = began - newest.seen > STILL_MS ? `its checkers have seen nothing newer than ${newest.at}` : null
  const told = still !== null && health.health === 'healthy' ? { health: 'unknown' as const, detail: still } : health
  const gap = before !== undefined && began - before.ended > GAP_MS
  const about = { newest, ended, health: told.health, detail: told.detail }
  if (told.health !== 'healthy') return { ...about, since: null, begun: before?.begun ?? false, gap: false }
  const since = before === undefined || before.since === null || gap ? ended : before.since
  return { ...about, since, begun: true, gap: gap && before.since !== null }
}

/** What of a return has still to be waited for, in milliseconds; Infinity: nobody can say. Nothing: 0. */
export function leftOf(proof: Proof | undefined, forSeconds: number, at: number): number {
  if (proof === undefined || !proof.begun) return 0
  return proof.since === null ? Infinity : Math.max(0, proof.since + forSeconds * 1000 - at)
}

/** Does this run watch the side, having found it healthy once? What it is then is waited for, and not refused. */
export const isWatched = (one: Return, { proofs, ours }: FailoverWorld, forSeconds: number): boolean =>
  forSeconds > 0 && !ours.moved.has(one.seen.name) && proofs?.get(proofKey(one))?.begun === true

/** Nobody is brought back to a side that has not been healthy for so long without a break. Pure. */
export function longEnough(returns: readonly Return[], draft: Draft, world: FailoverWorld, forSeconds: number) {
  return returns.flatMap((one): readonly Finding[] => {
    const { seen, set, side } = one
    const proof = world.proofs?.get(proofKey(one))
    const left = leftOf(proof, forSeconds, world.at)
    if (proof === undefined || left === 0 || !isWatched(one, world, forSeconds)) return []
    return [
      {
        code: proof.health === 'unhealthy' ? 'DNS_SIDE_UNHEALTHY' : 'FAILOVER_RETURN_UNPROVEN',
        severity: 'hold',
        passes: true,
        scope: seen.name,
        subject: `${seen.name} ${set.type}`,
        evidence: waitText(side, proof, forSeconds, world.at),
        remedy: 'nothing: the run looks at it and goes on by itself (--healthy-for 0 does not wait)',
        allowable: true,
        holds: draft.changes.filter(({ scope }) => scope === seen.name).map(({ id }) => id),
      },
    ]
  })
}

function waitText(side: Side, proof: Proof, forSeconds: number, at: number): string {
  if (proof.since !== null && at - proof.since < 1000)
    return `${side} stays healthy for ${durationText(forSeconds * 1000)} without a break, counted from now on`
  return `${proofText(side, proof, forSeconds, at)}: users return then`
}

/** `octavia has been healthy for 1m10s of 3m` */
export function proofText(side: Side, proof: Proof, forSeconds: number, at: number): string {
  const whole = durationText(forSeconds * 1000)
  if (proof.since !== null) return `${side} has been healthy for ${durationText(at - proof.since)} of ${whole}`
  return `${side} is ${proof.health === 'unhealthy' ? 'unhealthy' : 'not known to be healthy'} (${proof.detail}), and its ${whole} begin again`
}
