/**
 * Route 53, as much as is needed to move users by name: zones and their records, batches of changes that are done whole
 * or not at all, health checks, tags. `/2013-04-01/…`, REST with XML; the service is global.
 */
import type { Surroundings, WireRequest, WireResponse } from '../service.ts'
import { fault, isFault } from './fault.ts'
import { hex, hostedZoneId } from './ids.ts'
import { type Authorized, authorizeNames } from './route53-authorize.ts'
import { checkOf, checkXml, createCheck, deleteCheck, listChecks, statusXml, updateCheck } from './route53-checks.ts'
import { changed } from './route53-records.ts'
import type { ZoneState } from './route53-state.ts'
import { balancerOf } from './route53-verdict.ts'
import { tagged, tagsOf, tagsOfMany } from './route53-tags.ts'
import { document, fields } from './route53-xml.ts'
import { listHostedZones, listProtections, listRecords, zoneXml } from './route53-zones.ts'
import type { AwsState } from './state.ts'
import { counted, own } from './state.ts'
import type { Element } from './xml-read.ts'
import { childOf, parseXml, textOf } from './xml-read.ts'

/** How long a change takes to reach all name servers (API_GetChange: generally within 60 seconds). */
const PROPAGATION_MS = 30_000

/** Changes that are remembered. */
const REMEMBERED = 1000

interface Reply {
  readonly state: AwsState
  readonly body: string
  /** 200 by default. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

interface Asked {
  readonly state: AwsState
  readonly query: URLSearchParams
  /** The request's document. */
  readonly sent: () => Element
  readonly surroundings: Surroundings
  /** What the path names, in its order. */
  readonly ids: readonly string[]
}

interface Route extends Authorized {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/2013-04-01`. */
  readonly path: RegExp
  readonly run: (asked: Asked) => Reply
}

function zoneOf({ state, ids: [id = ''] }: Asked): ZoneState {
  const zone = own(state.zones, id)
  if (zone === undefined) throw fault('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404)
  return zone
}

const changeInfo = (state: AwsState, id: string, now: number): string => {
  const change = own(state.route53.changes, id)
  // API_GetChange, NoSuchChange.
  if (change === undefined)
    throw fault('NoSuchChange', `A change with the specified change ID does not exist: ${id}`, 404)
  const { submittedAt, comment } = change
  const Status = now < submittedAt + PROPAGATION_MS ? 'PENDING' : 'INSYNC'
  const SubmittedAt = new Date(submittedAt).toISOString()
  return fields({ ChangeInfo: { Id: `/change/${id}`, Status, SubmittedAt, Comment: comment } })
}

function change(asked: Asked): Reply {
  const zone = zoneOf(asked)
  const sent = asked.sent()
  const batch = childOf(sent, 'ChangeBatch')
  if (sent.name !== 'ChangeResourceRecordSetsRequest' || batch === undefined) {
    throw fault('InvalidInput', 'The request has no ChangeBatch')
  }
  const { now } = asked.surroundings
  const { state, ordinal } = counted(asked.state)
  const next = changed(zone, batch, {
    hasCheck: (id) => own(state.route53.healthChecks, id) !== undefined,
    zoneOfBalancer: (dnsName) => (balancerOf(state, dnsName) === null ? null : hostedZoneId(state.region)),
  })
  const id = `C${hex(`change/${ordinal}`, 13).toUpperCase()}`
  const change = { submittedAt: now, comment: textOf(batch, 'Comment') ?? null }
  const changes = Object.fromEntries([...Object.entries(state.route53.changes), [id, change]].slice(-REMEMBERED))
  const going = state.route53.spreading.filter(({ syncedAt }) => now < syncedAt)
  const spreading = [...going, { zoneId: zone.id, syncedAt: now + PROPAGATION_MS, before: zone.records }]
  const after = {
    ...state,
    zones: { ...state.zones, [zone.id]: next },
    route53: { ...state.route53, changes, spreading },
  }
  return { state: after, body: changeInfo(after, id, now) }
}

/** What only reads. */
const reading =
  (body: (asked: Asked) => string): Route['run'] =>
  (asked) => ({ state: asked.state, body: body(asked) })

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/hostedzone$/,
    action: 'ListHostedZones',
    run: reading(({ state, query }) => listHostedZones(state, query)),
  },
  {
    method: 'GET',
    path: /^\/hostedzone\/([A-Z0-9]{1,32})$/,
    action: 'GetHostedZone',
    resource: 'hostedzone',
    run: reading((asked) => zoneXml(asked.state, zoneOf(asked), asked.surroundings.nameServers)),
  },
  {
    method: 'GET',
    path: /^\/hostedzone\/([A-Z0-9]{1,32})\/rrset$/,
    action: 'ListResourceRecordSets',
    resource: 'hostedzone',
    run: reading((asked) => listRecords(zoneOf(asked), asked.query)),
  },
  {
    method: 'POST',
    path: /^\/hostedzone\/([A-Z0-9]{1,32})\/rrset$/,
    action: 'ChangeResourceRecordSets',
    resource: 'hostedzone',
    run: change,
  },
  {
    method: 'GET',
    path: /^\/hostedzone\/([A-Z0-9]{1,32})\/rrsetprotection$/,
    action: 'ListResourceRecordSetProtections',
    resource: 'hostedzone',
    run: reading((asked) => listProtections(zoneOf(asked), asked.query)),
  },
  {
    method: 'GET',
    path: /^\/change\/([A-Z0-9]{1,32})$/,
    action: 'GetChange',
    resource: 'change',
    run: reading(({ state, ids: [id = ''], surroundings }) => changeInfo(state, id, surroundings.now)),
  },
  {
    method: 'POST',
    path: /^\/healthcheck$/,
    action: 'CreateHealthCheck',
    run: ({ state: before, sent, surroundings }) => {
      const { state, check } = createCheck(before, sent(), surroundings.now)
      const location = `https://route53.amazonaws.com/2013-04-01/healthcheck/${check.id}`
      return { state, body: checkXml(check), status: 201, headers: { location } }
    },
  },
  {
    method: 'GET',
    path: /^\/healthcheck$/,
    action: 'ListHealthChecks',
    run: reading(({ state, query }) => listChecks(state, query).join('')),
  },
  {
    method: 'GET',
    path: /^\/healthcheck\/([\w-]{1,64})$/,
    action: 'GetHealthCheck',
    resource: 'healthcheck',
    run: reading(({ state, ids: [id = ''] }) => checkXml(checkOf(state, id))),
  },
  {
    method: 'POST',
    path: /^\/healthcheck\/([\w-]{1,64})$/,
    action: 'UpdateHealthCheck',
    resource: 'healthcheck',
    run: ({ state: before, ids: [id = ''], sent, surroundings }) => {
      const { state, check } = updateCheck(before, id, sent(), surroundings.now)
      return { state, body: checkXml(check) }
    },
  },
  {
    method: 'DELETE',
    path: /^\/healthcheck\/([\w-]{1,64})$/,
    action: 'DeleteHealthCheck',
    resource: 'healthcheck',
    run: ({ state, ids: [id = ''] }) => ({ state: deleteCheck(state, id), body: '' }),
  },
  {
    method: 'GET',
    path: /^\/healthcheck\/([\w-]{1,64})\/status$/,
    action: 'GetHealthCheckStatus',
    resource: 'healthcheck',
    run: reading(({ state, ids: [id = ''], surroundings }) => statusXml(state, id, surroundings.now)),
  },
  {
    method: 'POST',
    path: /^\/tags\/([a-z]{1,20})\/([\w-]{1,64})$/,
    action: 'ChangeTagsForResource',
    resource: 'tagged',
    run: ({ state, ids: [kind = '', id = ''], sent }) => ({
      state: { ...state, route53: tagged(state, kind, id, sent()) },
      body: '',
    }),
  },
  {
    method: 'GET',
    path: /^\/tags\/([a-z]{1,20})\/([\w-]{1,64})$/,
    action: 'ListTagsForResource',
    resource: 'tagged',
    run: reading(({ state, ids: [kind = '', id = ''] }) => tagsOf(state, kind, id)),
  },
  {
    method: 'POST',
    path: /^\/tags\/([a-z]{1,20})$/,
    action: 'ListTagsForResources',
    run: reading(({ state, ids: [kind = ''], sent }) => tagsOfMany(state, kind, sent())),
  },
]

function routed(state: AwsState, request: WireRequest, surroundings: Surroundings): Reply {
  const { method, query, body } = request
  const path = request.path.replace(/^\/2013-04-01/, '').replace(/\/$/, '')
  for (const route of ROUTES) {
    const found = route.method === method ? route.path.exec(path) : null
    if (found === null) continue
    const ids = found.slice(1)
    const sent = (): Element => parseXml(body)
    authorizeNames(state, route, ids, sent)
    const reply = route.run({ state, query, sent, surroundings, ids })
    return { ...reply, body: document(`${route.action}Response`, reply.body) }
  }
  throw fault('InvalidInput', `${method} ${request.path} is not built in the sandbox`, 404)
}

const response = (
  status: number,
  body: string,
  id: string,
  headers: Readonly<Record<string, string>> = {},
): WireResponse => ({
  status,
  headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id, ...headers },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
})

/** How Route 53 says that something is wrong; also for what is wrong before the request is looked at. */
export const refusal53 = ({ code, message, status }: { code: string; message: string; status: number }, id: string) =>
  response(
    status,
    document('ErrorResponse', fields({ Error: { Type: 'Sender', Code: code, Message: message }, RequestId: id })),
    id,
  )

export function route53(
  state: AwsState,
  request: WireRequest,
  surroundings: Surroundings,
  id: string,
): { readonly state: AwsState; readonly response: WireResponse } {
  try {
    const reply = routed(state, request, surroundings)
    return { state: reply.state, response: response(reply.status ?? 200, reply.body, id, reply.headers) }
  } catch (error) {
    if (!isFault(error)) throw error
    return { state, response: refusal53(error, id) }
  }
}
