import type { Json, JsonObject } from '../core/json.ts'
import type { RecordChange, RecordSet } from '../ports/dns.ts'

/** What a person sends when nyah cannot: one file for each batch, and the command that sends it. */
export interface ByHand {
  readonly zoneId: string
  /** `nyah-by-hand-k3f9-Z0123-1.json` */
  readonly file: string
  /** What stands in the file. */
  readonly text: string
  /** `aws route53 change-resource-record-sets --hosted-zone-id Z0123 --change-batch file://…` */
  readonly command: string
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
  batches: readonly { readonly zoneId: string; readonly changes: readonly RecordChange[] }[],
  comment: string,
  label: string,
  directory: string,
): readonly ByHand[] {
  return batches.map(({ zoneId, changes }, index) => {
    const file = `nyah-by-hand-${label}-${zoneId}-${index + 1}.json`
    const batch: JsonObject = {
      Comment: comment.slice(0, 256),
      Changes: changes.map(({ action, record }) => ({ Action: action, ResourceRecordSet: asAws(record) })),
    }
    const path = `${directory.replace(/\/+$/, '')}/${file}`
    return {
      zoneId,
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

/** As a POSIX shell reads it back. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
