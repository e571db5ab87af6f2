import { EXIT, isNyahError, nyahError, type NyahError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { awsError } from './errors.ts'
import type { AwsSettings, Environment } from './settings.ts'

/** Keys, as every SDK client takes them. Never in an error, an event or a log. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

export type Credentials = () => Promise<Keys>

/** Temporary keys are replaced this long before they end. */
const EARLY_MS = 5 * 60_000

interface ClientConfig {
  readonly region: string
  readonly maxAttempts: number
}

/** What is used of `credentials.sdk.ts`. */
export interface Providers {
  /** The default chain. */
  readonly fromNodeProviderChain: (options: {
    readonly timeout: number
    readonly maxRetries: number
    readonly logger: typeof SILENT
    readonly clientConfig: ClientConfig
  }) => Credentials
  /** One profile, whatever it is made of. */
  readonly fromIni: (options: {
    readonly profile: string
    readonly logger: typeof SILENT
    readonly clientConfig: ClientConfig
  }) => Credentials
}

/** The chain would warn on the console; nyah's output is its own. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/**
 * A named profile's keys, and no others: its failure is no reason to go on as whatever this machine is. Else keys from
 * the environment, for which nothing is loaded. Else the default chain (default profile, SSO, web identity,
 * containers, instance metadata with 1 s time-outs). Nothing found: AWS_NO_CREDENTIALS (exit 3).
 */
export function baseCredentials(settings: AwsSettings, env: Environment, load: () => Promise<Providers>): Credentials {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? ''
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? ''
  if (settings.profile === null && accessKeyId !== '' && secretAccessKey !== '') {
    const sessionToken = env['AWS_SESSION_TOKEN'] ?? ''
    const keys: Keys = { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) }
    return () => Promise.resolve(keys)
  }
  let chain: Credentials | undefined
  const make = ({ fromIni, fromNodeProviderChain }: Providers): Credentials => {
    const common = { logger: SILENT, clientConfig: { region: settings.region, maxAttempts: 1 } }
    return settings.profile === null
      ? fromNodeProviderChain({ ...common, timeout: 1000, maxRetries: 1 })
      : fromIni({ ...common, profile: settings.profile })
  }
  return async () => {
    chain ??= make(await load())
    try {
      return await chain()
    } catch (error) {
      throw chainError(error, settings.profile)
    }
  }
}

function chainError(error: unknown, profile: string | null): NyahError {
  if (isNyahError(error)) return error
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (!/^(CredentialsProvider|TokenProvider|Provider)Error$/.test(name) && '$metadata' in Object(error)) {
    return awsError(error, { service: 'sts', operation: 'AssumeRole', writes: false })
  }
  // A credential process's command line and its stderr may hold secrets.
  const why = /command failed|credential_process/i.test(message)
    ? 'its credential_process failed'
    : message.split('\n')[0]
  return nyahError({
    code: 'AWS_NO_CREDENTIALS',
    message: `no AWS credentials ${profile === null ? '(no keys in the environment, no profile named)' : `in the profile ${profile}`}: ${why}`,
    exit: EXIT.configuration,
    tries: [
      profile === null
        ? 'aws configure sso, then set aws.profile or AWS_PROFILE'
        : `aws sso login --profile ${profile}`,
      'export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ],
  })
}

/**
 * Keys, kept until five minutes before they end (without an end: for good). While they cannot be renewed, those that
 * are still valid stay in use: an outage of STS stops nobody at once. Concurrent callers share one call.
 */
export function kept(fetch: Credentials, clock: Clock): Credentials {
  let keys: Keys | undefined
  let underWay: Promise<Keys> | undefined
  const left = (): number => (keys === undefined ? 0 : (keys.expiration?.getTime() ?? Infinity) - clock.now())
  const renew = async (): Promise<Keys> => {
    try {
      return (keys = await fetch())
    } catch (error) {
      if (keys !== undefined && left() > 0) return keys
      throw error
    } finally {
      underWay = undefined
    }
  }
  return () => (keys !== undefined && left() > EARLY_MS ? Promise.resolve(keys) : (underWay ??= renew()))
}
