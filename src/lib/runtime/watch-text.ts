import type { Change } from '../core/change.ts'
import type { ErrorData } from '../core/errors.ts'
import type { NyahEvent } from '../core/events.ts'
import type { WatchNews, WatchState } from '../lb/watch-state.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import type { Paint } from '../render/paint.ts'
import { count, moment, span, timeOfDay, wordsOf } from '../render/words.ts'

/** What a watch says to people: one line each. Pure. */

const LONGEST = 600

const line = (at: number, text: string, paint: Paint): string =>
  `${paint('dim', timeOfDay(new Date(at).toISOString()))}  ${text}`

/** `shop-web`, or the id where nobody knows a name. */
const called = (id: string, names: ReadonlyMap<string, string>): string => escapeLong(names.get(id) ?? id, 80)

/** `since 03:00:00`; with the day, where it was not today. */
function sinceText(since: number, at: number): string {
  const [then, now] = [new Date(since).toISOString(), new Date(at).toISOString()]
  return then.slice(0, 10) === now.slice(0, 10) ? timeOfDay(then) : moment(then)
}

/** One line per change that was applied, or was not: null for all else. */
export function eventText(
  event: NyahEvent,
  changes: ReadonlyMap<string, Change>,
  name: string,
  paint: Paint,
): string | null {
  const at = Date.parse(event.at)
  const who = paint('bold', escapeLong(name, 80))
  if (event.type === 'change.succeeded') {
    const change = changes.get(event.data.id)
    if (change === undefined) return null
    const { done, tone } = wordsOf(change)
    const what = `${escapeText(change.ref.type)} ${escapeLong(change.ref.name, 80)}`
    return line(at, `${who}  ${paint(tone, done)} ${what}: ${escapeLong(change.reason, LONGEST)}`, paint)
  }
  if (event.type === 'run.finished' && event.data.outcome === 'interrupted')
    return line(
      at,
      `${who}  ${paint('warn', 'interrupted')}: the next start does what is left (run ${event.run})`,
      paint,
    )
  return null
}

export function newsText(news: WatchNews, at: number, names: ReadonlyMap<string, string>, paint: Paint): string {
  switch (news.type) {
    case 'held': {
      const since = at - news.since < 1000 ? '' : ` (since ${sinceText(news.since, at)})`
      const what = `${news.codes.map(escapeText).join(', ')}${since}: ${escapeLong(news.message, LONGEST)}`
      return line(at, `${paint('bold', called(news.id, names))}  ${paint('hold', 'held')} ${what}`, paint)
    }
    case 'failing': {
      const what = `${escapeText(news.code)}: ${escapeLong(news.message, LONGEST)}; tried again with growing pauses`
      return line(at, `${paint('bold', called(news.id, names))}  ${paint('error', 'failing')} ${what}`, paint)
    }
    case 'held-no-more':
    case 'failing-no-more': {
      const what = news.type === 'held-no-more' ? 'no longer held' : 'well again'
      return line(
        at,
        `${paint('bold', called(news.id, names))}  ${paint('ok', what)} after ${span(at - news.since)}`,
        paint,
      )
    }
    case 'vanishing':
      return line(at, `${paint('error', 'LB_FLEET_VANISHING')}  ${vanishingText(news)}`, paint)
    case 'vanishing-no-more':
      return line(at, `${paint('ok', 'LB_FLEET_BACK')}  ${BACK}`, paint)
    case 'unlisted':
      return line(at, `${paint('error', 'WATCH_MIRRORS_VANISHING')}  ${unlistedText(news)}`, paint)
    case 'unlisted-no-more':
      return line(at, `${paint('ok', 'WATCH_MIRRORS_BACK')}  ${LISTED}`, paint)
  }
}

export const BACK = 'Octavia shows most of the mirrored load balancers again'

export const vanishingText = ({ missing, of }: { readonly missing: number; readonly of: number }): string =>
  `Octavia no longer shows ${missing} of ${of} mirrored load balancers: that many at once are rather a wrong project or role ` +
  'than gone; their mirrors stay as they are'

export const LISTED = 'AWS lists most of the followed mirrors again'

export const unlistedText = ({ missing, of }: { readonly missing: number; readonly of: number }): string =>
  `AWS no longer lists ${missing} of ${of} followed mirrors: that many at once are rather another account, Region or role ` +
  'than gone; all of them are followed on. If they were taken down, start the watch anew'

export const pollFailedText = (error: ErrorData, times: number): string =>
  `Octavia could not be asked for changes${times > 1 ? ` (${times} times)` : ''}: ${error.code} ${error.message}`

export interface Heartbeat {
  readonly state: WatchState
  /** When something was last changed; null: not yet. */
  readonly changedAt: number | null
  readonly pollsFail: boolean
}

/** `42 mirrors, 0 held, 0 failing, last change 3m 05s ago` */
export function heartbeatText({ state, changedAt, pollsFail }: Heartbeat, at: number): string {
  const scopes = [...state.scopes.values()]
  const those = (how: string): number => scopes.filter(({ trouble }) => trouble?.how === how).length
  const last = changedAt === null ? 'nothing changed yet' : `last change ${span(at - changedAt)} ago`
  const blind = pollsFail ? ', Octavia does not answer' : ''
  return `${count(scopes.length, 'mirror')}, ${those('held')} held, ${those('failed')} failing, ${last}${blind}`
}

export const stamped = line
