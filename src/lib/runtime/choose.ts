import { EXIT, nyahError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Errand, Selection } from './errand.ts'
import { resolveNames } from './lb.ts'
import type { Opened } from './open.ts'

/** A request's arguments, with the ids of whatever the operator named or selected. */
export async function argumentsOf(errand: Errand, opened: Opened, signal: AbortSignal): Promise<JsonObject> {
  const { names, selectors, former } = errand
  if (former !== undefined) return retargetArguments(errand, former, opened, signal)
  if (errand.mirror !== undefined) {
    const [mirror = null] = await resolveNames(opened, [errand.mirror], signal)
    return { ...errand.arguments, mirror }
  }
  if (names.length === 0 && selectors === undefined) return errand.arguments
  const ids = await chosenIds(errand, opened, signal)
  return { ...errand.arguments, ids: [...ids], ...(await attachAfter(errand, ids, opened)) }
}

/** `attach`, where names belong to these load balancers; nothing is loaded for it where none do. */
async function attachAfter({ naming }: Errand, ids: readonly string[], { name, context }: Opened): Promise<JsonObject> {
  const mirrors = context.mirrors ?? {}
  if (naming === undefined) return {}
  if (naming.hostnames.length === 0 && ids.every((id) => (mirrors[id]?.hostnames ?? []).length === 0)) return {}
  const { attachLater } = await import('./hostnames.ts')
  return { attach: attachLater(naming, ids, { context: name, mirrors }) }
}

/** UUIDs of those named, then of those selected, each once. Lists are read only when they are needed, and each once. */
export async function chosenIds(selection: Selection, opened: Opened, signal: AbortSignal): Promise<readonly string[]> {
  const { names, selectors, mirroredOnly = false } = selection
  if (selectors === undefined) return unique(await resolveNames(opened, names, signal))
  const [{ selectLoadBalancers }, { isUuid, resolveName }] = await Promise.all([
    import('../lb/select.ts'),
    import('../lb/resolve.ts'),
  ])
  const byUuid = names.every(isUuid)
  // Whatever has a mirror, whether Octavia can say its name or not.
  const needsSources = !mirroredOnly || !byUuid || selectors.tags.length > 0 || selectors.names.length > 0
  const needsMirrors = mirroredOnly || !byUuid
  const [sources, mirrors] = await Promise.all([
    needsSources ? opened.source().then((source) => source.list(signal)) : [],
    needsMirrors ? opened.mirrors().then((port) => port.list(signal)) : [],
  ])
  const named = names.map((name) => (isUuid(name) ? name.trim().toLowerCase() : resolveName(sources, mirrors, name)))
  return unique([...named, ...selectLoadBalancers(sources, mirrors, selectors, mirroredOnly)])
}

const unique = (ids: readonly string[]): readonly string[] => [...new Set(ids)]

/** The old one may be gone from Octavia; the new one is there, and is not the old one, however alike their names are. */
async function retargetArguments(
  errand: Errand,
  former: string,
  opened: Opened,
  signal: AbortSignal,
): Promise<JsonObject> {
  const [wanted = ''] = errand.names
  const { formerOf, isUuid, resolveName } = await import('../lb/resolve.ts')
  const canonical = (text: string) => text.trim().toLowerCase()
  const known = isUuid(former) && isUuid(wanted)
  const [sources, mirrors] = await Promise.all([
    known ? [] : opened.source().then((source) => source.list(signal)),
    known || isUuid(former) ? [] : opened.mirrors().then((port) => port.list(signal)),
  ])
  const formerId = isUuid(former) ? canonical(former) : formerOf(sources, mirrors, former)
  const others = sources.filter(({ id }) => id !== formerId)
  const id = isUuid(wanted) ? canonical(wanted) : resolveName(others, [], wanted)
  if (id === formerId)
    throw nyahError({
      code: 'USAGE',
      message: `${former} and ${wanted} are the same load balancer, ${id}: its mirror follows it already`,
      exit: EXIT.usage,
      tries: [`nyah lb sync ${id}`],
    })
  return { ...errand.arguments, ids: [id], formerId }
}
