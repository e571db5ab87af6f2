/**
 * What every sandbox service is: a pure function of its state, the time and one request. The server (server.ts) is
 * the only part that knows sockets.
 */

export interface WireRequest {
  readonly method: string
  /** Below the service's prefix, without the query: `/v2/lbaas/loadbalancers`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The service's own base URL (`http://127.0.0.1:4510/identity`), for links and catalogues. */
  readonly baseUrl: string
}

export interface WireResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the services share: which `address:port` of the private cloud do not answer just now. */
export interface Surroundings {
  /** Milliseconds since the epoch, on the sandbox's clock. */
  readonly now: number
  readonly down: ReadonlySet<string>
  /** Where the sandbox answers DNS queries, `127.0.0.1:5353`; absent: nowhere. */
  readonly nameServers?: readonly string[] | undefined
}

export type Service<State> = (
  state: State,
  request: WireRequest,
  surroundings: Surroundings,
) => { readonly state: State; readonly response: WireResponse }
