import { fault } from './fault.ts'
import { inOrder } from './route53-records.ts'
import type { RecordState, ZoneState } from './route53-state.ts'
import { storedName } from './route53-state.ts'
import { element, fields, invalidInput, listOf, pageSize } from './route53-xml.ts'
import type { AwsState } from './state.ts'

/** Zones, their records and protections, as Route 53 shows them. */

/** Where the sandbox has no name servers of its own: the names a zone's NS record has. */
const NAME_SERVERS = ['ns-1.awsdns-00.example', 'ns-2.awsdns-01.example']

const hostedZone = ({ id, name, private: isPrivate, records }: ZoneState) => ({
  Id: `/hostedzone/${id}`,
  Name: name,
  CallerReference: `sandbox-${id}`,
  Config: { PrivateZone: isPrivate },
  ResourceRecordSetCount: records.length,
})

// API_ListHostedZones: at most 100 a page; the marker is the id of the first zone of the next one.
export function listHostedZones(state: AwsState, query: URLSearchParams): string {
  const size = pageSize(query, 100)
  const all = Object.values(state.zones)
  const marker = query.get('marker')
  const from = marker === null ? 0 : all.findIndex(({ id }) => id === marker)
  if (from === -1) throw fault('NoSuchHostedZone', `No hosted zone found with ID: ${marker}`, 404)
  const next = all[from + size]
  return (
    listOf('HostedZones', 'HostedZone', all.slice(from, from + size).map(hostedZone)) +
    fields({ Marker: marker, IsTruncated: next !== undefined, NextMarker: next?.id, MaxItems: size })
  )
}

/** API_GetHostedZone: name servers with a public zone, VPCs with a private one. */
export const zoneXml = (state: AwsState, zone: ZoneState, nameServers: readonly string[] = NAME_SERVERS): string =>
  fields({ HostedZone: hostedZone(zone) }) +
  (zone.private
    ? listOf(
        'VPCs',
        'VPC',
        state.vpcs.map(({ id }) => ({ VPCRegion: state.region, VPCId: id })),
      )
    : element('DelegationSet', listOf('NameServers', 'NameServer', nameServers)))

const recordXml = (record: RecordState): string => {
  const { name, type, setIdentifier, weight, routing, ttl, values, alias, healthCheckId } = record
  return element(
    'ResourceRecordSet',
    fields({ Name: name, Type: type, SetIdentifier: setIdentifier, Weight: weight, ...routing, TTL: ttl }),
    values.length === 0
      ? ''
      : listOf(
          'ResourceRecords',
          'ResourceRecord',
          values.map((Value) => ({ Value })),
        ),
    fields({
      AliasTarget:
        alias === null
          ? null
          : {
              HostedZoneId: alias.zoneId,
              DNSName: alias.dnsName,
              EvaluateTargetHealth: alias.evaluateTargetHealth,
            },
      HealthCheckId: healthCheckId,
    }),
  )
}

// API_ListResourceRecordSets: `name`, with it `type`, with them `identifier`: where to begin.
export function listRecords(zone: ZoneState, query: URLSearchParams): string {
  const [name, type, identifier] = [query.get('name'), query.get('type'), query.get('identifier')]
  if ((type !== null && name === null) || (identifier !== null && type === null)) {
    throw invalidInput('type needs name, and identifier needs type')
  }
  const from = { name: storedName(name ?? ''), type: type ?? '', setIdentifier: identifier } as RecordState
  const left = zone.records.toSorted(inOrder).filter((record) => name === null || inOrder(record, from) >= 0)
  const size = pageSize(query, 300)
  const next = left[size]
  return (
    element('ResourceRecordSets', ...left.slice(0, size).map(recordXml)) +
    fields({
      IsTruncated: next !== undefined,
      NextRecordName: next?.name,
      NextRecordType: next?.type,
      NextRecordIdentifier: next?.setIdentifier,
      MaxItems: size,
    })
  )
}

// API_ListResourceRecordSetProtections: at most 300 a page; the token is where the next one begins.
export function listProtections(zone: ZoneState, query: URLSearchParams): string {
  const size = pageSize(query, 300, 'maxresults')
  const token = query.get('nexttoken')
  if (token !== null && !/^\d{1,6}$/.test(token)) throw fault('InvalidPaginationToken', `Invalid NextToken ${token}`)
  const from = Number(token ?? 0)
  const shown = zone.protections.slice(from, from + size)
  const next = from + size < zone.protections.length ? String(from + size) : null
  return (
    listOf(
      'ResourceRecordSetProtections',
      'ResourceRecordSetProtection',
      shown.map(({ name, type, comment }) => ({ RecordName: name, RecordType: type, Comment: comment })),
    ) + fields({ NextToken: next })
  )
}
