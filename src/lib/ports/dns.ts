/** Names in Route 53: who points at what. */
export interface Dns {
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
