import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { CheckConfig, CheckState } from './route53-check-state.ts'
import { CHECK_DEFAULTS } from './route53-check-state.ts'
import { invalidInput, numberOf } from './route53-xml.ts'
import type { Element } from './xml-read.ts'
import { childOf, textOf } from './xml-read.ts'

/** API_HealthCheckConfig: what a health check may say. */

const ENDPOINT_TYPES = ['HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH', 'TCP']

const REGIONS = [
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
]

/** Of documentation (RFC 5737, RFC 3849): what the sandbox has in place of the public internet. */
const STAND_INS = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32']

// API_HealthCheckConfig, IPAddress: not in local, private, non-routable or multicast ranges (RFC 5735, 6598, 5156).
function checkPublic(address: string): void {
  if (isIP(address) === 0) throw invalidInput(`Invalid IPAddress ${address}: it is no IP address`)
  const parsed = ipaddr.parse(address)
  const standsIn = STAND_INS.map((cidr) => ipaddr.parseCIDR(cidr)).some(
    ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
  )
  if (!standsIn && parsed.range() !== 'unicast') {
    throw invalidInput(`Invalid IPAddress ${address}: Route 53 cannot check addresses in the range ${parsed.range()}`)
  }
}

const flag = (element: Element, name: string): boolean | null => {
  const text = textOf(element, name)
  if (text === undefined) return null
  if (text !== 'true' && text !== 'false') throw invalidInput(`Invalid ${name} ${text}: it must be true or false`)
  return text === 'true'
}

const list = (element: Element, name: string): readonly string[] | null =>
  childOf(element, name)?.children.map(({ text }) => text) ?? null

const limited = (element: Element, name: string, most: number): string | null => {
  const text = textOf(element, name) ?? null
  if (text !== null && text.length > most) throw invalidInput(`Invalid ${name}: it has at most ${most} characters`)
  return text
}

type Settings = { readonly [K in keyof CheckConfig]: CheckConfig[K] | null }

/** What a request says; null: nothing of it. */
const settingsOf = (element: Element): Omit<Settings, 'type' | 'other'> => ({
  address: textOf(element, 'IPAddress') ?? null,
  port: numberOf(element, 'Port', 1, 65_535),
  path: limited(element, 'ResourcePath', 255),
  host: limited(element, 'FullyQualifiedDomainName', 255),
  search: limited(element, 'SearchString', 255),
  intervalSeconds: numberOf(element, 'RequestInterval', 10, 30),
  failureThreshold: numberOf(element, 'FailureThreshold', 1, 10),
  measureLatency: flag(element, 'MeasureLatency'),
  inverted: flag(element, 'Inverted'),
  disabled: flag(element, 'Disabled'),
  sni: flag(element, 'EnableSNI'),
  regions: list(element, 'Regions'),
  children: list(element, 'ChildHealthChecks'),
  healthThreshold: numberOf(element, 'HealthThreshold', 0, 256),
})

/** Whether all of a health check fits together. Throws InvalidInput. */
function checkWhole(config: CheckConfig, checks: Readonly<Record<string, CheckState>>): CheckConfig {
  const { type, address, port, path, host, search, intervalSeconds, regions, children, healthThreshold } = config
  if (type === 'CALCULATED') {
    // API_HealthCheckConfig: IPAddress and Port are left out with CALCULATED.
    if (address !== null || port !== null || path !== null || host !== null || search !== null || regions.length > 0) {
      throw invalidInput('Invalid parameter : a CALCULATED health check has no endpoint')
    }
    if (healthThreshold === null) {
      throw invalidInput('Invalid parameter : Calculated health checks must have a health threshold specified.')
    }
    // "Quotas" page: health checks that a calculated health check can monitor.
    if (children.length > 255) throw invalidInput('A calculated health check monitors at most 255 health checks')
    const unknown = children.find((id) => !Object.hasOwn(checks, id))
    if (unknown !== undefined) throw invalidInput(`Invalid ChildHealthChecks: there is no health check ${unknown}`)
    return config
  }
  if (!ENDPOINT_TYPES.includes(type)) throw invalidInput(`Type ${type} is not built in the sandbox`)
  if (children.length > 0 || healthThreshold !== null) {
    throw invalidInput(`ChildHealthChecks and HealthThreshold belong to CALCULATED, not to ${type}`)
  }
  // API_HealthCheckConfig, FullyQualifiedDomainName: needed where there is no IPAddress.
  if (address === null && host === null) throw invalidInput('IPAddress or FullyQualifiedDomainName is needed')
  if (address !== null) checkPublic(address)
  if (port === null && type === 'TCP') throw invalidInput('A TCP health check needs a Port')
  if (intervalSeconds !== 10 && intervalSeconds !== 30) {
    throw invalidInput(`Invalid RequestInterval ${intervalSeconds}: it must be 10 or 30`)
  }
  if (type.endsWith('_STR_MATCH') !== (search !== null && search !== '')) {
    throw invalidInput('SearchString belongs to HTTP_STR_MATCH and HTTPS_STR_MATCH, and they need it')
  }
  if (type === 'TCP' && path !== null) throw invalidInput('A TCP health check has no ResourcePath')
  if (path !== null && path !== '' && !path.startsWith('/')) throw invalidInput('ResourcePath must begin with /')
  // API_HealthCheckConfig, EnableSNI: of the HTTPS types.
  if (config.sni && !type.startsWith('HTTPS')) throw invalidInput(`EnableSNI belongs to HTTPS, not to ${type}`)
  const region = regions.find((each) => !REGIONS.includes(each))
  if (region !== undefined) throw invalidInput(`Invalid Regions: health checkers are not in ${region}`)
  // API_HealthCheckConfig, Regions: at least three.
  if (regions.length > 0 && regions.length < 3) throw invalidInput('Regions must have at least 3')
  return config
}

const present = (settings: Omit<Settings, 'type' | 'other'>): Partial<CheckConfig> =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null))

/** The `HealthCheckConfig` of a new health check. Throws InvalidInput. */
export function configOf(element: Element, checks: Readonly<Record<string, CheckState>>): CheckConfig {
  const type = textOf(element, 'Type') ?? ''
  const sent = present(settingsOf(element))
  // What the port is left at, by type (API_HealthCheckConfig names none for TCP).
  const port = type.startsWith('HTTPS') ? 443 : type.startsWith('HTTP') ? 80 : null
  const sni = type.startsWith('HTTPS')
  return checkWhole({ ...CHECK_DEFAULTS, port, sni, ...sent, type }, checks)
}

const RESETTABLE = ['ChildHealthChecks', 'FullyQualifiedDomainName', 'Regions', 'ResourcePath']

/** A health check's settings after an UpdateHealthCheckRequest: only what it names changes. Throws InvalidInput. */
export function updatedConfig(
  before: CheckConfig,
  element: Element,
  checks: Readonly<Record<string, CheckState>>,
): CheckConfig {
  // API_UpdateHealthCheck: Type, RequestInterval and MeasureLatency cannot be changed.
  const fixed = ['Type', 'RequestInterval', 'MeasureLatency'].find((name) => childOf(element, name) !== undefined)
  if (fixed !== undefined) throw invalidInput(`${fixed} cannot be changed`)
  const sent = present(settingsOf(element))
  // API_UpdateHealthCheck, IPAddress: it can be changed, not added.
  if (sent.address !== undefined && before.address === null) {
    throw invalidInput('IPAddress cannot be added to a health check that has none')
  }
  const resets = list(element, 'ResetElements') ?? []
  const unknown = resets.find((name) => !RESETTABLE.includes(name))
  if (unknown !== undefined) throw invalidInput(`Invalid ResettableElementName ${unknown}`)
  const reset: Partial<CheckConfig> = {
    ...(resets.includes('ChildHealthChecks') ? { children: [] } : {}),
    ...(resets.includes('FullyQualifiedDomainName') ? { host: null } : {}),
    ...(resets.includes('Regions') ? { regions: [] } : {}),
    ...(resets.includes('ResourcePath') ? { path: null } : {}),
  }
  return checkWhole({ ...before, ...sent, ...reset }, checks)
}
