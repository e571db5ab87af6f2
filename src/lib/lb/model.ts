import type { ErrorData } from '../core/errors.ts'
import type { AccountLimits, MirrorTree, Scheme } from '../ports/mirrors.ts'
import type { ElasticAddress, NetworkFacts, SecurityGroup } from '../ports/network.ts'
import type { SourceTree } from '../ports/source.ts'

/** Where a mirror is placed: one entry of the context's `networks`. */
export interface Placement {
  /** Its name in the configuration: `internal`. */
  readonly name: string
  readonly vpcId: string
  readonly scheme: Scheme
  readonly subnets: readonly string[]
  /** CIDRs reachable from the VPC over Direct Connect; null: not said, every private address counts as reachable. */
  readonly routableCidrs: readonly string[] | null
  /** The operator's own addresses by subnet: an Elastic IP's allocation id, or a private IPv4 address; others AWS chooses. */
  readonly addresses: Readonly<Record<string, string>>
  /** ARN of the certificate in AWS by Octavia's container reference (the whole URL, or its last part). */
  readonly certificates: Readonly<Record<string, string>>
  /** What the configuration says of member weights for this load balancer; absent: nothing. */
  readonly weights?: 'equal' | 'target-groups'
}

/** What the operator asks for besides the load balancers themselves; part of the request, so of a saved plan. */
export interface Asked {
  /** How member weights are kept; null: as the mirror's tag says, else equal. */
  readonly weights: 'equal' | 'target-groups' | null
  /** Refuse whatever is not exact. */
  readonly strict: boolean
  /** Take over what carries nyah's names and has lost its tags. */
  readonly adopt: boolean
  /** Register and deregister targets; leave all else as it is. */
  readonly membersOnly: boolean
  /** Codes that are allowed now and decide what is translated; those of fidelity refusals are remembered with the mirror. */
  readonly allowed: readonly string[]
  /** The Octavia id that the mirror had before (`lb retarget`); null: none. */
  readonly formerId: string | null
}

export const ASKED_NOTHING: Asked = {
  weights: null,
  strict: false,
  adopt: false,
  membersOnly: false,
  allowed: [],
  formerId: null,
}

/** All that was observed about one load balancer and its mirror: one scope. */
export interface Observed {
  /** The Octavia UUID; also the scope's name. */
  readonly id: string
  /** When it was observed: milliseconds since the epoch (the engine's clock). Decides budgets, never the basis. */
  readonly at: number
  readonly asked: Asked
  /** Null: it does not exist in Octavia. */
  readonly source: SourceTree | null
  /** Set: Octavia could not be read for this one (source is then null, and means nothing). */
  readonly unread: ErrorData | null
  readonly mirror: MirrorTree
  readonly securityGroup: SecurityGroup | null
  readonly placement: Placement
  readonly network: NetworkFacts
  /** Those of `placement.addresses` that are Elastic IPs and exist. */
  readonly elasticAddresses: readonly ElasticAddress[]
  /** Null: not asked for (nothing can be created, or AWS did not say). */
  readonly limits: AccountLimits | null
}

export interface LbWorld {
  readonly scopes: readonly Observed[]
}

/** What one mirror should be; names and tags are deterministic, so a retry after a crash finds what it made. */
export const TAG = {
  managed: 'nyah:managed',
  octaviaId: 'nyah:octavia-id',
  /** `load-balancer`, `listener`, `target-group`, `security-group` */
  role: 'nyah:role',
  /** Listener port, on listeners and target groups. */
  port: 'nyah:port',
  /** Version of this tag scheme; what carries a greater one is never touched. */
  schema: 'nyah:schema',
  /** The Octavia name when it was made, for people. */
  source: 'nyah:source-name',
  /** On the load balancer: `target-groups` when member weights are kept that way. */
  weights: 'nyah:weights',
  /** On the load balancer: the fidelity refusals that were allowed, without `LB_UNSUPPORTED_`, separated by spaces. */
  allowed: 'nyah:allowed',
  /** On the load balancer: the source's updated_at when both sides were last in step. */
  inStep: 'nyah:in-step',
  /** On the load balancer: of which settings, when both sides were last in step (`settingsOf`). */
  settings: 'nyah:settings',
  /** On the load balancer: `CODE/since` of what is held, separated by spaces; since is ISO 8601 in UTC. */
  held: 'nyah:held',
  /** On target groups: `<epoch> <seconds>:<count> …`: a number that only grows, and the removals of the last hour. */
  removals: 'nyah:removals',
} as const

export const SCHEMA = '1'

/** Where a load balancer's mirror belongs; throws CONFIG_… when the configuration does not say. */
export interface LbSettings {
  placementFor(id: string): Placement
  /** Octavia ids that have an entry of their own under `mirrors`. Absent: none. */
  readonly particular?: readonly string[]
}
