import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byAddress, isIpv4, isWithin } from '../../../src/lib/lb/addresses.ts'

describe('byAddress', () => {
  it('orders IPv4 addresses as numbers, then all else as text', () => {
    const mixed = [
      'banana',
      '10.0.0.10',
      '2001:db8::1',
      '10.0.0.9',
      '9.255.255.255',
      '10.0.0.256',
      '10.0.0',
      '1.2.3.4.5',
    ]
    expect(mixed.toSorted(byAddress)).toEqual([
      '9.255.255.255',
      '10.0.0.9',
      '10.0.0.10',
      '1.2.3.4.5',
      '10.0.0',
      '10.0.0.256',
      '2001:db8::1',
      'banana',
    ])
  })

  it('takes for an IPv4 address what one is, whatever the text', () => {
    const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.stringMatching(/^[0-9.]{0,15}$/))
    fc.assert(
      fc.property(text, (some) => {
        // Behind every IPv4 address there is stands whatever is none; octal spellings are read as decimal here only.
        const first = byAddress(some, '255.255.255.255') <= 0
        if (!/(^|\.)0\d/.test(some)) expect(first).toBe(isIpv4(some))
      }),
    )
  })

  it('is an order: reversed when asked the other way round, and transitive', () => {
    const text = fc.oneof(fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(byAddress(a, b))).toBe(-Math.sign(byAddress(b, a)) + 0)
        if (byAddress(a, b) <= 0 && byAddress(b, c) <= 0) expect(byAddress(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('isWithin', () => {
  it('holds an address against each network of its own family; what is malformed holds nothing', () => {
    const networks = ['banana', '10.0.0.0/8', '2001:db8::/32', '10.0.0.0/99']
    const held = ['10.1.2.3', '11.0.0.1', '2001:db8::1', '2001:db9::1', 'banana', ''].map((one) =>
      isWithin(one, networks),
    )
    expect(held).toEqual([true, false, true, false, false, false])
    expect(isWithin('10.1.2.3', [])).toBe(false)
  })
})
