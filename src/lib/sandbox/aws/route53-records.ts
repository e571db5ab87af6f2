import { fault } from './fault.ts'
import type { AliasState, RecordState, ZoneState } from './route53-state.ts'
import type { Element } from './xml-read.ts'
import { childOf, textOf } from './xml-read.ts'

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

const invalidInput = (message: string) => fault('InvalidInput', message)

/** API_ChangeResourceRecordSets, InvalidChangeBatch: nothing of the batch was done. */
export const invalidBatch = (...messages: readonly string[]) => fault('InvalidChangeBatch', `[${messages.join(', ')}]`)

/** As Route 53 keeps names: lower case, a trailing dot, everything but `a-z 0-9 - _ .` as an octal escape. */
export const storedName = (name: string): string =>
  `${name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/\\052/g, '*')
    .replace(/[^a-z0-9._-]/g, (character) => `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`)}.`

const keyOf = ({ name, type, setIdentifier }: RecordState): string => JSON.stringify([name, type, setIdentifier])

const contentOf = ({ ttl, weight, values, alias }: RecordState): string =>
  JSON.stringify([ttl, weight, values, alias && [alias.zoneId, alias.dnsName, alias.evaluateTargetHealth]])

const labels = (name: string): string => name.replace(/\.$/, '').split('.').toReversed().join('\u0000')

/** API_ListResourceRecordSets: by name with its labels reversed, then type, then set identifier. */
export const inOrder = (a: RecordState, b: RecordState): number => {
  const keys = (one: RecordState) => [labels(one.name), one.type, one.setIdentifier ?? ''] as const
  const [left, right] = [keys(a), keys(b)]
  const at = left.findIndex((key, index) => key !== right[index])
  return at === -1 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1
}

function number(element: Element, name: string, least: number, most: number): number | null {
  const text = textOf(element, name)
  if (text === undefined) return null
  const value = Number(text)
  if (!/^\d{1,10}$/.test(text) || value < least || value > most) {
    throw invalidInput(`Invalid ${name} ${text}: it must be between ${least} and ${most}`)
  }
  return value
}

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

/** One `ResourceRecordSet` of a request. Weighted and simple records; other routing policies are not built. */
function recordOf(element: Element): RecordState {
  const other = [
    'Region',
    'GeoLocation',
    'Failover',
    'MultiValueAnswer',
    'HealthCheckId',
    'TrafficPolicyInstanceId',
    'CidrRoutingConfig',
    'GeoProximityLocation',
  ]
  const unbuilt = other.find((name) => childOf(element, name) !== undefined)
  if (unbuilt !== undefined) throw invalidInput(`${unbuilt} is not built in the sandbox`)
  const [name, type] = [textOf(element, 'Name') ?? '', textOf(element, 'Type') ?? '']
  if (name === '' || !TYPES.includes(type)) throw invalidInput(`Invalid name '${name}' or type '${type}'`)
  const setIdentifier = textOf(element, 'SetIdentifier') ?? null
  // API_ResourceRecordSet: Weight 0-255, TTL 0-2147483647.
  const weight = number(element, 'Weight', 0, 255)
  if ((weight === null) !== (setIdentifier === null)) {
    throw invalidInput('A record with a routing policy needs both SetIdentifier and Weight')
  }
  const alias = aliasOf(element)
  const ttl = number(element, 'TTL', 0, 2_147_483_647)
  const values = (childOf(element, 'ResourceRecords')?.children ?? []).map((item) => textOf(item, 'Value') ?? '')
  if (alias !== null && (ttl !== null || values.length > 0)) {
    throw invalidInput('An alias has neither TTL nor ResourceRecords')
  }
  if (alias === null && (ttl === null || values.length === 0)) {
    throw invalidInput(`Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]] for ${name} ${type}`)
  }
  return { name: storedName(name), type, setIdentifier, weight, ttl, values, alias }
}

/** What must be true of all records of a zone together, whatever the batch was. */
function checkZone(records: readonly RecordState[], touched: ReadonlySet<string>, apex: string): void {
  for (const name of touched) {
    const same = records.filter((record) => record.name === name)
    const types = new Set(same.map(({ type }) => type))
    const said = `with DNS name ${name}`
    if (types.has('CNAME') && name === apex)
      throw invalidBatch(`RRSet of type CNAME ${said} is not permitted at apex in zone ${apex}`)
    if (types.has('CNAME') && types.size > 1)
      throw invalidBatch(`RRSet of type CNAME ${said} conflicts with another RRSet of the same name`)
    for (const type of types) {
      const group = same.filter((record) => record.type === type)
      if (new Set(group.map(({ weight }) => weight === null)).size > 1) {
        throw invalidBatch(`RRSet ${said}, type ${type} mixes simple and weighted records`)
      }
      const ttls = new Set(group.flatMap(({ ttl }) => (ttl === null ? [] : [ttl])))
      if (ttls.size > 1) throw invalidBatch(`RRSets ${said}, type ${type} have different TTLs`)
      if (group.length > 100) throw invalidBatch(`More than 100 weighted records ${said}, type ${type}`)
    }
  }
}

/** The zone after a `ChangeBatch`, all of it or (InvalidChangeBatch) nothing. */
export function changed(zone: ZoneState, batch: Element): ZoneState {
  const changes = childOf(batch, 'Changes')?.children ?? []
  if (changes.length === 0) throw invalidInput('The batch has no changes')
  const records = new Map(zone.records.map((record) => [keyOf(record), record]))
  const touched = new Set<string>()
  let elements = 0
  for (const change of changes) {
    const action = textOf(change, 'Action') ?? ''
    const set = childOf(change, 'ResourceRecordSet')
    if (set === undefined || !['CREATE', 'DELETE', 'UPSERT'].includes(action)) {
      throw invalidInput(`Invalid change with action '${action}'`)
    }
    const record = recordOf(set)
    const said = `[name='${record.name}', type='${record.type}'${record.setIdentifier === null ? '' : `, set-identifier='${record.setIdentifier}'`}]`
    if (record.name !== zone.name && !record.name.endsWith(`.${zone.name}`)) {
      throw invalidBatch(`RRSet with DNS name ${record.name} is not permitted in zone ${zone.name}`)
    }
    const present = records.get(keyOf(record))
    if (action === 'CREATE' && present !== undefined) {
      throw invalidBatch(`Tried to create resource record set ${said} but it already exists`)
    }
    if (action === 'DELETE') {
      if (present === undefined) throw invalidBatch(`Tried to delete resource record set ${said} but it was not found`)
      if (contentOf(present) !== contentOf(record)) {
        throw invalidBatch(
          `Tried to delete resource record set ${said} but the values provided do not match the current values`,
        )
      }
      if (record.name === zone.name && (record.type === 'NS' || record.type === 'SOA')) {
        throw invalidBatch(
          `A HostedZone must contain at least one NS record and exactly one SOA record for the zone itself`,
        )
      }
      records.delete(keyOf(record))
    } else records.set(keyOf(record), record)
    touched.add(record.name)
    // "Quotas" page: an UPSERT counts twice.
    elements += Math.max(1, record.values.length) * (action === 'UPSERT' ? 2 : 1)
  }
  if (elements > 1000) throw invalidBatch('Number of records limit of 1000 exceeded.')
  const next = [...records.values()]
  checkZone(next, touched, zone.name)
  return { ...zone, records: next.toSorted(inOrder) }
}
