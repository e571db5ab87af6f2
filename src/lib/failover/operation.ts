import type { Change, Outputs } from '../core/change.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Draft } from '../core/plan.ts'
import type { Guard, Operation, Scene, Together } from '../engine/operation.ts'
import type { Ours, Spread } from '../dns/model.ts'
import { judgeName, nextDueIn, noted, shareOf, totalNeverZero, waitingFor, walkStops } from '../dns/plan.ts'
import { backTo, mayBeMoved, towards } from './guards.ts'
import {
  NOTHING_YET,
  type Arm,
  type Attended,
  type AttendedWorld,
  type End,
  type Rto,
  type FailoverWorld,
  type SeenWorld,
  type SpreadingWorld,
  type To,
  type Which,
} from './model.ts'
import { attendedGuards, backIn, isUnderWay, planAttended, troubleOf } from './attended.ts'
import { planArm, planEnd, planTo } from './plan.ts'
import { applyWay, namesThenWays } from './apply.ts'
import { notWhileEngaged, SWITCH, wayFindings, wayFor, withheld } from './ways.ts'
import type { SwitchObjects } from '../ports/switch.ts'

/** What failovers need of names and switches; bound to the domain of names by whoever makes the operation. */
export interface FailoverPorts {
  /** The names that are meant, as they stand; their health within its own short time, or not at all. */
  observe(which: Which, scene: Scene): Promise<SeenWorld & { readonly spread: readonly Spread[] }>
  /** As the states of names carry it: what tells this run's changes from others'. */
  readonly run: string
  /** All of these at once: for each its outputs, or why not. */
  apply(changes: readonly Change[], scene: Scene): Promise<ReadonlyMap<string, Outputs | Error>>
  readonly switches: Pick<SwitchObjects, 'engage' | 'disengage'>
}

/** `failover to-aws`, `failover to-octavia`: every way at once, each by itself. */
export const toOperation = (ports: FailoverPorts, asked: To): Operation<SpreadingWorld> =>
  failover(ports, 'failover.to', asked, { ...rulesOf(asked), see: asItIs }, namesTogether(ports))

/** All names in one go; the switch by itself. */
const namesTogether = (ports: Pick<FailoverPorts, 'apply'>): Together => ({
  keyOf: ({ ref }) => (ref.type === SWITCH ? null : 'names'),
  apply: (changes, scene) => ports.apply(changes, scene),
})

/** How users are moved, and what must not be done. */
export const rulesOf = (asked: To): Omit<Rules<FailoverWorld>, 'see'> => ({
  plan: (world) => planTo(world, asked),
  guards: [mayBeMoved, towards(asked), wayFindings(wayFor(asked)), withheld(towards(asked))],
})

/** `failover end`: the switch lets go once the weights are those that are to count. */
export const endOperation = (ports: FailoverPorts, asked: End): Operation<SpreadingWorld> =>
  failover(
    ports,
    'failover.end',
    asked,
    {
      plan: (world) => planEnd(world, asked),
      guards: [mayBeMoved, backTo, wayFindings(false), withheld(backTo), walkStops],
      see: asItIs,
    },
    { keyOf: () => 'names', apply: namesThenWays(ports) },
  )

/** What a move that somebody attends needs besides. */
export interface AttendedPorts extends FailoverPorts {
  /** What of the conditions is not known to be well, in words; null: all of them are. */
  conditions(scene: Scene): Promise<string | null>
  /** How long the way there took; null: not known yet. */
  rto(): Rto | null
  /** What the name servers really answer while the users are out, for the report; asked once. */
  measure(world: SeenWorld, scene: Scene): Promise<Json>
}

/** While users are out, trouble is looked for this often. */
const LOOK_EVERY_MS = 10_000

/** `failover.to` with a promise, and `failover.drill`: out, watched, and back. */
export function attendedOperation(ports: AttendedPorts, asked: Attended): Operation<AttendedWorld & SpreadingWorld> {
  let givenUp: string | null = null
  let measured: Json = null
  const base = failover<AttendedWorld & SpreadingWorld>(
    ports,
    asked.drill ? 'failover.drill' : 'failover.to',
    asked,
    {
      plan: (world) => planAttended(world, asked),
      guards: attendedGuards(asked),
      see: async (world, scene) => {
        const nothing = { ...world, trouble: null, givenUp, rto: ports.rto() }
        if (!asked.drill) return nothing
        const trouble = troubleOf(world.names, asked) ?? (await ports.conditions(scene))
        const isOut = isUnderWay(world, asked)
        if (isOut) givenUp ??= trouble
        const isSettled = world.spread.every(({ state }) => state === 'done')
        if (isOut && isSettled && givenUp === null) measured ??= await ports.measure(world, scene)
        return { ...nothing, trouble, givenUp }
      },
    },
    namesTogether(ports),
  )
  return {
    ...base,
    requeue: ({ names, at }, stopped) =>
      backIn(
        names.filter(({ name }) => !stopped.has(name)),
        at,
        asked,
      ),
    lookEveryMs: LOOK_EVERY_MS,
    summary: (world, plan) => ({
      ...(base.summary(world, plan) as object),
      until: asked.until,
      rto: world.rto === null ? null : { ...world.rto },
      ...(asked.drill && { drill: { givenUp: world.givenUp, measured } }),
    }),
  }
}

/** What arming needs besides names. */
export interface ArmPorts {
  /** The names that are meant, as they stand in the zone. */
  observe(which: Which, scene: Scene): Promise<SeenWorld>
  /** Of AWS; known once the names were observed. */
  account(): string
  apply(change: Change, scene: Scene): Promise<Outputs>
  applyNames: FailoverPorts['apply']
  /** Writes the card of what was seen last. */
  write(world: SeenWorld): void
  /** What the card has, or would have; throws what kept it from being written. */
  cardOf(world: SeenWorld): Json
}

/** `failover arm`: what a failover would have to look up is written down beforehand, and the switch is made ready. */
export const armOperation = (ports: ArmPorts, asked: Arm): Operation<FailoverWorld> => ({
  name: 'failover.arm',
  mutates: true,
  confirmId: null,
  observe: async (scene) => ({ ...(await ports.observe(asked.which, scene)), ours: NOTHING_YET }),
  plan: (world) => planArm(world, asked, ports.account()),
  guards: [mayBeMoved, notWhileEngaged],
  apply: (change, scene) => ports.apply(change, scene),
  together: { keyOf: ({ ref }) => (ref.type === 'weighted-set' ? 'names' : null), apply: ports.applyNames },
  waiting: null,
  record: (world) => Promise.resolve(ports.write(world)),
  summary: (world) => ({ ...summary(world), card: ports.cardOf(world) }),
})

interface Rules<World> {
  readonly plan: (world: World) => Draft
  readonly guards: readonly Guard<World>[]
  /** What else has to be known of it. */
  readonly see: (world: SpreadingWorld, scene: Scene) => Promise<World>
}

const asItIs = (world: SpreadingWorld): Promise<SpreadingWorld> => Promise.resolve(world)

/** What all have in common that move users. */
function failover<World extends SpreadingWorld>(
  ports: FailoverPorts,
  name: string,
  { which, wait = true }: To | End,
  { plan, guards, see }: Rules<World>,
  together: Together,
): Operation<World> {
  let ours: Ours = { run: ports.run, moved: new Map() }
  const remembered: Together['apply'] = async (changes, scene) => {
    const results = await together.apply(changes, scene)
    ours = noted(ours, changes, results)
    return results
  }
  return {
    name,
    mutates: true,
    evenUnjournalled: true,
    confirmId: null,
    observe: async (scene) => see({ ...(await ports.observe(which, scene)), ours }, scene),
    plan,
    // Also of steady weights that somebody wrote: nobody is brought back to nothing.
    guards: [...guards, totalNeverZero],
    apply: async (change, scene) => {
      if (change.ref.type === SWITCH) return applyWay(change, ports.switches)
      const result = (await remembered([change], scene)).get(change.id) ?? new Error(`${change.id} has no result`)
      if (result instanceof Error) throw result
      return result
    },
    // Hundreds of names are a handful of calls.
    together: { keyOf: together.keyOf, apply: remembered },
    waiting: wait ? waitingFor : null,
    ...(name === 'failover.end' && {
      requeue: ({ names, at }: World, stopped: ReadonlySet<string>) =>
        nextDueIn(
          names.filter((seen) => !stopped.has(seen.name)),
          at,
        ),
    }),
    summary,
  }
}

/** Where the users of each name go now, and what the switch does. */
const summary = ({ names, ways }: FailoverWorld): JsonObject => ({
  ways: ways.map(({ kind, place, names: its, engaged }) => ({ kind, place: { ...place }, names: its, engaged })),
  names: names.map((seen) => ({
    name: seen.name,
    zone: seen.zone.name,
    sets: judgeName(seen).sets.map(({ type, now, steady, walk, sides }) => ({
      type,
      octavia: shareOf('octavia', now),
      aws: shareOf('aws', now),
      steady: { octavia: steady.octavia, aws: steady.aws },
      walking: walk !== null,
      health: { octavia: sides.octavia?.health ?? null, aws: sides.aws?.health ?? null },
    })),
  })),
})
