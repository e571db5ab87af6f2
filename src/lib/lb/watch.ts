import type { SourceChange, SourceChanges } from '../ports/source.ts'
import { pauseAfter, phaseOf } from './watch-pause.ts'
import type {
  Advanced,
  RunEnd,
  Trouble,
  WatchedMirror,
  WatchedScope,
  WatchInput,
  WatchNews,
  WatchSettings,
  WatchState,
} from './watch-state.ts'

/**
 * Which mirrors have to be read again, and when: the state machine behind `lb sync --watch`. Pure: it knows the change
 * poll, the list of mirrors, how runs ended, and what time it is. Times are milliseconds since the epoch, on one clock.
 */

export const watchNothing = (settings: WatchSettings): WatchState => ({
  settings,
  scopes: new Map(),
  present: new Set(),
  vanishing: false,
  unlisted: false,
})

/** A change this near to the poll may be followed by another one that updated_at, in whole seconds, cannot tell from it. */
const TOO_RECENT_MS = 2_000

/** One more input. */
export function advance(before: WatchState, input: WatchInput, nowMs: number): Advanced {
  const step = STEPS[input.type](before, input as never, nowMs)
  const scopes = new Map<string, WatchedScope>()
  for (const [id, scope] of step.state.scopes) scopes.set(id, marked(scope, input.type === 'poll', nowMs))
  const state = { ...step.state, scopes }
  return { state, due: dueOf(state), news: step.news }
}

interface Step {
  readonly state: WatchState
  readonly news: readonly WatchNews[]
}

const STEPS: {
  readonly [T in WatchInput['type']]: (state: WatchState, input: Extract<WatchInput, { type: T }>, now: number) => Step
} = {
  mirrors: (state, { mirrors }, now) => listed(state, mirrors, now),

  poll: (state, { changes }, now) => polled(state, changes, now),

  started: (state, { id }) => ({
    state: withScope(state, id, (scope) => ({
      ...scope,
      // Set back to null by a poll that came too soon after a change.
      running: { seen: scope.latest, recent: scope.seen === null },
      dueSince: null,
    })),
    news: [],
  }),

  ended: (state, { id, end }, now) => ended(state, id, end, now),
}

/**
 * The list of mirrors is the measure of what is followed. But where several are missing at once, more than a third or all,
 * it is nyah who cannot see (another account or Region, a permission that was lost): all of them are followed on.
 */
function listed(before: WatchState, mirrors: readonly WatchedMirror[], now: number): Step {
  const scopes = new Map<string, WatchedScope>()
  for (const one of mirrors) {
    const known = before.scopes.get(one.id)
    // Taken down and made again: another one.
    scopes.set(one.id, known === undefined || known.unmirrored ? found(one, before.settings, now) : known)
  }
  const missing = [...before.scopes].filter(([id]) => !scopes.has(id))
  const of = before.scopes.size
  const unlisted = missing.length >= 2 && (missing.length === of || missing.length * 3 > of)
  // Of one that is gone, the run that is under way will say so.
  for (const [id, scope] of missing) if (unlisted || scope.running !== null) scopes.set(id, scope)
  const news: readonly WatchNews[] =
    unlisted && !before.unlisted
      ? [{ type: 'unlisted', missing: missing.length, of }]
      : !unlisted && before.unlisted
        ? [{ type: 'unlisted-no-more' }]
        : []
  return { state: { ...before, scopes, unlisted }, news }
}

/** One that is in step, as its tag says, needs no read at the start: whatever came since shows in the poll. */
const found = ({ id, inStep }: WatchedMirror, settings: WatchSettings, now: number): WatchedScope => ({
  id,
  latest: null,
  seen: inStep === null ? UNREAD : mark({ updated_at: inStep, provisioning_status: 'ACTIVE' }),
  isPending: false,
  reads: 0,
  changedAt: null,
  running: null,
  retryAt: null,
  resyncAt: now + Math.ceil(phaseOf(id) * settings.resyncMs),
  dueSince: null,
  trouble: null,
  unmirrored: false,
})

const GONE = 'gone'
const UNREAD = 'unread'

const mark = ({ updated_at, provisioning_status }: Pick<SourceChange, 'updated_at' | 'provisioning_status'>): string =>
  `${updated_at ?? 'never'} ${provisioning_status}`

function polled(before: WatchState, { at, loadbalancers }: SourceChanges, now: number): Step {
  const lines = new Map(loadbalancers.map((line) => [line.id, line]))
  const scopes = new Map<string, WatchedScope>()
  const present = new Set<string>()
  for (const [id, scope] of before.scopes) {
    const line = lines.get(id)
    if (line !== undefined) present.add(id)
    scopes.set(id, noted(scope, line, at, now))
  }
  const known = [...before.present].filter((id) => before.scopes.has(id))
  const missing = known.filter((id) => !present.has(id)).length
  const vanishing = missing >= 3 && missing * 3 > known.length
  const news: readonly WatchNews[] =
    vanishing && !before.vanishing
      ? [{ type: 'vanishing', missing, of: known.length }]
      : !vanishing && before.vanishing
        ? [{ type: 'vanishing-no-more' }]
        : []
  // What was there stays the measure until it is back: else the second such poll would look normal.
  return { state: { ...before, scopes, vanishing, present: vanishing ? before.present : present }, news }
}

/** What a poll says of one scope. */
function noted(scope: WatchedScope, line: SourceChange | undefined, at: number | null, now: number): WatchedScope {
  const latest = line === undefined ? GONE : mark(line)
  const updatedAt = line?.updated_at == null ? null : Date.parse(`${line.updated_at}Z`)
  const ageMs = at === null || updatedAt === null ? null : Math.max(0, at - updatedAt)
  const isNew = latest !== scope.latest
  // Without Octavia's clock, what is new may be too recent to be the whole of it.
  const recent = line !== undefined && (ageMs === null ? isNew && scope.latest !== null : ageMs <= TOO_RECENT_MS)
  const seen = recent ? null : scope.seen
  const isOther = latest !== scope.seen
  const running = scope.running !== null && recent ? { ...scope.running, recent } : scope.running
  const changedAt = !isOther ? null : isNew || scope.changedAt === null ? now - (ageMs ?? 0) : scope.changedAt
  const isPending = line?.provisioning_status.startsWith('PENDING_') === true
  return { ...scope, latest, seen, isPending, running, changedAt, reads: isNew ? 0 : scope.reads }
}

function ended(before: WatchState, id: string, end: RunEnd, now: number): Step {
  const scope = before.scopes.get(id)
  if (scope === undefined) return { state: before, news: [] }
  if (end.how === 'unmirrored') {
    const seen = scope.running?.seen ?? scope.latest
    const scopes = new Map(before.scopes).set(id, {
      ...scope,
      seen,
      running: null,
      changedAt: null,
      retryAt: null,
      resyncAt: nextSlot(scope.resyncAt, before.settings.resyncMs, now),
      trouble: null,
      unmirrored: true,
    })
    return { state: { ...before, scopes }, news: over(scope, null) }
  }
  const { settings } = before
  const reads = scope.reads + 1
  const trouble = troubleAfter(scope.trouble, end, now)
  const { seen = null, recent = false } = scope.running ?? {}
  const next = { ...scope, seen, reads, trouble, running: null }
  const scopes = new Map(before.scopes).set(id, {
    ...next,
    changedAt: seen === scope.latest && trouble === null ? null : scope.changedAt,
    retryAt: recent && trouble === null ? now : retryAfter(next, end, settings, now),
    resyncAt: nextSlot(scope.resyncAt, settings.resyncMs, now),
  })
  return { state: { ...before, scopes }, news: [...over(scope, trouble), ...begun(scope, trouble, end)] }
}

/** When to look again although nothing new is said of it; null: on the slow timer only. */
function retryAfter(
  { id, trouble, reads, isPending }: WatchedScope,
  end: RunEnd,
  settings: WatchSettings,
  now: number,
) {
  const { intervalMs } = settings
  if (trouble !== null) {
    // What is held for another state of the source has not been waiting yet.
    const times = trouble.how === 'held' ? Math.min(reads, trouble.times) : trouble.times
    return now + pauseAfter(trouble.how, times, intervalMs, id)
  }
  // Stuck in PENDING it is looked at again at a growing distance; when it is not any more, that is new, and due at once.
  if (isPending) return now + pauseAfter('held', reads, intervalMs, id)
  return end.how === 'applied' ? now + intervalMs / 2 : null
}

function troubleAfter(before: Trouble | null, end: RunEnd, now: number): Trouble | null {
  if (end.how !== 'held' && end.how !== 'failed' && end.how !== 'locked') return null
  const codes = end.how === 'held' ? [...new Set(end.codes)].toSorted() : end.how === 'failed' ? [end.code] : []
  // Somebody else's run in between neither ends nor begins anything.
  if (end.how === 'locked' && before !== null) return before
  const remembered = end.how === 'held' ? end.since : null
  const same = before?.how === end.how
  const since = same ? before.since : (remembered ?? now)
  return { how: end.how, codes, since, times: same ? before.times + 1 : 1 }
}

/** What has come to an end. */
function over({ id, trouble }: WatchedScope, next: Trouble | null): readonly WatchNews[] {
  if (trouble === null || trouble.how === 'locked' || trouble.how === next?.how) return []
  return [{ type: trouble.how === 'held' ? 'held-no-more' : 'failing-no-more', id, since: trouble.since }]
}

/** What has begun, or is now held for another reason. */
function begun({ id, trouble }: WatchedScope, next: Trouble | null, end: RunEnd): readonly WatchNews[] {
  if (next === null || (next.how === trouble?.how && next.codes.join() === trouble.codes.join())) return []
  const { since, codes } = next
  if (end.how === 'held') return [{ type: 'held', id, codes, message: end.message, since }]
  return end.how === 'failed' ? [{ type: 'failing', id, code: end.code, message: end.message, since }] : []
}

/** The first of its slots that is still to come. */
const nextSlot = (slot: number, everyMs: number, now: number): number =>
  slot > now ? slot : slot + everyMs * (Math.floor((now - slot) / everyMs) + 1)

function withScope(state: WatchState, id: string, change: (scope: WatchedScope) => WatchedScope): WatchState {
  const scope = state.scopes.get(id)
  return scope === undefined ? state : { ...state, scopes: new Map(state.scopes).set(id, change(scope)) }
}

const differs = ({ latest, seen }: WatchedScope): boolean => latest !== null && latest !== seen

const isDue = (scope: WatchedScope, now: number): boolean =>
  differs(scope) || (scope.latest !== null && Math.min(scope.retryAt ?? Infinity, scope.resyncAt) <= now)

/** Timers count from poll to poll only: while Octavia does not answer, nothing is begun that would ask it. */
function marked(scope: WatchedScope, isPoll: boolean, now: number): WatchedScope {
  if (scope.running !== null) return scope
  const isMarked = scope.dueSince !== null
  const due = isMarked || isPoll ? isDue(scope, now) : differs(scope)
  return due === isMarked ? scope : { ...scope, dueSince: due ? now : null }
}

/** Who waits longest comes first; of those that began together, what changed before what is merely looked at again. */
function dueOf({ scopes, settings }: WatchState): readonly string[] {
  const waiting = [...scopes.values()].flatMap((scope) =>
    scope.dueSince === null
      ? []
      : [{ id: scope.id, rank: scope.dueSince + (differs(scope) ? 0 : settings.intervalMs) }],
  )
  return waiting.toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1)).map(({ id }) => id)
}
