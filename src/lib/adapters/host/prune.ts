import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Journals of a watch's runs: `<time in base 36>-<chance>-w.ndjson`. Those of commands are never touched. */
const OF_A_WATCH = /^([0-9a-z]{8})-[0-9a-z]{4}-w\.ndjson$/

const DAY_MS = 86_400_000

export interface Pruning {
  readonly stateDir: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The newest ones that are kept; 1,000 unless given. */
  readonly atMost?: number
  /** How old a journal may become; 30 days unless given. */
  readonly days?: number
}

/**
 * Removes old journals of watches, so that a year of them does not fill the disk. What cannot be removed stays, for the
 * next time. Returns how many are gone.
 */
export function pruneJournals({ stateDir, now, atMost = 1000, days = 30 }: Pruning): number {
  const runs = join(stateDir, 'runs')
  let removed = 0
  for (const [index, file] of newestFirst(runs).entries()) {
    const startedAt = Number.parseInt(OF_A_WATCH.exec(file)?.[1] ?? '', 36)
    if (index < atMost && now - startedAt <= days * DAY_MS) continue
    try {
      unlinkSync(join(runs, file))
      removed += 1
    } catch {
      // Gone already, or not ours to remove.
    }
  }
  return removed
}

function newestFirst(runs: string): readonly string[] {
  try {
    return readdirSync(runs)
      .filter((file) => OF_A_WATCH.test(file))
      .sort((a, b) => (a < b ? 1 : -1))
  } catch {
    // No run has written a journal yet.
    return []
  }
}
