import { pipeline, Transform } from 'node:stream'
import { EXIT, nyahError, type NyahError } from '../../core/errors.ts'

/** The longest answer nyah reads: a page of 1 000 security groups with full rules is about 5 MB. */
const MAX_BODY = 32 * 1024 * 1024

interface WireRequest {
  readonly protocol: string
  readonly hostname: string
  readonly headers: Readonly<Record<string, string>>
}

const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|[a-z0-9.-]+\.localhost)$/i.test(host)

function insecureEndpoint(host: string): NyahError {
  return nyahError({
    code: 'AWS_INSECURE_ENDPOINT',
    message: `temporary credentials do not travel over plain http (${host}): whoever listens could use them`,
    exit: EXIT.configuration,
    tries: ['use an https URL for aws.endpointUrl (or AWS_ENDPOINT_URL), or an endpoint on 127.0.0.1'],
  })
}

/** Throws AWS_INSECURE_ENDPOINT for a plain http URL to another machine. Null is AWS itself. */
export function refusePlainHttp(endpoint: string | null): void {
  if (endpoint === null) return
  const { protocol, hostname } = new URL(endpoint)
  if (protocol !== 'https:' && !isLoopback(hostname)) throw insecureEndpoint(hostname)
}

/** As much of any SDK client as is needed here. */
interface Client {
  readonly middlewareStack: {
    // oxlint-disable-next-line no-explicit-any -- the SDK's own types differ per client, in nothing that matters here
    add(middleware: any, options: { step: 'deserialize'; priority: 'low'; name: string; override: boolean }): void
  }
}

/**
 * Puts the last door before the socket into a client. On the way out: the token of temporary credentials travels in a
 * header, so it never goes over plain http to another machine. On the way in: a body has an end.
 */
export function guarded<C extends Client>(client: C): C {
  client.middlewareStack.add(door, { step: 'deserialize', priority: 'low', name: 'nyahDoor', override: true })
  return client
}

const door =
  (next: (args: { request: unknown }) => Promise<{ response: unknown }>) =>
  async (args: { request: unknown }): Promise<{ response: unknown }> => {
    const { protocol, hostname, headers } = args.request as WireRequest
    const token = Object.keys(headers).some((name) => name.toLowerCase() === 'x-amz-security-token')
    if (token && protocol !== 'https:' && !isLoopback(hostname)) throw insecureEndpoint(hostname)
    const answer = await next(args)
    const response = answer.response as { body?: unknown; statusCode?: number }
    if (isReadable(response.body)) response.body = capped(response.body, (response.statusCode ?? 0) < 300)
    return answer
  }

const isReadable = (body: unknown): body is NodeJS.ReadableStream =>
  typeof body === 'object' && body !== null && 'pipe' in body && 'on' in body

/** A web page (a proxy's, a portal's) in place of an answer: the SDK reads it as one that is empty, and so as no mirrors. */
const WEB_PAGE = /^\s*(?:<!doctype html|<html)/i

const webPage = (): NyahError =>
  nyahError({
    code: 'AWS_UNEXPECTED_ANSWER',
    message: 'the answer is a web page, not an answer of AWS',
    exit: EXIT.remote,
    tries: ['check that aws.endpointUrl names an AWS API, and that no proxy stands before it: nyah doctor'],
  })

function capped(body: NodeJS.ReadableStream, isSuccess: boolean): Transform {
  let length = 0
  const cap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (length === 0 && isSuccess && WEB_PAGE.test(chunk.toString('latin1', 0, 200))) return done(webPage())
      length += chunk.length
      if (length <= MAX_BODY) return done(null, chunk)
      done(
        nyahError({
          code: 'AWS_TOO_LONG',
          message: `an answer is longer than ${MAX_BODY} bytes`,
          exit: EXIT.remote,
          tries: ['check that aws.endpointUrl names an AWS API: nyah doctor'],
        }),
      )
    },
  })
  // Not `pipe`: here a cut connection ends the copy with its error, and a copy that is cut closes the connection.
  return pipeline(body, cap, () => {})
}
