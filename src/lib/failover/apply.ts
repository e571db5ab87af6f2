import { applyAllowances, refusalsOf } from '../core/allow.ts'
import type { Change, Outputs } from '../core/change.ts'
import { EXIT, errorData, type NyahError, nyahError } from '../core/errors.ts'
import type { Allowance, Draft } from '../core/plan.ts'
import type { Guard, Scene } from '../engine/operation.ts'
import type { ObservedName } from '../dns/model.ts'
import { judgeName } from '../dns/plan.ts'
import type { FailoverWorld } from './model.ts'

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
  const world: FailoverWorld = { at: scene.clock.now(), names: fresh }
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
