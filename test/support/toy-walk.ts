import type { Change, Outputs } from '../../src/lib/core/change.ts'
import type { Waiting } from '../../src/lib/core/events.ts'
import { fingerprint } from '../../src/lib/core/hash.ts'
import type { Draft, Finding } from '../../src/lib/core/plan.ts'
import type { Operation } from '../../src/lib/engine/operation.ts'
import type { Entries, ToyRemote } from './toy.ts'

/**
 * Names that walk: each is made with the first of some percents, and shifted to the next one each time `everyMs` have
 * passed since the last change. All there is to know stands with the thing: its value is `<percent>@<when>`.
 */
export interface WalkWorld {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly entries: Entries
  readonly trouble: Readonly<Record<string, Trouble>>
}

/** `edited`: somebody's hand was in it, so that more than a shift is needed. */
export type Trouble = 'hold' | 'refuse' | 'return' | 'edited'

export interface WalkOptions {
  readonly remote: ToyRemote
  readonly names: readonly string[]
  readonly steps?: readonly number[]
  readonly everyMs?: number
  /** By name; asked at each reading. */
  readonly trouble?: () => WalkWorld['trouble']
  readonly waiting?: (world: WalkWorld) => readonly Waiting[]
}

export const STEPS = [10, 50, 100]
export const EVERY_MS = 300_000

const standing = (entries: Entries, name: string): { readonly percent: number; readonly when: number } | null => {
  const [percent, when] = (entries[name]?.value ?? '').split('@').map(Number)
  return percent === undefined || when === undefined ? null : { percent, when }
}

/** Percent by name. */
export const percents = (entries: Entries): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.keys(entries).map((name) => [name, standing(entries, name)?.percent ?? NaN]))

/** Nothing moves on from here: the last percent, or what a return led to. */
const isOver = (percent: number, steps: readonly number[]): boolean => percent === 0 || percent === steps.at(-1)

export function walkOperation(options: WalkOptions): Operation<WalkWorld> {
  const { remote, names, steps = STEPS, everyMs = EVERY_MS, trouble = () => ({}), waiting = () => [] } = options
  const stepOf = ({ at, entries, trouble: known }: WalkWorld, name: string): readonly Change[] => {
    const now = standing(entries, name)
    const to = (percent: number, kind: Change['kind']): readonly Change[] => [
      {
        id: `${name}/shift`,
        scope: name,
        ref: { type: 'name', id: null, name },
        kind,
        before: now && { percent: now.percent },
        after: { percent },
        needs: [],
        reason: `${now?.percent ?? 0} % → ${percent} %`,
        risk: 'changes',
      },
    ]
    if (now === null) return to(steps[0] ?? 100, 'create')
    if (isOver(now.percent, steps)) return []
    if (known[name] === 'return') return to(0, 'shift')
    if (known[name] === 'edited') return to(now.percent, 'update')
    if (at < now.when + everyMs) return []
    return to(steps[steps.indexOf(now.percent) + 1] ?? 100, 'shift')
  }
  const plan = (world: WalkWorld): Draft => ({
    scopes: names,
    names: {},
    basis: Object.fromEntries(names.map((name) => [name, fingerprint({ value: world.entries[name]?.value ?? null })])),
    changes: names.flatMap((name) => stepOf(world, name)),
    findings: [],
  })
  return {
    name: 'toy.walk',
    mutates: true,
    confirmId: null,
    observe: async ({ clock }) => ({ at: clock.now(), entries: await remote.read(), trouble: trouble() }),
    plan,
    guards: [
      (_, { trouble: known }) =>
        names.flatMap((name): readonly Finding[] => {
          const severity = known[name]
          if (severity !== 'hold' && severity !== 'refuse') return []
          return [
            {
              code: 'TOY_UNWELL',
              severity,
              scope: name,
              subject: name,
              evidence: 'it is not well',
              remedy: 'make it well',
              allowable: true,
            },
          ]
        }),
    ],
    apply: async ({ ref, after }, { clock }): Promise<Outputs> => {
      await remote.put(ref.name, `${String(after?.['percent'])}@${clock.now()}`, null)
      return {}
    },
    waiting,
    requeue: ({ at, entries }, stopped) => {
      const due = names.flatMap((name) => {
        const now = stopped.has(name) ? null : standing(entries, name)
        return now === null || isOver(now.percent, steps) ? [] : [Math.max(0, now.when + everyMs - at)]
      })
      return due.length === 0 ? null : Math.min(...due)
    },
    summary: ({ entries }) => percents(entries),
  }
}
