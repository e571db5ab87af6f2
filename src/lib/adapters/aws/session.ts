import type { Clock } from '../../ports/clock.ts'
import type { MirrorsIdentity } from '../../ports/mirrors.ts'
import type { Retry } from '../../ports/retry.ts'
import { baseCredentials, type Credentials, kept, type Keys, type Providers } from './credentials.ts'
import { need } from './decode.ts'
import { guarded, refusePlainHttp } from './door.ts'
import { awsError } from './errors.ts'
import { type AwsOptions, awsSettings, type AwsSettings, type ServiceName } from './settings.ts'
import type * as Sts from './sts.sdk.ts'

/** What only some sessions need, loaded when they do. The composition root says how (`import()` of the `.sdk.ts` files). */
export interface AwsLoaders {
  readonly chain: () => Promise<Providers>
  readonly sts: () => Promise<typeof Sts>
}

type ClientConfig = ReturnType<typeof clientConfig>

/** Where and as whom: what every AWS client of one context is made of. */
export interface AwsSession {
  readonly settings: AwsSettings
  /** The constructor argument of a service's client; the client goes through `guarded` before its first call. */
  clientConfig(service: ServiceName): ClientConfig
  /** STS GetCallerIdentity: needs no permission, proves that the credentials are good. */
  identity(signal?: AbortSignal): Promise<MirrorsIdentity>
}

/** What `createMirrors` and `createNetwork` are made of. */
export interface AwsDeps {
  readonly session: AwsSession
  readonly clock: Clock
  readonly retry: Retry
}

/**
 * Reads settings at once (CONFIG_AWS_REGION, CONFIG_AWS_ENDPOINT), credentials only with the first call
 * (AWS_NO_CREDENTIALS, AWS_CREDENTIALS_REFUSED, AWS_ACCESS_DENIED for the role).
 */
export function createSession(options: AwsOptions, clock: Clock, load: AwsLoaders): AwsSession {
  const settings = awsSettings(options)
  const base = kept(baseCredentials(settings, options.env, load.chain), clock)

  const stsClient = async (as: Credentials) => {
    const sts = await load.sts()
    return { sts, client: guarded(new sts.STSClient(clientConfig(settings, 'STS', as))) }
  }

  const role = settings.assumeRole
  const assumeRole = async (): Promise<Keys> => {
    // The answer of AssumeRole is itself a set of temporary credentials.
    refusePlainHttp(settings.endpoints.STS)
    const { sts, client } = await stsClient(base)
    try {
      const answer = await client.send(
        new sts.AssumeRoleCommand({
          RoleArn: need(role?.arn, 'role'),
          RoleSessionName: options.env['AWS_ROLE_SESSION_NAME'] || 'nyah',
          ...(role?.externalId ? { ExternalId: role.externalId } : {}),
        }),
      )
      return {
        accessKeyId: need(answer.Credentials?.AccessKeyId, 'Credentials.AccessKeyId'),
        secretAccessKey: need(answer.Credentials?.SecretAccessKey, 'Credentials.SecretAccessKey'),
        sessionToken: need(answer.Credentials?.SessionToken, 'Credentials.SessionToken'),
        expiration: need(answer.Credentials?.Expiration, 'Credentials.Expiration'),
      }
    } catch (error) {
      throw awsError(error, { service: 'sts', operation: 'AssumeRole', writes: false })
    } finally {
      client.destroy()
    }
  }
  const credentials = role === null ? base : kept(assumeRole, clock)
  return {
    settings,
    clientConfig: (service) => clientConfig(settings, service, credentials),
    async identity(signal) {
      const { sts, client } = await stsClient(credentials)
      try {
        const answer = await client.send(new sts.GetCallerIdentityCommand({}), signal ? { abortSignal: signal } : {})
        return {
          account: need(answer.Account, 'Account'),
          arn: need(answer.Arn, 'Arn'),
          region: settings.region,
          endpointUrl: settings.endpoints.ELASTIC_LOAD_BALANCING_V2,
        }
      } catch (error) {
        signal?.throwIfAborted()
        throw awsError(error, { service: 'sts', operation: 'GetCallerIdentity', writes: false })
      } finally {
        client.destroy()
      }
    },
  }
}

/**
 * Everything that the SDK would otherwise look for in files at the first call is said here. Retries are the engine's
 * (one attempt); socket time-outs are real time.
 */
function clientConfig(settings: AwsSettings, service: ServiceName, credentials: Credentials) {
  const endpoint = settings.endpoints[service]
  return {
    region: settings.region,
    credentials,
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    authSchemePreference: [] as string[],
    userAgentAppId: () => Promise.resolve('nyah'),
    useFipsEndpoint: endpoint === null && settings.fips,
    useDualstackEndpoint: endpoint === null && settings.dualstack,
    requestHandler: {
      connectionTimeout: Math.min(5000, settings.callMs),
      requestTimeout: settings.callMs,
      socketTimeout: settings.callMs,
      throwOnRequestTimeout: true,
    },
    ...(endpoint === null ? {} : { endpoint }),
  }
}
