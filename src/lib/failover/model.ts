import type { NamesWorld, Side, Spread, WalkWorld } from '../dns/model.ts'
import type { Condition } from '../ports/conditions.ts'
import type { SwitchPlace } from '../ports/switch.ts'

/** Which names are meant: exactly one of the four is said. */
export type Which =
  | { readonly by: 'names'; readonly names: readonly string[] }
  | { readonly by: 'all' }
  /** UUID of the load balancer, name of the NLB, or its DNS name. */
  | { readonly by: 'mirror'; readonly mirror: string }
  /** Of the NLB, as it stands in AWS. */
  | { readonly by: 'tag'; readonly key: string; readonly value: string }

/** `failover.to` */
export interface To {
  readonly which: Which
  readonly side: Side
  /** 1-100: users on that side afterwards. */
  readonly percent: number
  /** Is it waited for until the name servers have it? Absent: yes. */
  readonly wait?: boolean
}

/** `failover.to` with a promise, and `failover.drill`: somebody stays to bring the users back. */
export interface Attended extends To {
  /** ISO 8601 in UTC, to the second, without milliseconds: as the names carry it. */
  readonly until: string
  /** A rehearsal is given up as soon as something is not known to be well. */
  readonly drill: boolean
  /** Taken up again: a rehearsal sends nobody anywhere any more, and only brings back. */
  readonly resumed: boolean
  /** What a rehearsal is given up on besides the health of the side. */
  readonly abortOn: readonly Condition[]
}

/** `failover.end` */
export interface End {
  readonly which: Which
  /** Percent of the way back, growing, the last one 100. */
  readonly steps: readonly number[]
  readonly everySeconds: number
  /** As in `To`. */
  readonly wait?: boolean
}

/** `failover.arm` */
export interface Arm {
  readonly which: Which
  /** That the names are to follow; null: only the card is written. */
  readonly place: SwitchPlace | null
}

/** What is looked at. */
export interface SeenWorld extends NamesWorld {
  /** Ways beside the records, which work while Route 53's API does not. */
  readonly ways: readonly Way[]
}

/** A run that did nothing yet. */
export const NOTHING_YET: WalkWorld['ours'] = { run: '', moved: new Map() }

/** And what this run did itself. */
export interface FailoverWorld extends SeenWorld, WalkWorld {}

/** What is seen of a move that somebody attends. */
export interface AttendedWorld extends FailoverWorld {
  /** What is not known to be well now, in words; null: nothing. */
  readonly trouble: string | null
  /** Why it is given up: once it is, it stays so. */
  readonly givenUp: string | null
  /** How long the way there took; null: not known yet. */
  readonly rto: Rto | null
}

/** How long it took until users were elsewhere, in milliseconds. */
export interface Rto {
  /** From the command to the change that was sent: reading, planning, and somebody's yes. */
  readonly decideMs: number
  /** From there on: until Route 53 took it, */
  readonly changeMs: number
  /** said that all its name servers have it (null: it did not say), */
  readonly insyncMs: number | null
  /** and those of the zone answered with it (null: they were not asked). */
  readonly visibleMs: number | null
}

/** And how far what it did has spread. */
export interface SpreadingWorld extends FailoverWorld {
  readonly spread: readonly Spread[]
}

/** One object in S3 moves the users of all names that follow it. ARC's routing controls would be another kind. */
export interface Way {
  readonly kind: 's3'
  readonly place: SwitchPlace
  /** That follow it. */
  readonly names: readonly string[]
  /** Null: nobody could say. */
  readonly engaged: boolean | null
  /** Are all names meant that it moves? */
  readonly covered: boolean
}
