import type { Change, Outputs } from '../core/change.ts'
import { standings } from './delta.ts'
import { ownedSets } from './set.ts'

/** A change that Route 53 accepted, on its way to everybody: pure. */
export interface Spreading {
  readonly name: string
  readonly zoneId: string
  /** Null: it was found done when it was read back. */
  readonly changeId: string | null
  /** When it was sent; milliseconds since the epoch. */
  readonly sentAt: number
  /** What the name servers must answer; null: they are not asked for this one. */
  readonly expected: Expected | null
}

export interface Expected {
  /** Name of the TXT record. */
  readonly record: string
  /** Null: nothing is left of nyah's state. */
  readonly epoch: number | null
}

/** Of so many names the name servers are asked at most: who follows one change comes as far as the others. */
export const SAMPLE_MAX = 10

/** What these changes set off. Name servers are to be asked for a few names, some of each change id. */
export function spreadingOf(
  changes: readonly Change[],
  results: ReadonlyMap<string, Outputs | Error>,
  sentAt: number,
): readonly Spreading[] {
  const all = changes.flatMap((change): readonly Spreading[] => {
    const outputs = results.get(change.id)
    if (outputs === undefined || outputs instanceof Error) return []
    const { name } = change.ref
    const { before, after } = standings(change)
    const [set] = ownedSets({ name, records: after.records })
    const [old] = ownedSets({ name, records: before.records })
    const state = set ?? old
    const expected =
      state === undefined ? null : { record: state.stateRecord.name, epoch: set === undefined ? null : set.state.epoch }
    const changeId = typeof outputs['changeId'] === 'string' ? outputs['changeId'] : null
    return [{ name, zoneId: after.zoneId, changeId, sentAt, expected }]
  })
  const asked = sampleOf(all)
  return all.map((one) => (asked.has(one) ? one : { ...one, expected: null }))
}

/** One of each change id, then evenly spread. */
function sampleOf(all: readonly Spreading[]): ReadonlySet<Spreading> {
  const askable = all.filter(({ expected }) => expected !== null)
  const firsts = [...new Map(askable.toReversed().map((one) => [one.changeId, one])).values()].slice(0, SAMPLE_MAX)
  const step = Math.max(1, askable.length / SAMPLE_MAX)
  const even = askable.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
  return new Set([...new Set([...firsts, ...even])].slice(0, SAMPLE_MAX))
}

/** Does a name server answer with what was written? */
export function holds({ epoch }: Expected, values: readonly string[]): boolean {
  if (epoch === null) return !values.some((value) => value.includes('external-dns/owner=nyah,'))
  return values.some((value) => value.includes(`nyah=e:${epoch} `))
}
