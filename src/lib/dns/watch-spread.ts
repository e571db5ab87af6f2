import type { Change, Outputs } from '../core/change.ts'
import { errorData, isNyahError } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'
import type { Dns } from '../ports/dns.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Spread } from './model.ts'
import { holds, spreadingOf, type Expected, type Spreading } from './spread.ts'

/** Tells how far what a run changed has come; remembers what is done. */
export interface SpreadWatch {
  /** Asks now which the name servers of these zones are: a failing Route 53 may not say it once the change is sent. */
  prepare(zoneIds: readonly string[], scene: Scene): void
  /** Writes, and from then on watches what was accepted; `sentAt` (milliseconds since the epoch) where it was sent before. */
  carry(
    changes: readonly Change[],
    scene: Scene,
    write: () => Promise<ReadonlyMap<string, Outputs | Error>>,
    sentAt?: number,
  ): Promise<ReadonlyMap<string, Outputs | Error>>
  look(scene: Scene): Promise<readonly Spread[]>
}

/** How long Route 53 may take to say one thing, and one name server to answer; in milliseconds. */
const SAY_MS = 10_000
const ASK_MS = 2_000

/** What one look has found out; `unknown`: Route 53 does not say, and why. */
interface Seen {
  readonly synced: 'yes' | 'no' | { readonly unknown: string }
  readonly heard: Heard | null
}

/** What the name servers say, the one that is behind before the others. */
interface Heard {
  readonly said: 'new' | 'old' | 'nothing'
  readonly server: string
  /** Why it says nothing. */
  readonly why?: string
}

/**
 * INSYNC is Route 53's own word; then the name servers of the zone are asked for the state that was written. Where Route 53
 * does not say, their word is enough; where nobody says anything, that is said (DNS_SPREAD_UNKNOWN), and no longer waited for.
 */
export function watchSpread(
  dns: Pick<Dns, 'inSync' | 'nameServers'>,
  resolver: Resolver | null,
  sayMs = SAY_MS,
): SpreadWatch {
  const going = new Map<string, Spreading>()
  const reached = new Set<Spreading>()
  /** By zone; a text: why nobody says which they are. */
  const servers = new Map<string, Promise<readonly string[] | string>>()
  /** Changes of which the name servers are asked for a name. */
  const asking = new Set<string | null>()
  const noted = new Set<string>()

  const serversOf = (zoneId: string, scene: Scene): Promise<readonly string[] | string> => {
    const known = servers.get(zoneId)
    if (known !== undefined) return known
    const asked = within(scene, sayMs, (signal) => dns.nameServers(zoneId, signal)).then(
      (found) => (found.length > 0 || resolver?.configured == null ? found : [resolver.configured]),
      (error: unknown) => {
        // The next one who asks may have better luck.
        servers.delete(zoneId)
        return reasonOf(error)
      },
    )
    servers.set(zoneId, asked)
    return asked
  }

  const noteOnce = ({ emit }: Scene, code: string, subject: string, message: string): void => {
    if (noted.has(`${code} ${subject}`)) return
    noted.add(`${code} ${subject}`)
    emit('note', null, { code, message })
  }

  /** What they say; that they cannot be asked is said here, unless Route 53 is silent too: whoever judges that says both at once. */
  const heard = async (
    { expected, zoneId }: Pick<Spreading, 'zoneId'> & { readonly expected: Expected },
    synced: Seen['synced'],
    scene: Scene,
  ): Promise<Heard | null> => {
    const found = await serversOf(zoneId, scene)
    if (resolver === null) return null
    if (typeof found === 'string' || found.length === 0) {
      const why = typeof found === 'string' ? `${NOT_TOLD} (${found})` : PRIVATE
      const message = `${expected.record}: the name servers of its zone cannot be asked: ${why}`
      if (typeof synced === 'string') noteOnce(scene, 'DNS_NOT_ASKED', zoneId, message)
      return { said: 'nothing', server: '', why }
    }
    const each = await Promise.all(
      found.map(async (server): Promise<Heard> => {
        try {
          const { values } = await resolver.ask(server, expected.record, 'TXT', ASK_MS, scene.signal)
          return { server, said: holds(expected, values) ? 'new' : 'old' }
        } catch (error) {
          scene.signal.throwIfAborted()
          const { code, message } = errorData(error)
          return { server, said: 'nothing', why: `${server} could not be asked: ${code} ${message}` }
        }
      }),
    )
    const telling = each.find(({ said }) => said === 'old') ?? each.find(({ said }) => said === 'new')
    if (telling !== undefined || typeof synced === 'string')
      for (const { server, why } of each) if (why !== undefined) noteOnce(scene, 'DNS_NOT_ASKED', server, why)
    return telling ?? each[0] ?? null
  }

  const tell = (one: Spreading, state: 'accepted' | 'insync' | 'visible', { clock, emit }: Scene): void =>
    emit('spread.reached', one.name, { name: one.name, state, afterMs: clock.now() - one.sentAt })

  const judged = (one: Spreading, { synced, heard: said }: Seen, scene: Scene): Spread => {
    const { name, changeId, zoneId } = one
    const done: Spread = { name, state: 'done', detail: '' }
    if (said?.said === 'new') {
      tell(one, 'visible', scene)
      return done
    }
    if (said?.said === 'old') return { name, state: 'unseen', detail: `${said.server} does not answer with it yet` }
    if (synced === 'no')
      return { name, state: 'pending', detail: `change ${changeId} is not on all name servers of Route 53 yet` }
    if (synced === 'yes') return done
    // Its fellows answer for it.
    if (one.expected === null && asking.has(changeId)) return done
    noteOnce(
      scene,
      'DNS_SPREAD_UNKNOWN',
      changeId ?? zoneId,
      `Route 53 accepted change ${changeId}, and does not say whether its name servers have it (${synced.unknown}); nor could they be asked${said?.why === undefined ? '' : ` (${said.why})`}: nyah dns show ${name}`,
    )
    return done
  }

  return {
    prepare(zoneIds, scene) {
      if (resolver !== null) for (const zoneId of zoneIds) void serversOf(zoneId, scene)
    },
    async carry(changes, scene, write, sentAt = scene.clock.now()) {
      const results = await write()
      const spreading = spreadingOf(changes, results, sentAt)
      for (const one of spreading) {
        going.set(one.name, one)
        if (one.expected !== null) asking.add(one.changeId)
        tell(one, 'accepted', scene)
      }
      const asked = spreading.filter(({ expected }) => expected !== null).length
      if (resolver !== null && asked < spreading.length)
        noteOnce(
          scene,
          'DNS_SAMPLED',
          '',
          `the zone's name servers are asked for ${asked} of ${spreading.length} names, some of each change`,
        )
      return results
    },
    async look(scene) {
      const all = [...going.values()]
      const ids = [...new Set(all.flatMap(({ changeId }) => changeId ?? []))]
      const syncs = new Map(
        await Promise.all(
          ids.map(async (id) => {
            const synced = await within(scene, sayMs, (signal) => dns.inSync(id, signal)).then(
              (done): Seen['synced'] => (done ? 'yes' : 'no'),
              (error: unknown): Seen['synced'] => ({ unknown: reasonOf(error) }),
            )
            scene.signal.throwIfAborted()
            return [id, synced] as const
          }),
        ),
      )
      const states = await Promise.all(
        all.map(async (one): Promise<Spread> => {
          const synced = one.changeId === null ? 'yes' : (syncs.get(one.changeId) ?? 'no')
          if (synced === 'yes' && !reached.has(one)) {
            reached.add(one)
            tell(one, 'insync', scene)
          }
          const said =
            synced === 'no' || one.expected === null
              ? null
              : await heard({ ...one, expected: one.expected }, synced, scene)
          return judged(one, { synced, heard: said }, scene)
        }),
      )
      const spread = states.map((state, index) => together(state, all[index], all, states))
      for (const { name, state } of spread) if (state === 'done') going.delete(name)
      return spread
    },
  }

  /** A name that nobody asks for is as far as those of its change that somebody asks for. */
  function together(
    state: Spread,
    one: Spreading | undefined,
    all: readonly Spreading[],
    states: readonly Spread[],
  ): Spread {
    if (one === undefined || one.expected !== null || state.state !== 'done') return state
    const behind = states.find(
      (each, index) => each.state !== 'done' && all[index]?.changeId === one.changeId && all[index]?.expected !== null,
    )
    return behind === undefined ? state : { ...behind, name: one.name }
  }
}

const NOT_TOLD = 'Route 53 does not say which they are'
const PRIVATE = 'it is private, and the context has no dns.resolver'

const reasonOf = (error: unknown): string =>
  isNyahError(error) ? error.code : error instanceof Error ? error.message : String(error)

/** What is late is given up: a Route 53 that hangs must not hold up who waits for it. */
async function within<T>(
  { clock, signal }: Scene,
  sayMs: number,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const enough = new AbortController()
  const both = AbortSignal.any([signal, enough.signal])
  const reading = read(both)
  const late = clock.sleep(sayMs, both).then(() => {
    throw new Error(`no answer within ${sayMs / 1000} s`)
  })
  try {
    return await Promise.race([reading, late])
  } finally {
    late.catch(() => undefined)
    reading.catch(() => undefined)
    enough.abort()
  }
}
