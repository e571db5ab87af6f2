import { EXIT, nyahError } from '../../core/errors.ts'
import type { Environment } from './cloud-env.ts'
import { nearest } from '../../core/nearest.ts'
import { invalid, isRecord, type Settings } from './settings.ts'
import { parseDocument } from './yaml.sdk.ts'

/** UTF-8 text of a file; null, or an error with code ENOENT, where there is none. */
export type ReadFile = (path: string) => string | null

export interface CloudFilesOptions {
  /** Null: none was named, which is an error that says what there is. */
  readonly name: string | null
  readonly env: Environment
  readonly homedir: string
  readonly cwd: string
  readonly readFile: ReadFile
}

type Values = Readonly<Record<string, unknown>>
interface Found {
  readonly path: string
  readonly data: Values
}

/** Larger ones are refused: a configuration is small. */
const MAX_CHARACTERS = 1_000_000

/** The named entry, with secure.yaml and its profile merged into it, as the OpenStack clients do. */
export function cloudFromFiles(options: CloudFilesOptions): Settings {
  const { name } = options
  const main = find('clouds', 'OS_CLIENT_CONFIG_FILE', options)
  const clouds = section(main, 'clouds')
  const names = Object.keys(clouds)
  const where =
    main?.path ??
    directories(options)
      .map((each) => `${each}/clouds.yaml`)
      .join(', ')
  if (name === null) {
    throw nyahError({
      code: 'CONFIG_CLOUD_NOT_NAMED',
      message: `no cloud is named, and OS_AUTH_URL is not set (${main ? `${where} has ${list(names)}` : `there is no ${where}`})`,
      exit: EXIT.configuration,
      tries: names[0] === undefined ? ['write a clouds.yaml, or set OS_* variables'] : [`export OS_CLOUD=${names[0]}`],
    })
  }
  if (main === null) {
    throw nyahError({
      code: 'CONFIG_CLOUD_NOT_FOUND',
      message: `cloud ${name}: there is no clouds.yaml (looked for ${where})`,
      exit: EXIT.configuration,
      tries: ['export OS_CLIENT_CONFIG_FILE=/path/to/clouds.yaml'],
    })
  }
  if (!Object.hasOwn(clouds, name)) {
    throw nyahError({
      code: 'CONFIG_CLOUD_NOT_FOUND',
      message: `cloud ${name} is not in ${where}; it has ${list(nearest(name, names))}`,
      exit: EXIT.configuration,
      tries: nearest(name, names, 1).map((near) => `export OS_CLOUD=${near}`),
    })
  }
  const origin = `clouds.yaml entry ${name} (${where})`
  const secrets = section(find('secure', 'OS_CLIENT_SECURE_FILE', options), 'clouds')
  const own = merge(entry(clouds[name], origin), entry(secrets[name] ?? {}, `secure.yaml entry ${name}`))
  const values = merge(profile(own, origin, options), own)
  return {
    name,
    origin,
    values,
    regions: regions(values['regions'], origin),
    notes: [],
    label: (part, key) => (part === null ? key : `${part}.${key}`),
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'no clouds' : names.join(', ')
}

function directories({ env, homedir, cwd }: CloudFilesOptions): readonly string[] {
  const xdg = env['XDG_CONFIG_HOME']
  return [cwd, `${xdg?.startsWith('/') ? xdg : `${homedir}/.config`}/openstack`, '/etc/openstack']
}

/** The first that exists counts. One that a variable names must exist. */
function find(stem: string, variable: string, options: CloudFilesOptions): Found | null {
  const named = options.env[variable]
  if (named) {
    const text = readText(options.readFile, named)
    if (text !== null) return { path: named, data: parse(text, named) }
    throw nyahError({
      code: 'CONFIG_CLOUD_FILE_MISSING',
      message: `${variable} names ${named}, which does not exist`,
      exit: EXIT.configuration,
      tries: [`unset ${variable}`],
    })
  }
  for (const directory of directories(options)) {
    for (const extension of ['yaml', 'yml', 'json']) {
      const path = `${directory}/${stem}.${extension}`
      const text = readText(options.readFile, path)
      if (text !== null) return { path, data: parse(text, path) }
    }
  }
  return null
}

/** Null where there is no such file. */
export function readText(readFile: ReadFile, path: string): string | null {
  try {
    return readFile(path)
  } catch (error) {
    const code = isRecord(error) ? error['code'] : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw nyahError({
      code: 'CONFIG_CLOUD_UNREADABLE',
      message: `${path} cannot be read (${typeof code === 'string' ? code : 'unknown reason'})`,
      exit: EXIT.configuration,
    })
  }
}

/** The parser's messages quote the file, passwords included: only its code and the place are kept. */
function parse(text: string, path: string): Values {
  if (text.length > MAX_CHARACTERS) throw invalid(`larger than ${MAX_CHARACTERS} characters, the limit`, path)
  // Version 1.1 is what the OpenStack clients read: `verify: no` is false there.
  const document = parseDocument(text, { version: '1.1', prettyErrors: false, logLevel: 'silent' })
  const [problem] = document.errors
  if (problem) {
    const line = text.slice(0, problem.pos[0]).split('\n').length
    throw invalid(`not valid YAML at line ${line} (${problem.code})`, path)
  }
  let data: unknown
  try {
    data = document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch {
    throw invalid('its aliases are unknown or expand to too much', path)
  }
  if (!isRecord(data)) throw invalid('not a mapping', path)
  return data
}

function section(found: Found | null, key: string): Values {
  const value = found?.data[key] ?? {}
  if (isRecord(value)) return value
  throw invalid(`${key} is not a mapping`, found?.path ?? key)
}

/** Dashes in keys are underscores to the OpenStack clients. */
function entry(value: unknown, origin: string): Values {
  if (!isRecord(value)) throw invalid('not a mapping', origin)
  const plain = (record: Values): Values =>
    Object.fromEntries(
      Object.entries(record).map(([key, each]) => [key.replaceAll('-', '_'), isRecord(each) ? plain(each) : each]),
    )
  return plain(value)
}

function merge(base: Values, over: Values): Values {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isRecord(below) && isRecord(value) ? merge(below, value) : value
  }
  return merged
}

/** `profile`: an entry of clouds-public.yaml. */
function profile(own: Values, origin: string, options: CloudFilesOptions): Values {
  const name = own['profile'] ?? own['cloud']
  if (name === undefined || name === null) return {}
  if (typeof name !== 'string') throw invalid('profile is not text', origin)
  const found = find('clouds-public', 'OS_CLIENT_VENDOR_FILE', options)
  const profiles = section(found, 'public-clouds')
  if (!Object.hasOwn(profiles, name)) {
    throw nyahError({
      code: 'CONFIG_CLOUD_PROFILE_NOT_FOUND',
      message: `${origin}: profile ${name} is not in ${found?.path ?? 'clouds-public.yaml (there is none)'}; nyah brings no profiles of its own`,
      exit: EXIT.configuration,
      tries: [`write the profile's auth_url and region_name into the entry itself`],
    })
  }
  return entry(profiles[name], `profile ${name}`)
}

/** A list of names, or of `{name, values}`. */
function regions(value: unknown, origin: string): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid('regions is not a list', origin)
  return value.map((each: unknown) => {
    const name = isRecord(each) ? each['name'] : each
    if (typeof name === 'string') return name
    throw invalid('regions holds something that is not a name', origin)
  })
}
