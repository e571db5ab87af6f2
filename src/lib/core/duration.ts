import { EXIT, nyahError } from './errors.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `90s`, `15m`, `1h30m` or `500ms` as milliseconds. A bare number is refused: which unit it means is a guess. */
export function parseDuration(text: string, what: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const total = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0)
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text || total <= 0)
    throw nyahError({
      code: 'USAGE',
      message: `${what} must be a time like 30s, 15m or 1h, not ${text}`,
      exit: EXIT.usage,
      tries: [`the same command with ${what} 15m`],
    })
  return total
}

/** `3m`, `1m10s`, `1h5m`: as it may be given; whole seconds, rounded down. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const
  const text = parts.flatMap(([amount, unit]) => (amount === 0 ? [] : [`${amount}${unit}`])).join('')
  return text === '' ? '0s' : text
}
