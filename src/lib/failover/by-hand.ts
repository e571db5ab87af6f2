import type { Json, JsonObject } from '../core/json.ts'
import type { Weights } from '../dns/model.ts'
import type { RecordChange, RecordSet } from '../ports/dns.ts'

/** What a person sends when nyah cannot: one file for each batch, and the command that sends it. */
export interface ByHand {
  readonly zoneId: string
  readonly names: number
  /** `nyah-by-hand-k3f9-Z0123-1.json` */
  readonly file: string
  /** What stands in the file. */
  readonly text: string
  /** `aws route53 change-resource-record-sets --hosted-zone-id Z0123 --change-batch file://…` */
  readonly command: string
}

/** What goes out in one call. */
export interface Batch {
  readonly zoneId: string
  readonly names: number
  readonly changes: readonly RecordChange[]
}

/**
 * Change batches as the aws CLI takes them, one file each. A record that was changed meanwhile fails its batch whole
 * (DELETE has to name it exactly): nothing is overwritten.
 *
 * @param label tells the files of one run from those of another
 * @param directory where the files will be; the command names them there
 * @see https://docs.aws.amazon.com/cli/latest/reference/route53/change-resource-record-sets.html
 */
export function byHand(
  batches: readonly Batch[],
  comment: string,
  label: string,
  directory: string,
): readonly ByHand[] {
  return batches.map(({ zoneId, names, changes }, index) => {
    const file = `nyah-by-hand-${label}-${zoneId}-${index + 1}.json`
    const batch: JsonObject = {
      Comment: comment.slice(0, 256),
      Changes: changes.map(({ action, record }) => ({ Action: action, ResourceRecordSet: asAws(record) })),
    }
    const path = `${directory.replace(/\/+$/, '')}/${file}`
    return {
      zoneId,
      names,
      file,
      text: `${JSON.stringify(batch, null, 2)}\n`,
      command: `aws route53 change-resource-record-sets --hosted-zone-id ${zoneId} --change-batch ${quoted(`file://${path}`)}`,
    }
  })
}

/** A record set in AWS's words. */
export function asAws(record: RecordSet): JsonObject {
  const { name, type, setIdentifier, weight, ttl, values, alias, healthCheckId } = record
  const fields: Record<string, Json> = { Name: `${name}.`, Type: type }
  if (setIdentifier !== null) fields['SetIdentifier'] = setIdentifier
  if (weight !== null) fields['Weight'] = weight
  if (alias === null) {
    if (ttl !== null) fields['TTL'] = ttl
    fields['ResourceRecords'] = values.map((Value) => ({ Value }))
  } else {
    fields['AliasTarget'] = {
      HostedZoneId: alias.zoneId,
      DNSName: alias.dnsName.endsWith('.') ? alias.dnsName : `${alias.dnsName}.`,
      EvaluateTargetHealth: alias.evaluateTargetHealth,
    }
  }
  if (healthCheckId !== null) fields['HealthCheckId'] = healthCheckId
  return fields
}

/** Which names, and raw weights for all of them, where not even the zone could be read. */
export interface Unread {
  /** Null: all that nyah owns. */
  readonly names: readonly string[] | null
  /** Null: each name's own steady weights. */
  readonly weights: Weights | null
}

/** Records of one batch: 1,000 values, each name deleted and created on two sides. */
const NAMES_PER_FILE = 250

/**
 * Commands that read the zone, make the change batch of what stands there, and send it: for a machine that reaches Route 53,
 * with the aws CLI and jq. Names that are to have weights of their own get no batch.
 */
export function byHandUnread({ names, weights }: Unread): readonly string[] {
  const list = 'aws route53 list-resource-record-sets --hosted-zone-id "$ZONE" --output json'
  const zone = [`aws route53 list-hosted-zones --output text --query 'HostedZones[].[Id,Name]'`, 'ZONE=…']
  if (weights === null) return [...zone, list]
  const wanted = names === null ? OWNED : `(${JSON.stringify(names.map((name) => wireName(name)))}) as $names`
  const filter = [
    wanted,
    `(${JSON.stringify(weights)}) as $to`,
    '{Changes: [.ResourceRecordSets[]',
    'select(.Weight != null and $to[.SetIdentifier] != null and $to[.SetIdentifier] != .Weight)',
    'select(.Name as $name | $names | index($name))',
    '{Action: "DELETE", ResourceRecordSet: .}, {Action: "CREATE", ResourceRecordSet: (.Weight = $to[.SetIdentifier])}]}',
  ].join(' | ')
  return [
    ...zone,
    `${list} | jq ${quoted(filter)} > by-hand.json`,
    'aws route53 change-resource-record-sets --hosted-zone-id "$ZONE" --change-batch file://by-hand.json',
    ...(names === null || names.length > NAMES_PER_FILE
      ? [`# of more than ${NAMES_PER_FILE} names: several files`]
      : []),
  ]
}

/** Names beside which nyah's state stands. */
const OWNED =
  '[.ResourceRecordSets[] | select(.Type == "TXT" and any(.ResourceRecords[]?; .Value | contains("external-dns/owner=nyah,"))) | .Name | sub("^(a|aaaa)-(_apex[.])?"; "")] as $names'

/** As Route 53 lists a name. */
const wireName = (name: string): string => `${name.replaceAll('*', '\\052')}.`

/** As a POSIX shell reads it back. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
