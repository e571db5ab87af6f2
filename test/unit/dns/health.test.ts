import { describe, expect, it } from 'vitest'
import { countsAsHealthy, healthOf } from '../../../src/lib/dns/health.ts'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import type { Check, CheckStatus } from '../../../src/lib/ports/health-checks.ts'
import { healthCheck, record } from './fakes.ts'

const octavia = record({ setIdentifier: 'octavia', weight: 90, healthCheckId: 'c-1' })
const check = healthCheck()
const ill: CheckStatus = {
  verdict: 'unhealthy',
  healthy: 1,
  checkers: 16,
  why: 'Failure: connection timed out',
  observedAt: '2026-11-23T04:10:00Z',
}
const look = (given: Partial<Check> | null, status: CheckStatus | null, of: Partial<RecordSet> = {}) =>
  healthOf(
    { ...octavia, ...of },
    {
      checks: given === null ? {} : { 'c-1': { ...check, ...given } },
      statuses: status === null ? {} : { 'c-1': status },
      entrances: {},
    },
  )

describe('how well a side is', () => {
  it('its checkers say, with the seconds until the last resolver has forgotten it', () => {
    expect(look({}, ill)).toEqual({
      health: 'unhealthy',
      detail: '1 of 16 checkers: Failure: connection timed out',
      at: '2026-11-23T04:10:00Z',
      watched: true,
      outInSeconds: 90,
    })
  })

  it.each([
    ['an inverted check turns it round', { inverted: true }, ill, 'healthy'],
    ['a disabled check is always healthy', { disabled: true }, ill, 'healthy'],
    ['a disabled inverted check never is', { disabled: true, inverted: true }, ill, 'unhealthy'],
    ['what nobody could ask is unknown', {}, null, 'unknown'],
    ['what too few checkers answered is unknown', {}, { ...ill, verdict: 'unknown' as const }, 'unknown'],
  ])('%s', (_what, given, status, health) => {
    expect(look(given, status).health).toBe(health)
  })

  it.each(['CLOUDWATCH_METRIC', 'RECOVERY_CONTROL', 'OF_TOMORROW'])(
    'of a %s nobody here can say it: it counts no others, and no checkers have times',
    (otherType) => {
      const seen = look({ type: 'OTHER', otherType, children: [], threshold: null }, null)
      expect(seen).toEqual({
        health: 'unknown',
        detail: `its health check is of type ${otherType}, whose state nyah does not read`,
        at: null,
        watched: true,
        outInSeconds: null,
      })
      expect(look({ type: 'OTHER', otherType, disabled: true }, null).health).toBe('healthy')
    },
  )

  it('no check: nobody knows, and Route 53 goes on answering', () => {
    const seen = look(null, null, { healthCheckId: null })
    expect(seen).toMatchObject({ health: 'unknown', watched: false, outInSeconds: null })
    expect(countsAsHealthy(seen)).toBe(true)
  })

  it('an alias that was not read is unknown, never healthy, and watched', () => {
    const alias = { zoneId: 'Z1', dnsName: 'gone.elb.amazonaws.com', evaluateTargetHealth: true }
    expect(look(null, null, { healthCheckId: null, alias, values: [], ttl: null })).toMatchObject({
      health: 'unknown',
      watched: true,
    })
  })
})
