import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeText } from '../../../src/lib/render/escape.ts'
import { clip, flow, padEnd, padStart, textWidth, wrap } from '../../../src/lib/render/width.ts'
import { hostile } from './evil.ts'

describe('textWidth', () => {
  it.each([
    ['', 0],
    ['shop', 4],
    ['決済', 4],
    ['ロードバランサー', 16],
    ['ｶﾅ', 2],
    ['ＡＢ', 4],
    ['か\u3099', 2],
    ['é', 1],
    ['한글', 4],
    ['🐈', 2],
    ['Ωμ', 2],
    ['…', 1],
    ['✔', 1],
    ['⠋', 1],
    ['𠮷', 2],
  ])('%s takes %i columns', (text, columns) => {
    expect(textWidth(text)).toBe(columns)
  })
})

describe('columns', () => {
  it('pads by columns, not by characters', () => {
    expect(padEnd('決済', 6)).toBe('決済  ')
    expect(padStart('決済', 6)).toBe('  決済')
    expect(padEnd('longer', 3)).toBe('longer')
  })

  it('clips with an ellipsis, never through a wide character', () => {
    expect(clip('決済サービス', 12)).toBe('決済サービス')
    expect(clip('決済サービス', 6)).toBe('決済…')
    expect(clip('shop-front', 5)).toBe('shop…')
    expect(clip('shop', 0)).toBe('')
  })

  it('wraps between words, and breaks only what is wider than a line', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
    expect(wrap('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k'])
    expect(wrap('決済サービス', 5)).toEqual(['決済', 'サー', 'ビス'])
    expect(wrap('', 5)).toEqual([''])
  })

  it('keeps the parts of a line whole', () => {
    expect(flow(['port 80', 'vpc id vpc-1', 'x'], '; ', 16)).toEqual(['port 80;', 'vpc id vpc-1; x'])
    expect(flow([], '; ', 10)).toEqual([])
    expect(flow(['a much longer part'], '; ', 8)).toEqual(['a much', 'longer', 'part'])
  })

  it('holds the width for any text, and loses nothing but blanks', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 2, max: 40 }), (text, width) => {
        const shown = escapeText(text)
        const lines = wrap(shown, width)
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
        expect(lines.join('').replaceAll(' ', '')).toBe(shown.replaceAll(' ', ''))
        expect(textWidth(clip(shown, width))).toBeLessThanOrEqual(width)
      }),
      { numRuns: 500 },
    )
  })
})
