import { isNyahError } from '../core/errors.ts'
import type { Outcome } from '../core/events.ts'
import type { Ending } from './ending.ts'
import type { Stage } from './stage.ts'

/** Endings whose last reading says what is true now. */
const RECORDED: ReadonlySet<Outcome> = new Set<Outcome>(['applied', 'nothing-to-do', 'held', 'not-healthy', 'refused'])

/**
 * Lets the operation write down with the thing itself how it stands. Not where nobody agreed to anything (a plan, a
 * question declined, a refusal before the first write), and not where the last reading is older than the last write.
 *
 * @param begun were the locks taken?
 */
export async function record<World>(stage: Stage<World>, { outcome }: Ending, begun: boolean): Promise<void> {
  const { operation, options, deps } = stage
  const { clock, emit, signal } = deps
  const { record: write } = operation
  if (write === undefined || !operation.mutates || options.mode === 'plan' || signal.aborted) return
  if (!RECORDED.has(outcome) || (outcome === 'refused' && !begun)) return
  const last = stage.last()
  try {
    const plan = stage.judged()
    if (last !== null && plan !== null) await write(last.world, plan, { clock, emit, signal })
  } catch (error) {
    const what = isNyahError(error) ? `${error.code} ${error.message}` : String(error)
    emit('note', null, { code: 'RECORD_FAILED', message: `how it stands could not be written down: ${what}` })
  }
}
