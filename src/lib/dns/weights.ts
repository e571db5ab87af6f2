import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { Side, Weights } from './model.ts'

const HIGHEST = 255
const WORD = /^(raw:)?(octavia|aws)=(\d{1,3}(?:\.\d{1,3})?)%?$/

/**
 * `octavia=90 aws=10` (percent, 100 in all) or `raw:octavia=230 raw:aws=25` (0-255 as Route 53 has them) as raw weights.
 * Percent of which one is left out is the rest. Nothing is rounded to 0 but 0. Throws USAGE.
 */
export function weightsOf(words: readonly string[], command: string): Weights {
  const given = new Map<Side, number>()
  const prefixes = new Set<boolean>()
  for (const word of words) {
    const [, raw, side, value] = WORD.exec(word.trim().toLowerCase()) ?? []
    if (side === undefined) throw usage(`${word} is no weight: octavia=90 or aws=10 (percent), or raw:aws=25`, command)
    const which = side as Side
    if (given.has(which)) throw usage(`${side} has two weights`, command)
    given.set(which, Number(value))
    prefixes.add(raw !== undefined)
  }
  if (given.size === 0) throw usage('no weights were given', command)
  if (prefixes.size > 1) throw usage('either both weights are raw or none', command)
  return prefixes.has(true) ? rawWeights(given, command) : percentWeights(given, command)
}

function rawWeights(given: ReadonlyMap<Side, number>, command: string): Weights {
  const [octavia, aws] = [given.get('octavia'), given.get('aws')]
  if (octavia === undefined || aws === undefined) throw usage('raw weights are given for both sides', command)
  for (const one of [octavia, aws])
    if (!Number.isInteger(one) || one > HIGHEST)
      throw usage(`a raw weight is a whole number from 0 to 255, not ${one}`, command)
  return { octavia, aws }
}

function percentWeights(given: ReadonlyMap<Side, number>, command: string): Weights {
  const octavia = given.get('octavia') ?? rest(given.get('aws') ?? 0)
  const aws = given.get('aws') ?? rest(octavia)
  if (octavia > 100 || aws > 100 || Math.abs(octavia + aws - 100) > 1e-9)
    throw usage(`octavia=${octavia} and aws=${aws} are percent and do not make 100`, command)
  return fromPercent(aws)
}

/** To thousandths, as they may be given. */
const rest = (percent: number): number => Math.round((100 - percent) * 1000) / 1000

/** Raw weights of which AWS's share is nearest to `aws` percent; whole percents are kept as they are. */
export function fromPercent(aws: number): Weights {
  if (Number.isInteger(aws)) return { octavia: 100 - aws, aws }
  let best: Weights = { octavia: 1, aws: 1 }
  let error = Infinity
  for (let octavia = 1; octavia <= HIGHEST; octavia += 1) {
    const near = Math.min(HIGHEST, Math.max(1, Math.round((octavia * aws) / (100 - aws))))
    const off = Math.abs((100 * near) / (octavia + near) - aws)
    if (off < error - 1e-9) {
      best = { octavia, aws: near }
      error = off
    }
  }
  return best
}

const usage = (message: string, command: string): NyahError =>
  nyahError({ code: 'USAGE', message, exit: EXIT.usage, tries: [`${command} octavia=90 aws=10`] })
