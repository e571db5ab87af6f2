import { EXIT, nyahError } from '../core/errors.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Scene } from '../engine/operation.ts'
import type { ObservedName } from '../dns/model.ts'
import type { Enactor } from '../dns/apply.ts'
import type { FailoverWorld, Which } from '../failover/model.ts'
import type { FailoverPorts } from '../failover/operation.ts'
import { escapeText } from '../render/escape.ts'
import { percent } from './dns-text.ts'
import { namesPorts, zoneChoice } from './names-read.ts'
import type { Bound } from './operations.ts'
import type { Opened } from './open.ts'

/** How long health may take before users are moved without it. */
const PREFLIGHT_MS = 2_500

/** Binds `failover.to` and `failover.end`: Route 53 is all that has to answer. */
export async function bindFailover(request: Request, opened: Opened): Promise<Bound> {
  const [make, requests, { observeNames }, { applyNames }, { watchSpread }, { watched }] = await Promise.all([
    import('../failover/operation.ts'),
    import('../failover/request.ts'),
    import('../dns/observe.ts'),
    import('../dns/apply.ts'),
    import('../dns/servers/observe.ts'),
    import('./failover-spread.ts'),
  ])
  const [{ run }, { standings, stamped }, ports, dns, resolver] = await Promise.all([
    import('../engine/run.ts'),
    import('../dns/delta.ts'),
    namesPorts(opened),
    opened.names(),
    opened.resolver(),
  ])
  const observe = async (which: Which, scene: Scene): Promise<FailoverWorld> => {
    const at = scene.clock.now()
    const names = which.by === 'names' ? which.names : null
    const found = await observeNames(ports, { names, choice: zoneChoice(opened), healthMs: PREFLIGHT_MS }, scene)
    const chosen = which.by === 'mirror' ? found.filter((seen) => isBehind(seen, which.mirror)) : found
    if (chosen.length === 0) throw nobody(which)
    return { at, names: chosen }
  }
  const portsFor = (enactor: Enactor): FailoverPorts =>
    watched(
      { observe, apply: (changes, scene) => applyNames(changes, dns, enactor, scene) },
      watchSpread(dns, resolver),
      (change, at) =>
        stamped(standings(change).after.records, change.ref.name, { ...enactor, at: new Date(at).toISOString() }),
    )
  const isEnd = request.operation === 'failover.end'
  const operationFor = isEnd
    ? (
        (asked) => (each: FailoverPorts) =>
          make.endOperation(each, asked)
      )(requests.endOf(request.arguments))
    : (
        (asked) => (each: FailoverPorts) =>
          make.toOperation(each, asked)
      )(requests.toOf(request.arguments))
  return {
    tell,
    run: (asked, options, deps) => {
      const enactor = { by: options.actor, why: options.reason ?? '', run: deps.run.slice(-4) }
      return run(operationFor(portsFor(enactor)), asked, options, deps)
    },
  }
}

/** Is this mirror one of its sides? Where ELBv2 does not answer, the alias has the NLB's name in its own. */
function isBehind({ records, entrances }: ObservedName, mirror: string): boolean {
  return records.some(({ alias }) => {
    if (alias === null) return false
    const entrance = entrances[alias.dnsName]
    const dnsName = alias.dnsName
      .toLowerCase()
      .replace(/\.$/, '')
      .replace(/^dualstack\./, '')
    return (
      dnsName === mirror ||
      dnsName.startsWith(`${mirror}-`) ||
      entrance?.octaviaId === mirror ||
      entrance?.name.toLowerCase() === mirror
    )
  })
}

const nobody = (which: Which): Error =>
  nyahError({
    code: 'FAILOVER_NO_NAMES',
    message:
      which.by === 'mirror'
        ? `no name that nyah owns has the mirror ${which.mirror} as a side`
        : 'nyah owns no name in the zones that these credentials list',
    exit: EXIT.usage,
    tries: ['nyah dns show', 'nyah dns attach NAME --mirror X --plan'],
  })

/** `shop.example.jp A  octavia 0 %, aws 100 %`: where users of each name go. */
function tell(result: Json): string {
  const { names = [] } = (result ?? {}) as { names?: readonly JsonObject[] }
  const lines = names.flatMap(({ name, sets }) =>
    ((sets ?? []) as readonly JsonObject[]).map(
      ({ type, octavia, aws, walking }) =>
        `${escapeText(jsonText(name ?? ''))} ${escapeText(jsonText(type ?? ''))}  octavia ${percent(Number(octavia))}, aws ${percent(Number(aws))}${walking === true ? '; not there yet: run the same command for the next step' : ''}`,
    ),
  )
  const shown = lines.slice(0, SHOWN)
  const rest = lines.length - shown.length
  return [...shown, ...(rest > 0 ? [`… and ${rest} more`] : []), ''].join('\n')
}

const SHOWN = 20
