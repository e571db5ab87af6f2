import { describe, expect, it } from 'vitest'
import { auditSets, orphanChecks, orphanRecords } from '../../../src/lib/dns/audit.ts'
import { readinessOf, verdictOf } from '../../../src/lib/dns/readiness.ts'
import { stateRecord } from '../../../src/lib/dns/state.ts'
import type { Health, ObservedName, SetState } from '../../../src/lib/dns/model.ts'
import { viewSets, type ShownSet } from '../../../src/lib/dns/view.ts'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import { entranceAt, healthCheck } from './fakes.ts'

const NAME = 'shop.example.jp'
const NLB = 'nyah-shop.elb.ap-northeast-1.amazonaws.com'
const state: SetState = {
  epoch: 7,
  steady: { octavia: 90, aws: 10 },
  at: '2026-11-23T04:10:00Z',
  by: 'tanaka@jump1',
  why: 'INC-4711',
  run: 'k3f9',
  formerly: { ttl: 300, values: null, type: 'A' },
  walk: null,
  until: null,
  drill: false,
  proven: null,
}
const plain: RecordSet = {
  name: NAME,
  type: 'A',
  setIdentifier: null,
  weight: null,
  ttl: 60,
  values: ['203.0.113.11'],
  alias: null,
  healthCheckId: null,
  otherRouting: null,
}
const octavia = (weight: number, more: Partial<RecordSet> = {}): RecordSet => ({
  ...plain,
  setIdentifier: 'octavia',
  weight,
  healthCheckId: 'c-1',
  ...more,
})
const aws = (weight: number): RecordSet => ({
  ...plain,
  setIdentifier: 'aws',
  weight,
  ttl: null,
  values: [],
  alias: { zoneId: 'Z31', dnsName: NLB, evaluateTargetHealth: true },
})
const check = healthCheck({ tags: { 'nyah:managed': 'true', 'nyah:name': NAME } })

function observed(records: readonly RecordSet[], health: { octavia?: Health; aws?: Health } = {}): ObservedName {
  const verdict = health.octavia ?? 'healthy'
  return {
    name: NAME,
    at: Date.parse('2026-11-23T05:00:00Z'),
    zone: { id: 'Z0123', name: 'example.jp', private: false },
    records: [...records, stateRecord(NAME, 'A', 'example.jp', state)],
    origin: { from: 'zone' },
    protections: [],
    checks: { 'c-1': check },
    statuses: {
      'c-1': { verdict, healthy: verdict === 'healthy' ? 16 : 0, checkers: 16, why: null, observedAt: null },
    },
    entrances: { [NLB]: entranceAt(NLB, health.aws) },
    unread: [],
  }
}

const view = (...args: Parameters<typeof observed>): ShownSet => {
  const [set] = viewSets(observed(...args))
  if (set === undefined) throw new Error('there is no set')
  return set
}
const deathOf = (set: ShownSet, id: string) => set.deaths.find((one) => one.id === id)

describe('a set as people think of it', () => {
  it('shares, owner, who moved it and why', () => {
    const set = view([octavia(90), aws(10)])
    expect(set).toMatchObject({ routing: 'weighted', away: false })
    expect(set.members.map(({ side, share, now }) => [side, share, now])).toEqual([
      ['octavia', 90, 90],
      ['aws', 10, 10],
    ])
    expect(set.owner).toMatchObject({ kind: 'nyah', by: 'tanaka@jump1', why: 'INC-4711', epoch: 7 })
  })

  it('a dead side has a share and no users', () => {
    expect(view([octavia(90), aws(10)], { octavia: 'unhealthy' }).members.map(({ now }) => now)).toEqual([0, 100])
  })

  it('what happens if each side dies now', () => {
    const set = view([octavia(90), aws(10)])
    expect(deathOf(set, 'octavia')).toMatchObject({ noticed: true, outInSeconds: 90, shares: { aws: 100 }, lost: 0 })
  })

  it('the trap: the last healthy side dies, and the dead get their shares again', () => {
    const set = view([octavia(90), aws(10)], { octavia: 'unhealthy' })
    expect(deathOf(set, 'aws')).toMatchObject({ allUnhealthy: true, shares: { octavia: 90, aws: 10 }, lost: 100 })
  })

  it('after a failover a dying NLB sends users back to Octavia, alive or not', () => {
    const set = view([octavia(0), aws(100)], { octavia: 'unhealthy' })
    expect(set.away).toBe(true)
    expect(deathOf(view([octavia(0), aws(100)]), 'aws')).toMatchObject({ shares: { octavia: 100 }, lost: 0 })
  })

  it('without a health check a death is never noticed', () => {
    const set = view([octavia(90, { healthCheckId: null }), aws(10)])
    expect(deathOf(set, 'octavia')).toMatchObject({ noticed: false, lost: 90, outInSeconds: null })
  })

  it('a simple record of nobody is shown too', () => {
    const [set] = viewSets({ ...observed([plain]), records: [plain] })
    expect(set).toMatchObject({ routing: 'simple', away: null, owner: { kind: 'nobody' } })
  })
})

describe('could users be moved', () => {
  const ready = (...args: Parameters<typeof observed>) => readinessOf([view(...args)])

  it.each([
    ['both sides healthy', {}, 'ready'],
    ['a side known to be dead', { aws: 'unhealthy' as const }, 'bad'],
    ['a side nobody can judge', { aws: 'unknown' as const }, 'unknown'],
    ['known counts more than not known', { aws: 'unknown' as const, octavia: 'unhealthy' as const }, 'bad'],
  ])('%s', (_what, health, verdict) => {
    expect(verdictOf(ready([octavia(90), aws(10)], health))).toBe(verdict)
  })

  it('a side that is missing, and no name at all', () => {
    expect(verdictOf(ready([octavia(90)]))).toBe('bad')
    expect(verdictOf([])).toBe('unknown')
  })
})

describe('audit', () => {
  const codes = (...args: Parameters<typeof observed>) => auditSets([view(...args)]).map(({ code }) => code)

  it('nothing to say of a set that is as it should be', () => {
    expect(codes([octavia(90), aws(10)])).toEqual([])
  })

  it.each([
    ['DNS_AUDIT_TTL', [octavia(90, { ttl: 300 }), aws(10)]],
    ['DNS_AUDIT_NO_CHECK', [octavia(90, { healthCheckId: null }), aws(10)]],
    ['DNS_AUDIT_TOTAL_ZERO', [octavia(0), aws(0)]],
    ['DNS_AUDIT_ALONE', [octavia(1)]],
  ])('%s', (code, records) => {
    expect(codes(records)).toEqual([code])
  })

  it('users at a dead side, protected records', () => {
    expect(codes([octavia(90), aws(10)], { octavia: 'unhealthy' })).toEqual(['DNS_AUDIT_UNHEALTHY'])
    const [set] = viewSets({
      ...observed([octavia(90), aws(10)]),
      protections: [{ name: NAME, type: 'A' }],
    })
    expect(set?.isProtected).toBe(true)
    expect(auditSets(set === undefined ? [] : [set]).map(({ code }) => code)).toEqual(['DNS_AUDIT_PROTECTED'])
  })

  it('state records without a name, checks without a record', () => {
    expect(orphanRecords([observed([])]).map(({ code }) => code)).toEqual(['DNS_AUDIT_ORPHAN_STATE'])
    expect(orphanRecords([observed([octavia(90)])])).toEqual([])
    expect(orphanChecks([check], [observed([octavia(90)])])).toEqual([])
    expect(orphanChecks([check], [observed([])]).map(({ code }) => code)).toEqual(['DNS_AUDIT_ORPHAN_CHECK'])
    expect(orphanChecks([{ ...check, tags: {} }], [observed([])])).toEqual([])
  })
})
