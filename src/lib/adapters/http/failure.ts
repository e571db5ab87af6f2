import { EXIT, nyahError, type NyahError } from '../../core/errors.ts'
import { redact, type Secret } from './secret.ts'
import { printableUrl } from './url.ts'

/** What the door knows of a call that gave no answer. Nothing of the library's own error is kept but these. */
export interface Attempt {
  /** Prefix of the error codes: `OCTAVIA`. */
  readonly area: string
  readonly method: string
  readonly url: string
  readonly secrets: readonly Secret[]
  /** What to do about a certificate that is not trusted. */
  readonly untrusted: string
}

/** Certificates that Node does not trust: no retry changes that. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'CERT_REVOKED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** Failures that come before anything was sent. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])

/** The library's names for the phases before anything is sent. */
const BEFORE_SENDING = new Set(['lookup', 'connect', 'secureConnect'])

const SAFE = new Set(['GET', 'HEAD'])

/** What a person reads for a socket error's code. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before an answer came',
  EPIPE: 'the connection was closed before an answer came',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer in time',
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const field = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined

/** The library's error as nyah's own: a code, an address and a word for what happened; never its request or headers. */
export function transportError(error: unknown, attempt: Attempt): NyahError {
  const code = text(field(error, 'code')) ?? 'UNKNOWN'
  const url = printableUrl(attempt.url)
  const call = `${attempt.method} ${url}`
  const details = { socketError: code }
  if (UNTRUSTED.has(code) || code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return nyahError({
      code: `${attempt.area}_TLS_FAILED`,
      message: `${call}: the server's certificate or TLS set-up was not accepted (${code})`,
      tries: [attempt.untrusted],
      exit: EXIT.configuration,
      details,
    })
  }
  const timeout = text(field(error, 'event'))
  const sent = !NEVER_SENT.has(code) && !code.startsWith('ERR_INVALID_') && !BEFORE_SENDING.has(timeout ?? '')
  const raw = redact(text(field(error, 'message')) ?? '', attempt.secrets)
  const words =
    timeout === null ? (WORDS[code] ?? `the call failed (${raw.slice(0, 200) || code})`) : lateWords(timeout, raw)
  return nyahError({
    code: `${attempt.area}_UNREACHABLE`,
    message: `${call}: ${words}`,
    tries: [`check that ${new URL(attempt.url).host} is up and reachable from here`],
    exit: EXIT.remote,
    // A host name that does not exist is a typing error far more often than a passing failure, and what Node refuses
    // to send (a token with a line break in it) it will refuse again.
    retryable: code !== 'ENOTFOUND' && !code.startsWith('ERR_INVALID_'),
    lostAnswer: sent && !SAFE.has(attempt.method),
    details,
  })
}

/** A body over the cap: repeating the call would only fetch it again. */
export const bodyTooLarge = (attempt: Attempt, limit: number): NyahError =>
  nyahError({
    code: `${attempt.area}_BODY_TOO_LARGE`,
    message: `${attempt.method} ${printableUrl(attempt.url)}: the answer is larger than ${limit} bytes, the limit`,
    tries: ['check that the address is that of the API and not of something else'],
    exit: EXIT.remote,
    lostAnswer: !SAFE.has(attempt.method),
    details: { limitBytes: limit },
  })

/** Answers in an encoding nobody asked for cannot be capped honestly, so they are refused. */
export const encodedBody = (attempt: Attempt, encoding: string): NyahError =>
  nyahError({
    code: `${attempt.area}_UNEXPECTED_ENCODING`,
    message: `${attempt.method} ${printableUrl(attempt.url)}: the answer is encoded (${encoding.slice(0, 40)}), which was not asked for`,
    tries: ['check that the address is that of the API, and what stands in between (a proxy?)'],
    exit: EXIT.remote,
    lostAnswer: !SAFE.has(attempt.method),
  })

/** got's `Timeout awaiting 'response' for 30000ms`, for people; the phase tells what was waited for. */
function lateWords(phase: string, raw: string): string {
  const within = /for (\d+)ms/.exec(raw)?.[1]
  const limit = within === undefined ? 'in time' : `within ${within} ms`
  return phase === 'response' || phase === 'request' ? `no answer ${limit}` : `no connection ${limit} (${phase})`
}
