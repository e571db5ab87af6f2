import type { HostedZone, ResourceRecordSet } from '@aws-sdk/client-route-53'
import { EXIT, nyahError } from '../../core/errors.ts'
import type { DnsReferences, NameReference } from '../../ports/dns.ts'
import { bounded } from './bounded.ts'
import { need } from './decode.ts'
import { guarded } from './door.ts'
import { createPace, ROUTE53_RATES } from './pace.ts'
import { everyPage } from './pages.ts'
import * as sdk from './route53.sdk.ts'
import type { AwsDeps } from './session.ts'
import { createWire, unlessGone } from './wire.ts'

/** The greatest page of record sets Route 53 gives. */
const RECORDS_PER_PAGE = 300
/** How long a whole look at all zones may take: at 4 requests a second, about 480 pages. */
const DEADLINE_MS = 120_000

/** Names in Route 53. Errors: the AWS_ codes of docs/aws.md, and AWS_DNS_UNFINISHED. */
export function createDns({ session, clock, retry }: AwsDeps): DnsReferences {
  const client = guarded(new sdk.Route53Client(session.clientConfig('ROUTE_53')))
  const wire = createWire('route53', createPace(clock, ROUTE53_RATES), retry)

  const zones = (signal?: AbortSignal): Promise<HostedZone[]> =>
    everyPage('ListHostedZones', async (Marker) => {
      const input = Marker === undefined ? {} : { Marker }
      const page = await wire.read(
        'ListHostedZones',
        (o) => client.send(new sdk.ListHostedZonesCommand(input), o),
        signal,
      )
      return { items: page.HostedZones ?? [], next: page.IsTruncated === true ? page.NextMarker : undefined }
    })

  // The SDK has no paginator for these: where to go on is told in three fields.
  const records = (zone: string, inTime: () => void, signal?: AbortSignal): Promise<ResourceRecordSet[]> =>
    everyPage('ListResourceRecordSets', async (from) => {
      inTime()
      const [name, type, identifier] = from === undefined ? [] : (JSON.parse(from) as (string | null)[])
      const input = {
        HostedZoneId: zone,
        MaxItems: RECORDS_PER_PAGE,
        ...(name ? { StartRecordName: name } : {}),
        ...(type ? { StartRecordType: type as NonNullable<ResourceRecordSet['Type']> } : {}),
        ...(identifier ? { StartRecordIdentifier: identifier } : {}),
      }
      const page = await wire.read(
        'ListResourceRecordSets',
        (o) => client.send(new sdk.ListResourceRecordSetsCommand(input), o),
        signal,
      )
      const next = [page.NextRecordName ?? null, page.NextRecordType ?? null, page.NextRecordIdentifier ?? null]
      return {
        items: page.ResourceRecordSets ?? [],
        next: page.IsTruncated === true ? JSON.stringify(next) : undefined,
      }
    })

  return {
    async pointingAt(dnsName, signal) {
      const until = clock.now() + DEADLINE_MS
      const wanted = canonical(dnsName)
      const all = await zones(signal)
      let read = 0
      const inTime = (): void => {
        if (clock.now() > until) throw unfinished(read, all.length)
      }
      const found = await bounded(all, async (zone): Promise<readonly NameReference[]> => {
        const zoneId = need(zone.Id, 'HostedZones[].Id').replace('/hostedzone/', '')
        // A zone that was deleted since it was listed points nowhere.
        const its = await unlessGone(records(zoneId, inTime, signal), [])
        read += 1
        return its
          .filter((record) => targetsOf(record).some((target) => canonical(target) === wanted))
          .map((record) => ({
            zoneId,
            zoneName: plain(need(zone.Name, 'HostedZones[].Name')),
            name: plain(need(record.Name, 'ResourceRecordSets[].Name')),
            type: need(record.Type, 'ResourceRecordSets[].Type'),
            setIdentifier: record.SetIdentifier ?? null,
          }))
      })
      return found.flat()
    },
  }
}

const targetsOf = ({ Type, AliasTarget, ResourceRecords = [] }: ResourceRecordSet): string[] => [
  ...(AliasTarget?.DNSName === undefined ? [] : [AliasTarget.DNSName]),
  ...(Type === 'CNAME' ? ResourceRecords.flatMap(({ Value }) => Value ?? []) : []),
]

/** Route 53 writes `*` and others as `\052`, and names with their trailing dot. */
const plain = (name: string): string =>
  name
    .replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)))
    .replace(/\.$/, '')

/** The console puts `dualstack.` before the name of a load balancer. */
const canonical = (name: string): string =>
  plain(name)
    .toLowerCase()
    .replace(/^dualstack\./, '')

const unfinished = (read: number, all: number) =>
  nyahError({
    code: 'AWS_DNS_UNFINISHED',
    message: `only ${read} of ${all} hosted zones could be read in ${DEADLINE_MS / 1000} s (Route 53 answers 5 requests a second)`,
    exit: EXIT.remote,
    tries: ['run it again when less asks Route 53', 'use credentials that list only the zones in question'],
    details: { read, zones: all },
  })
