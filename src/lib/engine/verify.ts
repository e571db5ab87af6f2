import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { Waiting } from '../core/events.ts'
import { sameJson } from '../core/hash.ts'
import type { JsonObject } from '../core/json.ts'
import type { Finding } from '../core/plan.ts'
import type { Stage } from './stage.ts'

export interface Verified {
  readonly healthy: boolean
  readonly waiting: readonly Waiting[]
}

const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 15_000
const USUAL_DELAY_MS = 5_000

/** 1 s, 2 s, 4 s, 5 s, then slowly to 15 s: quick for what is quick, light for what takes minutes. */
const nextDelay = (delayMs: number): number =>
  delayMs < USUAL_DELAY_MS ? Math.min(USUAL_DELAY_MS, delayMs * 2) : Math.min(LONGEST_DELAY_MS, delayMs * 1.1)

/**
 * Observes until nothing is waited for, or the deadline has passed. `verify.waiting` is emitted when what is waited for
 * has changed.
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
  for (let world = first ?? (await stage.observe()); ; world = await stage.observe()) {
    const waiting = waitingFor(world)
    const left = deadline.at() - deps.clock.now()
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
    return { healthy, waiting }
  }
}

/** The error of a run whose time was over first. */
export const notHealthy = (waiting: readonly Waiting[]): NyahError =>
  nyahError({
    code: 'RUN_NOT_HEALTHY',
    message: `not healthy in time: ${waiting.map(({ subject, detail }) => `${subject}: ${detail}`).join('; ')}`,
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
