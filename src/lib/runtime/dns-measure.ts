import { errorData, isNyahError } from '../core/errors.ts'
import type { MeasuredShare } from '../dns/measured.ts'
import type { ShownSet } from '../dns/view.ts'
import type { Opened } from './open.ts'

/** What the name servers of a zone answered when they were asked many times. */
export interface Measured {
  readonly name: string
  readonly type: string
  readonly servers: readonly string[]
  readonly asked: number
  readonly answered: number
  readonly shares: readonly MeasuredShare[]
  /** Why some were not answered, or none could be asked; null: all were. */
  readonly why: string | null
}

const IN_FLIGHT = 16
const ASK_MS = 2_000

/** Asks the zone's own name servers so many times, past every cache, one after the other in turn. */
export async function measure(set: ShownSet, times: number, opened: Opened, signal: AbortSignal): Promise<Measured> {
  const [{ measuredShares }, dns, resolver] = await Promise.all([
    import('../dns/measured.ts'),
    opened.names(),
    opened.resolver(),
  ])
  const { name, type, zone } = set
  const of = (servers: readonly string[], answers: readonly (readonly string[])[], why: string | null): Measured => ({
    name,
    type,
    servers,
    asked: times,
    answered: answers.length,
    shares: measuredShares(
      set.members.map(({ id, pointsTo, entrance, now, ttl }) => ({
        id,
        pointsTo,
        alias: entrance !== null || ttl === null,
        now,
      })),
      answers,
    ),
    why,
  })
  let servers: readonly string[]
  try {
    const own = await dns.nameServers(zone.id, signal)
    servers = own.length > 0 || resolver.configured === null ? own : [resolver.configured]
  } catch (error) {
    if (!isNyahError(error)) throw error
    return of([], [], `Route 53 does not say which the name servers are: ${error.code}`)
  }
  if (servers.length === 0) return of([], [], 'the zone is private, and the context has no dns.resolver')
  const answers: (readonly string[])[] = []
  let why: string | null = null
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < times) {
      const server = servers[next++ % servers.length] ?? ''
      try {
        const { code, values } = await resolver.ask(server, name, type === 'AAAA' ? 'AAAA' : 'A', ASK_MS, signal)
        if (code === 'NOERROR') answers.push(values)
        else why ??= `${server} answered ${code}`
      } catch (error) {
        signal.throwIfAborted()
        why ??= `${server}: ${errorData(error).message}`
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, times) }, lane))
  return of(servers, answers, why)
}
