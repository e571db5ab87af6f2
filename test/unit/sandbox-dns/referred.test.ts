import { CreateLoadBalancerCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noticed } from '../../../src/lib/sandbox/aws/elbv2-health.ts'
import { referredIn } from '../../../src/lib/sandbox/dns/referred.ts'
import { startLab, WORLD, type Lab } from '../sandbox-aws/lab.ts'

let lab: Lab
beforeAll(async () => {
  const check = { id: 'c1', reference: 'c1', type: 'TCP', address: '203.0.113.11', port: 443 }
  const subnets = WORLD.subnets.map((one) => (one.id === 'subnet-0a' ? { ...one, ipv6Cidr: '2001:db8:1:2::/64' } : one))
  lab = await startLab({ ...WORLD, subnets, healthChecks: [check] })
})
afterAll(() => lab.close())

const now = () => referredIn(lab.state(), lab.surroundings)

async function addresses(input: Partial<CreateLoadBalancerCommand['input']>) {
  const made = await lab.elb.send(
    new CreateLoadBalancerCommand({ Name: 'lb', Type: 'network', Scheme: 'internet-facing', ...input }),
  )
  return now().balancer(`dualstack.${made.LoadBalancers?.[0]?.DNSName ?? ''}.`)
}

describe('what records refer to', () => {
  it('has the private addresses of an internal load balancer, one for each zone', async () => {
    expect(await addresses({ Name: 'in', Scheme: 'internal', Subnets: ['subnet-0a', 'subnet-0c'] })).toEqual({
      verdict: 'unhealthy',
      addresses: [expect.stringMatching(/^10\.100\.1\.\d+$/), expect.stringMatching(/^10\.100\.3\.\d+$/)],
    })
  })

  it('has the Elastic IP of an internet-facing one, or an address of AWS that nobody else has', async () => {
    const mapped = [{ SubnetId: 'subnet-0a', AllocationId: 'eipalloc-1' }]
    expect((await addresses({ Name: 'own', SubnetMappings: mapped }))?.addresses).toEqual(['203.0.113.1'])
    const [first, second] = [
      await addresses({ Name: 'first', Subnets: ['subnet-0a', 'subnet-0c'] }),
      await addresses({ Name: 'second', Subnets: ['subnet-0a', 'subnet-0c'] }),
    ]
    const all = [...(first?.addresses ?? []), ...(second?.addresses ?? [])]
    expect(all.filter((one) => /^198\.1[89]\./.test(one))).toHaveLength(4)
    expect(new Set(all).size).toBe(4)
  })

  it('has IPv6 with dualstack', async () => {
    const both = await addresses({ Name: 'both', Subnets: ['subnet-0a'], IpAddressType: 'dualstack' })
    expect(both?.addresses).toEqual([
      expect.stringMatching(/^198\./),
      expect.stringMatching(/^2001:db8:1:2::[0-9a-f]+$/),
    ])
  })

  it('knows no other load balancers', () => {
    expect(now().balancer('gone.elb.ap-northeast-1.amazonaws.com')).toBeNull()
  })

  it("has the verdict of a health check on the sandbox's clock", async () => {
    expect(now().check('c1')).toBe('healthy')
    lab.surroundings.down = new Set(['203.0.113.11:443'])
    // Told to the account, as the sandbox does when it is told what is down.
    const silent = noticed(lab.state(), lab.surroundings)
    const after = (seconds: number) =>
      referredIn(silent, { ...lab.surroundings, now: lab.surroundings.now + seconds * 1000 }).check('c1')
    // Three probes in a row, 30 s apart.
    expect([after(0), after(60), after(120)]).toEqual(['healthy', 'healthy', 'unhealthy'])
  })
})
