import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Allowance, Plan } from '../core/plan.ts'
import type { Selectors } from '../lb/select.ts'
import type { Where } from '../lb/where.ts'

/** Which load balancers a command means. */
export interface Selection {
  /** By whatever the operator has: UUID, name, VIP, NLB name. */
  readonly names: readonly string[]
  readonly selectors?: Selectors
  /** Selectors choose among those that have a mirror only. */
  readonly mirroredOnly?: boolean
}

/** Names that are attached to a mirror once it is healthy, and how. */
export interface Naming {
  readonly hostnames: readonly string[]
  readonly ramp: string | undefined
  readonly every: string
  readonly 'no-ramp': boolean
}

/** What a command wants done. */
export interface Errand extends Selection {
  readonly operation: string
  /** `names` and `selectors` become `arguments.ids`; with neither, `arguments` has them already. */
  readonly arguments: JsonObject
  /** The load balancer whose mirror follows another one now, by whatever the operator has; becomes `arguments.formerId`. */
  readonly former?: string
  /** The load balancer whose mirror names are attached to, by whatever the operator has; becomes `arguments.mirror`. */
  readonly mirror?: string
  /** Set: names are attached to the mirrors afterwards, these and the configuration's; they become `arguments.attach`. */
  readonly naming?: Naming
  /** Of a saved plan or an earlier run; it wins over --context. */
  readonly context?: string
  readonly allowances?: readonly Allowance[]
  readonly saved?: Plan
  /** Id of the run that this one finishes. */
  readonly resumes?: string
  /** Where that run wrote to; finished anywhere else, it would be begun anew. */
  readonly where?: Where
}

/** Values of `selectorFlags`, and the names before them. */
export interface SelectorValues {
  readonly tag: readonly string[] | undefined
  readonly name: readonly string[] | undefined
  readonly all: boolean
}

/** What the words and selector flags of a command mean. Throws USAGE where they mean nothing at all. */
export function selectionOf(
  words: readonly string[] | undefined,
  { tag = [], name = [], all }: SelectorValues,
  mirroredOnly: boolean,
  command: string,
): Selection {
  const names = (words ?? []).filter((word) => word.trim() !== '')
  const selectors = { tags: tag, names: name, all }
  if (all || tag.length > 0 || name.length > 0) return { names, selectors, mirroredOnly }
  if (names.length === 0) throw nothingNamed(command)
  return { names }
}

const nothingNamed = (command: string): NyahError =>
  nyahError({
    code: 'USAGE',
    message: 'no load balancer was named: give UUIDs, names or VIPs, or select with --tag, --name or --all',
    exit: EXIT.usage,
    tries: [`${command} UUID`, `${command} --all`, 'nyah lb list'],
  })

/** Values of `translationFlags` as arguments of a request; what was not given is not in it. */
export const translationOf = (flags: {
  readonly weights: string | undefined
  readonly strict: boolean
  readonly adopt: boolean
}): JsonObject => ({
  ...(flags.weights === undefined ? {} : { weights: flags.weights }),
  ...(flags.strict ? { strict: true } : {}),
  ...(flags.adopt ? { adopt: true } : {}),
})

/** `--address subnet-1a=eipalloc-1 …` as `arguments.addresses`. Throws USAGE; an address belongs to one load balancer. */
export function addressesOf(given: readonly string[] | undefined, { names, selectors }: Selection): JsonObject {
  if (given === undefined || given.length === 0) return {}
  if (names.length !== 1 || selectors !== undefined)
    throw usage('--address is for one load balancer, named on the command line: an address cannot be had twice')
  const addresses = new Map<string, string>()
  for (const pair of given) {
    const [, subnet, address] = /^([^=\s]+)=([^=\s]+)$/.exec(pair) ?? []
    if (subnet === undefined || address === undefined)
      throw usage(
        `--address must be SUBNET=ADDRESS (an Elastic IP's allocation id, or a private IPv4 address), not ${pair}`,
      )
    if (addresses.has(subnet)) throw usage(`--address names ${subnet} twice: an NLB has one address in a subnet`)
    addresses.set(subnet, address)
  }
  return { addresses: Object.fromEntries(addresses) }
}

/** `--hostname NAME …` Throws USAGE; a name belongs to one load balancer, and is attached to what was seen to be healthy. */
export function namingOf(
  flags: Omit<Naming, 'hostnames'> & { readonly hostname: readonly string[] | undefined; readonly 'no-wait': boolean },
  { names, selectors }: Selection,
): Naming {
  const { hostname: hostnames = [], ramp, every } = flags
  const tries = ['nyah lb mirror UUID --hostname shop.example.jp']
  if (hostnames.length > 0 && (names.length !== 1 || selectors !== undefined))
    throw usage(
      '--hostname is for one load balancer, named on the command line; of several, mirrors.UUID.hostnames of the configuration says which names belong to which',
      ...tries,
    )
  if (hostnames.length > 0 && flags['no-wait'])
    throw usage('--hostname attaches names to a mirror that is healthy, and --no-wait does not wait for that', ...tries)
  return { hostnames, ramp, every, 'no-ramp': flags['no-ramp'] }
}

const ADDRESSES = 'nyah lb mirror UUID --address subnet-0a=eipalloc-1 --address subnet-0c=eipalloc-2'

const usage = (message: string, ...tries: readonly string[]): NyahError =>
  nyahError({ code: 'USAGE', message, exit: EXIT.usage, tries: tries.length === 0 ? [ADDRESSES] : tries })
