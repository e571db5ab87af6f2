import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SetState } from '../../../src/lib/dns/model.ts'
import { encodeState, ownerOf, stateName, stateRecord } from '../../../src/lib/dns/state.ts'
import { record } from './fakes.ts'

const STATE: SetState = {
  epoch: 7,
  steady: { octavia: 90, aws: 10 },
  at: '2026-11-23T04:10:00Z',
  by: 'tanaka@jump1',
  why: 'INC-4711',
  run: 'k3f9',
  formerly: { ttl: 300, values: null, type: 'A' },
  walk: null,
  until: null,
  drill: false,
  proven: null,
}

const NAME = 'shop.example.jp'
const txt = (name: string, ...values: readonly string[]) => record({ name, type: 'TXT', values })
const read = (state: SetState) => ownerOf([stateRecord(NAME, 'A', 'example.jp', state)], NAME, 'A')

const weight = fc.integer({ min: 0, max: 255 })
const weights = fc.record({ octavia: weight, aws: weight })
const instant = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })
  .map((at) => `${at.toISOString().slice(0, 19)}Z`)
const words = (most: number) =>
  fc.string({ unit: 'binary', maxLength: most }).filter((text) => [...text].length <= most)
const walk = fc.record({
  from: weights,
  to: weights,
  steps: fc.constantFrom([100], [10, 50, 100], [0.5, 12.25, 100]),
  done: fc.constantFrom(0, 1),
  everySeconds: fc.nat(100_000),
  onUnhealthy: fc.constantFrom('hold' as const, 'return' as const),
})
const state: fc.Arbitrary<SetState> = fc.record({
  epoch: fc.nat(),
  steady: weights,
  at: instant,
  by: words(24),
  why: words(48),
  run: fc.constantFrom('', 'k3f9'),
  formerly: fc.option(
    fc.record({
      ttl: fc.nat(),
      type: fc.constantFrom('A', 'AAAA'),
      values: fc.option(fc.constantFrom(['192.0.2.1', '192.0.2.2'], ['2001:db8::1'])),
    }),
  ),
  walk: fc.option(walk),
  until: fc.option(instant),
  drill: fc.boolean(),
  proven: fc.option(
    fc.record({ at: instant, side: fc.constantFrom('aws' as const, 'octavia' as const), seconds: fc.nat() }),
  ),
})

describe('the state of a set', () => {
  it('stands in ExternalDNS’s heritage format, short enough for hundreds in a batch', () => {
    expect(encodeState(STATE)).toBe(
      '"heritage=external-dns,external-dns/owner=nyah,nyah=e:7 s:90/10 t:20261123T041000Z b:tanaka@jump1 r:k3f9 f:300 w:INC-4711"',
    )
  })

  it('is read back as it was written, whatever people write', () => {
    fc.assert(
      fc.property(state, (one) => {
        const owner = read(one)
        expect(owner).toMatchObject({ kind: 'nyah' })
        expect(owner.kind === 'nyah' ? owner.state : null).toEqual(one)
      }),
    )
  })

  it('is strings of at most 255 printable characters that nobody has to escape', () => {
    fc.assert(
      fc.property(state, (one) => {
        for (const part of encodeState(one).split(/(?<=") (?=")/)) {
          expect(part).toMatch(/^"[^"\\]{1,255}"$/)
          expect(part).toMatch(/^[\x20-\x7e]+$/)
        }
      }),
    )
  })

  it('keeps the first characters of what is too long', () => {
    const owner = read({ ...STATE, by: 'x'.repeat(40), why: '火'.repeat(60) })
    expect(owner.kind === 'nyah' && [owner.state.by.length, owner.state.why]).toEqual([24, '火'.repeat(48)])
  })

  it.each([
    ['shop.example.jp', 'A', 'a-shop.example.jp'],
    ['*.example.jp', 'A', 'a-*.example.jp'],
    ['shop.example.jp', 'AAAA', 'aaaa-shop.example.jp'],
    ['example.jp', 'A', 'a-_apex.example.jp'],
  ])('of %s %s stands at %s', (name, type, at) => {
    expect(stateName(name, type, 'example.jp')).toBe(at)
    expect(ownerOf([stateRecord(name, type, 'example.jp', STATE)], name, type).kind).toBe('nyah')
  })
})

describe('the owner of a set', () => {
  it.each([
    ['a-shop.example.jp', '"heritage=external-dns,external-dns/owner=k8s,external-dns/resource=ingress/shop/web"'],
    ['cname-shop.example.jp', '"heritage=external-dns,external-dns/owner=k8s"'],
    ['shop.example.jp', '"heritage=external-dns,external-dns/owner=k8s"'],
  ])('is ExternalDNS where %s says so', (name, value) => {
    expect(ownerOf([txt(name, value)], NAME, 'A')).toMatchObject({ kind: 'external-dns', owner: 'k8s' })
  })

  it('is nobody where no heritage stands', () => {
    expect(ownerOf([txt(NAME, '"v=spf1 -all"')], NAME, 'A')).toEqual({ kind: 'nobody' })
    expect(ownerOf([txt('a-other.example.jp', encodeState(STATE))], NAME, 'A')).toEqual({ kind: 'nobody' })
    expect(ownerOf([txt('aaaa-shop.example.jp', encodeState(STATE))], NAME, 'A')).toEqual({ kind: 'nobody' })
  })

  const PREFIX = 'heritage=external-dns,external-dns/owner=nyah'
  it.each([
    ['a newer token', `${PREFIX},nyah=e:7 s:90/10 z:1`],
    ['a version', `${PREFIX},nyah=v2`],
    ['a weight Route 53 has not', `${PREFIX},nyah=e:7 s:90/256`],
    ['an epoch that is none', `${PREFIX},nyah=e:x s:90/10`],
    ['two epochs', `${PREFIX},nyah=e:7 e:8 s:90/10`],
    ['a walk back', `${PREFIX},nyah=e:7 s:90/10 k:90/10_0/100_50+10_0_60_hold`],
    ['a broken word', `${PREFIX},nyah=e:7 s:90/10 w:%zz`],
    ['no state', `${PREFIX},external-dns/resource=x`],
  ])('cannot be read with %s', (_, text) => {
    expect(ownerOf([txt('a-shop.example.jp', `"${text}"`)], NAME, 'A').kind).toBe('unreadable')
  })
})
