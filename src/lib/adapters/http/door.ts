import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { bodyTooLarge, encodedBody, transportError, type Attempt } from './failure.ts'
import { got } from './got.sdk.ts'
import type { Secret } from './secret.ts'

interface DoorRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Whatever must not stand in an error, should the remote or the library say it back. */
  readonly secrets?: readonly Secret[]
  readonly signal?: AbortSignal | undefined
}

/** Any answer, also 3xx, 4xx, 5xx: judging it is for the adapter. */
export interface DoorResponse {
  readonly status: number
  /** Lower-case names; of a repeated header the first. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface DoorOptions {
  /** Prefix of the error codes: `OCTAVIA`. */
  readonly area: string
  /** PEM; in place of the system's authorities. Null: the system's. */
  readonly ca?: string | null
  /** False: any certificate is accepted. Only when the operator has said so. */
  readonly verify?: boolean
  readonly maxBodyBytes?: number
  /** What people can do about a certificate that is not trusted; as with OpenStack unless given. */
  readonly untrusted?: string
  readonly timeouts?: Partial<Timeouts>
  /** Sockets per host. */
  readonly parallel?: number
}

/** Milliseconds. */
export interface Timeouts {
  /** Name look-up, TCP and TLS, each. */
  readonly connect: number
  /** From the request sent to the first byte of the answer. */
  readonly response: number
  /** The whole call. */
  readonly total: number
}

const MAX_BODY_BYTES = 32 * 1024 * 1024

const UNTRUSTED = 'name the CA file that signed it: `cacert` in clouds.yaml, or OS_CACERT'

/** A Keystone without its database was seen to hang for over a minute; an API that answers at all does so in seconds. */
const TIMEOUTS: Timeouts = { connect: 10_000, response: 30_000, total: 60_000 }

/** The usual limits, none longer than a whole command may take. */
export const timeoutsWithin = (ms: number): Timeouts => ({
  connect: Math.min(TIMEOUTS.connect, ms),
  response: Math.min(TIMEOUTS.response, ms),
  total: Math.min(TIMEOUTS.total, ms),
})

/** Idle sockets are dropped before the server does it: Octavia's own closes them, unannounced, after 2 s. */
const IDLE_MS = 1_500

/**
 * One way out over HTTP: no redirects, no retries, no cookies, no proxies, no decompression; a cap on the body and on
 * each phase. It rejects with `<AREA>_UNREACHABLE` (retryable), `_TLS_FAILED`, `_BODY_TOO_LARGE`,
 * `_UNEXPECTED_ENCODING`, or with `signal.reason`.
 */
export type Door = (request: DoorRequest) => Promise<DoorResponse>

export function createDoor(options: DoorOptions): Door {
  const limit = options.maxBodyBytes ?? MAX_BODY_BYTES
  const untrusted = options.untrusted ?? UNTRUSTED
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const pool = { keepAlive: true, timeout: IDLE_MS, maxSockets: options.parallel ?? 16, scheduling: 'lifo' as const }
  const tls = { rejectUnauthorized: options.verify ?? true, ...(options.ca ? { ca: options.ca } : {}) }
  const agent = { http: new HttpAgent(pool), https: new HttpsAgent({ ...pool, ...tls }) }

  return async (request) => {
    const { method, url, signal } = request
    signal?.throwIfAborted()
    const attempt: Attempt = { area: options.area, method, url, secrets: request.secrets ?? [], untrusted }
    const stream = got.stream(url, {
      method,
      agent,
      headers: {
        accept: 'application/json',
        'user-agent': 'nyah',
        ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
      https: {
        rejectUnauthorized: tls.rejectUnauthorized,
        ...(options.ca ? { certificateAuthority: options.ca } : {}),
      },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      retry: { limit: 0 },
      timeout: {
        lookup: timeouts.connect,
        connect: timeouts.connect,
        secureConnect: timeouts.connect,
        response: timeouts.response,
        request: timeouts.total,
      },
      ...(signal ? { signal } : {}),
    })
    let status = 0
    let headers: Record<string, string> = {}
    stream.once(
      'response',
      (response: { statusCode: number; headers: Record<string, string | string[] | undefined> }) => {
        status = response.statusCode
        headers = plainHeaders(response.headers)
      },
    )
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of stream) {
        const bytes = chunk as Buffer
        size += bytes.length
        if (size > limit || Number(headers['content-length'] ?? 0) > limit) break
        chunks.push(bytes)
      }
    } catch (error) {
      // The engine's own reason (interrupted, deadline), not the library's word for it.
      if (signal?.aborted) throw signal.reason
      throw transportError(error, attempt)
    }
    if (size > limit || Number(headers['content-length'] ?? 0) > limit) throw bodyTooLarge(attempt, limit)
    const encoding = headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity') throw encodedBody(attempt, encoding)
    return { status, headers, body: Buffer.concat(chunks).toString('utf8') }
  }
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value
    if (first !== undefined) plain[name] = first
  }
  return plain
}
