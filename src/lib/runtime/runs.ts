import { createStore } from '../adapters/host/store.ts'
import { EXIT, type ExitCode, nyahError } from '../core/errors.ts'
import type { RunSummary } from '../ports/store.ts'
import type { Report } from './report.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import type { Errand } from './errand.ts'

/** How a run stands: its outcome, or whether its process still lives. */
const standing = ({ outcome, alive }: RunSummary): string => outcome ?? (alive ? 'running' : 'killed')

/** `nyah run list`: newest first; says nothing of other machines. */
export async function runList(io: Io, limit: number): Promise<Report> {
  const runs = createStore({ stateDir: io.stateDir }).listRuns(limit)
  const document = { runs: runs.map((run) => ({ ...run, standing: standing(run) })) }
  return { document, text: await listText(io, runs), exitCode: EXIT.ok }
}

async function listText(io: Io, runs: readonly RunSummary[]): Promise<string> {
  if (runs.length === 0) return 'No runs on this machine yet. Try: nyah lb mirror <uuid> --plan\n'
  const [{ renderTable }, { choosePaint }, { moment }] = await Promise.all([
    import('../render/table.ts'),
    import('../render/paint.ts'),
    import('../render/words.ts'),
  ])
  return renderTable(
    ['RUN', 'OPERATION', 'CONTEXT', 'STARTED', 'BY', 'OUTCOME', 'EXIT'],
    runs.map((run) => [
      run.id,
      run.operation,
      run.context,
      moment(run.startedAt),
      run.actor,
      standing(run),
      run.exitCode === null ? '' : String(run.exitCode),
    ]),
    io.tableWidth,
    choosePaint(io.colour.stdout),
  )
}

/** `nyah run show ID` */
export async function runShow(io: Io, flags: SharedFlags, id: string): Promise<ExitCode> {
  const events = createStore({ stateDir: io.stateDir }).readRun(id)
  // Killed between making the journal and its first line: nothing was changed then.
  if (events.length === 0)
    throw nyahError({
      code: 'RUN_EMPTY',
      message: `the journal of run ${id} has no events: it was killed before it did anything`,
      exit: EXIT.configuration,
      tries: ['nyah run list'],
    })
  if (flags.output === 'ndjson') io.out(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  else if (flags.json) io.out(`${JSON.stringify({ events }, null, 2)}\n`)
  else if (flags.output === 'markdown') {
    const { renderPostMortem } = await import('../render/post-mortem.ts')
    io.out(renderPostMortem(events))
  } else {
    const [{ foldRun }, { renderRun }, { choosePaint }] = await Promise.all([
      import('../core/progress.ts'),
      import('../render/run.ts'),
      import('../render/paint.ts'),
    ])
    io.out(renderRun(foldRun(events), { paint: choosePaint(io.colour.stdout), width: io.width }))
  }
  return EXIT.ok
}

/**
 * The errand of `nyah run resume ID`: the same request, planned anew from what is there now. Not its allowances: they
 * were given for what was there then, and whoever resumes has to see what they would overrule today.
 */
export async function resumeErrand(io: Io, id: string): Promise<Errand> {
  const { resumable } = await import('../engine/resume.ts')
  const { whereOf } = await import('../lb/where.ts')
  const events = createStore({ stateDir: io.stateDir }).readRun(id)
  const { run, request } = resumable(events)
  const { operation, arguments: args, context } = request
  const where = whereOf(events)
  return { operation, names: [], arguments: args, context, resumes: run, ...(where && { where }) }
}
