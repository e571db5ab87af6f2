import type { Change } from '../core/change.ts'
import type { JsonObject } from '../core/json.ts'
import type { Draft, Finding } from '../core/plan.ts'
import { findSwitch, placeText, planArmed, SWITCH_CHECK, SWITCH_SECONDS, switchCheck } from '../dns/plan-armed.ts'
import type { ObservedName, Weights } from '../dns/model.ts'
import type { SwitchPlace } from '../ports/switch.ts'
import type { FailoverWorld, To, Way } from './model.ts'

/** Type of a change that writes or deletes the switch's object. */
export const SWITCH = 'switch'

/** The scope of a switch: it fails by itself. */
export const switchScope = (place: SwitchPlace): string => placeText(place)

/** Writes or deletes the object, unless it is so. */
export function wayChange({ place, names, engaged }: Way, wanted: boolean): readonly Change[] {
  if (engaged === wanted) return []
  const scope = switchScope(place)
  const verb = wanted ? 'engage' : 'disengage'
  const some = `${names.length} ${names.length === 1 ? 'name' : 'names'}`
  const count = names.length === 0 ? 'the names that follow it' : some
  return [
    {
      id: `${scope}/${SWITCH}/${verb}`,
      scope,
      ref: { type: SWITCH, id: null, name: scope },
      kind: 'shift',
      before: { engaged },
      after: { engaged: wanted, place: { ...place } },
      needs: [],
      reason: wanted
        ? `engaged: the users of ${count} leave Octavia within ${SWITCH_SECONDS} s, also while Route 53's API is down`
        : `disengaged: the weights of ${count} decide again`,
      risk: 'changes',
    },
  ]
}

/** A plan, and what is done with the other ways beside it. */
export function withWays(draft: Draft, ways: readonly Way[], wanted: boolean): Draft {
  const due = ways.filter(({ covered }) => covered)
  const changes = due.flatMap((way) => wayChange(way, wanted))
  const scopes = changes.map(({ scope }) => scope)
  return {
    ...draft,
    scopes: [...draft.scopes, ...scopes],
    names: { ...draft.names, ...Object.fromEntries(scopes.map((scope) => [scope, 'the switch'])) },
    changes: [...draft.changes, ...changes],
  }
}

/** Is the switch to do what the records are to do? Everybody or nobody: it knows no shares. */
export const wayFor = ({ side, percent }: To): boolean | null => (percent === 100 ? side === 'aws' : null)

/** What has to be known of a switch that is not touched, or not for these names alone. Pure. */
export const wayFindings =
  (wanted: boolean | null) =>
  (_: Draft, { ways, names }: FailoverWorld): readonly Finding[] =>
    ways.flatMap((way): readonly Finding[] => {
      const about = { scope: names[0]?.name ?? switchScope(way.place), subject: placeText(way.place), allowable: false }
      if (names.length === 0)
        return [
          {
            ...about,
            code: 'SWITCH_ALONE',
            severity: 'hold',
            evidence:
              'Route 53 did not answer and there is no card: only the switch is engaged, and the records stay as they are',
            remedy: 'once Route 53 answers, the same command again; then nyah failover arm --all',
            holds: [],
          },
        ]
      if (way.engaged === true && wanted !== true && (!way.covered || wanted === null))
        return [
          {
            ...about,
            code: 'SWITCH_STAYS',
            severity: 'warn',
            evidence:
              'the switch is engaged and stays so, since other names follow it: whatever the weights say, the users of all of them are on AWS',
            remedy: 'nyah failover end --all',
          },
        ]
      if (wanted === true && !way.covered)
        return [
          {
            ...about,
            code: 'SWITCH_MOVES_ALL',
            severity: 'info',
            evidence: 'the switch is left alone: it moves every name that follows it, and not only these',
            remedy: 'nyah failover to-aws --all',
          },
        ]
      return []
    })

/** Names that begin to follow an engaged switch would be moved by it, and those that leave one. Pure. */
export const notWhileEngaged =
  (place: SwitchPlace | null) =>
  ({ changes, scopes }: Draft, { ways }: FailoverWorld): readonly Finding[] => {
    const engaged = ways.find((way) => way.engaged === true)
    const wanted = place === null ? null : placeText(place)
    const unknown = ways.find((way) => way.engaged === null && placeText(way.place) !== wanted)
    const way = engaged ?? unknown
    if (way === undefined || changes.length === 0) return []
    const isLeft = placeText(way.place) !== wanted
    return scopes.map((scope) => ({
      code: 'SWITCH_ENGAGED',
      severity: 'refuse',
      scope,
      subject: placeText(way.place),
      evidence: `${engaged === undefined ? 'whether the switch is engaged is not known, and if it is,' : 'the switch is engaged:'} names that ${isLeft ? 'leave it now are moved back to Octavia' : 'begin to follow it now are moved to AWS'}`,
      remedy: 'nyah failover end --all',
      // A bucket that is gone never says any more.
      allowable: engaged === undefined,
    }))
  }

/** A switch goes with its names: what refuses one of them, or lets it wait, does so with it, and is overruled with it. Pure. */
export const withheld =
  (guard: (draft: Draft, world: FailoverWorld) => readonly Finding[]) =>
  (draft: Draft, world: FailoverWorld): readonly Finding[] =>
    world.ways.flatMap((way) => {
      const scope = switchScope(way.place)
      const its = draft.changes.filter((change) => change.scope === scope)
      if (its.length === 0) return []
      const holds = its.map(({ id }) => id)
      const reasons = guard(draft, world).filter(
        (one) =>
          (one.severity === 'refuse' || one.passes === true) &&
          (way.names.length === 0 || way.names.includes(one.scope)),
      )
      const codes = [...new Set(reasons.map(({ code }) => code))]
      return codes.flatMap((code) => {
        const first = reasons.find((one) => one.code === code)
        if (first === undefined) return []
        const { subject, evidence } = first
        const kept = first.holds === undefined ? {} : { holds }
        return [{ ...first, ...kept, scope, subject: 'the switch', evidence: `${subject}: ${evidence}` }]
      })
    })

/** Where the users of a name go now, as long as its sides serve: an engaged switch counts more than weights. Pure. */
export const reallyNow = (name: string, now: Weights, ways: readonly Way[]): Weights =>
  ways.some(({ engaged, names }) => engaged === true && names.includes(name)) ? { octavia: 0, aws: 100 } : now

/** Names whose switch this plan disengages. Pure. */
export const letGo = ({ changes }: Draft, ways: readonly Way[]): ReadonlySet<string> =>
  new Set(
    ways.flatMap(({ place, names }) =>
      changes.some(({ id }) => id === `${switchScope(place)}/${SWITCH}/disengage`) ? names : [],
    ),
  )

/** What makes names follow a switch: its health check, a proof that it is seen, and a check of each name's own. Pure. */
export function armChanges(
  names: readonly ObservedName[],
  place: SwitchPlace,
  account: string,
): { readonly changes: readonly Change[]; readonly scopes: readonly string[] } {
  const found = findSwitch(names, place)
  const changes = names.flatMap((seen) => planArmed(seen, place, found?.used === true ? found.id : null))
  if (found?.used === true || changes.length === 0) return { changes, scopes: [] }
  const scope = switchScope(place)
  const { reference, spec } = switchCheck(account, place)
  const create: Change = {
    id: `${scope}/health-check/create`,
    scope,
    ref: { type: 'health-check', id: null, name: scope },
    kind: 'create',
    before: null,
    after: { reference, spec: spec as unknown as JsonObject },
    needs: [],
    reason: 'Route 53 is to look whether the switch is engaged',
    risk: 'none',
  }
  const proof: Change = {
    id: `${scope}/${SWITCH}/prove`,
    scope,
    ref: { type: SWITCH, id: null, name: scope },
    kind: 'wait',
    before: null,
    after: { place: { ...place }, check: found?.id ?? SWITCH_CHECK },
    needs: found === null ? [create.id] : [],
    reason: 'proved before any name follows it: written, seen by Route 53’s checkers, deleted, and seen to be gone',
    risk: 'none',
  }
  return { changes: [...(found === null ? [create] : []), proof, ...changes], scopes: [scope] }
}
