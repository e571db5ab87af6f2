import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { realClock } from '../adapters/host/clock.ts'
import { parseDuration } from '../core/duration.ts'
import { namesOf, secondsOf, stepsOf } from './dns-errand.ts'

/** What the words and flags of failovers mean, as arguments of a request. All of it throws USAGE. */

interface Which {
  readonly all: boolean
  readonly mirror: string | undefined
  readonly tag: string | undefined
}

interface Waiting {
  readonly 'no-wait': boolean
}

/** Arguments of `failover.to`. */
export const toArguments = (
  side: 'aws' | 'octavia',
  words: readonly string[] | undefined,
  flags: Which & Waiting & Promised & { readonly percent: number },
): JsonObject => ({
  ...whichOf(words, flags, `nyah failover to-${side}`),
  side,
  percent: flags.percent,
  wait: !flags['no-wait'],
  ...promiseOf(flags, `nyah failover to-${side}`),
})

interface Promised {
  readonly for: string | undefined
  readonly attended: boolean
}

/** Arguments of `failover.drill`. */
export async function drillArguments(
  words: readonly string[] | undefined,
  flags: Which &
    Promised & { readonly to: string; readonly percent: number; readonly 'abort-on': readonly string[] | undefined },
): Promise<JsonObject> {
  const { conditionOf, conditionText } = await import('../failover/conditions.ts')
  return {
    ...whichOf(words, flags, 'nyah failover drill --attended'),
    side: flags.to,
    percent: flags.percent,
    abortOn: (flags['abort-on'] ?? []).map((text) => conditionText(conditionOf(text))),
    ...promiseOf(flags, 'nyah failover drill'),
  }
}

/** Longest time that somebody stays, in milliseconds. */
const LONGEST_MS = 24 * 3_600_000

/** When users are to be back; nothing: whenever somebody ends it. */
function promiseOf({ for: time, attended }: Promised, command: string): JsonObject {
  if (time === undefined) {
    if (attended) throw usage('--attended without --for: until when?', `${command} … --for 30m --attended`)
    return {}
  }
  const forMs = parseDuration(time, '--for')
  if (forMs > LONGEST_MS)
    throw usage(`--for ${time}: nobody attends for more than 24h`, `${command} … --for 8h --attended`)
  if (!attended)
    throw usage(
      `--for ${time} is a promise, and nyah brings nobody back unasked: somebody has to stay`,
      `the same command with --attended: nyah then runs on here until ${time} are over, and brings them back`,
      'without --for; and nyah failover end, when it is over',
    )
  return { until: new Date(realClock().now() + forMs).toISOString().replace(/\.\d+Z$/, 'Z') }
}

/** Arguments of `failover.end`. */
export function endArguments(
  words: readonly string[] | undefined,
  flags: Which & Waiting & { readonly steps: string; readonly every: string; readonly 'healthy-for': string },
): JsonObject {
  const steps = stepsOf(flags.steps, '--steps')
  if (steps.at(-1) !== 100)
    throw usage(
      `--steps ${flags.steps}: the last step is 100, all of the way back`,
      'nyah failover end --steps 10,50,100',
    )
  return {
    ...whichOf(words, flags, 'nyah failover end'),
    steps,
    everySeconds: secondsOf(flags.every, '--every'),
    healthyForSeconds: /^0s?$/.test(flags['healthy-for']) ? 0 : secondsOf(flags['healthy-for'], '--healthy-for'),
    wait: !flags['no-wait'],
  }
}

/** Arguments of `failover.arm`. */
export const armArguments = (words: readonly string[] | undefined, flags: Which): JsonObject =>
  whichOf(words, flags, 'nyah failover arm')

/** Which names `failover status` is about: all, unless it is said. */
export function statusArguments(words: readonly string[] | undefined, { mirror, tag }: Omit<Which, 'all'>): JsonObject {
  const isSaid = (words ?? []).length > 0 || mirror !== undefined || tag !== undefined
  return whichOf(words, { all: !isSaid, mirror, tag }, 'nyah failover status')
}

function whichOf(words: readonly string[] | undefined, { all, mirror, tag }: Which, command: string): JsonObject {
  const named = (words ?? []).filter((word) => word.trim() !== '')
  const ways = [named.length > 0, all, mirror !== undefined, tag !== undefined].filter(Boolean).length
  if (ways === 0)
    throw usage('no name was given: give names, --mirror, --tag or --all', `${command} --all`, 'nyah dns show')
  if (ways > 1) throw usage('names, --mirror, --tag and --all are one of four', `${command} --all`)
  if (all) return { all: true }
  if (tag !== undefined) {
    if (!/^[^=]+=/.test(tag)) throw usage(`--tag ${tag}: a tag is KEY=VALUE`, `${command} --tag team=shop`)
    return { tag }
  }
  return mirror === undefined ? { names: namesOf(named) } : { mirror: mirror.trim().toLowerCase() }
}

const usage = (message: string, ...tries: readonly string[]): NyahError =>
  nyahError({ code: 'USAGE', message, exit: EXIT.usage, tries })
