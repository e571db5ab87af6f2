import { closeSync, fstatSync, fsyncSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, nyahError } from '../../core/errors.ts'
import type { NyahEvent } from '../../core/events.ts'
import type { Journal, RunSummary, Store } from '../../ports/store.ts'
import {
  createFile,
  openToRead,
  ownDirectory,
  readAt,
  readCapped,
  stateDirectory,
  syncDirectory,
  systemCode,
  unreadable,
  unwritable,
  writeAll,
} from './files.ts'
import { liveRuns, takeLocks } from './lock.ts'

/** A journal longer than this is not read. */
const LONGEST_JOURNAL = 256 * 1024 * 1024
/** A first or last line longer than this is not looked at by `run list`. */
const LONGEST_LINE = 4 * 1024 * 1024
const SUFFIX = '.ndjson'

/**
 * nyah's files on this machine: `runs/<id>.ndjson` and `locks/`.
 *
 * @param stateDir absolute; made (0700) when the first file is written
 */
export function createStore({ stateDir }: { stateDir: string }): Store {
  const runs = join(stateDir, 'runs')
  const locks = join(stateDir, 'locks')
  return {
    openJournal: (run) => openJournal(stateDir, runs, run),
    listRuns: (limit) => listRuns(runs, locks, limit),
    readRun: (idOrPrefix) => readRun(runs, idOrPrefix),
    lock: (context, scopes, run) => {
      stateDirectory(stateDir)
      return takeLocks(locks, context, scopes, run)
    },
  }
}

function openJournal(stateDir: string, runs: string, run: string): Journal {
  stateDirectory(stateDir)
  ownDirectory(runs)
  const path = join(runs, `${run}${SUFFIX}`)
  let fd: number
  try {
    fd = createFile(path)
  } catch (error) {
    throw unwritable(path, error)
  }
  syncDirectory(runs)
  let open = true
  let isSynced = true
  const sync = () => {
    if (isSynced) return
    try {
      fsyncSync(fd)
    } catch (error) {
      throw unwritable(path, error)
    }
    isSynced = true
  }
  return {
    append: (event) => {
      try {
        writeAll(fd, `${JSON.stringify(event)}\n`)
      } catch (error) {
        throw unwritable(path, error)
      }
      // On disk before a call goes out, and at the end. How a change ended is looked up anew when that was lost.
      if (event.type === 'change.started' || event.type.startsWith('run.')) isSynced = false
      if (event.type.startsWith('run.')) sync()
    },
    sync,
    close: () => {
      if (!open) return
      open = false
      closeSync(fd)
    },
  }
}

/** Newest first: ids begin with the time. */
function runIds(runs: string): readonly string[] {
  try {
    const files = readdirSync(runs).filter((file) => file.endsWith(SUFFIX))
    return files.map((file) => file.slice(0, -SUFFIX.length)).sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw unreadable(runs, error)
  }
}

function listRuns(runs: string, locks: string, limit: number): readonly RunSummary[] {
  const found: Omit<RunSummary, 'alive'>[] = []
  for (const id of runIds(runs)) {
    if (found.length >= limit) break
    const summary = summarise(join(runs, `${id}${SUFFIX}`), id)
    if (summary !== null) found.push(summary)
  }
  const live = found.some(({ outcome }) => outcome === null) ? liveRuns(locks) : new Set<string>()
  return found.map((one) => ({ ...one, alive: one.outcome === null && live.has(one.id) }))
}

/** Null: not a journal that can be read; one bad file must not hide the others. */
function summarise(path: string, id: string): Omit<RunSummary, 'alive'> | null {
  try {
    const fd = openToRead(path)
    try {
      const { size } = fstatSync(fd)
      const head = beginning(fd, size)
      if (head === null) return null
      const tail = parseEvent(lastLine(fd, size))
      const ended = tail?.type === 'run.finished' ? tail.data : null
      const { request, actor } = head.data
      return {
        id,
        operation: request.operation,
        context: request.context,
        actor,
        startedAt: head.at,
        outcome: ended?.outcome ?? null,
        exitCode: ended?.exitCode ?? null,
      }
    } finally {
      closeSync(fd)
    }
  } catch {
    return null
  }
}

/** The event that says what was asked: the first one, or close behind it when a remote had to be asked twice before. */
function beginning(fd: number, size: number): NyahEvent<'run.started'> | null {
  for (let length = 4096; ; length *= 8) {
    const lines = readAt(fd, 0, Math.min(length, size)).toString('utf8').split('\n')
    lines.pop()
    for (const line of lines) {
      const event = parseEvent(line)
      if (event?.type === 'run.started') return event
    }
    if (length >= Math.min(size, LONGEST_LINE)) return null
  }
}

/** The last whole line: what stands behind the last line feed was torn. */
function lastLine(fd: number, size: number): string {
  for (let length = 4096; ; length *= 8) {
    const bytes = readAt(fd, Math.max(0, size - length), Math.min(length, size))
    const end = bytes.lastIndexOf(10)
    const start = end <= 0 ? -1 : bytes.lastIndexOf(10, end - 1)
    if (start >= 0 || length >= Math.min(size, LONGEST_LINE))
      return end < 0 ? '' : bytes.subarray(start + 1, end).toString('utf8')
  }
}

function parseEvent(line: string): NyahEvent | null {
  try {
    const event: unknown = JSON.parse(line)
    return isEvent(event) ? event : null
  } catch {
    return null
  }
}

/** The envelope; what `data` holds is nyah's own, from a file that only this user can write. */
const isEvent = (value: unknown): value is NyahEvent =>
  typeof value === 'object' &&
  value !== null &&
  'v' in value &&
  value.v === 1 &&
  'seq' in value &&
  typeof value.seq === 'number' &&
  'type' in value &&
  typeof value.type === 'string' &&
  'at' in value &&
  typeof value.at === 'string' &&
  'run' in value &&
  typeof value.run === 'string' &&
  'data' in value &&
  typeof value.data === 'object' &&
  value.data !== null

function readRun(runs: string, idOrPrefix: string): readonly NyahEvent[] {
  const path = join(runs, `${findRun(runs, idOrPrefix)}${SUFFIX}`)
  let text: string | null
  try {
    const fd = openToRead(path)
    try {
      text = readCapped(fd, LONGEST_JOURNAL)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  if (text === null) throw unreadable(path, new Error(`it is longer than ${LONGEST_JOURNAL} bytes, or no regular file`))
  const lines = text.split('\n')
  // A whole line ends with a line feed; what follows the last one was torn by a kill.
  lines.pop()
  return lines.map((line, index) => {
    const event = parseEvent(line)
    if (event === null || event.seq !== index + 1) {
      throw nyahError({
        code: 'STATE_CORRUPT',
        message: `line ${index + 1} of ${path} is not the event that should stand there`,
        exit: EXIT.configuration,
        tries: ['run the original command again; it finds what is left to do'],
      })
    }
    return event
  })
}

/** The one run that is meant. Throws RUN_NOT_FOUND or RUN_AMBIGUOUS (exit 2). */
function findRun(runs: string, idOrPrefix: string): string {
  const ids = runIds(runs)
  const matching = ids.includes(idOrPrefix) ? [idOrPrefix] : ids.filter((id) => id.startsWith(idOrPrefix))
  const [only, ...others] = matching
  if (only !== undefined && others.length === 0) return only
  if (only !== undefined) {
    throw nyahError({
      code: 'RUN_AMBIGUOUS',
      message: `"${idOrPrefix}" begins the ids of ${matching.length} runs`,
      exit: EXIT.usage,
      tries: matching.slice(0, 5).map((id) => `nyah run show ${id}`),
    })
  }
  throw nyahError({
    code: 'RUN_NOT_FOUND',
    message: `there is no run "${idOrPrefix}" on this machine (${ids.length} are known)`,
    exit: EXIT.usage,
    tries: ['nyah run list', ...nearest(ids, idOrPrefix).map((id) => `nyah run show ${id}`)],
  })
}

/** Those that begin most alike; of those, the newest. */
function nearest(ids: readonly string[], wanted: string): readonly string[] {
  const alike = (id: string) => {
    let length = 0
    while (length < id.length && id[length] === wanted[length]) length += 1
    return length
  }
  return [...ids].sort((a, b) => alike(b) - alike(a)).slice(0, 3)
}
