import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { EXIT, type NyahError, nyahError } from '../../core/errors.ts'

/** Never through a symbolic link that somebody else put there (0 where the platform has no such flag). */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/** Code of a failed system call, `ENOENT`; else ''. */
export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** STATE_UNWRITABLE (exit 3): nyah's own files cannot be written. */
export const unwritable = (path: string, error: unknown): NyahError =>
  nyahError({
    code: 'STATE_UNWRITABLE',
    message: `cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`,
    exit: EXIT.configuration,
    tries: ['make the directory writable, or name another one with NYAH_STATE_DIR'],
  })

/** STATE_UNREADABLE (exit 3) */
export const unreadable = (path: string, error: unknown): NyahError =>
  nyahError({
    code: 'STATE_UNREADABLE',
    message: `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    exit: EXIT.configuration,
    tries: [`look at who owns it: ls -l ${path}`],
  })

/** Makes the state directory, 0700; it may be a symbolic link that the operator made. Throws STATE_UNWRITABLE. */
export function stateDirectory(path: string): void {
  try {
    makeLevels(resolve(path))
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** Not `recursive`: Node never returns from that where a parent exists and mkdir says ENOENT (`/proc/x`). */
function makeLevels(path: string): void {
  if (isDirectory(path)) return
  if (dirname(path) !== path) makeLevels(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another nyah was first; or a file is in the way.
    if (systemCode(error) !== 'EEXIST' || !isDirectory(path)) throw error
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** Makes a directory in the state directory, 0700; an existing one must not be a symbolic link. Throws STATE_UNWRITABLE. */
export function ownDirectory(path: string): void {
  stateDirectory(path)
  if (!lstatSync(path).isDirectory()) throw unwritable(path, new Error('it is no directory, or a symbolic link to one'))
}

/** Opens a new file, 0600; one that exists (or a link) is EEXIST. */
export const createFile = (path: string): number =>
  openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | NO_FOLLOW, 0o600)

export const openToRead = (path: string): number => openSync(path, constants.O_RDONLY | NO_FOLLOW)

/** Writes all of it: a single write may be cut short. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at)
}

/** Makes a new name in a directory last through a power cut. Not every platform can; the file itself is synced anyway. */
export function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, constants.O_RDONLY)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Windows and some network file systems refuse this.
  }
}

/** Up to `length` bytes from `position` on. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let got = 0
  while (got < length) {
    const more = readSync(fd, bytes, got, length - got, position + got)
    if (more === 0) break
    got += more
  }
  return bytes.subarray(0, got)
}

/** The whole of a regular file, or null when it is longer than `cap` bytes or no regular file. */
export function readCapped(fd: number, cap: number): string | null {
  const stat = fstatSync(fd)
  if (!stat.isFile() || stat.size > cap) return null
  return readAt(fd, 0, stat.size).toString('utf8')
}

/** Puts a file in the place of what was there, 0600: whole or not at all. Never of a directory or a device. */
export function replaceFile(path: string, text: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is there, and no regular file')
  const draft = `${path}.${process.pid}.draft`
  try {
    rmSync(draft, { force: true })
    const fd = createFile(draft)
    try {
      writeAll(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  syncDirectory(dirname(path))
}
