import { isIPv4, isIPv6 } from 'node:net'
import { fault } from './fault.ts'
import { recordOf } from './route53-recordset.ts'
import type { RecordState, ZoneState } from './route53-state.ts'
import { invalidInput } from './route53-xml.ts'
import type { Element } from './xml-read.ts'
import { childOf, textOf } from './xml-read.ts'

/** API_ChangeResourceRecordSets, InvalidChangeBatch: nothing of the batch was done. One message for each error. */
const invalidBatch = (...messages: readonly string[]) => fault('InvalidChangeBatch', `[${messages.join(', ')}]`)

const keyOf = ({ name, type, setIdentifier }: RecordState): string => JSON.stringify([name, type, setIdentifier])

const contentOf = ({ ttl, weight, values, alias, healthCheckId, routing }: RecordState): string =>
  JSON.stringify([
    ttl,
    weight,
    values,
    alias && [alias.zoneId, alias.dnsName, alias.evaluateTargetHealth],
    healthCheckId,
    routing,
  ])

const labels = (name: string): string => name.replace(/\.$/, '').split('.').toReversed().join('\u0000')

/** API_ListResourceRecordSets: by name with its labels reversed, then type, then set identifier. */
export const inOrder = (a: RecordState, b: RecordState): number => {
  const keys = (one: RecordState) => [labels(one.name), one.type, one.setIdentifier ?? ''] as const
  const [left, right] = [keys(a), keys(b)]
  const at = left.findIndex((key, index) => key !== right[index])
  return at === -1 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1
}

const policyOf = ({ weight, routing }: RecordState): string =>
  routing === null ? (weight === null ? 'simple' : 'weighted') : (Object.keys(routing)[0] ?? 'simple')

/** What must be true of all records of a name together, whatever the batch was. Null: all is well. */
function wrongWith(same: readonly RecordState[], name: string, apex: string): string | null {
  const types = new Set(same.map(({ type }) => type))
  const said = `with DNS name ${name}`
  // "Supported DNS record types" page, CNAME: not at the zone's apex, and nothing else of its name beside it.
  if (types.has('CNAME') && name === apex) return `RRSet of type CNAME ${said} is not permitted at apex in zone ${apex}`
  if (types.has('CNAME') && types.size > 1)
    return `RRSet of type CNAME ${said} conflicts with another RRSet of the same name`
  for (const type of types) {
    const group = same.filter((record) => record.type === type)
    // API_ResourceRecordSet, Weight, Region, Failover, GeoLocation: one policy for all record sets of a name and type.
    const policies = [...new Set(group.map(policyOf))].toSorted()
    if (policies.length > 1) return `RRSet ${said}, type ${type} mixes ${policies.join(' and ')} records`
    const ttls = new Set(group.flatMap(({ ttl }) => (ttl === null ? [] : [ttl])))
    // API_ResourceRecordSet, TTL: all of a weighted group must have the same.
    if (ttls.size > 1) return `RRSets ${said}, type ${type} have different TTLs`
    // API_ResourceRecordSet, Weight: at most 100.
    if (group.length > 100) return `More than 100 weighted records ${said}, type ${type}`
  }
  return null
}

/** "Supported DNS record types" page: what a value of a type has to look like. Null: it does. */
function wrongValue(type: string, value: string): string | null {
  const wrong = (code: string, why: string) =>
    `Invalid Resource Record: 'FATAL problem: ${code} (${why}) encountered with '${value}''`
  if (type === 'A' && !isIPv4(value)) return wrong('ARRDATAIllegalIPv4Address', 'Value is not a valid IPv4 address')
  if (type === 'AAAA' && !isIPv6(value))
    return wrong('AAAARRDATAIllegalIPv6Address', 'Value is not a valid IPv6 address')
  if (type !== 'TXT' && type !== 'SPF') return null
  const strings = [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(\d{3}|.)/g, '.'))
  if (strings.length === 0 || value.replace(/"(?:[^"\\]|\\.)*"/g, '').trim() !== '') {
    return wrong('InvalidCharacterString', 'Value should be enclosed in quotation marks')
  }
  if (strings.some((text) => text.length > 255)) return wrong('CharacterStringTooLong', 'Value is too long')
  return strings.join('').length > 4000 ? wrong('TXTRDATATooLong', 'Value is too long') : null
}

interface Zone {
  readonly before: ZoneState
  readonly records: Map<string, RecordState>
  readonly account: Account
}

/** What a batch may refer to. */
export interface Account {
  /** Is there a health check of this id? */
  readonly hasCheck: (id: string) => boolean
  /** The hosted zone of the load balancer that has this stored name; null: it is none of the account's. */
  readonly zoneOfBalancer: (dnsName: string) => string | null
}

/** Does one change, or says what is wrong with it. Throws InvalidInput and NoSuchHealthCheck. */
function done({ before, records, account }: Zone, action: string, record: RecordState): string | null {
  const { name, type, setIdentifier, weight, alias, healthCheckId } = record
  const said = `[name='${name}', type='${type}'${setIdentifier === null ? '' : `, set-identifier='${setIdentifier}'`}]`
  if (name !== before.name && !name.endsWith(`.${before.name}`)) {
    return `RRSet with DNS name ${name} is not permitted in zone ${before.name}`
  }
  // API_ChangeResourceRecordSets, "Protected Resource Record Sets": the message has the protection's comment.
  const shield = before.protections.find((one) => one.name === name && one.type === type)
  if (shield !== undefined) {
    return `Tried to change resource record set ${said} but it is protected${shield.comment === undefined ? '' : `: ${shield.comment}`}`
  }
  const present = records.get(keyOf(record))
  if (action === 'DELETE') {
    if (present === undefined) return `Tried to delete resource record set ${said} but it was not found`
    if (contentOf(present) !== contentOf(record)) {
      return `Tried to delete resource record set ${said} but the values provided do not match the current values`
    }
    if (name === before.name && (type === 'NS' || type === 'SOA')) {
      return `A HostedZone must contain at least one NS record and exactly one SOA record for the zone itself`
    }
    records.delete(keyOf(record))
    return null
  }
  if (action === 'CREATE' && present !== undefined) {
    return `Tried to create resource record set ${said} but it already exists`
  }
  // API_ChangeResourceRecordSets, NoSuchHealthCheck.
  if (healthCheckId !== null && !account.hasCheck(healthCheckId)) {
    throw fault('NoSuchHealthCheck', `No health check exists with the specified ID: ${healthCheckId}`, 404)
  }
  // API_AliasTarget, HostedZoneId: of a load balancer, that of its Region.
  const target = alias === null ? null : account.zoneOfBalancer(alias.dnsName)
  if (alias !== null && target !== null && target !== alias.zoneId) {
    return `Tried to create an alias that targets ${alias.dnsName}, type ${type} in zone ${alias.zoneId}, but the alias target name does not lie within the target zone`
  }
  // API_ResourceRecordSet, Weight: one ResourceRecord per weighted record set.
  if (weight !== null && alias === null && record.values.length > 1) {
    return `Tried to create weighted resource record set ${said} with more than one value`
  }
  const wrong = record.values.map((value) => wrongValue(type, value)).find((each) => each !== null)
  if (wrong !== undefined && wrong !== null) return wrong
  // API_ResourceRecordSet, Name: a wildcard stands for the leftmost label only, and not with NS.
  if (type === 'NS' && name.startsWith('\\052.')) return `RRSet of type NS with DNS name ${name} cannot be a wildcard`
  records.set(keyOf(record), record)
  return null
}

/**
 * The zone after a `ChangeBatch`, all of it or (InvalidChangeBatch, InvalidInput, NoSuchHealthCheck) nothing.
 */
export function changed(before: ZoneState, batch: Element, account: Account): ZoneState {
  const changes = childOf(batch, 'Changes')?.children ?? []
  if (changes.length === 0) throw invalidInput('The batch has no changes')
  // API_ChangeBatch, Comment: at most 256 characters.
  if ((textOf(batch, 'Comment') ?? '').length > 256)
    throw invalidInput('Invalid Comment: it has at most 256 characters')
  const zone: Zone = { before, records: new Map(before.records.map((record) => [keyOf(record), record])), account }
  const touched = new Set<string>()
  const errors: string[] = []
  let [elements, characters] = [0, 0]
  for (const change of changes) {
    const action = textOf(change, 'Action') ?? ''
    const set = childOf(change, 'ResourceRecordSet')
    if (set === undefined || !['CREATE', 'DELETE', 'UPSERT'].includes(action)) {
      throw invalidInput(`Invalid change with action '${action}'`)
    }
    const record = recordOf(set)
    // "Quotas" page: an alias is one ResourceRecord element; an UPSERT counts twice, its characters too.
    const times = action === 'UPSERT' ? 2 : 1
    elements += Math.max(1, record.values.length) * times
    characters += record.values.reduce((sum, value) => sum + [...value].length, 0) * times
    const wrong = done(zone, action, record)
    if (wrong !== null) errors.push(wrong)
    touched.add(record.name)
  }
  if (elements > 1000) throw invalidBatch('Number of records limit of 1000 exceeded.')
  if (characters > 32_000) throw invalidBatch('Number of characters limit of 32000 exceeded.')
  const records = [...zone.records.values()]
  if (errors.length === 0) {
    const together = new Map<string, RecordState[]>([...touched].map((name) => [name, []]))
    for (const record of records) together.get(record.name)?.push(record)
    for (const [name, same] of together) {
      const wrong = wrongWith(same, name, before.name)
      if (wrong !== null) errors.push(wrong)
    }
  }
  if (errors.length > 0) throw invalidBatch(...errors)
  return { ...before, records: records.toSorted(inOrder) }
}
