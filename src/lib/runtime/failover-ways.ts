import type { Change, Outputs } from '../core/change.ts'
import { errorData, nyahError } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'
import type { ObservedName } from '../dns/model.ts'
import type { SeenWorld, Way, Which } from '../failover/model.ts'
import type { SwitchObjects, SwitchPlace } from '../ports/switch.ts'
import { soon } from './failover-card.ts'
import type { Opened } from './open.ts'

/** How long nobody waits longer to hear whether a switch is engaged. */
const LOOK_MS = 2_500

/** The switch that the configuration names; null: none. */
export function configuredSwitch({ context, name }: Pick<Opened, 'context' | 'name'>): SwitchPlace | null {
  const {
    bucket,
    region,
    key = `nyah/${name.replaceAll(/[^A-Za-z0-9._-]/g, '-')}/away`,
  } = context.failover?.switch ?? {}
  return bucket === undefined || region === undefined ? null : { bucket, region, key }
}

/** What this command did last to an object: without s3:ListBucket nobody can see that one is gone. */
const done = new WeakMap<Opened, Map<string, boolean>>()

const doneBy = (opened: Opened): Map<string, boolean> => {
  const its = done.get(opened) ?? new Map<string, boolean>()
  done.set(opened, its)
  return its
}

const keyOf = ({ bucket, key }: SwitchPlace): string => `${bucket}/${key}`

/** What writes and deletes the object; the client is loaded when it is needed. */
export const switchesOf = (opened: Opened): SwitchObjects => ({
  async engage(place, why) {
    await (await opened.switches()).engage(place, why)
    doneBy(opened).set(keyOf(place), true)
  },
  async disengage(place) {
    await (await opened.switches()).disengage(place)
    doneBy(opened).set(keyOf(place), false)
  },
  engaged: async (place, signal) => (await opened.switches()).engaged(place, signal),
})

/**
 * The ways beside the records that these names follow, and what they do now, where that is said in time.
 *
 * @param known all that follow them may be among these
 * @param isAll are these all of the context?
 */
export async function waysOf(
  opened: Opened,
  known: readonly ObservedName[],
  meant: readonly ObservedName[],
  { which, isAll }: { readonly which: Which; readonly isAll: boolean },
  { clock, signal }: Pick<Scene, 'clock' | 'signal'>,
): Promise<readonly Way[]> {
  const follows = (await import('../dns/plan-armed.ts')).switchesOf(known)
  const configured = configuredSwitch(opened)
  const isUnread = known.some(({ unread }) => unread.length > 0)
  // Whether anybody follows it could not be read: engaged in vain does no harm.
  const found = follows.length === 0 && configured !== null && isUnread ? [{ place: configured, names: [] }] : follows
  const chosen = new Set(meant.map(({ name }) => name))
  return Promise.all(
    found.map(async ({ place, names }) => ({
      kind: 's3' as const,
      place,
      names,
      engaged:
        (await soon(switchesOf(opened).engaged(place, signal), clock, signal, LOOK_MS)) ??
        doneBy(opened).get(keyOf(place)) ??
        null,
      covered: which.by === 'all' || (isAll && names.length > 0 && names.every((name) => chosen.has(name))),
    })),
  )
}

/** So long Route 53 is tried while another way has moved the users: then somebody should be told. */
const PATIENCE_MS = 10_000
const DEAD: ReadonlySet<string> = new Set(['AWS_UNREACHABLE', 'AWS_UNAVAILABLE', 'AWS_UNCERTAIN'])

type Apply = (changes: readonly Change[], scene: Scene) => Promise<ReadonlyMap<string, Outputs | Error>>

/** Where another way goes along, Route 53's API is not waited for until the end of --timeout. */
export function impatient(apply: Apply, hasOtherWay: () => boolean): Apply {
  let began: number | null = null
  return async (changes, scene) => {
    const { clock, signal } = scene
    began ??= clock.now()
    if (!hasOtherWay()) return apply(changes, scene)
    const left = PATIENCE_MS - (clock.now() - began)
    // A look at what stands there after a lost answer is given up too: it would be repeated as long.
    const enough = new AbortController()
    const ended = new AbortController()
    void clock.sleep(Math.max(0, left), ended.signal).then(
      () => enough.abort(),
      () => undefined,
    )
    const results = await apply(changes, { ...scene, signal: AbortSignal.any([signal, enough.signal]) })
    ended.abort()
    if (!enough.signal.aborted) return results
    return new Map(
      [...results].map(([id, result]) => {
        if (!(result instanceof Error) || !DEAD.has(errorData(result).code)) return [id, result]
        return [id, nyahError({ ...errorData(result), retryable: false })]
      }),
    )
  }
}

/**
 * The names as the zone has them; where Route 53 does not answer in time, no name and the switch alone: it moves all that
 * follow it, known or not.
 */
export async function orSwitchAlone(
  read: (scene: Scene) => Promise<SeenWorld>,
  place: SwitchPlace,
  scene: Scene,
): Promise<SeenWorld> {
  const { clock, signal } = scene
  const enough = new AbortController()
  const ended = new AbortController()
  void clock.sleep(PATIENCE_MS, ended.signal).then(
    () => enough.abort(),
    () => undefined,
  )
  try {
    return await read({ ...scene, signal: AbortSignal.any([signal, enough.signal]) })
  } catch (error) {
    signal.throwIfAborted()
    if (!enough.signal.aborted && !DEAD.has(errorData(error).code)) throw error
    return { at: clock.now(), names: [], ways: [{ kind: 's3', place, names: [], engaged: null, covered: true }] }
  } finally {
    ended.abort()
  }
}
