import type { WatchMetrics } from '../adapters/host/metrics.ts'
import type { MetricsServer } from '../adapters/host/metrics-server.ts'
import type { EventData, NyahEvent } from '../core/events.ts'
import type { WatchState } from '../lb/watch-state.ts'
import type { Clock } from '../ports/clock.ts'
import { escapeText } from '../render/escape.ts'
import { span } from '../render/words.ts'
import type { WatchTold } from './watch-loop.ts'

/** The metrics of a watch, folded from what happens in it. */
export interface Measured {
  told(told: WatchTold): void
  event(event: NyahEvent, changedAt: number | null): void
  close(): Promise<void>
}

const NOTHING: Measured = { told: () => undefined, event: () => undefined, close: () => Promise.resolve() }

/** Listens where `--metrics-listen` says; nothing is loaded without it. Throws USAGE, or METRICS_UNAVAILABLE. */
export async function measured(
  where: string | undefined,
  intervalMs: number,
  clock: Clock,
  warn: (note: EventData['note']) => void,
): Promise<Measured> {
  if (where === undefined) return NOTHING
  const { isLoopback, parseListen, serveMetrics } = await import('../adapters/host/metrics-server.ts')
  const listen = parseListen(where)
  const { createWatchMetrics } = await import('../adapters/host/metrics.ts')
  const metrics = createWatchMetrics()
  let polledAt: number | null = null
  let why: string | null = null
  const server: MetricsServer = await serveMetrics(listen, {
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    unhealthy: () => unhealthy(polledAt, why, clock.now(), intervalMs),
  })
  if (!isLoopback(listen)) warn(exposed(server.url))
  return {
    event: (event, changedAt) => {
      if (event.type === 'run.finished') metrics.ran(event.data.outcome)
      if (changedAt !== null && event.type === 'change.succeeded' && REGISTERS.test(event.data.id))
        metrics.registered(Date.parse(event.at) - changedAt)
    },
    told: (told) => {
      if (told.type === 'polled') {
        metrics.polled(told.ok ? 'ok' : 'failed', told.at)
        why = told.ok ? null : told.error instanceof Error ? told.error.message : String(told.error)
        if (told.ok) polledAt = told.at
      }
      if (told.type === 'state') show(metrics, told.state)
    },
    close: server.close,
  }
}

const exposed = (url: string) => ({
  code: 'METRICS_EXPOSED',
  message: `${url}/metrics answers whoever reaches it: there is neither TLS nor a password`,
})

/** Ids of changes that register targets. */
const REGISTERS = /\/targets\/[^/]+\/register$/

/** Null: a poll has succeeded in the last three intervals. */
export function unhealthy(polledAt: number | null, why: string | null, now: number, intervalMs: number): string | null {
  if (polledAt !== null && now - polledAt < 3 * intervalMs) return null
  const last =
    polledAt === null
      ? 'no poll of Octavia has succeeded yet'
      : `the last successful poll of Octavia was ${span(now - polledAt)} ago`
  return why === null ? last : `${last}: ${escapeText(why)}`
}

function show(metrics: WatchMetrics, { scopes, vanishing, unlisted }: WatchState): void {
  const all = [...scopes.values()]
  metrics.mirrors(all.length)
  metrics.drift(
    all.filter(({ latest, seen, running, trouble }) => latest !== seen || running !== null || trouble !== null).length,
  )
  metrics.failing(all.filter(({ trouble }) => trouble?.how === 'failed').length)
  metrics.vanishing(vanishing || unlisted)
  metrics.held(
    all.flatMap(({ id, trouble }) =>
      trouble?.how === 'held' ? trouble.codes.map((code) => ({ scope: id, code, sinceMs: trouble.since })) : [],
    ),
  )
}
