import type { Dns, RecordSet } from '../../../src/lib/ports/dns.ts'
import type { HealthChecks } from '../../../src/lib/ports/health-checks.ts'
import type { SwitchObjects, SwitchPlace } from '../../../src/lib/ports/switch.ts'
import type { VirtualClock } from '../../support/clock.ts'
import type { strictly } from './strict.ts'

/** One Route 53 and S3 to hold the adapters against. */
export interface NamesBench {
  /** What AWS clients find it by. */
  readonly env: Readonly<Record<string, string>>
  readonly region: string
  /** A public zone without records of its own, its name without the trailing dot. */
  readonly zone: { readonly id: string; readonly name: string }
  readonly privateZone: { readonly id: string; readonly name: string }
  /** In a bucket that is there, in another Region. */
  readonly place: SwitchPlace
  /** Shared with a sandbox, so that changes become INSYNC. */
  readonly clock: VirtualClock
  close(): Promise<void>
}

/** What each part of the contract of names is held with. */
export interface Parts {
  readonly strict: ReturnType<typeof strictly>
  readonly bench: () => NamesBench
  readonly dns: () => Dns
  readonly checks: () => HealthChecks
  readonly switches: () => SwitchObjects
  /** A name in the zone. */
  readonly at: (label: string) => string
  readonly create: (...records: readonly RecordSet[]) => Promise<string>
  readonly remove: (...records: readonly RecordSet[]) => Promise<string>
}

export const record = (name: string, rest: Partial<RecordSet> = {}): RecordSet => ({
  name,
  type: 'A',
  setIdentifier: null,
  weight: null,
  ttl: 60,
  values: ['203.0.113.7'],
  alias: null,
  healthCheckId: null,
  otherRouting: null,
  ...rest,
})
