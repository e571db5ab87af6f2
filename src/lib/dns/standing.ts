import type { Finding } from '../core/plan.ts'
import type { ObservedName, SetState } from './model.ts'
import type { FloatingIp } from './destinations.ts'
import { foundSet, TYPES, type FoundSet } from './set.ts'

/** What a name that nyah does not own yet brings along. */
export type Stands =
  | { readonly address: string; readonly formerly: SetState['formerly'] }
  | { readonly finding: Finding }

interface Asked {
  readonly octaviaAddress: string | null
  readonly adopt: boolean
  /** In front of Octavia's VIP. Null: nobody was asked. */
  readonly floatingIp: FloatingIp | null
}

/** Can this set be attached, what is Octavia's address, and what is to be restored one day? Pure. */
export function standsIn(seen: ObservedName, set: FoundSet, { octaviaAddress, adopt, floatingIp }: Asked): Stands {
  const { name } = seen
  const { records, type, owner } = set
  const refuse = (code: string, evidence: string, remedy: string): Stands => ({
    finding: { code, severity: 'refuse', scope: name, subject: `${name} ${type}`, evidence, remedy, allowable: false },
  })
  const cname = seen.records.find((one) => one.name === name && one.type === 'CNAME')
  if (cname !== undefined)
    return refuse(
      'DNS_CNAME',
      `it is a CNAME to ${cname.values.join(', ') || (cname.alias?.dnsName ?? '')}: no other record may stand beside it`,
      'attach that name instead, or replace the CNAME by an A record',
    )
  if (owner.kind === 'unreadable')
    return refuse('DNS_NEWER_NYAH', `its state cannot be read: ${owner.why}`, 'use the newer nyah')
  const other = records.find(({ otherRouting }) => otherRouting !== null)
  if (other !== undefined)
    return refuse(
      'DNS_ROUTING',
      `it has the routing ${other.otherRouting}: Route 53 takes no weights beside it`,
      'change it to a simple record first',
    )
  if (records.some(({ weight }) => weight !== null)) return adopted(set, { octaviaAddress, adopt }, refuse)
  const [record] = records
  if (record === undefined) {
    const elsewhere = TYPES.some((one) => foundSet(seen, one).records.length > 0)
    const address = octaviaAddress ?? floatingIp?.address
    if (typeof address === 'string') return { address, formerly: null }
    return refuse(
      'DNS_NOTHING_THERE',
      `it answers nothing today${elsewhere ? ` as ${type}` : ''}, so Octavia's address is not known${floatingIp === null ? '' : `; ${floatingIp.why ?? 'Neutron knows no floating IP of its VIP'}`}`,
      '--octavia-address with the address that users reach',
    )
  }
  if (record.alias !== null)
    return refuse(
      'DNS_ALIAS',
      `it is an alias of ${record.alias.dnsName}, and could not be restored`,
      'replace the alias by a record with an address first',
    )
  const ttl = record.ttl ?? 0
  const [value = '', ...more] = record.values
  if (octaviaAddress === null && more.length > 0)
    return refuse(
      'DNS_SEVERAL_VALUES',
      `it has ${record.values.length} values (${record.values.join(', ')}), and Octavia's side takes one`,
      `--octavia-address ${value}`,
    )
  const address = octaviaAddress ?? value
  const values = more.length === 0 && value === address ? null : record.values
  return { address, formerly: { ttl, values, type } }
}

/** Weighted records of nobody: one address, and nothing else but an alias. */
function adopted(
  { records, owner }: FoundSet,
  { octaviaAddress, adopt }: Omit<Asked, 'floatingIp'>,
  refuse: (code: string, evidence: string, remedy: string) => Stands,
): Stands {
  const ids = records.map(({ setIdentifier }) => setIdentifier).join(', ')
  if (!adopt || owner.kind !== 'nobody')
    return refuse(
      'DNS_NOT_OWNED',
      `weighted records stand there that are not nyah's: ${ids}`,
      owner.kind === 'external-dns' ? 'take the name out of ExternalDNS first' : 'to take them over: --adopt',
    )
  const plain = records.filter(({ alias }) => alias === null)
  const value = octaviaAddress ?? plain[0]?.values[0]
  if (plain.length > 1 || records.length - plain.length > 1 || value === undefined)
    return refuse(
      'DNS_NOT_OWNED',
      `nyah takes over one address and one alias, not ${ids}`,
      'leave one record with an address, and at most one alias, first',
    )
  const ttl = plain[0]?.ttl ?? 60
  return { address: value, formerly: { ttl, values: null, type: records[0]?.type ?? 'A' } }
}
