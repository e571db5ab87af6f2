import type { Emit, EventData, EventType, NyahEvent } from '../core/events.ts'
import type { Clock } from '../ports/clock.ts'

export type Sink = (event: NyahEvent) => void

export interface Emitter {
  readonly emit: Emit
  /** A later listener: gets every earlier event first, in order. */
  readonly attach: (sink: Sink) => void
  /** All events so far. */
  readonly events: readonly NyahEvent[]
  /** What sinks threw: such a sink gets nothing more, the others go on (a broken terminal must not stop a run halfway). */
  readonly failures: readonly unknown[]
}

interface Listener {
  readonly sink: Sink
  /** Index of the event it gets next. */
  next: number
}

/**
 * The one event stream of a run. `seq` starts at 1 and has no gaps; what is emitted after `run.finished` (an answer
 * that came late) is dropped. A sink may emit: everybody still gets the events in their order.
 */
export function makeEmitter(options: { clock: Clock; run: string; sinks?: readonly Sink[] }): Emitter {
  const { clock, run, sinks = [] } = options
  const events: NyahEvent[] = []
  const failures: unknown[] = []
  const listeners = new Set<Listener>(sinks.map((sink) => ({ sink, next: 0 })))
  let finished = false

  const deliver = (listener: Listener) => {
    for (let event = events[listener.next]; event !== undefined; event = events[listener.next]) {
      listener.next += 1
      try {
        listener.sink(event)
      } catch (error) {
        failures.push(error)
        listeners.delete(listener)
        return
      }
    }
  }

  const emit = <T extends EventType>(type: T, scope: string | null, data: EventData[T]) => {
    if (finished) return
    finished = type === 'run.finished'
    const event = { v: 1, seq: events.length + 1, at: new Date(clock.now()).toISOString(), run, type, scope, data }
    events.push(event as NyahEvent)
    for (const listener of listeners) deliver(listener)
  }

  const attach = (sink: Sink) => {
    const listener = { sink, next: 0 }
    listeners.add(listener)
    deliver(listener)
  }

  return { emit, attach, events, failures }
}
