import { realClock } from '../adapters/host/clock.ts'
import { pruneJournals } from '../adapters/host/prune.ts'
import { createStore } from '../adapters/host/store.ts'
import { parseDuration } from '../core/duration.ts'
import { EXIT, type ExitCode, type NyahError, isNyahError, nyahError } from '../core/errors.ts'
import type { NyahEvent } from '../core/events.ts'
import { newRunId } from '../engine/run-id.ts'
import type { Clock } from '../ports/clock.ts'
import type { Selectors } from '../lb/select.ts'
import type { WatchedMirror } from '../lb/watch-state.ts'
import type { Aim } from '../render/aim.ts'
import { escapeText } from '../render/escape.ts'
import type { Selection } from './errand.ts'
import type { MutatingFlags } from './flags.ts'
import type { Io } from './io.ts'
import { openContext, type Opened } from './open.ts'
import { actor, commandLine } from './operate.ts'
import { packageVersion } from './package.ts'
import { interruptible } from './signals.ts'
import { watchLoop, type WatchTold } from './watch-loop.ts'
import { measured } from './watch-metrics.ts'
import { readWithin, sharedRetry, type SharedRetry, WATCH_RUN, watchRunner } from './watch-run.ts'
import { bannerText, ndjsonView, textView } from './watch-view.ts'

/** What `lb sync --watch` was asked for, besides the flags of every command that changes something. */
export interface WatchAsked extends Selection {
  readonly interval: string
  readonly resync: string
  readonly membersOnly: boolean
  readonly metricsListen: string | undefined
}

/** The surroundings that a test replaces. */
export interface WatchWorld {
  readonly clock: Clock
  readonly random: () => number
  /** Ends the watch; absent: SIGTERM and SIGINT do. */
  readonly signal?: AbortSignal
  /** Hears everything. */
  readonly told?: (told: WatchTold) => void
  readonly event?: (event: NyahEvent, id: string, changedAt: number | null) => void
}

const SHORTEST_INTERVAL_MS = 1_000
const LONGEST_CALL_MS = 30_000
const PRUNE_MS = 3_600_000
const PRUNE_AFTER_RUNS = 200
const NO_SELECTORS: Selectors = { tags: [], names: [], all: false }

/**
 * Follows mirrors until SIGTERM or SIGINT: exit 0 or 130; 12 while AWS does not list what is followed. Throws what keeps it from beginning: USAGE, CONFIRMATION_NEEDED,
 * METRICS_UNAVAILABLE, or that a cloud does not answer the first question.
 */
export async function watch(io: Io, flags: MutatingFlags, asked: WatchAsked, world?: WatchWorld): Promise<ExitCode> {
  demand(flags)
  const settings = settingsOf(asked)
  const { clock, random } = world ?? { clock: realClock(), random: Math.random }
  const { signal, release } =
    world?.signal === undefined ? interruptible() : { signal: world.signal, release: () => {} }
  const run = `${newRunId(clock.now(), random)}${WATCH_RUN}`
  const isText = flags.output !== 'ndjson'
  const view = isText ? textView(io, flags.quiet, clock.now()) : ndjsonView(io, run, clock.now())
  const metrics = await measured(asked.metricsListen, settings.intervalMs, clock, ({ code, message }) =>
    io.err(`${code}  ${escapeText(message)}\n`),
  )
  let opened: Opened | null = null
  let unlisted = false
  try {
    const timeoutMs = Math.max(60_000, 2 * settings.intervalMs)
    const shared = sharedRetry(clock, random)
    opened = await openContext(io, flags, { clock, retry: shared.retry, callMs: Math.min(LONGEST_CALL_MS, timeoutMs) })
    const aim: Aim = { config: flags.config, context: flags.context, sandbox: flags.sandbox }
    const { name } = opened
    const list = lister(opened, asked, shared, Math.max(LONGEST_CALL_MS, settings.intervalMs))
    const mirrors = await list(signal)
    const by = actor(io)
    const reason = flags.reason ?? null
    const args = { names: [...asked.names], ...(asked.selectors && { selectors: { ...asked.selectors } }), watch: true }
    view.start(
      {
        request: { operation: 'lb.sync', arguments: args, allowances: [], context: name },
        actor: by,
        reason,
        nyah: packageVersion(),
        resumes: null,
      },
      bannerText({
        name,
        mirrors: mirrors.length,
        interval: asked.interval,
        resync: asked.resync,
        what: whatText(asked),
      }),
    )
    const prune = pruner(io.stateDir, clock)
    const source = await opened.source()
    const { advance, watchNothing } = await import('../lb/watch.ts')
    await watchLoop(watchNothing(settings), mirrors, flags.parallel, {
      clock,
      random,
      signal,
      advance,
      poll: (whole) => readWithin(shared, pollMs(settings.intervalMs), whole, (own) => source.changes(own)),
      mirrors: list,
      run: watchRunner({
        opened,
        shared,
        clock,
        random,
        store: createStore({ stateDir: io.stateDir }),
        nyah: packageVersion(),
        actor: by,
        reason,
        parallel: flags.parallel,
        timeoutMs,
        membersOnly: asked.membersOnly,
        aim,
        sink: (event, id, changedAt) => {
          view.event(event, id)
          metrics.event(event, changedAt)
          world?.event?.(event, id, changedAt)
        },
      }),
      told: (told) => {
        if (told.type === 'state') unlisted = told.state.unlisted
        view.told(told)
        metrics.told(told)
        prune(told)
        world?.told?.(told)
      },
    })
    const exitCode =
      isNyahError(signal.reason) && signal.reason.exit === EXIT.interrupted
        ? EXIT.interrupted
        : unlisted
          ? EXIT.partialAnswer
          : EXIT.ok
    view.stop(clock.now(), exitCode)
    return exitCode
  } finally {
    await metrics.close()
    await opened?.close()
    release()
  }
}

/** A poll that hangs must be over before the next one. */
const pollMs = (intervalMs: number): number => Math.max(10_000, intervalMs)

function settingsOf({ interval, resync }: WatchAsked) {
  const intervalMs = parseDuration(interval, '--interval')
  const resyncMs = parseDuration(resync, '--resync')
  if (intervalMs < SHORTEST_INTERVAL_MS)
    throw usage(`--interval ${interval} is shorter than 1s, and Octavia counts changes in whole seconds`)
  if (resyncMs < intervalMs) throw usage(`--resync ${resync} is shorter than --interval ${interval}`)
  return { intervalMs, resyncMs }
}

/** What makes no sense for something that runs for a year. */
function demand(flags: MutatingFlags): void {
  const odd = [
    ...(flags.json ? ['--json'] : []),
    ...(flags.output === 'markdown' ? ['--output markdown'] : []),
    ...(flags.plan ? ['--plan'] : []),
    ...(flags['plan-out'] === undefined ? [] : ['--plan-out']),
    ...(flags['detailed-exitcode'] ? ['--detailed-exitcode'] : []),
    // A guard that is overruled for good is no guard.
    ...((flags.allow ?? []).length > 0 ? ['--allow'] : []),
  ]
  if (odd.length > 0) throw usage(`--watch does not go with ${odd.join(', ')}: it runs on, and applies what it finds`)
  if (flags.yes) return
  throw nyahError({
    code: 'CONFIRMATION_NEEDED',
    message: '--watch changes mirrors without asking, for as long as it runs: it needs --yes',
    exit: EXIT.confirmationNeeded,
    tries: [`${commandLine()} --yes`],
  })
}

const usage = (message: string): NyahError =>
  nyahError({ code: 'USAGE', message, exit: EXIT.usage, tries: ['nyah lb sync --help'] })

/** The mirrors that are followed: AWS's list; Octavia's only where names or tags choose. */
function lister(opened: Opened, { names, selectors = NO_SELECTORS }: Selection, shared: SharedRetry, ms: number) {
  return (whole: AbortSignal): Promise<readonly WatchedMirror[]> =>
    readWithin(shared, ms, whole, async (signal) => {
      const { needsSources, watchedMirrors } = await import('../lb/watch-fleet.ts')
      const [sources, mirrors] = await Promise.all([
        needsSources(names, selectors) ? opened.source().then((source) => source.list(signal)) : [],
        opened.mirrors().then((port) => port.list(signal)),
      ])
      return watchedMirrors(sources, mirrors, names, selectors)
    })
}

function whatText({ names, selectors }: Selection): string {
  if (selectors === undefined) return `the mirrors of ${names.length} load balancers`
  return selectors.all && selectors.tags.length + selectors.names.length === 0 ? 'all mirrors' : 'the selected mirrors'
}

/** Removes old journals of watches: at the start, each hour, and after many runs that wrote one. */
function pruner(stateDir: string, clock: Clock): (told: WatchTold) => void {
  let prunedAt = Number.NEGATIVE_INFINITY
  let applied = 0
  return (told) => {
    if (told.type === 'ended' && told.end.how !== 'done') applied += 1
    if (told.at - prunedAt < PRUNE_MS && applied < PRUNE_AFTER_RUNS) return
    prunedAt = told.at
    applied = 0
    pruneJournals({ stateDir, now: clock.now() })
  }
}
