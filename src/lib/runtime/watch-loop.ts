import type { Advanced, RunEnd, WatchedMirror, WatchInput, WatchNews, WatchState } from '../lb/watch-state.ts'
import type { Clock } from '../ports/clock.ts'
import type { SourceChanges } from '../ports/source.ts'

/** What the loop acts through. */
export interface WatchPorts {
  readonly clock: Clock
  /** 0 ≤ random() < 1 */
  readonly random: () => number
  /** Aborted: no more polls, no more runs; those under way are waited for. */
  readonly signal: AbortSignal
  readonly advance: (state: WatchState, input: WatchInput, nowMs: number) => Advanced
  /** One request per 1,000 load balancers. Both end by themselves, within an interval. */
  readonly poll: (signal: AbortSignal) => Promise<SourceChanges>
  readonly mirrors: (signal: AbortSignal) => Promise<readonly WatchedMirror[]>
  /** One run of one mirror; `changedAt`: since when its source has been different, null: it is not. Never rejects. */
  readonly run: (id: string, changedAt: number | null, signal: AbortSignal) => Promise<RunEnd>
  readonly told: (told: WatchTold) => void
}

/** What happens in a watch: views and metrics are folds of these. */
export type WatchTold =
  | { readonly type: 'polled'; readonly ok: true; readonly at: number }
  | {
      readonly type: 'polled'
      readonly ok: false
      readonly at: number
      readonly error: unknown
      readonly times: number
    }
  | { readonly type: 'listed'; readonly ok: boolean; readonly at: number; readonly error: unknown }
  | { readonly type: 'ended'; readonly at: number; readonly id: string; readonly end: RunEnd }
  | { readonly type: 'news'; readonly at: number; readonly news: WatchNews }
  /** After each input. */
  | { readonly type: 'state'; readonly at: number; readonly state: WatchState; readonly due: number }

const POLL_PAUSE_AT_MOST_MS = 5 * 60_000

/**
 * Polls, and starts runs of what is due, at most `parallel` at once, until the signal; then waits for the runs under way
 * (the engine gives each 10 s). A run takes a place and nothing else: neither the poll nor another run waits for it.
 */
export async function watchLoop(
  start: WatchState,
  mirrors: readonly WatchedMirror[],
  parallel: number,
  ports: WatchPorts,
): Promise<void> {
  const { clock, random, signal, told } = ports
  const { intervalMs, resyncMs } = start.settings
  const running = new Set<Promise<void>>()
  let state = start
  let due: readonly string[] = []
  let listAt = clock.now()
  let listing: Promise<void> | null = null
  let failures = 0

  const put = (input: WatchInput): void => {
    const at = clock.now()
    const step = ports.advance(state, input, at)
    state = step.state
    due = step.due
    for (const news of step.news) told({ type: 'news', at, news })
    told({ type: 'state', at, state, due: due.length })
  }

  const startDue = (): void => {
    while (!signal.aborted && running.size < parallel) {
      const [id] = due
      if (id === undefined) return
      const changedAt = state.scopes.get(id)?.changedAt ?? null
      put({ type: 'started', id })
      const work: Promise<void> = ports.run(id, changedAt, signal).then((end) => over(work, id, end))
      running.add(work)
    }
  }

  const over = (work: Promise<void>, id: string, end: RunEnd): void => {
    running.delete(work)
    // What the signal cut short is no failure: the next start finds what is left.
    if (signal.aborted) return
    // Somebody took it down, perhaps to make another; or nyah cannot see it any more. The list tells.
    if (end.how === 'unmirrored') listAt = Number.NEGATIVE_INFINITY
    told({ type: 'ended', at: clock.now(), id, end })
    put({ type: 'ended', id, end })
    startDue()
  }

  const list = async (): Promise<void> => {
    try {
      const found = await ports.mirrors(signal)
      listAt = clock.now()
      told({ type: 'listed', ok: true, at: listAt, error: null })
      put({ type: 'mirrors', mirrors: found })
    } catch (error) {
      // What was known is still followed; it is asked again at the next poll.
      if (!signal.aborted) told({ type: 'listed', ok: false, at: clock.now(), error })
    } finally {
      listing = null
    }
  }

  const poll = async (): Promise<void> => {
    try {
      const changes = await ports.poll(signal)
      failures = 0
      told({ type: 'polled', ok: true, at: clock.now() })
      put({ type: 'poll', changes })
      startDue()
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      told({ type: 'polled', ok: false, at: clock.now(), error, times: failures })
    }
  }

  put({ type: 'mirrors', mirrors })
  while (!signal.aborted) {
    const began = clock.now()
    if (state.unlisted || began - listAt >= resyncMs) listing ??= list()
    await poll()
    // A little less than the interval, so that several nyahs do not stay in step with each other.
    const wanted = intervalMs * 2 ** Math.min(Math.max(0, failures - 1), 10) * (0.9 + 0.1 * random())
    const pause = Math.min(wanted, Math.max(intervalMs, POLL_PAUSE_AT_MOST_MS))
    await clock.sleep(Math.max(0, began + pause - clock.now()), signal).catch(() => undefined)
  }
  await Promise.all([...running, listing])
}
