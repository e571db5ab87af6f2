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
   * The context's `dns.resolver`, for zones whose own name servers cannot be asked (private ones): it is asked with
   * recursion. Null: there is none.
   */
  readonly configured: string | null
  /**
   * One query to one server: without recursion, unless it is the configured resolver. `values` are those of the type that
   * was asked for; the strings of a TXT record stand in a row. Throws DNS_NO_ANSWER (retryable) after
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
