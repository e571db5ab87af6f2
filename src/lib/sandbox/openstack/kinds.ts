import type { JsonObject } from '../../core/json.ts'
import type { Fields } from './fields.ts'
import type { Listing } from './listing.ts'
import type {
  HealthMonitorRow,
  L7PolicyRow,
  ListenerRow,
  LoadBalancerRow,
  MemberRow,
  Octavia,
  PoolRow,
  Row,
  RuleRow,
} from './model.ts'
import * as schema from './schema.ts'
import * as views from './views.ts'

/** What the router needs to know of a kind: its names, how it is shown, and what may be asked of its list. */
export interface Kind<R extends Row> {
  readonly table: keyof Octavia
  /** The key of a single answer: `loadbalancer`. */
  readonly one: string
  /** In messages: `Load Balancer`. */
  readonly words: string
  readonly show: (o: Octavia, row: R) => JsonObject
  readonly columns: readonly string[]
  readonly also: Readonly<Record<string, (o: Octavia, row: R) => readonly (string | null)[]>>
  readonly hidden: readonly string[]
}

const COMMON: readonly string[] = [
  'id',
  'provisioning_status',
  'operating_status',
  'created_at',
  'updated_at',
  'project_id',
]
const NESTED = [
  'listeners',
  'pools',
  'l7policies',
  'rules',
  'members',
  'default_pool',
  'redirect_pool',
  'healthmonitor',
  'tenant_id',
  'tags',
]
/** Lists of values stand in tables of their own: the real server fails on such a filter, the sandbox refuses it. */
const LISTS = [
  'allowed_cidrs',
  'sni_container_refs',
  'tls_versions',
  'alpn_protocols',
  'insert_headers',
  'session_persistence',
  'additional_vips',
  'vip_sg_ids',
]

const columns = (fields: Fields, ...more: string[]): string[] => [
  ...COMMON,
  ...Object.keys(fields).filter((name) => !NESTED.includes(name)),
  ...more,
]

export const LOAD_BALANCERS: Kind<LoadBalancerRow> = {
  table: 'loadbalancers',
  one: 'loadbalancer',
  words: 'Load Balancer',
  show: views.loadBalancer,
  columns: columns(schema.LOAD_BALANCER),
  also: {},
  hidden: LISTS,
}

export const LISTENERS: Kind<ListenerRow> = {
  table: 'listeners',
  one: 'listener',
  words: 'Listener',
  show: views.listener,
  columns: columns(schema.LISTENER),
  also: { load_balancer_id: (_o, row) => [row.loadbalancer_id] },
  hidden: LISTS,
}

export const POOLS: Kind<PoolRow> = {
  table: 'pools',
  one: 'pool',
  words: 'Pool',
  show: views.pool,
  columns: columns(schema.POOL),
  also: {
    load_balancer_id: (_o, row) => [row.loadbalancer_id],
    healthmonitor_id: (o, row) => [views.monitorOf(o, row.id)?.id ?? null],
  },
  hidden: [...LISTS, 'listener_id'],
}

export const MEMBERS: Kind<MemberRow> = {
  table: 'members',
  one: 'member',
  words: 'Member',
  show: views.member,
  columns: columns(schema.MEMBER, 'pool_id', 'vnic_type'),
  also: {},
  hidden: [],
}

export const HEALTH_MONITORS: Kind<HealthMonitorRow> = {
  table: 'healthmonitors',
  one: 'healthmonitor',
  words: 'Health Monitor',
  show: views.healthMonitor,
  columns: columns(schema.HEALTH_MONITOR),
  also: {},
  hidden: [],
}

export const L7_POLICIES: Kind<L7PolicyRow> = {
  table: 'l7policies',
  one: 'l7policy',
  words: 'L7 Policy',
  show: views.l7Policy,
  columns: columns(schema.L7_POLICY),
  also: {},
  hidden: [],
}

export const RULES: Kind<RuleRow> = {
  table: 'rules',
  one: 'rule',
  words: 'L7 Rule',
  show: views.rule,
  columns: columns(schema.RULE, 'l7policy_id'),
  also: {},
  hidden: [],
}

/** How a kind's list is answered from this state. */
export const listingOf = <R extends Row>(o: Octavia, kind: Kind<R>): Listing<R> => ({
  key: kind.table,
  show: (row) => kind.show(o, row),
  columns: kind.columns,
  hidden: kind.hidden,
  also: Object.fromEntries(Object.entries(kind.also).map(([name, values]) => [name, (row: R) => values(o, row)])),
})
