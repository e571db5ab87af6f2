import { token, type Change } from '../core/change.ts'
import type { RecordSet } from '../ports/dns.ts'
import type { SwitchPlace } from '../ports/switch.ts'
import type { Check } from '../ports/health-checks.ts'
import { nameChange, WEIGHTED_SET } from './changes.ts'
import {
  type Armed,
  armedBy,
  armedSpec,
  CHECK_TAG,
  compareCheck,
  isOwnCheck,
  placeIn,
  placeText,
  SWITCH_SECONDS,
  switchSpec,
} from './check.ts'
import type { ObservedName } from './model.ts'
import { nextState } from './plan-weights.ts'
import { asJson, dropChecks, referenceOf } from './plan-check.ts'
import { ownedSets, type OwnedSet } from './set.ts'
import { stateRecord } from './state.ts'

export { placeText, SWITCH_SECONDS }

/** Stands in a plan for the switch's health check, which other scopes need too; whoever applies puts its id there. */
export const SWITCH_CHECK = 'the switch'

/** A switch, and the names that follow it. */
export interface Follows {
  readonly place: SwitchPlace
  readonly names: readonly string[]
}

/** The switches that these names follow, as far as their health checks are known. Pure. */
export function switchesOf(names: readonly ObservedName[]): readonly Follows[] {
  const found = new Map<string, Follows>()
  for (const seen of names)
    for (const { members } of ownedSets(seen)) {
      const armed = armedBy(members.octavia?.healthCheckId ?? null, seen.checks)
      const check = armed?.switchId == null ? undefined : seen.checks[armed.switchId]
      const place = check === undefined ? null : placeIn(check)
      if (place === null) continue
      const others = found.get(placeText(place))?.names ?? []
      if (!others.includes(seen.name)) found.set(placeText(place), { place, names: [...others, seen.name] })
    }
  return [...found.values()]
}

/** The switch's health check: what it must be, and its reference without the generation. Pure. */
export const switchCheck = (
  account: string,
  place: SwitchPlace,
): { reference: string; spec: ReturnType<typeof switchSpec> } => ({
  reference: referenceOf(account, `${place.region} ${placeText(place)}`, 'switch'),
  spec: switchSpec(place),
})

/** Id of the switch's health check, and whether some name counts on it already; null: there is none. Pure. */
export function findSwitch(
  names: readonly ObservedName[],
  place: SwitchPlace,
): { readonly id: string; readonly used: boolean } | null {
  const checks = names.flatMap((seen) => Object.values(seen.checks))
  const spec = switchSpec(place)
  const found = checks.find(
    (check) =>
      check.tags[CHECK_TAG.managed] === 'true' &&
      check.tags[CHECK_TAG.switch] === placeText(place) &&
      compareCheck(check, spec) === 'same',
  )
  if (found === undefined) return null
  return { id: found.id, used: checks.some(({ children }) => children.includes(found.id)) }
}

/**
 * What makes a name follow the switch: a check that counts the switch and the name's own check becomes the health check of
 * Octavia's records. Nothing where it is so. Pure.
 *
 * @param switchId null: the switch's check is still to be made
 */
export function planArmed(seen: ObservedName, place: SwitchPlace, switchId: string | null): readonly Change[] {
  const sets = ownedSets(seen)
  const planned = sets.map((set) => ({ set, ...armedSet(seen, set, placeText(place), switchId) }))
  const due = planned.filter(({ id, set }) => id !== null && id !== set.members.octavia?.healthCheckId)
  if (due.length === 0) return []
  const changes = due.flatMap(({ change }) => (change === null ? [] : [change]))
  const update = nameChange(
    seen,
    'update',
    {
      before: due.flatMap(({ set }) => [...set.records, set.stateRecord]),
      after: due.flatMap(({ set, id }) => withCheck(seen, set, id)),
    },
    { reason: `Octavia's record follows the switch ${placeText(place)} too`, needs: changes.map(({ id }) => id) },
  )
  return [...changes, update]
}

/**
 * What takes names off switches that are not the one at `place` (null: off every one): Octavia's record gets its own health
 * check back, or the one that `planArmed` makes for the new switch; what nothing counts on any more goes. Pure.
 */
export function planLeft(names: readonly ObservedName[], place: SwitchPlace | null): readonly Change[] {
  const wanted = place === null ? null : placeText(place)
  const leaving = names.flatMap((seen) => {
    const sets = ownedSets(seen).flatMap((set) => {
      const armed = armedBy(set.members.octavia?.healthCheckId ?? null, seen.checks)
      return armed === null || armed.place === wanted ? [] : [{ set, armed }]
    })
    return sets.length === 0 ? [] : [{ seen, sets }]
  })
  const changes = leaving.flatMap(({ seen, sets }) => {
    const away = place === null ? unfollow(seen, sets) : null
    const kept = new Set(sets.flatMap(({ armed: { own } }) => own ?? []))
    // Of a name that changes its switch, the change of `planArmed` is what comes first.
    const after = away ?? { id: `${seen.name}/${WEIGHTED_SET}/${seen.name}/update` }
    const drops = dropChecks(seen, kept, after)
    return [...(away === null ? [] : [away]), ...drops]
  })
  return [...changes, ...lastDrops(leaving, changes)]
}

interface Leaving {
  readonly seen: ObservedName
  readonly sets: readonly { readonly set: OwnedSet; readonly armed: Armed }[]
}

function unfollow(seen: ObservedName, sets: Leaving['sets']): Change {
  const { place } = sets[0]?.armed ?? { place: '' }
  return nameChange(
    seen,
    'update',
    {
      before: sets.flatMap(({ set }) => [...set.records, set.stateRecord]),
      after: sets.flatMap(({ set, armed }) => withCheck(seen, set, armed.own)),
    },
    { reason: `Octavia's record follows the switch ${place} no more: the configuration does not name it` },
  )
}

/** A switch's health check goes after the last one that counts on it, with the last name that leaves. */
function lastDrops(leaving: readonly Leaving[], changes: readonly Change[]): readonly Change[] {
  const going = new Set(changes.flatMap(({ kind, ref }) => (kind === 'delete' ? (ref.id ?? []) : [])))
  const switches = new Set(leaving.flatMap(({ sets }) => sets.flatMap(({ armed }) => armed.switchId ?? [])))
  return [...switches].flatMap((id): readonly Change[] => {
    const all = leaving.flatMap(({ seen }) => Object.values(seen.checks))
    const last = leaving.findLast(({ sets }) => sets.some(({ armed }) => armed.switchId === id))
    const check = last?.seen.checks[id]
    if (last === undefined || check === undefined || going.has(id)) return []
    if (all.some((one) => one.children.includes(id) && !going.has(one.id))) return []
    const { name, zone } = last.seen
    const counting = changes.filter(({ kind, scope, ref }) => kind === 'delete' && scope === name && ref.id !== null)
    return [
      {
        id: `${name}/health-check/${id}/delete`,
        scope: name,
        ref: { type: 'health-check', id, name: placeTextIn(check) },
        kind: 'delete',
        before: { ...asJson(check), zoneId: zone.id },
        after: null,
        needs: counting.map((one) => one.id),
        reason: 'no name follows this switch any more',
        risk: 'removes',
      },
    ]
  })
}

const placeTextIn = ({ tags }: Check): string => tags[CHECK_TAG.switch] ?? 'the switch'

/** Octavia's records with another health check, and the state that says so. */
const withCheck = (seen: ObservedName, set: OwnedSet, id: string | null): readonly RecordSet[] => [
  ...set.records.map((record) => (record.setIdentifier === 'octavia' ? { ...record, healthCheckId: id } : record)),
  stateRecord(seen.name, set.type, seen.zone.name, sameState(set)),
]

/** One change more; all else stays as it is. */
const sameState = ({ state }: OwnedSet): ReturnType<typeof nextState> => {
  const { steady, walk, until, drill } = state
  return nextState(state, { steady, drill, ...(walk && { walk }), ...(until !== null && { until }) })
}

function armedSet(
  seen: ObservedName,
  { type, members: { octavia } }: OwnedSet,
  place: string,
  switchId: string | null,
): { readonly id: string | null; readonly change: Change | null } {
  if (octavia === null) return { id: null, change: null }
  const armed = armedBy(octavia.healthCheckId, seen.checks)
  const own = armed === null ? octavia.healthCheckId : armed.own
  const spec = armedSpec(seen.name, place, [switchId ?? SWITCH_CHECK, ...(own === null ? [] : [own])])
  const there = Object.values(seen.checks).find(
    (check) => isOwnCheck(check, seen.name) && compareCheck(check, spec) === 'same',
  )
  if (there !== undefined) return { id: there.id, change: null }
  const id = `${seen.name}/health-check/${type}-switch/create`
  return {
    id: token(id, 'id') as unknown as string,
    change: {
      id,
      scope: seen.name,
      ref: { type: 'health-check', id: null, name: seen.name },
      kind: 'create',
      before: null,
      after: {
        reference: referenceOf(seen.zone.id, seen.name, `${type} switch ${place} ${own ?? ''}`),
        spec: asJson(spec),
      },
      needs: [],
      reason: `healthy while the switch is not engaged${own === null ? '' : ', and Octavia’s address answers'}`,
      risk: 'none',
    },
  }
}
