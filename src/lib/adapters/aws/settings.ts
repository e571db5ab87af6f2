import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { EXIT, nyahError } from '../../core/errors.ts'
import { type IniFile, parseIni, profileSettings } from './profile.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The `aws` part of a context, and the environment. */
export interface AwsOptions {
  readonly region?: string | undefined
  readonly profile?: string | undefined
  readonly assumeRole?: { readonly arn: string; readonly externalId?: string | undefined } | undefined
  readonly endpointUrl?: string | undefined
  readonly env: Environment
  /** Longest one call may take, in milliseconds; 30 s unless given. */
  readonly callMs?: number
}

/** The services nyah calls, as the environment variables `AWS_ENDPOINT_URL_…` spell them. */
export type ServiceName = 'ELASTIC_LOAD_BALANCING_V2' | 'EC2' | 'STS' | 'IAM' | 'ROUTE_53' | 'S3' | 'CLOUDWATCH'

export interface AwsSettings {
  readonly region: string
  /** Null: nobody named one, the chain takes `default`. */
  readonly profile: string | null
  readonly assumeRole: { readonly arn: string; readonly externalId: string | null } | null
  /** Null: AWS itself. */
  readonly endpoints: Readonly<Record<ServiceName, string | null>>
  readonly callMs: number
  readonly fips: boolean
  readonly dualstack: boolean
}

/**
 * Where and as whom: from the configuration, else the environment, else the profile in the shared files. Endpoints:
 * `endpointUrl`, `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile's `endpoint_url`.
 * Throws CONFIG_AWS_REGION without a Region, CONFIG_AWS_ENDPOINT for an endpoint that is no http(s) URL (both exit 3).
 */
export function awsSettings(options: AwsOptions): AwsSettings {
  const { env } = options
  const chosen = options.profile ?? said(env['AWS_PROFILE']) ?? null
  const profile = readProfile(chosen ?? 'default', env)
  const region = options.region ?? said(env['AWS_REGION']) ?? said(env['AWS_DEFAULT_REGION']) ?? said(profile['region'])
  if (region === undefined || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(region)) throw badRegion(region, chosen)

  const ignored = said(env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']) ?? profile['ignore_configured_endpoint_urls']
  const endpoint = (service: ServiceName): string | null => {
    const surroundings =
      ignored === 'true'
        ? undefined
        : (said(env[`AWS_ENDPOINT_URL_${service}`]) ?? said(env['AWS_ENDPOINT_URL']) ?? said(profile['endpoint_url']))
    const url = options.endpointUrl ?? surroundings
    return url === undefined ? null : checkedUrl(url)
  }
  return {
    region,
    profile: chosen,
    assumeRole: options.assumeRole
      ? { arn: options.assumeRole.arn, externalId: options.assumeRole.externalId ?? null }
      : null,
    endpoints: {
      ELASTIC_LOAD_BALANCING_V2: endpoint('ELASTIC_LOAD_BALANCING_V2'),
      EC2: endpoint('EC2'),
      STS: endpoint('STS'),
      IAM: endpoint('IAM'),
      ROUTE_53: endpoint('ROUTE_53'),
      S3: endpoint('S3'),
      CLOUDWATCH: endpoint('CLOUDWATCH'),
    },
    callMs: Math.min(CALL_MS, options.callMs ?? CALL_MS),
    fips: (said(env['AWS_USE_FIPS_ENDPOINT']) ?? profile['use_fips_endpoint']) === 'true',
    dualstack: (said(env['AWS_USE_DUALSTACK_ENDPOINT']) ?? profile['use_dualstack_endpoint']) === 'true',
  }
}

const CALL_MS = 30_000

/** An empty variable counts as none, as in every AWS tool. */
const said = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

const badRegion = (region: string | undefined, profile: string | null) =>
  nyahError({
    code: 'CONFIG_AWS_REGION',
    message:
      region === undefined
        ? `no AWS Region: neither aws.region of the context, AWS_REGION, nor the profile ${profile ?? 'default'} names one`
        : `"${region}" is no AWS Region`,
    exit: EXIT.configuration,
    tries: ['export AWS_REGION=ap-northeast-1', 'set aws.region in the context: nyah config explain'],
  })

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return text
  throw nyahError({
    code: 'CONFIG_AWS_ENDPOINT',
    message: 'aws.endpointUrl (or AWS_ENDPOINT_URL) is no http or https URL without a user in it',
    exit: EXIT.configuration,
    tries: [
      'unset AWS_ENDPOINT_URL',
      'set aws.endpointUrl to something like http://127.0.0.1:4510: nyah config explain',
    ],
  })
}

function readProfile(name: string, env: Environment): Readonly<Record<string, string>> {
  const folder = join(said(env['HOME']) ?? homedir(), '.aws')
  return profileSettings(
    name,
    readIni(said(env['AWS_CONFIG_FILE']) ?? join(folder, 'config')),
    readIni(said(env['AWS_SHARED_CREDENTIALS_FILE']) ?? join(folder, 'credentials')),
  )
}

/** Like the AWS tools: a file that is missing or unreadable says nothing. */
function readIni(path: string): IniFile {
  try {
    return parseIni(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}
