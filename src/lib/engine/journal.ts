import { type ErrorData, errorData, nyahError } from '../core/errors.ts'
import type { RunDeps } from './terms.ts'

export interface Secured {
  /** Asked before each write to a remote: why the journal can no longer be written; null: all of it is on the disk. */
  readonly broken: () => ErrorData | null
  /** Lets other runs have the scopes while this one only waits; it goes on being known as alive. */
  readonly away: () => void
  /** Takes them again. Throws RUN_LOCKED (10). */
  readonly back: () => void
  /** After `run.finished`. */
  readonly release: () => void
}

/** As `secure`, for what users wait for: where nothing can be kept on this machine, the run goes on without, and says so. */
export function secureAnyway(deps: RunDeps, context: string, scopes: readonly string[]): Secured {
  const say = ({ code, message }: ErrorData): null => {
    deps.emit('note', null, {
      code: 'RUN_UNJOURNALLED',
      message: `${code} ${message}; the run goes on without a journal: it cannot be shown or resumed here afterwards`,
    })
    return null
  }
  try {
    const secured = secure(deps, context, scopes)
    let isSaid = false
    const broken = (): null => {
      const why = secured.broken()
      if (why === null || isSaid) return null
      isSaid = true
      return say(why)
    }
    return { ...secured, broken }
  } catch (error) {
    const data = errorData(error)
    if (data.code !== 'STATE_UNWRITABLE') throw error
    say(data)
    return { broken: () => null, away: () => undefined, back: () => undefined, release: () => undefined }
  }
}

/**
 * What a run needs before its first write: the locks of the scopes it changes and an open journal that already holds every
 * event so far. Throws RUN_LOCKED (10) or STATE_UNWRITABLE (3); nothing is kept then.
 */
export function secure(deps: RunDeps, context: string, scopes: readonly string[]): Secured {
  let lock = deps.store.lock(context, scopes, deps.run)
  const swap = (wanted: readonly string[]) => {
    const other = deps.store.lock(context, wanted, deps.run)
    lock.release()
    lock = other
  }
  try {
    const journal = deps.store.openJournal(deps.run)
    let broken: ErrorData | null = null
    deps.attach((event) => {
      // A journal that failed once has a gap; whatever came after it would mislead.
      if (broken !== null) return
      try {
        journal.append(event)
      } catch (error) {
        broken = errorData(error)
      }
    })
    const release = () => {
      journal.close()
      lock.release()
    }
    const synced = (): ErrorData | null => {
      try {
        if (broken === null) journal.sync()
      } catch (error) {
        broken = errorData(error)
      }
      return broken
    }
    const failure = broken as ErrorData | null
    if (failure !== null) {
      journal.close()
      throw nyahError(failure)
    }
    return { broken: synced, away: () => swap([`run ${deps.run}`]), back: () => swap(scopes), release }
  } catch (error) {
    lock.release()
    throw error
  }
}
