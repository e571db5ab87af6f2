import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { namesOf, secondsOf, stepsOf } from './dns-errand.ts'

/** What the words and flags of failovers mean, as arguments of a request. All of it throws USAGE. */

interface Which {
  readonly all: boolean
  readonly mirror: string | undefined
  readonly tag: string | undefined
}

/** Arguments of `failover.to`. */
export const toArguments = (
  side: 'aws' | 'octavia',
  words: readonly string[] | undefined,
  flags: Which & { readonly percent: number },
): JsonObject => ({ ...whichOf(words, flags, `nyah failover to-${side}`), side, percent: flags.percent })

/** Arguments of `failover.end`. */
export function endArguments(
  words: readonly string[] | undefined,
  flags: Which & { readonly steps: string; readonly every: string; readonly 'healthy-for': string },
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
  }
}

/** Arguments of `failover.arm`. */
export const armArguments = (words: readonly string[] | undefined, flags: Which): JsonObject =>
  whichOf(words, flags, 'nyah failover arm')

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
