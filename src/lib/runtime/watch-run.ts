import { AsyncLocalStorage } from 'node:async_hooks'
import { stops } from '../core/allow.ts'
import { EXIT, errorData, type NyahError, nyahError } from '../core/errors.ts'
import type { Emit, NyahEvent } from '../core/events.ts'
import type { Finding, Request } from '../core/plan.ts'
import { makeDeadline } from '../engine/deadline.ts'
import { makeEmitter } from '../engine/emitter.ts'
import { unlessAborted } from '../engine/interrupt.ts'
import { makeRetry } from '../engine/retry.ts'
import { newRunId } from '../engine/run-id.ts'
import type { RunOptions, RunResult } from '../engine/terms.ts'
import type { RunEnd } from '../lb/watch-state.ts'
import type { Clock } from '../ports/clock.ts'
import type { Retry } from '../ports/retry.ts'
import type { Store } from '../ports/store.ts'
import { type Aim, aimEvent } from '../render/aim.ts'
import type { Opened } from './open.ts'
import { bindOperation } from './operations.ts'

/** How the ids of a watch's runs end: their journals are pruned, others are kept. */
export const WATCH_RUN = '-w'

/**
 * The retrier of adapters that many runs share: each call is retried as the work says that it is done for. (Adapters are made
 * once, for their tokens, connections and paces; deadlines and events belong to runs.)
 */
export interface SharedRetry {
  readonly retry: Retry
  /** Work that ends, one way or another, after `ms`. `late`: aborts it then. Its signal is its own, so that nothing piles up on `whole`. */
  within<T>(ms: number, whole: AbortSignal, emit: Emit, work: (signal: AbortSignal) => Promise<T>): Promise<T>
}

const silent: Emit = () => undefined

export function sharedRetry(clock: Clock, random: () => number): SharedRetry {
  const current = new AsyncLocalStorage<Retry>()
  return {
    retry: (what, call, signal) => {
      const own = current.getStore()
      if (own !== undefined) return own(what, call, signal)
      return makeRetry({ clock, random, deadline: { at: () => clock.now() }, emit: silent })(what, call, signal)
    },
    within: async (ms, whole, emit, work) => {
      const own = new AbortController()
      const onAbort = (): void => own.abort(whole.reason)
      if (whole.aborted) onAbort()
      else whole.addEventListener('abort', onAbort, { once: true })
      clock.sleep(ms, own.signal).then(
        () => own.abort(timedOut(ms)),
        () => undefined,
      )
      const deadline = makeDeadline(clock, ms)
      const retry = makeRetry({ clock, random, deadline, emit, signal: own.signal })
      try {
        return await current.run(retry, () => work(own.signal))
      } finally {
        whole.removeEventListener('abort', onAbort)
        own.abort(timedOut(ms))
      }
    },
  }
}

/** A read that no run is for. */
export const readWithin = <T>(
  { within }: SharedRetry,
  ms: number,
  whole: AbortSignal,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> => within(ms, whole, silent, (signal) => unlessAborted(signal, () => read(signal)))

const timedOut = (ms: number): NyahError =>
  nyahError({
    code: 'WATCH_TIMED_OUT',
    message: `no end within ${Math.round(ms / 1000)} s`,
    exit: EXIT.remote,
  })

export interface RunnerOptions {
  readonly opened: Opened
  readonly shared: SharedRetry
  readonly clock: Clock
  readonly random: () => number
  readonly store: Store
  readonly nyah: string
  readonly actor: string
  readonly reason: string | null
  readonly parallel: number
  readonly timeoutMs: number
  readonly membersOnly: boolean
  readonly aim: Aim
  /** Every event of every run, with the load balancer's id and since when its source has been different. */
  readonly sink: (event: NyahEvent, id: string, changedAt: number | null) => void
}

/** What the engine may take to let go of what is under way, besides its time. */
const GRACE_MS = 15_000

/** Runs `lb.sync` of one mirror, without waiting for health: a run of its own, with its own id, events, deadline and journal. */
export function watchRunner(options: RunnerOptions) {
  const { opened, shared, clock, random, store, timeoutMs, membersOnly, aim } = options
  const { nyah, actor, reason, parallel } = options
  const terms: RunOptions = {
    mode: 'apply',
    detailedExitcode: false,
    consent: 'yes',
    confirmed: null,
    timeoutMs,
    parallel,
    actor,
    reason,
    resumes: null,
    saved: null,
  }
  let last = 0
  /** Runs begin together, and chance alone would give two of them the same id one day. */
  const newId = (): string => {
    last = Math.max(clock.now(), last + 1)
    return `${newRunId(last, random)}${WATCH_RUN}`
  }
  return async (id: string, changedAt: number | null, whole: AbortSignal): Promise<RunEnd> => {
    const run = newId()
    const emitter = makeEmitter({ clock, run, sinks: [(event) => options.sink(event, id, changedAt)] })
    const emit: Emit = (type, scope, data) => emitter.emit(type, scope, aimEvent(data, aim))
    const request: Request = {
      operation: 'lb.sync',
      arguments: { ids: [id], wait: false, ...(membersOnly ? { membersOnly } : {}) },
      allowances: [],
      context: opened.name,
    }
    try {
      const result = await shared.within(timeoutMs + GRACE_MS, whole, emit, async (signal) => {
        const bound = await bindOperation(request, opened)
        const deadline = makeDeadline(clock, timeoutMs)
        const ask = () => Promise.resolve(false)
        return bound.run(request, terms, {
          run,
          nyah,
          clock,
          store,
          emit,
          attach: emitter.attach,
          ask,
          random,
          deadline,
          signal,
        })
      })
      return endOf(result)
    } catch (error) {
      const { code, message } = errorData(error)
      return { how: 'failed', code, message }
    }
  }
}

/** What a result means for what comes next. */
export function endOf({ outcome, plan, error }: RunResult): RunEnd {
  if (outcome === 'nothing-to-do') return { how: 'done' }
  if (outcome === 'applied') return { how: 'applied' }
  const { code = 'RUN_FAILED', message = outcome } = error ?? {}
  if (code === 'RUN_LOCKED') return { how: 'locked' }
  if (code === 'LB_NOT_MIRRORED' || code === 'LB_NOT_FOUND') return { how: 'unmirrored' }
  const stopping = (plan?.findings ?? []).filter(stops)
  if ((outcome !== 'held' && outcome !== 'refused') || stopping.length === 0) return { how: 'failed', code, message }
  return {
    how: 'held',
    codes: stopping.map((finding) => finding.code),
    message: stopping.map(({ subject, evidence }) => `${subject}: ${evidence}`).join('; '),
    since: oldest(stopping),
  }
}

function oldest(findings: readonly Finding[]): number | null {
  const times = findings.flatMap(({ since }) => (since === undefined ? [] : [Date.parse(since)]))
  return times.length === 0 ? null : Math.min(...times)
}
