/**
 * What a plan says of a scope besides its changes: how faithful the result is, and what has to hold around it. Data;
 * every output renders it.
 */

export type Verdict = 'exact' | 'approximate' | 'dropped' | 'refused'

/** One verdict per field in use. */
export interface Fidelity {
  /** Stable, upper case: `LB_FIDELITY_TIMEOUT_CLIENT_DATA`; of what is refused, the code that `--allow` takes. */
  readonly code: string
  /** `listener http (port 80)` */
  readonly subject: string
  /** The source's own name of the field: `timeout_client_data`. */
  readonly field: string
  readonly verdict: Verdict
  /** The value in the source, with its unit. */
  readonly source: string
  /** What it is in the copy, with its unit; null: nothing. */
  readonly copy: string | null
  /** Why it is not exact; empty when it is. */
  readonly why: string
  /** The operator's next step; empty when there is none. */
  readonly remedy: string
}

/** What firewalls on the way have to let through. */
export interface FirewallRule {
  /** CIDR of the senders: a subnet of the NLB. */
  readonly from: string
  /** What it is there for: `subnet-0a (ap-northeast-1a)`. */
  readonly fromName: string
  readonly protocol: 'tcp'
  /** Addresses of the receivers. */
  readonly to: readonly string[]
  readonly port: number
  /** `traffic and health checks`, `health checks` */
  readonly purpose: string
}

/** One limit that the plan comes near. */
export interface Quota {
  /** `listeners per NLB` */
  readonly name: string
  /** In use before; null: not known. */
  readonly used: number | null
  /** In use after. */
  readonly needed: number
  /** Null: not known. */
  readonly limit: number | null
  /** `account`: read from the account; `documented`: AWS's default, which the account may have raised. */
  readonly origin: 'account' | 'documented'
}

export interface ScopeReport {
  readonly fidelity: readonly Fidelity[]
  readonly firewall: readonly FirewallRule[]
  readonly quotas: readonly Quota[]
  /** What the copy has in common with its source, so does not save users from: one sentence each. */
  readonly shared: readonly string[]
}
