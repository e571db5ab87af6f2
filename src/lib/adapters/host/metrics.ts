import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from './prometheus.sdk.ts'

/** What a watch counts, for Prometheus. Seconds; labels of load balancers are their ids, so bounded by the fleet. */
export interface WatchMetrics {
  mirrors(amount: number): void
  drift(amount: number): void
  failing(amount: number): void
  vanishing(isVanishing: boolean): void
  ran(outcome: string): void
  polled(result: 'ok' | 'failed', atMs: number): void
  /** From a change in Octavia to the registration of its targets. */
  registered(afterMs: number): void
  /** In place of what was held before. */
  held(holds: readonly { readonly scope: string; readonly code: string; readonly sinceMs: number }[]): void
  /** The text format of Prometheus. */
  text(): Promise<string>
  readonly contentType: string
}

/** A registry of its own with nyah's metrics and those of the process (memory, CPU, event loop). */
export function createWatchMetrics(): WatchMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers })
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers })

  const mirrors = gauge('nyah_mirrors', 'Mirrors that are followed.')
  const drift = gauge('nyah_drift', 'Mirrors not known to be in step: due, being changed, held or failing.')
  const failing = gauge('nyah_sync_failing', 'Mirrors whose last run failed.')
  const vanishing = gauge('nyah_fleet_vanishing', '1 while Octavia shows far fewer load balancers than before.')
  const runs = counter('nyah_sync_runs_total', 'Runs by how they ended.', ['outcome'])
  const polls = counter('nyah_source_polls_total', 'Polls for changes in Octavia by result.', ['result'])
  const pollAt = gauge('nyah_last_poll_success_timestamp_seconds', 'When Octavia last answered a poll.')
  const held = gauge('nyah_sync_held', '1 for each code that holds a part of a mirror.', ['code', 'scope'])
  const since = gauge('nyah_sync_held_since_seconds', 'Since when a part of the mirror is held (Unix time).', ['scope'])
  const registration = new Histogram({
    name: 'nyah_member_registration_seconds',
    help: 'From a change in Octavia to the registration of its targets.',
    buckets: [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600, 1800, 3600],
    registers,
  })
  for (const result of ['ok', 'failed']) polls.inc({ result }, 0)

  return {
    mirrors: (amount) => mirrors.set(amount),
    drift: (amount) => drift.set(amount),
    failing: (amount) => failing.set(amount),
    vanishing: (isVanishing) => vanishing.set(isVanishing ? 1 : 0),
    ran: (outcome) => runs.inc({ outcome }),
    polled: (result, atMs) => {
      polls.inc({ result })
      if (result === 'ok') pollAt.set(atMs / 1000)
    },
    registered: (afterMs) => registration.observe(Math.max(0, afterMs) / 1000),
    held: (holds) => {
      held.reset()
      since.reset()
      for (const { scope, code, sinceMs } of holds) {
        held.set({ code, scope }, 1)
        since.set({ scope }, sinceMs / 1000)
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
