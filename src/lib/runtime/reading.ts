import { realClock } from '../adapters/host/clock.ts'
import { parseDuration } from '../core/duration.ts'
import type { Emit } from '../core/events.ts'
import { makeDeadline } from '../engine/deadline.ts'
import { makeRetry } from '../engine/retry.ts'
import { escapeText } from '../render/escape.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import type { Tools } from './open.ts'

/** Clock and retrier of a command that only reads: there is no run, so retries are told on stderr. */
export function readingTools(io: Io, flags: SharedFlags, signal: AbortSignal, atMostMs = Infinity): Tools {
  const clock = realClock()
  const callMs = Math.min(parseDuration(flags.timeout, '--timeout'), atMostMs)
  const deadline = makeDeadline(clock, callMs)
  const said = new Set<string>()
  const emit: Emit = (type, _scope, data) => {
    if (flags.quiet || type !== 'read.retrying' || !('what' in data)) return
    const { what, attempt, delayMs, error } = data
    // Once for each failure: a remote that is down would fill the screen.
    if (!flags.debug && said.has(`${what} ${error.code}`)) return
    said.add(`${what} ${error.code}`)
    io.err(`${escapeText(what)}: ${error.code} (attempt ${attempt}), again in ${(delayMs / 1000).toFixed(1)} s\n`)
  }
  return { clock, callMs, retry: makeRetry({ clock, random: Math.random, deadline, emit, signal }) }
}
