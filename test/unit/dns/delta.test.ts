import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordDelta, stamped } from '../../../src/lib/dns/delta.ts'
import { ownerOf, stateRecord } from '../../../src/lib/dns/state.ts'
import { aliasRecord, fakeDns, record, ZONE } from './fakes.ts'

const sets = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('octavia', 'aws', 'c'),
    weight: fc.nat(255),
    value: fc.constantFrom('192.0.2.1', '192.0.2.2'),
  }),
  { selector: ({ id }) => id },
)
const recordsOf = (members: { id: string; weight: number; value: string }[]) =>
  members.map(({ id, weight, value }) => record({ setIdentifier: id, weight, values: [value] }))

describe('the difference of two standings', () => {
  it('makes the one of the other, and nothing of what is the same', async () => {
    await fc.assert(
      fc.asyncProperty(sets, sets, async (one, other) => {
        const dns = fakeDns({ records: recordsOf(one) })
        const changes = recordDelta(recordsOf(one), recordsOf(other))
        if (changes.length > 0) await dns.change(ZONE.id, changes, '')
        expect(new Set(dns.standing().map((each) => JSON.stringify(each)))).toEqual(
          new Set(recordsOf(other).map((each) => JSON.stringify(each))),
        )
        expect(recordDelta(recordsOf(one), recordsOf(one))).toEqual([])
      }),
    )
  })

  it('deletes the exact old record before it creates the new one', () => {
    const before = aliasRecord({ weight: 10 })
    expect(recordDelta([before], [{ ...before, weight: 100 }])).toEqual([
      { action: 'DELETE', record: before },
      { action: 'CREATE', record: { ...before, weight: 100 } },
    ])
  })
})

it('writes into each state of the name who did it, and leaves all else as it is', () => {
  const state = {
    epoch: 3,
    steady: { octavia: 90, aws: 10 },
    at: '',
    by: '',
    why: '',
    run: '',
    formerly: null,
    walk: null,
    until: null,
    drill: false,
    proven: null,
  }
  const name = 'shop.example.jp'
  const foreign = record({ name: 'a-shop.example.jp', type: 'TXT', values: ['"v=spf1"'] })
  const stamp = { at: '2026-11-23T04:10:00Z', by: 'sato', why: 'INC-1', run: 'abcd' }
  const written = stamped(
    [
      aliasRecord(),
      stateRecord(name, 'A', 'example.jp', state),
      stateRecord(name, 'AAAA', 'example.jp', state),
      foreign,
    ],
    name,
    stamp,
  )
  expect(written[0]).toEqual(aliasRecord())
  expect(written[3]).toEqual(foreign)
  for (const type of ['A', 'AAAA']) {
    expect(ownerOf(written.slice(0, 3), name, type)).toMatchObject({ kind: 'nyah', state: { ...state, ...stamp } })
  }
})
