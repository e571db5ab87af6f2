import type { Change, Outputs } from '../core/change.ts'
import type { EventData } from '../core/events.ts'
import type { Enactor } from '../dns/apply.ts'
import type { ObservedName, Spread } from '../dns/model.ts'
import type { SpreadWatch } from '../dns/watch-spread.ts'
import type { Scene } from '../engine/operation.ts'
import type { Rto, SeenWorld } from '../failover/model.ts'
import type { RecordSet } from '../ports/dns.ts'
import type { RunDeps } from '../engine/terms.ts'
import { whyNot, within } from './in-time.ts'
import type { Opened } from './open.ts'

type Results = ReadonlyMap<string, Outputs | Error>

/** Follows what a failover changed to the name servers; nothing of it is loaded or asked before the change is out. */
export interface Following {
  /** What `read` finds; while a change spreads, the names as they were written, and how far they have come. */
  observe(read: (scene: Scene) => Promise<SeenWorld>, scene: Scene): Promise<SeenWorld & { spread: readonly Spread[] }>
  /** Sends changes by `write`, and follows those that were accepted. */
  carry(changes: readonly Change[], scene: Scene, write: () => Promise<Results>): Promise<Results>
  /** How far the first step has come, with all that was sent again of it; null: nothing was taken yet. */
  reached(): Reached | null
}

/** In milliseconds; times after `sentAt`, of the slowest name. */
export interface Reached extends Omit<Rto, 'decideMs'> {
  /** Since the epoch. */
  readonly sentAt: number
}

/** How long what was accepted may take to be read back before it is shown as it was written, in milliseconds. */
const READ_BACK_MS = 10_000

/** Longer than a change of Route 53 needs to be everywhere (usually within a minute): on top of the run's own time. */
const SPREAD_MS = 120_000

/** How long Route 53 may take to say how far a change has come: its name servers can tell, too. */
const SAY_MS = 2_500

/**
 * A failover that was accepted does not fail because nobody can see it: while it spreads only that is looked at, and where
 * Route 53 cannot be read afterwards, the names are shown as they were written (FAILOVER_NOT_READ).
 *
 * @param deadline of the run; null: nobody waits until a change has spread
 */
export function following(opened: Opened, enactor: Enactor, deadline: RunDeps['deadline'] | null): Following {
  let watch: SpreadWatch | null = null
  let last: SeenWorld | null = null
  let isWritten = false
  let isPatient = false
  let reached: Reached | null = null
  let isBeyond = false

  const watching = async (): Promise<SpreadWatch> => {
    const [{ watchSpread }, dns, resolver] = await Promise.all([
      import('../dns/watch-spread.ts'),
      opened.names(),
      opened.resolver(),
    ])
    return (watch ??= watchSpread(dns, resolver, SAY_MS))
  }

  /** Notes how far the first step has come, as it is said. */
  const timed = (scene: Scene): Scene => ({
    ...scene,
    emit: (type, scope, data) => {
      scene.emit(type, scope, data)
      if (type !== 'spread.reached' || isBeyond) return
      const { state, afterMs } = data as EventData['spread.reached']
      const now = scene.clock.now()
      reached ??= { sentAt: now - afterMs, changeMs: 0, insyncMs: null, visibleMs: null }
      const key = ({ accepted: 'changeMs', insync: 'insyncMs', visible: 'visibleMs' } as const)[state]
      reached = { ...reached, [key]: Math.max(reached[key] ?? 0, now - reached.sentAt) }
    },
  })

  return {
    reached: () => reached,
    async observe(read, scene) {
      const spread = watch === null ? [] : await watch.look(timed(scene))
      const isOnItsWay = spread.some(({ state }) => state !== 'done')
      if (isWritten && isOnItsWay && last !== null) {
        // Only now: what could not be sent in time is given up at its own time.
        if (!isPatient) deadline?.extend(SPREAD_MS)
        isPatient = true
        return { ...last, spread }
      }
      last = isWritten && last !== null ? await readBack(read, scene, last) : await read(scene)
      // Whatever is planned after this is planned from what was read, or not at all; what is sent then is another step.
      isBeyond ||= isWritten
      isWritten = false
      return { ...last, spread }
    },
    async carry(changes, scene, write) {
      if (deadline === null) return write()
      const sentAt = scene.clock.now()
      const writing = write()
      // Who waits for it is told by `carry`.
      writing.catch(() => undefined)
      const [spreading, delta] = await Promise.all([watching(), import('../dns/delta.ts')])
      spreading.prepare([...new Set(changes.map((change) => delta.standings(change).after.zoneId))], scene)
      const results = await spreading.carry(changes, timed(scene), () => writing, sentAt)
      const done = changes.filter(({ id }) => results.has(id) && !(results.get(id) instanceof Error))
      if (done.length === 0) return results
      isPatient &&= isWritten
      isWritten = true
      if (last !== null)
        last = { ...last, at: sentAt, names: writtenAs(last.names, done, { ...enactor, at: sentAt }, delta) }
      return results
    },
  }
}

/** The names as they stand since these changes were taken. */
function writtenAs(
  names: readonly ObservedName[],
  changes: readonly Change[],
  { at: now, ...enactor }: Enactor & { readonly at: number },
  { stamped, standings }: typeof import('../dns/delta.ts'),
): readonly ObservedName[] {
  const at = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  const byName = new Map(changes.map((change) => [change.ref.name, standings(change)]))
  return names.map((seen) => {
    const standing = byName.get(seen.name)
    if (standing === undefined) return seen
    const gone = new Set(standing.before.records.map(keyOf))
    const others = seen.records.filter((record) => !gone.has(keyOf(record)))
    return { ...seen, records: [...others, ...stamped(standing.after.records, seen.name, { ...enactor, at })] }
  })
}

const keyOf = ({ name, type, setIdentifier }: RecordSet): string => `${name} ${type} ${setIdentifier ?? ''}`

async function readBack(
  read: (scene: Scene) => Promise<SeenWorld>,
  scene: Scene,
  written: SeenWorld,
): Promise<SeenWorld> {
  try {
    return await within(scene, READ_BACK_MS, (signal) => read({ ...scene, signal }))
  } catch (error) {
    scene.signal.throwIfAborted()
    scene.emit('note', null, notRead(whyNot(error)))
    return written
  }
}

const notRead = (why: string): { code: string; message: string } => ({
  code: 'FAILOVER_NOT_READ',
  message: `Route 53 accepted the changes, and cannot be read now (${why}): the names are shown as they were written`,
})
