import { spawn, spawnSync } from 'node:child_process'
import { BIN, plainEnv } from '../support/cli.ts'
import { type Live, watch } from './process.ts'

/** The built `bin` on a real terminal: util-linux's `script` gives it a pty of 100 columns and 40 rows. */

export interface Pty extends Live {
  /** As if typed: `\r` is Enter, `\x03` Ctrl-C, `\x04` Ctrl-D. */
  type(keys: string): void
}

const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Without `script` these tests prove nothing: they fail, and say so. */
export function demandScript(): void {
  const { stdout, error } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  if (error !== undefined || !stdout.includes('util-linux'))
    throw new Error('the terminal tests need `script` of util-linux (Debian: apt install bsdutils)')
}

/** @param redirects shell redirections of the command, `</dev/null` */
export function startPty(
  home: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  redirects = '',
  bin = BIN,
): Pty {
  const { NO_COLOR: _plain, ...rest } = plainEnv(home)
  const command = [process.execPath, bin, ...args].map(word).join(' ')
  const child = spawn('script', ['-qec', `stty cols 100 rows 40; exec ${command} ${redirects}`, '/dev/null'], {
    cwd: home,
    env: { ...rest, SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // When the program has ended, `script` no longer reads what is typed.
  child.stdin.on('error', () => {})
  return { ...watch(child), type: (keys) => void child.stdin.write(keys) }
}

/** What stands on the screen besides colours and cursor movements. */
export const plain = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replaceAll(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '').replaceAll('\r', '')

/** The pictures that the live view drew, one after the other (each between the marks of a synchronised update). */
export const frames = (text: string): readonly string[] =>
  text
    .split('\x1b[?2026h')
    .slice(1)
    .map((frame) => plain(frame.split('\x1b[?2026l')[0] ?? ''))

/** What was printed after the last frame. */
export const afterFrames = (text: string): string => plain(text.slice(text.lastIndexOf('\x1b[?2026l')))

/** Is the cursor there at the end? */
export const cursorShown = (text: string): boolean => text.lastIndexOf('\x1b[?25h') >= text.lastIndexOf('\x1b[?25l')

/** Colours; moving the cursor is no colour. */
// eslint-disable-next-line no-control-regex
export const isColoured = (text: string): boolean => /\x1b\[[0-9;]*[1-9][0-9;]*m/.test(text)
