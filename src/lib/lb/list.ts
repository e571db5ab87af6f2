import { errorData, type ErrorData } from '../core/errors.ts'
import type { LoadBalancer, LoadBalancerState } from '../ports/mirrors.ts'
import type { SourceLoadBalancer } from '../ports/source.ts'
import { TAG } from './model.ts'
import type { LbPorts } from './observe.ts'

/** One load balancer as people look for it. `unknown`: that side could not be read; it may or may not be there. */
export interface MirrorRow {
  readonly id: string
  /** Octavia's name; of one that is gone or unread, the name that the mirror remembers, else null. */
  readonly name: string | null
  /** `gone`: only a mirror is left. */
  readonly source:
    | { readonly vip: string; readonly provisioning_status: string; readonly operating_status: string }
    | 'gone'
    | 'unknown'
  readonly mirror:
    | { readonly name: string; readonly dnsName: string; readonly arn: string; readonly state: LoadBalancerState }
    | 'none'
    | 'unknown'
}

export interface MirrorList {
  /** By name, then id. */
  readonly rows: readonly MirrorRow[]
  /** What could not be read: with one in it the answer is partial (exit 12). */
  readonly unread: readonly { readonly side: 'octavia' | 'aws'; readonly error: ErrorData }[]
}

/** Both clouds' lists beside each other. Throws Octavia's error when neither could be read. */
export async function listMirrors(
  ports: Pick<LbPorts, 'source' | 'mirrors'>,
  signal?: AbortSignal,
): Promise<MirrorList> {
  const [sources, mirrors] = await Promise.allSettled([ports.source.list(signal), ports.mirrors.list(signal)])
  if (sources.status === 'rejected' && mirrors.status === 'rejected') throw sources.reason
  const unread: MirrorList['unread'] = [
    ...(sources.status === 'rejected' ? [{ side: 'octavia' as const, error: errorData(sources.reason) }] : []),
    ...(mirrors.status === 'rejected' ? [{ side: 'aws' as const, error: errorData(mirrors.reason) }] : []),
  ]
  return {
    rows: joinRows(
      sources.status === 'fulfilled' ? sources.value : null,
      mirrors.status === 'fulfilled' ? mirrors.value : null,
    ),
    unread,
  }
}

/** Null: that side could not be read. */
function joinRows(
  sources: readonly SourceLoadBalancer[] | null,
  mirrors: readonly LoadBalancer[] | null,
): readonly MirrorRow[] {
  const known = new Map((sources ?? []).map((source) => [source.id, source]))
  const owned = new Map(
    (mirrors ?? []).flatMap((mirror) => {
      const id = mirror.tags[TAG.octaviaId]
      return id === undefined || mirror.tags[TAG.managed] !== 'true' ? [] : [[id, mirror] as const]
    }),
  )
  return [...new Set([...known.keys(), ...owned.keys()])]
    .map((id): MirrorRow => {
      const source = known.get(id)
      const mirror = owned.get(id)
      return {
        id,
        name: source?.name ?? mirror?.tags[TAG.source] ?? null,
        source: source === undefined ? (sources === null ? 'unknown' : 'gone') : statusOf(source),
        mirror: mirror === undefined ? (mirrors === null ? 'unknown' : 'none') : mirrorOf(mirror),
      }
    })
    .toSorted((a, b) => compare(a.name ?? '', b.name ?? '') || compare(a.id, b.id))
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

const statusOf = ({ vip_address, provisioning_status, operating_status }: SourceLoadBalancer) => ({
  vip: vip_address,
  provisioning_status,
  operating_status,
})

const mirrorOf = ({ name, dnsName, arn, state }: LoadBalancer) => ({ name, dnsName, arn, state })
