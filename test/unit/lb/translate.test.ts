import { describe, expect, it } from 'vitest'
import { translate } from '../../../src/lib/lb/translate.ts'
import type { SourceHealthMonitor, SourceMember } from '../../../src/lib/ports/source.ts'
import { recordedTrees } from './recorded.ts'
import { facts, httpMonitor, listener, loadBalancer, member, monitor, placement, pool, tree } from './sources.ts'

const RECORDED = recordedTrees()

/** Short: `refuse UNSUPPORTED_X!`, with `!` where nothing can overrule it. */
function story(name: string): { readonly listeners: readonly string[]; readonly said: readonly string[] } {
  const source = RECORDED.get(name)
  if (source === undefined) throw new Error(`no recorded load balancer ${name}`)
  const { listeners, remarks } = translate(source, placement(), facts())
  return {
    listeners: listeners.map((one) => `${one.port} ${one.verdict} ${one.targets.length}`),
    said: remarks.map(
      (one) => `${one.code.replace('LB_', '')}${one.severity === 'refuse' && one.allowable !== true ? '!' : ''}`,
    ),
  }
}

describe('load balancers recorded from a real Octavia', () => {
  it.each([
    ['a-l4-tcp', ['80 mirrored 4', '443 mirrored 4'], []],
    [
      'b-http-monitor',
      ['80 mirrored 2', '81 mirrored 1', '82 mirrored 1', '83 mirrored 1'],
      [
        'UNSUPPORTED_MONITOR_DOMAIN_NAME',
        'APPROXIMATE',
        'APPROXIMATE',
        'UNSUPPORTED_MONITOR_ADDRESS',
        'UNSUPPORTED_MONITOR_PORT',
        'UNSUPPORTED_MONITOR_TYPE',
        'APPROXIMATE',
        'UNSUPPORTED_MONITOR_TYPE',
        'APPROXIMATE',
        'APPROXIMATE',
      ],
    ],
    [
      'c-udp',
      ['53 mirrored 2', '53 refused 0', '514 refused 0'],
      ['UNSUPPORTED_LISTENER_PROTOCOL!', 'UNSUPPORTED_LISTENER_PROTOCOL!', 'APPROXIMATE'],
    ],
    ['d-sctp', ['3868 refused 0'], ['UNSUPPORTED_LISTENER_PROTOCOL!']],
    [
      'e-proxy-protocol',
      ['25 refused 1', '465 refused 1'],
      ['UNSUPPORTED_POOL_PROTOCOL!', 'APPROXIMATE', 'UNSUPPORTED_POOL_PROTOCOL!', 'APPROXIMATE'],
    ],
    [
      'f-l7',
      ['80 refused 0', '443 refused 0', '8443 refused 0', '9100 absent 0'],
      [
        'UNSUPPORTED_LISTENER_PROTOCOL!',
        'UNSUPPORTED_L7POLICIES!',
        'UNSUPPORTED_INSERT_HEADERS',
        'UNSUPPORTED_LISTENER_PROTOCOL!',
        'UNSUPPORTED_TLS_CONTAINER!',
        'UNSUPPORTED_SNI_CONTAINERS!',
        'UNSUPPORTED_LISTENER_PROTOCOL!',
        'UNSUPPORTED_LISTENER_PROTOCOL',
        'POOL_UNUSED',
      ],
    ],
    [
      'g-persistence',
      ['80 mirrored 2', '81 refused 0'],
      ['UNSUPPORTED_LISTENER_PROTOCOL!', 'UNSUPPORTED_SESSION_PERSISTENCE', 'APPROXIMATE'],
    ],
    [
      'h-members',
      ['80 mirrored 5'],
      ['APPROXIMATE', 'UNSUPPORTED_BACKUP', 'UNSUPPORTED_IPV6_MEMBER', 'MEMBERS_NOT_REGISTERED'],
    ],
    [
      'i-acl-timeouts',
      ['22 mirrored 2', '23 absent 0'],
      [
        'UNSUPPORTED_CONNECTION_LIMIT',
        'UNSUPPORTED_TIMEOUT_CLIENT_DATA',
        'UNSUPPORTED_TIMEOUT_MEMBER_CONNECT',
        'UNSUPPORTED_TIMEOUT_MEMBER_DATA',
        'UNSUPPORTED_TIMEOUT_TCP_INSPECT',
        'LISTENER_DISABLED',
        'APPROXIMATE',
        'APPROXIMATE',
      ],
    ],
    ['k-ロードバランサー', ['443 mirrored 1'], ['APPROXIMATE']],
    [
      'l-shared-pool',
      ['80 mirrored 1', '8080 mirrored 1', '9999 empty 0'],
      ['UNSUPPORTED_ADDITIONAL_VIPS', 'LISTENER_WITHOUT_POOL'],
    ],
    ['m-many-members', ['80 mirrored 150'], ['APPROXIMATE']],
    ['n-disabled', [], ['DISABLED']],
    ['o-empty', [], []],
  ])('%s', (name, listeners, said) => {
    expect(story(name)).toEqual({ listeners, said })
  })

  it('are all told', () => {
    expect(RECORDED.size).toBe(14)
  })
})

describe('a health monitor', () => {
  const check = (over: Partial<SourceHealthMonitor>) => {
    const { listeners, remarks } = translate(
      tree({ pools: [pool({ healthmonitor: monitor(over) })] }),
      placement(),
      facts(),
    )
    return { check: listeners[0]?.healthCheck, remarks }
  }

  it('TCP keeps its times', () => {
    expect(check({ delay: 7, timeout: 3, max_retries: 2, max_retries_down: 10 })).toEqual({
      check: {
        protocol: 'TCP',
        port: 'traffic-port',
        intervalSeconds: 7,
        timeoutSeconds: 3,
        healthyThreshold: 2,
        unhealthyThreshold: 10,
      },
      remarks: [],
    })
  })

  it.each([
    [{ delay: 5 }, []],
    [{ delay: 4, timeout: 4 }, ['delay 4 s becomes 5 s']],
    [{ delay: 300 }, []],
    [{ delay: 301 }, ['delay 301 s becomes 300 s']],
    [{ timeout: 2 }, []],
    [{ timeout: 1 }, ['timeout 1 s becomes 2 s']],
    [{ delay: 300, timeout: 120 }, []],
    [{ delay: 300, timeout: 121 }, ['timeout 121 s becomes 120 s']],
    [{ delay: 10, timeout: 10 }, []],
    [{ delay: 10, timeout: 11 }, ['timeout 11 s becomes 10 s']],
    [{ max_retries: 2 }, []],
    [{ max_retries: 1 }, ['max_retries 1 becomes 2']],
    [{ max_retries_down: 10 }, []],
    [{ max_retries_down: 1 }, ['max_retries_down 1 becomes 2']],
  ])('%o says %o', (over, said) => {
    const { remarks } = check(over)
    expect(remarks.map((one) => [one.code, one.severity])).toEqual(said.map(() => ['LB_APPROXIMATE', 'info']))
    for (const line of said) expect(remarks[0]?.evidence).toContain(line)
  })

  it('HTTP keeps its path and its codes', () => {
    const { check: http, remarks } = check(httpMonitor({ url_path: '/healthz?full=1', expected_codes: '200, 202' }))
    expect(http).toMatchObject({ protocol: 'HTTP', path: '/healthz?full=1', matcher: '200,202' })
    expect(remarks).toEqual([])
  })

  it.each([
    ['200-599', null],
    ['199', '200-399'],
    ['200-600', '200-399'],
  ])('HTTP with expected codes %s', (expected_codes, instead) => {
    const { check: http, remarks } = check(httpMonitor({ expected_codes }))
    expect(http?.matcher).toBe(instead ?? expected_codes)
    expect(remarks.map((one) => one.code)).toEqual(instead === null ? [] : ['LB_UNSUPPORTED_MONITOR_EXPECTED_CODES'])
  })

  it('HTTP with a path longer than AWS takes is refused, and otherwise checked by TCP', () => {
    expect(check(httpMonitor({ url_path: `/${'x'.repeat(1023)}` })).remarks).toEqual([])
    const { check: instead, remarks } = check(httpMonitor({ url_path: `/${'x'.repeat(1024)}` }))
    expect(instead?.protocol).toBe('TCP')
    expect(remarks.map((one) => one.code)).toEqual(['LB_UNSUPPORTED_MONITOR_URL_PATH'])
  })
})

describe('members', () => {
  const of = (members: readonly SourceMember[], routableCidrs: readonly string[] | null = null) => {
    const { listeners, remarks } = translate(
      tree({ pools: [pool({ members })] }),
      placement({ routableCidrs }),
      facts(),
    )
    return {
      targets: listeners[0]?.targets.map((one) => `${one.address}:${one.port} ${one.availabilityZone}`),
      remarks,
    }
  }

  it('inside the VPC have their own zone, others `all`', () => {
    expect(of([member('10.20.0.11'), member('172.31.0.9'), member('172.32.0.1')]).targets).toEqual([
      '10.20.0.11:8080 all',
      '172.31.0.9:8080 null',
    ])
  })

  it('may be one host with two ports', () => {
    expect(
      of([member('10.20.0.11', { protocol_port: 81 }), member('10.20.0.11', { protocol_port: 80 })]).targets,
    ).toEqual(['10.20.0.11:80 all', '10.20.0.11:81 all'])
  })

  it.each([
    ['10.0.0.1', true],
    ['172.16.0.1', true],
    ['172.15.255.255', false],
    ['192.168.1.1', true],
    ['192.169.0.1', false],
    ['100.64.0.1', true],
    ['100.63.255.255', false],
    ['100.127.255.254', true],
    ['100.128.0.1', false],
    ['203.0.113.9', false],
    ['127.0.0.1', false],
    ['169.254.0.1', false],
  ])('%s private: %s', (address, fine) => {
    const { remarks } = of([member('10.20.0.11'), member(address)])
    expect(remarks.map((one) => [one.code, one.severity, one.allowable])).toEqual(
      fine ? [] : [['LB_MEMBER_PUBLIC', 'refuse', false]],
    )
  })

  it('outside what is routable are refused, and registered where that is allowed', () => {
    const { remarks, targets } = of([member('10.20.0.11'), member('10.21.0.11')], ['10.20.0.0/16'])
    expect(remarks).toMatchObject([{ code: 'LB_MEMBER_UNROUTABLE', severity: 'refuse', allowable: true }])
    expect(remarks[0]?.evidence).toContain('10.21.0.11:8080')
    expect(targets).toHaveLength(2)
    expect(of([member('10.20.255.255')], ['10.20.0.0/16']).remarks).toEqual([])
  })

  it('stand in the order of their numbers', () => {
    expect(of(['10.20.0.10', '10.20.0.9', '10.3.0.1'].map((address) => member(address))).targets).toEqual([
      '10.3.0.1:8080 all',
      '10.20.0.9:8080 all',
      '10.20.0.10:8080 all',
    ])
  })

  it('that are many are one line', () => {
    const members = Array.from({ length: 150 }, (_, at) => member(`10.20.1.${at}`, { weight: at === 0 ? 1 : 0 }))
    const { remarks } = of(members)
    expect(remarks).toHaveLength(1)
    expect(remarks[0]?.evidence).toMatch(/^149 members not registered \(weight 0: .* and 144 more\)$/)
  })

  it('with overrides of a monitor that is not there have no effect', () => {
    const { remarks } = translate(
      tree({ pools: [pool({ healthmonitor: null, members: [member('10.20.0.11', { monitor_port: 9 })] })] }),
      placement(),
      facts(),
    )
    expect(remarks.map((one) => one.code)).toEqual(['LB_APPROXIMATE', 'LB_NO_EFFECT'])
  })
})

describe('listeners', () => {
  it('let in everybody, or whom Octavia lets in, in AWS spelling', () => {
    const cidrs = (allowed_cidrs: readonly string[] | null) =>
      translate(tree({ listeners: [listener({ allowed_cidrs })] }), placement(), facts()).listeners[0]?.cidrs
    expect(cidrs(null)).toEqual(['0.0.0.0/0'])
    expect(cidrs([])).toEqual(['0.0.0.0/0'])
    expect(cidrs(['192.0.2.9/24', '2001:DB8:0::/32', '198.51.100.7', '192.0.2.0/24'])).toEqual([
      '192.0.2.0/24',
      '198.51.100.7/32',
      '2001:db8::/32',
    ])
    expect(cidrs(['nonsense'])).toEqual(['nonsense'])
  })

  it('that share a pool have it each', () => {
    const { listeners, remarks } = translate(
      tree({
        listeners: [listener({ protocol_port: 8080 }), listener()],
        pools: [pool({ lb_algorithm: 'SOURCE_IP' })],
      }),
      placement(),
      facts(),
    )
    expect(listeners.map((one) => [one.port, one.targets.length])).toEqual([
      [80, 2],
      [8080, 2],
    ])
    expect(remarks.map((one) => one.subject)).toEqual(['pool web (ports 80, 8080)'])
  })

  it('of a disabled load balancer are absent', () => {
    const source = tree({ loadbalancer: loadBalancer({ admin_state_up: false }) })
    const { listeners } = translate(source, placement(), facts())
    expect(listeners.map((one) => one.verdict)).toEqual(['absent'])
  })

  it('with something in flux say so', () => {
    const source = tree({
      listeners: [listener({ provisioning_status: 'PENDING_UPDATE' })],
      pools: [pool({ members: [member('10.20.0.11', { provisioning_status: 'ERROR' })] })],
    })
    expect(translate(source, placement(), facts()).listeners[0]?.unsettled).toEqual([
      'listener web (port 80) is PENDING_UPDATE',
      'member 10.20.0.11:8080 is ERROR',
    ])
  })
})
