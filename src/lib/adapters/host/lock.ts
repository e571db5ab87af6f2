import { closeSync, fsyncSync, linkSync, readdirSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, type NyahError, nyahError } from '../../core/errors.ts'
import { createFile, openToRead, ownDirectory, readCapped, systemCode, unwritable, writeAll } from './files.ts'
import { type ProcessMark, stateOf, thisProcess } from './process.ts'

/** What stands in a lock file. */
interface Holder extends ProcessMark {
  readonly run: string
  readonly released: boolean
}

/**
 * Takes the lock of a context. Throws RUN_LOCKED (exit 10) when a live process holds it, STATE_UNWRITABLE (3) when it
 * cannot be taken.
 *
 * The files are `<context>.<generation>.lock`. The newest generation is the lock; it is free when its holder has
 * released it or is dead, and is then taken by creating the next generation, which only one process can do. The newest
 * file is never removed, so generations only grow; whoever created one and sees a newer one was overtaken and has lost.
 * (Removing a dead holder's file and creating it anew would let two processes remove each other's.)
 */
export function takeLock(directory: string, context: string, run: string): { release(): void } {
  ownDirectory(directory)
  const name = (generation: number) => join(directory, `${encodeURIComponent(context)}.${generation}.lock`)
  const newest = newestGeneration(directory, context)
  if (newest > 0) {
    const holder = readHolder(name(newest))
    if (holder === null || !isFree(holder)) throw locked(context, name(newest), holder)
  }
  const mine = newest + 1
  const holder: Holder = { ...thisProcess(), run, released: false }
  if (!createWhole(name(mine), holder) || newestGeneration(directory, context) !== mine) {
    throw locked(context, name(mine), readHolder(name(newestGeneration(directory, context))))
  }
  for (const old of generations(directory, context)) if (old < mine) remove(name(old))
  return { release: () => replaceWhole(name(mine), { ...holder, released: true }) }
}

/** Ids of the runs that hold a lock and whose process is alive (or cannot be looked into). */
export function liveRuns(directory: string): ReadonlySet<string> {
  const live = new Set<string>()
  for (const file of list(directory)) {
    if (!file.endsWith('.lock')) continue
    const holder = readHolder(join(directory, file))
    if (holder !== null && !isFree(holder)) live.add(holder.run)
  }
  return live
}

const isFree = (holder: Holder): boolean => holder.released || stateOf(holder) === 'dead'

const newestGeneration = (directory: string, context: string): number => Math.max(0, ...generations(directory, context))

function generations(directory: string, context: string): readonly number[] {
  const start = `${encodeURIComponent(context)}.`
  return list(directory).flatMap((file) => {
    if (!file.startsWith(start) || !file.endsWith('.lock')) return []
    const middle = file.slice(start.length, -'.lock'.length)
    return /^[1-9][0-9]{0,14}$/.test(middle) ? [Number(middle)] : []
  })
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw unwritable(directory, error)
  }
}

/** Null: gone, or not a lock file of this nyah; who holds it is then unknown. */
function readHolder(path: string): Holder | null {
  try {
    const fd = openToRead(path)
    try {
      const holder: unknown = JSON.parse(readCapped(fd, 4096) ?? 'null')
      return isHolder(holder) ? holder : null
    } finally {
      closeSync(fd)
    }
  } catch {
    return null
  }
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' &&
  value !== null &&
  'run' in value &&
  typeof value.run === 'string' &&
  'pid' in value &&
  Number.isSafeInteger(value.pid) &&
  'machine' in value &&
  typeof value.machine === 'string' &&
  'released' in value &&
  typeof value.released === 'boolean'

/** Creates the file with its content in one step, so that nobody reads half of it. False: it exists. */
function createWhole(path: string, holder: Holder): boolean {
  const draft = writeDraft(path, holder)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw unwritable(path, error)
  } finally {
    remove(draft)
  }
}

/** A release that cannot be written is no failure of the run: the lock is free as soon as this process is gone. */
function replaceWhole(path: string, holder: Holder): void {
  try {
    renameSync(writeDraft(path, holder), path)
  } catch {
    // see above
  }
}

function writeDraft(path: string, holder: Holder): string {
  const draft = `${path}.${holder.pid}.${holder.run}`
  try {
    remove(draft)
    const fd = createFile(draft)
    try {
      writeAll(fd, JSON.stringify(holder))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    return draft
  } catch (error) {
    throw unwritable(draft, error)
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Gone already, or it does no harm where it is.
  }
}

function locked(context: string, path: string, holder: Holder | null): NyahError {
  const elsewhere = holder !== null && !holder.released && stateOf(holder) === 'elsewhere'
  const who =
    holder === null
      ? 'another nyah'
      : `run ${holder.run} (process ${holder.pid} on ${holder.machine.split(' ')[0] ?? ''})`
  return nyahError({
    code: 'RUN_LOCKED',
    message: `${who} is at work in the context "${context}"`,
    exit: EXIT.stale,
    tries: [
      ...(holder === null ? [] : [`nyah run show ${holder.run}`]),
      'wait until it has finished, then run the command again',
      ...(holder === null || elsewhere ? [`if you are sure that it no longer runs: rm ${path}`] : []),
    ],
    details: holder === null ? { file: path } : { file: path, run: holder.run, pid: holder.pid },
  })
}
