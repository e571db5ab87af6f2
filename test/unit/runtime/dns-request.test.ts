import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/lib/core/json.ts'
import { attachOf, detachOf, weightOf } from '../../../src/lib/runtime/dns-request.ts'

const STEADY = { octavia: 90, aws: 10 }
const CHECK = { type: 'HTTP', port: 80, path: '/', search: null, intervalSeconds: 30, failureThreshold: 3 }
const ATTACH: JsonObject = {
  names: ['shop.example.jp'],
  mirror: '5f0c7c1e-0000-4000-8000-000000000001',
  octaviaAddress: null,
  check: CHECK,
  ramp: [1, 5, 10],
  everySeconds: 60,
  zone: 'Z1',
}

describe('arguments of requests about names', () => {
  it('are taken as they are', () => {
    expect(attachOf(ATTACH, STEADY)).toEqual({ ...ATTACH, adopt: false, steady: STEADY })
    const each = {
      mirror: { 'shop.example.jp': '5f0c7c1e-0000-4000-8000-000000000002' },
      keep: true,
      asSeen: { 'shop.example.jp': 'b1' },
    }
    expect(attachOf({ ...ATTACH, ...each }, STEADY)).toEqual({ ...ATTACH, ...each, adopt: false, steady: STEADY })
    expect(weightOf({ names: ['a.b'], weights: { octavia: 0, aws: 255 } })).toEqual({
      names: ['a.b'],
      weights: { octavia: 0, aws: 255 },
    })
    expect(detachOf({ names: ['a.b'] })).toEqual({ names: ['a.b'] })
  })

  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['no mirror', () => attachOf({ ...ATTACH, mirror: null }, STEADY)],
    ['a mirror of another name', () => attachOf({ ...ATTACH, mirror: { 'a.b': 'm' } }, STEADY)],
    ['nothing seen of a name', () => attachOf({ ...ATTACH, asSeen: {} }, STEADY)],
    ['a mood to keep', () => attachOf({ ...ATTACH, keep: 'yes' }, STEADY)],
    ['no names', () => attachOf({ ...ATTACH, names: [] }, STEADY)],
    ['a ramp downwards', () => attachOf({ ...ATTACH, ramp: [10, 5] }, STEADY)],
    ['a ramp of words', () => attachOf({ ...ATTACH, ramp: ['10'] }, STEADY)],
    ['a pause of nothing', () => attachOf({ ...ATTACH, everySeconds: 0 }, STEADY)],
    ['another check', () => attachOf({ ...ATTACH, check: { ...CHECK, type: 'PING' } }, STEADY)],
    ['an interval Route 53 has not', () => attachOf({ ...ATTACH, check: { ...CHECK, intervalSeconds: 20 } }, STEADY)],
    ['a newer wish', () => attachOf({ ...ATTACH, mood: 'good' }, STEADY)],
    ['a weight too great', () => weightOf({ names: ['a.b'], weights: { octavia: 256, aws: 0 } })],
    ['half a weight', () => weightOf({ names: ['a.b'], weights: { octavia: 0.5, aws: 0 } })],
    ['one weight', () => weightOf({ names: ['a.b'], weights: { octavia: 1 } })],
    ['names that are none', () => detachOf({ names: [1] })],
  ]
  it.each(wrong)('are refused with %s', (_, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID', exit: 2 }) as Error)
  })
})
