import { isNyahError } from '../core/errors.ts'
import { openContext, type Opened } from './open.ts'
import { readingTools } from './reading.ts'
import { interruptible } from './signals.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import type { Clock } from '../ports/clock.ts'

/** UUIDs of load balancers named by UUID, name, VIP, NLB name or DNS name. Lists are read only when they are needed. */
export async function resolveNames(
  opened: Opened,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { isUuid, resolveName } = await import('../lb/resolve.ts')
  if (names.every(isUuid)) return names.map((name) => name.trim().toLowerCase())
  const [source, mirrors] = await Promise.all([opened.source(), opened.mirrors()])
  // A name that one cloud knows is good enough while the other cannot be read: the run itself reads both.
  const [sources, owned] = await Promise.allSettled([source.list(signal), mirrors.list(signal)])
  // What is unread because somebody pressed Ctrl-C is not known to be unreadable.
  signal.throwIfAborted()
  if (sources.status === 'rejected' && owned.status === 'rejected') throw sources.reason
  const known = sources.status === 'fulfilled' ? sources.value : []
  const twins = owned.status === 'fulfilled' ? owned.value : []
  const unread = [sources, owned].find((one) => one.status === 'rejected')
  return names.map((name) => {
    if (isUuid(name)) return name.trim().toLowerCase()
    try {
      return resolveName(known, twins, name)
    } catch (error) {
      // It may well be in the cloud that could not be read: not known is not "there is none".
      if (unread !== undefined && isNyahError(error) && error.code === 'LB_NOT_FOUND') throw unread.reason
      throw error
    }
  })
}

/** How long what only is looked at may take: a cloud that does not answer must not keep back what the other says. */
export const READ_AT_MOST_MS = 30_000

/** Runs a reading command against an opened context, for at most so long, and no longer than --timeout. */
export async function reading<T>(
  io: Io,
  flags: SharedFlags,
  read: (opened: Opened, signal: AbortSignal, clock: Clock) => Promise<T>,
  atMostMs: number,
): Promise<T> {
  const { signal, release } = interruptible()
  try {
    const tools = readingTools(io, flags, signal, atMostMs)
    const opened = await openContext(io, flags, tools)
    try {
      const answer = await read(opened, signal, tools.clock)
      // What was read in part because somebody pressed Ctrl-C is no partial answer.
      signal.throwIfAborted()
      return answer
    } finally {
      await opened.close()
    }
  } finally {
    release()
  }
}
