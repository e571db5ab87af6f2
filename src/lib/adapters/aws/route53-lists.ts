import type { HostedZone, ResourceRecordSet } from '@aws-sdk/client-route-53'
import { need } from './decode.ts'
import { everyPage } from './pages.ts'
import { plainName, wireName } from './route53-names.ts'
import * as sdk from './route53.sdk.ts'
import type { Wire } from './wire.ts'

/** The greatest page of record sets Route 53 gives. */
const RECORDS_PER_PAGE = 300

/** How Route 53 is asked. */
export interface Asking {
  readonly client: sdk.Route53Client
  readonly wire: Wire
}

/** Every zone that these credentials can list. */
export const hostedZones = ({ client, wire }: Asking, signal?: AbortSignal): Promise<HostedZone[]> =>
  everyPage('ListHostedZones', async (Marker) => {
    const input = Marker === undefined ? {} : { Marker }
    const send = (o: object) => client.send(new sdk.ListHostedZonesCommand(input), o)
    const page = await wire.read('ListHostedZones', send, signal)
    return { items: page.HostedZones ?? [], next: page.IsTruncated === true ? page.NextMarker : undefined }
  })

/**
 * Record sets of a zone, in its order. The SDK has no paginator for them: where to go on is told in three fields.
 *
 * @param only of this name alone, as people write it; null: of the whole zone
 * @param before is called before each page; what it throws ends the look
 */
export async function recordSets(
  { client, wire }: Asking,
  HostedZoneId: string,
  only: string | null,
  signal?: AbortSignal,
  before: () => void = () => {},
): Promise<ResourceRecordSet[]> {
  const start = only === null ? undefined : JSON.stringify([wireName(only)])
  const all = await everyPage('ListResourceRecordSets', async (from = start) => {
    before()
    const [name, type, identifier] = from === undefined ? [] : (JSON.parse(from) as (string | null)[])
    const input = {
      HostedZoneId,
      MaxItems: RECORDS_PER_PAGE,
      ...(name ? { StartRecordName: name } : {}),
      ...(type ? { StartRecordType: type as NonNullable<ResourceRecordSet['Type']> } : {}),
      ...(identifier ? { StartRecordIdentifier: identifier } : {}),
    }
    const send = (o: object) => client.send(new sdk.ListResourceRecordSetsCommand(input), o)
    const page = await wire.read('ListResourceRecordSets', send, signal)
    const goesOn = page.IsTruncated === true && (only === null || plainName(page.NextRecordName ?? '') === only)
    const next = [page.NextRecordName ?? null, page.NextRecordType ?? null, page.NextRecordIdentifier ?? null]
    return { items: page.ResourceRecordSets ?? [], next: goesOn ? JSON.stringify(next) : undefined }
  })
  return only === null ? all : all.filter((one) => plainName(nameOf(one)) === only)
}

export const zoneIdOf = ({ Id }: HostedZone): string => need(Id, 'HostedZones[].Id').replace('/hostedzone/', '')
export const nameOf = ({ Name }: ResourceRecordSet): string => need(Name, 'ResourceRecordSets[].Name')
