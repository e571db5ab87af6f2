import type { ObservedName, Side } from '../dns/model.ts'
import type { SwitchPlace } from '../ports/switch.ts'

/** Which names are meant: exactly one of the three is said. */
export type Which =
  | { readonly by: 'names'; readonly names: readonly string[] }
  | { readonly by: 'all' }
  /** UUID of the load balancer, name of the NLB, or its DNS name. */
  | { readonly by: 'mirror'; readonly mirror: string }

/** `failover.to` */
export interface To {
  readonly which: Which
  readonly side: Side
  /** 1-100: users on that side afterwards. */
  readonly percent: number
}

/** `failover.end` */
export interface End {
  readonly which: Which
  /** Percent of the way back, growing, the last one 100. */
  readonly steps: readonly number[]
  readonly everySeconds: number
}

/** `failover.arm` */
export interface Arm {
  readonly which: Which
  /** That the names are to follow; null: only the card is written. */
  readonly place: SwitchPlace | null
}

export interface FailoverWorld {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly names: readonly ObservedName[]
  /** Ways beside the records, which work while Route 53's API does not. */
  readonly ways: readonly Way[]
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
