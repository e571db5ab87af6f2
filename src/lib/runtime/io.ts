import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** What the process's surroundings allow; read once, so that nothing below asks `process` again. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  /** Both ends of a conversation are a person, and this is no CI. */
  readonly interactive: boolean
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean }
  /** Columns to wrap prose at. */
  readonly width: number
  /** Columns a table may take: nothing is cut on its way into a pipe or a file. */
  readonly tableWidth: number
  readonly stateDir: string
  out(text: string): void
  err(text: string): void
}

const set = (value: string | undefined): boolean =>
  value !== undefined && value !== '' && value !== 'false' && value !== '0'

export function processIo(noColor: boolean): Io {
  const { env } = process
  const ci = set(env['CI'])
  const plain = noColor || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb' || ci
  const home = homeOf(env['HOME'])
  return {
    env,
    cwd: process.cwd(),
    home,
    interactive: !ci && process.stdin.isTTY === true && process.stderr.isTTY === true,
    colour: {
      stdout: !plain && process.stdout.isTTY === true,
      stderr: !plain && process.stderr.isTTY === true,
    },
    width: process.stdout.columns ?? process.stderr.columns ?? 100,
    tableWidth: process.stdout.columns ?? Number.POSITIVE_INFINITY,
    stateDir: stateDir(env, home),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  }
}

/** An empty or relative HOME would put the journal wherever nyah was started: then what the system says counts. */
function homeOf(own = ''): string {
  if (isAbsolute(own)) return own
  try {
    return userInfo().homedir
  } catch {
    // A container's user without a name: whoever needs a home then says that it cannot be written.
    return '/nonexistent'
  }
}

/** `$NYAH_STATE_DIR`, else `$XDG_STATE_HOME/nyah`, else `~/.local/state/nyah`. */
export function stateDir(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const own = env['NYAH_STATE_DIR']
  if (own !== undefined && own !== '') return own
  const xdg = env['XDG_STATE_HOME']
  return join(xdg !== undefined && xdg.startsWith('/') ? xdg : join(home, '.local', 'state'), 'nyah')
}
