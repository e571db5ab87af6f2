import type { Change } from '../core/change.ts'
import type { Draft, Finding } from '../core/plan.ts'
import type { RecordSet } from '../ports/dns.ts'
import { basisOf, nameChange } from './changes.ts'
import { armedBy, checkSpec, type Armed, type CheckAsked } from './check.ts'
import { sameRecord } from './delta.ts'
import { isAttached, mirrorOf, type AttachWorld, type FloatingIp } from './destinations.ts'
import { dropChecks, planCheck, type PlannedCheck } from './plan-check.ts'
import { TTL, type Entrance, type ObservedName, type SetState, type Walk, type Weights } from './model.ts'
import { nextState } from './plan-weights.ts'
import { ALL_ON_OCTAVIA, rampWalk, walkOn } from './plan-walk.ts'
import { isReachable } from './reach.ts'
import { foundSet, ownedSets, shareText, TYPES, weightsIn, type FoundSet, type OwnedSet, type SetType } from './set.ts'
import { standsIn } from './standing.ts'
import { stateRecord } from './state.ts'

export interface AttachArguments {
  readonly octaviaAddress: string | null
  /** Null: none. */
  readonly check: CheckAsked | null
  /** Percent of users on AWS, step by step; null: the whole share at once. */
  readonly ramp: readonly number[] | null
  readonly everySeconds: number
  readonly adopt: boolean
  readonly steady: Weights
  /** Octavia UUID of the mirror: of all names, or by name. */
  readonly mirror: string | Readonly<Record<string, string>>
  /** What is attached to its mirror already stays as it is, but for its walk: whoever attached it may have asked for more. */
  readonly keep?: boolean
  /** By name, fingerprint (`basisOf`) of what was agreed to; what is otherwise by now is refused. Absent: nothing was shown before. */
  readonly asSeen?: Readonly<Record<string, string>>
}

/** Names become weighted sets of two sides; those that are get what differs, and their next step when it is due. Pure. */
export function planAttach(world: AttachWorld, args: AttachArguments): Draft {
  const drafts = world.names.map((seen) => attachName(seen, world, args))
  return {
    scopes: world.names.map(({ name }) => name),
    names: {},
    basis: Object.fromEntries(world.names.map((seen) => [seen.name, basisOf(seen)])),
    changes: drafts.flatMap(({ changes }) => changes),
    findings: drafts.flatMap(({ findings }) => findings),
  }
}

interface NameDraft {
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
}

const only = (finding: Finding): NameDraft => ({ changes: [], findings: [finding] })

function attachName(seen: ObservedName, world: AttachWorld, args: AttachArguments): NameDraft {
  const { name } = seen
  const id = mirrorOf(args, name)
  const destination = world.destinations[id]
  const floatingIp = world.floatingIps[id] ?? null
  if (destination === undefined)
    return only(
      refusal(seen, 'DNS_MIRROR_MISSING', 'it has no NLB that is nyah’s', 'nyah lb mirror, then attach the name'),
    )
  const { entrance, ports } = destination
  if (args.keep === true && isAttached(seen, entrance)) return { changes: walkOn(seen, world), findings: [] }
  if (args.asSeen !== undefined && args.asSeen[name] !== basisOf(seen))
    return only(
      refusal(
        seen,
        'DNS_CHANGED_SINCE',
        'its records were changed by somebody else after this was agreed to',
        'run the command again: it shows what is there now',
      ),
    )
  const type = typeOf(seen, args.octaviaAddress)
  if (type === 'AAAA' && entrance.ipAddressType !== 'dualstack')
    return only(
      refusal(
        seen,
        'DNS_NO_IPV6',
        `${entrance.name} has no IPv6 addresses`,
        'give an IPv4 address, or make the NLB dualstack',
      ),
    )
  const set = foundSet(seen, type)
  const owned = ownedSets(seen).find((one) => one.type === type)
  const judged = owned === undefined ? standsIn(seen, set, { ...args, floatingIp }) : null
  if (judged !== null && 'finding' in judged) return only(judged.finding)
  const octavia = owned?.members.octavia ?? null
  const address = args.octaviaAddress ?? octavia?.values[0] ?? judged?.address ?? ''
  const spec = args.check === null || !isReachable(address) ? null : checkSpec(args.check, name, address, ports)
  const armed = armedBy(octavia?.healthCheckId ?? null, seen.checks)
  const check = planCheck(seen, type, spec, armed === null ? (octavia?.healthCheckId ?? null) : armed.own)
  // An armed name stays armed, as long as the check that its switch is counted with stays.
  const kept = armed !== null && check.id === armed.own ? armed.id : check.id
  const members = membersOf(seen, type, address, kept, entrance)
  const notes = [
    ...floating(seen, address, floatingIp),
    ...unreachable(seen, address, args),
    ...others(seen, type, entrance),
    ...oldTtl(seen, set, owned),
    ...disarmed(seen, armed, kept),
  ]
  const change =
    owned === undefined
      ? firstChange(seen, set, members, judged?.formerly ?? null, check, args)
      : laterChange(seen, owned, members, check)
  // The records are as they should be: what is left is the walk.
  const steps = change === null ? walkOn(seen, world) : []
  const drops = dropChecks(
    seen,
    new Set([check.id, kept].flatMap((id) => (typeof id === 'string' ? [id] : []))),
    change,
  )
  return { changes: [...check.changes, ...(change === null ? [] : [change]), ...steps, ...drops], findings: notes }
}

/** The kind of addresses that are asked for, else what stands there. */
function typeOf(seen: ObservedName, address: string | null): SetType {
  if (address !== null) return address.includes(':') ? 'AAAA' : 'A'
  return TYPES.find((type) => foundSet(seen, type).records.length > 0) ?? 'A'
}

type Members = Readonly<Record<'octavia' | 'aws', Omit<RecordSet, 'weight'>>>

const membersOf = (
  { name }: ObservedName,
  type: SetType,
  address: string,
  healthCheckId: string | null,
  { dnsName, zoneId }: Entrance,
): Members => {
  const both = { name, type, otherRouting: null }
  return {
    octavia: { ...both, setIdentifier: 'octavia', ttl: TTL, values: [address], alias: null, healthCheckId },
    aws: {
      ...both,
      setIdentifier: 'aws',
      ttl: null,
      values: [],
      alias: { zoneId, dnsName, evaluateTargetHealth: true },
      healthCheckId: null,
    },
  }
}

const weighted = ({ octavia, aws }: Members, weights: Weights): readonly RecordSet[] => [
  { ...octavia, weight: weights.octavia },
  { ...aws, weight: weights.aws },
]

function firstChange(
  seen: ObservedName,
  set: FoundSet,
  members: Members,
  formerly: SetState['formerly'],
  check: PlannedCheck,
  { ramp, steady, everySeconds }: AttachArguments,
): Change {
  const walk: Walk | null = ramp === null ? null : rampWalk(ramp, steady, everySeconds)
  const weights = walk === null ? steady : ALL_ON_OCTAVIA
  const state: SetState = {
    epoch: 1,
    steady,
    at: '',
    by: '',
    why: '',
    run: '',
    formerly,
    walk,
    until: null,
    drill: false,
    proven: null,
  }
  const stranger = set.owner.kind === 'nobody' ? [] : [set.owner.record]
  return nameChange(
    seen,
    'create',
    {
      before: [...set.records, ...stranger],
      after: [...weighted(members, weights), stateRecord(seen.name, set.type, seen.zone.name, state)],
    },
    {
      reason: `split between two sides: ${shareText(weights)}${walk === null ? '' : `, then by steps to ${shareText(steady)}`}`,
      needs: check.changes.map(({ id }) => id),
    },
  )
}

/** What differs in records that are nyah's; weights stay. Null: nothing. */
function laterChange(seen: ObservedName, owned: OwnedSet, members: Members, check: PlannedCheck): Change | null {
  const strangers = owned.records.filter(({ setIdentifier: id }) => id !== 'octavia' && id !== 'aws')
  const wanted = [...weighted(members, weightsIn(owned)), ...strangers]
  if (
    owned.records.length === wanted.length &&
    wanted.every((record) => owned.records.some((one) => sameRecord(one, record)))
  )
    return null
  const { steady, walk, until, drill } = owned.state
  const state = nextState(owned.state, { steady, drill, ...(walk && { walk }), ...(until !== null && { until }) })
  return nameChange(
    seen,
    'update',
    {
      before: [...owned.records, owned.stateRecord],
      after: [...wanted, stateRecord(seen.name, owned.type, seen.zone.name, state)],
    },
    { reason: 'its records are not what they should be', needs: check.changes.map(({ id }) => id) },
  )
}

const refusal = ({ name }: ObservedName, code: string, evidence: string, remedy: string): Finding => ({
  code,
  severity: 'refuse',
  scope: name,
  subject: name,
  evidence,
  remedy,
  allowable: false,
})

/** What Neutron knows of Octavia's address, where it is used or would help. */
function floating(seen: ObservedName, address: string, floatingIp: FloatingIp | null): readonly Finding[] {
  const known = floatingIp?.address ?? null
  if (known === null || (known !== address && isReachable(address))) return []
  const finding = refusal(
    seen,
    'DNS_FLOATING_IP',
    `${known} is the floating IP of the load balancer's VIP${known === address ? ": it becomes Octavia's address" : ''}`,
    known === address
      ? 'users reach it by another: nyah dns attach with --octavia-address'
      : `--octavia-address ${known}`,
  )
  return [{ ...finding, severity: 'info' }]
}

function unreachable(seen: ObservedName, address: string, { check }: AttachArguments): readonly Finding[] {
  if (check === null || isReachable(address)) return []
  return [
    {
      ...refusal(
        seen,
        'DNS_CHECK_UNREACHABLE',
        `${address} is no address of the internet, where Route 53's checkers are: nothing would notice its death`,
        '--check none; to have it checked, Route 53 needs an alarm of CloudWatch that something inside feeds, which nyah does not make',
      ),
      allowable: true,
    },
  ]
}

/** Records of the other kind of addresses go on answering as they are. */
function others(seen: ObservedName, type: SetType, { name }: Entrance): readonly Finding[] {
  const other = type === 'A' ? 'AAAA' : 'A'
  const { records, owner } = foundSet(seen, other)
  if (records.length === 0 || owner.kind === 'nyah') return []
  return [
    {
      ...refusal(
        seen,
        'DNS_OTHER_FAMILY',
        `${other} records stand there too, and are not split: users with such addresses are never sent to ${name}`,
        `--octavia-address with an ${other === 'A' ? 'IPv4' : 'IPv6'} address attaches them`,
      ),
      severity: 'warn',
    },
  ]
}

/** A new health check of Octavia's address is not counted with the switch. */
const disarmed = (seen: ObservedName, armed: Armed | null, kept: string | null): readonly Finding[] =>
  armed === null || kept === armed.id
    ? []
    : [
        {
          ...refusal(
            seen,
            'DNS_DISARMED',
            `Octavia's record gets another health check, so the switch ${armed.place} no longer moves its users`,
            'afterwards: nyah failover arm --all',
          ),
          severity: 'warn',
        },
      ]

function oldTtl(seen: ObservedName, { records }: FoundSet, owned: OwnedSet | undefined): readonly Finding[] {
  const ttl = Math.max(0, ...records.map((one) => one.ttl ?? 0))
  if (owned !== undefined || ttl <= TTL) return []
  return [
    {
      ...refusal(
        seen,
        'DNS_OLD_TTL',
        `resolvers may keep the old answer for ${ttl} s: until then not all users follow`,
        `wait ${ttl} s before you count on the split`,
      ),
      severity: 'info',
    },
  ]
}
