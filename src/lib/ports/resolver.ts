/** Asking name servers themselves, past every cache. */
export interface Answer {
  /** NOERROR, NXDOMAIN, SERVFAIL, REFUSED … */
  readonly code: string
  readonly values: readonly string[]
  /** Seconds; null: nothing was answered. */
  readonly ttl: number | null
}

export interface Resolver {
  /**
   * One query to one server, without recursion where the server is an authority. Throws DNS_NO_ANSWER (retryable) after
   * `timeoutMs`, or when the server cannot be reached.
   *
   * @param server `ns-1.awsdns-00.com`, `192.0.2.53` or either with `:5353`
   */
  ask(
    server: string,
    name: string,
    type: 'A' | 'AAAA' | 'CNAME' | 'TXT',
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Answer>
}
