import type { Draft, Finding } from '../core/plan.ts'
import type { ObservedName } from '../dns/model.ts'
import { judgeName, planWeights, sameWeights, shareOf, shareText, walkStops } from '../dns/plan.ts'
import type { Guard } from '../engine/operation.ts'
import { backTo, mayBeMoved, towards } from './guards.ts'
import type { Attended, AttendedWorld, Rto } from './model.ts'
import { draftOf, weightsTo } from './plan.ts'
import { wayFindings } from './ways.ts'

/** Users are sent to a side for a while, by somebody who stays to bring them back; and rehearsals of that. All of it is pure. */

/**
 * Out, and back at the promised time, each name to its own steady weights; a rehearsal that is given up, at once. The promise
 * in a name's state tells that this very move is under way, whichever run began it.
 */
export const planAttended = (world: AttendedWorld, asked: Attended): Draft =>
  draftOf(world.names, (seen) => {
    const { side, percent, until, drill, resumed } = asked
    const [set] = judgeName(seen).sets
    if (set === undefined) return []
    const isOver = world.at >= Date.parse(until)
    if (isOut(seen, asked)) {
      if (!isOver && world.givenUp === null) return []
      const { rto } = world
      if (world.givenUp !== null)
        return planWeights(seen, { weights: set.steady, reason: `back: given up, ${world.givenUp}` })
      const proven =
        drill && rto !== null ? { at: instant(set.changedAt, world.at), side, seconds: rtoSeconds(rto) } : null
      return planWeights(seen, { weights: set.steady, reason: 'back, as promised', ...(proven && { proven }) })
    }
    if (isOver || world.ours.moved.has(seen.name) || (drill && resumed)) return []
    const what = drill ? `rehearsal on ${side}` : `failover to ${side}`
    const reason = `${what} until ${until.slice(11, 19)} UTC, then back to ${shareText(set.steady)}`
    return planWeights(seen, { weights: weightsTo(side, percent), until, drill, reason })
  })

const instant = (changedAt: string, now: number): string =>
  changedAt === '' ? new Date(now).toISOString().replace(/\.\d+Z$/, 'Z') : changedAt

/** From the command until whoever asks a name server is sent elsewhere, in whole seconds. */
export const rtoSeconds = ({ decideMs, changeMs, insyncMs, visibleMs }: Rto): number =>
  Math.round((decideMs + (visibleMs ?? insyncMs ?? changeMs)) / 1000)

/** Is this name where this very move sent it? */
const isOut = (seen: ObservedName, { until }: Attended): boolean =>
  judgeName(seen).sets.some((set) => set.until === until)

/** What must not be done, on the way out and on the way back. */
export const attendedGuards = (asked: Attended): readonly Guard<AttendedWorld>[] => [
  mayBeMoved,
  (draft, world) => towards(asked)(goingOut(draft, world, asked), world),
  (draft, world) => bringingBack(draft, world, asked),
  wayFindings(null),
  walkStops,
  (draft, world) => tooLate(draft, world, asked),
  ...(asked.drill ? drillGuards(asked) : []),
]

const goingOut = (draft: Draft, { names }: AttendedWorld, asked: Attended): Draft =>
  only(draft, (scope) => !names.some((seen) => seen.name === scope && isOut(seen, asked)))

/** Nobody is brought back to a dead side; a rehearsal that is given up waits for no proof that it lives. */
function bringingBack(draft: Draft, world: AttendedWorld, asked: Attended): readonly Finding[] {
  const back = only(draft, (scope) => world.names.some((seen) => seen.name === scope && isOut(seen, asked)))
  const findings = backTo(back, world)
  return world.givenUp === null ? findings : findings.filter(({ code }) => code === 'DNS_SIDE_UNHEALTHY')
}

const only = (draft: Draft, isMeant: (scope: string) => boolean): Draft => ({
  ...draft,
  changes: draft.changes.filter(({ scope }) => isMeant(scope)),
})

/** A plan that was saved for a time that is over. */
function tooLate(_: Draft, { names, at, ours }: AttendedWorld, asked: Attended): readonly Finding[] {
  if (at < Date.parse(asked.until)) return []
  return names
    .filter((seen) => !isOut(seen, asked) && !ours.moved.has(seen.name))
    .map(({ name }) => ({
      code: 'FAILOVER_UNTIL_PASSED',
      severity: 'refuse',
      scope: name,
      subject: name,
      evidence: `users were to be back by ${asked.until}, and it is not among those that are away until then`,
      remedy: `nyah dns show ${name}`,
      allowable: false,
    }))
}

const drillGuards = (asked: Attended): readonly Guard<AttendedWorld>[] => [
  (draft, world) => fit(goingOut(draft, world, asked), world),
  (draft, world) => onANormalDay(goingOut(draft, world, asked), world, asked),
  (draft, world) => ended(draft, world, asked),
]

/** What a rehearsal would be given up on is no beginning. */
const fit = ({ changes }: Draft, { trouble }: AttendedWorld): readonly Finding[] =>
  trouble === null
    ? []
    : changes.map(({ scope }) => ({
        code: 'DRILL_UNFIT',
        severity: 'refuse',
        scope,
        subject: scope,
        evidence: `the rehearsal would be given up at once: ${trouble}`,
        remedy: 'nyah failover status',
        allowable: false,
      }))

/** Nobody rehearses while names are led elsewhere, and a rehearsal moves somebody. */
function onANormalDay({ changes }: Draft, { names }: AttendedWorld, { side, percent }: Attended): readonly Finding[] {
  const going = new Set(changes.map(({ scope }) => scope))
  return names
    .filter(({ name }) => going.has(name))
    .flatMap(({ name, ...seen }) => {
      const [set] = judgeName({ name, ...seen }).sets
      if (set === undefined) return []
      const about = { severity: 'refuse' as const, scope: name, subject: name, allowable: false }
      if (set.walk !== null || set.until !== null || !sameWeights(set.now, set.steady))
        return [
          {
            ...about,
            code: 'DRILL_NOT_STEADY',
            evidence: `its users are led elsewhere now: ${shareText(set.now)}, where ${shareText(set.steady)} is normal`,
            remedy: `nyah failover end ${name}`,
          },
        ]
      if (shareOf(side, weightsTo(side, percent)) > shareOf(side, set.now)) return []
      return [
        {
          ...about,
          code: 'DRILL_MOVES_NOBODY',
          evidence: `${shareText(set.now)} is normal: with --percent ${percent}, nobody more than usual goes to ${side}`,
          remedy: `give a --percent greater than ${Math.ceil(shareOf(side, set.now))}`,
        },
      ]
    })
}

/** It was given up: said at the end, when all are back. */
function ended({ changes }: Draft, { names, givenUp, ours }: AttendedWorld, asked: Attended): readonly Finding[] {
  if (givenUp === null || changes.length > 0) return []
  return names
    .filter((seen) => ours.moved.has(seen.name) && !isOut(seen, asked))
    .map((seen) => ({
      code: 'DRILL_GIVEN_UP',
      severity: 'hold',
      scope: seen.name,
      subject: seen.name,
      evidence: `${givenUp}; its users are back: ${judgeName(seen)
        .sets.map(({ now }) => shareText(now))
        .join(', ')}`,
      remedy: 'nyah failover status',
      allowable: false,
      holds: [],
    }))
}

/** What is not known to be well on the side that users are sent to, in words; null: all of it is. */
export function troubleOf(names: readonly ObservedName[], { side }: Pick<Attended, 'side'>): string | null {
  for (const seen of names)
    for (const set of judgeName(seen).sets) {
      const health = set.sides[side]
      if (health?.health === 'healthy') continue
      const what = health?.health === 'unhealthy' ? 'is unhealthy' : 'is not known to be healthy'
      return `${side} ${what} (${seen.name}: ${health?.detail ?? 'no such record'})`
    }
  return null
}

/** Did this very move begin, and is not over? */
export const isUnderWay = ({ names }: Pick<AttendedWorld, 'names'>, asked: Attended): boolean =>
  names.some((seen) => isOut(seen, asked))

/** Milliseconds until the first of these names is to be brought back; null: none is out. */
export function backIn(names: readonly ObservedName[], at: number, asked: Attended): number | null {
  return names.some((seen) => isOut(seen, asked)) ? Math.max(0, Date.parse(asked.until) - at) : null
}
