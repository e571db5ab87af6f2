import * as fc from 'fast-check'
import type {
  SourceHealthMonitor,
  SourceListener,
  SourceLoadBalancer,
  SourceMember,
  SourcePool,
  SourceTree,
} from '../../../src/lib/ports/source.ts'
import { someListener } from './generated-listeners.ts'
import { someBalancer, someMember, somePool, someTree } from './generated.ts'
import { monitor } from './sources.ts'

/** What people do to a load balancer between two looks at it, as data; `at` counts round. */
type Edit =
  | { readonly do: 'add a member' | 'replace a member'; readonly at: number; readonly member: SourceMember }
  | { readonly do: 'take a member out'; readonly at: number }
  | { readonly do: 'weigh a member'; readonly at: number; readonly weight: number }
  | { readonly do: 'set a pool'; readonly pool: SourcePool }
  | { readonly do: 'switch TLS of a pool'; readonly at: number }
  | { readonly do: 'set a monitor'; readonly at: number; readonly over: Partial<SourceHealthMonitor> | null }
  | { readonly do: 'set a listener'; readonly listener: SourceListener }
  | { readonly do: 'close a listener'; readonly at: number }
  | { readonly do: 'end TLS of a listener'; readonly at: number }
  | { readonly do: 'set the load balancer'; readonly over: Partial<SourceLoadBalancer> }

const someEdit = (wild: boolean): fc.Arbitrary<Edit> => {
  const at = fc.nat(7)
  const edit = <E extends Edit>(model: { [K in keyof E]: fc.Arbitrary<E[K]> }): fc.Arbitrary<Edit> =>
    fc.record(model) as unknown as fc.Arbitrary<Edit>
  return fc.oneof(
    edit({ do: fc.constantFrom('add a member' as const, 'replace a member'), at, member: someMember(wild) }),
    edit({ do: fc.constant('take a member out' as const), at }),
    edit({ do: fc.constant('weigh a member' as const), at, weight: fc.constantFrom(0, 1, 2, 5) }),
    edit({
      do: fc.constant('set a pool' as const),
      pool: fc.constantFrom('p-a', 'p-b', 'p-tls').chain((id) => somePool(id, wild)),
    }),
    edit({ do: fc.constant('switch TLS of a pool' as const), at }),
    edit({
      do: fc.constant('set a monitor' as const),
      at,
      over: fc.constantFrom(null, { delay: 30 }, { type: 'HTTP', url_path: '/up' }),
    }),
    edit({
      do: fc.constant('set a listener' as const),
      listener: fc.constantFrom(22, 80, 443).chain((port) => someListener(port, wild)),
    }),
    edit({ do: fc.constant('close a listener' as const), at }),
    edit({ do: fc.constant('end TLS of a listener' as const), at }),
    edit({ do: fc.constant('set the load balancer' as const), over: someBalancer(wild) }),
  )
}

const without = <Thing>(things: readonly Thing[], at: number): readonly Thing[] =>
  things.filter((_, index) => index !== at % Math.max(1, things.length))

const changed = <Thing>(things: readonly Thing[], at: number, change: (thing: Thing) => Thing): readonly Thing[] =>
  things.map((thing, index) => (index === at % things.length ? change(thing) : thing))

const put = <Thing extends { readonly id: string }>(things: readonly Thing[], thing: Thing): readonly Thing[] => [
  ...things.filter(({ id }) => id !== thing.id),
  thing,
]

function edited(tree: SourceTree, edit: Edit): SourceTree {
  const members = (at: number, change: (members: readonly SourceMember[]) => readonly SourceMember[]): SourceTree => ({
    ...tree,
    pools: changed(tree.pools, at, (pool) => ({ ...pool, members: change(pool.members) })),
  })
  switch (edit.do) {
    case 'add a member':
      return members(edit.at, (all) => put(all, edit.member))
    case 'replace a member':
      return members(edit.at, (all) => put(without(all, edit.at), edit.member))
    case 'take a member out':
      return members(edit.at, (all) => without(all, edit.at))
    case 'weigh a member':
      return members(edit.at, (all) => changed(all, edit.at, (one) => ({ ...one, weight: edit.weight })))
    case 'set a pool':
      return { ...tree, pools: put(tree.pools, edit.pool) }
    case 'switch TLS of a pool':
      return {
        ...tree,
        pools: changed(tree.pools, edit.at, (pool) => ({ ...pool, tls_enabled: !pool.tls_enabled })),
      }
    case 'set a monitor':
      return {
        ...tree,
        pools: changed(tree.pools, edit.at, (pool) => ({
          ...pool,
          healthmonitor: edit.over === null ? null : monitor(edit.over),
        })),
      }
    case 'set a listener':
      return { ...tree, listeners: put(tree.listeners, edit.listener) }
    case 'close a listener':
      return { ...tree, listeners: without(tree.listeners, edit.at) }
    case 'end TLS of a listener':
      return {
        ...tree,
        listeners: changed(tree.listeners, edit.at, (one) => ({
          ...one,
          protocol: one.protocol === 'TERMINATED_HTTPS' ? 'TCP' : 'TERMINATED_HTTPS',
        })),
      }
    case 'set the load balancer':
      return { ...tree, loadbalancer: { ...tree.loadbalancer, ...edit.over } }
  }
}

export interface Pair {
  readonly before: SourceTree
  readonly after: SourceTree
}

/** A load balancer and what became of it: a few edits, or anything. */
export const somePair = (wild: boolean): fc.Arbitrary<Pair> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .record({ before: someTree(wild), edits: fc.array(someEdit(wild), { minLength: 1, maxLength: 5 }) })
        .map(({ before, edits }) => ({ before, after: edits.reduce(edited, before) })),
    },
    { weight: 1, arbitrary: fc.record({ before: someTree(wild), after: someTree(wild) }) },
  )
