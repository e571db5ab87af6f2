import type { ErrorData } from '../core/errors.ts'
import type { Outcome } from '../core/events.ts'
import { allChanges, countChanges } from '../core/progress.ts'
import type { Progress } from '../core/progress.ts'
import { errorLines } from './errors.ts'
import { escapeLong, escapeText } from './escape.ts'
import { hanging, tryLines } from './findings.ts'
import { outlinePlan } from './outline.ts'
import type { Paint, Tone } from './paint.ts'
import { count, idleWord, span } from './words.ts'

/** How a run ended, in a word. */
const OUTCOMES: Readonly<Record<Outcome, { readonly word: string; readonly tone: Tone }>> = {
  'nothing-to-do': { word: 'Nothing to do', tone: 'ok' },
  planned: { word: 'Planned only', tone: 'bold' },
  applied: { word: 'Applied', tone: 'ok' },
  'partly-applied': { word: 'Applied in part', tone: 'error' },
  'not-healthy': { word: 'Applied, but not healthy in time', tone: 'error' },
  held: { word: 'Held', tone: 'hold' },
  refused: { word: 'Refused', tone: 'refuse' },
  declined: { word: 'Declined', tone: 'warn' },
  stale: { word: 'Stale', tone: 'error' },
  failed: { word: 'Failed', tone: 'error' },
  interrupted: { word: 'Interrupted', tone: 'warn' },
}

/** Was a call made that changes something? */
const hasBegun = (progress: Progress): boolean => allChanges(progress).some(({ attempt }) => attempt > 0)

/** `3 changes made, 1 failed, 2 not started` */
function talliesText(progress: Progress): string {
  const counts = countChanges(allChanges(progress))
  if (!hasBegun(progress)) return 'nothing was changed'
  const open = counts.pending + counts.running + counts.retrying
  const parts = [
    counts.succeeded > 0 ? `${count(counts.succeeded, 'change')} made` : '',
    counts.failed > 0 ? `${counts.failed} failed` : '',
    counts.skipped > 0 ? `${counts.skipped} not started` : '',
    open > 0 ? `${open} left` : '',
  ].filter((part) => part !== '')
  return parts.join(', ')
}

const elapsed = (progress: Progress): string =>
  !hasBegun(progress) || progress.startedAt === null || progress.at === null
    ? ''
    : ` in ${span(Date.parse(progress.at) - Date.parse(progress.startedAt))}`

/** What finishes a run that did not end well; the errors' own remedies are shown with the errors. */
function nextSteps(progress: Progress): readonly string[] {
  const { run, outcome } = progress
  if (run === null || !hasBegun(progress)) return []
  if (outcome === 'partly-applied' || outcome === 'interrupted') {
    const isSaid = progress.errors.some(({ tries }) => tries.some((each) => each.startsWith(`nyah run resume ${run}`)))
    return isSaid ? [] : [`nyah run resume ${escapeText(run)}`]
  }
  return outcome === 'not-healthy' ? [`nyah run show ${escapeText(run)}`] : []
}

/** An error as it is said below a plan: what a refusal repeats of the plan's findings is left out. */
export function saidBriefly(error: ErrorData, { plan }: Progress): ErrorData {
  if (error.code !== 'PLAN_REFUSED' || plan === null) return error
  const remedies = new Set(plan.findings.map(({ remedy }) => remedy))
  const refused = plan.findings.filter(({ severity, allowed }) => severity === 'refuse' && allowed === undefined)
  return {
    ...error,
    message: [...new Set(refused.map(({ code, subject }) => `${code} (${subject})`))].join(', '),
    tries: error.tries.filter((each) => !remedies.has(each)),
  }
}

/** A reading operation changes nothing, so its endings are said of what was read. */
const READ: Readonly<Partial<Record<Outcome, string>>> = { 'nothing-to-do': 'In step', planned: 'Not in step' }

/** Scopes of which nothing was done, beside others: whose, and by what. */
function leftOutLines({ plan }: Progress, width: number): readonly string[] {
  if (plan === null) return []
  const { leftOut } = outlinePlan(plan)
  const shown = leftOut.slice(0, MOST_LEFT_OUT)
  const rest = leftOut.length - shown.length
  return [
    ...shown.flatMap(({ id, name, refusedBy }) =>
      hanging('  left out: ', `${escapeLong(name ?? id, 80)} (${refusedBy.map(escapeText).join(', ')})`, width),
    ),
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
  ]
}

const MOST_LEFT_OUT = 10

/** `2 of 3 targets healthy (10.20.0.13:8080: ERROR in Octavia, not waited for)`; null: all that is there is healthy. */
function healthText({ result }: Progress): string | null {
  const { health } = (result ?? {}) as { readonly health?: Partial<HealthResult> }
  const { targets = 0, healthy = 0, notWaitedFor = [] } = health ?? {}
  if (notWaitedFor.length === 0) return null
  const shown = notWaitedFor.slice(0, 3).map((one) => escapeLong(one, 120))
  const rest = notWaitedFor.length - shown.length
  return `${healthy} of ${count(targets, 'target')} healthy (${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}, not waited for)`
}

/** What a result may say of health. */
interface HealthResult {
  readonly targets: number
  readonly healthy: number
  readonly notWaitedFor: readonly string[]
}

/** The last words on a run: outcome, tallies, time; the rest of what is waited for; what to do next. */
export function outcomeLines(progress: Progress, width: number, paint: Paint): readonly string[] {
  const { outcome, exitCode } = progress
  if (outcome === null) return []
  const { tone } = OUTCOMES[outcome]
  const part = outcome === 'refused' && hasBegun(progress) ? ' in part' : ''
  const { operation = '' } = progress.request ?? {}
  const read = operation.endsWith('.diff') ? READ[outcome] : undefined
  const word = (outcome === 'nothing-to-do' ? idleWord(operation) : null) ?? read ?? OUTCOMES[outcome].word
  const code = exitCode === 0 || exitCode === null ? '' : paint('dim', ` (exit ${exitCode})`)
  const tallies =
    outcome === 'nothing-to-do' || outcome === 'planned' ? '' : `: ${talliesText(progress)}${elapsed(progress)}`
  const health = progress.healthy === true ? healthText(progress) : null
  const healthy = outcome === 'applied' && progress.healthy === true && health === null
  return [
    `${paint(tone, healthy ? `${word}, and healthy` : `${word}${part}`)}${tallies}${health === null ? '' : `; ${health}`}.${code}`,
    ...(part === '' ? [] : leftOutLines(progress, width)),
    ...(outcome === 'not-healthy' ? progress.waiting : []).flatMap(({ subject, detail }) =>
      hanging('  ', `${escapeLong(subject, 120)}: ${escapeLong(detail, 400)}`, width),
    ),
    ...tryLines('', nextSteps(progress), width, paint),
  ]
}

/** All that is said when a run is over, where no log stood before it: notes, errors in full, how it ended. */
export function endingLines(progress: Progress, width: number, paint: Paint): readonly string[] {
  const failed = progress.changes.flatMap(({ change, status, error }) =>
    status === 'failed' && error !== null ? [{ change, error }] : [],
  )
  return [
    ...progress.notes.flatMap(({ code, message }) =>
      hanging(`${escapeText(code)}  `, escapeLong(message, 1200), width),
    ),
    ...failed.flatMap(({ change, error }) => [
      `${paint('error', 'failed')} ${escapeText(change.ref.type)} ${escapeLong(change.ref.name, 120)}`,
      ...errorLines(error, width, paint),
    ]),
    // What made a change fail is often also what ends the run: said once.
    ...progress.errors
      .filter(({ code, message }) => !failed.some(({ error }) => error.code === code && error.message === message))
      .flatMap((error) => errorLines(saidBriefly(error, progress), width, paint)),
    ...outcomeLines(progress, width, paint),
  ]
}
