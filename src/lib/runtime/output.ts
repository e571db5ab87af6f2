import type { EventData, NyahEvent, Outcome } from '../core/events.ts'
import type { ExitCode } from '../core/errors.ts'
import type { Plan } from '../core/plan.ts'
import type { RunResult } from '../engine/terms.ts'
import type { Clock } from '../ports/clock.ts'
import { renderEventLine, renderJson, resultDocument, withNames } from '../render/json.ts'
import { HEARTBEAT_MS, logEvent, logHeartbeat, noLog } from '../render/log.ts'
import { choosePaint } from '../render/paint.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'

/** Where the events of a run go: results to stdout, progress to stderr. */
export interface Output {
  readonly sink: (event: NyahEvent) => void
  /** A line that is no result: stderr. */
  say(text: string): void
  /** This run has ended, and another follows, which finishes for both. */
  pause(ended: Ended): Ended
  /** `names`: the run that followed, whose exit code counts. */
  finish(ended: Ended, names?: Ended): ExitCode
  stop(): void
}

/** A run that has ended. */
export interface Ended {
  readonly run: string
  readonly result: RunResult
  /** What people want to know of the result, for text only. */
  readonly told: string
  /** Of a run that another one followed. */
  readonly notes?: readonly EventData['note'][]
}

/** Something that shows progress as it happens. */
interface ProgressView {
  readonly sink: (event: NyahEvent) => void
  stop(): void
}

/** Chooses the form: `--json` one document, `ndjson` the stream, `markdown` and `text` the plan and what came of it. */
export async function chooseOutput(io: Io, flags: SharedFlags, clock: Clock): Promise<Output> {
  const form = flags.json ? 'json' : flags.output
  const live = io.colour.stderr && io.interactive && !flags.quiet && !flags.debug && form !== 'ndjson'
  const logView = {
    paint: choosePaint(io.colour.stderr),
    width: io.width,
    quiet: flags.quiet || form === 'ndjson',
    debug: flags.debug,
  }
  const progress = live ? await liveProgress(clock) : logProgress(io, clock, logView)
  const results = await resultSink(io, form, flags.quiet)
  const notes: EventData['note'][] = []
  const tell = ({ result, told }: Ended): void => {
    progress.stop()
    if (form === 'text' && TOLD.has(result.outcome)) io.out(told)
  }
  return {
    // Progress first: it takes its picture off the screen before a result is printed there.
    sink: (event) => {
      if (event.type === 'note') notes.push(event.data)
      progress.sink(event)
      results(event)
    },
    say: io.err,
    pause: (ended) => {
      tell(ended)
      return { ...ended, notes }
    },
    finish: (ended, names) => {
      const last = names ?? ended
      tell(last)
      const document = ({ run, result, notes: own }: Ended) => resultDocument({ run, notes: own ?? notes, ...result })
      if (form === 'json')
        io.out(renderJson(names === undefined ? document(ended) : withNames(document(ended), document(names))))
      return last.result.exitCode
    },
    stop: () => progress.stop(),
  }
}

/** Endings after which the result is worth a line. */
const TOLD: ReadonlySet<Outcome> = new Set<Outcome>([
  'applied',
  'nothing-to-do',
  'not-healthy',
  'held',
  'partly-applied',
])

/** Ink, only where a person watches. */
async function liveProgress(clock: Clock): Promise<ProgressView> {
  const [{ startLiveView }, ink] = await Promise.all([import('../tui/live.ts'), import('../tui/ink.sdk.ts')])
  return startLiveView(ink, { clock, stderr: process.stderr, colour: true })
}

/** One line per event on stderr, and a heartbeat when nothing happened for long. */
function logProgress(io: Io, clock: Clock, view: Parameters<typeof logEvent>[2]): ProgressView {
  let state = noLog
  const print = (step: ReturnType<typeof logEvent>): void => {
    state = step.state
    if (step.lines.length > 0) io.err(`${step.lines.join('\n')}\n`)
  }
  const timer = setInterval(() => print(logHeartbeat(state, clock.now(), view)), HEARTBEAT_MS / 6)
  timer.unref()
  return { sink: (event) => print(logEvent(state, event, view)), stop: () => clearInterval(timer) }
}

/** What of a run is a result, by form. */
async function resultSink(io: Io, form: string, quiet: boolean): Promise<(event: NyahEvent) => void> {
  if (form === 'ndjson') return (event) => io.out(renderEventLine(event))
  if (form === 'json') return () => {}
  const show = await planRenderer(io, form, quiet)
  let isAgreed = false
  return (event) => {
    isAgreed ||= event.type === 'plan.confirmed'
    // Later ones are steps of a walk that was agreed to: progress, no results.
    if (event.type === 'plan.made' && !isAgreed) io.out(show(event.data.plan))
  }
}

async function planRenderer(io: Io, form: string, quiet: boolean): Promise<(plan: Plan) => string> {
  if (form === 'markdown') {
    const { renderPlanMarkdown } = await import('../render/markdown.ts')
    return (plan) => renderPlanMarkdown(plan)
  }
  const { renderPlanText } = await import('../render/text.ts')
  return (plan) => renderPlanText(plan, { paint: choosePaint(io.colour.stdout), width: io.width, quiet })
}
