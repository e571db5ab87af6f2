import { readFileSync } from 'node:fs'
import { isLoopback, printableUrl } from '../http/url.ts'
import { readAuth, type CloudAuth } from './cloud-auth.ts'
import { cloudFromFiles, readText, type ReadFile } from './cloud-files.ts'
import { cloudFromEnvironment, type Environment } from './cloud-env.ts'
import { invalid, settingsReader, type Settings } from './settings.ts'

type Interface = 'public' | 'internal' | 'admin'

/** How to reach one OpenStack cloud, and as whom. Passwords and tokens in it do not print. */
export interface CloudConfig {
  /** Entry of clouds.yaml; null: OS_* variables. */
  readonly name: string | null
  /** Where it was read from, for people. */
  readonly origin: string
  /** Keystone's v3 root, without a slash at its end: `https://keystone.example/v3`. */
  readonly authUrl: string
  readonly auth: CloudAuth
  /** Null: the catalogue must have a single one. */
  readonly region: string | null
  readonly interface: Interface
  /** Octavia's address, in place of the catalogue's. */
  readonly endpointOverride: string | null
  /** PEM of the authorities to trust; null: the system's. */
  readonly ca: string | null
  /** False only where clouds.yaml says `verify: false`. */
  readonly verify: boolean
  /** What the operator should know. */
  readonly notes: readonly CloudNote[]
}

interface CloudNote {
  readonly code: string
  readonly message: string
}

export interface LoadCloudOptions {
  /** Entry of clouds.yaml; null: OS_CLOUD, else OS_* variables. */
  readonly cloud: string | null
  readonly env: Environment
  readonly homedir: string
  readonly cwd: string
  /** UTF-8 text; null, or an error with code ENOENT, where there is no such file. Absent: the file system's. */
  readonly readFile?: ReadFile
}

type Options = LoadCloudOptions & { readonly readFile: ReadFile }

/**
 * The cloud by the rules of the OpenStack clients: the named entry of clouds.yaml (secure.yaml and profiles merged), else that of
 * OS_CLOUD, else OS_* variables. Throws `CONFIG_CLOUD_*` (exit 3), naming the file or the variable.
 */
export function loadCloud(given: LoadCloudOptions): CloudConfig {
  const options: Options = { ...given, readFile: given.readFile ?? ((path) => readFileSync(path, 'utf8')) }
  const { env } = options
  const name = options.cloud ?? (env['OS_CLOUD'] || null)
  const found = name === null && env['OS_AUTH_URL'] ? cloudFromEnvironment(env) : cloudFromFiles({ ...options, name })
  return build(found, options)
}

function build(found: Settings, options: Options): CloudConfig {
  const read = settingsReader(found)
  const notes: CloudNote[] = [...found.notes]
  const authUrl = keystoneRoot(read.required('auth', 'auth_url'), read.label('auth', 'auth_url'))
  if (authUrl.startsWith('http:') && !isLoopback(authUrl)) {
    notes.push({
      code: 'CONFIG_CLOUD_PLAIN_HTTP',
      message: `${printableUrl(authUrl)}: credentials and tokens travel unencrypted`,
    })
  }
  const verify = read.verify()
  if (!verify) {
    notes.push({
      code: 'CONFIG_CLOUD_UNVERIFIED',
      message: `${found.origin} says \`verify: false\`: whoever sits between here and the cloud can read the token`,
    })
  }
  const version = read.optional(null, 'identity_api_version')
  if (version !== null && !/^v?3(\.\d+)?$/.test(version)) {
    throw invalid(`${read.label(null, 'identity_api_version')} is ${version}; nyah speaks Keystone v3`, found.origin)
  }
  const override = read.optional(null, 'load_balancer_endpoint_override')
  return {
    name: found.name,
    origin: found.origin,
    authUrl,
    auth: readAuth(read, found.origin),
    region: region(found, read.optional(null, 'region_name') ?? (options.env['OS_REGION_NAME'] || null)),
    interface: interfaceName(
      read.optional(null, 'load_balancer_interface') ??
        read.optional(null, 'interface') ??
        read.optional(null, 'endpoint_type') ??
        'public',
      found.origin,
    ),
    endpointOverride:
      override === null ? null : webAddress(override, read.label(null, 'load_balancer_endpoint_override')),
    ca: authority(read.optional(null, 'cacert'), read.label(null, 'cacert'), options),
    verify,
    notes,
  }
}

function webAddress(value: string, label: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid('not an http(s) address', label)
  if (url.username || url.password) throw invalid('credentials in an address are not accepted', label)
  return value.replace(/[?#].*$/, '').replace(/\/+$/, '')
}

/** Keystone v2 is gone since 2018, and unversioned addresses are usual: both are made into the v3 root. */
function keystoneRoot(value: string, label: string): string {
  const url = webAddress(value, label).replace(/\/auth\/tokens$/, '')
  if (url.endsWith('/v3')) return url
  return `${url.replace(/\/v2\.0$/, '')}/v3`
}

function interfaceName(value: string, origin: string): Interface {
  const plain = value.replace(/URL$/i, '').toLowerCase()
  if (plain === 'public' || plain === 'internal' || plain === 'admin') return plain
  throw invalid(`interface is ${value}; it is one of public, internal, admin`, origin)
}

function region(found: Settings, named: string | null): string | null {
  if (named !== null || found.regions.length === 0) return named
  if (found.regions.length === 1) return found.regions[0] ?? null
  throw invalid(`no region is chosen, and it has ${found.regions.join(', ')}`, found.origin, [
    `export OS_REGION_NAME=${found.regions[0]}`,
    'write region_name into the entry',
  ])
}

function authority(path: string | null, label: string, options: Options): string | null {
  if (path === null) return null
  const absolute = path.startsWith('~/')
    ? `${options.homedir}/${path.slice(2)}`
    : path.startsWith('/')
      ? path
      : `${options.cwd}/${path}`
  const pem = readText(options.readFile, absolute)
  if (pem === null) throw invalid(`there is no file ${absolute}`, label)
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw invalid(`${absolute} holds no PEM certificate`, label)
  return pem
}
