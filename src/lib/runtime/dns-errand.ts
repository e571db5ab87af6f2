import { parseDuration } from '../core/duration.ts'
import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import { HOSTNAME } from '../core/hostname.ts'
import type { JsonObject } from '../core/json.ts'

/** What the words and flags of commands about names mean, as arguments of a request. All of it throws USAGE. */

/** As they are compared: lower case, without the trailing dot, each once. */
export function namesOf(words: readonly string[]): readonly string[] {
  const names = words.map((word) => word.trim().toLowerCase().replace(/\.$/, '')).filter((word) => word !== '')
  for (const name of names)
    if (!HOSTNAME.test(name))
      throw usage(`${name} is no name: give one like shop.example.jp, or *.example.jp`, 'nyah dns show')
  if (names.length === 0) throw usage('no name was given', 'nyah dns show')
  return [...new Set(names)]
}

interface AttachFlags {
  readonly 'octavia-address': string | undefined
  readonly check: string | undefined
  readonly 'check-port': number | undefined
  readonly 'check-path': string | undefined
  readonly 'check-search': string | undefined
  readonly 'check-interval': number | undefined
  readonly 'check-threshold': number | undefined
  readonly ramp: string | undefined
  readonly every: string
  readonly 'no-ramp': boolean
  readonly zone: string | undefined
  readonly adopt: boolean
}

/** Arguments of `dns.attach`; `mirror` is looked up later. */
export function attachArguments(words: readonly string[], flags: AttachFlags): JsonObject {
  return {
    names: namesOf(words),
    octaviaAddress: flags['octavia-address'] ?? null,
    check: checkOf(flags),
    ramp: flags['no-ramp'] ? null : stepsOf(flags.ramp ?? '1,5,10', '--ramp'),
    everySeconds: secondsOf(flags.every, '--every'),
    zone: flags.zone ?? null,
    ...(flags.adopt ? { adopt: true } : {}),
  }
}

/** Null: none was asked for. */
function checkOf(flags: AttachFlags): JsonObject | null {
  const { check = 'tcp' } = flags
  const particular = ['port', 'path', 'search', 'interval', 'threshold'] as const
  if (check === 'none') {
    const given = particular.find((word) => flags[`check-${word}`] !== undefined)
    if (given !== undefined) throw usage(`--check-${given} means nothing with --check none`, 'nyah dns attach --help')
    return null
  }
  if (check === 'tcp' && (flags['check-path'] ?? flags['check-search']) !== undefined)
    throw usage('--check-path and --check-search are for --check http and https', 'nyah dns attach --help')
  const { 'check-interval': intervalSeconds = 10 } = flags
  if (intervalSeconds !== 10 && intervalSeconds !== 30)
    throw usage(
      `--check-interval is 10 or 30, not ${intervalSeconds}: Route 53 has no others`,
      'nyah dns attach --help',
    )
  return {
    type: check.toUpperCase(),
    port: flags['check-port'] ?? null,
    path: check === 'tcp' ? null : (flags['check-path'] ?? '/'),
    search: flags['check-search'] ?? null,
    intervalSeconds,
    failureThreshold: flags['check-threshold'] ?? 3,
  }
}

/** `1,5,10`: percents, growing. */
export function stepsOf(text: string, flag: string): readonly number[] {
  const steps = text.split(',').map((word) => Number(word.trim() === '' ? NaN : word))
  const grow = steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0))
  if (!grow || steps.some((step) => !(step > 0 && step <= 100)))
    throw usage(`${flag} ${text}: steps are growing percents like 1,5,10`, `the same command with ${flag} 1,5,10`)
  return steps
}

export const secondsOf = (text: string, flag: string): number => Math.round(parseDuration(text, flag) / 1000)

/** Arguments of `dns.shift`. `--to aws=50`: percent on one side in the end, which the steps lead to. */
export function shiftArguments(
  words: readonly string[],
  flags: {
    readonly to: string
    readonly steps: string | undefined
    readonly every: string
    readonly 'on-unhealthy': string
  },
): JsonObject {
  const [, side, share = ''] = /^(aws|octavia)=(\d{1,3})%?$/.exec(flags.to.trim().toLowerCase()) ?? []
  const percent = Number(share)
  if (side === undefined || percent > 100)
    throw usage(`--to ${flags.to}: give one side and whole percent, like aws=50`, 'nyah dns shift NAME --to aws=50')
  const steps = (flags.steps ?? '').split(',').filter((word) => word.trim() !== '')
  const shares = steps.map(Number)
  const isWay = (list: readonly number[]): boolean =>
    list.every(
      (step, at) => Number.isInteger(step) && step >= 0 && step <= 100 && (at === 0 || step > (list[at - 1] ?? 0)),
    )
  if (shares.length > 0 && !isWay(shares) && !isWay(shares.toReversed()))
    throw usage(
      `--steps ${flags.steps}: steps are percents on ${side} that only grow, or only fall`,
      `--steps 10,30,50`,
    )
  if (shares.length > 0 && shares.at(-1) !== percent)
    throw usage(
      `--steps ${flags.steps}: the last step is where --to leads, ${percent}`,
      `--to ${side}=${shares.at(-1)}`,
    )
  return {
    names: namesOf(words),
    side,
    percent,
    steps: shares,
    everySeconds: secondsOf(flags.every, '--every'),
    onUnhealthy: flags['on-unhealthy'],
  }
}

/** Names, then weights: arguments of `dns.weight`. */
export async function weightArguments(words: readonly string[]): Promise<JsonObject> {
  const { weightsOf } = await import('../dns/weights.ts')
  const names = namesOf(words.filter((word) => !word.includes('=')))
  const { octavia, aws } = weightsOf(
    words.filter((word) => word.includes('=')),
    `nyah dns weight ${names[0] ?? 'NAME'}`,
  )
  return { names, weights: { octavia, aws } }
}

const usage = (message: string, ...tries: readonly string[]): NyahError =>
  nyahError({ code: 'USAGE', message, exit: EXIT.usage, tries })
