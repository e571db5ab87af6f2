/** Route 53's health checks: checkers on the public internet that look at an address. */

export interface CheckSpec {
  readonly type: 'HTTP' | 'HTTPS' | 'HTTP_STR_MATCH' | 'HTTPS_STR_MATCH' | 'TCP' | 'CALCULATED'
  /** Public IPv4 or IPv6; null with CALCULATED, or where `host` is asked. */
  readonly address: string | null
  readonly port: number | null
  /** Host header and SNI; null: none. */
  readonly host: string | null
  readonly path: string | null
  /** Of the _STR_MATCH types: in the first 5,120 bytes of the body. */
  readonly search: string | null
  /** 10 or 30; cannot be changed. */
  readonly intervalSeconds: number
  /** 1-10 */
  readonly failureThreshold: number
  /** True: the healthy is unhealthy, and the other way round. */
  readonly inverted: boolean
  /** Of CALCULATED: ids of other checks, and how many of them must be healthy. */
  readonly children: readonly string[]
  readonly threshold: number | null
  readonly tags: Readonly<Record<string, string>>
}

export interface Check extends Omit<CheckSpec, 'type'> {
  /** `OTHER`: a type that nyah neither makes nor reads; `otherType` says which. */
  readonly type: CheckSpec['type'] | 'OTHER'
  readonly id: string
  /** HealthCheckVersion: an update names the version it changes. */
  readonly version: number
  /** Of `OTHER`: the type as AWS has it (CLOUDWATCH_METRIC, RECOVERY_CONTROL, what comes); else null. */
  readonly otherType: string | null
  /** Always healthy, whatever the checkers see. */
  readonly disabled: boolean
}

/** What the checkers say. `unknown`: too few of them answered, or nobody could ask. */
export type CheckVerdict = 'healthy' | 'unhealthy' | 'unknown'

export interface CheckStatus {
  readonly verdict: CheckVerdict
  /** How many of how many checkers call it healthy (above 18 % it is). */
  readonly healthy: number
  readonly checkers: number
  /** One failing checker's words; null: none fails. */
  readonly why: string | null
  /** ISO 8601, UTC: the newest observation; null: there is none. */
  readonly observedAt: string | null
}

export interface HealthChecks {
  /** All of the account, with tags. */
  list(signal?: AbortSignal): Promise<readonly Check[]>
  /** Those of these ids that exist, with tags. */
  read(ids: readonly string[], signal?: AbortSignal): Promise<readonly Check[]>
  /** What the checkers saw last, as they themselves see it: `inverted` is not applied. */
  status(id: string, signal?: AbortSignal): Promise<CheckStatus>
  /**
   * Creates it, or finds what an earlier call with this reference made (a reply was lost), and tags it. The reference is the
   * caller's: deterministic, with a generation that grows when one was deleted. Throws AWS_ALREADY_EXISTS when the reference
   * was used up by one that was deleted or differs.
   */
  create(reference: string, spec: CheckSpec): Promise<{ readonly id: string }>
  /** Whatever differs but type and interval. Throws AWS_CONFLICT when the version is no longer that one. */
  update(id: string, version: number, spec: CheckSpec): Promise<void>
  /** Deleting one that is gone succeeds. Throws AWS_IN_USE when another check counts on it. */
  delete(id: string): Promise<void>
}
