import type { RecordSet, Zone } from '../ports/dns.ts'
import { TYPES } from './set.ts'
import { stateNames } from './state.ts'

/** A name, and what stands at it and where its state is. */
export interface Found {
  readonly name: string
  readonly zone: Zone
  readonly records: readonly RecordSet[]
}

/** The names of a zone that nyah owns, and, with `weighted`, every weighted one. */
export function foundNames(zone: Zone, records: readonly RecordSet[], weighted: boolean): readonly Found[] {
  const names = new Set<string>()
  for (const { name, type, values, weight } of records) {
    if (type === 'TXT' && values.some((value) => value.includes('external-dns/owner=nyah,'))) {
      const [, prefixed = ''] = /^(?:a|aaaa)-(.+)$/.exec(name) ?? []
      names.add(prefixed.startsWith('_apex.') ? zone.name : prefixed)
    } else if (weighted && weight !== null) names.add(name)
  }
  names.delete('')
  const byName = new Map<string, RecordSet[]>()
  for (const record of records) byName.set(record.name, [...(byName.get(record.name) ?? []), record])
  return [...names].map((name) => ({
    name,
    zone,
    records: [...around(name)].flatMap((one) => byName.get(one) ?? []),
  }))
}

/** A name and where its state stands. */
export const around = (name: string): ReadonlySet<string> =>
  new Set([name, ...TYPES.flatMap((type) => stateNames(name, type))])

/** Those of these records that are a name's, or where its state stands. */
export function recordsAround(name: string, records: readonly RecordSet[]): readonly RecordSet[] {
  const wanted = around(name)
  return records.filter((record) => wanted.has(record.name))
}
