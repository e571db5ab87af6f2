import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { EXIT, nyahError } from '../core/errors.ts'

/** What `--state FILE` keeps: everything a sandbox is, so that the next one goes on from there. */
export interface Kept<State> {
  readonly v: typeof VERSION
  /** Milliseconds since the epoch, on the sandbox's clock: it never goes back. */
  readonly now: number
  /** `address:port` of what does not answer. */
  readonly down: readonly string[]
  readonly state: State
}

/** Grows with every change of the state's shape: an old file is refused, never guessed at. */
export const VERSION = 5

const invalid = (path: string, why: string): Error =>
  nyahError({
    code: 'SANDBOX_STATE_INVALID',
    message: `${path} is no state of this version of the sandbox: ${why}`,
    exit: EXIT.configuration,
    tries: [`mv '${path}' '${path}.old'   (the sandbox then starts from its world)`],
  })

/** Null: there is no such file yet. Throws SANDBOX_STATE_INVALID. */
export function readState<State>(path: string): Kept<State> | null {
  if (!existsSync(path)) return null
  let kept: unknown
  try {
    kept = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error))
  }
  if (typeof kept !== 'object' || kept === null || !('v' in kept)) throw invalid(path, 'it has no version')
  if (kept.v !== VERSION) throw invalid(path, `its version is ${String(kept.v)}, not ${VERSION}`)
  const { now, down, state } = kept as Partial<Kept<State>>
  if (typeof now !== 'number' || !Array.isArray(down) || typeof state !== 'object' || state === null) {
    throw invalid(path, 'something is missing in it')
  }
  return { v: VERSION, now, down, state }
}

/** Whole or not at all: a new file (0600), flushed, then put in the old one's place. Throws SANDBOX_STATE_UNWRITABLE. */
export function writeState<State>(path: string, kept: Kept<State>): void {
  const next = `${path}.${process.pid}.new`
  try {
    writeFileSync(next, JSON.stringify(kept), { mode: 0o600, flush: true })
    renameSync(next, path)
  } catch (error) {
    throw nyahError({
      code: 'SANDBOX_STATE_UNWRITABLE',
      message: `the sandbox cannot keep its state in ${path}: ${error instanceof Error ? error.message : String(error)}`,
      exit: EXIT.configuration,
      tries: ['give a file in a folder that exists and can be written', 'leave out --state: it is then kept in memory'],
    })
  }
}
