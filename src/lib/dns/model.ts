import type { Check, CheckStatus } from '../ports/health-checks.ts'
import type { Protection, RecordSet, Zone } from '../ports/dns.ts'

/** The two sides of a weighted set, and the set identifiers of their records. */
export type Side = 'octavia' | 'aws'

/** Raw weights, 0-255 each. */
export type Weights = Readonly<Record<Side, number>>

/** The split on a normal day where neither configuration nor the name says another. */
export const STEADY: Weights = { octavia: 90, aws: 10 }

/** TTL of every record of a set, in seconds: an alias of a load balancer answers with 60, and TTLs that differ distort shares. */
export const TTL = 60

/** A walk from one split to another; its next step is due `everySeconds` after the state's `at`. */
export interface Walk {
  /** Raw weights at the end. */
  readonly to: Weights
  /** Raw weights when it began. */
  readonly from: Weights
  /** Percent of the way, growing, the last one 100. */
  readonly steps: readonly number[]
  /** How many steps are done. */
  readonly done: number
  readonly everySeconds: number
  /** What happens when the side that users are moved to is no longer healthy. */
  readonly onUnhealthy: 'hold' | 'return'
}

/** What nyah's TXT record says of a set: ownership and state, written in the same batch as every change. */
export interface SetState {
  /** Grows by one with each change; whoever finds another one has been overtaken. */
  readonly epoch: number
  readonly steady: Weights
  /** ISO 8601 in UTC, to the second: when the last change was made. */
  readonly at: string
  /** Actor of the last change, at most 24 characters here. */
  readonly by: string
  /** At most 48 characters here; the whole stands in the batch's comment and the journal. */
  readonly why: string
  /** Last characters of the id of the run that made it: tells a lost answer from somebody else's change. */
  readonly run: string
  /** What stood there before nyah: TTL of the simple record, and its values where they are not Octavia's record's; null: nothing. */
  readonly formerly: { readonly ttl: number; readonly values: readonly string[] | null; readonly type: string } | null
  /** A walk that is not finished. */
  readonly walk: Walk | null
  /** ISO 8601 in UTC: somebody promised to bring it back to the steady weights by then. */
  readonly until: string | null
  /** A rehearsal. */
  readonly drill: boolean
  /** The last rehearsal that went well; null: never one. */
  readonly proven: Proven | null
}

/** A rehearsal that went well. */
export interface Proven {
  /** ISO 8601 in UTC, to the second: when users were elsewhere. */
  readonly at: string
  /** Where they went. */
  readonly side: Side
  /** From the command to the name servers' new answer. */
  readonly seconds: number
}

/** Who a name's TXT record says it belongs to. */
export type Owner =
  | { readonly kind: 'nyah'; readonly state: SetState; readonly record: RecordSet }
  /** ExternalDNS, with its owner id. */
  | { readonly kind: 'external-dns'; readonly owner: string; readonly record: RecordSet }
  /** A newer nyah's, or nyah's heritage with something that cannot be read. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly record: RecordSet }
  | { readonly kind: 'nobody' }

/** Is this side able to serve? `unknown` is neither. */
export type Health = 'healthy' | 'unhealthy' | 'unknown'

export interface SideHealth {
  readonly health: Health
  /** `2 of 3 targets healthy`, `15 of 16 checkers`, `no health check` */
  readonly detail: string
  /** ISO 8601, UTC: when it was looked at; null: never. */
  readonly at: string | null
}

/** The NLB that an alias points to. */
export interface Entrance {
  readonly octaviaId: string | null
  /** Absent: there is no such NLB any more. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly name: string
  readonly dnsName: string
  readonly zoneId: string
  readonly ipAddressType: 'ipv4' | 'dualstack'
  readonly scheme: 'internet-facing' | 'internal'
  /** As evaluate-target-health sees it: every target group with targets has a healthy one, and none is empty. */
  readonly side: SideHealth
}

/** All that was observed about one name: one scope. */
export interface ObservedName {
  /** Lower case, without the trailing dot; also the scope's name. */
  readonly name: string
  /** Milliseconds since the epoch, the engine's clock. */
  readonly at: number
  readonly zone: Zone
  /** Of the name itself, and of its state records; from a card: as they stood then. */
  readonly records: readonly RecordSet[]
  readonly origin: { readonly from: 'zone' } | { readonly from: 'card'; readonly at: string }
  /** Null: not asked. */
  readonly protections: readonly Protection[] | null
  /** By id, of those that records refer to. */
  readonly checks: Readonly<Record<string, Check>>
  /** By id; what could not be read is absent. */
  readonly statuses: Readonly<Record<string, CheckStatus>>
  /** By alias DNS name (canonical); what could not be read is absent. */
  readonly entrances: Readonly<Record<string, Entrance>>
  /** What could not be read, in words; empty: all was. */
  readonly unread: readonly string[]
}

/** Names that are looked at together. */
export interface NamesWorld {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly names: readonly ObservedName[]
}

/** What this run itself did to names so far: others may change them between two of its steps. */
export interface Ours {
  /** As states carry it. */
  readonly run: string
  /** By name: what was done last, in words, and whether it went back to where it came from. */
  readonly moved: ReadonlyMap<string, { readonly reason: string; readonly back: boolean }>
}

/** Names that are led from one split to another, step by step. */
export interface WalkWorld extends NamesWorld {
  readonly ours: Ours
}

/** How far a change that was made in this run has come. */
export interface Spread {
  readonly name: string
  /** `pending`: not on all of Route 53's name servers; `unseen`: the zone's own do not answer with it yet. */
  readonly state: 'pending' | 'unseen' | 'done'
  readonly detail: string
}
