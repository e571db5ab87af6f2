import { describe, expect, it } from 'vitest'
import { translate } from '../../../src/lib/lb/translate.ts'
import type { HealthCheck } from '../../../src/lib/ports/mirrors.ts'
import type { SourceHealthMonitor } from '../../../src/lib/ports/source.ts'
import { facts, httpMonitor, monitor, placement, pool, tree } from './sources.ts'

interface Told {
  readonly check: HealthCheck | undefined
  /** What is not exact. */
  readonly told: readonly string[]
  readonly refused: readonly string[]
}

const SELDOM_SET = new Set(['lb_algorithm', 'http_version', 'domain_name'])

function of(healthmonitor: SourceHealthMonitor | null, all = false): Told {
  const { listeners, fidelity, remarks } = translate(tree({ pools: [pool({ healthmonitor })] }), placement(), facts())
  return {
    check: listeners[0]?.groups[0]?.healthCheck,
    told: fidelity
      .filter((one) => one.subject.startsWith('pool') && one.verdict !== 'exact' && (all || !SELDOM_SET.has(one.field)))
      .map((one) => `${one.verdict} ${one.field} ${one.source} → ${one.copy ?? 'nothing'}`),
    refused: remarks.map((one) => `${one.code} ${one.severity} ${one.allowable}`),
  }
}

describe('a health monitor', () => {
  it('of TCP keeps its times', () => {
    expect(of(monitor({ delay: 7, timeout: 3, max_retries: 2, max_retries_down: 10 }))).toEqual({
      check: {
        protocol: 'TCP',
        port: 'traffic-port',
        intervalSeconds: 7,
        timeoutSeconds: 3,
        healthyThreshold: 2,
        unhealthyThreshold: 10,
      },
      told: [],
      refused: [],
    })
  })

  it.each([
    [{ delay: 5 }, []],
    [{ delay: 4, timeout: 4 }, ['delay 4 s → 5 s']],
    [{ delay: 300 }, []],
    [{ delay: 301 }, ['delay 301 s → 300 s']],
    [{ delay: 0, timeout: 0 }, ['delay 0 s → 5 s', 'timeout 0 s → 2 s']],
    [{ timeout: 2 }, []],
    [{ timeout: 1 }, ['timeout 1 s → 2 s']],
    [{ delay: 300, timeout: 120 }, []],
    [{ delay: 300, timeout: 121 }, ['timeout 121 s → 120 s']],
    [{ delay: 10, timeout: 10 }, []],
    [{ delay: 10, timeout: 11 }, ['timeout 11 s → 10 s']],
    [{ max_retries: 2 }, []],
    [{ max_retries: 1 }, ['max_retries 1 → 2']],
    [{ max_retries: 10 }, []],
    [{ max_retries_down: 10 }, []],
    [{ max_retries_down: 1 }, ['max_retries_down 1 → 2']],
  ])('with %o becomes %o', (over, told) => {
    expect(of(monitor(over))).toMatchObject({ told: told.map((one) => `approximate ${one}`), refused: [] })
  })

  it.each([
    ['TCP', 'TCP', []],
    ['HTTP', 'HTTP', []],
    ['HTTPS', 'HTTPS', []],
    ['PING', 'TCP', ['approximate type PING → TCP']],
    ['TLS-HELLO', 'TCP', ['approximate type TLS-HELLO → TCP']],
    ['UDP-CONNECT', 'TCP', ['approximate type UDP-CONNECT → TCP']],
    ['SCTP', 'TCP', ['approximate type SCTP → TCP']],
  ])('of %s checks by %s', (type, protocol, told) => {
    expect(of(monitor({ type }))).toMatchObject({ check: { protocol }, told, refused: [] })
  })

  it('of a kind that nyah does not know is refused, and TCP where that is allowed', () => {
    expect(of(monitor({ type: 'GRPC' }))).toMatchObject({
      check: { protocol: 'TCP' },
      told: ['refused type GRPC → TCP'],
      refused: ['LB_UNSUPPORTED_MONITOR_TYPE refuse true'],
    })
  })

  it.each(['HTTP', 'HTTPS'] as const)('of %s keeps its path and codes', (type) => {
    const { check, told } = of(httpMonitor({ type, url_path: '/healthz?full=1', expected_codes: '200, 202' }))
    expect(check).toMatchObject({ protocol: type, path: '/healthz?full=1', matcher: '200,202' })
    expect(told).toEqual([])
  })

  it('of HTTP that says nothing asks for / and 200', () => {
    const { check } = of(httpMonitor({ http_method: null, url_path: null, expected_codes: null }))
    expect(check).toMatchObject({ path: '/', matcher: '200' })
  })

  it.each(['HEAD', 'POST', 'OPTIONS'])('of HTTP by %s checks by GET', (http_method) => {
    expect(of(httpMonitor({ http_method })).told).toEqual([`approximate http_method ${http_method} → GET`])
  })

  it.each([
    [null, '1.0'],
    [1, '1.0'],
    [1.1, '1.1'],
  ])('of HTTP %s speaks as the NLB does', (http_version, said) => {
    expect(of(httpMonitor({ http_version }), true).told).toContain(
      `approximate http_version ${said} → what the NLB speaks`,
    )
  })

  it.each([null, ''])('of HTTP without a name (%j) sends the address as Host', (domain_name) => {
    expect(of(httpMonitor({ domain_name }), true).told).toContain(
      "approximate domain_name no Host header of its own → the member's address and port as Host",
    )
  })

  it('of HTTP with a name is refused until that is allowed, and says what would happen', () => {
    const source = tree({ pools: [pool({ healthmonitor: httpMonitor({ domain_name: 'app.example.com' }) })] })
    const { remarks, listeners } = translate(source, placement(), facts())
    expect(remarks).toMatchObject([{ code: 'LB_UNSUPPORTED_MONITOR_DOMAIN_NAME', severity: 'refuse', allowable: true }])
    expect(remarks[0]?.evidence).toMatch(/app\.example\.com: .* would all be unhealthy/)
    expect(listeners[0]?.verdict).toBe('mirrored')
  })

  it.each([
    ['200-599', null],
    ['200', null],
    ['199', '200-399'],
    ['200-600', '200-399'],
    ['200,100', '200-399'],
  ])('of HTTP that expects %s', (expected_codes, instead) => {
    const { check, refused } = of(httpMonitor({ expected_codes }))
    expect(check?.matcher).toBe(instead ?? expected_codes)
    expect(refused).toEqual(instead === null ? [] : ['LB_UNSUPPORTED_MONITOR_EXPECTED_CODES refuse true'])
  })

  it('of HTTP with a path longer than AWS takes is refused, and otherwise checked by TCP', () => {
    expect(of(httpMonitor({ url_path: `/${'x'.repeat(1023)}` })).refused).toEqual([])
    const { check, refused } = of(httpMonitor({ url_path: `/${'x'.repeat(1024)}` }))
    expect(check).toEqual({
      protocol: 'TCP',
      port: 'traffic-port',
      intervalSeconds: 10,
      timeoutSeconds: 5,
      healthyThreshold: 3,
      unhealthyThreshold: 3,
    })
    expect(refused).toEqual(['LB_UNSUPPORTED_MONITOR_URL_PATH refuse true'])
  })

  it.each([
    [null, 'healthmonitor_id no health monitor'],
    [monitor({ admin_state_up: false, delay: 99 }), 'admin_state_up false'],
  ])('that is not there, or off (%#), becomes TCP checks', (healthmonitor, what) => {
    expect(of(healthmonitor)).toEqual({
      check: {
        protocol: 'TCP',
        port: 'traffic-port',
        intervalSeconds: 10,
        timeoutSeconds: 5,
        healthyThreshold: 3,
        unhealthyThreshold: 3,
      },
      told: [`approximate ${what} → TCP checks`],
      refused: [],
    })
  })
})
