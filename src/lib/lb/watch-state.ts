import type { SourceChanges } from '../ports/source.ts'

/** What a watch (`lb sync --watch`) knows and is told: the types of `watch.ts`. Times are milliseconds since the epoch. */

export interface WatchSettings {
  readonly intervalMs: number
  /** Every mirror is read whole at least this often, spread over the time by a hash of its id. */
  readonly resyncMs: number
}

/** How one run of one load balancer ended, as far as it decides what comes next. */
export type RunEnd =
  /** Nothing was left to do. */
  | { readonly how: 'done' }
  /** Something was changed: looked at once more, since a remote may show late what was written. */
  | { readonly how: 'applied' }
  /** A guard holds a part, or refuses: it takes time, or another source. */
  | {
      readonly how: 'held'
      readonly codes: readonly string[]
      /** What is held, and why. */
      readonly message: string
      /** Since when, where the mirror remembers it; null: since now. */
      readonly since: number | null
    }
  | { readonly how: 'failed'; readonly code: string; readonly message: string }
  /** Another run is at it. */
  | { readonly how: 'locked' }
  /** There is no mirror any more. */
  | { readonly how: 'unmirrored' }

export type WatchInput =
  /** All mirrors there are; `inStep`: the source's updated_at when both sides were last in step, null: not known. */
  | { readonly type: 'mirrors'; readonly mirrors: readonly WatchedMirror[] }
  | { readonly type: 'poll'; readonly changes: SourceChanges }
  | { readonly type: 'started'; readonly id: string }
  | { readonly type: 'ended'; readonly id: string; readonly end: RunEnd }

export interface WatchedMirror {
  readonly id: string
  readonly inStep: string | null
}

/** What somebody should hear of. `since`: when the trouble began. */
export type WatchNews =
  | {
      readonly type: 'held'
      readonly id: string
      readonly codes: readonly string[]
      readonly message: string
      readonly since: number
    }
  | { readonly type: 'held-no-more'; readonly id: string; readonly since: number }
  | {
      readonly type: 'failing'
      readonly id: string
      readonly code: string
      readonly message: string
      readonly since: number
    }
  | { readonly type: 'failing-no-more'; readonly id: string; readonly since: number }
  | { readonly type: 'vanishing'; readonly missing: number; readonly of: number }
  | { readonly type: 'vanishing-no-more' }
  | { readonly type: 'unlisted'; readonly missing: number; readonly of: number }
  | { readonly type: 'unlisted-no-more' }

/** Trouble of one scope that goes on. */
export interface Trouble {
  readonly how: 'held' | 'failed' | 'locked'
  readonly codes: readonly string[]
  readonly since: number
  /** Runs in a row that ended so. */
  readonly times: number
}

export interface WatchedScope {
  readonly id: string
  /** What the last poll said of it; null: no poll yet. */
  readonly latest: string | null
  /** What the last poll had said before the last whole read; null: to be read. */
  readonly seen: string | null
  readonly isPending: boolean
  /** Runs that have ended since the poll last said something new. */
  readonly reads: number
  /** When what differs from `seen` came about, as near as Octavia's second tells; null: nothing differs. */
  readonly changedAt: number | null
  /** Set while a run is under way: what it will have seen; `recent`: perhaps not the whole of it. */
  readonly running: { readonly seen: string | null; readonly recent: boolean } | null
  /** Due with the first poll from this time on, whatever that says; null: not so. */
  readonly retryAt: number | null
  readonly resyncAt: number
  /** Since when it has been waiting for a run; null: it is not. */
  readonly dueSince: number | null
  readonly trouble: Trouble | null
  /** Its last run found no mirror: whether it is followed any more, the next list of mirrors decides. */
  readonly unmirrored: boolean
}

export interface WatchState {
  readonly settings: WatchSettings
  readonly scopes: ReadonlyMap<string, WatchedScope>
  /** Load balancers of the last poll that was not vanishing, among the mirrored ones. */
  readonly present: ReadonlySet<string>
  readonly vanishing: boolean
  /** The last list of mirrors lacked too many at once of those that are followed: rather AWS's view of us than the mirrors. */
  readonly unlisted: boolean
}

export interface Advanced {
  readonly state: WatchState
  /** What is to be read now, the longest waiting first; nothing that is under way. */
  readonly due: readonly string[]
  readonly news: readonly WatchNews[]
}
