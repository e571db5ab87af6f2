import { dueChanges, heldChanges, lasts, refusedScopes } from '../core/allow.ts'
import type { Change } from '../core/change.ts'
import { EXIT, type ErrorData, errorData, isNyahError } from '../core/errors.ts'
import type { Emit } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import type { Plan, Request } from '../core/plan.ts'
import { withFindings } from '../core/progress.ts'
import { decide, refusal } from './decide.ts'
import { APPLIED, type Ending, endedBy, endedIn } from './ending.ts'
import { execute } from './execute.ts'
import { interruption, unlessAborted } from './interrupt.ts'
import { secure, secureAnyway, type Secured } from './journal.ts'
import type { Operation } from './operation.ts'
import { record } from './record.ts'
import { freshly, readAgain } from './reread.ts'
import { toleratedDifferences } from './saved.ts'
import { raisedSince } from './second-reading.ts'
import { makeStage, type Stage } from './stage.ts'
import type { RunDeps, RunOptions, RunResult } from './terms.ts'
import { agreedScopes, type Step, walk, walks } from './walk.ts'
import { moreToDo, notHealthy, verify, whatIsDue, worldMoved } from './verify.ts'

/**
 * Carries out an operation: observe, plan, guard, ask, apply, verify. Never throws: whatever happens, exactly one
 * `run.finished` is the last event, and the result says the same.
 */
export async function run<World>(
  operation: Operation<World>,
  request: Request,
  options: RunOptions,
  deps: RunDeps,
): Promise<RunResult> {
  const { emit, signal } = deps
  const { actor, reason, resumes } = options
  const kept: Kept = { plan: null, secured: null }
  emit('run.started', null, { request, actor, reason, nyah: deps.nyah, resumes })
  const stage = makeStage(operation, request, options, deps)
  let ending: Ending
  let result: Json = null
  try {
    ending = await carryOut(stage, kept)
  } catch (error) {
    // A library's own word for an aborted signal is no bug.
    ending = endedBy(signal.aborted ? interruption(signal) : error)
  }
  await record(stage, ending, kept.secured !== null)
  try {
    const last = stage.last()
    // After a write, the world that was read before it says nothing about what is there now.
    if (last !== null && kept.plan !== null) result = operation.summary(last.world, kept.plan)
  } catch (error) {
    ending = ending.error === null ? endedBy(error) : ending
  }
  const { outcome, exitCode } = ending
  const error = withResume(ending, kept.secured !== null, deps.run)
  if (error !== null) emit('run.error', null, { error })
  emit('run.finished', null, { outcome, exitCode, result })
  kept.secured?.release()
  return { outcome, exitCode, plan: kept.plan, result, error }
}

/** An interruption that came after the journal was opened can be taken up where it left off. */
const withResume = ({ outcome, error }: Ending, journalled: boolean, id: string): ErrorData | null =>
  error !== null && outcome === 'interrupted' && journalled ? { ...error, tries: [`nyah run resume ${id}`] } : error

const NOTHING_TO_DO: Ending = { outcome: 'nothing-to-do', exitCode: EXIT.ok, error: null }
const HELD: Ending = { outcome: 'held', exitCode: EXIT.held, error: null }

/** What is needed at the end, however it comes. */
interface Kept {
  plan: Plan | null
  secured: Secured | null
}

async function carryOut<World>(stage: Stage<World>, kept: Kept): Promise<Ending> {
  const { operation, options, deps } = stage
  const plan = await planned(stage)
  kept.plan = plan
  deps.emit('plan.made', null, { plan })
  const { mutates, confirmId, tolerates, waiting } = operation
  const facts = {
    mutates,
    confirmId,
    waits: waiting !== null,
    walks: walks(stage, plan),
    ...(tolerates && { tolerates }),
  }
  const decision = decide(plan, facts, options)
  if (decision.do === 'end') {
    if (decision.outcome === 'declined') deps.emit('plan.declined', null, { by: 'no-terminal' })
    if (decision.outcome === 'held') skipAll(plan, deps.emit)
    return decision
  }
  if (decision.do === 'verify') return verified(stage, plan, NOTHING_TO_DO, stage.last()?.world ?? null)
  if (decision.do === 'ask') {
    const askedAt = deps.clock.now()
    const yes = await unlessAborted(deps.signal, () => deps.ask(plan, operation.confirmId))
    stage.deadline.extend(deps.clock.now() - askedAt)
    if (!yes) {
      deps.emit('plan.declined', null, { by: 'terminal' })
      return { outcome: 'declined', exitCode: EXIT.refused, error: null }
    }
  }
  deps.emit('plan.confirmed', null, { by: decision.do === 'ask' ? 'terminal' : decision.by })
  const secureFor = operation.evenUnjournalled === true ? secureAnyway : secure
  if (operation.requeue === undefined) {
    const secured = secureFor(deps, stage.request.context, scopesOf(dueChanges(plan)))
    kept.secured = secured
    return (await applied(stage, kept, plan, secured)).ending
  }
  const secured = secureFor(deps, stage.request.context, agreedScopes(plan))
  kept.secured = secured
  return walk(stage, plan, secured, (step) =>
    dueChanges(step).length === 0 ? betweenSteps(stage, step) : applied(stage, kept, step, secured),
  )
}

/** The plan; where a saved one is applied, with what differs from that although it may. */
async function planned<World>({ plan, operation, options, deps }: Stage<World>): Promise<Plan> {
  const fresh = await plan()
  const differing = options.saved === null ? [] : toleratedDifferences(options.saved, fresh, operation.tolerates)
  for (const { code, scope, subject, evidence } of differing) {
    deps.emit('note', scope, { code, message: `${subject}: ${evidence}` })
  }
  return withFindings(fresh, differing)
}

/** A walk is taken up between two steps: what the last one did may still have to become healthy. */
async function betweenSteps<World>(stage: Stage<World>, plan: Plan): Promise<Step> {
  const done = plan.changes.length === 0 ? NOTHING_TO_DO : doneWith(plan, stage.options)
  // All of it waits for its time: nothing was done that could become healthy.
  if (done === APPLIED) return { ending: NOTHING_TO_DO, goesOn: true }
  const ending = await verified(stage, plan, done, stage.last()?.world ?? null)
  return { ending, goesOn: ending === done }
}

/** From the first write on. */
async function applied<World>(stage: Stage<World>, kept: Kept, asked: Plan, secured: Secured): Promise<Step> {
  const { options, deps } = stage
  const { clock, emit, signal } = deps
  const second = await readAgain(stage, asked)
  const plan = second.plan
  kept.plan = plan
  if (second.ending !== null) return { ending: second.ending, goesOn: false }
  const held = heldChanges(plan.changes, plan.findings)
  // What waits for its time is for a later step.
  const later = heldChanges(
    plan.changes,
    plan.findings.filter((finding) => !lasts(finding)),
  )
  const refused = refusedScopes(plan)
  const readAt = stage.last()?.at ?? 0
  if (dueChanges(plan).length > 0) stage.forget()
  const execution = await execute({
    changes: plan.changes.filter(({ id }) => !later.has(id)),
    held,
    refused,
    parallel: options.parallel,
    deadline: stage.deadline,
    clock,
    emit,
    random: stage.random,
    signal,
    broken: secured.broken,
    apply: freshly(stage, readAt),
    together: stage.operation.together,
  })
  const failed = endedIn(execution, deps.run)
  if (failed !== null) return { ending: failed, goesOn: false }
  const done = doneWith(plan, stage.options)
  // Nothing was done after all: there is nothing to go on from.
  if (execution.succeeded.size === 0) return { ending: done, goesOn: false }
  const ending = await verified(stage, plan, done, null)
  return { ending, goesOn: ending === done }
}

/** The end of a plan of which everything was done that nothing stops. */
function doneWith(plan: Plan, options: RunOptions): Ending {
  if (refusedScopes(plan).size > 0) {
    const error = refusal(plan, options)
    return { outcome: 'refused', exitCode: error.exit, error }
  }
  // A hold that keeps no change back (a source that is gone) is one all the same.
  return plan.findings.some((finding) => finding.severity === 'hold' && lasts(finding)) ? HELD : APPLIED
}

/**
 * The end, once what was applied (or was there already) is healthy; not healthy in time is 9. A world in which nothing
 * is left to wait for because something stops that did not stop the plan (the source is gone, or empty; a tag of ours was
 * taken away) is 11.
 *
 * @param last the world to judge first; null: it is observed anew
 */
async function verified<World>(stage: Stage<World>, plan: Plan, done: Ending, last: World | null): Promise<Ending> {
  const { operation, deps } = stage
  const { waiting } = operation
  try {
    if (waiting !== null) {
      const refused = refusedScopes(plan)
      // What a refused scope lacks is not going to come.
      const awaited = (world: World) => waiting(world).filter(({ scope }) => scope === undefined || !refused.has(scope))
      const seen = await verify(stage, awaited, last)
      if (seen.due !== null) return endedBy(moreToDo(seen.waiting, seen.due, stage.options.command))
      if (seen.refused !== null) return endedBy(worldMoved(seen.refused))
      if (!seen.healthy) return endedBy(notHealthy(seen.waiting))
      const now = stage.judged()
      // What the world asks for by now is the walk's next step, or ends it.
      if (now !== null && walks(stage, now)) return done
      const raised = now === null ? [] : raisedSince(plan, now)
      if (raised.length > 0) {
        const moved = worldMoved(raised)
        if (done.error === null) return endedBy(moved)
        deps.emit('note', null, { code: moved.code, message: moved.message })
      }
      if (now !== null) mentionWhatIsDue(now, deps.emit, stage.options.command)
      return done
    }
    // Nothing is waited for, but the result is to tell what is there now.
    await stage.observe()
    return done
  } catch (error) {
    if (deps.signal.aborted || !isNyahError(error)) throw error
    const { code, message } = error
    if (waiting === null) {
      deps.emit('note', null, {
        code: 'RESULT_UNREAD',
        message: `applied, but what is there now could not be read: ${code} ${message}`,
      })
      return done
    }
    // It was applied; but what nobody can see is not healthy.
    return { outcome: 'not-healthy', exitCode: EXIT.notHealthy, error: errorData(error) }
  }
}

/** What changed while nyah waited is for the next run, but not to be kept quiet. */
function mentionWhatIsDue(plan: Plan, emit: Emit, command: string | undefined): void {
  const due = dueChanges(plan)
  if (due.length === 0) return
  emit('note', null, {
    code: 'RUN_MORE_TO_DO',
    message: `${whatIsDue(due)}; run again: ${command ?? 'the same command'}`,
  })
}

const scopesOf = (changes: readonly Change[]): readonly string[] => [...new Set(changes.map(({ scope }) => scope))]

/** Every change of the plan is held. */
function skipAll(plan: Plan, emit: Emit): void {
  for (const { id, scope } of plan.changes) emit('change.skipped', scope, { id, why: 'held' })
}
