import { describe, expect, it } from 'vitest'
import { parseDuration } from '../../../src/lib/core/duration.ts'

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text, '--timeout')).toBe(ms))

  it.each(['', '15', 'm', '15 m', '-5s', '0s', '5d', '5s5'])('refuses %j', (text) =>
    expect(() => parseDuration(text, '--timeout')).toThrow(/--timeout must be a time like/),
  )
})
