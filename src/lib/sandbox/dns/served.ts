import type { ZoneState } from '../aws/route53-state.ts'
import type { AwsState } from '../aws/state.ts'

/**
 * What the name servers answer from: zones without the changes that are still PENDING. Private zones too, since the one
 * name server of the sandbox stands for the resolver of their VPCs as well; of a public and a private zone of one name the
 * public one comes first. Pure.
 *
 * @param now milliseconds since the epoch, on the sandbox's clock
 */
export function servedZones({ zones, route53 }: AwsState, now: number): readonly ZoneState[] {
  return Object.values(zones)
    .toSorted((a, b) => Number(a.private) - Number(b.private))
    .map((zone) => {
      const pending = route53.spreading.find((one) => one.zoneId === zone.id && now < one.syncedAt)
      return { ...zone, private: false, records: pending?.before ?? zone.records }
    })
}
