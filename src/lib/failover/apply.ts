import { applyAllowances, refusalsOf } from '../core/allow.ts'
import type { Change, Outputs } from '../core/change.ts'
import { EXIT, errorData, type NyahError, nyahError } from '../core/errors.ts'
import type { Allowance, Draft } from '../core/plan.ts'
import type { Guard, Scene } from '../engine/operation.ts'
import type { ObservedName } from '../dns/model.ts'
import { judgeName } from '../dns/plan.ts'
import type { CheckStatus, HealthChecks } from '../ports/health-checks.ts'
import type { SwitchObjects, SwitchPlace } from '../ports/switch.ts'
import { NOTHING_YET, type FailoverWorld, type Way } from './model.ts'
import { SWITCH } from './ways.ts'

type Results = ReadonlyMap<string, Outputs | Error>

/** What changes that were planned from a card need, should the zone say otherwise. */
export interface CardApply {
  readonly apply: (changes: readonly Change[], scene: Scene) => Promise<Results>
  /** These names as they stand in the zone now. */
  readonly reread: (names: readonly string[], scene: Scene) => Promise<readonly ObservedName[]>
  readonly plan: (world: FailoverWorld) => Draft
  readonly guards: readonly Guard<FailoverWorld>[]
  readonly allowances: readonly Allowance[]
  /** The names as the card has them. */
  readonly known: readonly ObservedName[]
  readonly ways: readonly Way[]
  /** Milliseconds since the epoch: when this run began. What was changed since then was changed by somebody else. */
  readonly since: number
  /** Was the very split agreed to that the plan showed? False: whatever it was (`--yes`). */
  readonly asSeen: boolean
}

/** Route 53 refused, since the records are others: nothing was done to the name. */
const MOVED: ReadonlySet<string> = new Set(['DNS_RECORD_MOVED', 'DNS_OVERTAKEN'])

/**
 * Carries out changes planned from a card. Names that Route 53 finds otherwise are read once, planned anew from what
 * stands there, judged by the same guards, and changed, where that is still what was agreed to; never old over new.
 */
export async function applyFromCard(changes: readonly Change[], card: CardApply, scene: Scene): Promise<Results> {
  const results = new Map(await card.apply(changes, scene))
  const moved = changes.filter(({ id }) => {
    const result = results.get(id)
    return result instanceof Error && MOVED.has(errorData(result).code)
  })
  if (moved.length === 0) return results
  const names = [...new Set(moved.map(({ scope }) => scope))]
  let fresh: readonly ObservedName[]
  try {
    fresh = await card.reread(names, scene)
  } catch {
    // What Route 53 said of them stands.
    return results
  }
  scene.emit('note', null, {
    code: 'CARD_STALE',
    message: `${named(names)} moved since the card was written: read from the zone, and planned from what stands there now`,
  })
  const world: FailoverWorld = { at: scene.clock.now(), names: fresh, ways: card.ways, ours: NOTHING_YET }
  const draft = card.plan(world)
  const raised = [...draft.findings, ...card.guards.flatMap((guard) => guard(draft, world))]
  const refusals = refusalsOf(applyAllowances(raised, card.allowances).findings)
  const again: Change[] = []
  for (const change of moved) {
    const seen = fresh.find(({ name }) => name === change.scope)
    const refused = refusals.find(({ scope }) => scope === change.scope)
    const now = draft.changes.find(({ id }) => id === change.id)
    if (refused !== undefined)
      results.set(change.id, refusedNow(change.scope, refused.code, refused.evidence, refused.remedy))
    else if (seen === undefined || isNewer(seen, card)) continue
    else if (now === undefined) results.set(change.id, { already: true })
    else if (card.asSeen && !isSameSplit(seen, card)) results.set(change.id, otherSplit(change.scope))
    else again.push(now)
  }
  if (again.length === 0) return results
  for (const [id, result] of await card.apply(again, scene))
    results.set(id, result instanceof Error ? result : { ...result, fromZone: true })
  return results
}

/** Changed since this run began (states tell time to the second): somebody else was first. */
const isNewer = (seen: ObservedName, { since }: CardApply): boolean =>
  judgeName(seen).sets.some(({ changedAt }) => Date.parse(changedAt) >= Math.floor(since / 1000) * 1000)

/** Do the users go where the card says that they went? */
function isSameSplit(seen: ObservedName, { known }: CardApply): boolean {
  const then = known.find(({ name }) => name === seen.name)
  const splits = (one: ObservedName): string => JSON.stringify(judgeName(one).sets.map(({ type, now }) => [type, now]))
  return then !== undefined && splits(then) === splits(seen)
}

const named = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

const refusedNow = (name: string, code: string, evidence: string, remedy: string): NyahError =>
  nyahError({ code, message: `${name}: ${evidence}`, exit: EXIT.refused, tries: remedy === '' ? [] : [remedy] })

const otherSplit = (name: string): NyahError =>
  nyahError({
    code: 'DNS_RECORD_MOVED',
    message: `the users of ${name} no longer go where the card said that they go, so the yes was to something else: nothing was done to it`,
    exit: EXIT.stale,
    tries: [`nyah dns show ${name}`, 'run the command again: the card has what stands there now'],
    details: { name },
  })

/** Writes or deletes the switch's object. */
export async function applyWay(
  { after }: Change,
  switches: Pick<SwitchObjects, 'engage' | 'disengage'>,
): Promise<Outputs> {
  const { engaged, place } = after as unknown as { readonly engaged: boolean; readonly place: SwitchPlace }
  await (engaged ? switches.engage(place, 'failover') : switches.disengage(place))
  return { engaged }
}

/** The names first; the switch lets go only when all of them have the weights that are to count then. */
export function namesThenWays({
  apply,
  switches,
}: Ends): (changes: readonly Change[], scene: Scene) => Promise<Results> {
  // Of earlier attempts: what failed for good is not tried again.
  const failing = new Map<string, Error>()
  return async (changes, scene) => {
    const names = changes.filter(({ ref }) => ref.type !== SWITCH)
    const results = new Map(names.length === 0 ? [] : await apply(names, scene))
    for (const { id } of names) {
      const result = results.get(id)
      if (result instanceof Error) failing.set(id, result)
      else failing.delete(id)
    }
    const retryable = names.some(({ id }) => errorData(failing.get(id) ?? null).retryable)
    for (const change of changes.filter(({ ref }) => ref.type === SWITCH))
      try {
        if (failing.size > 0) throw kept(change.ref.name, failing.size, retryable)
        results.set(change.id, await applyWay(change, switches))
      } catch (error) {
        results.set(change.id, error instanceof Error ? error : new Error(String(error)))
      }
    return results
  }
}

interface Ends {
  readonly apply: (changes: readonly Change[], scene: Scene) => Promise<Results>
  readonly switches: Pick<SwitchObjects, 'engage' | 'disengage'>
}

const kept = (place: string, names: number, retryable: boolean): NyahError =>
  nyahError({
    code: 'SWITCH_KEPT',
    message: `the switch ${place} stays engaged: ${names} of its names could not be given the weights that are to count then`,
    exit: EXIT.remote,
    tries: ['run the same command again'],
    retryable,
  })

/** What proving a switch needs. */
export interface ProofPorts {
  readonly switches: Pick<SwitchObjects, 'engage' | 'disengage'>
  readonly checks: Pick<HealthChecks, 'status'>
}

const PROOF_MS = 180_000
const LOOK_EVERY_MS = 1_000

/**
 * Shows that the switch works before any name follows it: the object is written, Route 53's checkers see it, it is deleted,
 * and they have seen it gone for as long as they need to say so. (A new health check that is inverted counts as unhealthy
 * until then: a record that had it at once would lose its users.)
 *
 * Throws SWITCH_NOT_SEEN (9).
 *
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
 */
export async function proveSwitch(place: SwitchPlace, check: string, ports: ProofPorts, scene: Scene): Promise<void> {
  const { switches, checks } = ports
  try {
    await switches.engage(place, 'proof')
    await seen(({ verdict }) => verdict === 'healthy', 'the object that was written')
  } finally {
    await switches.disengage(place)
  }
  let goneSince: number | null = null
  await seen(({ verdict, observedAt }) => {
    if (verdict !== 'unhealthy' || observedAt === null) goneSince = null
    else goneSince ??= Date.parse(observedAt)
    return goneSince !== null && Date.parse(observedAt ?? '') - goneSince >= SETTLED_MS
  }, 'that the object was deleted')

  async function seen(isSo: (status: CheckStatus) => boolean, what: string): Promise<void> {
    const until = scene.clock.now() + PROOF_MS
    while (!isSo(await checks.status(check, scene.signal))) {
      if (scene.clock.now() >= until) throw notSeen(place, what)
      await scene.clock.sleep(LOOK_EVERY_MS, scene.signal)
    }
  }
}

/** Three looks 10 s apart, and one more. */
const SETTLED_MS = 40_000

const notSeen = ({ bucket, region, key }: SwitchPlace, what: string): NyahError =>
  nyahError({
    code: 'SWITCH_NOT_SEEN',
    message: `Route 53's health checkers did not see ${what} within ${PROOF_MS / 1000} s: no name follows the switch s3://${bucket}/${key} yet`,
    exit: EXIT.notHealthy,
    tries: [
      `let everybody read that one object: the bucket policy in docs/aws.md`,
      `curl -I https://${bucket}.s3.${region}.amazonaws.com/${key}`,
      'nyah failover arm --all',
    ],
  })
