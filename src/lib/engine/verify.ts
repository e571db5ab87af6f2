import { dueChanges, refusedScopes, stops } from '../core/allow.ts'
import type { Change } from '../core/change.ts'
import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { Waiting } from '../core/events.ts'
import { sameJson } from '../core/hash.ts'
import type { JsonObject } from '../core/json.ts'
import type { Finding } from '../core/plan.ts'
import type { Stage } from './stage.ts'

export interface Verified {
  readonly healthy: boolean
  readonly waiting: readonly Waiting[]
  /** Set: waiting on is of no use, since these have become due and only another run does them. */
  readonly due: readonly Change[] | null
  /** Set: waiting on is of no use, since these refuse by now whatever would have to be done, and only people can help. */
  readonly refused: readonly Finding[] | null
}

/** What another run would do has to be seen at least this long: a remote may take a while to show what was written. */
const DUE_FOR_MS = 5_000

const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 15_000
const USUAL_DELAY_MS = 5_000

/** 1 s, 2 s, 4 s, 5 s, then slowly to 15 s: quick for what is quick, light for what takes minutes. */
const nextDelay = (delayMs: number): number =>
  delayMs < USUAL_DELAY_MS ? Math.min(USUAL_DELAY_MS, delayMs * 2) : Math.min(LONGEST_DELAY_MS, delayMs * 1.1)

/**
 * Observes until nothing is waited for, the deadline has passed, or what is waited for cannot come without another run.
 * `verify.waiting` is emitted when what is waited for has changed.
 *
 * @param first a world that was just observed; null: one is observed first
 */
export async function verify<World>(
  stage: Stage<World>,
  waitingFor: (world: World) => readonly Waiting[],
  first: World | null,
): Promise<Verified> {
  const { deps, deadline } = stage
  let shown: readonly Waiting[] = []
  let delayMs = FIRST_DELAY_MS
  let endsSince: number | null = null
  for (let world = first ?? (await stage.observe()); ; world = await stage.observe()) {
    const waiting = waitingFor(world)
    const left = deadline.at() - deps.clock.now()
    const due = waiting.length === 0 ? [] : missing(stage, waiting)
    const refused = waiting.length === 0 ? [] : refusing(stage, waiting)
    endsSince = due.length + refused.length === 0 ? null : (endsSince ?? deps.clock.now())
    if (endsSince !== null && deps.clock.now() - endsSince >= DUE_FOR_MS) {
      deps.emit('verify.finished', null, { healthy: false, waiting })
      return due.length > 0
        ? { healthy: false, waiting, due, refused: null }
        : { healthy: false, waiting, due: null, refused }
    }
    if (waiting.length > 0 && left > 0) {
      if (!sameWaiting(waiting, shown)) {
        deps.emit('verify.waiting', null, { waiting, deadlineAt: new Date(deadline.at()).toISOString() })
        shown = waiting
      }
      await deps.clock.sleep(Math.min(delayMs, left), deps.signal)
      delayMs = nextDelay(delayMs)
      continue
    }
    const healthy = waiting.length === 0
    deps.emit('verify.finished', null, { healthy, waiting })
    return { healthy, waiting, due: null, refused: null }
  }
}

const MAKES: ReadonlySet<Change['kind']> = new Set<Change['kind']>(['create', 'update', 'replace'])

/**
 * What another run would make, where that is what is missing: something was taken away or altered meanwhile. What merely
 * came meanwhile (a member) ends the wait only when all else is well.
 */
function missing<World>({ judged, operation }: Stage<World>, waiting: readonly Waiting[]): readonly Change[] {
  const plan = judged()
  const due = plan === null ? [] : dueChanges(plan).filter(({ kind }) => MAKES.has(kind))
  const { tolerates } = operation
  const came = due.every((change) => tolerates?.(change) === true)
  return came && !waiting.every(({ unplanned }) => unplanned === true) ? [] : due
}

/** What refuses by now, where all that is waited for is of scopes that are refused. */
function refusing<World>({ judged }: Stage<World>, waiting: readonly Waiting[]): readonly Finding[] {
  const plan = judged()
  if (plan === null) return []
  const scopes = refusedScopes(plan)
  return waiting.every(({ scope }) => scope !== undefined && scopes.has(scope))
    ? plan.findings.filter((finding) => finding.severity === 'refuse' && stops(finding))
    : []
}

/** `the world moved on meanwhile: 2 changes have become due (listener …: …)` */
export function whatIsDue(due: readonly Change[]): string {
  const [first] = due
  return (
    `the world moved on meanwhile: ${due.length} ${due.length === 1 ? 'change has' : 'changes have'} become due ` +
    `(${first?.ref.type} ${first?.ref.name}: ${first?.reason})`
  )
}

/** The error of a run whose wait another run has to end. */
export const moreToDo = (waiting: readonly Waiting[], due: readonly Change[], command: string | undefined): NyahError =>
  nyahError({
    code: 'RUN_MORE_TO_DO',
    message: `${whatIsDue(due)}, so waiting on would not help: ${listed(waiting)}`,
    exit: EXIT.notHealthy,
    tries: [command ?? 'run the command again: it does what is left'],
  })

const listed = (waiting: readonly Waiting[]): string =>
  waiting.map(({ subject, detail }) => `${subject}: ${detail}`).join('; ')

/** The error of a run whose time was over first. */
export const notHealthy = (waiting: readonly Waiting[]): NyahError =>
  nyahError({
    code: 'RUN_NOT_HEALTHY',
    message: `not healthy in time: ${listed(waiting)}`,
    exit: EXIT.notHealthy,
    tries: ['run the command again, with a greater --timeout if that is normal here; it waits on'],
  })

/** The error of a run that has nothing left to wait for, since the world is no longer the one it planned for. */
export const worldMoved = (raised: readonly Finding[]): NyahError =>
  nyahError({
    code: 'RUN_WORLD_MOVED',
    message: `what was planned is done, but meanwhile ${raised.map(({ code, subject, evidence }) => `${code} ${subject}: ${evidence}`).join('; ')}`,
    exit: EXIT.held,
    tries: [...new Set(raised.map(({ remedy }) => remedy))],
  })

const sameWaiting = (one: readonly Waiting[], other: readonly Waiting[]): boolean =>
  sameJson(one as unknown as readonly JsonObject[], other as unknown as readonly JsonObject[])
