import type { RecordSet } from '../ports/dns.ts'
import { answerShares, isLastResort } from './answers.ts'
import { countsAsHealthy, healthOf, type MemberHealth } from './health.ts'
import type { ObservedName, Owner, Proven, Side, Walk, Weights } from './model.ts'
import { ownerOf } from './state.ts'

/** One record of a name, as people think of it. */
export interface ShownMember {
  /** Set identifier; null: a simple record. */
  readonly id: string | null
  readonly side: Side | null
  /** Addresses, or the load balancer's DNS name. */
  readonly pointsTo: readonly string[]
  /** Name of the NLB, where it is known. */
  readonly entrance: string | null
  readonly weight: number | null
  /** Percent that the weights mean to give it. */
  readonly share: number
  /** Percent of answers it has now, health considered. */
  readonly now: number
  readonly ttl: number | null
  readonly healthCheckId: string | null
  readonly health: MemberHealth
}

/** What happens if one member died this moment. */
export interface Death {
  /** Which dies. */
  readonly id: string
  /** Would Route 53 notice? */
  readonly noticed: boolean
  /** Until the last resolver has forgotten it; null: never, or not known. */
  readonly outInSeconds: number | null
  /** Percent of answers by member once noticed. */
  readonly shares: Readonly<Record<string, number>>
  /** Percent of answers that still point to something dead or known to be unhealthy. */
  readonly lost: number
  /** No record is healthy then: Route 53 treats all as healthy. */
  readonly allUnhealthy: boolean
}

export interface ShownOwner {
  readonly kind: Owner['kind']
  /** ExternalDNS's owner id, or why it cannot be read. */
  readonly detail: string | null
  readonly steady: Weights | null
  readonly epoch: number | null
  readonly at: string | null
  readonly by: string | null
  readonly why: string | null
  readonly run: string | null
  readonly walk: Walk | null
  readonly until: string | null
  readonly drill: boolean
  readonly proven: Proven | null
}

/** One name and type. */
export interface ShownSet {
  readonly name: string
  readonly type: string
  readonly zone: { readonly id: string; readonly name: string; readonly private: boolean }
  readonly routing: 'simple' | 'weighted' | 'other'
  readonly members: readonly ShownMember[]
  readonly owner: ShownOwner
  readonly deaths: readonly Death[]
  /** ISO 8601, UTC: when it was read. */
  readonly at: string
  readonly from: 'zone' | 'card'
  /** Is its share away from the steady weights? Null: they are not known. */
  readonly away: boolean | null
  readonly isProtected: boolean | null
  /** What could not be read, in words. */
  readonly unread: readonly string[]
}

const ADDRESS_TYPES = ['A', 'AAAA', 'CNAME'] as const

/** The sets of one name, as people think of them. */
export function viewSets(seen: ObservedName): readonly ShownSet[] {
  return ADDRESS_TYPES.flatMap((type) => {
    const records = seen.records.filter((one) => one.name === seen.name && one.type === type)
    return records.length === 0 ? [] : [viewSet(seen, type, records)]
  })
}

function viewSet(seen: ObservedName, type: string, records: readonly RecordSet[]): ShownSet {
  const owner = shownOwner(ownerOf(seen.records, seen.name, type))
  const members = viewMembers(records, seen)
  const other = records.some(({ otherRouting }) => otherRouting !== null)
  const routing = other ? 'other' : records.some(({ weight }) => weight !== null) ? 'weighted' : 'simple'
  return {
    name: seen.name,
    type,
    zone: seen.zone,
    routing,
    members,
    owner,
    deaths: routing === 'other' ? [] : members.flatMap((member) => deathOf(member, members)),
    at: seen.origin.from === 'card' ? seen.origin.at : new Date(seen.at).toISOString(),
    from: seen.origin.from,
    away: owner.steady === null ? null : isAway(members, owner.steady),
    isProtected:
      seen.protections === null ? null : seen.protections.some((one) => one.name === seen.name && one.type === type),
    unread: seen.unread,
  }
}

function viewMembers(records: readonly RecordSet[], seen: ObservedName): readonly ShownMember[] {
  const healths = records.map((record) => healthOf(record, seen))
  const weights = records.map(({ weight }) => weight ?? 1)
  const meant = answerShares(weights.map((weight) => ({ weight, healthy: true })))
  const now = answerShares(
    healths.map((health, index) => ({ weight: weights[index] ?? 0, healthy: countsAsHealthy(health) })),
  )
  return records.map((record, index) => ({
    id: record.setIdentifier,
    side: sideOf(record),
    pointsTo: record.alias === null ? record.values : [record.alias.dnsName],
    entrance: record.alias === null ? null : (seen.entrances[record.alias.dnsName]?.name ?? null),
    weight: record.weight,
    share: meant[index] ?? 0,
    now: now[index] ?? 0,
    ttl: record.ttl,
    healthCheckId: record.healthCheckId,
    health: healths[index] ?? healthOf(record, seen),
  }))
}

const sideOf = ({ setIdentifier }: RecordSet): Side | null =>
  setIdentifier === 'octavia' || setIdentifier === 'aws' ? setIdentifier : null

/** What a death of this member does, for each that users are sent to, or could be. */
function deathOf(member: ShownMember, members: readonly ShownMember[]): readonly Death[] {
  const noticed = member.health.watched
  const candidates = members.map((one) => ({
    weight: one.weight ?? 1,
    healthy: one === member ? !noticed : countsAsHealthy(one.health),
  }))
  const shares = answerShares(candidates)
  const dead = (one: ShownMember): boolean => one === member || one.health.health === 'unhealthy'
  return [
    {
      id: nameOf(member),
      noticed,
      outInSeconds: member.health.outInSeconds,
      shares: Object.fromEntries(members.map((one, index) => [nameOf(one), shares[index] ?? 0])),
      lost: members.reduce((sum, one, index) => sum + (dead(one) ? (shares[index] ?? 0) : 0), 0),
      allUnhealthy: isLastResort(candidates),
    },
  ]
}

export const nameOf = ({ id, pointsTo }: Pick<ShownMember, 'id' | 'pointsTo'>): string => id ?? pointsTo.join(', ')

function isAway(members: readonly ShownMember[], steady: Weights): boolean {
  const total = steady.octavia + steady.aws
  return members.some(
    ({ side, share }) => side !== null && total > 0 && Math.abs(share - (100 * steady[side]) / total) > 1e-6,
  )
}

const NOBODY = {
  steady: null,
  epoch: null,
  at: null,
  by: null,
  why: null,
  run: null,
  walk: null,
  until: null,
  drill: false,
  proven: null,
}

function shownOwner(owner: Owner): ShownOwner {
  if (owner.kind === 'nyah') {
    const { steady, epoch, at, by, why, run, walk, until, drill, proven } = owner.state
    // Nobody has said yet who it was, or when, where these are empty.
    return {
      kind: 'nyah',
      detail: null,
      steady,
      epoch,
      at: at || null,
      by: by || null,
      why: why || null,
      run: run || null,
      walk,
      until,
      drill,
      proven,
    }
  }
  const detail = owner.kind === 'external-dns' ? owner.owner : owner.kind === 'unreadable' ? owner.why : null
  return { kind: owner.kind, detail, ...NOBODY }
}
