import type { Draft, Finding } from '../core/plan.ts'
import type { ObservedName, Side } from '../dns/model.ts'
import { judgeName, shareOf, type JudgedSet } from '../dns/plan.ts'
import { isWatched, longEnough, type Return } from './healthy-for.ts'
import type { FailoverWorld, To, Way } from './model.ts'
import { weightsTo } from './plan.ts'
import { letGo, reallyNow } from './ways.ts'

const SIDES = ['octavia', 'aws'] as const

/** Whatever a failover must not touch, or cannot. Pure. */
export const mayBeMoved = (_: Draft, { names }: FailoverWorld): readonly Finding[] => names.flatMap(ownership)

function ownership(seen: ObservedName): readonly Finding[] {
  const { name } = seen
  const judged = judgeName(seen)
  const refuse = (code: string, subject: string, evidence: string, remedy: string): Finding => ({
    code,
    severity: 'refuse',
    scope: name,
    subject,
    evidence,
    remedy,
    allowable: false,
  })
  if (judged.owner === 'unreadable')
    return [refuse('DNS_NEWER_NYAH', name, `its state cannot be read: ${judged.ownerDetail}`, 'use the newer nyah')]
  if (judged.owner !== 'nyah') {
    const whose = judged.owner === 'nobody' ? 'nyah has no state there' : `ExternalDNS (${judged.ownerDetail}) owns it`
    return [
      refuse(
        'DNS_NOT_OWNED',
        name,
        `${whose}: nyah does not know what to return to`,
        `nyah dns attach ${name} --mirror X --plan`,
      ),
    ]
  }
  return judged.sets.flatMap((set) => [
    ...(set.isProtected
      ? [
          refuse(
            'DNS_PROTECTED',
            `${name} ${set.type}`,
            'a record set protection makes Route 53 refuse every change',
            'delete the protection in Route 53',
          ),
        ]
      : []),
    ...(set.otherRouting === null
      ? []
      : [
          refuse(
            'DNS_ROUTING',
            `${name} ${set.type}`,
            `a record there has the routing ${set.otherRouting}`,
            'move it in Route 53 by hand',
          ),
        ]),
    ...SIDES.filter((side) => set.sides[side] === null).map((side) =>
      refuse(
        'DNS_SIDE_MISSING',
        `${name} ${set.type}`,
        `the record ${side} is gone: somebody deleted it`,
        `nyah dns attach ${name} --mirror X --plan`,
      ),
    ),
  ])
}

/** Nobody is sent to a side that is known to be dead; one that nobody can judge is said, and gone to. Pure. */
export const towards =
  ({ side, percent }: To) =>
  (draft: Draft, { names, ways }: FailoverWorld): readonly Finding[] =>
    moving(draft, names, ways).flatMap(({ seen, set, isLetGo }) => {
      const about = { scope: seen.name, subject: `${seen.name} ${set.type}` }
      const health = healthFor(set, side, isLetGo)
      const other = side === 'aws' ? 'octavia' : 'aws'
      const gains = shareOf(side, weightsTo(side, percent)) > shareOf(side, reallyNow(seen.name, set.now, ways))
      const findings: Finding[] = []
      if (health?.health === 'unhealthy' && gains)
        findings.push({
          ...about,
          code: 'DNS_SIDE_UNHEALTHY',
          severity: 'refuse',
          evidence: `${side} is unhealthy: ${health.detail}${bothDead(set, other)}`,
          remedy: `look at ${side}; if you are sure: --allow DNS_SIDE_UNHEALTHY --reason "…"`,
          allowable: true,
        })
      if (health?.health === 'unknown')
        findings.push({
          ...about,
          code: 'DNS_SIDE_UNKNOWN',
          severity: 'warn',
          evidence: `whether ${side} is healthy is not known: ${health.detail}`,
          remedy: 'nothing, if you know that it is',
          allowable: false,
        })
      if (percent === 100 && set.sides[side]?.watched === true)
        findings.push({
          ...about,
          code: 'FAILOVER_LAST_RESORT',
          severity: 'info',
          evidence: `${other} keeps its record with weight 0: should ${side} become unhealthy, Route 53 sends everybody to ${other}, alive or not`,
          remedy: '',
          allowable: false,
        })
      return findings
    })

/** Route 53 treats all as healthy where none is: said where it will happen. */
const bothDead = (set: JudgedSet, other: Side): string =>
  set.sides[other]?.health === 'unhealthy'
    ? `; ${other} is unhealthy too, so Route 53 treats both as healthy and goes by the weights`
    : ''

/** Every set that the plan brings back, by the side that gains users. Pure. */
export const returning = (draft: Draft, { names, ways }: Pick<FailoverWorld, 'names' | 'ways'>): readonly Return[] =>
  moving(draft, names, ways).flatMap(({ seen, set, isLetGo }) => {
    const now = reallyNow(seen.name, set.now, ways)
    return SIDES.filter((side) => shareOf(side, set.steady) > shareOf(side, now)).flatMap((side) => {
      const health = healthFor(set, side, isLetGo)
      return health === null ? [] : [{ seen, set, side, health }]
    })
  })

/**
 * Nobody is brought back to a side that is not proven healthy (unknown is not proven), nor before it has been for so many
 * seconds. Pure.
 */
export const backTo =
  (forSeconds: number) =>
  (draft: Draft, world: FailoverWorld): readonly Finding[] => {
    const returns = returning(draft, world)
    const refusals = returns
      .filter((one) => one.health.health !== 'healthy' && !isWatched(one, world, forSeconds))
      .map(({ seen, set, side, health }): Finding => {
        const isKnown = health.health === 'unhealthy'
        const code = isKnown ? 'DNS_SIDE_UNHEALTHY' : 'FAILOVER_RETURN_UNPROVEN'
        return {
          code,
          severity: 'refuse',
          scope: seen.name,
          subject: `${seen.name} ${set.type}`,
          evidence: `${side} is ${isKnown ? 'unhealthy' : 'not proven healthy'}: ${health.detail}; users are not brought back to it`,
          remedy: `wait until it is healthy; if you are sure: --allow ${code} --reason "…"`,
          allowable: true,
        }
      })
    return [...refusals, ...longEnough(returns, draft, world, forSeconds)]
  }

type Health = Pick<NonNullable<JudgedSet['sides'][Side]>, 'health' | 'detail' | 'at'>

/** How well a side is once the plan is done: what the switch alone makes unhealthy serves as soon as it lets go. */
const healthFor = (set: JudgedSet, side: Side, isLetGo: boolean): Health | null => {
  const health = set.sides[side]
  return isLetGo && side === 'octavia' ? (health?.apart ?? health) : health
}

/** Sets that the plan changes, or whose switch it disengages. */
function moving(
  draft: Draft,
  names: readonly ObservedName[],
  ways: readonly Way[],
): readonly { readonly seen: ObservedName; readonly set: JudgedSet; readonly isLetGo: boolean }[] {
  const changed = new Set(draft.changes.map(({ scope }) => scope))
  const free = letGo(draft, ways)
  return names
    .filter(({ name }) => changed.has(name) || free.has(name))
    .flatMap((seen) => judgeName(seen).sets.map((set) => ({ seen, set, isLetGo: free.has(seen.name) })))
}
