import type { HealthCheck, HealthCheckConfig } from '@aws-sdk/client-route-53'
import type { Check, CheckSpec, CheckStatus, HealthChecks } from '../../ports/health-checks.ts'
import { EXIT, isNyahError, nyahError } from '../../core/errors.ts'
import { need } from './decode.ts'
import { guarded } from './door.ts'
import { paceTowards, ROUTE53_RATES } from './pace.ts'
import { everyPage } from './pages.ts'
import * as sdk from './route53.sdk.ts'
import type { AwsDeps } from './session.ts'
import { createWire, unlessGone } from './wire.ts'

/** ListTagsForResources takes so many ids. */
const TAGS_PER_CALL = 10
/** Above so many of the checkers Route 53 calls it healthy. */
const HEALTHY_SHARE = 0.18
const TYPES = ['HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH', 'TCP', 'CALCULATED'] as const

/** Health checks of Route 53. Errors: the AWS_ codes of docs/aws.md. */
export function createHealthChecks({ session, clock, retry }: AwsDeps): HealthChecks {
  const client = guarded(new sdk.Route53Client(session.clientConfig('ROUTE_53')))
  const pace = paceTowards(session.settings.endpoints.ROUTE_53, clock, ROUTE53_RATES)
  const wire = createWire('route53', pace, retry)

  const list = async (signal?: AbortSignal): Promise<readonly Check[]> => {
    const all = await everyPage('ListHealthChecks', async (Marker) => {
      const input = Marker === undefined ? {} : { Marker }
      const send = (o: object) => client.send(new sdk.ListHealthChecksCommand(input), o)
      const page = await wire.read('ListHealthChecks', send, signal)
      return { items: page.HealthChecks ?? [], next: page.IsTruncated === true ? page.NextMarker : undefined }
    })
    const tags = await tagsOf(
      all.map(({ Id }) => need(Id, 'HealthChecks[].Id')),
      signal,
    )
    return all.map((check) => decoded(check, tags.get(check.Id ?? '') ?? {}))
  }

  async function tagsOf(
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    const found = new Map<string, Readonly<Record<string, string>>>()
    for (let at = 0; at < ids.length; at += TAGS_PER_CALL) {
      const input = { ResourceType: 'healthcheck' as const, ResourceIds: ids.slice(at, at + TAGS_PER_CALL) }
      const send = (o: object) => client.send(new sdk.ListTagsForResourcesCommand(input), o)
      const { ResourceTagSets = [] } = await wire.read('ListTagsForResources', send, signal)
      for (const { ResourceId = '', Tags = [] } of ResourceTagSets)
        found.set(ResourceId, Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])))
    }
    return found
  }

  async function tag(id: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const AddTags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    if (AddTags.length === 0) return
    const input = { ResourceType: 'healthcheck' as const, ResourceId: id, AddTags }
    await wire.repeat('ChangeTagsForResource', 'write', (o) =>
      client.send(new sdk.ChangeTagsForResourceCommand(input), o),
    )
  }

  return {
    list,
    async read(ids, signal) {
      const wanted = new Set(ids)
      return (await list(signal)).filter(({ id }) => wanted.has(id))
    },
    async status(HealthCheckId, signal): Promise<CheckStatus> {
      const send = (o: object) => client.send(new sdk.GetHealthCheckStatusCommand({ HealthCheckId }), o)
      const { HealthCheckObservations: seen = [] } = await wire.read('GetHealthCheckStatus', send, signal)
      const reports = seen.flatMap(({ StatusReport }) => StatusReport ?? [])
      const failing = reports.filter(({ Status = '' }) => !Status.startsWith('Success'))
      const healthy = reports.length - failing.length
      const times = reports.flatMap(({ CheckedTime }) => CheckedTime?.toISOString() ?? []).toSorted()
      const verdict = healthy / reports.length > HEALTHY_SHARE ? 'healthy' : 'unhealthy'
      return {
        verdict: reports.length === 0 ? 'unknown' : verdict,
        healthy,
        checkers: reports.length,
        why: failing[0]?.Status ?? null,
        observedAt: times.at(-1) ?? null,
      }
    },
    async create(CallerReference, spec) {
      try {
        const input = { CallerReference, HealthCheckConfig: encoded(spec) }
        const { HealthCheck: made } = await wire.repeat('CreateHealthCheck', 'write', (o) =>
          client.send(new sdk.CreateHealthCheckCommand(input), o),
        )
        const id = need(made?.Id, 'HealthCheck.Id')
        await tag(id, spec.tags)
        return { id }
      } catch (error) {
        throw renamed(error, 'HealthCheckAlreadyExists', 'AWS_ALREADY_EXISTS')
      }
    },
    async update(HealthCheckId, HealthCheckVersion, spec) {
      const { Type: _type, RequestInterval: _interval, ...rest } = encoded(spec)
      // What is left out stays as it was; one that somebody switched off stays off.
      const ResetElements = [
        ...(spec.host === null ? (['FullyQualifiedDomainName'] as const) : []),
        ...(spec.path === null ? (['ResourcePath'] as const) : []),
      ]
      try {
        const input = { HealthCheckId, HealthCheckVersion, ...rest, ...(ResetElements.length > 0 && { ResetElements }) }
        await wire.once('UpdateHealthCheck', (o) => client.send(new sdk.UpdateHealthCheckCommand(input), o))
        await tag(HealthCheckId, spec.tags)
      } catch (error) {
        throw uncertain(renamed(error, 'HealthCheckVersionMismatch', 'AWS_CONFLICT'))
      }
    },
    async delete(HealthCheckId) {
      await unlessGone(
        wire.once('DeleteHealthCheck', (o) => client.send(new sdk.DeleteHealthCheckCommand({ HealthCheckId }), o)),
        null,
      )
    },
  }
}

function decoded({ Id, HealthCheckVersion, HealthCheckConfig }: HealthCheck, tags: Check['tags']): Check {
  const config = need(HealthCheckConfig, 'HealthCheckConfig')
  const known = TYPES.find((type) => type === config.Type)
  return {
    id: need(Id, 'HealthChecks[].Id'),
    version: HealthCheckVersion ?? 1,
    otherType: known === undefined ? (config.Type ?? '') : null,
    disabled: config.Disabled === true,
    type: known ?? 'OTHER',
    address: config.IPAddress ?? null,
    port: config.Port ?? null,
    host: config.FullyQualifiedDomainName ?? null,
    path: config.ResourcePath ?? null,
    search: config.SearchString ?? null,
    intervalSeconds: config.RequestInterval ?? 30,
    failureThreshold: config.FailureThreshold ?? 3,
    inverted: config.Inverted === true,
    children: config.ChildHealthChecks ?? [],
    threshold: config.HealthThreshold ?? null,
    tags,
  }
}

function encoded(spec: CheckSpec): HealthCheckConfig {
  const { type, address, port, host, path, search, intervalSeconds, failureThreshold, inverted } = spec
  if (type === 'CALCULATED')
    return {
      Type: type,
      Inverted: inverted,
      ChildHealthChecks: [...spec.children],
      ...(spec.threshold === null ? {} : { HealthThreshold: spec.threshold }),
    }
  return {
    Type: type,
    RequestInterval: intervalSeconds,
    FailureThreshold: failureThreshold,
    Inverted: inverted,
    ...(address === null ? {} : { IPAddress: address }),
    ...(port === null ? {} : { Port: port }),
    ...(host === null ? {} : { FullyQualifiedDomainName: host }),
    ...(path === null ? {} : { ResourcePath: path }),
    ...(search === null ? {} : { SearchString: search }),
  }
}

/** A change of a version that may have been made: made again, it would meet its own. */
function uncertain(error: unknown): unknown {
  if (!isNyahError(error) || !error.lostAnswer) return error
  const { message, details } = error
  return nyahError({
    code: 'AWS_UNCERTAIN',
    message: `${message}; the health check may have been changed all the same`,
    exit: EXIT.remote,
    tries: ['run the command again: it looks first'],
    lostAnswer: true,
    details,
  })
}

const TRIES: Readonly<Record<string, readonly string[]>> = {
  AWS_CONFLICT: ['run the command again: it plans from what is there now'],
  AWS_ALREADY_EXISTS: ['run the command again: it takes the next reference'],
}

function renamed(error: unknown, name: string, code: string): unknown {
  if (!isNyahError(error) || error.details['awsCode'] !== name) return error
  const { message, tries, details } = error
  return nyahError({ code, message, exit: EXIT.remote, tries: TRIES[code] ?? tries, details })
}
