import type { Outcome } from '../core/events.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { ObservedName } from '../dns/model.ts'
import type { Destination, FloatingIps } from '../dns/destinations.ts'
import type { Operation, Scene } from '../engine/operation.ts'
import type { LbWorld, Observed } from '../lb/model.ts'
import { attachOf } from './dns-request.ts'
import { steadyOf } from './dns-operations.ts'
import { floatingIpFinder } from './floating-ip.ts'
import type { Next } from './operations.ts'
import type { Opened } from './open.ts'

/** How long health may take beside the records. It decides nothing yet. */
const HEALTH_MS = 20_000

/** After these the mirror is there, and as healthy as it was waited for. */
const WELL: ReadonlySet<Outcome> = new Set<Outcome>(['applied', 'nothing-to-do'])

/** What the run that follows will meet. */
interface Later {
  readonly names: readonly ObservedName[]
  readonly floatingIps: FloatingIps
}

type Named<World> = World & { readonly later: Later }

/**
 * The operation that makes mirrors, with names to be attached to them afterwards: its plan says what becomes of each, and what
 * would refuse a name refuses the mirror that it belongs to, before anything is made. Throws REQUEST_INVALID,
 * CONFIG_STEADY_WEIGHTS.
 */
export async function withNames<World extends LbWorld>(
  operation: Operation<World>,
  request: Request,
  opened: Opened,
): Promise<{ readonly operation: Operation<Named<World>>; readonly next: Next }> {
  const [{ announce }, { basisOf }, { entranceOf }, { STEADY }, { floatingIpsFor, observeNames }, { ownedOf }] =
    await Promise.all([
      import('../dns/announce.ts'),
      import('../dns/changes.ts'),
      import('../dns/entrances.ts'),
      import('../dns/model.ts'),
      import('../dns/observe.ts'),
      import('../lb/owned.ts'),
    ])
  const following: Request = {
    operation: 'dns.attach',
    arguments: tableOf(request.arguments['attach'] ?? null),
    // What is allowed of mirrors means nothing to names.
    allowances: request.allowances.filter(({ code }) => code.startsWith('DNS_')),
    context: request.context,
  }
  const args = attachOf(following.arguments, steadyOf(opened, STEADY))
  const [dns, checks, mirrors] = await Promise.all([opened.names(), opened.checks(), opened.mirrors()])
  const choice = { zone: args.zone, zones: opened.context.dns?.zones ?? {} }
  const destinationOf = (observed: Observed): Destination => {
    const { loadBalancer } = ownedOf(observed)
    if (loadBalancer === null) return expected(observed)
    return {
      entrance: entranceOf(loadBalancer, observed.mirror, new Date(observed.at).toISOString()),
      ports: observed.mirror.listeners.map(({ port }) => port),
    }
  }
  let seen: Later | null = null
  // Read once: the second run judges what is there by then.
  const look = async (scene: Scene): Promise<Later> => {
    if (seen !== null) return seen
    const names = await observeNames(
      { dns, checks, mirrors },
      { names: args.names, choice, healthMs: HEALTH_MS, ownChecks: true },
      scene,
    )
    return (seen = { names, floatingIps: await floatingIpsFor(names, args, floatingIpFinder(opened), scene) })
  }
  return {
    operation: {
      ...operation,
      async observe(scene) {
        const [world, later] = await Promise.all([operation.observe(scene), look(scene)])
        return { ...world, later }
      },
      plan(world) {
        const draft = operation.plan(world)
        const known = world.scopes.flatMap((scope): readonly (readonly [string, Destination])[] =>
          scope.source === null ? [] : [[scope.id, destinationOf(scope)]],
        )
        const { names, floatingIps } = world.later
        const announced = announce(names, { destinations: Object.fromEntries(known), floatingIps }, args)
        return { ...draft, findings: [...draft.findings, ...announced] }
      },
    },
    next: {
      after: ({ outcome }) => {
        if (!WELL.has(outcome) || seen === null) return null
        const asSeen = Object.fromEntries(seen.names.map((one) => [one.name, basisOf(one)]))
        return { ...following, arguments: { ...following.arguments, asSeen } }
      },
      names: args.names,
    },
  }
}

/** Of an NLB that is not made yet, what the configuration says; its address types are not known before. */
const expected = ({ id, source, placement }: Observed): Destination => ({
  entrance: {
    octaviaId: id,
    name: `the NLB of ${source?.loadbalancer.name ?? id}`,
    dnsName: `${id}.not-made.invalid`,
    zoneId: '',
    ipAddressType: 'dualstack',
    scheme: placement.scheme,
    side: { health: 'unknown', detail: 'not made yet', at: null },
  },
  ports: (source?.listeners ?? []).map(({ protocol_port: port }) => port),
})

function tableOf(attach: Json): JsonObject {
  if (typeof attach === 'object' && attach !== null && !Array.isArray(attach)) return attach as JsonObject
  throw nyahError({
    code: 'REQUEST_INVALID',
    message: 'arguments.attach is no table of arguments of dns.attach',
    exit: EXIT.usage,
    tries: ['make the plan again'],
  })
}
