import { describe, expect, it } from 'vitest'
import type { RecordSeed, ZoneState } from '../../../src/lib/sandbox/aws/route53-state.ts'
import { zoneOf } from '../../../src/lib/sandbox/aws/route53-state.ts'
import { answer, type DnsAnswer, type Referred } from '../../../src/lib/sandbox/dns/answer.ts'

const NLB = 'nyah-1.elb.ap-northeast-1.amazonaws.com'
const NLB_ZONE = 'Z31USIVHYNEOWT'

const zone = (records: readonly RecordSeed[], name = 'example.jp', isPrivate = false): ZoneState =>
  zoneOf({ id: `Z-${name}`, name, private: isPrivate, records })

/** What is unhealthy, of health checks and of load balancers. */
const referred = (...unhealthy: readonly string[]): Referred => ({
  check: (id) => (unhealthy.includes(id) ? 'unhealthy' : 'healthy'),
  balancer: (dnsName) =>
    dnsName === `${NLB}.`
      ? {
          verdict: unhealthy.includes('nlb') ? 'unhealthy' : 'healthy',
          addresses: ['10.1.0.4', '10.2.0.4', '2001:db8::4'],
        }
      : null,
})

const ask = (zones: readonly ZoneState[], name: string, type = 'A', refers = referred(), random = 0): DnsAnswer =>
  answer(zones, { name, type }, refers, () => random)

const plain = (name: string, value: string, more: Partial<RecordSeed> = {}): RecordSeed => ({
  name,
  type: 'A',
  ttl: 60,
  values: [value],
  ...more,
})

const alias = (name: string, more: Partial<RecordSeed> = {}, evaluateTargetHealth = true): RecordSeed => ({
  name,
  type: 'A',
  alias: { zoneId: NLB_ZONE, dnsName: NLB, evaluateTargetHealth },
  ...more,
})

const OCTAVIA = '203.0.113.11'

/** As nyah writes it: a checked address, and an alias that looks at its targets. */
const sides = (octavia: number, aws: number, checked = true, evaluates = true): ZoneState =>
  zone([
    plain('shop.example.jp', OCTAVIA, {
      setIdentifier: 'octavia',
      weight: octavia,
      ...(checked ? { healthCheckId: 'check' } : {}),
    }),
    alias('shop.example.jp', { setIdentifier: 'aws', weight: aws }, evaluates),
  ])

/** Percent of 1,000 evenly spread draws that Octavia gets. */
function octaviaOf(shop: ZoneState, ...unhealthy: readonly string[]): number {
  const draws = Array.from({ length: 1000 }, (_, index) => (index + 0.5) / 1000)
  const given = draws.map(
    (draw) => ask([shop], 'shop.example.jp', 'A', referred(...unhealthy), draw).answers[0]?.values,
  )
  expect(given.every((values) => values?.join() === OCTAVIA || values?.join() === '10.1.0.4,10.2.0.4')).toBe(true)
  return given.filter((values) => values?.join() === OCTAVIA).length / 10
}

describe('weights and health', () => {
  it.each([
    ['by weight', 90, 10, [], 90],
    ['not by their sum being 100', 1, 3, [], 25],
    ['never a record of weight zero while another is healthy', 0, 100, [], 0],
    ['all alike where all weights are zero', 0, 0, [], 50],
    ['what is healthy of all weights zero', 0, 0, ['check'], 0],
    ['nobody to the unhealthy side', 90, 10, ['check'], 0],
    ['nobody to a load balancer whose targets are unhealthy', 90, 10, ['nlb'], 100],
    ['by weight where everything is unhealthy', 90, 10, ['check', 'nlb'], 90],
    ['a record of weight zero when every other one is unhealthy', 0, 100, ['nlb'], 100],
    ['no record of weight zero when that is unhealthy too', 0, 100, ['check', 'nlb'], 0],
  ])('answers %s', (_, octavia, aws, unhealthy, percent) => {
    expect(octaviaOf(sides(octavia, aws), ...unhealthy)).toBe(percent)
  })

  it('takes a record without a check for healthy', () => {
    expect(octaviaOf(sides(90, 10, false), 'check')).toBe(90)
    expect(octaviaOf(sides(90, 10, false), 'nlb')).toBe(100)
  })

  it('takes an alias that does not evaluate its target for healthy', () => {
    expect(octaviaOf(sides(90, 10, true, false), 'nlb')).toBe(90)
    expect(octaviaOf(sides(90, 10, true, false), 'nlb', 'check')).toBe(0)
  })

  it('looks at the check of an alias and at its target', () => {
    const both = zone([
      plain('shop.example.jp', OCTAVIA, { setIdentifier: 'octavia', weight: 50 }),
      alias('shop.example.jp', { setIdentifier: 'aws', weight: 50, healthCheckId: 'own' }),
    ])
    expect(octaviaOf(both)).toBe(50)
    expect(octaviaOf(both, 'own')).toBe(100)
    expect(octaviaOf(both, 'nlb')).toBe(100)
  })

  it('draws anew for each query', () => {
    const draws = [0.1, 0.95]
    const shop = sides(90, 10)
    const query = () =>
      answer([shop], { name: 'shop.example.jp', type: 'A' }, referred(), () => draws.shift() ?? 0).answers[0]?.values
    expect([query(), query()]).toEqual([[OCTAVIA], ['10.1.0.4', '10.2.0.4']])
  })

  it('answers a simple record, healthy or not', () => {
    const simple = zone([alias('shop.example.jp')])
    expect(ask([simple], 'shop.example.jp', 'A', referred('nlb')).answers).toHaveLength(1)
  })
})

describe('aliases', () => {
  it('answer the addresses of the load balancer, for 60 s', () => {
    const shop = zone([alias('shop.example.jp'), alias('shop.example.jp', { type: 'AAAA' })])
    const given = (type: string) => ask([shop], 'shop.example.jp', type).answers
    expect(given('A')).toEqual([{ name: 'shop.example.jp.', type: 'A', ttl: 60, values: ['10.1.0.4', '10.2.0.4'] }])
    expect(given('AAAA')).toEqual([{ name: 'shop.example.jp.', type: 'AAAA', ttl: 60, values: ['2001:db8::4'] }])
  })

  it('of a load balancer that is gone answer nothing, and count as unhealthy', () => {
    const gone = { zoneId: NLB_ZONE, dnsName: 'gone.elb.ap-northeast-1.amazonaws.com', evaluateTargetHealth: true }
    const alone = ask([zone([alias('shop.example.jp', { alias: gone })])], 'shop.example.jp')
    expect(alone).toMatchObject({ rcode: 'NOERROR', answers: [], authority: [{ type: 'SOA' }] })
    const beside = zone([
      plain('shop.example.jp', OCTAVIA, { setIdentifier: 'octavia', weight: 1 }),
      alias('shop.example.jp', { setIdentifier: 'aws', weight: 255, alias: gone }),
    ])
    expect(octaviaOf(beside)).toBe(100)
  })

  it('of records of the zone answer with those, and are healthy while one of them is', () => {
    const inside = (dnsName: string) => ({ zoneId: 'Z-example.jp', dnsName, evaluateTargetHealth: true })
    const records = (first: string, second: string) =>
      zone([
        plain('shop.example.jp', OCTAVIA, { setIdentifier: 'octavia', weight: 1 }),
        { name: 'shop.example.jp', type: 'A', setIdentifier: 'tree', weight: 1, alias: inside('tree.example.jp') },
        plain('tree.example.jp', '203.0.113.1', { setIdentifier: 'a', weight: 1, healthCheckId: first }),
        plain('tree.example.jp', '203.0.113.2', { setIdentifier: 'b', weight: 1, healthCheckId: second }),
      ])
    const values = (first: string, second: string) =>
      ask([records(first, second)], 'shop.example.jp', 'A', referred('bad'), 0.9).answers.flatMap((one) => one.values)
    expect(values('good', 'good')).toEqual(['203.0.113.2'])
    expect(values('good', 'bad')).toEqual(['203.0.113.1'])
    expect(values('bad', 'bad')).toEqual([OCTAVIA])
  })

  it('that run in a circle fail', () => {
    const circle = (name: string, dnsName: string): RecordSeed => ({
      name,
      type: 'A',
      alias: { zoneId: 'Z-example.jp', dnsName, evaluateTargetHealth: true },
    })
    const round = zone([circle('a.example.jp', 'b.example.jp'), circle('b.example.jp', 'a.example.jp')])
    expect(ask([round], 'a.example.jp').rcode).toBe('SERVFAIL')
  })
})

describe('names', () => {
  const names = zone([
    plain('shop.example.jp', OCTAVIA),
    plain('*.shop.example.jp', '203.0.113.12'),
    plain('a.deep.shop.example.jp', '203.0.113.13'),
    { name: 'www.example.jp', type: 'CNAME', ttl: 300, values: ['shop.example.jp.'] },
    { name: 'out.example.jp', type: 'CNAME', ttl: 300, values: ['shop.example.com.'] },
    { name: 'lost.example.jp', type: 'CNAME', ttl: 300, values: ['nowhere.example.jp.'] },
    { name: 'sub.example.jp', type: 'NS', ttl: 300, values: ['ns.sub.example.jp.'] },
    {
      name: 'k8s.example.jp',
      type: 'A',
      ttl: 60,
      values: [OCTAVIA],
      setIdentifier: 'x',
      routing: { Failover: 'PRIMARY' },
    },
  ])
  const given = (name: string, type = 'A') => {
    const { rcode, answers } = ask([names], name, type)
    return [rcode, ...answers.map((one) => `${one.name} ${one.ttl} ${one.type} ${one.values.join(',')}`)]
  }

  it('are found in any case, with or without the dot', () => {
    expect(given('SHOP.Example.JP.')).toEqual(['NOERROR', `shop.example.jp. 60 A ${OCTAVIA}`])
  })

  it.each([
    ['x.shop.example.jp', ['NOERROR', 'x.shop.example.jp. 60 A 203.0.113.12']],
    ['y.x.shop.example.jp', ['NOERROR', 'y.x.shop.example.jp. 60 A 203.0.113.12']],
    ['*.shop.example.jp', ['NOERROR', '\\052.shop.example.jp. 60 A 203.0.113.12']],
    // Below an encloser of its own the wildcard does not answer, nor for that encloser itself (RFC 4592).
    ['b.deep.shop.example.jp', ['NXDOMAIN']],
    ['deep.shop.example.jp', ['NOERROR']],
    ['nowhere.example.jp', ['NXDOMAIN']],
  ])('wildcards: %s', (name, expected) => {
    expect(given(name)).toEqual(expected)
  })

  it('say with the SOA that they or their type are not there, for as long as RFC 2308 lets that be remembered', () => {
    const soa = { name: 'example.jp.', type: 'SOA', ttl: 900 }
    expect(ask([names], 'nowhere.example.jp')).toMatchObject({ rcode: 'NXDOMAIN', answers: [], authority: [soa] })
    expect(ask([names], 'shop.example.jp', 'AAAA')).toMatchObject({ rcode: 'NOERROR', answers: [], authority: [soa] })
  })

  it('follow a CNAME within the zone only', () => {
    expect(given('www.example.jp')).toEqual([
      'NOERROR',
      'www.example.jp. 300 CNAME shop.example.jp.',
      `shop.example.jp. 60 A ${OCTAVIA}`,
    ])
    expect(given('www.example.jp', 'CNAME')).toEqual(['NOERROR', 'www.example.jp. 300 CNAME shop.example.jp.'])
    expect(given('out.example.jp')).toEqual(['NOERROR', 'out.example.jp. 300 CNAME shop.example.com.'])
    expect(given('lost.example.jp')).toEqual(['NXDOMAIN', 'lost.example.jp. 300 CNAME nowhere.example.jp.'])
  })

  it('below a delegation are for its name servers', () => {
    const referral = { rcode: 'NOERROR', answers: [], authority: [{ name: 'sub.example.jp.', type: 'NS' }] }
    expect(ask([names], 'x.sub.example.jp')).toMatchObject(referral)
    expect(ask([names], 'sub.example.jp')).toMatchObject(referral)
    expect(given('example.jp', 'NS')[1]).toMatch(/^example\.jp\. 172800 NS ns-1\./)
  })

  it('with other routing than simple and weighted fail', () => {
    expect(given('k8s.example.jp')).toEqual(['SERVFAIL'])
  })
})

describe('zones', () => {
  it('answer for their own names only, and private ones for none', () => {
    const corp = zone([plain('shop.corp.example.jp', '10.20.0.5')], 'corp.example.jp', true)
    expect(ask([zone([]), corp], 'shop.example.com').rcode).toBe('REFUSED')
    expect(ask([zone([]), corp], 'otherexample.jp').rcode).toBe('REFUSED')
    expect(ask([corp], 'shop.corp.example.jp').rcode).toBe('REFUSED')
    expect(ask([zone([]), corp], 'shop.corp.example.jp').rcode).toBe('NXDOMAIN')
  })

  it('with the longest name answer', () => {
    const outer = zone([plain('x.eu.example.jp', '203.0.113.1')])
    const inner = zone([plain('x.eu.example.jp', '203.0.113.2')], 'eu.example.jp')
    expect(ask([outer, inner], 'x.eu.example.jp').answers[0]?.values).toEqual(['203.0.113.2'])
  })
})
