/** Names in Route 53. Names are lower case, without the trailing dot, `*` and the like as people write them. */

export interface Zone {
  /** Without `/hostedzone/`. */
  readonly id: string
  readonly name: string
  readonly private: boolean
}

export interface Alias {
  /** Hosted zone id of what it points to: the load balancer's, not the record's. */
  readonly zoneId: string
  readonly dnsName: string
  readonly evaluateTargetHealth: boolean
}

/** One record set, whole: what is not carried would be lost when it is deleted and created anew. */
export interface RecordSet {
  readonly name: string
  readonly type: string
  /** Null: a simple record. */
  readonly setIdentifier: string | null
  /** 0-255; null: not weighted. */
  readonly weight: number | null
  /** Seconds; null with an alias. */
  readonly ttl: number | null
  /** As Route 53 writes them: TXT values with their quotes. Empty with an alias. */
  readonly values: readonly string[]
  readonly alias: Alias | null
  readonly healthCheckId: string | null
  /**
   * Another routing policy than simple and weighted, by the name of its field (`Region`, `Failover`, `GeoLocation`,
   * `MultiValueAnswer`, `TrafficPolicyInstanceId` …); null: none. nyah shows such a record and never writes it.
   */
  readonly otherRouting: string | null
}

/** One batch is done whole or not at all. A DELETE must name the record exactly as it is. */
export interface RecordChange {
  readonly action: 'CREATE' | 'DELETE'
  readonly record: RecordSet
}

/** Where a record stands that Route 53 lets nobody change (ListResourceRecordSetProtections). */
export interface Protection {
  readonly name: string
  readonly type: string
}

export interface Dns {
  /** All zones these credentials can list. */
  zones(signal?: AbortSignal): Promise<readonly Zone[]>
  /** Every record set of a zone; throws AWS_NOT_FOUND when it is gone. Pages of 300. */
  records(zoneId: string, signal?: AbortSignal): Promise<readonly RecordSet[]>
  /** Record sets of these names only: one request per name, or one look at the whole zone where that is fewer requests. */
  recordsOf(zoneId: string, names: readonly string[], signal?: AbortSignal): Promise<readonly RecordSet[]>
  /**
   * One atomic batch, sent once. Gives the id of the change. Throws DNS_BATCH_REFUSED (InvalidChangeBatch; `details.messages`
   * says why, record by record), AWS_BUSY (PriorRequestNotComplete; retryable), AWS_THROTTLED (retryable), AWS_UNCERTAIN
   * (no answer: it may have been done; read before doing anything else).
   *
   * @param comment for CloudTrail, at most 256 characters
   */
  change(zoneId: string, changes: readonly RecordChange[], comment: string): Promise<string>
  /** Has the change reached all of Route 53's name servers? */
  inSync(changeId: string, signal?: AbortSignal): Promise<boolean>
  /** Host names of a public zone's name servers; empty for a private zone. */
  nameServers(zoneId: string, signal?: AbortSignal): Promise<readonly string[]>
  /** Null: this account or SDK cannot say. */
  protections(zoneId: string, signal?: AbortSignal): Promise<readonly Protection[] | null>
}

/** Who points at what: all that the `lb` operations need of names. */
export interface DnsReferences {
  /**
   * Record sets, of every zone these credentials can list, that are aliases of this DNS name or CNAMEs to it. Throws what
   * keeps it from knowing (AWS_FORBIDDEN and the like): an empty answer means that there are none.
   */
  pointingAt(dnsName: string, signal?: AbortSignal): Promise<readonly NameReference[]>
}

export interface NameReference {
  readonly zoneId: string
  readonly zoneName: string
  /** Without the trailing dot. */
  readonly name: string
  readonly type: string
  readonly setIdentifier: string | null
}
