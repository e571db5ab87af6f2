import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  escapeLong,
  escapeText,
  markdownCell,
  markdownCode,
  markdownFence,
  markdownText,
} from '../../../src/lib/render/escape.ts'
import { hostile, UNSAFE } from './evil.ts'

describe('escapeText', () => {
  it.each([
    ['a clear screen', 'a\u001b[2Jb', 'a\\u{1b}[2Jb'],
    ['hidden text (SGR 8)', '\u001b[8mx', '\\u{1b}[8mx'],
    ['a hyperlink (OSC 8)', '\u001b]8;;http://x\u0007', '\\u{1b}]8;;http://x\\u{7}'],
    ['a C1 CSI', '\u009b2J', '\\u{9b}2J'],
    ['a carriage return', 'ok\rno', 'ok\\rno'],
    ['a new line', 'a\nb', 'a\\nb'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['a right-to-left override', '\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a zero-width space', 'pay\u200bpal', 'pay\\u{200b}pal'],
    ['a soft hyphen', 'a\u00adb', 'a\\u{ad}b'],
    ['a Hangul filler', 'a\u3164b', 'a\\u{3164}b'],
    ['a braille blank', 'a\u2800b', 'a\\u{2800}b'],
    ['a no-break space', 'a\u00a0b', 'a\\u{a0}b'],
    ['tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
    ['a byte order mark', '\ufeffa', '\\u{feff}a'],
    ['half a surrogate pair', 'a\ud83d', 'a\\u{d83d}'],
    ['a private character', '\ue000', '\\u{e000}'],
    ['a mark that would sit on what stands before', '\u0301x', '\\u{301}x'],
  ])('makes %s visible', (_what, remote, shown) => {
    expect(escapeText(remote)).toBe(shown)
  })

  it.each([
    'k-ロードバランサー',
    '本番の決済用（東京）🐈',
    'か\u3099',
    'สวัสดี',
    'Ωμέγα',
    'naïve',
    'كتب',
    'C:\\x',
    '全角\u3000空白',
  ])('keeps %s as it is', (text) => {
    expect(escapeText(text)).toBe(text)
  })

  it('cuts a tower of marks off', () => {
    expect(escapeText(`a${'\u0301'.repeat(6)}`)).toBe(`a${'\u0301'.repeat(4)}\\u{301}\\u{301}`)
  })

  it('leaves nothing that a terminal acts on, and is done after once', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = escapeText(text)
        expect(shown).not.toMatch(UNSAFE)
        expect(shown).not.toContain('\n')
        expect(escapeText(shown)).toBe(shown)
      }),
      { numRuns: 500 },
    )
  })

  it('says what it cut', () => {
    expect(escapeLong('abcdef', 6)).toBe('abcdef')
    expect(escapeLong('abcdef\n', 4)).toBe('abcd… (3 more characters)')
  })
})

describe('markdown', () => {
  it('keeps prose, and puts every other word into code', () => {
    expect(markdownText('member 10.20.0.14:8080 was added (67 %).')).toBe('member 10.20.0.14:8080 was added (67 %).')
    expect(markdownText('see <img src=x> @admin')).toBe('see `<img` `src=x>` `@admin`')
  })

  it.each([
    '@admin',
    '#12',
    'OPS-7',
    'www.evil.example',
    'https://x.y',
    'a/b',
    'deadbeef0',
    '*x*',
    '[x](y)',
    '<br>',
    '&lt;',
    'a_b_',
    '~~x~~',
  ])('gives a forge nothing to link or to format: %s', (word) => {
    expect(markdownText(word)).toBe(`\`${word}\``)
  })

  it('no backtick ends a code span or a block', () => {
    expect(markdownCode('a`b')).toBe('``a`b``')
    expect(markdownCode('`x')).toBe('`` `x ``')
    expect(markdownCode('')).toBe('`  `')
    expect(markdownFence('diff', ['x', '````'])).toEqual(['`````diff', 'x', '````', '`````'])
  })

  it('no bar ends a cell', () => {
    expect(markdownCell(markdownText('a|b c'))).toBe('`a\\|b` c')
  })

  it('lets no remote text out of its code span', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        // Take the spans away as a reader of markdown does: a run of backticks up to the next run of the same length.
        const outside = markdownText(text).replaceAll(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '')
        expect(outside).toMatch(/^[\p{L}\p{M}\p{N} .,:;%'"?!()-]*$/u)
      }),
      { numRuns: 500 },
    )
  })
})
