import { EXIT, nyahError, type ErrorData, type NyahError } from '../../core/errors.ts'
import type { DoorResponse } from '../http/door.ts'
import { redact, type Secret } from '../http/secret.ts'
import { printableUrl } from '../http/url.ts'
import { isRecord } from './settings.ts'

/** Which service answered: it is the prefix of the error codes. */
type Area = 'OCTAVIA' | 'KEYSTONE' | 'NEUTRON'

const SERVICE: Readonly<Record<Area, string>> = { OCTAVIA: 'Octavia', KEYSTONE: 'Keystone', NEUTRON: 'Neutron' }

export interface Asked {
  readonly area: Area
  readonly method: string
  readonly url: string
  /** What a remote may say back and an error must not. */
  readonly secrets: readonly Secret[]
  /** Who asked, for messages: `user operator`. */
  readonly as: string
}

/**
 * What an error answer says, in one line of at most 300 characters. Octavia, Keystone and Neutron have five JSON
 * shapes between them, and HTML.
 */
function remoteText({ body }: Pick<DoorResponse, 'body'>): string {
  const data = parsed(body)
  const wrapped = isRecord(data) ? (data['error'] ?? data['NeutronError']) : undefined
  const inner = isRecord(wrapped) ? wrapped : data
  const said = isRecord(inner)
    ? [inner['faultstring'], inner['description'], inner['message'], inner['title']].find(
        (each) => typeof each === 'string' && each !== '',
      )
    : (/<title>([^<]*)<\/title>/i.exec(body)?.[1] ?? (body.trimStart().startsWith('<') ? '' : body))
  if (typeof said !== 'string') return ''
  // A database error goes on for lines, with its SQL: the first line says what it is.
  const [line = ''] = said
    .replaceAll(/<br\s*\/?>/g, ' ')
    .trim()
    .split('\n')
  return line.trim().slice(0, 300)
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}

/**
 * Did the API itself say that the thing does not exist? It then names its id. A proxy's 404, or another path's, says
 * nothing about load balancers: taking it for "gone" could take a mirror down.
 */
function namesMissingThing(asked: Asked, response: DoorResponse): boolean {
  if (asked.area === 'KEYSTONE') return false
  const said = remoteText(response).toLowerCase()
  const { pathname } = new URL(asked.url)
  return pathname.split('/').some((segment) => segment.length >= 8 && said.includes(segment.toLowerCase()))
}

interface Judgement extends Pick<ErrorData, 'exit'> {
  readonly code: string
  readonly why: string
  readonly tries?: readonly string[]
  readonly retryable?: boolean
}

function judge(asked: Asked, response: DoorResponse): Judgement {
  const { status, headers } = response
  const { area } = asked
  const service = SERVICE[area]
  const keystone = asked.area === 'KEYSTONE'
  if (status >= 300 && status < 400) {
    return {
      code: 'REDIRECTED',
      why: `redirects to ${headers['location'] ? printableUrl(headers['location']) : 'elsewhere'}, which nyah never follows`,
      exit: EXIT.configuration,
      tries: [
        keystone ? 'write the final address as auth_url' : 'set load_balancer_endpoint_override to the final address',
      ],
    }
  }
  switch (status) {
    case 400:
      return {
        code: 'BAD_REQUEST',
        why: 'does not accept the request',
        exit: EXIT.remote,
        tries: [
          keystone
            ? 'check the names, ids and domains in clouds.yaml (or the OS_* variables)'
            : `check that the address is that of ${service}; if it is, report this message`,
        ],
      }
    case 401:
      return {
        code: 'UNAUTHORIZED',
        why: keystone ? 'does not accept the credentials' : 'does not accept a token that was just issued',
        exit: EXIT.configuration,
        tries: keystone
          ? ['openstack token issue', 'check user, password and domains; an application credential may have expired']
          : ['nyah doctor'],
      }
    case 403:
      return {
        code: 'FORBIDDEN',
        why: 'does not allow it to these credentials',
        exit: EXIT.configuration,
        tries: keystone
          ? ['openstack token issue']
          : area === 'NEUTRON'
            ? ['openstack floating ip list', 'grant the role reader in the project that owns the floating IP']
            : [
                'grant the role reader (older clouds: load-balancer_observer) in the project that owns the load balancer',
              ],
      }
    case 404:
      return namesMissingThing(asked, response)
        ? {
            code: 'NOT_FOUND',
            why: 'says that it does not exist',
            exit: EXIT.remote,
            tries: [area === 'NEUTRON' ? 'openstack floating ip list' : 'openstack loadbalancer list'],
          }
        : {
            code: 'WRONG_ENDPOINT',
            why: 'does not know this path, so this is not the API',
            exit: EXIT.configuration,
            tries: [
              keystone
                ? "check auth_url: it is Keystone's address, with or without /v3"
                : area === 'NEUTRON'
                  ? "check the catalogue's network endpoint"
                  : "check the catalogue's load-balancer endpoint, or set load_balancer_endpoint_override",
            ],
          }
    case 409:
      return {
        code: 'CONFLICT',
        why: 'refuses it in the present state',
        exit: EXIT.remote,
        tries: ['run it again when that has changed'],
      }
    case 413:
    case 429:
      return {
        code: 'UNAVAILABLE',
        why: 'asks for fewer requests',
        exit: EXIT.remote,
        tries: ['wait a few minutes, then run it again'],
        retryable: true,
      }
  }
  if (status >= 500) {
    return {
      code: 'UNAVAILABLE',
      why: 'failed',
      exit: EXIT.remote,
      tries: [`curl -si ${shellQuoted(aliveUrl(asked))}`, 'when it answers again, run it again'],
      retryable: true,
    }
  }
  return { code: 'UNEXPECTED_STATUS', why: 'gave an answer that is not documented', exit: EXIT.remote, tries: [REPORT] }
}

const REPORT = 'check that the address is that of the API; if it is, report this message'

/** What answers without a token when the service lives: Keystone's `/v3`, Octavia's root. */
const aliveUrl = ({ area, url }: Asked): string =>
  printableUrl(url.replace(area === 'KEYSTONE' ? /\/auth\/tokens.*$/ : /\/v2(\.0)?\/(lbaas|floatingips).*$/, ''))

const shellQuoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/**
 * An answer that is not a success, as an error: `<AREA>_BAD_REQUEST`, `_UNAUTHORIZED`, `_FORBIDDEN`, `_NOT_FOUND`,
 * `_WRONG_ENDPOINT`, `_CONFLICT`, `_REDIRECTED`, `_UNAVAILABLE` (retryable), `_UNEXPECTED_STATUS`.
 */
export function answerError(asked: Asked, response: DoorResponse): NyahError {
  const { area } = asked
  const { code, why, exit, tries = [], retryable = false } = judge(asked, response)
  const said = redact(remoteText(response), asked.secrets)
  const requestId = response.headers['x-openstack-request-id']
  const service = SERVICE[area]
  const who = response.status === 401 || response.status === 403 ? `, as ${asked.as}` : ''
  return nyahError({
    code: `${area}_${code}`,
    message: `${asked.method} ${printableUrl(asked.url)}: ${service} ${why} (${response.status}${said && `: ${said}`})${who}`,
    exit,
    tries,
    retryable,
    // A gateway's 502 or 504 may hide a request that went through; a read changes nothing either way.
    lostAnswer: response.status >= 500 && asked.method !== 'GET' && asked.method !== 'HEAD',
    details: {
      status: response.status,
      ...(requestId === undefined ? {} : { requestId: requestId.slice(0, 100) }),
      ...(retryable ? wish(response.headers['retry-after']) : {}),
    },
  })
}

/** Retry-After in seconds, as the engine's retrier wants it; a date there is not followed. */
function wish(header: string | undefined): { retryAfterMs?: number } {
  const seconds = Number(header ?? '')
  return seconds > 0 && seconds <= 3_600 ? { retryAfterMs: seconds * 1_000 } : {}
}

/** Did a listing break off because the item its next page starts after was deleted meanwhile? */
export const isVanishedMarker = (error: ErrorData): boolean =>
  error.code === 'OCTAVIA_BAD_REQUEST' && /\bmarker\b/i.test(error.message)

/** A success whose body is not what the API documents; `path` names the field: `pools[2].members`. */
export const unexpectedShape = (asked: Asked, path: string, problem: string): NyahError =>
  nyahError({
    code: `${asked.area}_UNEXPECTED_SHAPE`,
    message: redact(`${asked.method} ${printableUrl(asked.url)}: ${path} ${problem}`, asked.secrets),
    exit: EXIT.remote,
    tries: [REPORT],
    details: { path },
  })

/** The JSON of a 2xx answer; everything else is thrown. */
export function jsonAnswer(asked: Asked, response: DoorResponse): unknown {
  if (response.status < 200 || response.status >= 300) throw answerError(asked, response)
  const data = parsed(response.body)
  if (data === undefined) throw unexpectedShape(asked, 'the body', 'is not JSON')
  return data
}
