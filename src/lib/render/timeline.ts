import { dueChanges } from '../core/allow.ts'
import type { ErrorData } from '../core/errors.ts'
import type { NyahEvent } from '../core/events.ts'
import type { ChangeProgress, Progress } from '../core/progress.ts'
import { markdownCode, markdownText } from './escape.ts'
import { SKIPPED } from './run.ts'
import { count, span, timeOfDay, wordsOf } from './words.ts'

/** What happened in a run, when: events in a row that say the same of several changes are one row. */

/** So many changes are named in a row. */
const NAMED = 3

export interface Row {
  /** ISO 8601, UTC; of the first event in it. */
  readonly at: string
  /** Of the last one; events of one kind in a row are told together. */
  readonly until: string
  readonly text: string
}

/** What an event is told as; the ids of those in a row with the same key are told together. Null: it is not told. */
interface Told {
  readonly key: string
  readonly id: string | null
  readonly text: (ids: readonly string[], times: number) => string
}

/** How somebody agreed to a plan. */
export const CONSENT: Readonly<Record<NonNullable<Progress['confirmedBy']>, string>> = {
  'yes-flag': 'on the command line',
  terminal: 'at the terminal',
  'confirm-flag': 'on the command line, by its id',
  'saved-plan': 'with a saved plan',
}

/** Markdown. Pure. */
export function rowsOf(events: readonly NyahEvent[], progress: Progress): readonly Row[] {
  const groups: { told: Told; at: string; until: string; ids: string[]; times: number }[] = []
  for (const event of events) {
    const told = tellOf(event, progress)
    if (told === null) continue
    const last = groups.at(-1)
    if (last !== undefined && told.key !== '' && last.told.key === told.key) {
      last.until = event.at
      last.times += 1
      if (told.id !== null && !last.ids.includes(told.id)) last.ids.push(told.id)
    } else groups.push({ told, at: event.at, until: event.at, ids: told.id === null ? [] : [told.id], times: 1 })
  }
  return groups.map(({ told, at, until, ids, times }) => ({ at, until, text: told.text(ids, times) }))
}

const alone = (text: string): Told => ({ key: '', id: null, text: () => text })

function tellOf(event: NyahEvent, progress: Progress): Told | null {
  const names = (ids: readonly string[]): string => namesText(ids, progress)
  switch (event.type) {
    case 'run.started':
      return alone(`${markdownText(event.data.actor)} asks for ${markdownCode(event.data.request.operation)}`)
    case 'observe.finished':
      return alone(`read in ${span(event.data.ms)}`)
    case 'read.retrying': {
      const { what, error } = event.data
      return {
        key: `read ${what} ${error.code}`,
        id: null,
        text: (_, times) => `${markdownCode(what)} failed ${timesText(times)}: ${errorText(error)}`,
      }
    }
    case 'plan.made': {
      const { plan } = event.data
      const [first] = plan.changes
      const stops = plan.findings.filter(
        ({ severity, allowed }) => allowed === undefined && severity === 'refuse',
      ).length
      const parts = [
        first === undefined ? 'nothing to do' : count(dueChanges(plan).length, 'change'),
        ...(stops > 0 ? [count(stops, 'refusal')] : []),
        ...(first === undefined ? [] : [reasonText(first.reason)]),
      ]
      return alone(`planned: ${parts.join('; ')}`)
    }
    case 'plan.confirmed':
      return alone(`agreed to ${CONSENT[event.data.by]}`)
    case 'plan.declined':
      return alone(event.data.by === 'terminal' ? 'declined at the terminal' : 'not agreed to: there was no terminal')
    case 'reading.compared':
      return alone(event.data.agree ? 'a second reading agrees' : '**a second reading does not agree**')
    case 'change.started':
      return event.data.attempt > 1
        ? null
        : { key: 'started', id: event.data.id, text: (ids) => `${doing(ids, progress)} ${names(ids)}` }
    case 'change.retrying': {
      const { id, error } = event.data
      return {
        key: `retrying ${error.code} ${error.message}`,
        id,
        text: (ids, times) =>
          `failed, to be tried again (${timesText(Math.ceil(times / Math.max(1, ids.length)))}) ${names(ids)}: ${errorText(error)}`,
      }
    }
    case 'change.succeeded':
      return { key: 'succeeded', id: event.data.id, text: (ids) => `**${done(ids, progress)}** ${names(ids)}` }
    case 'change.failed': {
      const { id, error } = event.data
      return {
        key: `failed ${error.code} ${error.message.replaceAll(nameOf(id, progress), '')}`,
        id,
        text: (ids) => `**failed** ${names(ids)}: ${errorText(error)}`,
      }
    }
    case 'change.skipped': {
      const { id, why } = event.data
      return { key: `skipped ${why}`, id, text: (ids) => `not started ${names(ids)}: ${SKIPPED[why]}` }
    }
    case 'verify.waiting': {
      const { waiting } = event.data
      const [first] = waiting
      const more = waiting.length > 1 ? ` and ${waiting.length - 1} more` : ''
      const what =
        first === undefined ? 'nothing' : `${markdownText(first.subject)}${more}: ${markdownText(first.detail)}`
      return {
        key: `waiting ${waiting.length} ${first?.subject ?? ''}`,
        id: null,
        text: () => `waiting for ${what}`,
      }
    }
    case 'verify.finished':
      return alone(
        event.data.healthy ? 'all that was waited for is there' : '**what was waited for did not come in time**',
      )
    case 'step.waiting':
      return {
        key: `step ${event.data.next}`,
        id: null,
        text: () => `step ${event.data.next} is due at ${timeOfDay(event.data.untilAt)}`,
      }
    case 'note':
      return {
        key: `note ${event.data.code} ${event.data.message}`,
        id: null,
        text: () => `${markdownCode(event.data.code)} ${markdownText(event.data.message)}`,
      }
    case 'run.error':
      return isSaid(event.data.error, progress) ? null : alone(errorText(event.data.error))
    case 'run.finished':
      return alone(`**${event.data.outcome}**, exit ${event.data.exitCode}`)
    default:
      return null
  }
}

/** `octavia 90 %, aws 10 % → octavia 0 %, aws 100 %: failover to aws` */
export const reasonText = (reason: string): string => reason.split(' → ').map(markdownText).join(' → ')

const timesText = (times: number): string => (times === 1 ? 'once' : `${times} times`)

export const errorText = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  `${markdownCode(code)} ${markdownText(message)}`

/** Changes of all plans: a walk has one per step. */
export const allChanges = ({ earlier, changes }: Progress): readonly ChangeProgress[] => [
  ...earlier.flatMap((step) => step.changes),
  ...changes,
]

/** What made a change fail is often also what ends the run. */
const isSaid = (error: ErrorData, progress: Progress): boolean =>
  allChanges(progress).some(
    ({ status, error: its }) => status === 'failed' && its?.code === error.code && its.message === error.message,
  )

const changeOf = (id: string, progress: Progress): ChangeProgress | undefined =>
  allChanges(progress).find(({ change }) => change.id === id)

const nameOf = (id: string, progress: Progress): string => changeOf(id, progress)?.change.ref.name ?? id

function namesText(ids: readonly string[], progress: Progress): string {
  const shown = ids.slice(0, NAMED).map((id) => markdownCode(nameOf(id, progress)))
  return `${shown.join(', ')}${ids.length > NAMED ? ` and ${ids.length - NAMED} more` : ''}`
}

const doing = ([id = '']: readonly string[], progress: Progress): string => {
  const found = changeOf(id, progress)
  return found === undefined ? 'doing' : wordsOf(found.change).doing
}

const done = ([id = '']: readonly string[], progress: Progress): string => {
  const found = changeOf(id, progress)
  return found === undefined ? 'done' : wordsOf(found.change).done
}
