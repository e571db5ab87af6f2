import type { ResourceRecordSet } from '@aws-sdk/client-route-53'
import { EXIT, nyahError } from '../../core/errors.ts'
import type { DnsReferences, NameReference } from '../../ports/dns.ts'
import { bounded } from './bounded.ts'
import { need } from './decode.ts'
import { guarded } from './door.ts'
import { createPace, ROUTE53_RATES } from './pace.ts'
import { hostedZones, nameOf, recordSets, zoneIdOf } from './route53-lists.ts'
import { plainName } from './route53-names.ts'
import * as sdk from './route53.sdk.ts'
import type { AwsDeps } from './session.ts'
import { createWire, unlessGone } from './wire.ts'

/** How long a whole look at all zones may take: at 4 requests a second, about 480 pages. */
const DEADLINE_MS = 120_000

/** Names in Route 53. Errors: the AWS_ codes of docs/aws.md, and AWS_DNS_UNFINISHED. */
export function createDns({ session, clock, retry }: AwsDeps): DnsReferences {
  const client = guarded(new sdk.Route53Client(session.clientConfig('ROUTE_53')))
  const asking = { client, wire: createWire('route53', createPace(clock, ROUTE53_RATES), retry) }

  return {
    async pointingAt(dnsName, signal) {
      const until = clock.now() + DEADLINE_MS
      const wanted = canonical(dnsName)
      const all = await hostedZones(asking, signal)
      let read = 0
      const inTime = (): void => {
        if (clock.now() > until) throw unfinished(read, all.length)
      }
      const found = await bounded(all, async (zone): Promise<readonly NameReference[]> => {
        const zoneId = zoneIdOf(zone)
        // A zone that was deleted since it was listed points nowhere.
        const its = await unlessGone(recordSets(asking, zoneId, null, signal, inTime), [])
        read += 1
        return its
          .filter((record) => targetsOf(record).some((target) => canonical(target) === wanted))
          .map((record) => ({
            zoneId,
            zoneName: plainName(need(zone.Name, 'HostedZones[].Name')),
            name: plainName(nameOf(record)),
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

/** The console puts `dualstack.` before the name of a load balancer. */
const canonical = (name: string): string => plainName(name).replace(/^dualstack\./, '')

const unfinished = (read: number, all: number) =>
  nyahError({
    code: 'AWS_DNS_UNFINISHED',
    message: `only ${read} of ${all} hosted zones could be read in ${DEADLINE_MS / 1000} s (Route 53 answers 5 requests a second)`,
    exit: EXIT.remote,
    tries: ['run it again when less asks Route 53', 'use credentials that list only the zones in question'],
    details: { read, zones: all },
  })
