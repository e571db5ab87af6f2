import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoadBalancerSource, SourceChange } from '../../../src/lib/ports/source.ts'
import { type OpenStack } from '../../support/openstack.ts'
import type { OctaviaUnderTest } from './suite.ts'
import { operatorOf, sourceOf } from './ways.ts'

/** The change poll: whatever is changed below a load balancer shows in it, and nothing else does. */
export function octaviaChanges(name: string, open: () => Promise<OctaviaUnderTest>): void {
  describe(`the change poll (${name})`, () => {
    let cloud: OctaviaUnderTest
    let operator: OpenStack
    let source: LoadBalancerSource
    let prefix = ''
    /** Two load balancers: one is changed, the other is not. */
    let id = ''
    let quiet = ''
    let listener = ''
    let pool = ''

    const poll = async (wanted: string): Promise<SourceChange> => {
      const found = (await source.changes()).loadbalancers.find((each) => each.id === wanted)
      if (found === undefined) throw new Error(`${wanted} is not in the poll`)
      return found
    }

    beforeAll(async () => {
      cloud = await open()
      prefix = `${cloud.prefix}changes-`
      source = sourceOf(cloud)
      operator = await operatorOf(cloud)
      await operator.deletePrefixed(prefix)
      const spec = {
        listeners: [
          {
            protocol: 'HTTP',
            protocol_port: 80,
            default_pool: {
              name: 'web',
              protocol: 'HTTP',
              members: [{ address: '10.20.1.1', protocol_port: 80 }],
              healthmonitor: { type: 'TCP', delay: 5, timeout: 3, max_retries: 3 },
            },
          },
        ],
      }
      const [one, other] = await Promise.all(
        ['moving', 'quiet'].map((each) => operator.createLoadBalancer({ name: `${prefix}${each}`, ...spec })),
      )
      id = one.id
      quiet = other.id
      listener = (await operator.listenersOf(id))[0].id
      pool = (await operator.poolsOf(id))[0].id
      // Operating statuses come with a heartbeat, which is a change of its own: let the sandbox's pass.
      await cloud.clock.sleep(2_000)
      await poll(id)
    })

    afterAll(async () => {
      await operator.deletePrefixed(prefix)
      await cloud.close()
    })

    it('says what the list says, by a clock that is Octavia’s own', async () => {
      const { at, loadbalancers } = await source.changes()
      expect(Math.abs((at ?? 0) - cloud.clock.now())).toBeLessThan(5_000)
      const listed = await source.list()
      const of = (each: SourceChange) => [each.id, each.updated_at, each.provisioning_status]
      // Others may be at work on the same cloud.
      const own = (each: SourceChange) => each.id === id || each.id === quiet
      expect(loadbalancers.filter(own).map(of)).toEqual(listed.filter(own).map(of))
    })

    /** Those that need what an earlier one made come after it. */
    const members = () => `/pools/${pool}/members`
    const found: Record<string, string> = {}
    const create = async (what: string, path: string, key: string, body: object): Promise<void> => {
      found[what] = (await operator.must('POST', path, { [key]: body }))[key].id
    }
    const monitor = async (): Promise<string> => (await operator.must('GET', `/pools/${pool}`)).pool.healthmonitor_id
    const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['a member is added', () => create('member', members(), 'member', { address: '10.20.1.2', protocol_port: 80 })],
      [
        'a member gets a weight',
        () => operator.must('PUT', `${members()}/${found['member']}`, { member: { weight: 7 } }),
      ],
      [
        'a member gets a tag',
        () => operator.must('PUT', `${members()}/${found['member']}`, { member: { tags: ['x'] } }),
      ],
      [
        'a member is disabled',
        () => operator.must('PUT', `${members()}/${found['member']}`, { member: { admin_state_up: false } }),
      ],
      ['a member is taken away', () => operator.must('DELETE', `${members()}/${found['member']}`)],
      [
        'members are replaced at once',
        () => operator.must('PUT', members(), { members: [{ address: '10.20.1.9', protocol_port: 80 }] }),
      ],
      ['a pool changes', () => operator.must('PUT', `/pools/${pool}`, { pool: { lb_algorithm: 'SOURCE_IP' } })],
      [
        'a monitor changes',
        async () => operator.must('PUT', `/healthmonitors/${await monitor()}`, { healthmonitor: { delay: 9 } }),
      ],
      ['a monitor goes', async () => operator.must('DELETE', `/healthmonitors/${await monitor()}`)],
      [
        'a monitor comes',
        () =>
          operator.must('POST', '/healthmonitors', {
            healthmonitor: { pool_id: pool, type: 'TCP', delay: 5, timeout: 3, max_retries: 3 },
          }),
      ],
      [
        'a listener changes',
        () => operator.must('PUT', `/listeners/${listener}`, { listener: { timeout_client_data: 1_000 } }),
      ],
      [
        'a listener comes',
        () => create('listener', '/listeners', 'listener', { loadbalancer_id: id, protocol: 'TCP', protocol_port: 81 }),
      ],
      ['a listener goes', () => operator.must('DELETE', `/listeners/${found['listener']}`)],
      [
        'an L7 policy comes',
        () => create('policy', '/l7policies', 'l7policy', { listener_id: listener, action: 'REJECT' }),
      ],
      [
        'a rule comes',
        () =>
          create('rule', `/l7policies/${found['policy']}/rules`, 'rule', {
            type: 'PATH',
            compare_type: 'STARTS_WITH',
            value: '/x',
          }),
      ],
      [
        'an L7 policy changes',
        () => operator.must('PUT', `/l7policies/${found['policy']}`, { l7policy: { admin_state_up: false } }),
      ],
      ['an L7 policy goes', () => operator.must('DELETE', `/l7policies/${found['policy']}`)],
      [
        'a pool comes',
        () => create('pool', '/pools', 'pool', { loadbalancer_id: id, protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN' }),
      ],
      ['a pool goes', () => operator.must('DELETE', `/pools/${found['pool']}`)],
      ['it gets a name', () => operator.must('PUT', `/loadbalancers/${id}`, { loadbalancer: { description: 'new' } })],
    ]

    it('moves with every kind of change below it, and for that one only', { timeout: 180_000 }, async () => {
      const unseen: string[] = []
      for (const [what, change] of changes) {
        const [before, still] = [await poll(id), await poll(quiet)]
        // `updated_at` has whole seconds.
        await cloud.clock.sleep(1_100)
        await change()
        await operator.waitActive(id)
        const after = await poll(id)
        if (after.updated_at === before.updated_at) unseen.push(what)
        if ((await poll(quiet)).updated_at !== still.updated_at) unseen.push(`${what}: another moved`)
      }
      expect(unseen).toEqual([])
    })

    it('does not move by itself', async () => {
      const before = await poll(id)
      await cloud.clock.sleep(3_000)
      expect(await poll(id)).toEqual(before)
    })

    it('says PENDING while a change is under way, and nothing once it is gone', async () => {
      const { id: gone } = await operator.createLoadBalancer({ name: `${prefix}gone` })
      await operator.must('DELETE', `/loadbalancers/${gone}`)
      const under = (await source.changes()).loadbalancers.find((each) => each.id === gone)
      expect(['PENDING_DELETE', undefined]).toContain(under?.provisioning_status)
      await operator.deleteLoadBalancer(gone)
      expect((await source.changes()).loadbalancers.map((each) => each.id)).not.toContain(gone)
    })
  })
}
