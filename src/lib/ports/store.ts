import type { NyahEvent } from '../core/events.ts'

/** One line of `run list`: the head and tail of a journal. */
export interface RunSummary {
  readonly id: string
  readonly operation: string
  readonly context: string
  readonly actor: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** Null: still running, or killed. */
  readonly outcome: string | null
  readonly exitCode: number | null
  /** Does its process still run on this machine? */
  readonly alive: boolean
}

/** A journal being written. */
export interface Journal {
  /** Synchronous; `run.*` is on the disk then, all else outlives a kill. Throws STATE_UNWRITABLE. */
  append(event: NyahEvent): void
  /** Puts on the disk what was started: before each call that changes something, once for all it changes. Throws STATE_UNWRITABLE. */
  sync(): void
  close(): void
}

/** What nyah keeps on this machine (XDG state directory, 0700; files 0600). */
export interface Store {
  /** Opened before the first write to a remote. Throws STATE_UNWRITABLE. */
  openJournal(run: string): Journal
  /** Newest first; reads only the head and tail of each file. */
  listRuns(limit: number): readonly RunSummary[]
  /** All events; a torn last line (a kill) is left out. Throws RUN_NOT_FOUND, with the near ones. An unambiguous prefix is enough. */
  readRun(idOrPrefix: string): readonly NyahEvent[]
  /**
   * Keeps two mutating nyahs of one machine apart, per context and scope: takes the locks of all scopes or none. Throws
   * RUN_LOCKED (exit 10), naming the scope and who holds it. A dead holder's lock is taken over.
   */
  lock(context: string, scopes: readonly string[], run: string): { release(): void }
}
