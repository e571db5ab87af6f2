import { OVERRIDES, loadConfig, type Loaded } from '../config/load.ts'
import { EXIT } from '../core/errors.ts'
import { escapeText } from '../render/escape.ts'
import type { Report } from './report.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'

/** One setting in force: `aws.region  ap-northeast-1  (NYAH_AWS_REGION)`. */
interface Setting {
  readonly path: string
  readonly value: string
  readonly from: string
}

/** Credentials that each ecosystem keeps for itself: named, never shown. */
const ELSEWHERE = [
  ['OS_CLOUD', 'OS_AUTH_URL', 'OS_CLIENT_CONFIG_FILE', 'OS_USERNAME', 'OS_APPLICATION_CREDENTIAL_ID', 'OS_TOKEN'],
  ['AWS_PROFILE', 'AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
].flat()

/** `nyah config explain` */
export async function configExplain(io: Io, flags: SharedFlags): Promise<Report> {
  const loaded = await loadConfig({
    file: flags.config ?? null,
    context: flags.context ?? null,
    cwd: io.cwd,
    env: io.env,
  })
  const settings = explain(loaded)
  const environment = ELSEWHERE.filter((name) => (io.env[name] ?? '') !== '')
  const state = { path: io.stateDir, from: (io.env['NYAH_STATE_DIR'] ?? '') !== '' ? 'NYAH_STATE_DIR' : 'XDG state' }
  return {
    document: {
      file: loaded.file,
      context: { name: loaded.contextName, from: loaded.contextFrom },
      contexts: loaded.contexts,
      settings,
      environment,
      state,
    },
    text: text(loaded, settings, environment, state),
    exitCode: EXIT.ok,
  }
}

/** Leaves of the chosen context, in the file's order, each with its origin. */
export function explain(loaded: Loaded): readonly Setting[] {
  const leaves = (value: unknown, path: string): readonly Setting[] => {
    if (Array.isArray(value) || typeof value !== 'object' || value === null) {
      const from = loaded.overridden[path] ?? loaded.file
      return [{ path, value: Array.isArray(value) ? value.join(', ') : String(value), from }]
    }
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
  }
  return leaves(loaded.context, '')
}

function text(
  loaded: Loaded,
  settings: readonly Setting[],
  environment: readonly string[],
  state: { path: string; from: string },
): string {
  const width = Math.max(...settings.map(({ path }) => path.length), 5)
  const lines = [
    `file     ${escapeText(loaded.file)}`,
    `context  ${escapeText(loaded.contextName)}  (${loaded.contextFrom}${loaded.contexts.length > 1 ? `; there are ${escapeText(loaded.contexts.join(', '))}` : ''})`,
    `state    ${escapeText(state.path)}  (${state.from})`,
    '',
    ...settings.map(({ path, value, from }) => {
      const origin = from === loaded.file ? '' : `  (${from})`
      return `${escapeText(path).padEnd(width)}  ${escapeText(value)}${origin}`
    }),
    '',
    `Overrides: ${Object.keys(OVERRIDES).join(', ')}, NYAH_CONFIG, NYAH_CONTEXT, NYAH_OUTPUT, NYAH_TIMEOUT, NYAH_PARALLEL, NYAH_STATE_DIR.`,
    environment.length === 0
      ? 'Credentials: nothing in the environment; clouds.yaml and the AWS default chain are read when needed.'
      : `Credentials: set in the environment (values are never shown): ${environment.join(', ')}.`,
  ]
  return `${lines.join('\n')}\n`
}
