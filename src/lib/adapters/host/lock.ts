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

/** One lock of those that a run takes. */
interface Wanted {
  /** How its files begin. */
  readonly stem: string
  /** What it is the lock of, in words. */
  readonly what: string
}

/**
 * Takes the locks of some scopes of a context, all of them or none. Throws RUN_LOCKED (exit 10) when a live process holds
 * one, STATE_UNWRITABLE (3) when they cannot be taken.
 *
 * The files of a lock are `<context>@<scope>.<generation>.lock`. The newest generation is the lock; it is free when its
 * holder has released it or is dead, and is then taken by creating the next generation, which only one process can do.
 * The newest file is never removed, so generations only grow; whoever created one and sees a newer one was overtaken and
 * has lost. (Removing a dead holder's file and creating it anew would let two processes remove each other's.) Taken in the
 * order of their names, so that of two runs that want the same ones, one gets them.
 */
export function takeLocks(
  directory: string,
  context: string,
  scopes: readonly string[],
  run: string,
): { release(): void } {
  ownDirectory(directory)
  const wanted = [...new Set(scopes)]
    .map((scope): Wanted => ({ stem: stemOf(context, scope), what: `${scope} (context "${context}")` }))
    .sort((one, other) => (one.stem < other.stem ? -1 : 1))
  const holder: Holder = { ...thisProcess(), run, released: false }
  const before = generations(directory)
  const name = (stem: string, generation: number) => join(directory, `${stem}.${generation}.lock`)
  const mine = new Map<string, number>()
  const release = () => {
    const paths = [...mine].map(([stem, generation]) => name(stem, generation))
    releaseAll(paths, directory, { ...holder, released: true })
  }
  const newestOf = (known: ReadonlyMap<string, readonly number[]>, stem: string) =>
    Math.max(0, ...(known.get(stem) ?? []))
  let draft: string | null = null
  try {
    refuseWhereHeld(before, directory, context)
    for (const { stem, what } of wanted) {
      const newest = newestOf(before, stem)
      if (newest > 0) {
        const other = readHolder(name(stem, newest))
        if (other === null || !isFree(other)) throw locked(what, name(stem, newest), other)
      }
      draft ??= writeDraft(directory, holder)
      if (!createWhole(name(stem, newest + 1), draft)) {
        const path = name(stem, newestOf(generations(directory), stem))
        throw locked(what, path, readHolder(path))
      }
      mine.set(stem, newest + 1)
    }
    const after = generations(directory)
    for (const { stem, what } of wanted) {
      const path = name(stem, newestOf(after, stem))
      if (newestOf(after, stem) !== mine.get(stem)) throw locked(what, path, readHolder(path))
    }
    for (const [stem, generation] of mine) {
      for (const old of after.get(stem) ?? []) if (old < generation) remove(name(stem, old))
    }
  } catch (error) {
    release()
    throw error
  } finally {
    if (draft !== null) remove(draft)
  }
  return { release }
}

/** An earlier nyah had one lock for all of a context: while such a run is at work, nobody else is. */
function refuseWhereHeld(known: ReadonlyMap<string, readonly number[]>, directory: string, context: string): void {
  const stem = encodeURIComponent(context)
  const newest = Math.max(0, ...(known.get(stem) ?? []))
  if (newest === 0) return
  const path = join(directory, `${stem}.${newest}.lock`)
  const holder = readHolder(path)
  if (holder === null || !isFree(holder)) throw locked(`all of the context "${context}"`, path, holder)
}

/** Longer names than file systems take are told apart by their hash. `@` and `.`+digits never come out of the encoding alone. */
function stemOf(context: string, scope: string): string {
  const stem = `${encodeURIComponent(context)}@${encodeURIComponent(scope)}`
  if (stem.length <= 160) return stem
  // Loaded here only: `run list` must not pay for it.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return `${stem.slice(0, 80)}@${createHash('sha256').update(stem).digest('hex').slice(0, 32)}`
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

/** Generations of every lock in the directory, by the stem of its files. */
function generations(directory: string): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (const file of list(directory)) {
    const [, stem, generation] = /^(.+)\.([1-9][0-9]{0,14})\.lock$/.exec(file) ?? []
    if (stem === undefined || generation === undefined) continue
    const known = found.get(stem)
    if (known === undefined) found.set(stem, [Number(generation)])
    else known.push(Number(generation))
  }
  return found
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
function createWhole(path: string, draft: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw unwritable(path, error)
  }
}

/** A release that cannot be written is no failure of the run: the lock is free as soon as this process is gone. */
function releaseAll(paths: readonly string[], directory: string, holder: Holder): void {
  if (paths.length === 0) return
  try {
    const draft = writeDraft(directory, holder)
    for (const path of paths) {
      remove(`${path}.released`)
      linkSync(draft, `${path}.released`)
      renameSync(`${path}.released`, path)
    }
    remove(draft)
  } catch {
    // see above
  }
}

/** What is to stand in a lock file, on the disk once, however many locks it becomes. */
function writeDraft(directory: string, holder: Holder): string {
  const draft = join(directory, `${holder.run}.${holder.pid}.${holder.released ? 'released' : 'held'}`)
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

function locked(what: string, path: string, holder: Holder | null): NyahError {
  const elsewhere = holder !== null && !holder.released && stateOf(holder) === 'elsewhere'
  const who =
    holder === null
      ? 'another nyah'
      : `run ${holder.run} (process ${holder.pid} on ${holder.machine.split(' ')[0] ?? ''})`
  return nyahError({
    code: 'RUN_LOCKED',
    message: `${who} is at work on ${what}`,
    exit: EXIT.stale,
    tries: [
      ...(holder === null ? [] : [`nyah run show ${holder.run}`]),
      'wait until it has finished, then run the command again',
      ...(holder === null || elsewhere ? [`if you are sure that it no longer runs: rm ${path}`] : []),
    ],
    details: holder === null ? { file: path } : { file: path, run: holder.run, pid: holder.pid },
  })
}
