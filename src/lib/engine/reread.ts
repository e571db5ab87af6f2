import { dueChanges, refusedScopes } from '../core/allow.ts'
import type { Change, Outputs } from '../core/change.ts'
import { EXIT, errorData, type NyahError, nyahError } from '../core/errors.ts'
import { canonical } from '../core/hash.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Plan } from '../core/plan.ts'
import { withFindings } from '../core/progress.ts'
import { refusal } from './decide.ts'
import type { Ending } from './ending.ts'
import type { Scene } from './operation.ts'
import { deed, staleness } from './saved.ts'
import { disagreements, OLD_READING_MS, removals, SECOND_READING_MS } from './second-reading.ts'
import type { Stage } from './stage.ts'

export interface Reread {
  /** The plan that was asked for, with what the second reading found. */
  readonly plan: Plan
  /** Set: nothing may be applied. */
  readonly ending: Ending | null
}

/** The last look before the first write: a second reading where something is removed, or where the first one is old. */
export async function readAgain<World>(stage: Stage<World>, asked: Plan): Promise<Reread> {
  const { clock, emit, signal } = stage.deps
  const ageMs = clock.now() - (stage.last()?.at ?? 0)
  const old = ageMs > OLD_READING_MS
  if (!old && removals(asked).length === 0) return { plan: asked, ending: null }
  // A clock that was set back must not make this long.
  const delayMs = Math.min(SECOND_READING_MS, Math.max(0, SECOND_READING_MS - ageMs))
  emit('reading.second', null, { delayMs })
  await clock.sleep(delayMs, signal)
  const again = await stage.plan()
  const findings = disagreements(asked, again)
  emit('reading.compared', null, { agree: findings.length === 0, findings })
  const plan = withFindings(asked, findings)
  if (refusedScopes(plan).size > 0 && dueChanges(plan).length === 0) {
    const error = refusal(plan, stage.options)
    return { plan, ending: { outcome: 'refused', exitCode: error.exit, error } }
  }
  const stale = old ? staleness(asked, again) : null
  if (stale !== null) return { plan, ending: { outcome: 'stale', exitCode: stale.exit, error: errorData(stale) } }
  return { plan, ending: null }
}

type Apply = (change: Change, scene: Scene) => Promise<Outputs>

/**
 * `apply`, with a look before each removal whose reading has grown old: because AWS was slow before it, or this process
 * was asleep. It goes on only where a plan made of a new reading still does the very same and nothing holds it, else
 * RUN_READING_OLD (exit 11). Nothing else keeps a slow writer from acting on what is long past.
 *
 * @param readAt milliseconds since the epoch, of the reading behind the plan
 */
export function freshly<World>(stage: Stage<World>, readAt: number): Apply {
  const { operation, deps } = stage
  let at = readAt
  let look: Promise<Plan> | null = null

  /** One look for all removals that wait for it; null: the plan's own reading will do. */
  const seen = async (): Promise<Plan | null> => {
    if (deps.clock.now() - at > OLD_READING_MS) {
      at = deps.clock.now()
      look = stage.plan().finally(stage.forget)
    }
    try {
      return await look
    } catch (error) {
      at = 0
      throw error
    }
  }

  return async (change, scene) => {
    if (change.risk === 'removes') {
      const ageMs = deps.clock.now() - at
      const plan = await seen()
      if (plan !== null && !stillDoes(plan, change)) throw readingOld(change, ageMs)
    }
    return operation.apply(change, scene)
  }
}

/**
 * Does a plan of now still do what `change` (its tokens resolved) does? What had to be done first may be done by now, and
 * with it what an update finds there: its outcome counts, and the order of lists does not.
 */
function stillDoes(plan: Plan, change: Change): boolean {
  const same = dueChanges(plan).find(({ id }) => id === change.id)
  return same !== undefined && outcomeOf(same) === outcomeOf(change)
}

const outcomeOf = (change: Change): string =>
  deed({
    ...change,
    needs: [],
    before: change.kind === 'update' ? null : unordered(change.before),
    after: unordered(change.after),
  })

const unordered = (value: JsonObject | null): JsonObject | null => sorted(value) as JsonObject | null

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted).toSorted((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sorted(one)]))
}

const readingOld = ({ ref }: Change, ageMs: number): NyahError =>
  nyahError({
    code: 'RUN_READING_OLD',
    message:
      `${ref.type} ${ref.name}: the reading behind this removal was ${Math.round(ageMs / 1000)} s old, ` +
      'and a new one would not do it now, or not so',
    exit: EXIT.held,
    tries: ['run the command again: it plans from what is there now'],
  })
