import { durationText } from '../core/duration.ts'
import type { Finding } from '../core/plan.ts'
import type { RecordSet } from '../ports/dns.ts'
import { NAME_GUARDS, notExternal } from './guards.ts'
import type { ObservedName } from './model.ts'
import type { Attach } from './operation.ts'
import { isAttached, mirrorOf, withDestinations, type AttachWorld } from './destinations.ts'
import { planAttach } from './plan-attach.ts'
import { rampWalk } from './plan-walk.ts'
import { awsShare, ownedSets, shareText, TYPES } from './set.ts'

/** How well a side is says nothing before it is made. */
const LATER = new Set(['DNS_SIDE_UNHEALTHY', 'DNS_SIDE_AILING', 'DNS_SIDE_UNKNOWN', 'DNS_STEP_HELD'])

/**
 * What a run that makes mirrors says of the names that are attached to them afterwards: what becomes of each, and whatever
 * would refuse it then. Findings are of the mirror's scope, its Octavia UUID. Pure.
 *
 * @param destinations NLBs as they are, or, of those that are not made yet, as far as they are known
 */
export function announce(
  names: readonly ObservedName[],
  { destinations, floatingIps }: Pick<AttachWorld, 'destinations' | 'floatingIps'>,
  args: Attach,
): readonly Finding[] {
  const at = Math.max(0, ...names.map((seen) => seen.at))
  const world = withDestinations({ at, names, ours: { run: '', moved: new Map() } }, { destinations, floatingIps })
  const draft = planAttach(world, args)
  const raised = [...draft.findings, ...[notExternal, ...NAME_GUARDS].flatMap((guard) => guard(draft, world))]
  return world.names.flatMap((seen): readonly Finding[] => {
    const id = mirrorOf(args, seen.name)
    const entrance = destinations[id]?.entrance
    // Its load balancer is not there to be mirrored: that is said of the mirror.
    if (entrance === undefined) return []
    const own = raised.filter(({ scope, code }) => scope === seen.name && !LATER.has(code))
    const text = isAttached(seen, entrance) ? walkText(seen) : firstText(seen, args)
    const isRefused = own.some(({ severity, allowable }) => severity === 'refuse' && !allowable)
    const about = { scope: id, subject: seen.name, severity: 'info' as const, remedy: '', allowable: false }
    return [
      ...(text === null || isRefused ? [] : [{ ...about, code: 'DNS_ATTACH_NEXT', evidence: text }]),
      ...own.map((finding) => ({ ...finding, scope: id, remedy: remedyOf(finding, seen.name, id) })),
    ]
  })
}

/** Flags that only `dns attach` has. */
const remedyOf = ({ remedy }: Finding, name: string, id: string): string =>
  remedy.startsWith('--')
    ? `attach it yourself once the mirror is there: nyah dns attach ${name} --mirror ${id}; ${remedy}`
    : remedy

/** Null: it is where it is to be. */
function walkText(seen: ObservedName): string | null {
  const walk = ownedSets(seen).find(({ state }) => state.walk !== null)?.state.walk
  return walk === undefined || walk === null
    ? null
    : `it is attached; its walk to ${shareText(walk.to)} goes on, step ${Math.min(walk.done + 1, walk.steps.length)} of ${walk.steps.length}`
}

function firstText(seen: ObservedName, { ramp, everySeconds, steady }: Attach): string {
  const { name, zone, records } = seen
  const now = records.filter((one) => one.name === name && TYPES.some((type) => type === one.type)).map(recordText)
  const zoneText = `${zone.private ? 'private' : 'public'} zone ${zone.name}`
  const steps = rampWalk(ramp ?? [], steady, everySeconds)?.steps ?? []
  const shares = steps.map((percent) => `${Math.round(percent * awsShare(steady)) / 100} %`).join(', ')
  const way =
    ownedSets(seen).length > 0
      ? "aws becomes this mirror's NLB, weights stay"
      : ramp === null || steps.length === 0
        ? `at once ${shareText(steady)}`
        : `first all on octavia, then a step every ${durationText(everySeconds * 1000)}: ${shares} on aws`
  return `it answers ${now.join(' and ') || 'nothing'} today (${zoneText}); attached once the mirror is healthy: ${way}`
}

/** `A 203.0.113.11, TTL 300 s` */
const recordText = ({ type, setIdentifier, values, alias, ttl }: RecordSet): string =>
  [
    `${type}${setIdentifier === null ? '' : ` (${setIdentifier})`} ${alias === null ? values.join(', ') : `alias of ${alias.dnsName}`}`,
    ...(ttl === null ? [] : [`TTL ${ttl} s`]),
  ].join(', ')
