import type { ResourceRecordSet } from '@aws-sdk/client-route-53'
import { EXIT, isNyahError, nyahError } from '../../core/errors.ts'
import type { Dns, RecordSet } from '../../ports/dns.ts'
import { need } from './decode.ts'
import { guarded } from './door.ts'
import { paceTowards, ROUTE53_RATES } from './pace.ts'
import { everyPage } from './pages.ts'
import { hostedZones, nameOf, recordSets, zoneIdOf } from './route53-lists.ts'
import { plainName, wireName } from './route53-names.ts'
import * as sdk from './route53.sdk.ts'
import type { AwsDeps } from './session.ts'
import { createWire } from './wire.ts'

/** Up to so many names are asked for one by one; of more the whole zone is read. */
const NAMES_ASKED = 8

/** Zones and record sets of Route 53. Errors: the AWS_ codes of docs/aws.md, DNS_BATCH_REFUSED, AWS_BUSY. */
export function createRecordSets({ session, clock, retry }: AwsDeps): Dns {
  const client = guarded(new sdk.Route53Client(session.clientConfig('ROUTE_53')))
  const pace = paceTowards(session.settings.endpoints.ROUTE_53, clock, ROUTE53_RATES)
  const wire = createWire('route53', pace, retry)

  const recordsFrom = async (zoneId: string, only: string | null, signal?: AbortSignal): Promise<RecordSet[]> =>
    (await recordSets({ client, wire }, zoneId, only, signal)).map(decoded)

  return {
    async zones(signal) {
      return (await hostedZones({ client, wire }, signal)).map((zone) => ({
        id: zoneIdOf(zone),
        name: plainName(need(zone.Name, 'HostedZones[].Name')),
        private: zone.Config?.PrivateZone === true,
      }))
    },
    records: (zoneId, signal) => recordsFrom(zoneId, null, signal),
    async recordsOf(zoneId, names, signal) {
      const wanted = new Set(names)
      if (wanted.size <= NAMES_ASKED) {
        return (await Promise.all([...wanted].map((name) => recordsFrom(zoneId, name, signal)))).flat()
      }
      return (await recordsFrom(zoneId, null, signal)).filter(({ name }) => wanted.has(name))
    },
    async change(HostedZoneId, changes, comment) {
      const ChangeBatch = {
        Comment: comment,
        Changes: changes.map(({ action, record }) => ({ Action: action, ResourceRecordSet: encoded(record) })),
      }
      try {
        const { ChangeInfo } = await wire.once('ChangeResourceRecordSets', (o) =>
          client.send(new sdk.ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }), o),
        )
        return need(ChangeInfo?.Id, 'ChangeInfo.Id').replace('/change/', '')
      } catch (error) {
        throw ofBatch(error)
      }
    },
    async inSync(Id, signal) {
      const { ChangeInfo } = await wire.read(
        'GetChange',
        (o) => client.send(new sdk.GetChangeCommand({ Id }), o),
        signal,
      )
      return ChangeInfo?.Status === 'INSYNC'
    },
    async nameServers(Id, signal) {
      const send = (o: object) => client.send(new sdk.GetHostedZoneCommand({ Id }), o)
      const { HostedZone, DelegationSet } = await wire.read('GetHostedZone', send, signal)
      // A private zone's are no servers that anybody could ask, whatever stands there.
      return HostedZone?.Config?.PrivateZone === true ? [] : (DelegationSet?.NameServers ?? [])
    },
    async protections(HostedZoneId, signal) {
      const all = await everyPage('ListResourceRecordSetProtections', async (NextToken) => {
        const input = NextToken === undefined ? { HostedZoneId } : { HostedZoneId, NextToken }
        const send = (o: object) => client.send(new sdk.ListResourceRecordSetProtectionsCommand(input), o)
        const page = await wire.read('ListResourceRecordSetProtections', send, signal)
        return { items: page.ResourceRecordSetProtections ?? [], next: page.NextToken }
      })
      return all.map(({ RecordName, RecordType }) => ({
        name: plainName(need(RecordName, 'ResourceRecordSetProtections[].RecordName')),
        type: need(RecordType, 'ResourceRecordSetProtections[].RecordType'),
      }))
    },
  }
}

const OTHER_ROUTING = [
  'Region',
  'Failover',
  'GeoLocation',
  'GeoProximityLocation',
  'CidrRoutingConfig',
  'MultiValueAnswer',
  'TrafficPolicyInstanceId',
] as const

function decoded(set: ResourceRecordSet): RecordSet {
  const { Type, SetIdentifier, Weight, TTL, ResourceRecords = [], AliasTarget, HealthCheckId } = set
  return {
    name: plainName(nameOf(set)),
    type: need(Type, 'ResourceRecordSets[].Type'),
    setIdentifier: SetIdentifier ?? null,
    weight: Weight ?? null,
    ttl: TTL ?? null,
    values: ResourceRecords.map(({ Value }) => need(Value, 'ResourceRecords[].Value')),
    alias:
      AliasTarget === undefined
        ? null
        : {
            zoneId: need(AliasTarget.HostedZoneId, 'AliasTarget.HostedZoneId'),
            dnsName: plainName(need(AliasTarget.DNSName, 'AliasTarget.DNSName')),
            evaluateTargetHealth: AliasTarget.EvaluateTargetHealth === true,
          },
    healthCheckId: HealthCheckId ?? null,
    otherRouting: OTHER_ROUTING.find((field) => set[field] !== undefined) ?? null,
  }
}

function encoded(record: RecordSet): ResourceRecordSet {
  const { name, type, setIdentifier, weight, ttl, values, alias, healthCheckId } = record
  return {
    Name: wireName(name),
    Type: type as NonNullable<ResourceRecordSet['Type']>,
    ...(setIdentifier === null ? {} : { SetIdentifier: setIdentifier }),
    ...(weight === null ? {} : { Weight: weight }),
    ...(alias === null
      ? { ...(ttl === null ? {} : { TTL: ttl }), ResourceRecords: values.map((Value) => ({ Value })) }
      : {
          AliasTarget: {
            HostedZoneId: alias.zoneId,
            DNSName: `${alias.dnsName}.`,
            EvaluateTargetHealth: alias.evaluateTargetHealth,
          },
        }),
    ...(healthCheckId === null ? {} : { HealthCheckId: healthCheckId }),
  }
}

/** A refused batch, and one that came before another was done, as the port says them. */
function ofBatch(error: unknown): unknown {
  if (!isNyahError(error)) return error
  const { message, details, tries } = error
  const name = details['awsCode']
  if (error.lostAnswer)
    return nyahError({
      code: 'AWS_UNCERTAIN',
      message: `${message}; the batch may have been done all the same`,
      exit: EXIT.remote,
      tries: ['nyah dns show NAME', ...tries],
      lostAnswer: true,
      details,
    })
  if (name === 'InvalidChangeBatch' || (name === 'Unknown' && details['status'] === 400))
    return nyahError({
      code: 'DNS_BATCH_REFUSED',
      message,
      exit: EXIT.remote,
      tries: ['look at what stands there now: nyah dns show NAME'],
      details: { ...details, messages: message },
    })
  return name === 'PriorRequestNotComplete'
    ? nyahError({
        code: 'AWS_BUSY',
        message,
        exit: EXIT.remote,
        tries: ['wait until Route 53 has finished what somebody else changes in this zone, then run the command again'],
        retryable: true,
        details,
      })
    : error
}
