import type { AliasState, RecordState } from './route53-state.ts'
import { storedName } from './route53-state.ts'
import { invalidInput, numberOf } from './route53-xml.ts'
import type { Element } from './xml-read.ts'
import { childOf, textOf } from './xml-read.ts'

/** One `ResourceRecordSet` of a request: what is wrong with it by itself. */

const TYPES = [
  'A',
  'AAAA',
  'CAA',
  'CNAME',
  'DS',
  'HTTPS',
  'MX',
  'NAPTR',
  'NS',
  'PTR',
  'SOA',
  'SPF',
  'SRV',
  'SSHFP',
  'SVCB',
  'TLSA',
  'TXT',
]

// API_ResourceRecordSet, Type: what weighted record sets may be.
const UNWEIGHTED: readonly string[] = ['DS', 'NS', 'SOA']

const UNBUILT = [
  'Region',
  'GeoLocation',
  'Failover',
  'MultiValueAnswer',
  'TrafficPolicyInstanceId',
  'CidrRoutingConfig',
  'GeoProximityLocation',
]

function aliasOf(element: Element): AliasState | null {
  const alias = childOf(element, 'AliasTarget')
  if (alias === undefined) return null
  const [zoneId, dnsName] = [textOf(alias, 'HostedZoneId'), textOf(alias, 'DNSName')]
  const evaluate = textOf(alias, 'EvaluateTargetHealth')
  if (zoneId === undefined || dnsName === undefined || evaluate === undefined) {
    throw invalidInput('An AliasTarget needs HostedZoneId, DNSName and EvaluateTargetHealth')
  }
  return { zoneId, dnsName: storedName(dnsName), evaluateTargetHealth: evaluate === 'true' }
}

/** Simple and weighted records; other routing policies are not built. Throws InvalidInput. */
export function recordOf(element: Element): RecordState {
  const unbuilt = UNBUILT.find((name) => childOf(element, name) !== undefined)
  if (unbuilt !== undefined) throw invalidInput(`${unbuilt} is not built in the sandbox`)
  const [name, type] = [textOf(element, 'Name') ?? '', textOf(element, 'Type') ?? '']
  if (name === '' || !TYPES.includes(type)) throw invalidInput(`Invalid name '${name}' or type '${type}'`)
  // "DNS domain name format" page: 255 bytes in all, 63 a label.
  const plain = name.replace(/\.$/, '')
  if (plain.length > 254 || plain.split('.').some((label) => label.length === 0 || label.length > 63)) {
    throw invalidInput(`Invalid name '${name}': a name has at most 255 bytes and a label at most 63`)
  }
  const setIdentifier = textOf(element, 'SetIdentifier') ?? null
  // API_ResourceRecordSet: Weight 0-255, TTL 0-2147483647, SetIdentifier 1-128 characters, HealthCheckId at most 64.
  const weight = numberOf(element, 'Weight', 0, 255)
  if ((weight === null) !== (setIdentifier === null)) {
    throw invalidInput('A record with a routing policy needs both SetIdentifier and Weight')
  }
  if (setIdentifier !== null && (setIdentifier.length < 1 || setIdentifier.length > 128)) {
    throw invalidInput('Invalid SetIdentifier: it must have 1 to 128 characters')
  }
  if (weight !== null && UNWEIGHTED.includes(type)) throw invalidInput(`A record of type ${type} cannot be weighted`)
  const healthCheckId = textOf(element, 'HealthCheckId') ?? null
  if (healthCheckId !== null && healthCheckId.length > 64) throw invalidInput('Invalid HealthCheckId: it is too long')
  const alias = aliasOf(element)
  const ttl = numberOf(element, 'TTL', 0, 2_147_483_647)
  const values = (childOf(element, 'ResourceRecords')?.children ?? []).map((item) => textOf(item, 'Value') ?? '')
  if (alias !== null && (ttl !== null || values.length > 0)) {
    throw invalidInput('An alias has neither TTL nor ResourceRecords')
  }
  if (alias === null && (ttl === null || values.length === 0)) {
    throw invalidInput(`Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]] for ${name} ${type}`)
  }
  return { name: storedName(name), type, setIdentifier, weight, ttl, values, alias, healthCheckId, routing: null }
}
