import type { Outcome } from '../core/events.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import { announce } from '../dns/announce.ts'
import { entranceOf } from '../dns/entrances.ts'
import { STEADY, type ObservedName } from '../dns/model.ts'
import { observeNames } from '../dns/observe.ts'
import type { Destination } from '../dns/destinations.ts'
import type { Operation, Scene } from '../engine/operation.ts'
import type { LbWorld, Observed } from '../lb/model.ts'
import { ownedOf } from '../lb/owned.ts'
import { attachOf } from './dns-request.ts'
import { steadyOf } from './dns-operations.ts'
import type { Next } from './operations.ts'
import type { Opened } from './open.ts'

/** How long health may take beside the records. It decides nothing yet. */
const HEALTH_MS = 20_000

/** After these the mirror is there, and as healthy as it was waited for. */
const WELL: ReadonlySet<Outcome> = new Set<Outcome>(['applied', 'nothing-to-do'])

type Named<World> = World & { readonly later: readonly ObservedName[] }

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
  let seen: readonly ObservedName[] | null = null
  // Read once: the second run judges what is there by then.
  const look = async (scene: Scene): Promise<readonly ObservedName[]> =>
    (seen ??= await observeNames(
      { dns, checks, mirrors },
      { names: args.names, choice, healthMs: HEALTH_MS, ownChecks: true },
      scene,
    ))
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
        return {
          ...draft,
          findings: [...draft.findings, ...announce(world.later, Object.fromEntries(known), args)],
        }
      },
    },
    next: {
      after: ({ outcome }) => (WELL.has(outcome) ? following : null),
      names: args.names,
    },
  }
}

/** The NLB as it is; of one that is not made yet, what the configuration says. Its address types are not known before. */
function destinationOf(observed: Observed): Destination {
  const { id, at, source, mirror, placement } = observed
  const { loadBalancer } = ownedOf(observed)
  if (loadBalancer !== null)
    return {
      entrance: entranceOf(loadBalancer, mirror, new Date(at).toISOString()),
      ports: mirror.listeners.map(({ port }) => port),
    }
  return {
    entrance: {
      octaviaId: id,
      name: `the NLB of ${source?.loadbalancer.name ?? id}`,
      dnsName: `${id}.not-made.invalid`,
      zoneId: '',
      ipAddressType: 'dualstack',
      scheme: placement.scheme,
      side: { health: 'unknown', detail: 'not made yet', at: null },
    },
    ports: (source?.listeners ?? []).map(({ protocol_port }) => protocol_port),
  }
}

function tableOf(attach: Json): JsonObject {
  if (typeof attach === 'object' && attach !== null && !Array.isArray(attach)) return attach as JsonObject
  throw nyahError({
    code: 'REQUEST_INVALID',
    message: 'arguments.attach is no table of arguments of dns.attach',
    exit: EXIT.usage,
    tries: ['make the plan again'],
  })
}
