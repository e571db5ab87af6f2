import { errorData, type ErrorData } from '../core/errors.ts'
import type { LoadBalancer, LoadBalancerState, TargetTallies, TargetTally } from '../ports/mirrors.ts'
import type { SourceLoadBalancer } from '../ports/source.ts'
import { heldOf, inStepOf, revisionOf, settingsOf, type Held } from './held.ts'
import { SCHEMA, TAG, type LbSettings } from './model.ts'
import { hashOf } from './names.ts'
import type { LbPorts } from './observe.ts'

/** One load balancer as people look for it. `unknown`: that side could not be read; it may or may not be there. */
export interface MirrorRow {
  readonly id: string
  /** Octavia's name; of one that is gone or unread, the name that the mirror remembers, else null. */
  readonly name: string | null
  /** `gone`: only a mirror is left. */
  readonly source: ListedSource | 'gone' | 'unknown'
  readonly mirror: ListedMirror | 'none' | 'unknown'
  readonly drift: Drift
  /** What a guard keeps back, as the mirror's own tag tells it. */
  readonly held: readonly Held[]
}

export interface ListedSource {
  readonly vip: string
  readonly provisioning_status: string
  readonly operating_status: string
  readonly updated_at: string | null
}

export interface ListedMirror {
  readonly name: string
  readonly dnsName: string
  readonly arn: string
  readonly state: LoadBalancerState
  /** Over its target groups; null: not asked, or not known. */
  readonly targets: TargetTally | null
}

/**
 * Does the mirror follow? `in-step`: nothing changed in Octavia since both were in step. `behind`: something did. `never`:
 * no run has found them in step yet. `unknown`: one side is missing or could not be read. What somebody edits on AWS is
 * for `lb diff`: the list reads no trees. `reconfigured`: the configuration says otherwise than then. `newer`: a newer nyah
 * made it. `tags-lost`: an NLB with this mirror's name lacks nyah's tags.
 */
export interface Drift {
  readonly state: 'in-step' | 'behind' | 'never' | 'unknown' | 'reconfigured' | 'newer' | 'tags-lost'
  /** Behind: when Octavia last changed; else null. ISO 8601, UTC. */
  readonly since: string | null
  /** The state of Octavia (its updated_at) that the mirror was last in step with; null: never. */
  readonly inStepWith: string | null
}

export interface MirrorList {
  /** By name, then id. */
  readonly rows: readonly MirrorRow[]
  /** What could not be read: with one in it the answer is partial (exit 12). */
  readonly unread: readonly { readonly side: 'octavia' | 'aws' | 'health'; readonly error: ErrorData }[]
  /** Set: there are so many target groups that their health was not asked for. */
  readonly healthNotAsked: { readonly targetGroups: number; readonly atMost: number } | null
}

/** Target groups whose health is asked for unless the operator wants all: one request each. */
export const HEALTH_AT_MOST = 40

/**
 * Both clouds' lists beside each other. However many load balancers: one request per 1,000 to Octavia; to AWS one per 400
 * load balancers, one per 20 mirrors for their tags, one per 400 target groups, and, for at most `healthAtMost` target
 * groups, one each for health. Throws Octavia's error when neither could be read.
 */
export async function listMirrors(
  ports: Pick<LbPorts, 'source' | 'mirrors'>,
  healthAtMost: number,
  signal?: AbortSignal,
  settings?: LbSettings,
): Promise<MirrorList> {
  const [sources, mirrors, health] = await Promise.allSettled([
    ports.source.list(signal),
    ports.mirrors.list(signal, true),
    ports.mirrors.health(healthAtMost, signal),
  ])
  if (sources.status === 'rejected' && mirrors.status === 'rejected') throw sources.reason
  const unread: MirrorList['unread'] = [
    ...(sources.status === 'rejected' ? [{ side: 'octavia' as const, error: errorData(sources.reason) }] : []),
    ...(mirrors.status === 'rejected' ? [{ side: 'aws' as const, error: errorData(mirrors.reason) }] : []),
    // AWS that does not answer at all is said once.
    ...(mirrors.status === 'fulfilled' && health.status === 'rejected'
      ? [{ side: 'health' as const, error: errorData(health.reason) }]
      : []),
  ]
  const tallies = health.status === 'fulfilled' ? health.value : null
  return {
    rows: joinRows(
      sources.status === 'fulfilled' ? sources.value : null,
      mirrors.status === 'fulfilled' ? mirrors.value : null,
      tallies?.byLoadBalancer ?? null,
      settings,
    ),
    unread,
    healthNotAsked:
      tallies !== null && tallies.byLoadBalancer === null
        ? { targetGroups: tallies.targetGroups, atMost: healthAtMost }
        : null,
  }
}

/** Null: that could not be read. */
function joinRows(
  sources: readonly SourceLoadBalancer[] | null,
  mirrors: readonly LoadBalancer[] | null,
  tallies: TargetTallies['byLoadBalancer'],
  settings: LbSettings | undefined,
): readonly MirrorRow[] {
  const known = new Map((sources ?? []).map((source) => [source.id, source]))
  const owned = new Map(
    (mirrors ?? []).flatMap((mirror) => {
      const id = mirror.tags[TAG.octaviaId]
      return id === undefined || !isTagged(mirror) ? [] : [[id, mirror] as const]
    }),
  )
  const lost = new Map(
    (mirrors ?? []).flatMap((mirror) => {
      const hash = /-([0-9a-f]{8})$/.exec(mirror.name)?.[1]
      return hash === undefined || isTagged(mirror) ? [] : [[hash, mirror] as const]
    }),
  )
  return [...new Set([...known.keys(), ...owned.keys()])]
    .map((id): MirrorRow => {
      const source = known.get(id)
      const mirror = owned.get(id) ?? lost.get(hashOf(id))
      return {
        id,
        name: source?.name ?? mirror?.tags[TAG.source] ?? null,
        source: source === undefined ? (sources === null ? 'unknown' : 'gone') : statusOf(source),
        mirror: mirror === undefined ? (mirrors === null ? 'unknown' : 'none') : mirrorOf(mirror, tallies),
        drift: driftOf(id, source, mirror, settings),
        held: mirror === undefined ? [] : heldOf(mirror.tags),
      }
    })
    .toSorted((a, b) => compare(a.name ?? '', b.name ?? '') || compare(a.id, b.id))
}

function driftOf(
  id: string,
  source: SourceLoadBalancer | undefined,
  mirror: LoadBalancer | undefined,
  settings: LbSettings | undefined,
): Drift {
  const inStepWith = mirror === undefined ? null : inStepOf(mirror.tags)
  if (mirror !== undefined) {
    const { tags } = mirror
    if (!isTagged(mirror)) return { state: 'tags-lost', since: null, inStepWith }
    if (Number(tags[TAG.schema] ?? SCHEMA) > Number(SCHEMA)) return { state: 'newer', since: null, inStepWith }
  }
  if (source === undefined || mirror === undefined) return { state: 'unknown', since: null, inStepWith }
  const then = inStepWith === null ? NaN : timeOf(inStepWith)
  if (Number.isNaN(then)) return { state: 'never', since: null, inStepWith: null }
  const changed = timeOf(revisionOf(source))
  if (Number.isNaN(changed)) return { state: 'unknown', since: null, inStepWith }
  if (changed <= then && isReconfigured(id, mirror, settings)) return { state: 'reconfigured', since: null, inStepWith }
  return changed <= then
    ? { state: 'in-step', since: null, inStepWith }
    : { state: 'behind', since: new Date(changed).toISOString(), inStepWith }
}

const isTagged = ({ tags }: LoadBalancer): boolean => tags[TAG.octaviaId] !== undefined && tags[TAG.managed] === 'true'

/** A configuration that says nothing of it is for the run to refuse. */
function isReconfigured(id: string, { tags, addresses }: LoadBalancer, settings: LbSettings | undefined): boolean {
  const then = tags[TAG.settings]
  if (then === undefined || settings === undefined) return false
  try {
    const placement = settings.placementFor(id)
    const moved = Object.entries(placement.addresses).some(([subnet, address]) => addresses?.[subnet] !== address)
    return moved || settingsOf(placement) !== then
  } catch {
    return false
  }
}

/** Octavia's times are UTC and do not say so. NaN: no time. */
const timeOf = (time: string): number => Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`)

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

const statusOf = ({ vip_address, provisioning_status, operating_status, updated_at }: SourceLoadBalancer) => ({
  vip: vip_address,
  provisioning_status,
  operating_status,
  updated_at,
})

const mirrorOf = (
  { name, dnsName, arn, state }: LoadBalancer,
  tallies: TargetTallies['byLoadBalancer'],
): ListedMirror => ({
  name,
  dnsName,
  arn,
  state,
  // Without target groups there is nothing that could be healthy: that is known.
  targets: tallies === null ? null : (tallies.get(arn) ?? { registered: 0, healthy: 0 }),
})
