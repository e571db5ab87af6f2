import { sameJson } from '../core/hash.ts'
import type { Json } from '../core/json.ts'
import type { Check, CheckSpec } from '../ports/health-checks.ts'
import type { SwitchPlace } from '../ports/switch.ts'
import { TTL } from './model.ts'

/** What `dns attach` is asked to check Octavia's address with. */
export interface CheckAsked {
  readonly type: 'TCP' | 'HTTP' | 'HTTPS'
  /** Null: the type's own, or a port that the NLB listens on. */
  readonly port: number | null
  readonly path: string | null
  readonly search: string | null
  readonly intervalSeconds: number
  readonly failureThreshold: number
}

/** `switch`: the object in S3 that a health check looks at, or counts on. */
export const CHECK_TAG = { managed: 'nyah:managed', name: 'nyah:name', switch: 'nyah:switch' } as const

/** The health check of Octavia's side of a name. `ports`: those that the NLB listens on. */
export function checkSpec(asked: CheckAsked, name: string, address: string, ports: readonly number[]): CheckSpec {
  const { type, path, search, intervalSeconds, failureThreshold } = asked
  const own = type === 'HTTP' ? 80 : 443
  const [first = own] = ports.toSorted((a, b) => a - b)
  return {
    type: search === null || type === 'TCP' ? type : `${type}_STR_MATCH`,
    address,
    port: asked.port ?? (type === 'TCP' && !ports.includes(own) ? first : own),
    // A wildcard is no host that a server would know.
    host: type === 'TCP' || name.startsWith('*') ? null : name,
    path: type === 'TCP' ? null : path,
    search: type === 'TCP' ? null : search,
    intervalSeconds,
    failureThreshold,
    inverted: false,
    children: [],
    threshold: null,
    tags: { [CHECK_TAG.managed]: 'true', [CHECK_TAG.name]: name, Name: name },
  }
}

/** Made by nyah for this name? */
export const isOwnCheck = ({ tags }: Check, name: string): boolean =>
  tags[CHECK_TAG.managed] === 'true' && tags[CHECK_TAG.name] === name

/** `same`; `update` where Route 53 can change it; `replace`: type and interval stay what they are for ever. */
export function compareCheck(check: Check, spec: CheckSpec): 'same' | 'update' | 'replace' {
  if (check.type !== spec.type || check.intervalSeconds !== spec.intervalSeconds) return 'replace'
  const fields = ({
    address,
    port,
    host,
    path,
    search,
    failureThreshold,
    inverted,
    children,
    threshold,
  }: Omit<CheckSpec, 'type'>): Json => ({
    address,
    port,
    host,
    path,
    search,
    failureThreshold,
    inverted,
    children: [...children].toSorted(),
    threshold,
  })
  return sameJson(fields(check), fields(spec)) && !check.disabled ? 'same' : 'update'
}

/** Route 53 is to look at the switch as often as it can: users wait. */
const SWITCH_INTERVAL_SECONDS = 10
const SWITCH_FAILURES = 3

/** From the switch engaged to the last resolver that forgot Octavia. */
export const SWITCH_SECONDS = SWITCH_INTERVAL_SECONDS * SWITCH_FAILURES + TTL

/** `s3://nyah-switch/nyah/away` */
export const placeText = ({ bucket, key }: SwitchPlace): string => `s3://${bucket}/${key}`

/**
 * The health check of the switch: inverted, so that the object's presence is what makes it unhealthy. Where S3 does not
 * answer at all, it is healthy, and users stay where they are.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
 */
export const switchSpec = (place: SwitchPlace): CheckSpec => ({
  type: 'HTTPS',
  address: null,
  port: 443,
  host: `${place.bucket}.s3.${place.region}.amazonaws.com`,
  path: `/${place.key}`,
  search: null,
  intervalSeconds: SWITCH_INTERVAL_SECONDS,
  failureThreshold: SWITCH_FAILURES,
  inverted: true,
  children: [],
  threshold: null,
  tags: { [CHECK_TAG.managed]: 'true', [CHECK_TAG.switch]: placeText(place), Name: `switch ${placeText(place)}` },
})

/** Where the switch is that this health check looks at; null: it is no switch's. */
export function placeIn({ tags, host, path, type }: Check): SwitchPlace | null {
  const [, bucket, region] = /^(.+)\.s3\.([a-z0-9-]+)\.amazonaws\.com$/.exec(host ?? '') ?? []
  if (tags[CHECK_TAG.switch] === undefined || type !== 'HTTPS' || bucket === undefined || region === undefined)
    return null
  return { bucket, region, key: (path ?? '/').slice(1) }
}

/** The health check of Octavia's record of an armed name: healthy while its own check and the switch both say so. */
export const armedSpec = (name: string, place: string, children: readonly string[]): CheckSpec => ({
  type: 'CALCULATED',
  address: null,
  port: null,
  host: null,
  path: null,
  search: null,
  intervalSeconds: 30,
  failureThreshold: 3,
  inverted: false,
  children,
  threshold: children.length,
  tags: { [CHECK_TAG.managed]: 'true', [CHECK_TAG.name]: name, [CHECK_TAG.switch]: place, Name: `${name}, switch` },
})

/** The health checks that stand behind Octavia's record: of an armed name one that counts the switch and its own. */
export interface Armed {
  readonly id: string
  /** Where the switch is: `s3://…` */
  readonly place: string
  /** Of the switch. */
  readonly switchId: string | null
  /** Of Octavia's address; null: it has none. */
  readonly own: string | null
}

/** Null: this health check does not count on a switch. */
export function armedBy(id: string | null, checks: Readonly<Record<string, Check>>): Armed | null {
  const check = id === null ? undefined : checks[id]
  const place = check?.tags[CHECK_TAG.switch]
  if (check === undefined || place === undefined || check.type !== 'CALCULATED') return null
  const isSwitch = (child: string): boolean => checks[child]?.tags[CHECK_TAG.switch] === place
  return {
    id: check.id,
    place,
    switchId: check.children.find(isSwitch) ?? null,
    own: check.children.find((child) => !isSwitch(child)) ?? null,
  }
}
