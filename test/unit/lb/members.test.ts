import { describe, expect, it } from 'vitest'
import { translate, type Translation } from '../../../src/lib/lb/translate.ts'
import type { NetworkFacts } from '../../../src/lib/ports/network.ts'
import type { Placement } from '../../../src/lib/lb/model.ts'
import type { SourceMember } from '../../../src/lib/ports/source.ts'
import { EQUAL_SHARES, type Choices } from '../../../src/lib/lb/pool.ts'
import { facts, ID, member, monitor, placement, pool, tree } from './sources.ts'

interface Told {
  readonly targets: readonly string[] | undefined
  readonly leftOut: object | undefined
  readonly checkPort: string | undefined
  readonly remarks: Translation['remarks']
  readonly verdicts: readonly string[]
  readonly ipAddressType: string
  readonly ipv6: boolean | undefined
  readonly verdict: string | undefined
}

const FIELDS = new Set([
  'address',
  'admin_state_up',
  'weight',
  'backup',
  'monitor_address',
  'monitor_port',
  'vnic_type',
  'tags',
])

function of(
  members: readonly SourceMember[],
  over: Partial<Placement> = {},
  network: NetworkFacts = facts(),
  healthmonitor: Parameters<typeof pool>[0] = {},
): Told {
  const { listeners, remarks, fidelity, ipAddressType } = translate(
    tree({ pools: [pool({ members, ...healthmonitor })] }),
    placement(over),
    network,
  )
  const [listener] = listeners
  return {
    targets: listener?.targets.map((one) => `${one.address}:${one.port} ${one.availabilityZone}`),
    leftOut: listener?.groups[0]?.leftOut,
    checkPort: listener?.groups[0]?.healthCheck.port,
    remarks,
    verdicts: fidelity
      .filter((one) => one.subject.startsWith('pool') && FIELDS.has(one.field))
      .map((one) => `${one.verdict} ${one.field}: ${one.source} → ${one.copy ?? 'nothing'}`),
    ipAddressType,
    ipv6: listener?.groups[0]?.variant.ipv6,
    verdict: listener?.verdict,
  }
}

const codes = (told: Told): readonly string[] =>
  told.remarks.map((one) => `${one.code} ${one.severity}${one.allowable === true ? ' allowable' : ''}`)

describe('members', () => {
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
  ])('at %s are private: %s', (address, fine) => {
    expect(codes(of([member('10.20.0.11'), member(address)]))).toEqual(fine ? [] : ['LB_MEMBER_PUBLIC hold'])
  })

  it('at a public address are held alone: the others are mirrored, and a pool of such alone is empty', () => {
    const told = of([member('10.20.0.11'), member('203.0.113.9')])
    expect(told).toMatchObject({
      targets: ['10.20.0.11:8080 all'],
      leftOut: { '203.0.113.9:8080': 'its address cannot be a target' },
      verdict: 'mirrored',
      remarks: [
        { holds: [], evidence: expect.stringMatching(/^203\.0\.113\.9:8080: not a private address/) as string },
      ],
    })
    expect(told.verdicts).toContain('dropped address: 203.0.113.9:8080 → nothing')
    expect(of([member('203.0.113.9')])).toMatchObject({ targets: [], verdict: 'empty' })
  })

  it('outside what is routable are held alone, unless they are allowed or serve already', () => {
    const members = [member('10.20.0.11'), member('10.21.0.11')]
    const near: Partial<Placement> = { routableCidrs: ['10.20.0.0/16'] }
    const told = of(members, near)
    expect(codes(told)).toEqual(['LB_MEMBER_UNROUTABLE hold allowable'])
    expect(told.remarks[0]?.evidence).toMatch(/^10\.21\.0\.11:8080: outside .*: not registered, the other members are$/)
    expect(told.remarks[0]?.remedy).toContain(`nyah lb mirror ${ID} --allow LB_MEMBER_UNROUTABLE`)
    expect(told.targets).toEqual(['10.20.0.11:8080 all'])
    expect(told.verdict).toBe('mirrored')
    expect(codes(of([member('10.20.255.255')], near))).toEqual([])
    const source = tree({ pools: [pool({ members })] })
    const choose = (choices: Partial<Choices>) => {
      const { listeners, remarks } = translate(source, placement(near), facts(), { ...EQUAL_SHARES, ...choices })
      return { targets: listeners[0]?.targets.length, severities: remarks.map(({ severity }) => severity) }
    }
    expect(choose({ allowsUnroutable: true })).toEqual({ targets: 2, severities: ['hold'] })
    expect(choose({ registered: new Set(['10.21.0.11:8080']) })).toEqual({ targets: 2, severities: ['warn'] })
  })

  it('stand in the order of their numbers', () => {
    expect(of(['10.20.0.10', '10.20.0.9', '10.3.0.1'].map((address) => member(address))).targets).toEqual([
      '10.3.0.1:8080 all',
      '10.20.0.9:8080 all',
      '10.20.0.10:8080 all',
    ])
  })

  it('that are off or of weight 0 are no targets, and that is exact', () => {
    const told = of([
      member('10.20.0.1', { admin_state_up: false }),
      member('10.20.0.2', { weight: 0 }),
      member('10.20.0.3', { weight: 256 }),
    ])
    expect(told.targets).toEqual(['10.20.0.3:8080 all'])
    expect(told.leftOut).toEqual({ '10.20.0.1:8080': 'it is disabled', '10.20.0.2:8080': 'its weight is 0' })
    expect(told.verdicts).toEqual([
      'exact admin_state_up: false of 10.20.0.1:8080 → not registered',
      'exact weight: 0 of 10.20.0.2:8080 → not registered',
    ])
    expect(codes(told)).toEqual(['LB_MEMBERS_NOT_REGISTERED info'])
  })

  it('that are many are one line', () => {
    const members = Array.from({ length: 150 }, (_, at) => member(`10.20.1.${at}`, { weight: at === 0 ? 1 : 0 }))
    const { remarks, verdicts } = of(members)
    expect(remarks).toHaveLength(1)
    expect(remarks[0]?.evidence).toMatch(/^149 members not registered \(weight 0: .* and 144 more\)$/)
    expect(verdicts).toHaveLength(1)
  })

  it('that are backups are left out with a warning', () => {
    const told = of([member('10.20.0.1'), member('10.20.0.2', { backup: true })])
    expect(told.targets).toEqual(['10.20.0.1:8080 all'])
    expect(told.leftOut).toEqual({ '10.20.0.2:8080': 'it is a backup member' })
    expect(codes(told)).toEqual(['LB_DROPPED_BACKUP warn'])
    expect(told.remarks[0]?.evidence).toContain('once all others are down')
  })

  it('that are all backups leave the mirror without a target, and say so', () => {
    const told = of([member('10.20.0.2', { backup: true })])
    expect(told.verdict).toBe('empty')
    expect(codes(told).toSorted()).toEqual(['LB_DROPPED_BACKUP warn', 'LB_POOL_EMPTY warn'])
    expect(told.remarks[0]?.evidence).toContain('the mirror has no target at all')
  })

  it('that are backups and off need no warning', () => {
    expect(codes(of([member('10.20.0.1'), member('10.20.0.2', { backup: true, weight: 0 })]))).toEqual([
      'LB_MEMBERS_NOT_REGISTERED info',
    ])
  })

  it('may be tagged, and plugged in otherwise', () => {
    expect(of([member('10.20.0.1', { tags: ['rack-1'], vnic_type: 'direct' })]).verdicts).toEqual([
      'dropped tags: of 10.20.0.1:8080 → nothing',
      'exact vnic_type: 10.20.0.1:8080 direct → the NLB sends by IP',
    ])
  })
})

describe('monitor overrides', () => {
  it.each([
    ['one port for all', [9000, 9000], '9000', ['exact']],
    ['two ports', [9000, 9001], 'traffic-port', ['refused']],
    ['a port for one alone', [9000, null], 'traffic-port', ['refused']],
    ['the member port', [8080, null], 'traffic-port', []],
    ['none', [null, null], 'traffic-port', []],
  ])('of %s', (_name, [first, second], port, verdicts) => {
    const told = of([
      member('10.20.0.1', { monitor_port: first ?? null }),
      member('10.20.0.2', { monitor_port: second ?? null }),
    ])
    expect(told.checkPort).toBe(port)
    expect(told.verdicts.map((one) => one.split(' ')[0])).toEqual(verdicts)
    expect(codes(told)).toEqual(verdicts[0] === 'refused' ? ['LB_UNSUPPORTED_MONITOR_PORT refuse allowable'] : [])
  })

  it('that say for one what is so for the other agree', () => {
    const told = of([
      member('10.20.0.1', { protocol_port: 80, monitor_port: 9000 }),
      member('10.20.0.1', { protocol_port: 9000 }),
    ])
    expect(told.checkPort).toBe('9000')
  })

  it('of members that are no targets do not count', () => {
    const told = of([member('10.20.0.1'), member('10.20.0.2', { monitor_port: 9000, weight: 0 })])
    expect(told.checkPort).toBe('traffic-port')
    expect(codes(told)).toEqual(['LB_MEMBERS_NOT_REGISTERED info'])
  })

  it('of addresses are refused until that is allowed, but for their own', () => {
    expect(codes(of([member('10.20.0.1', { monitor_address: '10.99.0.1' })]))).toEqual([
      'LB_UNSUPPORTED_MONITOR_ADDRESS refuse allowable',
    ])
    expect(codes(of([member('10.20.0.1', { monitor_address: '10.20.0.1' })]))).toEqual([])
  })

  it.each([
    ['is not there', null],
    ['is off', monitor({ admin_state_up: false })],
  ])('have no effect where the monitor %s', (_name, healthmonitor) => {
    const members = [member('10.20.0.1', { monitor_port: 9, monitor_address: '10.99.0.1' }), member('10.20.0.2')]
    const told = of(members, {}, facts(), { healthmonitor })
    expect(told.checkPort).toBe('traffic-port')
    expect(codes(told)).toEqual([])
    expect(told.verdicts.filter((one) => one.startsWith('exact'))).toEqual([
      'exact monitor_address: set of 10.20.0.1:8080 → no effect: no health monitor is on',
      'exact monitor_port: set of 10.20.0.1:8080 → no effect: no health monitor is on',
    ])
  })
})

describe('IPv6 members', () => {
  const near = '2001:db8:1::5'
  const dual = facts({
    vpcCidrs: ['172.31.0.0/16', '2001:db8:1::/56'],
    subnets: facts().subnets.map((subnet, at) => ({ ...subnet, ipv6Cidr: `2001:db8:1:${at}::/64` })),
  })
  const PUBLIC = { scheme: 'internet-facing' } as const

  it('in the VPC have an IPv6 target group of a dual-stack NLB', () => {
    const told = of([member(near)], PUBLIC, dual)
    expect(told).toMatchObject({ targets: [`${near}:8080 null`], ipAddressType: 'dualstack', ipv6: true, remarks: [] })
    expect(told.verdicts).toEqual([`exact address: IPv6 of [${near}]:8080 → an IPv6 target group of a dual-stack NLB`])
  })

  it.each([
    ['outside the VPC', ['2001:db8:2::5'], PUBLIC, dual, 'not over Direct Connect'],
    ['of an internal network', [near], { scheme: 'internal' } as const, dual, 'dual-stack'],
    ['beside IPv4 ones', ['10.20.0.1', near], PUBLIC, dual, 'one family'],
  ])('%s are refused, and left out where that is allowed', (_name, addresses, over, network, why) => {
    const told = of(
      addresses.map((address) => member(address)),
      over,
      network,
    )
    expect(codes(told).filter((one) => !one.startsWith('LB_POOL_EMPTY'))).toEqual([
      'LB_UNSUPPORTED_IPV6_MEMBER refuse allowable',
    ])
    expect(told.remarks[0]?.evidence).toContain(why)
    expect(told.targets).toEqual(addresses.filter((one) => !one.includes(':')).map((one) => `${one}:8080 all`))
    expect(told.ipAddressType).toBe('ipv4')
  })
})
