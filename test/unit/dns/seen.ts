import type { ObservedName, SetState } from '../../../src/lib/dns/model.ts'
import { stateRecord } from '../../../src/lib/dns/state.ts'
import type { Scene } from '../../../src/lib/engine/operation.ts'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import { aliasRecord, record, ZONE } from './fakes.ts'

export const AT = Date.parse('2026-11-23T04:10:00Z')

export const scene = (now: () => number = () => AT): Scene => ({
  clock: { now, sleep: () => new Promise(() => undefined) },
  signal: new AbortController().signal,
  emit: () => undefined,
})

export const setState = (over: Partial<SetState> = {}): SetState => ({
  epoch: 1,
  steady: { octavia: 90, aws: 10 },
  at: '2026-11-23T04:00:00Z',
  by: 'tanaka',
  why: '',
  run: 'aaaa',
  formerly: { ttl: 300, values: null, type: 'A' },
  walk: null,
  until: null,
  drill: false,
  proven: null,
  ...over,
})

/** A name as nyah keeps it: both members, and the state. */
export const ownedRecords = (
  name: string,
  { octavia, aws }: { octavia: number; aws: number } = { octavia: 90, aws: 10 },
  state: Partial<SetState> = {},
): readonly RecordSet[] => [
  record({ name, setIdentifier: 'octavia', weight: octavia, healthCheckId: 'hc-1' }),
  aliasRecord({ name, weight: aws }),
  stateRecord(name, 'A', ZONE.name, setState(state)),
]

export const seenName = (
  name: string,
  records: readonly RecordSet[],
  over: Partial<ObservedName> = {},
): ObservedName => ({
  name,
  at: AT,
  zone: ZONE,
  records,
  origin: { from: 'zone' },
  protections: [],
  checks: {},
  statuses: {},
  entrances: {},
  unread: [],
  ...over,
})
