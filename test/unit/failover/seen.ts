import { stateRecord } from '../../../src/lib/dns/state.ts'
import type { Health, ObservedName, SetState, Weights } from '../../../src/lib/dns/model.ts'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import { entranceAt } from '../dns/fakes.ts'

/** A name with both sides, as it is observed. */

const NLB = 'nyah-shop.elb.ap-northeast-1.amazonaws.com'
/** When it is looked at. */
export const AT = Date.parse('2026-11-23T05:00:00Z')

export function name(
  weights: Weights,
  state: Partial<SetState> = {},
  health: { octavia?: Health; aws?: Health } = {},
  more: Partial<ObservedName> = {},
): ObservedName {
  const record: RecordSet = {
    name: 'shop.example.jp',
    type: 'A',
    setIdentifier: 'octavia',
    weight: weights.octavia,
    ttl: 60,
    values: ['203.0.113.11'],
    alias: null,
    healthCheckId: 'c-1',
    otherRouting: null,
  }
  const verdict = health.octavia ?? 'healthy'
  return {
    name: record.name,
    at: AT,
    zone: { id: 'Z0123', name: 'example.jp', private: false },
    records: [
      record,
      {
        ...record,
        setIdentifier: 'aws',
        weight: weights.aws,
        ttl: null,
        values: [],
        alias: { zoneId: 'Z31', dnsName: NLB, evaluateTargetHealth: true },
        healthCheckId: null,
      },
      stateRecord(record.name, 'A', 'example.jp', {
        epoch: 7,
        steady: { octavia: 90, aws: 10 },
        at: '2026-11-23T04:58:00Z',
        by: 'tanaka',
        why: '',
        run: 'k3f9',
        formerly: null,
        walk: null,
        until: null,
        drill: false,
        proven: null,
        ...state,
      }),
    ],
    origin: { from: 'zone' },
    protections: [],
    checks: {},
    statuses: { 'c-1': { verdict, healthy: 0, checkers: 16, why: null, observedAt: null } },
    entrances: { [NLB]: entranceAt(NLB, health.aws) },
    unread: [],
    ...more,
  }
}
