import { EXIT, nyahError } from '../core/errors.ts'
import { cosmiconfig } from './cosmiconfig.sdk.ts'
import { decodeConfig, invalid } from './decode.ts'
import type { ConfigFile, ContextConfig } from './schema.ts'
import { parse } from './yaml.sdk.ts'

/** Configuration is data, never code: no loader for JavaScript, and YAML by a parser that refuses alias bombs. */
const PLACES = [
  'package.json',
  '.nyahrc',
  '.nyahrc.yaml',
  '.nyahrc.json',
  'nyah.config.yaml',
  'nyah.config.yml',
  'nyah.config.json',
]

const MAX_BYTES = 1024 * 1024

/** Environment variables that override one value of the chosen context. */
export const OVERRIDES: Readonly<Record<string, readonly [keyof ContextConfig, string]>> = {
  NYAH_OCTAVIA_CLOUD: ['octavia', 'cloud'],
  NYAH_AWS_REGION: ['aws', 'region'],
  NYAH_AWS_PROFILE: ['aws', 'profile'],
  NYAH_AWS_ENDPOINT_URL: ['aws', 'endpointUrl'],
}

export interface LoadOptions {
  /** --config FILE or NYAH_CONFIG; null: search upwards from `cwd`. */
  readonly file: string | null
  /** --context NAME or NYAH_CONTEXT; null: the file's `currentContext`, or its only context. */
  readonly context: string | null
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** One chosen context, and where each thing came from. */
export interface Loaded {
  readonly file: string
  readonly contextName: string
  /** `flag or NYAH_CONTEXT`, `currentContext` or `the only one`. */
  readonly contextFrom: string
  readonly context: ContextConfig
  readonly contexts: readonly string[]
  /** Environment variables that took effect: `{ 'aws.region': 'NYAH_AWS_REGION' }`. */
  readonly overridden: Readonly<Record<string, string>>
}

function loadYaml(filepath: string, content: string): unknown {
  if (content.length > MAX_BYTES) throw invalid(filepath, `it is larger than ${MAX_BYTES} bytes`)
  try {
    return parse(content, { maxAliasCount: 100 })
  } catch (error) {
    throw invalid(filepath, error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it is no YAML')
  }
}

const missing = (message: string) =>
  nyahError({
    code: 'CONFIG_NOT_FOUND',
    message,
    exit: EXIT.configuration,
    tries: ['nyah init', 'nyah --help', 'add --sandbox to try nyah without any cloud'],
  })

async function readFile(options: LoadOptions): Promise<{ file: string; content: unknown }> {
  const loaders = {
    '.yaml': loadYaml,
    '.yml': loadYaml,
    '.json': loadYaml,
    noExt: loadYaml,
    // Never run: PLACES names no such file, and --config refuses them; cosmiconfig's own loaders would execute code.
    '.js': refuseCode,
    '.mjs': refuseCode,
    '.cjs': refuseCode,
    '.ts': refuseCode,
    '.mts': refuseCode,
    '.cts': refuseCode,
  }
  const explorer = cosmiconfig('nyah', { searchPlaces: PLACES, loaders, searchStrategy: 'global', cache: false })
  if (options.file !== null) {
    const found = await explorer.load(options.file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EISDIR' || error.code === 'EACCES')
        throw missing(`the configuration file ${options.file} cannot be read (${error.code})`)
      throw error
    })
    if (found === null || found.isEmpty === true) throw invalid(options.file, 'it is empty')
    return { file: found.filepath, content: found.config }
  }
  const found = await explorer.search(options.cwd)
  if (found === null) throw missing(`no nyah.config.yaml here (${options.cwd}) or in a folder above, and no --config`)
  return { file: found.filepath, content: found.config }
}

function refuseCode(filepath: string): never {
  throw invalid(filepath, 'configuration is data (YAML or JSON), never code')
}

function choose(config: ConfigFile, file: string, asked: string | null): { name: string; from: string } {
  const names = Object.keys(config.contexts)
  const only = names.length === 1 ? names[0] : undefined
  const name = asked ?? config.currentContext ?? only
  if (name === undefined)
    throw nyahError({
      code: 'CONFIG_CONTEXT_MISSING',
      message: `${file} has ${names.length} contexts (${names.join(', ')}) and no currentContext`,
      exit: EXIT.configuration,
      tries: names.map((each) => `--context ${each}`),
    })
  if (!Object.hasOwn(config.contexts, name))
    throw nyahError({
      code: 'CONFIG_CONTEXT_UNKNOWN',
      message: `${file} has no context ${name}; it has ${names.join(', ') || 'none'}`,
      exit: EXIT.configuration,
      tries: names.map((each) => `--context ${each}`),
    })
  // A run or plan of `--sandbox` is kept under this name, and taken up again by it: it must never mean real clouds.
  if (name === 'sandbox' && config.contexts[name]?.sandbox !== true)
    throw invalid(file, 'contexts.sandbox: this name is kept for --sandbox; rename it, or give it `sandbox: true`')
  return { name, from: asked !== null ? 'flag or NYAH_CONTEXT' : only === name ? 'the only one' : 'currentContext' }
}

/** The context with what the environment says in place of it, and which variable said what. */
function override(given: ContextConfig, env: LoadOptions['env']): Pick<Loaded, 'context' | 'overridden'> {
  const said = Object.entries(OVERRIDES).filter(([variable]) => (env[variable] ?? '') !== '')
  const sections = new Map<string, Record<string, unknown>>()
  for (const [variable, [section, key]] of said)
    sections.set(section, { ...(given[section] as object | undefined), ...sections.get(section), [key]: env[variable] })
  return {
    context: { ...given, ...Object.fromEntries(sections) },
    overridden: Object.fromEntries(said.map(([variable, [section, key]]) => [`${section}.${key}`, variable])),
  }
}

/** Finds, reads and checks the configuration, and chooses the context. Throws CONFIG_* (exit 3). */
export async function loadConfig(options: LoadOptions): Promise<Loaded> {
  const { file, content } = await readFile(options)
  const config = decodeConfig(file, content)
  const { name, from } = choose(config, file, options.context)
  const { context, overridden } = override(config.contexts[name] ?? {}, options.env)
  // What came from the environment passes the same door as the file.
  if (Object.keys(overridden).length > 0)
    decodeConfig(Object.values(overridden).join(', ') || file, { contexts: { [name]: context } })
  return { file, contextName: name, contextFrom: from, context, contexts: Object.keys(config.contexts), overridden }
}
