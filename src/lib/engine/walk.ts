import { dueChanges, refusedScopes, stops } from '../core/allow.ts'
import type { Change } from '../core/change.ts'
import { EXIT, type ErrorData, errorData, nyahError } from '../core/errors.ts'
import type { Finding, Plan } from '../core/plan.ts'
import { withFindings } from '../core/progress.ts'
import { APPLIED, type Ending, endedBy } from './ending.ts'
import { timedOut } from './execute.ts'
import type { Secured } from './journal.ts'
import { raisedSince } from './second-reading.ts'
import type { Stage } from './stage.ts'
import { worldMoved } from './verify.ts'

/** How the step of a walk ended, and whether the walk goes on: all of it that nothing stops was done and is healthy. */
export interface Step {
  readonly ending: Ending
  readonly goesOn: boolean
}

/** Between two steps the world is looked at this often unless an operation says otherwise, so that trouble is seen early. */
const LOOK_EVERY_MS = 30_000

/** A step that is late according to the world (its clock, or a slow remote) is looked for this often. */
const LATE_EVERY_MS = 1_000

/** What a consent to a walk covers after its first step. */
const STEPS: ReadonlySet<Change['kind']> = new Set<Change['kind']>(['shift', 'wait'])

/** Is a walk on its way in a scope that nothing stops? */
export function walks<World>({ operation, last }: Stage<World>, plan: Plan): boolean {
  const reading = last()
  return reading !== null && (operation.requeue?.(reading.world, stoppedScopes(plan)) ?? null) !== null
}

/** The scopes that a consent to a walk covers: what somebody saw refused or held is not walked, even when it could be. */
export function agreedScopes(plan: Plan): readonly string[] {
  const stopped = stoppedScopes(plan)
  return plan.scopes.filter((scope) => !stopped.has(scope))
}

const stoppedScopes = (plan: Plan): ReadonlySet<string> =>
  new Set([...refusedScopes(plan), ...plan.findings.filter(stops).map(({ scope }) => scope)])

/**
 * Goes a walk to its end, one plan after the other under the consent that `first` was given. Ends when no scope is on its
 * way any more: as `first` did, or held (RUN_WORLD_MOVED) where something stops by then that did not stop `first`; and at
 * the first step that does not end well.
 *
 * @param step carries out one plan (the first may be empty: the walk is between two steps) and waits until it is healthy
 */
export async function walk<World>(
  stage: Stage<World>,
  first: Plan,
  secured: Secured,
  step: (plan: Plan) => Promise<Step>,
): Promise<Ending> {
  const { run, signal, emit } = stage.deps
  const { ending, goesOn } = await step(first)
  if (!goesOn) return ending
  const told = new Set<string>()
  let steps = dueChanges(first).length > 0 ? 1 : 0
  try {
    for (;;) {
      const { plan, due } = await untilDue(stage, { first, secured, told, next: steps + 1 })
      if (!due) {
        const raised = raisedSince(first, plan)
        if (raised.length > 0) return endedBy(worldMoved(raised))
        return ending.outcome === 'nothing-to-do' && steps > 0 ? APPLIED : ending
      }
      emit('plan.made', null, { plan })
      const next = await step(plan)
      if (!next.goesOn) return inPart(next.ending, steps, run)
      steps += 1
    }
  } catch (error) {
    if (signal.aborted) throw error
    return inPart(endedBy(error), steps, run)
  }
}

interface Pause {
  readonly first: Plan
  readonly secured: Secured
  /** Findings that were noted. */
  readonly told: Set<string>
  /** Number of the step that is waited for. */
  readonly next: number
}

interface Due {
  readonly plan: Plan
  /** False: nothing is on its way any more. */
  readonly due: boolean
}

/** Watches the world until there is something to do. What is slept and watched does not count against the run's time. */
async function untilDue<World>(stage: Stage<World>, { first, secured, told, next }: Pause): Promise<Due> {
  const { operation, deadline, deps } = stage
  const { clock, emit, signal } = deps
  const agreed = new Set(agreedScopes(first))
  let toldAt = -Infinity
  let isAway = false
  let seen = stage.judged() ?? (await stage.plan())
  for (;;) {
    const unwritable = secured.broken()
    if (unwritable !== null) throw nyahError(unwritable)
    const plan = withFindings(seen, notAgreed(seen, agreed))
    if (dueChanges(plan).length > 0) {
      if (isAway) secured.back()
      return { plan, due: true }
    }
    const reading = stage.last()
    const stopped = stoppedScopes(plan)
    const dueIn = reading === null ? null : (operation.requeue?.(reading.world, stopped) ?? null)
    if (reading === null || dueIn === null || [...agreed].every((scope) => stopped.has(scope)))
      return { plan, due: false }
    const now = clock.now()
    if (now > deadline.at()) throw nyahError(timedOut())
    for (const { code, scope, subject, evidence } of raisedSince(first, plan)) {
      const message = `${subject}: ${evidence}`
      if (!told.has(`${scope} ${code}`)) emit('note', scope, { code, message })
      told.add(`${scope} ${code}`)
    }
    const dueAt = reading.began + dueIn
    // Readings take their time, so the same moment comes out a little differently.
    const isNews = toldAt === -Infinity || (dueAt > now && Math.abs(dueAt - toldAt) >= LATE_EVERY_MS)
    if (isNews) {
      emit('step.waiting', null, { untilAt: new Date(dueAt).toISOString(), next })
      toldAt = dueAt
    }
    if (!isAway) secured.away()
    isAway = true
    await clock.sleep(Math.min(operation.lookEveryMs ?? LOOK_EVERY_MS, Math.max(dueAt - now, LATE_EVERY_MS)), signal)
    const woke = clock.now()
    if (dueAt > now) deadline.extend(woke - now)
    seen = await stage.plan()
    if (dueAt > now) deadline.extend(clock.now() - woke)
  }
}

/** What was not agreed to is held, scope by scope. */
function notAgreed(plan: Plan, agreed: ReadonlySet<string>): readonly Finding[] {
  const outside = dueChanges(plan).filter(({ kind, scope }) => !STEPS.has(kind) || !agreed.has(scope))
  return [...new Set(outside.map(({ scope }) => scope))].map((scope) => {
    const some = outside.filter((change) => change.scope === scope)
    const [one] = some
    return {
      code: 'RUN_STEP_NOT_AGREED',
      severity: 'hold',
      scope,
      subject: plan.names[scope] ?? scope,
      evidence:
        `${some.length} of what would be done next was not agreed to when the walk began ` +
        `(${one?.kind} ${one?.ref.type} ${one?.ref.name}: ${one?.reason})`,
      remedy: 'run the command again: it shows what is to be done now, and goes on from there',
      allowable: false,
      holds: some.map(({ id }) => id),
    }
  })
}

/** Steps were done before the one that failed: the walk is done in part. Bugs, and what another run is at, stay what they are. */
function inPart(ending: Ending, steps: number, run: string): Ending {
  const { outcome, exitCode, error } = ending
  if (outcome !== 'failed' || error === null || steps === 0) return ending
  if (exitCode === EXIT.bug || exitCode === EXIT.stale) return ending
  return { outcome: 'partly-applied', exitCode: EXIT.partial, error: partOfWalk(error, steps, run) }
}

const partOfWalk = ({ code, message, tries }: ErrorData, steps: number, run: string): ErrorData =>
  errorData(
    nyahError({
      code: 'RUN_PARTLY_APPLIED',
      message: `${steps} ${steps === 1 ? 'step' : 'steps'} of the walk done, the next failed: ${code}: ${message}`,
      exit: EXIT.partial,
      tries: [`nyah run resume ${run}`, ...tries],
      details: { steps },
    }),
  )
