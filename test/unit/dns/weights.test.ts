import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromPercent, weightsOf } from '../../../src/lib/dns/weights.ts'

const weights = (...words: readonly string[]) => weightsOf(words, 'nyah dns weight shop.example.jp')

describe('weights as words', () => {
  it.each([
    ['whole percents are kept', ['octavia=90', 'aws=10'], { octavia: 90, aws: 10 }],
    ['the other side is the rest', ['aws=25'], { octavia: 75, aws: 25 }],
    ['a zero that was written is one', ['octavia=0', 'aws=100'], { octavia: 0, aws: 100 }],
    ['half a percent', ['octavia=99.5', 'aws=0.5'], { octavia: 199, aws: 1 }],
    ['a thousandth is never nothing', ['octavia=99.999', 'aws=0.001'], { octavia: 255, aws: 1 }],
    ['raw', ['raw:octavia=230', 'raw:aws=25'], { octavia: 230, aws: 25 }],
    ['a percent sign, capitals', ['Octavia=90%', 'AWS=10%'], { octavia: 90, aws: 10 }],
  ])('%s', (_what, words, expected) => {
    expect(weights(...words)).toEqual(expected)
  })

  it.each([
    ['not 100', ['octavia=90', 'aws=20'], 'do not make 100'],
    ['over 100', ['aws=120'], 'do not make 100'],
    ['raw and percent', ['raw:octavia=1', 'aws=10'], 'either both'],
    ['raw too high', ['raw:octavia=256', 'raw:aws=1'], '0 to 255'],
    ['one raw weight', ['raw:octavia=25'], 'for both sides'],
    ['twice', ['aws=1', 'aws=2'], 'two weights'],
    ['another side', ['azure=1'], 'no weight'],
    ['none', [], 'no weights'],
  ])('%s is refused', (_what, words, needle) => {
    expect(() => weights(...words)).toThrow(needle)
  })

  it('no share is rounded to nothing, none is off by more than a third of a percent, all fit Route 53', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999 }), (thousandths) => {
        const percent = thousandths / 1000
        const { octavia, aws } = fromPercent(percent)
        for (const one of [octavia, aws])
          expect(one).toSatisfy((n: number) => Number.isInteger(n) && n >= 1 && n <= 255)
        expect(Math.abs((100 * aws) / (octavia + aws) - percent)).toBeLessThan(0.4)
      }),
    )
  })
})
