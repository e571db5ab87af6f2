import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { SwitchPlace } from '../ports/switch.ts'
import { conditionsOf } from './conditions.ts'
import type { Arm, Attended, End, To, Which } from './model.ts'

/** Arguments of a request, which may come from a file: nothing is taken for granted. All of it throws REQUEST_INVALID. */

export function toOf(args: JsonObject): To {
  demandKnown(args, ['names', 'all', 'mirror', 'tag', 'side', 'percent', 'wait'])
  const { side, percent = 100, wait = true } = args
  if (side !== 'aws' && side !== 'octavia')
    throw invalid(`arguments.side is ${JSON.stringify(side)}, neither aws nor octavia`)
  return { which: whichOf(args), side, percent: wholeOf('percent', percent, 1, 100), wait: wait !== false }
}

/**
 * A move that somebody attends; null: nobody promises anything.
 *
 * @param operation `failover.to`, `failover.drill`, or another
 */
export function attendedOf(operation: string, args: JsonObject): Omit<Attended, 'resumed'> | null {
  const drill = operation === 'failover.drill'
  const { until, abortOn, ...rest } = args
  if (until === undefined && !drill) return null
  if (abortOn !== undefined && !drill) throw invalid('arguments.abortOn is of failover.drill alone')
  const at = typeof until === 'string' && UNTIL.test(until) ? Date.parse(until) : Number.NaN
  if (typeof until !== 'string' || Number.isNaN(at))
    throw invalid(`arguments.until is ${JSON.stringify(until)}, no time like 2026-11-23T04:40:00Z`)
  return { ...toOf(rest), until, drill, abortOn: conditionsOf(abortOn) }
}

const UNTIL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

export function endOf(args: JsonObject): End {
  demandKnown(args, ['names', 'all', 'mirror', 'tag', 'steps', 'everySeconds', 'healthyForSeconds', 'wait'])
  const { steps = [100], everySeconds = 120, healthyForSeconds = 180, wait = true } = args
  const list = Array.isArray(steps) ? steps.map((step: Json) => wholeOf('steps', step, 1, 100)) : []
  const grow = list.every((step, index) => step > (list[index - 1] ?? 0))
  if (!grow || list.at(-1) !== 100) throw invalid('arguments.steps are no growing percents of which the last is 100')
  return {
    which: whichOf(args),
    steps: list,
    everySeconds: wholeOf('everySeconds', everySeconds, 1, 86_400),
    healthyForSeconds: wholeOf('healthyForSeconds', healthyForSeconds, 0, 86_400),
    wait: wait !== false,
  }
}

/** @param place the switch of the configuration; null: it names none */
export function armOf(args: JsonObject, place: SwitchPlace | null): Arm {
  demandKnown(args, ['names', 'all', 'mirror', 'tag'])
  return { which: whichOf(args), place }
}

export function whichOf({ names, all, mirror, tag }: JsonObject): Which {
  if ([names, all, mirror, tag].filter((one) => one !== undefined).length !== 1)
    throw invalid('arguments.names, arguments.all, arguments.mirror and arguments.tag are one of four')
  if (all === true) return { by: 'all' }
  if (typeof mirror === 'string' && mirror !== '') return { by: 'mirror', mirror }
  if (typeof tag === 'string') {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(tag) ?? []
    if (key === undefined || value === undefined) throw invalid(`arguments.tag is ${JSON.stringify(tag)}, no KEY=VALUE`)
    return { by: 'tag', key, value }
  }
  const list = Array.isArray(names) ? names.filter((one: Json): one is string => typeof one === 'string') : []
  if (list.length === 0 || !Array.isArray(names) || list.length !== names.length)
    throw invalid('arguments.names is no list of names')
  return { by: 'names', names: list }
}

function wholeOf(key: string, value: Json, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw invalid(`arguments.${key} is ${JSON.stringify(value)}, no whole number from ${least} to ${most}`)
  return value
}

function demandKnown(args: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(args).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    throw invalid(`this nyah does not know arguments.${unknown.join(', arguments.')}; it knows ${known.join(', ')}`)
}

const invalid = (message: string): NyahError =>
  nyahError({ code: 'REQUEST_INVALID', message, exit: EXIT.usage, tries: ['make the plan again'] })
