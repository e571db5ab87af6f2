import type { NyahEvent } from '../core/events.ts'
import { foldRun, type Progress } from '../core/progress.ts'
import type { Finding } from '../core/plan.ts'
import { markdownCell, markdownCode, markdownText } from './escape.ts'
import { SKIPPED, statusWord } from './run.ts'
import { allChanges, CONSENT, errorText, reasonText, type Row, rowsOf } from './timeline.ts'
import { count, moment, SEVERITIES, span, timeOfDay } from './words.ts'

/** A run as a page for a post-mortem: who, why, what was decided and done, when, and how it ended. */

/** Rows of a table that a page shows at once. */
const ROWS = 20

/** All events of a run → markdown; ends with a newline. Pure. */
export function renderPostMortem(events: readonly NyahEvent[]): string {
  const progress = foldRun(events)
  return [
    `# ${markdownText(titleOf(progress))}`,
    '',
    ...facts(progress),
    '',
    '## Timeline',
    '',
    ...table(['UTC', 'after', 'what'], rowsOf(events, progress).map(timelineCells(progress))),
    '',
    ...decided(progress),
    ...changed(progress),
    ...failed(progress),
    '## Commands',
    '',
    ...commands(progress).map((command) => `- ${markdownCode(command)}`),
    '',
  ].join('\n')
}

const titleOf = ({ request, reason }: Progress): string =>
  `${request?.operation ?? 'a run'}${reason === null ? '' : `: ${reason}`}`

function facts(progress: Progress): readonly string[] {
  const { run, request, actor, reason, nyah, resumes, startedAt, at, outcome, exitCode, confirmedBy } = progress
  const took = startedAt === null || at === null ? '' : ` (${span(Date.parse(at) - Date.parse(startedAt))})`
  const allowed = (request?.allowances ?? []).map(
    ({ code, reason: why }) => `${markdownCode(code)} ${markdownText(why)}`,
  )
  const pairs: readonly (readonly [string, string | null])[] = [
    ['Run', run === null ? null : markdownCode(run)],
    ['By', actor === null ? null : markdownText(actor)],
    ['Why', markdownText(reason ?? 'nobody said')],
    ['Asked for', request === null ? null : markdownCode(JSON.stringify(request.arguments))],
    ['Overruled', allowed.length === 0 ? null : allowed.join('<br>')],
    ['Agreed to', confirmedBy === null ? null : CONSENT[confirmedBy]],
    ['Context', request === null ? null : markdownText(request.context)],
    ['Takes up', resumes === null ? null : markdownCode(resumes)],
    ['Began', startedAt === null ? null : moment(startedAt)],
    ['Ended', outcome === null || at === null ? 'not yet, or it was killed' : `${moment(at)}${took}`],
    ['Outcome', outcome === null ? null : `**${outcome}**, exit ${exitCode}`],
    ['nyah', nyah === null ? null : markdownText(nyah)],
  ]
  const known = pairs.flatMap(([name, value]) => (value === null ? [] : [[`**${name}**`, value]]))
  return table(['', ''], known)
}

const timelineCells =
  ({ startedAt }: Progress) =>
  ({ at, until, text }: Row): readonly string[] => {
    const time = timeOfDay(at) === timeOfDay(until) ? timeOfDay(at) : `${timeOfDay(at)} to ${timeOfDay(until)}`
    return [time, startedAt === null ? '' : `+ ${span(Date.parse(at) - Date.parse(startedAt))}`, text]
  }

/** What guards said, and what was overruled: each code once, with how often. */
function decided({ plan, earlier }: Progress): readonly string[] {
  const plans = [...earlier.map((step) => step.plan), ...(plan === null ? [] : [plan])]
  const byCode = new Map<string, Finding[]>()
  for (const finding of plans.flatMap(({ findings }) => findings)) {
    const key = `${finding.code} ${finding.severity} ${finding.allowed === undefined}`
    byCode.set(key, [...(byCode.get(key) ?? []), finding])
  }
  if (byCode.size === 0) return []
  const lines = [...byCode.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return []
    const { severity, code, subject, evidence, allowed } = first
    const rest = more.length === 0 ? '' : ` (and ${more.length} more)`
    const overruled = allowed === undefined ? '' : `. **Overruled:** ${markdownText(allowed.reason)}`
    const word = SEVERITIES[severity].word
    return [`- ${word} ${markdownCode(code)} ${markdownText(subject)}${rest}: ${markdownText(evidence)}${overruled}`]
  })
  return ['## What was known and decided', '', ...lines, '']
}

/** Each change: what it made of what, how long it took, how it ended. */
function changed(progress: Progress): readonly string[] {
  const changes = allChanges(progress)
  if (changes.length === 0) return []
  const rows = changes.map((one) => [
    markdownCode(one.change.ref.name),
    reasonText(one.change.reason),
    one.startedAt === null ? '' : timeOfDay(one.startedAt),
    one.ms === null ? '' : `${span(one.ms)}${one.attempt > 1 ? `, ${one.attempt} attempts` : ''}`,
    one.skipped === null ? statusWord(one) : `not started: ${SKIPPED[one.skipped]}`,
  ])
  const lines = table(['name', 'change', 'began', 'took', 'end'], rows)
  const folded =
    rows.length <= ROWS
      ? lines
      : [`<details><summary>${count(rows.length, 'change')}</summary>`, '', ...lines, '', '</details>']
  return ['## What changed', '', ...folded, '']
}

/** Errors with what helps; each once. */
function failed(progress: Progress): readonly string[] {
  const errors = [
    ...allChanges(progress).flatMap(({ status, error }) => (status === 'failed' && error ? [error] : [])),
    ...progress.errors,
  ]
  const byText = new Map(errors.map((error) => [`${error.code} ${error.message}`, error]))
  if (byText.size === 0) return []
  const shown = [...byText.values()].slice(0, ROWS)
  const rest = byText.size - shown.length
  return [
    '## Errors',
    '',
    ...shown.flatMap((error) => [
      `- ${errorText(error)}`,
      ...error.tries.map(
        (hint) =>
          `  - ${hint.startsWith('nyah ') || hint.startsWith('aws ') ? markdownCode(hint) : markdownText(hint)}`,
      ),
    ]),
    ...(rest > 0 ? [`- … and ${rest} more`] : []),
    '',
  ]
}

/** What whoever reads the page goes on with. */
function commands({ run, request, outcome, changes }: Progress): readonly string[] {
  const [first] = changes
  const isNames = request !== null && /^(failover|dns)\./.test(request.operation)
  return [
    ...(outcome === null || outcome === 'partly-applied' || outcome === 'interrupted'
      ? [`nyah run resume ${run ?? ''}`]
      : []),
    ...(isNames && first !== undefined ? [`nyah dns show ${first.change.ref.name}`] : []),
    ...(request?.operation === 'failover.to' ? ['nyah failover end --all --plan'] : []),
    `nyah run show ${run ?? ''} --output ndjson`,
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}
