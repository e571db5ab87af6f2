import type { CheckState } from './route53-check-state.ts'

/** A zone of Route 53 that is there from the beginning. It has its NS and SOA records besides those named here. */
export interface HostedZoneSeed {
  /** Without `/hostedzone/`. */
  readonly id: string
  readonly name: string
  readonly private?: boolean | undefined
  readonly records?: readonly RecordSeed[] | undefined
  readonly protections?: readonly ProtectionState[] | undefined
}

/** A record set as a world writes it: what is left out is not there. */
export interface RecordSeed {
  readonly name: string
  readonly type: string
  readonly ttl?: number | undefined
  /** TXT values with their quotes. */
  readonly values?: readonly string[] | undefined
  readonly alias?: AliasState | undefined
  readonly setIdentifier?: string | undefined
  readonly weight?: number | undefined
  readonly healthCheckId?: string | undefined
  readonly routing?: Routing | undefined
}

/** Another routing policy than simple and weighted, as it stands in the XML: `{"Failover": "PRIMARY"}`. */
export type Routing = Readonly<Record<string, string | number | boolean | Readonly<Record<string, string | number>>>>

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
  readonly healthCheckId: string | null
  /** Null: simple or weighted. Such records come from a world only: the sandbox shows them and changes none. */
  readonly routing: Routing | null
}

export interface AliasState {
  readonly zoneId: string
  readonly dnsName: string
  readonly evaluateTargetHealth: boolean
}

/** API_ResourceRecordSetProtection: for all record sets of a name and type. */
export interface ProtectionState {
  readonly name: string
  readonly type: string
  readonly comment?: string | undefined
}

export interface ZoneState {
  readonly id: string
  readonly name: string
  readonly private: boolean
  readonly records: readonly RecordState[]
  readonly protections: readonly ProtectionState[]
}

/** Everything of Route 53 but the zones. */
export interface Route53State {
  /** By id. */
  readonly healthChecks: Readonly<Record<string, CheckState>>
  readonly healthChecksLimit: number
  /** CallerReference of each health check that was deleted. */
  readonly usedReferences: readonly string[]
  /** When each change was submitted, by id without `/change/`. */
  readonly changes: Readonly<Record<string, ChangeState>>
  /** Changes that had not reached the name servers when the last one was submitted, oldest first. */
  readonly spreading: readonly SpreadingState[]
  /** By `healthcheck/ID` and `hostedzone/ID`. */
  readonly tags: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A change until all name servers have it. */
export interface SpreadingState {
  readonly zoneId: string
  /** From then on it is INSYNC; milliseconds since the epoch, on the sandbox's clock. */
  readonly syncedAt: number
  /** The zone's records without it. */
  readonly before: readonly RecordState[]
}

export interface ChangeState {
  readonly submittedAt: number
  readonly comment: string | null
}

/** As Route 53 keeps names: lower case, a trailing dot, everything but `a-z 0-9 - _ .` as an octal escape. */
export const storedName = (name: string): string =>
  `${name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)))
    .replace(/[^a-z0-9._-]/g, (character) => `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`)}.`

const seeded = (seed: RecordSeed): RecordState => ({
  name: storedName(seed.name),
  type: seed.type,
  setIdentifier: seed.setIdentifier ?? null,
  weight: seed.weight ?? null,
  ttl: seed.ttl ?? null,
  values: seed.values ?? [],
  alias: seed.alias === undefined ? null : { ...seed.alias, dnsName: storedName(seed.alias.dnsName) },
  healthCheckId: seed.healthCheckId ?? null,
  routing: seed.routing ?? null,
})

/** A zone as it begins. */
export function zoneOf({
  id,
  name,
  private: isPrivate = false,
  records = [],
  protections = [],
}: HostedZoneSeed): ZoneState {
  const apex = storedName(name)
  return {
    id,
    name: apex,
    private: isPrivate,
    records: [
      seeded({ name, type: 'NS', ttl: 172_800, values: ['ns-1.awsdns-00.example.'] }),
      seeded({
        name,
        type: 'SOA',
        ttl: 900,
        values: ['ns-1.awsdns-00.example. hostmaster.example. 1 7200 900 1209600 86400'],
      }),
      ...records.map(seeded),
    ],
    protections: protections.map((one) => ({ ...one, name: storedName(one.name) })),
  }
}
