import type { Change, Outputs } from '../core/change.ts'
import type { Draft } from '../core/plan.ts'
import type { Guard, Operation, Scene } from '../engine/operation.ts'
import type { Dns } from '../ports/dns.ts'
import type { HealthChecks } from '../ports/health-checks.ts'
import type { LoadBalancer, Mirrors } from '../ports/mirrors.ts'
import type { Resolver } from '../ports/resolver.ts'
import { applyCheck, applyNames, type Enactor } from './apply.ts'
import { basisOf, WEIGHTED_SET } from './changes.ts'
import { entranceOf, keyOf, OCTAVIA_ID } from './entrances.ts'
import { walkStops } from './guards-walk.ts'
import { detachable, NAME_GUARDS, notExternal, ownedWhole } from './guards.ts'
import type { Ours, Spread, WalkWorld, Weights } from './model.ts'
import { floatingIpsFor, observeNames, type Look } from './observe.ts'
import { noted } from './ours.ts'
import { mirrorOf, withDestinations, type AttachWorld, type Destination, type FindFloatingIp } from './destinations.ts'
import { planAttach, type AttachArguments } from './plan-attach.ts'
import { planDetach } from './plan-detach.ts'
import { planShift, type Shift } from './plan-shift.ts'
import { nextDueIn } from './plan-walk.ts'
import { planWeights } from './plan-weights.ts'
import { watchSpread } from './watch-spread.ts'
import { summaryOf } from './summary.ts'
import { waitingFor } from './waiting.ts'
import type { ZoneChoice } from './zones.ts'

export interface DnsPorts {
  readonly dns: Dns
  readonly checks: HealthChecks
  readonly mirrors: Pick<Mirrors, 'list' | 'read' | 'standings'>
  /** Null: the zone's name servers are not asked. */
  readonly resolver: Resolver | null
  /** For names that do not say themselves what Octavia's address is. Absent: nobody is asked. */
  readonly floatingIp?: FindFloatingIp
}

/** What each operation is made with besides its own arguments. */
export interface DnsSettings {
  readonly enactor: Enactor
  readonly zones: ZoneChoice['zones']
}

/** A world in which it is also known how far what was done has spread. */
export interface SpreadWorld extends WalkWorld {
  readonly spread: readonly Spread[]
}

/** Health is looked at with patience where nobody is in a hurry. */
const HEALTH_MS = 20_000

/** What all have in common that change names. */
function changing<World extends WalkWorld>(
  name: string,
  ports: DnsPorts,
  { enactor }: DnsSettings,
  own: {
    /** Is one plan not all: are names led step by step? */
    readonly walks: boolean
    readonly observe: (scene: Scene, ours: Ours) => Promise<World>
    readonly plan: (world: World) => Draft
    readonly guards: readonly Guard<World>[]
  },
): Operation<World & SpreadWorld> {
  const spread = watchSpread(ports.dns, ports.resolver)
  let ours: Ours = { run: enactor.run, moved: new Map() }
  const together = async (changes: readonly Change[], scene: Scene): Promise<ReadonlyMap<string, Outputs | Error>> => {
    const results = await spread.carry(changes, scene, () => applyNames(changes, ports.dns, enactor, scene))
    ours = noted(ours, changes, results)
    return results
  }
  return {
    name,
    mutates: true,
    confirmId: null,
    async observe(scene) {
      const world = await own.observe(scene, ours)
      spread.prepare(
        world.names.map(({ zone }) => zone.id),
        scene,
      )
      return { ...world, spread: await spread.look(scene) }
    },
    plan: own.plan,
    guards: [...own.guards, ...NAME_GUARDS],
    async apply(change, scene) {
      if (change.ref.type !== WEIGHTED_SET) return applyCheck(change, ports.dns, ports.checks, scene)
      const result = (await together([change], scene)).get(change.id)
      if (result instanceof Error) throw result
      return result ?? {}
    },
    together: { keyOf: (change) => (change.ref.type === WEIGHTED_SET ? WEIGHTED_SET : null), apply: together },
    waiting: waitingFor,
    ...(own.walks && {
      requeue: ({ names, at }: World, stopped: ReadonlySet<string>) =>
        nextDueIn(
          names.filter((seen) => !stopped.has(seen.name)),
          at,
        ),
    }),
    summary: summaryOf,
  }
}

const looking = async (
  ports: DnsPorts,
  look: Omit<Look, 'healthMs'>,
  scene: Scene,
  ours: Ours,
): Promise<WalkWorld> => ({
  at: scene.clock.now(),
  ours,
  names: await observeNames(ports, { ...look, healthMs: HEALTH_MS }, scene),
})

/** The split of a normal day, from now on; a walk that was under way ends. */
export function weightOperation(
  ports: DnsPorts,
  settings: DnsSettings,
  { names, weights }: { readonly names: readonly string[]; readonly weights: Weights },
): Operation<SpreadWorld> {
  const choice = { zone: null, zones: settings.zones }
  return changing('dns.weight', ports, settings, {
    walks: false,
    observe: (scene, ours) => looking(ports, { names, choice }, scene, ours),
    plan: (world) => ({
      scopes: world.names.map((seen) => seen.name),
      names: {},
      basis: Object.fromEntries(world.names.map((seen) => [seen.name, basisOf(seen)])),
      changes: world.names.flatMap((seen) =>
        planWeights(seen, { weights, steady: weights, reason: 'the new normal day' }),
      ),
      findings: [],
    }),
    guards: [ownedWhole],
  })
}

/** Names are led to another split for a while, step by step; what is normal stays written down. */
export function shiftOperation(ports: DnsPorts, settings: DnsSettings, asked: Shift): Operation<SpreadWorld> {
  const choice = { zone: null, zones: settings.zones }
  return changing('dns.shift', ports, settings, {
    walks: true,
    observe: (scene, ours) => looking(ports, { names: asked.names, choice }, scene, ours),
    plan: (world) => planShift(world, asked),
    guards: [ownedWhole, walkStops],
  })
}

/** Names answer again what they answered before they were attached. */
export function detachOperation(
  ports: DnsPorts,
  settings: DnsSettings,
  { names }: { readonly names: readonly string[] },
): Operation<SpreadWorld> {
  const choice = { zone: null, zones: settings.zones }
  return changing('dns.detach', ports, settings, {
    walks: false,
    observe: (scene, ours) => looking(ports, { names, choice, ownChecks: true }, scene, ours),
    plan: planDetach,
    guards: [detachable],
  })
}

export interface Attach extends AttachArguments {
  readonly names: readonly string[]
  readonly zone: string | null
}

/** Names are split between Octavia's address and the NLB, and walk to their steady weights step by step. */
export function attachOperation(
  ports: DnsPorts,
  settings: DnsSettings,
  args: Attach,
): Operation<AttachWorld & SpreadWorld> {
  const choice = { zone: args.zone, zones: settings.zones }
  return changing('dns.attach', ports, settings, {
    walks: true,
    async observe(scene, ours): Promise<AttachWorld> {
      const [world, balancers] = await Promise.all([
        looking(ports, { names: args.names, choice, ownChecks: true }, scene, ours),
        ports.mirrors.list(scene.signal),
      ])
      const ids = new Set(args.names.map((name) => mirrorOf(args, name)))
      const chosen = [...ids].flatMap((id) => balancers.find(({ tags }) => tags[OCTAVIA_ID] === id) ?? [])
      const { floatingIp: find } = ports
      const [destinations, floatingIps] = await Promise.all([
        destinationsOf(chosen, ports, scene, world.at),
        find === undefined ? {} : floatingIpsFor(world.names, args, find, scene),
      ])
      return withDestinations(world, { destinations, floatingIps })
    },
    plan: (world) => planAttach(world, args),
    guards: [notExternal, walkStops],
  })
}

/** The NLBs with their listeners, by the Octavia UUID of each. */
async function destinationsOf(
  balancers: readonly LoadBalancer[],
  ports: DnsPorts,
  scene: Scene,
  at: number,
): Promise<AttachWorld['destinations']> {
  if (balancers.length === 0) return {}
  const trees = await ports.mirrors.read(balancers.map(keyOf), scene.signal)
  const time = new Date(at).toISOString()
  return Object.fromEntries(
    balancers.map((balancer, index): [string, Destination] => {
      const tree = trees[index] ?? null
      const listening = (tree?.listeners ?? []).map(({ port }) => port)
      return [balancer.tags[OCTAVIA_ID] ?? '', { entrance: entranceOf(balancer, tree, time), ports: listening }]
    }),
  )
}
