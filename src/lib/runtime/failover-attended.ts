import type { Json } from '../core/json.ts'
import type { Scene } from '../engine/operation.ts'
import type { Attended } from '../failover/model.ts'
import type { AttendedPorts, FailoverPorts } from '../failover/operation.ts'
import type { Condition, Verdict } from '../ports/conditions.ts'
import type { Measured } from './dns-measure.ts'
import type { Following } from './failover-spread.ts'
import { whyNot, within } from './in-time.ts'
import type { Opened } from './open.ts'

/** How long a condition may take to be judged: what comes later is missing. */
const CONDITION_MS = 10_000

/** Of so many names the split is measured, with so many questions each. */
const MEASURED_NAMES = 3
const QUESTIONS = 300

/** @param since milliseconds since the epoch: when somebody asked for it */
export const attendedPorts = (
  ports: FailoverPorts,
  follow: Following,
  opened: Opened,
  { abortOn }: Attended,
  since: number,
): AttendedPorts => ({
  ...ports,
  async conditions(scene) {
    const verdicts = await Promise.all(abortOn.map((condition) => judged(condition, opened, scene)))
    const worst = verdicts.findIndex(({ state }) => state !== 'fine')
    const [condition, verdict] = [abortOn[worst], verdicts[worst]]
    if (condition === undefined || verdict === undefined) return null
    const { conditionText } = await import('../failover/conditions.ts')
    return `${conditionText(condition)} ${verdict.state === 'broken' ? 'is broken' : 'has no data'} (${verdict.detail})`
  },
  rto() {
    const reached = follow.reached()
    if (reached === null) return null
    const { sentAt, ...times } = reached
    return { decideMs: sentAt - since, ...times }
  },
  async measure({ names }, { signal }) {
    const [{ viewSets }, { measure }] = await Promise.all([import('../dns/view.ts'), import('./dns-measure.ts')])
    const sets = names.flatMap(viewSets).slice(0, MEASURED_NAMES)
    const measured: Measured[] = []
    for (const set of sets) measured.push(await measure(set, QUESTIONS, opened, signal))
    return measured as unknown as Json
  },
})

/** What nobody can say is missing. */
async function judged(condition: Condition, opened: Opened, scene: Scene): Promise<Verdict> {
  try {
    return await within(scene, CONDITION_MS, async (signal) => (await opened.conditions()).judge(condition, signal))
  } catch (error) {
    scene.signal.throwIfAborted()
    return { state: 'missing', detail: whyNot(error), at: null }
  }
}
