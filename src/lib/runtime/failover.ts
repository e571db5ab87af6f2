import { EXIT, nyahError } from '../core/errors.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Scene } from '../engine/operation.ts'
import type { NamesWorld, ObservedName } from '../dns/model.ts'
import type { Enactor } from '../dns/apply.ts'
import type { Which } from '../failover/model.ts'
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
  const [make, requests, { observeNames }, { applyNames }, { run }, ports, dns] = await Promise.all([
    import('../failover/operation.ts'),
    import('../failover/request.ts'),
    import('../dns/observe.ts'),
    import('../dns/apply.ts'),
    import('../engine/run.ts'),
    namesPorts(opened),
    opened.names(),
  ])
  const isEnd = request.operation === 'failover.end'
  let before: readonly ObservedName[] = []
  let isMoved = false
  const observe = async (which: Which, scene: Scene): Promise<NamesWorld> => {
    const at = scene.clock.now()
    const names = which.by === 'names' ? which.names : null
    // Users are where they were sent: to tell so, nobody waits for remotes that did not answer a moment ago.
    const healthMs = isMoved && !isEnd ? 0 : PREFLIGHT_MS
    const read = await observeNames(ports, { names, choice: zoneChoice(opened), healthMs }, scene)
    const found = healthMs === 0 ? read.map((seen) => withHealthOf(seen, before)) : read
    before = found
    isMoved = false
    const chosen = chosenOf(found, which)
    if (chosen.length === 0) throw nobody(which)
    return { at, names: chosen }
  }
  const portsFor = (enactor: Enactor): FailoverPorts => ({
    observe,
    run: enactor.run,
    apply: (changes, scene) => {
      isMoved = true
      return applyNames(changes, dns, enactor, scene)
    },
  })
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

/** The records of now with the health that was read before. */
function withHealthOf(seen: ObservedName, before: readonly ObservedName[]): ObservedName {
  const known = before.find(({ name }) => name === seen.name)
  if (known === undefined) return seen
  const { protections, checks, statuses, entrances, unread } = known
  return { ...seen, protections, checks, statuses, entrances, unread }
}

/** Those that are meant. Throws FAILOVER_NLB_UNREAD where only ELBv2 could say. */
function chosenOf(found: readonly ObservedName[], which: Which): readonly ObservedName[] {
  if (which.by === 'names' || which.by === 'all') return found
  const unread = found.filter(isUnread)
  if (which.by === 'tag') {
    if (unread.length > 0) throw nlbUnread(`--tag ${which.key}=${which.value}`, unread)
    return found.filter(({ records, entrances }) =>
      records.some(({ alias }) => alias !== null && entrances[alias.dnsName]?.tags?.[which.key] === which.value),
    )
  }
  const behind = found.filter((seen) => isBehind(seen, which.mirror))
  if (behind.length === 0 && unread.length > 0) throw nlbUnread(`--mirror ${which.mirror}`, unread)
  return behind
}

/** Has it an NLB that ELBv2 said nothing of, because it did not answer? */
const isUnread = ({ records, entrances, unread }: ObservedName): boolean =>
  unread.length > 0 && records.some(({ alias }) => alias !== null && entrances[alias.dnsName] === undefined)

const nlbUnread = (asked: string, unread: readonly ObservedName[]): Error =>
  nyahError({
    code: 'FAILOVER_NLB_UNREAD',
    message: `${asked}: only ELBv2 knows which names that means, and it did not answer for ${unread.length} of them (${unread[0]?.unread.join('; ') ?? ''})`,
    exit: EXIT.remote,
    tries: [
      'the same command with the names themselves, or with --all: only Route 53 has to answer then',
      'nyah dns show',
    ],
  })

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
        : which.by === 'tag'
          ? `no name that nyah owns has a side whose NLB carries the tag ${which.key}=${which.value}`
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
        `${escapeText(jsonText(name ?? ''))} ${escapeText(jsonText(type ?? ''))}  octavia ${percent(Number(octavia))}, aws ${percent(Number(aws))}${walking === true ? '; not there yet' : ''}`,
    ),
  )
  const shown = lines.slice(0, SHOWN)
  const rest = lines.length - shown.length
  return [...shown, ...(rest > 0 ? [`… and ${rest} more`] : []), ''].join('\n')
}

const SHOWN = 20
