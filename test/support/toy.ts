import { type Change, isToken, type Outputs, token } from '../../src/lib/core/change.ts'
import { EXIT, nyahError } from '../../src/lib/core/errors.ts'
import type { Waiting } from '../../src/lib/core/events.ts'
import { fingerprint } from '../../src/lib/core/hash.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import type { Draft } from '../../src/lib/core/plan.ts'
import type { Guard, Operation } from '../../src/lib/engine/operation.ts'

/**
 * A small domain that the engine is proven on: keys in scopes (`shop/web`) behind a remote, each with a value and
 * perhaps a parent whose id (known only once it was made) it stores.
 */
export interface Wish {
  readonly value: string
  /** Key of the same scope that must be there first. */
  readonly parent?: string
}

interface Entry {
  /** Given by the remote; the same for the same key, as a cloud's ARN for the same name. */
  readonly id: string
  readonly value: string
  readonly parent: string | null
}

export type Entries = Readonly<Record<string, Entry>>

export interface ToyWorld {
  readonly wishes: Readonly<Record<string, Wish>>
  readonly entries: Entries
}

/** What the remote is asked to do; a hook may throw before it happened, or after (a lost answer). */
export interface ToyCall {
  readonly verb: 'read' | 'put' | 'delete'
  readonly key: string
}

export interface ToyRemote {
  read(): Promise<Entries>
  put(key: string, value: string, parent: string | null): Promise<Entry>
  delete(key: string): Promise<void>
  /** Every call, in order, with how many were under way at once at most. */
  readonly calls: readonly ToyCall[]
  /** Entries that were made anew, one per real creation. */
  readonly created: readonly string[]
  busiest(): number
}

export interface ToyState {
  load(): Entries
  save(entries: Entries): void
}

export const inMemory = (entries: Entries = {}): ToyState => {
  let now = entries
  return {
    load: () => now,
    save: (next) => {
      now = next
    },
  }
}

export function toyRemote(
  state: ToyState,
  hooks: { before?: (call: ToyCall) => void | Promise<void>; after?: (call: ToyCall) => void } = {},
): ToyRemote {
  const calls: ToyCall[] = []
  const created: string[] = []
  let underWay = 0
  let busiest = 0
  const during = async <T>(call: ToyCall, work: () => T): Promise<T> => {
    calls.push(call)
    underWay += 1
    if (call.verb !== 'read') busiest = Math.max(busiest, underWay)
    try {
      await hooks.before?.(call)
      await new Promise((resolve) => setImmediate(resolve))
      const result = work()
      hooks.after?.(call)
      return result
    } finally {
      underWay -= 1
    }
  }
  return {
    calls,
    created,
    busiest: () => busiest,
    read: () => during({ verb: 'read', key: '' }, () => state.load()),
    put: (key, value, parent) =>
      during({ verb: 'put', key }, () => {
        const entries = state.load()
        const entry = { id: `id-of-${key}`, value, parent }
        if (entries[key] === undefined) created.push(key)
        state.save({ ...entries, [key]: entry })
        return entry
      }),
    delete: (key) =>
      during({ verb: 'delete', key }, () => {
        const { [key]: gone, ...rest } = state.load()
        if (gone !== undefined) state.save(rest)
      }),
  }
}

const scopeOf = (key: string): string => key.split('/')[0] ?? ''

/** Creates and updates first, then what is no longer wished for: add before remove. */
export function planToy({ wishes, entries }: ToyWorld): Draft {
  const scopes = [...new Set([...Object.keys(wishes), ...Object.keys(entries)].map(scopeOf))].sort()
  const puts = Object.entries(wishes).flatMap(([key, wish]) => putOf(key, wish, wishes, entries))
  const deletes = Object.entries(entries)
    .filter(([key]) => wishes[key] === undefined)
    .map(([key, entry]): Change => {
      const scope = scopeOf(key)
      return {
        id: `${key}/delete`,
        scope,
        ref: { type: 'key', id: entry.id, name: key },
        kind: 'delete',
        before: { ...entry },
        after: null,
        needs: puts.filter((put) => put.scope === scope).map(({ id }) => id),
        reason: `${key} is no longer wished for`,
        risk: 'removes',
      }
    })
  const basis = Object.fromEntries(
    scopes.map((scope) => [scope, fingerprint(within(scope, entries) as unknown as JsonObject)]),
  )
  return { scopes, names: {}, basis, changes: [...puts, ...deletes], findings: [] }
}

const within = (scope: string, entries: Entries) =>
  Object.fromEntries(Object.entries(entries).filter(([key]) => scopeOf(key) === scope))

function putOf(key: string, wish: Wish, wishes: ToyWorld['wishes'], entries: Entries): Change[] {
  const entry = entries[key]
  const parent = wish.parent
  const parentEntry = parent === undefined ? undefined : entries[parent]
  const parentWish = parent === undefined ? undefined : wishes[parent]
  const parentChange =
    parent !== undefined && (parentEntry === undefined || parentEntry.value !== parentWish?.value)
      ? `${parent}/put`
      : null
  const parentId = parentChange !== null ? token(parentChange, 'id') : (parentEntry?.id ?? null)
  if (entry !== undefined && entry.value === wish.value && !isToken(parentId) && entry.parent === parentId) return []
  return [
    {
      id: `${key}/put`,
      scope: scopeOf(key),
      ref: { type: 'key', id: entry?.id ?? null, name: key },
      kind: entry === undefined ? 'create' : 'update',
      before: entry === undefined ? null : { ...entry },
      after: { value: wish.value, parent: parentId as unknown as JsonObject },
      needs: parentChange === null ? [] : [parentChange],
      reason: `${key} is wished for`,
      risk: entry === undefined ? 'none' : 'changes',
    },
  ]
}

export interface ToyOptions {
  readonly remote: ToyRemote
  /** Asked at each reading: a test may change its mind in between. */
  readonly wishes: () => Readonly<Record<string, Wish>>
  readonly guards?: readonly Guard<ToyWorld>[]
  readonly mutates?: boolean
  readonly confirmId?: string | null
  readonly waiting?: (world: ToyWorld) => readonly Waiting[]
  readonly tolerates?: (change: Change) => boolean
  readonly record?: NonNullable<Operation<ToyWorld>['record']>
}

export function toyOperation(options: ToyOptions): Operation<ToyWorld> {
  const { remote, wishes, guards = [], mutates = true, confirmId = null, waiting = null, tolerates, record } = options
  return {
    ...(tolerates && { tolerates }),
    ...(record && { record }),
    name: 'toy.set',
    mutates,
    confirmId,
    guards,
    waiting,
    observe: async () => ({ wishes: wishes(), entries: await remote.read() }),
    plan: planToy,
    apply: async (change): Promise<Outputs> => {
      if (change.kind === 'delete') {
        await remote.delete(change.ref.name)
        return {}
      }
      const { value, parent } = change.after ?? {}
      if (typeof value !== 'string' || (parent !== null && typeof parent !== 'string')) {
        throw new Error(`${change.id} came without its value or with an unresolved token`)
      }
      return { id: (await remote.put(change.ref.name, value, parent)).id }
    },
    summary: ({ entries }) => ({ entries: entries as unknown as JsonObject }),
  }
}

/** What a remote says when it is busy, or when the line broke after it had acted. */
export const busy = (lostAnswer = false) =>
  nyahError({ code: 'TOY_BUSY', message: 'the toy is busy', exit: EXIT.remote, retryable: true, lostAnswer })

export const broken = () => nyahError({ code: 'TOY_BROKEN', message: 'the toy is broken', exit: EXIT.remote })
