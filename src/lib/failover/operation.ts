import type { Change, Outputs } from '../core/change.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Draft } from '../core/plan.ts'
import type { Guard, Operation, Scene, Together } from '../engine/operation.ts'
import type { Ours } from '../dns/model.ts'
import { judgeName, nextDueIn, noted, shareOf, totalNeverZero, walkStops } from '../dns/plan.ts'
import { backTo, mayBeMoved, towards } from './guards.ts'
import { LOOK_EVERY_MS, watchReturn, type WatchReturn } from './watch-return.ts'
import { NOTHING_YET, type Arm, type End, type FailoverWorld, type SeenWorld, type To, type Which } from './model.ts'
import { planArm, planEnd, planTo } from './plan.ts'
import { applyWay, namesThenWays } from './apply.ts'
import { notWhileEngaged, SWITCH, wayFindings, wayFor, withheld } from './ways.ts'
import type { SwitchObjects } from '../ports/switch.ts'

/** What failovers need of names and switches; bound to the domain of names by whoever makes the operation. */
export interface FailoverPorts {
  /** The names that are meant, as they stand; their health within its own short time, or not at all. */
  observe(which: Which, scene: Scene): Promise<SeenWorld>
  /** As the states of names carry it: what tells this run's changes from others'. */
  readonly run: string
  /** All of these at once: for each its outputs, or why not. */
  apply(changes: readonly Change[], scene: Scene): Promise<ReadonlyMap<string, Outputs | Error>>
  readonly switches: Pick<SwitchObjects, 'engage' | 'disengage'>
}

/** `failover to-aws`, `failover to-octavia`: every way at once, each by itself. */
export const toOperation = (ports: FailoverPorts, asked: To): Operation<FailoverWorld> =>
  failover(ports, 'failover.to', asked.which, rulesOf(asked), {
    keyOf: ({ ref }) => (ref.type === SWITCH ? null : 'names'),
    apply: (changes, scene) => ports.apply(changes, scene),
  })

/** How users are moved, and what must not be done. */
export const rulesOf = (asked: To): Rules => ({
  plan: (world) => planTo(world, asked),
  guards: [mayBeMoved, towards(asked), wayFindings(wayFor(asked)), withheld(towards(asked))],
})

/** `failover end`: the switch lets go once the weights are those that are to count. */
export const endOperation = (ports: FailoverPorts, asked: End): Operation<FailoverWorld> =>
  failover(
    ports,
    'failover.end',
    asked.which,
    {
      plan: (world) => planEnd(world, asked),
      guards: [mayBeMoved, back(asked), wayFindings(false), withheld(back(asked)), walkStops],
      seen: watchReturn(asked),
    },
    { keyOf: () => 'names', apply: namesThenWays(ports) },
  )

const back = ({ healthyForSeconds }: End): Guard<FailoverWorld> => backTo(healthyForSeconds)

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

interface Rules {
  readonly plan: (world: FailoverWorld) => Draft
  readonly guards: readonly Guard<FailoverWorld>[]
  /** What each look adds to what was seen before. Absent: nothing. */
  readonly seen?: WatchReturn
}

function failover(
  ports: FailoverPorts,
  name: string,
  which: Which,
  { plan, guards, seen }: Rules,
  together: Together,
): Operation<FailoverWorld> {
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
    async observe(scene) {
      const world = { ...(await ports.observe(which, scene)), ours }
      return seen === undefined ? world : seen.look(world, scene)
    },
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
    waiting: null,
    ...(seen !== undefined && {
      lookEveryMs: LOOK_EVERY_MS,
      requeue(world: FailoverWorld, stopped: ReadonlySet<string>) {
        const names = world.names.filter((one) => !stopped.has(one.name))
        const due = [nextDueIn(names, world.at), seen.dueIn({ ...world, names })].filter((one) => one !== null)
        return due.length === 0 ? null : Math.min(...due)
      },
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
