/** What the credentials in use may do in AWS: IAM's policy simulator. */
export interface Permissions {
  /**
   * Actions (`elasticloadbalancing:RegisterTargets`) with what IAM says of each. `unknown`: these credentials may not ask
   * the simulator, or IAM does not answer. Never throws for that.
   */
  simulate(actions: readonly string[], signal?: AbortSignal): Promise<Simulation>
}

export interface Simulation {
  readonly decisions: Readonly<Record<string, 'allowed' | 'denied' | 'unknown'>>
  /** Why something is unknown: `AccessDenied: …`; null: nothing is. */
  readonly why: string | null
}
