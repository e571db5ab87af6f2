import { stops } from '../core/allow.ts'
import type { Emit } from '../core/events.ts'
import { nearest } from '../core/nearest.ts'
import type { Plan, Request } from '../core/plan.ts'
import { type Deadline, makeDeadline } from './deadline.ts'
import { unlessAborted } from './interrupt.ts'
import type { Operation } from './operation.ts'
import { makePlan } from './planning.ts'
import { makeRetry } from './retry.ts'
import type { RunDeps, RunOptions } from './terms.ts'

interface Reading<World> {
  readonly world: World
  readonly began: number
  readonly at: number
}

/** One run under way: what it was given, and what it has seen so far. */
export interface Stage<World> {
  readonly operation: Operation<World>
  readonly request: Request
  readonly options: RunOptions
  readonly deps: RunDeps
  readonly random: () => number
  readonly deadline: Deadline
  /** Observes the world once more, again while the error is retryable; the result is `last` from then on. */
  readonly observe: () => Promise<World>
  /** Observes and plans; allowances that meet nothing are mentioned (the first time). */
  readonly plan: () => Promise<Plan>
  /** What would be planned for the last world that was observed; null: there is none. */
  readonly judged: () => Plan | null
  /** The last world that was observed, and when that reading began and was finished (milliseconds since the epoch). */
  readonly last: () => Reading<World> | null
  /** The world is about to change: what was seen so far is no longer what is there. */
  readonly forget: () => void
}

export function makeStage<World>(
  operation: Operation<World>,
  request: Request,
  options: RunOptions,
  deps: RunDeps,
): Stage<World> {
  const { clock, emit, signal } = deps
  const random = deps.random ?? Math.random
  const deadline = deps.deadline ?? makeDeadline(clock, options.timeoutMs)
  const retry = makeRetry({ clock, random, deadline, emit, signal })
  let pass = 0
  let planned = 0
  let last: Reading<World> | null = null

  const observe = async () => {
    pass += 1
    emit('observe.started', null, { pass })
    const began = clock.now()
    const world = await retry('observe', () => unlessAborted(signal, () => operation.observe({ clock, emit, signal })))
    last = { world, began, at: clock.now() }
    emit('observe.finished', null, { pass, ms: clock.now() - began })
    return world
  }

  const judge = (world: World, observedAt: number) =>
    makePlan({ draft: operation.plan(world), world, guards: operation.guards, request, observedAt })

  const judged = () => (last === null ? null : judge(last.world, last.at).plan)

  const plan = async () => {
    const observedAt = clock.now()
    const made = judge(await observe(), observedAt)
    planned += 1
    if (planned === 1) mention(emit, made)
    return made.plan
  }

  const forget = () => {
    last = null
  }

  return { operation, request, options, deps, random, deadline, observe, plan, judged, last: () => last, forget }
}

/** A slip of the pen in a code must not pass in silence: what could be meant is named. */
function mention(emit: Emit, { plan, unused, impossible }: ReturnType<typeof makePlan>): void {
  const stopping = [...new Set(plan.findings.filter((one) => stops(one) && one.allowable).map(({ code }) => code))]
  for (const { code } of unused) {
    const likest = nearest(code, stopping, stopping.length)
    const could =
      likest.length === 0 ? 'nothing of this plan needs one' : `what it could overrule here: ${likest.join(', ')}`
    emit('note', null, {
      code: 'ALLOWANCE_UNUSED',
      message: `--allow ${code} met nothing that it could overrule; ${could}`,
    })
  }
  for (const { code } of impossible) {
    emit('note', null, {
      code: 'ALLOWANCE_IMPOSSIBLE',
      message: `${code} cannot be overruled, so --allow ${code} had no effect`,
    })
  }
}
