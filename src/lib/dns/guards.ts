import type { Change } from '../core/change.ts'
import type { Draft, Finding } from '../core/plan.ts'
import type { Guard } from '../engine/operation.ts'
import type { RecordSet } from '../ports/dns.ts'
import { WEIGHTED_SET } from './changes.ts'
import { standings } from './delta.ts'
import { healthOf } from './health.ts'
import type { NamesWorld, ObservedName, Side } from './model.ts'
import { isReachable } from './reach.ts'
import { foundSet, ownedSets, sameWeights, TYPES, weightsIn } from './set.ts'

type NamesGuard = Guard<NamesWorld>

const SIDES = ['octavia', 'aws'] as const

type Said = Pick<Finding, 'code' | 'severity' | 'evidence' | 'remedy'> & { readonly allowable?: boolean }

/** Judges each change of a name beside what was observed of it. */
const each =
  (judge: (change: Change, seen: ObservedName) => readonly Said[]): NamesGuard =>
  (draft, { names }) =>
    setChanges(draft).flatMap((change) => {
      const seen = names.find(({ name }) => name === change.scope)
      return seen === undefined
        ? []
        : judge(change, seen).map((said) => ({ allowable: false, scope: change.scope, subject: change.scope, ...said }))
    })

const setChanges = ({ changes }: Pick<Draft, 'changes'>): readonly Change[] =>
  changes.filter(({ ref }) => ref.type === WEIGHTED_SET)

/** Never a total of zero: Route 53 would answer with all members alike. Never a name without an answer. */
export const totalNeverZero = each((change) => {
  const { before, after } = standings(change)
  return TYPES.flatMap((type): readonly Said[] => {
    const [old, next] = [before, after].map(({ records }) => records.filter((one) => one.type === type))
    if (old === undefined || next === undefined) return []
    const zero = {
      code: 'DNS_TOTAL_ZERO',
      severity: 'refuse' as const,
      remedy: `nyah dns weight ${change.scope} octavia=90 aws=10`,
    }
    if (old.length > 0 && next.length === 0) return [{ ...zero, evidence: `no ${type} record would be left` }]
    const split = next.filter(({ weight }) => weight !== null)
    const total = split.reduce((sum, { weight }) => sum + (weight ?? 0), 0)
    return split.length > 0 && total === 0
      ? [{ ...zero, evidence: `the total of its ${type} weights would be 0: Route 53 then answers with all alike` }]
      : []
  })
})

/** Nobody is sent to a side that is known to be dead; a step of a walk needs one that is proven. */
export const sidesServe = each((change, seen) => {
  const { before, after } = standings(change)
  const [old] = ownedSets({ name: seen.name, records: before.records })
  const [next] = ownedSets({ name: seen.name, records: after.records })
  const walk = old?.state.walk ?? next?.state.walk ?? null
  // The way back is taken because a side is ill: it does not wait for the other one to be proven.
  const isStep = walk !== null && !(next !== undefined && sameWeights(weightsIn(next), walk.from))
  return TYPES.flatMap((type) =>
    SIDES.flatMap((side): readonly Said[] => {
      const [was, will] = [shareIn(before.records, type, side), shareIn(after.records, type, side)]
      const record = memberOf(after.records, type, side)
      if (record === undefined || will <= was) return []
      const { health, detail } = healthOf(record, seen)
      if (health === 'healthy') return []
      const known = health === 'unhealthy'
      const evidence = `${side} is ${known ? 'unhealthy' : 'not known to be healthy'} (${detail}), and would have ${Math.round(will)} % of ${type}`
      if (known && will === 100)
        return [
          {
            code: 'DNS_SIDE_UNHEALTHY',
            severity: 'refuse',
            allowable: true,
            evidence,
            remedy: `nyah dns show ${change.scope}`,
          },
        ]
      if (isStep && change.kind === 'shift')
        return [
          {
            code: 'DNS_STEP_HELD',
            severity: 'hold',
            allowable: true,
            evidence,
            remedy: `once it is healthy, run the same command again; nyah dns show ${change.scope}`,
          },
        ]
      return [
        {
          code: known ? 'DNS_SIDE_AILING' : 'DNS_SIDE_UNKNOWN',
          severity: 'warn',
          evidence,
          remedy: `nyah dns show ${change.scope}`,
        },
      ]
    }),
  )
})

const memberOf = (records: readonly RecordSet[], type: string, side: Side): RecordSet | undefined =>
  records.find((one) => one.type === type && one.setIdentifier === side)

/** Percent; a simple record has everybody, and before nyah that was Octavia. */
function shareIn(records: readonly RecordSet[], type: string, side: Side): number {
  const its = records.filter((one) => one.type === type)
  if (its.some(({ weight }) => weight === null)) return side === 'octavia' ? 100 : 0
  const total = its.reduce((sum, { weight }) => sum + (weight ?? 0), 0)
  const own = its.filter(({ setIdentifier }) => setIdentifier === side).reduce((sum, one) => sum + (one.weight ?? 0), 0)
  return total === 0 ? 0 : (100 * own) / total
}

/** Nobody on the internet reaches a private address, and everybody may read it. */
export const noPrivateInPublic = each((change, seen) => {
  if (seen.zone.private || (change.kind !== 'create' && change.kind !== 'update')) return []
  const records = standings(change).after.records.filter(({ setIdentifier }) => setIdentifier !== null)
  const hidden = records.flatMap(({ values }) => values).filter((value) => !isReachable(value))
  const internal = records.flatMap(({ alias }) => {
    const entrance = alias === null ? undefined : seen.entrances[alias.dnsName]
    return entrance?.scheme === 'internal' ? [`${entrance.name} (an internal NLB)`] : []
  })
  return [...hidden, ...internal].map((what) => ({
    code: 'DNS_PRIVATE_ADDRESS',
    severity: 'refuse',
    allowable: true,
    evidence: `${what} is not reachable from the internet, and ${seen.zone.name} is a public zone`,
    remedy:
      '--octavia-address with the address that users reach (a floating IP) and an internet-facing NLB, or a private zone',
  }))
})

/** Route 53 refuses every change of what is protected. */
export const unprotected = each((change, seen) =>
  (seen.protections ?? [])
    .filter(({ name, type }) => standings(change).before.records.some((one) => one.name === name && one.type === type))
    .map(({ type }) => ({
      code: 'DNS_PROTECTED',
      severity: 'refuse',
      evidence: `its ${type} record has a record set protection: Route 53 refuses every change of it`,
      remedy: 'delete the protection in Route 53',
    })),
)

/** Weights are changed of sets that are nyah's, whole. */
export const ownedWhole: NamesGuard = (_, { names }) =>
  names.flatMap((seen): readonly Finding[] => {
    const owned = ownedSets(seen)
    const about = { scope: seen.name, subject: seen.name, severity: 'refuse' as const, allowable: false }
    const stranger = readable(seen)
    if (stranger.length > 0) return stranger
    if (owned.length === 0)
      return [
        {
          ...about,
          code: 'DNS_NOT_OWNED',
          evidence: 'it is not attached: nyah has no state there',
          remedy: `nyah dns attach ${seen.name} --mirror NAME`,
        },
      ]
    return owned.flatMap(({ type, members }) =>
      SIDES.filter((side) => members[side] === null).map((side) => ({
        ...about,
        code: 'DNS_SIDE_MISSING',
        evidence: `the ${type} record ${side} is gone: somebody deleted it`,
        remedy: `nyah dns attach ${seen.name} --mirror NAME`,
      })),
    )
  })

/** What is detached already stays as it is; what is somebody else's too. */
export const detachable: NamesGuard = (_, { names }) =>
  names.flatMap((seen): readonly Finding[] => {
    const stranger = readable(seen)
    return stranger.length > 0 || ownedSets(seen).length > 0
      ? stranger
      : [
          {
            code: 'DNS_NOT_ATTACHED',
            severity: 'info',
            scope: seen.name,
            subject: seen.name,
            evidence: 'nyah has no state there: its records stay as they are',
            remedy: '',
            allowable: false,
          },
        ]
  })

function readable(seen: ObservedName): readonly Finding[] {
  return TYPES.flatMap((type): readonly Finding[] => {
    const { owner } = foundSet(seen, type)
    const about = { scope: seen.name, subject: `${seen.name} ${type}`, severity: 'refuse' as const, allowable: false }
    if (owner.kind === 'unreadable')
      return [
        {
          ...about,
          code: 'DNS_NEWER_NYAH',
          evidence: `its state cannot be read: ${owner.why}`,
          remedy: 'use the newer nyah',
        },
      ]
    if (owner.kind === 'external-dns' && ownedSets(seen).length === 0)
      return [
        {
          ...about,
          code: 'DNS_NOT_OWNED',
          evidence: `ExternalDNS (owner ${owner.owner}) owns it`,
          remedy: 'take the name out of ExternalDNS first',
        },
      ]
    return []
  })
}

/** A record that ExternalDNS keeps would be put back by it. */
export const notExternal: NamesGuard = (draft, { names }) =>
  names
    .filter(({ name }) => setChanges(draft).some(({ scope }) => scope === name))
    .flatMap((seen) => readable(seen).map((one) => ({ ...one, allowable: one.code === 'DNS_NOT_OWNED' })))

/** Of every change of names. */
export const NAME_GUARDS: readonly NamesGuard[] = [totalNeverZero, sidesServe, noPrivateInPublic, unprotected]
