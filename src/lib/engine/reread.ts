import { stops } from '../core/allow.ts'
import { errorData } from '../core/errors.ts'
import type { Plan } from '../core/plan.ts'
import { withFindings } from '../core/progress.ts'
import { refusal } from './decide.ts'
import type { Ending } from './ending.ts'
import { staleness } from './saved.ts'
import { disagreements, removals, SECOND_READING_MS } from './second-reading.ts'
import type { Stage } from './stage.ts'

/** A plan whose reading is older than this (somebody took long to answer) is read again before its first write. */
const OLD_READING_MS = 60_000

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
  if (findings.some((finding) => finding.severity === 'refuse' && stops(finding))) {
    const error = refusal(plan, stage.options)
    return { plan, ending: { outcome: 'refused', exitCode: error.exit, error } }
  }
  const stale = old ? staleness(asked, again) : null
  if (stale !== null) return { plan, ending: { outcome: 'stale', exitCode: stale.exit, error: errorData(stale) } }
  return { plan, ending: null }
}
