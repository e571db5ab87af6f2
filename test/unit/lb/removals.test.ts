import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimText, formatRemovals, headOf, inWindow, parseRemovals, stamped } from '../../../src/lib/lb/removals.ts'

const AT = 1_795_400_000_000
const SECONDS = AT / 1000

describe('the tag nyah:removals', () => {
  it('reads what it writes', () => {
    const entry = fc.record({
      seconds: fc.integer({ min: 0, max: 99_999_999_999 }),
      count: fc.option(fc.integer({ min: 0, max: 99_999 })),
      size: fc.option(fc.integer({ min: 0, max: 99_999 })),
    })
    const removals = fc.record({
      epoch: fc.integer({ min: 0, max: 999_999_999_999 }),
      mark: fc.oneof(fc.constant(''), fc.stringMatching(/^[0-9a-f]{8}$/)),
      removals: fc.array(entry, { maxLength: 8 }).map((all) => all.toSorted((a, b) => a.seconds - b.seconds)),
    })
    fc.assert(
      fc.property(removals, (given) => {
        expect(parseRemovals(formatRemovals(given))).toEqual({ ...given, readable: true })
      }),
    )
  })

  it.each([undefined, ''])('%o: there was no removal yet', (text) => {
    expect(parseRemovals(text)).toEqual({ epoch: 0, mark: '', removals: [], readable: true })
    expect(headOf(text)).toBeNull()
  })

  it.each([
    'x',
    '-1',
    '1.5',
    '1  2:3',
    '1 2',
    '1 2:',
    '1 2:3 ',
    '1 -2:3',
    '1.abcdefgh',
    '７ 1:2',
    '1 2:3;4:5',
    '1 2:123456',
  ])('garbage (%o) is a removal of nobody knows how many, whatever the time is', (text) => {
    const { removals, readable } = parseRemovals(text)
    expect(readable).toBe(false)
    expect(inWindow(removals, AT)).toMatchObject([{ count: null }])
    expect(inWindow(removals, AT * 100)).toHaveLength(1)
    expect(headOf(text)).toBe(text)
  })

  it('never throws, and always has a number for an epoch', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Number.isSafeInteger(parseRemovals(text).epoch)).toBe(true)
        expect(parseRemovals(stamped(text, claimText(text, 'abcdef01', 1, 10), AT)).readable).toBe(true)
      }),
    )
  })

  it('the epoch grows, also after garbage that begins with one', () => {
    expect(claimText(null, 'abcdef01', 3, 10)).toBe('1.abcdef01 +3/10')
    expect(claimText('7.00000000', 'abcdef01', 3, 10)).toBe('8.abcdef01 +3/10')
    expect(claimText('41 of somebody', 'abcdef01', 3, 10)).toBe('42.abcdef01 +3/10')
  })

  it('its head is the same in the claim and in the tag that comes of it, whatever the time', () => {
    const claim = claimText('7.00000000', 'abcdef01', 3, 10)
    expect(headOf(claim)).toBe('8.abcdef01')
    expect(headOf(stamped('7.00000000', claim, AT))).toBe('8.abcdef01')
    expect(headOf(stamped('7.00000000', claim, AT + 5))).toBe('8.abcdef01')
    expect(headOf('7 1:2')).toBe('7')
  })
})

describe('the hour', () => {
  it.each([
    [0, true],
    [3_599_999, true],
    [3_600_000, false],
    [-86_400_000, true],
  ])('%i ms after it, a removal counts: %s', (ms, counts) => {
    const removals = [{ seconds: SECONDS, count: 1, size: 10 }]
    expect(inWindow(removals, AT + ms)).toHaveLength(counts ? 1 : 0)
  })

  it('is never shorter for being written in whole seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 3_599_999 }), (ms, later) => {
        const tag = stamped(undefined, claimText(null, 'abcdef01', 1, 10), AT + ms)
        expect(inWindow(parseRemovals(tag).removals, AT + ms + later)).toHaveLength(1)
      }),
    )
  })

  it('keeps what is in it, drops what is past, and brings the future back to now', () => {
    const before = `7.00000000 ${SECONDS - 3600}:1/9 ${SECONDS - 3599}:2/12 ${SECONDS + 999}:4/11`
    expect(stamped(before, claimText('7.00000000', 'abcdef01', 3, 10), AT)).toBe(
      `8.abcdef01 ${SECONDS - 3599}:2/12 ${SECONDS}:4/11 ${SECONDS}:3/10`,
    )
  })

  it('what could not be read counts for one more hour', () => {
    const tag = stamped('garbage', claimText('garbage', 'abcdef01', 0, 10), AT)
    expect(tag).toBe(`1.abcdef01 ${SECONDS}:x`)
    expect(inWindow(parseRemovals(tag).removals, AT + 3_600_000)).toEqual([])
  })

  it('a removal that counts nothing leaves no entry, only its epoch', () => {
    expect(stamped(undefined, claimText(null, 'abcdef01', 0, 10), AT)).toBe('1.abcdef01')
  })

  it('takes only claims', () => {
    expect(() => stamped(undefined, '1.abcdef01', AT)).toThrow('no claim')
  })

  it('fits a tag however many removals there are, forgets none of them, and lets none end early', () => {
    const steps = fc.array(fc.record({ wait: fc.nat({ max: 600 }), amount: fc.integer({ min: 1, max: 1000 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, (all) => {
        let at = AT
        let tag: string | undefined
        const made: { readonly at: number; readonly amount: number }[] = []
        for (const { wait, amount } of all) {
          at += wait * 1000
          tag = stamped(tag, claimText(headOf(tag), 'abcdef01', amount, 1000), at)
          made.push({ at, amount })
          expect(tag.length).toBeLessThanOrEqual(256)
          const counted = inWindow(parseRemovals(tag).removals, at).reduce((sum, { count }) => sum + (count ?? 0), 0)
          const inHour = made.filter((one) => at - one.at < 3_600_000)
          expect(counted).toBeGreaterThanOrEqual(inHour.reduce((sum, one) => sum + one.amount, 0))
        }
      }),
    )
  })
})
