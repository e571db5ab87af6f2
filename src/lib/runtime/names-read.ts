import type { ZoneChoice } from '../dns/zones.ts'
import { errorData, type ErrorData } from '../core/errors.ts'
import type { ObservedName } from '../dns/model.ts'
import type { NamesPorts } from '../dns/observe.ts'
import type { Scene } from '../engine/operation.ts'
import type { Check } from '../ports/health-checks.ts'
import type { Opened } from './open.ts'

export interface NamesRead {
  readonly names: readonly ObservedName[]
  /** Every health check with nyah's tags; none where it was not asked for. */
  readonly checks: readonly Check[]
  /** What kept all of it, or the health checks, from being read. */
  readonly unread: readonly ErrorData[]
}

export interface Wanted {
  /** Null: every name that is nyah's or weighted. */
  readonly names: readonly string[] | null
  /** Longest that health may take, in milliseconds. */
  readonly healthMs: number
  /** Also the health checks that no record refers to. */
  readonly allChecks?: boolean
}

/** What names are read through; what cannot be opened is said to be unread, except records. */
export async function namesPorts(opened: Opened): Promise<NamesPorts> {
  const [dns, checks, mirrors] = await Promise.all([
    opened.names(),
    opened.checks().catch(() => null),
    opened.mirrors().catch(() => null),
  ])
  return { dns, checks, mirrors }
}

/** Which zone holds a name where several could. */
export const zoneChoice = (opened: Opened, zone: string | null = null): ZoneChoice => ({
  zone,
  zones: opened.context.dns?.zones ?? {},
})

/**
 * Names for commands that only look. With names given, what keeps them from being read is thrown; without, it is said: a
 * screen that shows nothing is still a screen.
 */
export async function readNames(
  opened: Opened,
  { names, healthMs, allChecks = false }: Wanted,
  { clock, signal }: Pick<Scene, 'clock' | 'signal'>,
): Promise<NamesRead> {
  const scene: Scene = { clock, signal, emit: () => undefined }
  const look = { names, weighted: true, choice: zoneChoice(opened), healthMs }
  try {
    const [{ observeNames }, ports] = await Promise.all([import('../dns/observe.ts'), namesPorts(opened)])
    const [seen, checks] = await Promise.all([
      observeNames(ports, look, scene),
      allChecks ? (ports.checks?.list(signal) ?? []) : [],
    ])
    return { names: seen, checks, unread: [] }
  } catch (error) {
    signal.throwIfAborted()
    if (names !== null) throw error
    return { names: [], checks: [], unread: [errorData(error)] }
  }
}

/** How long commands that only look wait for health. */
export const HEALTH_MS = 8_000
