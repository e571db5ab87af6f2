import { foldRun, type Progress } from '../../src/lib/core/progress.ts'
import type { NyahEvent } from '../../src/lib/core/events.ts'
import type { Request } from '../../src/lib/core/plan.ts'
import { makeEmitter } from '../../src/lib/engine/emitter.ts'
import type { Operation } from '../../src/lib/engine/operation.ts'
import { run } from '../../src/lib/engine/run.ts'
import type { RunDeps, RunOptions, RunResult } from '../../src/lib/engine/terms.ts'
import type { Clock } from '../../src/lib/ports/clock.ts'
import type { Journal, Store } from '../../src/lib/ports/store.ts'
import { virtualClock } from './clock.ts'

export const toyRequest: Request = { operation: 'toy.set', arguments: { name: 'toy' }, allowances: [], context: 'test' }

export const toyOptions: RunOptions = {
  mode: 'apply',
  detailedExitcode: false,
  consent: 'yes',
  confirmed: null,
  timeoutMs: 600_000,
  parallel: 4,
  actor: 'tester',
  reason: null,
  resumes: null,
  saved: null,
  command: 'nyah toy set',
}

export interface MemoryStore extends Store {
  readonly journals: Map<string, NyahEvent[]>
  readonly locks: Set<string>
}

/** A store without a disk; `hooks` break it. */
export function memoryStore(
  hooks: {
    open?: () => void
    sync?: () => void
    append?: (event: NyahEvent) => void
    lock?: (scopes: readonly string[]) => void
  } = {},
): MemoryStore {
  const journals = new Map<string, NyahEvent[]>()
  const locks = new Set<string>()
  return {
    journals,
    locks,
    openJournal: (id): Journal => {
      hooks.open?.()
      const events: NyahEvent[] = []
      journals.set(id, events)
      return {
        append: (event) => {
          hooks.append?.(event)
          events.push(event)
        },
        sync: () => hooks.sync?.(),
        close: () => undefined,
      }
    },
    listRuns: () => [],
    readRun: (id) => journals.get(id) ?? [],
    lock: (context, scopes) => {
      hooks.lock?.(scopes)
      const taken = scopes.map((scope) => `${context} ${scope}`)
      for (const one of taken) locks.add(one)
      return { release: () => taken.forEach((one) => locks.delete(one)) }
    },
  }
}

export interface ToyRun extends RunResult {
  readonly events: readonly NyahEvent[]
  readonly progress: Progress
}

export interface ToyRunOptions {
  readonly request?: Partial<Request>
  readonly options?: Partial<RunOptions>
  readonly deps?: Partial<RunDeps>
  readonly clock?: Clock
  readonly onEvent?: (event: NyahEvent) => void
}

/** One run of an operation on a virtual clock, with all it emitted. */
export async function runToy<World>(operation: Operation<World>, settings: ToyRunOptions = {}): Promise<ToyRun> {
  const { request, options, deps, clock = virtualClock(), onEvent } = settings
  const id = deps?.run ?? 'run-1'
  const emitter = makeEmitter({ clock, run: id, sinks: onEvent === undefined ? [] : [onEvent] })
  const result = await run(
    operation,
    { ...toyRequest, ...request },
    { ...toyOptions, ...options },
    {
      run: id,
      nyah: '0.0.0-test',
      clock,
      store: memoryStore(),
      emit: emitter.emit,
      attach: emitter.attach,
      ask: () => Promise.reject(new Error('nobody is to be asked here')),
      signal: new AbortController().signal,
      random: () => 0.5,
      ...deps,
    },
  )
  return { ...result, events: emitter.events, progress: foldRun(emitter.events) }
}
