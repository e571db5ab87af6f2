import { EXIT, nyahError } from '../core/errors.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Operation } from '../engine/operation.ts'
import type { RunDeps, RunOptions, RunResult } from '../engine/terms.ts'
import { escapeText } from '../render/escape.ts'
import { lbPorts, lbSettings, type Opened } from './open.ts'

/** An operation bound to the adapters of a context; its world's type stays inside. */
export interface Bound {
  /** What people want to know of the result besides how it ended; ends with a newline, or is empty. */
  tell(result: Json): string
  run(request: Request, options: RunOptions, deps: RunDeps): Promise<RunResult>
}

type Bind = (args: JsonObject, opened: Opened) => Promise<Bound>

/**
 * The table of operations: a request names one, so that a saved plan or a journal can be taken up by any nyah. What is
 * not in it is refused by name.
 */
const TABLE: Readonly<Record<string, Bind>> = {
  'lb.mirror': (args, opened) =>
    lb(opened, (make, ports, settings) =>
      make.mirrorOperation(ports, settings, { ids: idsOf(args), wait: args['wait'] !== false }),
    ),
  'lb.sync': (args, opened) =>
    lb(opened, (make, ports, settings) =>
      make.syncOperation(ports, settings, { ids: idsOf(args), wait: args['wait'] !== false }),
    ),
  'lb.diff': (args, opened) =>
    lb(opened, (make, ports, settings) => make.diffOperation(ports, settings, { ids: idsOf(args) })),
  // Octavia is not asked: a mirror must be removable when its private cloud is gone.
  'lb.unmirror': async (args, opened) => {
    const [make, mirrors, network] = await Promise.all([
      import('../lb/operation.ts'),
      opened.mirrors(),
      opened.network(),
    ])
    const ports = { mirrors, network }
    return bind(make.unmirrorOperation(ports, lbSettings(opened), { id: idsOf(args)[0] ?? '' }), () => '')
  },
}

type LbOperations = typeof import('../lb/operation.ts')

async function lb<World>(
  opened: Opened,
  choose: (
    make: LbOperations,
    ports: Awaited<ReturnType<typeof lbPorts>>,
    settings: ReturnType<typeof lbSettings>,
  ) => Operation<World>,
): Promise<Bound> {
  const [make, ports] = await Promise.all([import('../lb/operation.ts'), lbPorts(opened)])
  return bind(choose(make, ports, lbSettings(opened)), tellMirrors)
}

async function bind<World>(operation: Operation<World>, tell: (result: Json) => string): Promise<Bound> {
  const { run } = await import('../engine/run.ts')
  return {
    tell,
    run: (request, options, deps) => run(operation, request, options, deps),
  }
}

/** `shop-web  nyah-shop-web-….amazonaws.com`: where clients of each mirror connect. */
function tellMirrors(result: Json): string {
  const { mirrors = [] } = (result ?? {}) as { mirrors?: readonly JsonObject[] }
  return mirrors
    .map(({ id, source, mirror }) => {
      const { dnsName } = (mirror ?? {}) as JsonObject
      const { name } = (source ?? {}) as JsonObject
      return typeof dnsName === 'string' ? `${escapeText(jsonText(name ?? id))}  ${escapeText(dnsName)}\n` : ''
    })
    .join('')
}

/** Binds what a request names. Throws OPERATION_UNKNOWN (a plan of a newer nyah) or REQUEST_INVALID. */
export async function bindOperation(request: Request, opened: Opened): Promise<Bound> {
  const make = Object.hasOwn(TABLE, request.operation) ? TABLE[request.operation] : undefined
  if (make === undefined)
    throw nyahError({
      code: 'OPERATION_UNKNOWN',
      message: `this nyah does not know the operation ${request.operation}; it knows ${Object.keys(TABLE).join(', ')}`,
      exit: EXIT.usage,
      tries: ['use the nyah version that made it'],
    })
  return make(request.arguments, opened)
}

/** The load balancers of a request's arguments; they may come from a file, so nothing is taken for granted. */
function idsOf(args: JsonObject): readonly string[] {
  const ids = args['ids']
  const valid = Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === 'string' && UUID.test(id))
  if (!valid)
    throw nyahError({
      code: 'REQUEST_INVALID',
      message: 'the request has no list of load balancer UUIDs in arguments.ids',
      exit: EXIT.usage,
      tries: ['make the plan again'],
    })
  return ids as readonly string[]
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
