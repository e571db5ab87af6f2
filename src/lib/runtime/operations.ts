import { EXIT, nyahError } from '../core/errors.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Operation } from '../engine/operation.ts'
import type { RunDeps, RunOptions, RunResult } from '../engine/terms.ts'
import type { LbSettings } from '../lb/model.ts'
import { escapeText } from '../render/escape.ts'
import { lbPorts, lbSettings, type Opened } from './open.ts'
import { lbArguments, oneIdOf, type LbRequest } from './lb-request.ts'

/** An operation bound to the adapters of a context; its world's type stays inside. */
export interface Bound {
  /** What people want to know of the result besides how it ended; ends with a newline, or is empty. */
  tell(result: Json): string
  run(request: Request, options: RunOptions, deps: RunDeps): Promise<RunResult>
  /** What follows under the same consent once this ended well. Absent: nothing. */
  readonly next?: Next
}

/** A second run. */
export interface Next {
  /** Null: this did not end so that it can follow. */
  after(result: RunResult): Request | null
  /** What is left undone then: names, not escaped. */
  readonly names: readonly string[]
}

type Bind = (request: Request, opened: Opened) => Promise<Bound>

/**
 * The table of operations: a request names one, so that a saved plan or a journal can be taken up by any nyah. What is
 * not in it is refused by name.
 */
const TABLE: Readonly<Record<string, Bind>> = {
  'dns.attach': names,
  'dns.shift': names,
  'dns.weight': names,
  'dns.detach': names,
  'failover.to': failover,
  'failover.drill': failover,
  'failover.end': failover,
  'failover.arm': async (request, opened) => {
    const { bindArm } = await import('./failover-arm.ts')
    return bindArm(request, opened)
  },
  'lb.mirror': async (request, opened) =>
    request.arguments['attach'] === undefined ? mirror(request, opened) : mirrorWithNames(request, opened),
  'lb.sync': lb((make, ports, settings, args) => make.syncOperation(ports, settings, args)),
  'lb.diff': lb((make, ports, settings, args) => make.diffOperation(ports, settings, args)),
  'lb.retarget': lb((make, ports, settings, args) => make.retargetOperation(ports, settings, args)),
  // Octavia is not asked: a mirror must be removable when its private cloud is gone.
  'lb.unmirror': async ({ arguments: args }, opened) => {
    const id = oneIdOf(args, ['ids'])
    const [make, mirrors, network, dns] = await Promise.all([
      import('../lb/operation.ts'),
      opened.mirrors(),
      opened.network(),
      opened.dns(),
    ])
    const ports = { mirrors, network, dns }
    return bind(make.unmirrorOperation(ports, lbSettings(opened), { id }), () => '')
  },
}

/** One command, two runs: the mirror, and once it is healthy the names that are attached to it. */
async function mirrorWithNames(request: Request, opened: Opened): Promise<Bound> {
  const args = lbArguments(request)
  const [{ withNames }, make, ports] = await Promise.all([
    import('./mirror-names.ts'),
    import('../lb/operation.ts'),
    lbPorts(opened),
  ])
  const plain = make.mirrorOperation(ports, withAddresses(lbSettings(opened), args), args)
  const { operation, next } = await withNames(plain, request, opened)
  return {
    ...(await bind(operation, tellMirrors)),
    next: { ...next, after: (one) => (args.wait ? next.after(one) : null) },
  }
}

async function names(request: Request, opened: Opened): Promise<Bound> {
  const { bindDns } = await import('./dns-operations.ts')
  return bindDns(request, opened)
}

async function failover(request: Request, opened: Opened): Promise<Bound> {
  const { bindFailover } = await import('./failover.ts')
  return bindFailover(request, opened)
}

type LbOperations = typeof import('../lb/operation.ts')

type Choose<World> = (
  make: LbOperations,
  ports: Awaited<ReturnType<typeof lbPorts>>,
  settings: LbSettings,
  args: LbRequest,
) => Operation<World>

function lb<World>(choose: Choose<World>): Bind {
  return async (request, opened) => {
    const args = lbArguments(request)
    const [make, ports] = await Promise.all([import('../lb/operation.ts'), lbPorts(opened)])
    return bind(choose(make, ports, withAddresses(lbSettings(opened), args), args), tellMirrors)
  }
}

const mirror = lb((make, ports, settings, args) => make.mirrorOperation(ports, settings, args))

/** Addresses of the request win over those of the configuration, subnet by subnet. */
const withAddresses = (settings: LbSettings, { addresses }: LbRequest): LbSettings => ({
  ...settings,
  placementFor: (id) => {
    const placement = settings.placementFor(id)
    return { ...placement, addresses: { ...placement.addresses, ...addresses } }
  },
})

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
  return make(request, opened)
}
