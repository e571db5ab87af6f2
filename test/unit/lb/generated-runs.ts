import { dueChanges, stops } from '../../../src/lib/core/allow.ts'
import type { Change } from '../../../src/lib/core/change.ts'
import type { Allowance, Finding, Plan } from '../../../src/lib/core/plan.ts'
import { resolveTokens } from '../../../src/lib/core/token.ts'
import { makePlan } from '../../../src/lib/engine/planning.ts'
import { endpoint } from '../../../src/lib/lb/addresses.ts'
import { MIRROR_GUARDS } from '../../../src/lib/lb/guards.ts'
import type { Observed } from '../../../src/lib/lb/model.ts'
import { hashOf } from '../../../src/lib/lb/names.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { recordOf } from '../../../src/lib/lb/record-of.ts'
import type { Target, TargetGroup, TargetState } from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import type { Settings } from './generated-settings.ts'
import { applyOne, AT, EMPTY, observed, type ModelWorld } from './model-world.ts'

/** Runs of nyah over the model world as the engine makes them: guards, allowances, any order that the needs allow. */

/** All cases of the laws together; each law takes its share. `NYAH_CASES=500 npm test` for a quick look. */
const CASES = Number(process.env['NYAH_CASES'] ?? 5_000)

/** The same cases each time, so that a red CI is about a change; `NYAH_SEED=$RANDOM npm test` looks at others. */
export const SEED = Number(process.env['NYAH_SEED'] ?? 20_261_123)

export const share = (part: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: Math.max(1, Math.round((part * CASES) / 5_000)),
  seed: SEED,
})

export interface Stand {
  readonly world: ModelWorld
  /** Milliseconds since the epoch. */
  readonly at: number
}

export const START: Stand = { world: EMPTY, at: AT }

export const emptyFor = (id: string): Stand => ({
  world: { mirror: { ...EMPTY.mirror, hash: hashOf(id) }, securityGroup: null },
  at: AT,
})

/** With nobody asking for anything any more, as a watch looks at it. Weights: the configuration goes before what was once said. */
export const quiet = (settings: Settings): Settings => ({
  ...settings,
  asked: {
    ...settings.asked,
    weights: settings.placement.weights === undefined ? null : settings.asked.weights,
    strict: false,
    adopt: false,
    allowed: [],
    formerId: null,
  },
})

export function look(
  source: SourceTree | null,
  { world, at }: Stand,
  { placement, network, elasticAddresses, limits, asked }: Settings,
  over: Partial<Observed> = {},
): Observed {
  const { loadBalancer, listeners, targetGroups } = world.mirror
  const used = new Set(listeners.flatMap(({ forward }) => forward.map(({ targetGroupArn }) => targetGroupArn)))
  const attached = targetGroups.map((group) => ({
    ...group,
    loadBalancerArns: used.has(group.arn) && loadBalancer !== null ? [loadBalancer.arn] : [],
  }))
  const seen = { ...world, mirror: { ...world.mirror, targetGroups: attached } }
  return observed(source, seen, { at, placement, network, elasticAddresses, limits, asked, ...over })
}

export function plan(scopes: readonly Observed[], allowances: readonly Allowance[] = [], draft = planMirrors): Plan {
  const world = { scopes }
  return makePlan({
    draft: draft(world),
    world,
    guards: MIRROR_GUARDS,
    request: { operation: 'lb.mirror', arguments: {}, allowances, context: 'test' },
    observedAt: scopes[0]?.at ?? AT,
  }).plan
}

/** Codes of refusals that a word of the operator overrules; never of what protects users from a doubtful source. */
const overruled = ({ code, severity, allowable }: Finding): boolean =>
  severity === 'refuse' && allowable && !code.startsWith('LB_SOURCE_')

export const allowancesFor = (codes: readonly string[]): readonly Allowance[] =>
  [...new Set(codes)].map((code) => ({ code, reason: 'test' }))

/** Plans, allows all refusals that can be allowed, and plans again with them: as an operator does. */
export function allowing(observed: Observed, further: readonly string[] = []): { observed: Observed; plan: Plan } {
  const refused = plan([observed]).findings.filter((one) => stops(one) && overruled(one))
  const allowances = allowancesFor([...refused.map(({ code }) => code), ...further])
  const allowed = allowances.map(({ code }) => code).filter((code) => code.startsWith('LB_UNSUPPORTED_'))
  const asked = { ...observed.asked, allowed }
  return { observed: { ...observed, asked }, plan: plan([{ ...observed, asked }], allowances) }
}

/** A generator of numbers below `below`, from one number that fast-check chose. */
export function picking(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export type Watch = (change: Change, before: ModelWorld, after: ModelWorld) => void

export interface Ran extends Stand {
  readonly done: readonly Change[]
  /** Waits in vain, and what needed them. */
  readonly left: readonly Change[]
}

/** Some of what is due, in an order of `pick`'s: all of it, or until `atMost` changes. */
export function carryOut(
  stand: Stand,
  changes: readonly Change[],
  settings: Settings,
  pick: (below: number) => number,
  { watch, atMost = Infinity }: { readonly watch?: Watch; readonly atMost?: number } = {},
): Ran {
  const outputs = new Map<string, Readonly<Record<string, string>>>()
  const done: Change[] = []
  let open = [...changes]
  let world = stand.world
  const failed = new Set<Change>()
  while (done.length < atMost) {
    const free = open.filter((one) => !failed.has(one) && one.needs.every((need) => outputs.has(need)))
    const next = free[pick(free.length)]
    if (next === undefined) break
    if (next.kind === 'wait') world = checked(world, settings)
    const after = next.after === null ? null : resolveTokens(next.after, (id) => outputs.get(id))
    if (next.kind === 'wait' && !tookOver(world, after as never)) {
      failed.add(next)
      continue
    }
    const [then, out] = applyOne(world, { ...next, after }, 'initial', stand.at)
    watch?.(next, world, then)
    world = then
    outputs.set(next.id, out)
    done.push(next)
    open = open.filter((one) => one !== next)
  }
  return { world: checked(drained(world), settings), at: stand.at, done, left: open }
}

/** What `apply` waits for: somebody healthy there, and everybody who is healthy beside it. */
function tookOver(
  { mirror: { targetGroups } }: ModelWorld,
  {
    targetGroupArn,
    targets,
    beside,
  }: { targetGroupArn: string; targets: readonly Target[]; beside: readonly string[] },
): boolean {
  const healthyIn = (arns: readonly string[]): ReadonlySet<string> =>
    new Set(targetGroups.filter(({ arn }) => arns.includes(arn)).flatMap(healthy))
  const [here, there] = [healthyIn([targetGroupArn]), healthyIn(beside)]
  const names = targets.map(endpoint)
  return names.some((one) => here.has(one)) && names.every((one) => here.has(one) || !there.has(one))
}

export const healthy = ({ targets }: TargetGroup): readonly string[] =>
  targets.filter(({ state }) => state === 'healthy').map(endpoint)

const drained = (world: ModelWorld): ModelWorld =>
  withTargets(world, ({ targets }) => targets.filter(({ state }) => state !== 'draining'))

/** The NLB has checked whatever a listener names. */
function checked(world: ModelWorld, { ill }: Settings): ModelWorld {
  const used = new Set(world.mirror.listeners.flatMap(({ forward }) => forward.map((one) => one.targetGroupArn)))
  const stateOf = ({ address }: Target, arn: string): TargetState =>
    !used.has(arn) ? 'unused' : ill.includes(Number(address.split(/[.:]/).at(-1))) ? 'unhealthy' : 'healthy'
  return withTargets(world, ({ arn, targets }) =>
    targets.map((one) => (one.state === 'draining' ? one : { ...one, state: stateOf(one, arn) })),
  )
}

const withTargets = (world: ModelWorld, change: (group: TargetGroup) => TargetGroup['targets']): ModelWorld => ({
  ...world,
  mirror: {
    ...world.mirror,
    targetGroups: world.mirror.targetGroups.map((group) => ({ ...group, targets: change(group) })),
  },
})

/** What the engine writes down with the mirror after a run. */
export function recorded(stand: Stand, observed: Observed, plan: Plan): Stand {
  const note = recordOf(observed, plan)
  const { loadBalancer } = stand.world.mirror
  if (note === null || loadBalancer === null) return stand
  const tags = Object.fromEntries(
    Object.entries({ ...loadBalancer.tags, ...note.set }).filter(([key]) => !note.remove.includes(key)),
  )
  const mirror = { ...stand.world.mirror, loadBalancer: { ...loadBalancer, tags } }
  return { ...stand, world: { ...stand.world, mirror } }
}

/** Enough for 24 targets to leave by 30 % an hour, in steps. */
export const ROUNDS = 16

export interface Settled extends Stand {
  /** The last one: nothing of it is due, but what waits for health in vain. */
  readonly plan: Plan
  readonly vain: readonly Change[]
  readonly rounds: number
  readonly codes: ReadonlySet<string>
}

/**
 * Run after run, an hour each, until nothing is due, or all that is waits for targets that stay ill; all refusals are
 * allowed that can be. Throws after `ROUNDS`.
 */
export function settle(
  source: SourceTree,
  from: Stand,
  settings: Settings,
  pick: (below: number) => number,
  more: { readonly watch?: (plan: Plan) => Watch; readonly further?: readonly string[]; readonly rounds?: number } = {},
): Settled {
  let stand = from
  const codes = new Set<string>()
  for (let rounds = 0; rounds <= (more.rounds ?? ROUNDS); rounds += 1) {
    const { observed, plan } = allowing(look(source, stand, settings), more.further)
    for (const { code } of plan.findings) codes.add(code)
    const due = dueChanges(plan)
    const watch = more.watch?.(plan)
    const { world, done, left } = carryOut(stand, due, settings, pick, watch === undefined ? {} : { watch })
    if (done.every(({ kind }) => kind === 'wait')) return { ...stand, plan, vain: left, rounds, codes }
    const next = { world, at: stand.at + 3_601_000 }
    const seen = look(source, next, { ...settings, asked: observed.asked })
    stand = recorded(next, seen, allowing(seen, more.further).plan)
  }
  const last = plan([look(source, stand, settings)])
  throw new Error(
    `not settled after ${ROUNDS} runs: ${JSON.stringify(last.changes.map(({ id, reason }) => ({ id, reason })))}`,
  )
}
