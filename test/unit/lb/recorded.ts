import { readdirSync, readFileSync } from 'node:fs'
import type { SourceTree } from '../../../src/lib/ports/source.ts'

/** Load balancers recorded from a real Octavia, put together the way the adapter does. */

type Raw = Readonly<Record<string, unknown>>

const FOLDER = new URL('../../../fixtures/octavia/', import.meta.url)
const read = (file: string): Raw => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Raw
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json') && !/error|fields|status|create/.test(file))

const PLURAL = {
  loadbalancer: 'loadbalancers',
  listener: 'listeners',
  pool: 'pools',
  member: 'members',
  healthmonitor: 'healthmonitors',
} as const

export type Kind = keyof typeof PLURAL

/** Every recorded object of a kind, from lists and shows. */
export const recorded = (kind: Kind): readonly Raw[] =>
  files.flatMap((file) => {
    const body = read(file)
    const one = body[kind]
    const many = body[PLURAL[kind]]
    return [
      ...(typeof one === 'object' && one !== null ? [one as Raw] : []),
      ...(Array.isArray(many) ? (many as Raw[]) : []),
    ].filter((raw) => Object.keys(raw).length > 5)
  })

const list = (file: string, kind: Kind): readonly Raw[] => read(file)[PLURAL[kind]] as Raw[]
const ids = (value: unknown): readonly string[] => (value as { id: string }[]).map((one) => one.id)

const poolMembers = new Map(
  files
    .filter((file) => /^members-list-(?!limit|fields)/.test(file))
    .map((file) => {
      const members = list(file, 'member')
      return [
        members
          .map((member) => member['id'])
          .toSorted()
          .join(),
        members,
      ] as const
    }),
)

/** Null where there is no TLS. */
const lists = (raw: Raw): Raw => ({
  tls_versions: raw['tls_versions'] ?? [],
  alpn_protocols: raw['alpn_protocols'] ?? [],
})

/** By name: `a-l4-tcp` … */
export function recordedTrees(): ReadonlyMap<string, SourceTree> {
  const listeners = list('listeners-list-all.json', 'listener')
  const pools = list('pools-list-all.json', 'pool')
  const monitors = list('healthmonitors-list-all.json', 'healthmonitor')
  return new Map(
    list('loadbalancers-list.json', 'loadbalancer').map((raw) => {
      const of = (thing: Raw): boolean => ids(thing['loadbalancers']).includes(raw['id'] as string)
      const tree = {
        loadbalancer: {
          ...raw,
          additional_vips: (raw['additional_vips'] as { ip_address: string }[]).map((vip) => vip.ip_address),
        },
        listeners: listeners.filter(of).map((one) => ({ ...one, ...lists(one), l7policies: ids(one['l7policies']) })),
        pools: pools.filter(of).map((one) => ({
          ...one,
          ...lists(one),
          healthmonitor: monitors.find((monitor) => monitor['id'] === one['healthmonitor_id']) ?? null,
          members: poolMembers.get(ids(one['members']).toSorted().join()) ?? [],
        })),
      }
      return [raw['name'] as string, tree as unknown as SourceTree]
    }),
  )
}
