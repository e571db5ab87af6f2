import type { Side, WalkWorld } from '../dns/model.ts'

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
}

/** `failover.end` */
export interface End {
  readonly which: Which
  /** Percent of the way back, growing, the last one 100. */
  readonly steps: readonly number[]
  readonly everySeconds: number
}

export type FailoverWorld = WalkWorld
