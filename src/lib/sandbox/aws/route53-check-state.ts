/** API_HealthCheckConfig, with what AWS fills in. */
export interface CheckConfig {
  readonly type: string
  readonly address: string | null
  readonly port: number | null
  readonly path: string | null
  readonly host: string | null
  readonly search: string | null
  /** 10 or 30 seconds. */
  readonly intervalSeconds: number
  /** 1-10 */
  readonly failureThreshold: number
  readonly measureLatency: boolean
  readonly inverted: boolean
  readonly disabled: boolean
  readonly sni: boolean
  /** Empty: all of them. */
  readonly regions: readonly string[]
  /** Of CALCULATED. */
  readonly children: readonly string[]
  readonly healthThreshold: number | null
  /** What a type that is not built has besides, as it stands in the XML: from a world only. */
  readonly other: Other | null
}

type Other = Readonly<Record<string, string | number | Readonly<Record<string, string | number>>>>

export interface CheckState {
  /** Order of creation. */
  readonly ordinal: number
  readonly id: string
  readonly reference: string
  readonly version: number
  /** Since when the checkers look at what they look at now: an update of it begins anew. */
  readonly lookedSince: number
  readonly config: CheckConfig
}

/** A health check that is there from the beginning: `type` and what differs from AWS's defaults. */
export type CheckSeed = {
  readonly id: string
  readonly reference: string
  readonly type: string
  readonly tags?: Readonly<Record<string, string>> | undefined
} & { readonly [K in keyof Omit<CheckConfig, 'type'>]?: CheckConfig[K] | undefined }

/** API_HealthCheckConfig: every 30 seconds, three in a row. */
export const CHECK_DEFAULTS: Omit<CheckConfig, 'type'> = {
  address: null,
  port: null,
  path: null,
  host: null,
  search: null,
  intervalSeconds: 30,
  failureThreshold: 3,
  measureLatency: false,
  inverted: false,
  disabled: false,
  sni: false,
  regions: [],
  children: [],
  healthThreshold: null,
  other: null,
}

export function seededCheck(seed: CheckSeed, ordinal: number, now: number): CheckState {
  const { id, reference, tags: _tags, ...config } = seed
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined))
  return {
    ordinal,
    id,
    reference,
    version: 1,
    lookedSince: now,
    config: { ...CHECK_DEFAULTS, ...given, type: seed.type },
  }
}
