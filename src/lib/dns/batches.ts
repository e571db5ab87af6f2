import type { RecordChange, RecordSet } from '../ports/dns.ts'

/** What one name needs of a batch; never split. */
export interface NamePart {
  readonly name: string
  readonly zoneId: string
  readonly changes: readonly RecordChange[]
}

/**
 * Of one ChangeResourceRecordSets: at most 1,000 ResourceRecord elements and 32,000 characters of Value elements. An alias
 * is counted as one element, its DNS name as its value.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-changeresourcerecordsets
 */
const MOST_RECORDS = 1000
const MOST_CHARACTERS = 32_000

/** Names packed into as few batches as their order allows, zone by zone. */
export function batchesOf<Part extends NamePart>(parts: readonly Part[]): readonly (readonly Part[])[] {
  const batches: Part[][] = []
  for (const zoneId of new Set(parts.map((part) => part.zoneId))) {
    let open: Part[] = []
    let [records, characters] = [0, 0]
    for (const part of parts.filter((one) => one.zoneId === zoneId)) {
      const size = sizeOf(part)
      const fits = records + size.records <= MOST_RECORDS && characters + size.characters <= MOST_CHARACTERS
      if (open.length === 0 || !fits) {
        open = []
        batches.push(open)
        ;[records, characters] = [0, 0]
      }
      open.push(part)
      records += size.records
      characters += size.characters
    }
  }
  return batches
}

export const halves = <Part>(parts: readonly Part[]): readonly (readonly Part[])[] => {
  const middle = Math.ceil(parts.length / 2)
  return [parts.slice(0, middle), parts.slice(middle)]
}

const sizeOf = ({ changes }: NamePart): { readonly records: number; readonly characters: number } => ({
  records: changes.reduce((sum, { record }) => sum + elements(record).length, 0),
  characters: changes.reduce((sum, { record }) => sum + elements(record).join('').length, 0),
})

const elements = ({ alias, values }: RecordSet): readonly string[] => (alias === null ? values : [''])
