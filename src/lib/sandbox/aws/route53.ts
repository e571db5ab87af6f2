/**
 * Route 53, as much as is needed to see who points at a load balancer: zones and their records, and batches of changes
 * that are done whole or not at all. `/2013-04-01/…`, REST with XML; the service is global.
 */
import type { WireRequest, WireResponse } from '../service.ts'
import { fault, isFault } from './fault.ts'
import { judged } from './iam-policy.ts'
import { hex } from './ids.ts'
import { changed, inOrder, storedName } from './route53-records.ts'
import type { RecordState, ZoneState } from './route53-state.ts'
import type { AwsState } from './state.ts'
import { counted, own } from './state.ts'
import { childOf, parseXml } from './xml-read.ts'
import type { Xml, XmlObject } from './xml.ts'
import { toXml } from './xml.ts'

const NAMESPACE = ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'

interface Reply {
  readonly state: AwsState
  readonly body: string
}

/** A list whose elements have a name of their own. */
const listOf = (name: string, item: string, values: readonly Xml[]): string =>
  `<${name}>${values.map((value) => toXml(item, value, 'member')).join('')}</${name}>`

const document = (name: string, ...parts: readonly string[]): string =>
  `<${name}${NAMESPACE}>${parts.join('')}</${name}>`

const fields = (values: XmlObject): string =>
  Object.entries(values)
    .map(([name, value]) => (value === null || value === undefined ? '' : toXml(name, value, 'member')))
    .join('')

function pageSize(query: URLSearchParams, most: number): number {
  const text = query.get('maxitems') ?? String(most)
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1) throw fault('InvalidInput', `Invalid maxitems ${text}`)
  return Math.min(most, Number(text))
}

// API_ListHostedZones: at most 100 a page; the marker is the id of the first zone of the next one.
function listHostedZones(state: AwsState, query: URLSearchParams): string {
  const size = pageSize(query, 100)
  const all = Object.values(state.zones)
  const marker = query.get('marker')
  const from = marker === null ? 0 : all.findIndex(({ id }) => id === marker)
  if (from === -1) throw fault('NoSuchHostedZone', `No hosted zone found with ID: ${marker}`, 404)
  const shown = all.slice(from, from + size)
  const next = all[from + size]
  const zones = shown.map(({ id, name, private: isPrivate, records }) => ({
    Id: `/hostedzone/${id}`,
    Name: name,
    CallerReference: `sandbox-${id}`,
    Config: { PrivateZone: isPrivate },
    ResourceRecordSetCount: records.length,
  }))
  return document(
    'ListHostedZonesResponse',
    listOf('HostedZones', 'HostedZone', zones),
    fields({ Marker: marker, IsTruncated: next !== undefined, NextMarker: next?.id, MaxItems: size }),
  )
}

const recordXml = ({ name, type, setIdentifier, weight, ttl, values, alias }: RecordState): string =>
  document(
    'ResourceRecordSet',
    fields({ Name: name, Type: type, SetIdentifier: setIdentifier, Weight: weight, TTL: ttl }),
    values.length === 0
      ? ''
      : listOf(
          'ResourceRecords',
          'ResourceRecord',
          values.map((Value) => ({ Value })),
        ),
    alias === null
      ? ''
      : fields({
          AliasTarget: {
            HostedZoneId: alias.zoneId,
            DNSName: alias.dnsName,
            EvaluateTargetHealth: alias.evaluateTargetHealth,
          },
        }),
  ).replace(NAMESPACE, '')

// API_ListResourceRecordSets: `name`, with it `type`, with them `identifier`: where to begin.
function listRecords(zone: ZoneState, query: URLSearchParams): string {
  const [name, type, identifier] = [query.get('name'), query.get('type'), query.get('identifier')]
  if ((type !== null && name === null) || (identifier !== null && type === null)) {
    throw fault('InvalidInput', 'type needs name, and identifier needs type')
  }
  const from = { name: storedName(name ?? ''), type: type ?? '', setIdentifier: identifier } as RecordState
  const left = zone.records.toSorted(inOrder).filter((record) => name === null || inOrder(record, from) >= 0)
  const size = pageSize(query, 300)
  const next = left[size]
  return document(
    'ListResourceRecordSetsResponse',
    `<ResourceRecordSets>${left.slice(0, size).map(recordXml).join('')}</ResourceRecordSets>`,
    fields({
      IsTruncated: next !== undefined,
      NextRecordName: next?.name,
      NextRecordType: next?.type,
      NextRecordIdentifier: next?.setIdentifier,
      MaxItems: size,
    }),
  )
}

function change(before: AwsState, zone: ZoneState, body: string, now: number): Reply {
  const root = parseXml(body)
  const batch = childOf(root, 'ChangeBatch')
  if (root.name !== 'ChangeResourceRecordSetsRequest' || batch === undefined) {
    throw fault('InvalidInput', 'The request has no ChangeBatch')
  }
  const { state, ordinal } = counted(before)
  const next = { ...state, zones: { ...state.zones, [zone.id]: changed(zone, batch) } }
  const info = {
    Id: `/change/C${hex(`change/${ordinal}`, 13).toUpperCase()}`,
    Status: 'PENDING',
    SubmittedAt: new Date(now).toISOString(),
  }
  return { state: next, body: document('ChangeResourceRecordSetsResponse', fields({ ChangeInfo: info })) }
}

function routed(state: AwsState, { method, path, query, body }: WireRequest, now: number): Reply {
  const [, id] = /^\/2013-04-01\/hostedzone\/([A-Z0-9]{1,32})\/rrset\/?$/.exec(path) ?? []
  const allowed = (action: string, resource: string) => {
    if (judged(state.policy, `route53:${action}`, resource, {}).decision === 'allowed') return
    const message = `User is not authorized to perform: route53:${action} on resource: ${resource}`
    throw fault('AccessDenied', message, 403)
  }
  if (id === undefined) {
    if (method === 'GET' && /^\/2013-04-01\/hostedzone\/?$/.test(path)) {
      allowed('ListHostedZones', '*')
      return { state, body: listHostedZones(state, query) }
    }
    throw fault('InvalidInput', `${method} ${path} is not built in the sandbox`, 404)
  }
  const action = method === 'GET' ? 'ListResourceRecordSets' : 'ChangeResourceRecordSets'
  if (method !== 'GET' && method !== 'POST')
    throw fault('InvalidInput', `${method} ${path} is not built in the sandbox`)
  allowed(action, `arn:aws:route53:::hostedzone/${id}`)
  const zone = own(state.zones, id)
  if (zone === undefined) throw fault('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404)
  return method === 'GET' ? { state, body: listRecords(zone, query) } : change(state, zone, body, now)
}

const response = (status: number, body: string, id: string): WireResponse => ({
  status,
  headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id },
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
  now: number,
  id: string,
): { readonly state: AwsState; readonly response: WireResponse } {
  try {
    const reply = routed(state, request, now)
    return { state: reply.state, response: response(200, reply.body, id) }
  } catch (error) {
    if (!isFault(error)) throw error
    return { state, response: refusal53(error, id) }
  }
}
