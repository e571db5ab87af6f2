import * as z from 'zod/mini'
import type { Clock } from '../../ports/clock.ts'
import type { SourceIdentity } from '../../ports/source.ts'
import type { Door } from '../http/door.ts'
import { secret, type Secret } from '../http/secret.ts'
import { jsonAnswer, unexpectedShape, type Asked } from './answers.ts'
import { catalogueEndpoint, lbaasRoot, networkRoot, type Endpoint } from './catalogue.ts'
import type { CloudConfig } from './clouds.ts'
import { check } from './decode.ts'
import { credentialOf, describeAuth, tokenRequest } from './token-request.ts'

/** A token and what came with it. */
export interface Session {
  readonly token: Secret
  /** On the clock given: after it the token is not used any more. */
  readonly renewAt: number
  /** `https://octavia.example/v2/lbaas` */
  readonly lbaas: string
  /** `https://neutron.example`; null: the catalogue does not have it. */
  readonly network: string | null
  readonly identity: SourceIdentity
}

export interface Keystone {
  /** The session at hand, or a new one. However many ask at once, one request is sent. */
  session(signal?: AbortSignal): Promise<Session>
  /** A session other than `stale`, which Octavia refused. */
  renewed(stale: Session, signal?: AbortSignal): Promise<Session>
}

export interface KeystoneOptions {
  readonly cloud: CloudConfig
  readonly door: Door
  readonly clock: Clock
}

const instant = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?$/))

const answer = z.object({
  expires_at: z.nullable(instant),
  issued_at: instant,
  user: z.object({ id: z.string(), name: z.string() }),
  project: z.optional(z.object({ id: z.string(), name: z.string() })),
  roles: z.optional(z.array(z.object({ name: z.string() }))),
  catalog: z.optional(
    z.array(
      z.object({
        type: z.string(),
        endpoints: z.array(
          z.object({
            interface: z.string(),
            region: z.nullish(z.string()),
            region_id: z.nullish(z.string()),
            url: z.nullish(z.string()),
          }),
        ),
      }),
    ),
  ),
})

/** A token is left alone in its last minute: a tree must be readable with it to the end. */
const MARGIN_MS = 60_000

export function createKeystone({ cloud, door, clock }: KeystoneOptions): Keystone {
  let current: Session | null = null
  let pending: Promise<Session> | null = null

  const authenticate = async (signal: AbortSignal | undefined): Promise<Session> => {
    const { auth, authUrl } = cloud
    const secrets = [credentialOf(auth)]
    const url = `${authUrl}/auth/tokens`
    // A token without a scope is used as it is: asking about it gives its catalogue.
    const given = auth.kind === 'token' && auth.scope === null ? auth.token : null
    const startedAt = clock.now()
    const asked: Asked = { area: 'KEYSTONE', method: given ? 'GET' : 'POST', url, secrets, as: describeAuth(auth) }
    const response = given
      ? await door({
          method: 'GET',
          url,
          headers: { 'x-auth-token': given.reveal(), 'x-subject-token': given.reveal() },
          secrets,
          signal,
        })
      : await door({ method: 'POST', url, json: tokenRequest(auth), secrets, signal })
    const { token: told } = check(z.object({ token: answer }), asked, 'answer', jsonAnswer(asked, response))
    const issued = given?.reveal() ?? response.headers['x-subject-token']
    if (!issued) throw unexpectedShape(asked, 'the X-Subject-Token header', 'is missing')
    const endpoint: Endpoint = cloud.endpointOverride
      ? { url: cloud.endpointOverride, region: cloud.region }
      : catalogueEndpoint(cloud, told)
    if (!/^https?:\/\//.test(endpoint.url))
      throw unexpectedShape(asked, 'the load-balancer endpoint', 'is not an http address')
    // How long a new token lives is told by Keystone's own two times, whatever this machine's clock says.
    const from = given ? Date.parse(response.headers['date'] ?? '') || startedAt : instantMs(told.issued_at)
    const lifetime = told.expires_at === null ? Infinity : instantMs(told.expires_at) - from
    return {
      token: secret(issued),
      renewAt: startedAt + lifetime - Math.min(MARGIN_MS, lifetime / 5),
      lbaas: lbaasRoot(endpoint.url),
      network: networkRoot(cloud, told),
      identity: {
        authUrl,
        endpoint: lbaasRoot(endpoint.url),
        region: endpoint.region,
        user: told.user.name,
        project: told.project?.name ?? null,
        roles: (told.roles ?? []).map((role) => role.name),
      },
    }
  }

  const renew = (signal: AbortSignal | undefined): Promise<Session> => {
    pending ??= authenticate(signal)
      .then((session) => (current = session))
      .finally(() => {
        pending = null
      })
    return pending
  }

  return {
    async session(signal) {
      return current !== null && clock.now() < current.renewAt ? current : renew(signal)
    },
    async renewed(stale, signal) {
      return current !== null && current !== stale ? current : renew(signal)
    },
  }
}

/** Keystone's times are UTC, with or without saying so. */
const instantMs = (time: string): number => Date.parse(/Z|\+00:00$/.test(time) ? time : `${time}Z`)
