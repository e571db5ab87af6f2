/** A zone of Route 53 that is there from the beginning; it has its NS and SOA records and no others. */
export interface HostedZoneSeed {
  /** Without `/hostedzone/`. */
  readonly id: string
  readonly name: string
  readonly private?: boolean | undefined
}

export interface RecordState {
  /** Lower case, escaped as Route 53 shows it, with the trailing dot. */
  readonly name: string
  readonly type: string
  readonly setIdentifier: string | null
  readonly weight: number | null
  /** Null with an alias. */
  readonly ttl: number | null
  readonly values: readonly string[]
  readonly alias: AliasState | null
}

export interface AliasState {
  readonly zoneId: string
  readonly dnsName: string
  readonly evaluateTargetHealth: boolean
}

export interface ZoneState {
  readonly id: string
  readonly name: string
  readonly private: boolean
  readonly records: readonly RecordState[]
}

/** A zone as it begins. */
export function zoneOf({ id, name, private: isPrivate = false }: HostedZoneSeed): ZoneState {
  const apex = `${name.toLowerCase().replace(/\.$/, '')}.`
  const own = { name: apex, setIdentifier: null, weight: null, alias: null }
  return {
    id,
    name: apex,
    private: isPrivate,
    records: [
      { ...own, type: 'NS', ttl: 172_800, values: ['ns-1.awsdns-00.example.'] },
      {
        ...own,
        type: 'SOA',
        ttl: 900,
        values: ['ns-1.awsdns-00.example. hostmaster.example. 1 7200 900 1209600 86400'],
      },
    ],
  }
}
