import type { NyahEvent } from '../../src/lib/core/events.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import type { Allowance, Request } from '../../src/lib/core/plan.ts'
import { makeDeadline } from '../../src/lib/engine/deadline.ts'
import { makeEmitter } from '../../src/lib/engine/emitter.ts'
import { makeRetry } from '../../src/lib/engine/retry.ts'
import type { RunOptions, RunResult } from '../../src/lib/engine/terms.ts'
import type { Clock } from '../../src/lib/ports/clock.ts'
import type { Store } from '../../src/lib/ports/store.ts'
import type { Io } from '../../src/lib/runtime/io.ts'
import { openContext } from '../../src/lib/runtime/open.ts'
import { bindOperation } from '../../src/lib/runtime/operations.ts'
import { toyOptions } from './toy-run.ts'

export interface LbRun extends RunResult {
  readonly events: readonly NyahEvent[]
}

export interface LbRunSettings {
  readonly clock: Clock
  readonly store: Store
  /** Where a sandbox's beacon is: the real adapters find it there. */
  readonly stateDir: string
  readonly operation: string
  readonly arguments: JsonObject
  readonly allowances?: readonly Allowance[]
  readonly options?: Partial<RunOptions>
  readonly onEvent?: (event: NyahEvent) => void
  readonly signal?: AbortSignal
  readonly run?: string
  /** A configuration file whose context is the sandbox; absent: `--sandbox`. */
  readonly config?: string
}

/** One run of a bound operation through the real adapters, over HTTP, on the given clock. */
export async function runLb(settings: LbRunSettings): Promise<LbRun> {
  const { clock, store, stateDir, operation, onEvent, run = 'run-1', signal = new AbortController().signal } = settings
  const emitter = makeEmitter({ clock, run, sinks: onEvent === undefined ? [] : [onEvent] })
  const deadline = makeDeadline(clock, settings.options?.timeoutMs ?? toyOptions.timeoutMs)
  const retry = makeRetry({ clock, random: () => 0.5, deadline, emit: emitter.emit, signal })
  const opened = await openContext(
    quietIo(stateDir),
    { context: undefined, config: settings.config, sandbox: settings.config === undefined },
    { clock, retry, callMs: 30_000 },
  )
  const request: Request = {
    operation,
    arguments: settings.arguments,
    allowances: settings.allowances ?? [],
    context: 'sandbox',
  }
  const bound = await bindOperation(request, opened)
  const result = await bound.run(
    request,
    { ...toyOptions, ...settings.options },
    {
      run,
      nyah: '0.0.0-test',
      clock,
      store,
      emit: emitter.emit,
      attach: emitter.attach,
      ask: () => Promise.reject(new Error('nobody is to be asked here')),
      random: () => 0.5,
      signal,
      deadline,
    },
  )
  await opened.close()
  return { ...result, events: emitter.events }
}

const quietIo = (stateDir: string): Io => ({
  env: {},
  cwd: stateDir,
  home: stateDir,
  interactive: false,
  colour: { stdout: false, stderr: false },
  width: 100,
  tableWidth: 100,
  stateDir,
  out: () => {},
  err: () => {},
})
