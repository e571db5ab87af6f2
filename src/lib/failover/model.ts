import type { ObservedName, Side, Spread } from '../dns/model.ts'

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

export interface FailoverWorld {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly names: readonly ObservedName[]
  /** How far what this run changed has come; absent: nothing was changed yet. */
  readonly spread?: readonly Spread[]
}
