import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Asked } from '../lb/model.ts'

/** What a request to the `lb` domain asks for. */
export interface LbRequest {
  /** Octavia UUIDs, never empty. */
  readonly ids: readonly [string, ...string[]]
  readonly wait: boolean
  readonly asked: Asked
  /** The operator's own addresses by subnet. */
  readonly addresses: Readonly<Record<string, string>>
}

const KNOWN = ['ids', 'wait', 'weights', 'strict', 'adopt', 'membersOnly', 'addresses'] as const
/** `attach`: arguments of the `dns.attach` that follows. */
const KNOWN_TO_MIRROR = [...KNOWN, 'attach'] as const
const KNOWN_TO_RETARGET = ['ids', 'wait', 'formerId'] as const

/**
 * The arguments of `lb.mirror`, `lb.sync`, `lb.diff` and `lb.retarget`. They may come from a file, so nothing is taken for
 * granted, and what this nyah does not know is no wish to be dropped in silence. Throws REQUEST_INVALID (exit 2).
 */
export function lbArguments({ operation, arguments: args, allowances }: Request): LbRequest {
  const isRetarget = operation === 'lb.retarget'
  const ids = isRetarget
    ? ([oneIdOf(args, KNOWN_TO_RETARGET)] as const)
    : idsOf(args, operation === 'lb.mirror' ? KNOWN_TO_MIRROR : KNOWN)
  const { wait = true, weights = null, strict = false, adopt = false, membersOnly = false, formerId = null } = args
  if (weights !== null && weights !== 'equal' && weights !== 'target-groups')
    throw invalid(`arguments.weights is ${JSON.stringify(weights)}, neither equal nor target-groups`)
  if (isRetarget && !isUuid(formerId)) throw invalid('a retarget needs the former UUID in arguments.formerId')
  return {
    ids,
    wait: flag('wait', wait),
    asked: {
      weights,
      strict: flag('strict', strict),
      adopt: flag('adopt', adopt),
      membersOnly: flag('membersOnly', membersOnly),
      allowed: allowances
        .map(({ code }) => code)
        .filter((code) => /^LB_(?:UNSUPPORTED_|MEMBER_UNROUTABLE$)/.test(code)),
      formerId: isUuid(formerId) ? formerId : null,
    },
    addresses: addressesIn(args, ids),
  }
}

/** The load balancers of a request's arguments, of which no others than `known` may stand there. Throws REQUEST_INVALID. */
function idsOf(args: JsonObject, known: readonly string[]): readonly [string, ...string[]] {
  const { ids } = args
  if (!isList(ids) || !ids.every(isUuid))
    throw invalid('the request has no list of load balancer UUIDs in arguments.ids')
  const [first, ...others] = ids
  if (first === undefined) throw invalid('the list of load balancer UUIDs in arguments.ids is empty')
  const unknown = Object.keys(args).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    throw invalid(`this nyah does not know arguments.${unknown.join(', arguments.')}; it knows ${known.join(', ')}`)
  return [first, ...others]
}

/** The same, of what is for one load balancer at a time. */
export function oneIdOf(args: JsonObject, known: readonly string[]): string {
  const [id, ...others] = idsOf(args, known)
  if (others.length > 0) throw invalid(`arguments.ids has ${others.length + 1} UUIDs; this is for one at a time`)
  return id
}

function addressesIn({ addresses = {} }: JsonObject, ids: readonly string[]): Readonly<Record<string, string>> {
  const entries = isObject(addresses) ? Object.entries(addresses) : null
  if (entries === null || !entries.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    throw invalid('arguments.addresses is no table of addresses by subnet')
  if (entries.length > 0 && ids.length !== 1) throw invalid('arguments.addresses are for one load balancer')
  return Object.fromEntries(entries)
}

function flag(name: string, value: Json): boolean {
  if (typeof value !== 'boolean') throw invalid(`arguments.${name} is ${JSON.stringify(value)}, neither true nor false`)
  return value
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const isUuid = (value: Json): value is string => typeof value === 'string' && UUID.test(value)

const invalid = (message: string): NyahError =>
  nyahError({ code: 'REQUEST_INVALID', message, exit: EXIT.usage, tries: ['make the plan again'] })
