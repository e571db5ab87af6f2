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

/** The SDK's default chain, made by `credentials.sdk.ts`. */
export type Chain = (options: {
  readonly profile?: string
  readonly timeout: number
  readonly maxRetries: number
  readonly logger: typeof SILENT
  readonly clientConfig: { readonly region: string; readonly maxAttempts: number }
}) => Credentials

/** The chain would warn on the console; nyah's output is its own. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/**
 * Keys from the environment if it has them and no profile was asked for; else from the default chain (shared files,
 * SSO, processes, web identity, containers, instance metadata with 1 s time-outs), which is loaded only then. Nothing
 * found: AWS_NO_CREDENTIALS (exit 3).
 */
export function baseCredentials(settings: AwsSettings, env: Environment, loadChain: () => Promise<Chain>): Credentials {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? ''
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? ''
  if (settings.profile === null && accessKeyId !== '' && secretAccessKey !== '') {
    const sessionToken = env['AWS_SESSION_TOKEN'] ?? ''
    const keys: Keys = { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) }
    return () => Promise.resolve(keys)
  }
  let chain: Credentials | undefined
  return async () => {
    chain ??= (await loadChain())({
      ...(settings.profile === null ? {} : { profile: settings.profile }),
      timeout: 1000,
      maxRetries: 1,
      logger: SILENT,
      clientConfig: { region: settings.region, maxAttempts: 1 },
    })
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
    message: `no AWS credentials (profile ${profile ?? 'default'}, no keys in the environment): ${why}`,
    exit: EXIT.configuration,
    tries: [
      profile === null
        ? 'aws configure sso, then set aws.profile or AWS_PROFILE'
        : `aws sso login --profile ${profile}`,
      'export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ],
  })
}

/** One call of AssumeRole; the session binds it to an STS client. */
export type AssumeRole = (base: Keys) => Promise<Required<Keys>>

/**
 * Keys of a role, kept until shortly before they end. While AssumeRole fails, keys that are still valid stay in use
 * (an outage of STS stops nobody at once). Concurrent callers share one call.
 */
export function roleCredentials(base: Credentials, assumeRole: AssumeRole, clock: Clock): Credentials {
  let kept: Required<Keys> | undefined
  let underWay: Promise<Keys> | undefined
  const left = (): number => (kept === undefined ? 0 : (kept.expiration?.getTime() ?? 0) - clock.now())
  const renew = async (): Promise<Keys> => {
    try {
      return (kept = await assumeRole(await base()))
    } catch (error) {
      if (kept !== undefined && left() > 0) return kept
      throw error
    } finally {
      underWay = undefined
    }
  }
  return () => (kept !== undefined && left() > EARLY_MS ? Promise.resolve(kept) : (underWay ??= renew()))
}
