import type { MirrorTree, Scheme } from '../ports/mirrors.ts'
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
}

/** All that was observed about one load balancer and its mirror: one scope. */
export interface Observed {
  /** The Octavia UUID; also the scope's name. */
  readonly id: string
  /** Null: it does not exist in Octavia. */
  readonly source: SourceTree | null
  readonly mirror: MirrorTree
  readonly securityGroup: SecurityGroup | null
  readonly placement: Placement
  readonly network: NetworkFacts
  /** Those of `placement.addresses` that are Elastic IPs and exist. */
  readonly elasticAddresses: readonly ElasticAddress[]
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
} as const

export const SCHEMA = '1'

/** Where a load balancer's mirror belongs; throws CONFIG_… when the configuration does not say. */
export interface LbSettings {
  placementFor(id: string): Placement
}
