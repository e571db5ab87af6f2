import { fingerprint } from '../core/hash.ts'
import type { Target, TargetHealth, TargetState } from '../ports/mirrors.ts'
import { byAddress, endpoint } from './addresses.ts'
import { count, some } from './remarks.ts'
import { claimText, headOf, inWindow, parseRemovals, WINDOW_SECONDS, type Removal } from './removals.ts'

/**
 * How many targets may be taken out of one target group: at most 30 % per run, and per hour, once it has ten. What is
 * unhealthy does not count, nor what healthy new targets replace one for one. The hour is remembered in a tag of the
 * target group (`removals.ts`).
 */

/** Smaller groups have no budget; the minimum of healthy targets still holds. */
const BUDGET_FROM = 10
const SHARE = 0.3

/** What the NLB itself says serves nobody. All else serves, or may serve: not to know is not to be unhealthy. */
export const SERVES_NOBODY: ReadonlySet<TargetState> = new Set([
  'unhealthy',
  'unhealthy.draining',
  'draining',
  'unused',
])

export interface RemovalInput {
  /** All that are not draining. */
  readonly registered: readonly TargetHealth[]
  /** Those of them that have to go. */
  readonly leaving: readonly TargetHealth[]
  /** Those of them that another target group of the same listener serves by then: they go, and count for nothing. */
  readonly moved?: readonly TargetHealth[]
  /** What is still to be registered: not healthy yet, so nobody's replacement. */
  readonly joining: readonly Target[]
  /** The target group's tag `nyah:removals`, as read. */
  readonly tag: string | undefined
  /** `Observed.at` */
  readonly atMs: number
}

export interface RemovalSplit {
  /** May go now, in the order in which they would be chosen: unhealthy, draining, then by address. */
  readonly now: readonly TargetHealth[]
  /** Have to wait: `…/deregister-later`, which LB_REMOVAL_BUDGET holds. */
  readonly later: readonly TargetHealth[]
  /** `before.removals` of the change that takes `now` out: what its tag has to begin with. Null: there is no tag yet. */
  readonly before: string | null
  /** `after.removals` of that change: what `deregister` makes the new tag of. Free of times: two readings give the same. */
  readonly tag: string
  /** The same two for `deregister-later`, which comes after it (and needs it, where `now` is not empty). */
  readonly laterBefore: string | null
  readonly laterTag: string
  /** Why some have to wait, with the numbers; null: none has to. */
  readonly why: string | null
}

interface Budget {
  /** Registered now and taken out within the hour. */
  readonly size: number
  /** Of them those that serve or may serve; the share is of these. */
  readonly serving: number
  /** Null: no limit. */
  readonly allowed: number | null
  /** Counted removals of the last hour. Infinity: nobody can say how many. */
  readonly used: number
  /** Healthy targets that came since the first removal of this hour, and replace as many. */
  readonly replacements: number
  readonly removals: readonly Removal[]
}

/** Pure. Whatever is unclear (a clock that went back, a tag nobody can read) counts as removals of this hour. */
export function splitRemovals(input: RemovalInput): RemovalSplit {
  const budget = budgetOf(input)
  const leaving = input.leaving.toSorted(
    (a, b) => rank(a.state) - rank(b.state) || byAddress(a.address, b.address) || a.port - b.port,
  )
  const idle = idleOf(input.registered)
  const moved = new Set((input.moved ?? []).map(endpoint))
  const counts = (target: TargetHealth): boolean => !idle(target) && !moved.has(endpoint(target))
  const free = leaving.filter((target) => !counts(target))
  const counting = leaving.filter(counts)
  const most = budget.allowed === null ? counting.length : Math.max(0, budget.allowed - budget.used)
  const replaced = Math.min(counting.length, budget.allowed === null ? 0 : budget.replacements)
  const counted = Math.min(counting.length - replaced, most)
  const now = [...free, ...counting.slice(0, replaced + counted)]
  const later = counting.slice(replaced + counted)
  const before = headOf(input.tag)
  const tag = claimText(before, mark(before, now), counted, input.registered.length)
  const laterBefore = now.length === 0 ? before : headOf(tag)
  return {
    now,
    later,
    before,
    tag,
    laterBefore,
    laterTag: claimText(laterBefore, mark(laterBefore, later), later.length, input.registered.length - now.length),
    why: later.length === 0 ? null : whyLater(input, later.length, counted),
  }
}

function budgetOf({ registered, leaving, tag, atMs }: RemovalInput): Budget {
  const { removals } = parseRemovals(tag)
  const within = inWindow(removals, atMs)
  const used = within.reduce((sum, removal) => sum + (removal.count ?? Infinity), 0)
  const known = within.reduce((sum, removal) => sum + (removal.count ?? 0), 0)
  const size = registered.length + known
  const idle = idleOf(registered)
  const gone = new Set(leaving.map(endpoint))
  const staying = registered.filter((target) => !gone.has(endpoint(target)))
  const healthyStaying = staying.filter(({ state }) => state === 'healthy')
  const serving = known + healthyStaying.length + leaving.filter((target) => !idle(target)).length
  const [first] = within
  // Registered when this hour's first removal was made; what is more than that by now (and was not taken out) is new.
  const come = first?.size == null ? 0 : size - first.size
  return {
    size,
    serving,
    allowed: size < BUDGET_FROM && Number.isFinite(used) ? null : Math.max(1, Math.floor(SHARE * serving)),
    used,
    // Who of them is new nobody knows: each that is not healthy may be.
    replacements: Math.max(0, Math.min(come - (staying.length - healthyStaying.length), healthyStaying.length)),
    removals: within,
  }
}

/** Serves nobody, and that is to be believed: with no healthy target at all, an NLB sends to the unhealthy ones too. */
function idleOf(registered: readonly TargetHealth[]): (target: TargetHealth) => boolean {
  const failsOpen = !registered.some(({ state }) => state === 'healthy')
  return ({ state }) => SERVES_NOBODY.has(state) && !(failsOpen && state.startsWith('unhealthy'))
}

const rank = (state: TargetState): number =>
  state === 'unhealthy' ? 0 : state === 'unhealthy.draining' || state === 'draining' ? 1 : 2

/** Tells this removal from every other one: what it takes out, and after what. */
const mark = (before: string | null, targets: readonly TargetHealth[]): string =>
  fingerprint({ before, targets: targets.map(endpoint).toSorted() }).slice(0, 8)

/** The numbers of a budget that does not let `waiting` targets go now. */
export function whyLater(input: RemovalInput, waiting: number, counted: number): string {
  const { joining, atMs } = input
  const budget = budgetOf(input)
  const { serving, allowed, used, removals } = budget
  const most = allowed ?? 0
  const next = nextAt(budget, counted, atMs)
  return [
    `at most ${most} of ${count(serving, 'target')} that serve may go in an hour (30 %)`,
    Number.isFinite(used)
      ? `${used} went within the last hour${counted === 0 ? '' : `, ${counted} ${counted === 1 ? 'goes' : 'go'} now`}`
      : `how many went within the last hour nobody can say: the tag cannot be read, so the budget counts as used up`,
    `${waiting} ${waiting === 1 ? 'has' : 'have'} to wait${next === null ? '' : `; the next may go at ${new Date(next).toISOString().replace('.000Z', 'Z')}`}`,
    ...(joining.length === 0
      ? []
      : [
          `or once new ones are healthy (${some(joining.map(endpoint))} ${joining.length === 1 ? 'comes' : 'come'} first)`,
        ]),
    ...(removals.some(({ seconds }) => seconds <= LAST_SECOND && seconds * 1000 > atMs + 1000)
      ? ['the tag has removals in the future: some clock is wrong, and they count']
      : []),
  ].join('; ')
}

/** Far enough for any clock that is merely wrong: an entry with eleven digits. */
const LAST_SECOND = 99_999_999_999

/** When the budget has room for one more, milliseconds since the epoch; null: nobody can say. */
function nextAt({ allowed, removals }: Budget, counted: number, atMs: number): number | null {
  const entries = [
    ...removals.map(({ seconds, count: n }) => ({ seconds, n: n ?? Infinity })),
    ...(counted === 0 ? [] : [{ seconds: Math.ceil(atMs / 1000), n: counted }]),
  ]
  for (const [at, { seconds }] of entries.entries()) {
    const rest = entries.slice(at + 1).reduce((sum, { n }) => sum + n, 0)
    if (rest < (allowed ?? 0)) return seconds > LAST_SECOND ? null : (seconds + WINDOW_SECONDS) * 1000
  }
  return null
}
