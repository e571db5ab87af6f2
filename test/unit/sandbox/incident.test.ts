import { describe, expect, it } from 'vitest'
import { defaultWorld } from '../../../src/lib/sandbox/world.ts'
import { effectOf, INCIDENTS, watchedAs } from '../../../src/lib/sandbox/incident.ts'
import { initialState } from '../../../src/lib/sandbox/services.ts'
import { NOW } from './cloud.ts'

const state = initialState(defaultWorld(), NOW)
const dns = 'nyah-shop-0123.elb.ap-northeast-1.amazonaws.com'
const mirrored = {
  ...state,
  aws: {
    ...state.aws,
    loadBalancers: { arn: { dnsName: dns } },
    listeners: { l1: { loadBalancerArn: 'arn', port: 80 }, l2: { loadBalancerArn: 'arn', port: 443 } },
    targetGroups: { g: { targets: [{ id: '10.20.9.9', port: 8443 }] } },
  },
} as unknown as typeof state

describe('an incident', () => {
  it('of Octavia silences its VIPs and the private cloud, not the members', () => {
    const { down, outages } = effectOf('octavia-down', mirrored)
    expect(down).toEqual(expect.arrayContaining(['203.0.113.11:80', '203.0.113.11:443', '203.0.113.12:443']))
    expect(down.some((host) => host.startsWith('10.20.'))).toBe(false)
    expect(outages.map(({ service }) => service)).toEqual(['identity', 'load-balancer', 'network'])
  })

  it('of Direct Connect silences the members to AWS alone', () => {
    const { down, outages } = effectOf('dx-down', mirrored)
    expect(down).toEqual(expect.arrayContaining(['aws>10.20.0.11:8080', 'aws>10.20.9.9:8443']))
    expect(down.every((host) => host.startsWith('aws>'))).toBe(true)
    expect(outages).toEqual([])
  })

  it('of the load balancers in AWS silences their names', () => {
    expect(effectOf('nlb-down', mirrored)).toEqual({ down: [`${dns}:80`, `${dns}:443`], outages: [] })
  })

  it('of Route 53 leaves its answers alone', () => {
    expect(effectOf('route53-api-down', mirrored)).toEqual({
      down: [],
      outages: [{ service: 'aws', kind: 'status', path: '/2013-04-01' }],
    })
  })

  it('of half the members leaves the other half of each pool', () => {
    const { down } = effectOf('half-the-members-down', mirrored)
    const members = Object.values(mirrored.openstack.octavia.members)
    for (const { id } of Object.values(mirrored.openstack.octavia.pools)) {
      const pool = members.filter(({ pool_id }) => pool_id === id)
      if (pool.length === 0) continue
      const silent = pool.filter(({ address, protocol_port }) => down.includes(`${address}:${protocol_port}`))
      expect(silent.length).toBeGreaterThan(0)
      if (pool.length > 1) expect(silent.length).toBeLessThan(pool.length)
    }
  })

  it('of what watches the users lasts until the next one', () => {
    const alarms = ({ aws }: typeof state) => aws.alarms.map((alarm) => alarm.state)
    const told = watchedAs(effectOf('errors-rise', state), state, NOW + 1)
    expect(new Set(alarms(told))).toEqual(new Set(['ALARM']))
    expect(new Set(Object.values(told.metrics.now))).toEqual(new Set(['0.31', '0']))
    const silent = watchedAs(effectOf('monitoring-silent', told), told, NOW + 2)
    expect(new Set(alarms(silent))).toEqual(new Set(['INSUFFICIENT_DATA']))
    expect(silent.metrics.now).toEqual({})
    const after = watchedAs(effectOf('octavia-down', silent), silent, NOW + 3)
    expect(alarms(after)).toEqual(alarms(state))
    expect(after.metrics).toEqual(state.metrics)
  })

  it('ends, and every one of them can be told', () => {
    expect(effectOf('end', mirrored)).toEqual({ down: [], outages: [] })
    for (const incident of INCIDENTS) expect(effectOf(incident, mirrored)).toHaveProperty('down')
  })
})
