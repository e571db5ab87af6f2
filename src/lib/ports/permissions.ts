/** What the credentials in use may do in AWS: IAM's policy simulator. */
export interface Permissions {
  /**
   * Actions (`elasticloadbalancing:RegisterTargets`) with what IAM says of each. `unknown`: these credentials may not ask
   * the simulator, or IAM does not answer. Never throws for that.
   *
   * @param on one thing that all of them act on; absent: anything, or else what nyah would make
   */
  simulate(actions: readonly string[], signal?: AbortSignal, on?: ActedOn): Promise<Simulation>
}

export interface ActedOn {
  /** ARN */
  readonly resource: string
  /** Of a zone: which records the change would create and delete, names as people write them. */
  readonly batch?: { readonly names: readonly string[]; readonly types: readonly string[] }
}

export interface Simulation {
  readonly decisions: Readonly<Record<string, 'allowed' | 'denied' | 'unknown'>>
  /** Why something is unknown: `AccessDenied: …`; null: nothing is. */
  readonly why: string | null
}
