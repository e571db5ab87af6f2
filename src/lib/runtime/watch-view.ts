import type { Change } from '../core/change.ts'
import { errorData, type ErrorData, type ExitCode } from '../core/errors.ts'
import type { EventData, EventType, NyahEvent } from '../core/events.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { renderEventLine } from '../render/json.ts'
import { choosePaint } from '../render/paint.ts'
import type { WatchNews } from '../lb/watch-state.ts'
import type { Io } from './io.ts'
import type { WatchTold } from './watch-loop.ts'
import {
  BACK,
  eventText,
  heartbeatText,
  LISTED,
  newsText,
  pollFailedText,
  stamped,
  unlistedText,
  vanishingText,
} from './watch-text.ts'

/** What a watch prints. Results on stdout; the banner, the heartbeat and what is wrong with the clouds on stderr. */
export interface WatchView {
  start(started: EventData['run.started'], banner: string): void
  told(told: WatchTold): void
  event(event: NyahEvent, id: string): void
  stop(at: number, exitCode: ExitCode): void
}

const HEARTBEAT_MS = 10 * 60_000

/** One line per change, per hold or failure that begins or ends, and a heartbeat. */
export function textView(io: Io, quiet: boolean, startedAt: number): WatchView {
  const paint = choosePaint(io.colour.stdout)
  const paintErr = choosePaint(io.colour.stderr)
  const names = new Map<string, string>()
  /** By run, while it is under way. */
  const plans = new Map<string, ReadonlyMap<string, Change>>()
  let changedAt: number | null = null
  let spokeAt = startedAt
  let pollError: ErrorData | null = null
  const say = (at: number, text: string): void => io.err(`${stamped(at, text, paintErr)}\n`)

  return {
    start: (_started, banner) => {
      if (!quiet) io.err(`${banner}\n`)
    },
    event: (event, id) => {
      if (event.type === 'plan.made') {
        const { changes, names: called } = event.data.plan
        plans.set(event.run, new Map(changes.map((change) => [change.id, change])))
        const name = called[id]
        if (name !== undefined) names.set(id, name)
      }
      if (event.type === 'change.succeeded') changedAt = Date.parse(event.at)
      const text = eventText(event, plans.get(event.run) ?? new Map(), names.get(id) ?? id, paint)
      if (text !== null) io.out(`${text}\n`)
      if (event.type === 'run.finished') plans.delete(event.run)
    },
    told: (told) => {
      const { at } = told
      if (told.type === 'news') io.out(`${newsText(told.news, at, names, paint)}\n`)
      if (told.type === 'polled' && !told.ok) {
        const error = errorData(told.error)
        if (pollError?.code !== error.code)
          say(at, `${paintErr('error', 'WATCH_POLL_FAILED')}  ${escapeLong(pollFailedText(error, told.times), 1200)}`)
        pollError = error
      }
      if (told.type === 'polled' && told.ok) {
        if (pollError !== null) say(at, `${paintErr('ok', 'WATCH_POLL_BACK')}  Octavia answers again`)
        pollError = null
      }
      if (told.type === 'listed' && !told.ok)
        say(at, `${paintErr('warn', 'WATCH_MIRRORS_UNREAD')}  ${escapeLong(unreadListText(told.error), 1200)}`)
      if (told.type !== 'state') return
      if (names.size > told.state.scopes.size)
        for (const id of names.keys()) if (!told.state.scopes.has(id)) names.delete(id)
      if (quiet || at - spokeAt < HEARTBEAT_MS) return
      spokeAt = at
      say(at, heartbeatText({ state: told.state, changedAt, pollsFail: pollError !== null }, at))
    },
    stop: (at) => {
      if (!quiet) say(at, 'stopped')
    },
  }
}

const unreadListText = (error: unknown): string => {
  const { code, message } = errorData(error)
  return `the list of mirrors could not be read again, so the known ones are followed: ${code} ${message}`
}

/** Runs that carry nothing are not printed: their events wait here until one shows that they do. */
interface Waiting {
  readonly id: string
  readonly events: NyahEvent[]
  over: boolean
}

/** The event streams of the runs that carry something, each with its own run id, and one of the watch itself for notes. */
export function ndjsonView(io: Io, run: string, startedAt: number): WatchView {
  const waiting = new Map<string, Waiting>()
  let seq = 0
  let pollError: ErrorData | null = null
  let changed = false
  const put = <T extends EventType>(at: number, type: T, data: EventData[T]): void => {
    seq += 1
    const event = { v: 1, seq, at: new Date(at).toISOString(), run, type, scope: null, data }
    io.out(renderEventLine(event as unknown as NyahEvent))
  }
  const note = (at: number, data: EventData['note']): void => put(at, 'note', data)
  const flush = (one: Waiting): void => {
    for (const event of one.events) io.out(renderEventLine(event))
    one.events.length = 0
  }
  /** Of the run that brought the news. */
  const flushOf = (id: string): void => {
    for (const one of waiting.values()) if (one.id === id && one.over) flush(one)
  }

  return {
    start: (started) => put(startedAt, 'run.started', started),
    event: (event, id) => {
      const known = waiting.get(event.run)
      if (event.type === 'run.started') return void waiting.set(event.run, { id, events: [event], over: false })
      // Printed up to here already.
      if (known === undefined) return io.out(renderEventLine(event))
      known.events.push(event)
      known.over = event.type === 'run.finished'
      if (event.type !== 'plan.confirmed') return
      changed = true
      flush(known)
      waiting.delete(event.run)
    },
    told: (told) => {
      const { at } = told
      if (told.type === 'news') newsEvents(told.news, at, { note, flushOf })
      if (told.type === 'polled') {
        const error = told.ok ? null : errorData(told.error)
        if (error !== null && error.code !== pollError?.code)
          note(at, { code: 'WATCH_POLL_FAILED', message: pollFailedText(error, 1) })
        if (error === null && pollError !== null)
          note(at, { code: 'WATCH_POLL_BACK', message: 'Octavia answers again' })
        pollError = error
      }
      if (told.type === 'listed' && !told.ok)
        note(at, { code: 'WATCH_MIRRORS_UNREAD', message: unreadListText(told.error) })
      if (told.type === 'state') for (const [key, { over }] of waiting) if (over) waiting.delete(key)
    },
    stop: (at, exitCode) =>
      put(at, 'run.finished', { outcome: changed ? 'applied' : 'nothing-to-do', exitCode, result: null }),
  }
}

function newsEvents(
  news: WatchNews,
  at: number,
  to: { note: (at: number, data: EventData['note']) => void; flushOf: (id: string) => void },
): void {
  if (news.type === 'vanishing') return to.note(at, { code: 'LB_FLEET_VANISHING', message: vanishingText(news) })
  if (news.type === 'vanishing-no-more') return to.note(at, { code: 'LB_FLEET_BACK', message: BACK })
  if (news.type === 'unlisted') return to.note(at, { code: 'WATCH_MIRRORS_VANISHING', message: unlistedText(news) })
  if (news.type === 'unlisted-no-more') return to.note(at, { code: 'WATCH_MIRRORS_BACK', message: LISTED })
  to.flushOf(news.id)
}

/** The first lines: what is going to happen. */
export const bannerText = (told: {
  readonly name: string
  readonly mirrors: number
  readonly interval: string
  readonly resync: string
  readonly what: string
}): string =>
  `Following ${told.what} in ${escapeText(told.name)}: ${told.mirrors} now.\nOctavia is asked for changes every ${told.interval}, ` +
  `and each mirror is read whole every ${told.resync}.\nWhat differs is changed without asking. Ctrl-C or SIGTERM ends it.`
