import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { CheckAsked } from '../dns/check.ts'
import type { Weights } from '../dns/model.ts'
import type { Attach } from '../dns/operation.ts'
import type { Shift } from '../dns/plan-shift.ts'

/** Arguments of a request, which may come from a file: nothing is taken for granted. All of it throws REQUEST_INVALID. */

export function attachOf(args: JsonObject, steady: Weights): Attach {
  demandKnown(args, [
    'names',
    'mirror',
    'octaviaAddress',
    'check',
    'ramp',
    'everySeconds',
    'zone',
    'adopt',
    'keep',
    'asSeen',
  ])
  const { ramp = null, everySeconds = 120, adopt = false, keep = false } = args
  if (typeof adopt !== 'boolean') throw invalid('arguments.adopt is neither true nor false')
  if (typeof keep !== 'boolean') throw invalid('arguments.keep is neither true nor false')
  const names = namesIn(args)
  return {
    names,
    mirror: mirrorIn(args, names),
    octaviaAddress: textIn(args, 'octaviaAddress'),
    check: checkIn(args),
    ramp: ramp === null ? null : percentsIn(ramp),
    everySeconds: wholeIn('everySeconds', everySeconds, 1, 86_400),
    zone: textIn(args, 'zone'),
    adopt,
    steady,
    ...(keep ? { keep } : {}),
    ...(args['asSeen'] === undefined ? {} : { asSeen: tableIn('asSeen', args['asSeen'], names) }),
  }
}

/** One mirror for all names, or a table with one for each. */
const mirrorIn = ({ mirror = null }: JsonObject, names: readonly string[]): Attach['mirror'] =>
  typeof mirror === 'string' && mirror !== '' ? mirror : tableIn('mirror', mirror, names)

/** A text for each name. */
function tableIn(what: string, value: Json, names: readonly string[]): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`arguments.${what} is ${JSON.stringify(value)}, no table by name`)
  const table = value as JsonObject
  const found = names.map((name): [string, string] => {
    const text = Object.hasOwn(table, name) ? table[name] : null
    if (typeof text !== 'string' || text === '') throw invalid(`arguments.${what} has nothing for ${name}`)
    return [name, text]
  })
  return Object.fromEntries(found)
}

export function weightOf(args: JsonObject): { readonly names: readonly string[]; readonly weights: Weights } {
  demandKnown(args, ['names', 'weights'])
  return { names: namesIn(args), weights: weightsIn(args['weights'] ?? null) }
}

export function shiftOf(args: JsonObject): Shift {
  demandKnown(args, ['names', 'side', 'percent', 'steps', 'everySeconds', 'onUnhealthy'])
  const { side, percent = null, steps = [], everySeconds = 300, onUnhealthy = 'hold' } = args
  if (side !== 'aws' && side !== 'octavia')
    throw invalid(`arguments.side is ${JSON.stringify(side)}, neither aws nor octavia`)
  if (onUnhealthy !== 'hold' && onUnhealthy !== 'return')
    throw invalid(`arguments.onUnhealthy is ${JSON.stringify(onUnhealthy)}, neither hold nor return`)
  if (!Array.isArray(steps)) throw invalid('arguments.steps is no list of percents')
  return {
    names: namesIn(args),
    side,
    percent: wholeIn('percent', percent, 0, 100),
    steps: steps.map((step: Json) => wholeIn('steps', step, 0, 100)),
    everySeconds: wholeIn('everySeconds', everySeconds, 1, 86_400),
    onUnhealthy,
  }
}

export function detachOf(args: JsonObject): { readonly names: readonly string[] } {
  demandKnown(args, ['names'])
  return { names: namesIn(args) }
}

function namesIn({ names }: JsonObject): readonly string[] {
  const list = Array.isArray(names) ? names.filter((one: Json): one is string => typeof one === 'string') : []
  if (list.length === 0 || !Array.isArray(names) || list.length !== names.length)
    throw invalid('arguments.names is no list of names')
  return list
}

function weightsIn(value: Json): Weights {
  const { octavia = null, aws = null } = objectIn('weights', value)
  return {
    octavia: wholeIn('weights.octavia', octavia, 0, 255),
    aws: wholeIn('weights.aws', aws, 0, 255),
  }
}

function checkIn({ check = null }: JsonObject): CheckAsked | null {
  if (check === null) return null
  const asked = objectIn('check', check)
  const { type, port = null, intervalSeconds = 10, failureThreshold = 3 } = asked
  if (type !== 'TCP' && type !== 'HTTP' && type !== 'HTTPS')
    throw invalid(`arguments.check.type is ${JSON.stringify(type)}, none of TCP, HTTP, HTTPS`)
  if (intervalSeconds !== 10 && intervalSeconds !== 30) throw invalid('arguments.check.intervalSeconds is 10 or 30')
  return {
    type,
    port: port === null ? null : wholeIn('check.port', port, 1, 65_535),
    path: textIn(asked, 'path'),
    search: textIn(asked, 'search'),
    intervalSeconds,
    failureThreshold: wholeIn('check.failureThreshold', failureThreshold, 1, 10),
  }
}

function percentsIn(value: Json): readonly number[] {
  const list = Array.isArray(value) ? value.filter((one: Json): one is number => typeof one === 'number') : []
  const grow = list.every((step, index) => step > (list[index - 1] ?? 0) && step <= 100)
  if (!Array.isArray(value) || list.length !== value.length || list.length === 0 || !grow)
    throw invalid('arguments.ramp are no growing percents')
  return list
}

function textIn(args: JsonObject, key: string): string | null {
  const value = args[key] ?? null
  if (value !== null && typeof value !== 'string') throw invalid(`arguments.${key} is no text`)
  return value
}

function wholeIn(key: string, value: Json, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw invalid(`arguments.${key} is ${JSON.stringify(value)}, no whole number from ${least} to ${most}`)
  return value
}

function objectIn(key: string, value: Json): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`arguments.${key} is no object`)
  return value as JsonObject
}

function demandKnown(args: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(args).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    throw invalid(`this nyah does not know arguments.${unknown.join(', arguments.')}; it knows ${known.join(', ')}`)
}

const invalid = (message: string): NyahError =>
  nyahError({ code: 'REQUEST_INVALID', message, exit: EXIT.usage, tries: ['make the plan again'] })
