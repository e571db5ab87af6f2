import type { FirewallRule } from '../core/report.ts'
import type { NetworkFacts } from '../ports/network.ts'
import { byAddress } from './addresses.ts'
import type { Desired } from './desired.ts'
import type { Placement } from './model.ts'

/**
 * What the private cloud's firewalls and security groups have to let in: an NLB sends and checks from its own address in
 * each subnet, so from anywhere in it. Targets in the VPC are not behind them.
 */
export function firewallOf(
  { listeners }: Desired,
  { subnets }: Placement,
  network: NetworkFacts,
): readonly FirewallRule[] {
  const traffic = new Map<number, Set<string>>()
  const checks = new Map<number, Set<string>>()
  const add = (to: Map<number, Set<string>>, port: number, address: string): void => {
    const known = to.get(port)
    if (known === undefined) to.set(port, new Set([address]))
    else known.add(address)
  }
  for (const { targetGroup, targets } of listeners.flatMap((listener) => listener.groups)) {
    const { port } = targetGroup.healthCheck
    for (const target of targets) {
      if (target.availabilityZone !== 'all') continue
      add(traffic, target.port, target.address)
      add(checks, port === 'traffic-port' ? target.port : Number(port), target.address)
    }
  }
  const ports = [...new Set([...traffic.keys(), ...checks.keys()])].toSorted((a, b) => a - b)
  const rules = ports.flatMap((port) => {
    const served = traffic.get(port) ?? new Set<string>()
    const checked = checks.get(port) ?? new Set<string>()
    const both = [...served].filter((address) => checked.has(address))
    return [
      { port, purpose: 'traffic and health checks', to: both },
      { port, purpose: 'traffic', to: [...served].filter((address) => !checked.has(address)) },
      { port, purpose: 'health checks', to: [...checked].filter((address) => !served.has(address)) },
    ].filter(({ to }) => to.length > 0)
  })
  return subnets.flatMap((id) => {
    const subnet = network.subnets.find((one) => one.id === id)
    if (subnet === undefined) return []
    return rules.map(({ port, purpose, to }): FirewallRule => ({
      from: subnet.cidr,
      fromName: `${subnet.id} (${subnet.availabilityZone})`,
      protocol: 'tcp',
      to: to.toSorted(byAddress),
      port,
      purpose,
    }))
  })
}
