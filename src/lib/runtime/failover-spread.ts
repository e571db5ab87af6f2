import type { Change } from '../core/change.ts'
import { errorData } from '../core/errors.ts'
import type { ObservedName } from '../dns/model.ts'
import type { SpreadWatch } from '../dns/servers/observe.ts'
import type { Scene } from '../engine/operation.ts'
import type { FailoverWorld, Which } from '../failover/model.ts'
import type { FailoverPorts } from '../failover/operation.ts'
import type { RecordSet } from '../ports/dns.ts'

/** How long what was accepted may take to be read back before it is shown as it was written, in milliseconds. */
const READ_BACK_MS = 10_000

/**
 * A failover that was accepted does not fail because nobody can see it: while it spreads only that is looked at, and where
 * Route 53 cannot be read afterwards, the names are shown as they were written (FAILOVER_NOT_READ).
 *
 * @param after the records as they were written
 */
export function watched(
  ports: FailoverPorts,
  watch: SpreadWatch,
  after: (change: Change, at: number) => readonly RecordSet[],
): FailoverPorts {
  let last: FailoverWorld | null = null
  let isWritten = false
  return {
    async observe(which, scene) {
      const spread = await watch.look(scene)
      if (last === null || !isWritten) {
        last = await ports.observe(which, scene)
        watch.prepare(
          last.names.map(({ zone }) => zone.id),
          scene,
        )
        return { ...last, spread }
      }
      if (spread.some(({ state }) => state !== 'done')) return { ...last, spread }
      // Whatever is planned after this is planned from what was read, or not at all.
      isWritten = false
      last = await readBack(which, scene, last)
      return { ...last, spread }
    },
    apply: (changes, scene) =>
      watch.carry(changes, scene, async () => {
        const results = await ports.apply(changes, scene)
        const at = scene.clock.now()
        const records = new Map(
          changes
            .filter(({ id }) => results.get(id) !== undefined && !(results.get(id) instanceof Error))
            .map((change) => [change.scope, after(change, at)] as const),
        )
        const written = (seen: ObservedName): ObservedName => ({
          ...seen,
          records: records.get(seen.name) ?? seen.records,
        })
        if (records.size > 0 && last !== null) last = { at, names: last.names.map(written) }
        isWritten ||= records.size > 0
        return results
      }),
  }

  async function readBack(which: Which, scene: Scene, written: FailoverWorld): Promise<FailoverWorld> {
    const { clock, signal, emit } = scene
    const enough = new AbortController()
    const both = AbortSignal.any([signal, enough.signal])
    const late = clock.sleep(READ_BACK_MS, both).then(() => null)
    try {
      const found = await Promise.race([ports.observe(which, { ...scene, signal: both }), late])
      if (found !== null) return found
      emit('note', null, notRead(`no answer within ${READ_BACK_MS / 1000} s`))
    } catch (error) {
      signal.throwIfAborted()
      emit('note', null, notRead(errorData(error).code))
    } finally {
      late.catch(() => undefined)
      enough.abort()
    }
    return written
  }
}

const notRead = (why: string): { code: string; message: string } => ({
  code: 'FAILOVER_NOT_READ',
  message: `Route 53 accepted the changes, and cannot be read now (${why}): the names are shown as they were written`,
})
