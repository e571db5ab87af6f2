import * as z from 'zod/mini'
import type {
  SourceChange,
  SourceHealthMonitor,
  SourceListener,
  SourceLoadBalancer,
  SourceMember,
  SourcePool,
} from '../../ports/source.ts'
import { unexpectedShape, type Asked } from './answers.ts'

/** Older clouds leave newer keys out, and some send null: both read as the documented default. */
const or = <T extends z.core.$ZodType, D extends z.core.output<T>>(type: T, value: D) =>
  z.pipe(
    z.nullish(type),
    z.transform((given) => (given ?? value) as z.core.output<T>),
  )

const nullable = <T extends z.core.$ZodType>(type: T) =>
  z.pipe(
    z.nullish(type),
    z.transform((given) => (given ?? null) as z.core.output<T> | null),
  )

const id = z.string().check(z.minLength(1))
const text = or(z.string(), '')
const texts = or(z.array(z.string()), [])
const tags = texts
const port = z.int().check(z.minimum(0), z.maximum(65_535))
const whole = z.int().check(z.minimum(0))
const ids = z.array(z.object({ id }))

const provisioning = z.enum(['ACTIVE', 'PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE', 'ERROR', 'DELETED'])
const operating = z.enum(['ONLINE', 'DRAINING', 'OFFLINE', 'DEGRADED', 'ERROR', 'NO_MONITOR'])

/** `2026-11-22T19:37:05`: UTC, without a zone. */
const time = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?$/))

const loadBalancer = z.object({
  id,
  name: text,
  description: text,
  provisioning_status: provisioning,
  operating_status: operating,
  admin_state_up: z.boolean(),
  project_id: z.string(),
  vip_address: z.string(),
  additional_vips: or(z.array(z.object({ ip_address: z.string() })), []),
  vip_sg_ids: or(z.array(z.string()), []),
  vip_qos_policy_id: nullable(z.string()),
  provider: or(z.string(), 'amphora'),
  flavor_id: nullable(z.string()),
  availability_zone: nullable(z.string()),
  vip_vnic_type: or(z.string(), 'normal'),
  tags,
  created_at: time,
  updated_at: nullable(time),
  listeners: z.nullish(ids),
  pools: z.nullish(ids),
})

/** What the change poll asks for; the keys are its `fields`. */
const change = z.object({ id, updated_at: nullable(time), provisioning_status: provisioning })

export const CHANGE_FIELDS = [
  'id',
  'updated_at',
  'provisioning_status',
] as const satisfies readonly (keyof SourceChange)[]

const listener = z.object({
  id,
  name: text,
  provisioning_status: provisioning,
  operating_status: operating,
  admin_state_up: z.boolean(),
  protocol: z.string(),
  protocol_port: port,
  connection_limit: or(z.int(), -1),
  default_pool_id: nullable(id),
  l7policies: or(ids, []),
  insert_headers: or(z.record(z.string(), z.string()), {}),
  timeout_client_data: or(whole, 50_000),
  timeout_member_connect: or(whole, 5_000),
  timeout_member_data: or(whole, 50_000),
  timeout_tcp_inspect: or(whole, 0),
  allowed_cidrs: nullable(z.array(z.string())),
  default_tls_container_ref: nullable(z.string()),
  sni_container_refs: or(z.array(z.string()), []),
  client_authentication: or(z.string(), 'NONE'),
  client_ca_tls_container_ref: nullable(z.string()),
  client_crl_container_ref: nullable(z.string()),
  tls_ciphers: nullable(z.string()),
  tls_versions: texts,
  alpn_protocols: texts,
  hsts_max_age: nullable(whole),
  tags,
})

const pool = z.object({
  id,
  name: text,
  provisioning_status: provisioning,
  operating_status: operating,
  admin_state_up: z.boolean(),
  protocol: z.string(),
  lb_algorithm: z.string(),
  session_persistence: nullable(
    z.object({
      type: z.string(),
      cookie_name: nullable(z.string()),
      persistence_timeout: nullable(whole),
      persistence_granularity: nullable(z.string()),
    }),
  ),
  tls_enabled: or(z.boolean(), false),
  tls_container_ref: nullable(z.string()),
  ca_tls_container_ref: nullable(z.string()),
  crl_container_ref: nullable(z.string()),
  tls_ciphers: nullable(z.string()),
  tls_versions: texts,
  alpn_protocols: texts,
  healthmonitor_id: nullable(id),
  members: z.nullish(ids),
  tags,
})

/** Members come by the thousands: what is left out is filled in afterwards, in a third of the time. */
const member = z.object({
  id,
  name: z.nullish(z.string()),
  provisioning_status: provisioning,
  operating_status: operating,
  admin_state_up: z.boolean(),
  address: z.string(),
  protocol_port: port,
  // A create that says null keeps null.
  weight: z.nullish(z.int().check(z.minimum(0), z.maximum(256))),
  backup: z.nullish(z.boolean()),
  subnet_id: z.nullish(z.string()),
  monitor_address: z.nullish(z.string()),
  monitor_port: z.nullish(port),
  vnic_type: z.nullish(z.string()),
  tags: z.nullish(z.array(z.string())),
})

const filled = (found: z.output<typeof member>): SourceMember => ({
  ...found,
  name: found.name ?? '',
  weight: found.weight ?? 1,
  backup: found.backup ?? false,
  subnet_id: found.subnet_id ?? null,
  monitor_address: found.monitor_address ?? null,
  monitor_port: found.monitor_port ?? null,
  vnic_type: found.vnic_type ?? 'normal',
  tags: found.tags ?? [],
})

const healthMonitor = z.object({
  id,
  name: text,
  type: z.string(),
  admin_state_up: z.boolean(),
  delay: whole,
  timeout: whole,
  max_retries: whole,
  max_retries_down: or(whole, 3),
  http_method: nullable(z.string()),
  url_path: nullable(z.string()),
  expected_codes: nullable(z.string()),
  http_version: nullable(z.number()),
  domain_name: nullable(z.string()),
})

/** A load balancer with what its own answer says of its children; null where it does not say. */
export interface FoundLoadBalancer {
  readonly id: string
  readonly own: SourceLoadBalancer
  readonly listenerIds: readonly string[] | null
  readonly poolIds: readonly string[] | null
}

/** A pool before its members and monitor are joined to it. */
export interface FoundPool {
  readonly id: string
  readonly own: Omit<SourcePool, 'members' | 'healthmonitor'>
  readonly healthmonitorId: string | null
  readonly memberIds: readonly string[] | null
}

/** Turns one JSON object into a value, or throws OCTAVIA_UNEXPECTED_SHAPE naming the field below `path`. */
export type Decode<T> = (asked: Asked, path: string, data: unknown) => T

const idsOf = (found: readonly { readonly id: string }[] | null | undefined): readonly string[] | null =>
  found?.map((each) => each.id) ?? null

export const decodeLoadBalancer: Decode<FoundLoadBalancer> = (asked, path, data) => {
  const { listeners, pools, additional_vips, ...own } = check(loadBalancer, asked, path, data)
  return {
    id: own.id,
    own: { ...own, additional_vips: additional_vips.map((each) => each.ip_address) },
    listenerIds: idsOf(listeners),
    poolIds: idsOf(pools),
  }
}

export const decodeChange: Decode<SourceChange> = (asked, path, data) => check(change, asked, path, data)

export const decodeListener: Decode<SourceListener> = (asked, path, data) => {
  const { l7policies, ...own } = check(listener, asked, path, data)
  return { ...own, l7policies: l7policies.map((each) => each.id) }
}

export const decodePool: Decode<FoundPool> = (asked, path, data) => {
  const { members, healthmonitor_id, ...own } = check(pool, asked, path, data)
  return { id: own.id, own, healthmonitorId: healthmonitor_id, memberIds: idsOf(members) }
}

export const decodeMember: Decode<SourceMember> = (asked, path, data) => filled(check(member, asked, path, data))

export const decodeHealthMonitor: Decode<SourceHealthMonitor> = (asked, path, data) =>
  check(healthMonitor, asked, path, data)

/** Checks `data` against a schema; the first thing that is wrong is named with its path, expected and found type. */
export function check<T extends z.core.$ZodType>(
  schema: T,
  asked: Asked,
  path: string,
  data: unknown,
): z.core.output<T> {
  const result = z.safeParse(schema, data)
  if (result.success) return result.data
  const [issue] = result.error.issues
  let found = data
  let where = path
  for (const key of issue?.path ?? []) {
    found = typeof found === 'object' && found !== null ? (found as Record<PropertyKey, unknown>)[key] : undefined
    where += typeof key === 'number' ? `[${key}]` : `.${String(key)}`
  }
  throw unexpectedShape(asked, where, found === undefined ? 'is missing' : `${wrong(issue)} ${shown(found)}`)
}

function wrong(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return `should be ${issue.expected}, and is`
    case 'invalid_value':
      return `should be one of ${issue.values.map(String).join(', ')}, and is`
    case 'too_small':
      return `should be at least ${String(issue.minimum)}, and is`
    case 'too_big':
      return `should be at most ${String(issue.maximum)}, and is`
    default:
      return 'should look otherwise, and is'
  }
}

/** Of an object only its kind, of text only the start: an error is no dump. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 60) : value)
}
