import { EXIT, nyahError } from '../core/errors.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Scene } from '../engine/operation.ts'
import type { RunDeps, RunOptions } from '../engine/terms.ts'
import type { ObservedName } from '../dns/model.ts'
import type { Enactor } from '../dns/apply.ts'
import type { Card } from '../failover/card.ts'
import type { SeenWorld, Way, Which } from '../failover/model.ts'
import type { FailoverPorts } from '../failover/operation.ts'
import { escapeText } from '../render/escape.ts'
import { percent } from './dns-text.ts'
import { chosenCard, isOwnAccount, keepingCard } from './failover-card.ts'
import { attendedText } from './failover-report.ts'
import { following } from './failover-spread.ts'
import { configuredSwitch, impatient, orSwitchAlone, switchesOf, waysOf } from './failover-ways.ts'
import { namesInTime } from './names-in-time.ts'
import { namesPorts, zoneChoice } from './names-read.ts'
import type { Bound } from './operations.ts'
import type { Opened } from './open.ts'

/** How long health may take before users are moved without it. */
const PREFLIGHT_MS = 2_500

/**
 * Whoever returns, or rehearses, is in no hurry, and what was not read in time would not be proven. Route 53 lets itself be
 * asked 4 times a second.
 */
const CALM_MS = 20_000
const CALM_CHECK_MS = 300

/** Binds `failover.to`, `failover.drill` and `failover.end`: Route 53 is all that has to answer. */
export async function bindFailover(request: Request, opened: Opened): Promise<Bound> {
  const [make, requests, observe, { applyNames }, { run }, ports, dns] = await Promise.all([
    import('../failover/operation.ts'),
    import('../failover/request.ts'),
    import('../dns/observe.ts'),
    import('../dns/apply.ts'),
    import('../engine/run.ts'),
    namesPorts(opened),
    opened.names(),
  ])
  const choice = zoneChoice(opened)
  const isEnd = request.operation === 'failover.end'
  const attended = requests.attendedOf(request.operation, request.arguments)
  const isCalm = isEnd || attended !== null
  const read = (names: readonly string[] | null, healthMs: number, scene: Scene): Promise<readonly ObservedName[]> =>
    observe.observeNames(ports, { names, choice, healthMs, checkMs: isCalm ? CALM_CHECK_MS : 0 }, scene)
  let before: readonly ObservedName[] = []
  let isMoved = false
  // Users are where they were sent: to tell so, nobody waits for remotes that did not answer a moment ago.
  const patience = (): number => (isCalm ? CALM_MS : isMoved ? 0 : PREFLIGHT_MS)
  const seenWith = (healthMs: number, found: readonly ObservedName[]): readonly ObservedName[] => {
    before = healthMs === 0 ? found.map((seen) => withHealthOf(seen, before)) : found
    isMoved = false
    return before
  }
  const fromZone = async (which: Which, scene: Scene): Promise<readonly ObservedName[]> => {
    const healthMs = patience()
    return seenWith(healthMs, await read(which.by === 'names' ? which.names : null, healthMs, scene))
  }
  const switches = switchesOf(opened)
  const inTime = ({ deadline, clock }: RunDeps) => namesInTime(dns, deadline, clock)
  const zoneWorld = async (which: Which, scene: Scene): Promise<SeenWorld> => {
    const at = scene.clock.now()
    const found = await fromZone(which, scene)
    return worldOf(which, at, chosen(which, found), await waysFor(which, found, which.by !== 'names', scene))
  }
  const waysFor = (which: Which, known: readonly ObservedName[], isAll: boolean, scene: Scene) =>
    waysOf(opened, known, chosen(which, known), { which, isAll }, scene)
  /** The zone as it stands, without a card, and what is sent followed to the name servers. */
  const fromTheZone = async (enactor: Enactor, deps: RunDeps, wait: boolean) => {
    const { clock, emit, deadline = null } = deps
    const kept = await keepingCard(inTime(deps), opened, clock, emit)
    const follow = following(opened, enactor, wait ? deadline : null)
    const own: FailoverPorts = {
      run: enactor.run,
      switches,
      observe: (which, scene) => follow.observe((here) => zoneWorld(which, here), scene),
      apply: (changes, scene) => follow.carry(changes, scene, () => applyNames(changes, kept, enactor, scene)),
    }
    return { own, follow }
  }
  if (isEnd) {
    const asked = requests.endOf(request.arguments)
    return bound(async (enactor, deps) => {
      const { own } = await fromTheZone(enactor, deps, asked.wait !== false)
      const operation = make.endOperation(own, asked)
      return (each, options, given) => run(operation, each, options, given)
    })
  }
  if (attended !== null)
    return bound(async (enactor, deps, { resumes }) => {
      const since = deps.clock.now()
      const [{ attendedPorts }, { own, follow }] = await Promise.all([
        import('./failover-attended.ts'),
        fromTheZone(enactor, deps, true),
      ])
      const promised = { ...attended, resumed: resumes !== null }
      const operation = make.attendedOperation(attendedPorts(own, follow, opened, promised, since), promised)
      return (each, options, given) => run(operation, each, options, given)
    })
  const asked = requests.toOf(request.arguments)
  return bound(async (enactor, deps, { consent }) => {
    const since = deps.clock.now()
    const [{ applyFromCard }, { namesOn }] = await Promise.all([
      import('../failover/apply.ts'),
      import('../failover/card.ts'),
    ])
    let keeper = await chosenCard(opened, asked.which, deps)
    const kept =
      keeper === null ? await keepingCard(inTime(deps), opened, deps.clock, deps.emit) : keeper.keeping(inTime(deps))
    let known: readonly ObservedName[] = []
    let ways: readonly Way[] = []
    let alone: SeenWorld | null = null
    const fromCard = async (card: Card, which: Which, scene: Scene): Promise<SeenWorld | null> => {
      const at = scene.clock.now()
      const healthMs = patience()
      const all = namesOn(card, at)
      const [names, isOwn, seen] = await Promise.all([
        observe.observeKnown(ports, chosen(which, all), healthMs, scene),
        isOwnAccount(card, opened, scene),
        waysFor(which, all, card.covers === 'all', scene),
      ])
      known = seenWith(healthMs, names)
      return isOwn ? worldOf(which, at, known, seen) : null
    }
    const observed = async (which: Which, scene: Scene): Promise<SeenWorld> => {
      const world = keeper === null ? null : await fromCard(keeper.card(), which, scene)
      if (world !== null) return world
      keeper = null
      const place =
        which.by === 'all' && asked.side === 'aws' && asked.percent === 100 ? configuredSwitch(opened) : null
      if (place === null) return zoneWorld(which, scene)
      alone ??= await orSwitchAlone((here) => zoneWorld(which, here), place, scene)
      if (alone.names.length === 0) return alone
      const found = alone
      alone = null
      return found
    }
    const follow = following(opened, enactor, asked.wait !== false ? (deps.deadline ?? null) : null)
    const apply: FailoverPorts['apply'] = impatient(
      (changes, scene) => {
        isMoved = true
        return follow.carry(changes, scene, () => applyNames(changes, kept, enactor, scene))
      },
      () => ways.some(({ covered }) => covered),
    )
    const { allowances } = request
    const asSeen = consent !== 'yes'
    const reread = (names: readonly string[], scene: Scene) => read(names, REREAD_HEALTH_MS, scene)
    const toPorts: FailoverPorts = {
      run: enactor.run,
      switches,
      async observe(which, scene) {
        const world = await follow.observe((here) => observed(which, here), scene)
        ways = world.ways
        return world
      },
      apply: (changes, scene) =>
        keeper === null
          ? apply(changes, scene)
          : applyFromCard(
              changes,
              { ...make.rulesOf(asked), apply, reread, allowances, known, ways, since, asSeen },
              scene,
            ),
    }
    return (each, options, given) => run(make.toOperation(toPorts, asked), each, options, given)
  })
}

function worldOf(which: Which, at: number, names: readonly ObservedName[], ways: readonly Way[]): SeenWorld {
  if (names.length === 0) throw nobody(which)
  return { at, names, ways }
}

/** How long health may take where a name has to be read after all: users are waiting. */
const REREAD_HEALTH_MS = 1_000

type Prepare = (enactor: Enactor, deps: RunDeps, options: RunOptions) => Promise<Bound['run']>

const bound = (prepare: Prepare): Bound => ({
  tell,
  run: async (asked, options, deps) => {
    const enactor = { by: options.actor, why: options.reason ?? '', run: deps.run.slice(-4) }
    return (await prepare(enactor, deps, options))(asked, options, deps)
  },
})

/** The records of now with the health that was read before. */
function withHealthOf(seen: ObservedName, before: readonly ObservedName[]): ObservedName {
  const known = before.find(({ name }) => name === seen.name)
  if (known === undefined) return seen
  const { protections, checks, statuses, entrances, unread } = known
  return { ...seen, protections, checks, statuses, entrances, unread }
}

/** Those that are meant. Throws FAILOVER_NLB_UNREAD where only ELBv2 could say. */
export function chosen(which: Which, found: readonly ObservedName[]): readonly ObservedName[] {
  if (which.by === 'all') return found
  if (which.by === 'names') return found.filter(({ name }) => which.names.includes(name))
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

export const nobody = (which: Which): Error =>
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
  const report = attendedText((result ?? {}) as JsonObject)
  const { names = [] } = (result ?? {}) as { names?: readonly JsonObject[] }
  const lines = names.flatMap(({ name, sets }) =>
    ((sets ?? []) as readonly JsonObject[]).map(
      ({ type, octavia, aws, walking }) =>
        `${escapeText(jsonText(name ?? ''))} ${escapeText(jsonText(type ?? ''))}  octavia ${percent(Number(octavia))}, aws ${percent(Number(aws))}${walking === true ? '; not there yet' : ''}`,
    ),
  )
  const shown = lines.slice(0, SHOWN)
  const rest = lines.length - shown.length
  return `${report}${[...shown, ...(rest > 0 ? [`… and ${rest} more`] : []), ''].join('\n')}`
}

const SHOWN = 20
