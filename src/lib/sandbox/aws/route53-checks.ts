import { fault } from './fault.ts'
import { requestId } from './ids.ts'
import { configOf, updatedConfig } from './route53-check-config.ts'
import type { CheckConfig, CheckState } from './route53-check-state.ts'
import type { Route53State } from './route53-state.ts'
import { silences } from './route53-verdict.ts'
import { element, fields, invalidInput, listOf, numberOf, pageSize } from './route53-xml.ts'
import type { AwsState } from './state.ts'
import { counted, own, without } from './state.ts'
import type { Element } from './xml-read.ts'
import { childOf, textOf } from './xml-read.ts'

/** Health checks: made, read, changed and deleted. What they say is in route53-verdict.ts. */

const with53 = (state: AwsState, route53: Partial<Route53State>): AwsState => ({
  ...state,
  route53: { ...state.route53, ...route53 },
})

/** API_GetHealthCheck and others: NoSuchHealthCheck. */
export function checkOf(state: AwsState, id: string): CheckState {
  const check = own(state.route53.healthChecks, id)
  if (check !== undefined) return check
  throw fault('NoSuchHealthCheck', `No health check exists with the specified ID: ${id}`, 404)
}

const configXml = (config: CheckConfig): string => {
  const calculated = config.type === 'CALCULATED'
  return element(
    'HealthCheckConfig',
    fields({
      IPAddress: config.address,
      Port: config.port,
      Type: config.type,
      ResourcePath: config.path,
      FullyQualifiedDomainName: config.host,
      SearchString: config.search,
      RequestInterval: calculated ? null : config.intervalSeconds,
      FailureThreshold: calculated ? null : config.failureThreshold,
      MeasureLatency: config.measureLatency,
      Inverted: config.inverted,
      Disabled: config.disabled,
      HealthThreshold: config.healthThreshold,
    }),
    calculated ? listOf('ChildHealthChecks', 'ChildHealthCheck', config.children) : '',
    calculated ? '' : fields({ EnableSNI: config.sni }),
    config.regions.length === 0 ? '' : listOf('Regions', 'Region', config.regions),
    fields(config.other ?? {}),
  )
}

export const checkXml = ({ id, reference, config, version }: CheckState): string =>
  element(
    'HealthCheck',
    fields({ Id: id, CallerReference: reference }),
    configXml(config),
    fields({ HealthCheckVersion: version }),
  )

interface Made {
  readonly state: AwsState
  readonly check: CheckState
}

/** API_CreateHealthCheck: the same reference and settings give the health check that is there. */
export function createCheck(before: AwsState, request: Element, now: number): Made {
  const reference = textOf(request, 'CallerReference') ?? ''
  // API_CreateHealthCheck, CallerReference: 1 to 64 characters.
  if (reference.length < 1 || reference.length > 64) {
    throw invalidInput('Invalid CallerReference: it must have 1 to 64 characters')
  }
  const given = childOf(request, 'HealthCheckConfig')
  if (given === undefined) throw invalidInput('The request has no HealthCheckConfig')
  const { healthChecks, healthChecksLimit, usedReferences } = before.route53
  const config = configOf(given, healthChecks)
  const same = Object.values(healthChecks).find((check) => check.reference === reference)
  if (same !== undefined && JSON.stringify(same.config) === JSON.stringify(config))
    return { state: before, check: same }
  // API_CreateHealthCheck, HealthCheckAlreadyExists: other settings, or the reference of one that was deleted.
  if (same !== undefined || usedReferences.includes(reference)) {
    const message = 'A different health check has already been created with the specified caller reference.'
    throw fault('HealthCheckAlreadyExists', message, 409)
  }
  if (Object.keys(healthChecks).length >= healthChecksLimit) {
    throw fault('TooManyHealthChecks', `The account has reached its limit of ${healthChecksLimit} health checks`)
  }
  const { state, ordinal } = counted(before)
  const id = requestId(`health-check/${ordinal}`)
  const check: CheckState = { ordinal, id, reference, version: 1, lookedSince: now, config }
  return { state: with53(state, { healthChecks: { ...healthChecks, [id]: check } }), check }
}

const endpointOf = ({ address, port, path, host }: CheckConfig): string => JSON.stringify([address, port, path, host])

/** API_UpdateHealthCheck. */
export function updateCheck(state: AwsState, id: string, request: Element, now: number): Made {
  const before = checkOf(state, id)
  const version = numberOf(request, 'HealthCheckVersion', 1, 2_147_483_647)
  if (version !== null && version !== before.version) {
    const message = `The value of HealthCheckVersion is ${version}, that of the health check ${before.version}`
    throw fault('HealthCheckVersionMismatch', message, 409)
  }
  const config = updatedConfig(before.config, request, state.route53.healthChecks)
  if (config.children.includes(id)) throw invalidInput('A calculated health check cannot monitor itself')
  const lookedSince = endpointOf(config) === endpointOf(before.config) ? before.lookedSince : now
  const check = { ...before, config, lookedSince, version: before.version + 1 }
  return { state: with53(state, { healthChecks: { ...state.route53.healthChecks, [id]: check } }), check }
}

/** API_DeleteHealthCheck: records that name it do not keep it; health checks that are calculated from it do. */
export function deleteCheck(state: AwsState, id: string): AwsState {
  const { reference } = checkOf(state, id)
  const { healthChecks, usedReferences, tags } = state.route53
  const parent = Object.values(healthChecks).find(({ config }) => config.children.includes(id))
  if (parent !== undefined) {
    throw fault('HealthCheckInUse', `Health check ${id} is still referenced from parent health check ${parent.id}`)
  }
  return with53(state, {
    healthChecks: without(healthChecks, id),
    usedReferences: [...usedReferences, reference],
    tags: without(tags, `healthcheck/${id}`),
  })
}

/** API_ListHealthChecks: up to 1 000 a page; the marker is the id of the first one of the next. */
export function listChecks(state: AwsState, query: URLSearchParams): readonly string[] {
  const size = pageSize(query, 1000)
  const all = Object.values(state.route53.healthChecks).toSorted((a, b) => a.ordinal - b.ordinal)
  const marker = query.get('marker')
  const from = marker === null ? 0 : all.findIndex(({ id }) => id === marker)
  // API_ListHealthChecks, IncompatibleVersion and InvalidInput are its only errors.
  if (from === -1) throw invalidInput(`Invalid marker ${marker}`)
  const next = all[from + size]
  return [
    element('HealthChecks', ...all.slice(from, from + size).map(checkXml)),
    fields({ Marker: marker ?? '', IsTruncated: next !== undefined, NextMarker: next?.id, MaxItems: size }),
  ]
}

/** Two in each Region, as far as nyah can see. */
const CHECKERS = [
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
].flatMap((region, at) => [2 * at + 1, 2 * at + 2].map((host) => ({ region, address: `192.0.2.${host}` })))

const FAILED =
  'Failure: Connection timed out. The endpoint or the internet connection is down, or requests are being blocked by your firewall.'

/**
 * API_GetHealthCheckStatus: what each checker saw when it last looked, neither counted nor inverted. Not of calculated
 * health checks; nobody looks for a disabled one.
 */
export function statusXml(state: AwsState, id: string, now: number): string {
  const { config, lookedSince } = checkOf(state, id)
  if (config.type === 'CALCULATED') throw invalidInput(`The status of a calculated health check cannot be asked: ${id}`)
  const interval = config.intervalSeconds * 1000
  const at = now - ((now - lookedSince) % interval)
  const failing = silences(state, config).some(({ downAt, upAt }) => downAt <= at && (upAt === null || at < upAt))
  const good = config.type === 'TCP' ? 'Success: Connection established' : 'Success: HTTP Status Code 200, OK'
  const regions = config.regions
  const seen = CHECKERS.filter(({ region }) => regions.length === 0 || regions.includes(region)).map((checker) => ({
    Region: checker.region,
    IPAddress: checker.address,
    StatusReport: { Status: failing ? FAILED : good, CheckedTime: new Date(at).toISOString() },
  }))
  return listOf('HealthCheckObservations', 'HealthCheckObservation', config.disabled ? [] : seen)
}
