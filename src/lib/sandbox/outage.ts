import * as z from 'zod/mini'
import type { WireResponse } from './service.ts'

/** What a service does instead of answering: for drills and tests. */

const schema = z.object({
  /** The first part of the path. */
  service: z.enum(['identity', 'load-balancer', 'network', 'aws', 's3', 'prometheus']),
  /**
   * `status`: refuses with that status. `hang`: never answers. `reset`: cuts the connection. `lost`: does what was asked,
   * then cuts it.
   */
  kind: z.enum(['status', 'hang', 'reset', 'lost']),
  /** Of `status`; 503 unless given. */
  status: z.optional(z.int().check(z.minimum(400), z.maximum(599))),
  /** Of `status`, with `aws` and `s3`: the error's code, `ServiceUnavailable` unless given. */
  code: z.optional(z.string().check(z.regex(/^[A-Za-z.]{1,64}$/))),
  /** Only what begins so below the service: `/v2/lbaas/pools`. */
  path: z.optional(z.string()),
  /** How many requests it meets; all of them unless given. */
  times: z.optional(z.int().check(z.minimum(1))),
})

export type Outage = z.infer<typeof schema>

export const OUTAGES = z.object({ outages: z.array(schema) })

export interface Outages {
  /** In place of all before. */
  set(outages: readonly Outage[]): void
  /** Those that still go on. */
  all(): readonly Outage[]
  /** The outage that a request meets; null: none. */
  meet(service: string, path: string): Outage | null
}

export function createOutages(): Outages {
  let going: { readonly outage: Outage; left: number }[] = []
  return {
    set(outages) {
      going = outages.map((outage) => ({ outage, left: outage.times ?? Number.POSITIVE_INFINITY }))
    },
    all: () => going.filter(({ left }) => left > 0).map(({ outage }) => outage),
    meet(service, path) {
      const met = going.find(
        ({ outage, left }) => left > 0 && outage.service === service && path.startsWith(outage.path ?? '/'),
      )
      if (met === undefined) return null
      met.left -= 1
      return met.outage
    },
  }
}

/** A refusal in the words of the service that is out. */
export function outageResponse({ service, status = 503, code = 'ServiceUnavailable' }: Outage): WireResponse {
  const said = 'The sandbox was told to be out of order.'
  if (service === 'aws') {
    const error = `<Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${code}</Code><Message>${said}</Message></Error>`
    return {
      status,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse>${error}<RequestId>00000000-0000-4000-8000-000000000503</RequestId></ErrorResponse>`,
    }
  }
  if (service === 's3') {
    const body = `<Error><Code>${code}</Code><Message>${said}</Message></Error>`
    return { status, headers: { 'content-type': 'application/xml' }, body }
  }
  const title = 'Service Unavailable'
  const body =
    service === 'identity'
      ? { error: { code: status, title, message: said } }
      : { code: [status, title].join(' '), title, message: said }
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
