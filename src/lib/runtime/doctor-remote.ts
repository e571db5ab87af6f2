import { EXIT, nyahError, type NyahError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { AccountLimits } from '../ports/mirrors.ts'
import type { NetworkFacts } from '../ports/network.ts'
import type { SourceIdentity } from '../ports/source.ts'
import { age, count } from '../render/words.ts'
import { check, unknown, type Check, type Look } from './doctor-check.ts'
import { namesLooks } from './doctor-names.ts'
import { permissionLooks } from './doctor-permissions.ts'
import type { Opened } from './open.ts'

/** Every remote check of a context, all under way at once; each ends by itself. Only reads. */
export function remoteChecks(opened: Opened, clock: Clock, signal: AbortSignal): readonly Promise<Check>[] {
  const networks = Object.entries(opened.context.networks ?? {})
  const identity = lazily(async () => (await opened.source()).check(signal))
  const account = lazily(async () => (await opened.mirrors()).check(signal))
  const looks: readonly (readonly [string, Look])[] = [
    [
      'configuration',
      async () => {
        const where = opened.sandbox === null ? (opened.loaded?.file ?? '') : `the sandbox (${opened.sandbox})`
        if (networks.length === 0) throw wrongNetworks(opened.name)
        return `context ${opened.name} of ${where}; networks ${networks.map(([name]) => name).join(', ')}`
      },
    ],
    [
      'Keystone and Octavia',
      async () => {
        const { user, project, endpoint } = await identity()
        return `${user} in ${project ?? 'no project'} at ${endpoint}`
      },
    ],
    ['Octavia: roles', async () => rolesText(await identity())],
    ['Octavia: read load balancers', async () => `${(await (await opened.source()).list(signal)).length} can be seen`],
    [
      'clock',
      async () =>
        opened.sandbox === null
          ? clockText(await (await opened.source()).changes(signal), clock.now())
          : 'the sandbox has one of its own',
    ],
    [
      'AWS credentials',
      async () => {
        const { arn, account: number, region } = await account()
        return `${arn} (account ${number}, ${region})`
      },
    ],
    [
      'ELBv2: read load balancers',
      async () => `${(await (await opened.mirrors()).list(signal)).length} of nyah's NLBs`,
    ],
    ['ELBv2: account limits', async () => limitsText(await (await opened.mirrors()).limits(signal))],
    ...networks.map(([name, { vpcId, subnets }]): readonly [string, Look] => [
      `network ${name}`,
      async () => networkText(name, vpcId, subnets, await (await opened.network()).facts(vpcId, subnets, signal)),
    ]),
    [
      'EC2: read security groups',
      async () => {
        const network = await opened.network()
        const vpcs = [...new Set(networks.map(([, { vpcId }]) => vpcId))]
        await Promise.all(vpcs.map((vpcId) => network.securityGroups(vpcId, ['nyah-doctor'], signal)))
        return vpcs.length === 0 ? unknown('no network names a VPC') : `in ${vpcs.join(', ')}`
      },
    ],
    ...addressLooks(opened, signal),
    ['failover card', async () => (await import('./failover-armed.ts')).cardLook(opened, clock, signal)()],
    ...permissionLooks(opened.permissions, async () => (await account()).arn, signal),
    ...namesLooks(opened, async () => (await account()).arn, clock, signal),
  ]
  return looks.map(([name, look]) => check(name, look))
}

const lazily = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | null = null
  return () => (made ??= make())
}

/** Which of them suffice is the cloud's own policy; these are what Octavia's default policies know. */
const READERS = /^(reader|member|admin|load-balancer_(observer|global_observer|member|admin))$/

function rolesText({ roles }: SourceIdentity): string | ReturnType<typeof unknown> {
  const shown = roles.join(', ')
  if (roles.some((role) => READERS.test(role))) return `${shown}: nyah only reads there`
  return unknown(
    `${shown === '' ? 'none' : shown}: none of those that Octavia's default policies let read (reader, load-balancer_observer)`,
  )
}

/** AWS refuses requests that are five minutes off; nothing nyah does needs it closer than that. */
const SKEW_MS = 300_000

function clockText({ at }: { readonly at: number | null }, now: number): string | ReturnType<typeof unknown> {
  if (at === null) return unknown('Octavia sends no Date header to compare with')
  // Its clock is told to the second.
  const skew = Math.abs(now - at)
  if (skew <= SKEW_MS) return skew < 2000 ? 'the same as that of Octavia' : `${age(skew)} off that of Octavia`
  throw nyahError({
    code: 'CLOCK_SKEW',
    message: `this machine's clock is ${age(skew)} ${now > at ? 'ahead of' : 'behind'} that of Octavia; AWS refuses requests that are 5 min off`,
    exit: EXIT.configuration,
    tries: ['look which of them is wrong, and set it: timedatectl'],
  })
}

function limitsText({ networkLoadBalancers, targetGroups, targetGroupsPerAction, used }: AccountLimits): string {
  const of = (amount: number, limit: number | null): string => `${amount} of ${limit ?? '?'}`
  const weights = targetGroupsPerAction === null ? '' : `, ${count(targetGroupsPerAction, 'target group')} per listener`
  return `NLBs ${of(used.networkLoadBalancers, networkLoadBalancers)}, target groups ${of(used.targetGroups, targetGroups)}${weights}`
}

/** AWS advises to keep as many free in each subnet of a load balancer. */
const ENOUGH_ADDRESSES = 8

function networkText(name: string, vpcId: string, wanted: readonly string[], facts: NetworkFacts): string {
  const found = new Set(facts.subnets.map(({ id }) => id))
  const lost = wanted.filter((id) => !found.has(id))
  const foreign = facts.subnets.filter((subnet) => subnet.vpcId !== vpcId).map(({ id }) => id)
  if (lost.length > 0 || foreign.length > 0) throw wrongSubnets(name, vpcId, [...lost, ...foreign])
  for (const { availabilityZone: zone } of facts.subnets) {
    const inIt = facts.subnets.filter(({ availabilityZone }) => availabilityZone === zone)
    if (inIt.length > 1) throw sameZone(name, zone, inIt)
  }
  const full = facts.subnets.filter(({ freeAddresses }) => freeAddresses === 0)
  if (full.length > 0)
    throw noAddresses(
      name,
      full.map(({ id }) => id),
    )
  const free = facts.subnets.map(
    ({ id, freeAddresses }) =>
      `${id} (${freeAddresses} free${freeAddresses < ENOUGH_ADDRESSES ? ', AWS advises 8' : ''})`,
  )
  return `${vpcId} ${facts.vpcCidrs.join(', ')}; ${free.join(', ')}`
}

/** Only where the configuration names Elastic IPs. */
function addressLooks(opened: Opened, signal: AbortSignal): readonly (readonly [string, Look])[] {
  const wanted = Object.entries(opened.context.mirrors ?? {}).flatMap(([id, { addresses = {} }]) =>
    Object.values(addresses)
      .filter((address) => address.startsWith('eipalloc-'))
      .map((address) => ({ id, address })),
  )
  if (wanted.length === 0) return []
  const look: Look = async () => {
    const known = await (await opened.network()).addresses([...new Set(wanted.map(({ address }) => address))], signal)
    const lost = wanted.filter(({ address }) => !known.some(({ allocationId }) => allocationId === address))
    if (lost.length > 0) throw lostAddresses(lost)
    return `${count(known.length, 'address', 'addresses')} found`
  }
  return [['EC2: Elastic IPs', look]]
}

const wrongNetworks = (context: string): NyahError =>
  nyahError({
    code: 'CONFIG_NETWORK_MISSING',
    message: `context ${context} has no networks: nyah does not know where mirrors should live`,
    tries: [`add contexts.${context}.networks to the configuration`, 'nyah init'],
    exit: EXIT.configuration,
  })

const wrongSubnets = (name: string, vpcId: string, ids: readonly string[]): NyahError =>
  nyahError({
    code: 'CONFIG_SUBNET_UNKNOWN',
    message: `${ids.join(', ')} of network ${name} ${ids.length === 1 ? 'is' : 'are'} not in ${vpcId}`,
    tries: [`mend networks.${name}.subnets`, `aws ec2 describe-subnets --filters Name=vpc-id,Values=${vpcId}`],
    exit: EXIT.configuration,
  })

const sameZone = (name: string, zone: string, subnets: NetworkFacts['subnets']): NyahError =>
  nyahError({
    code: 'CONFIG_SUBNET_SAME_ZONE',
    message: `${subnets.map(({ id }) => id).join(' and ')} of network ${name} are both in ${zone}: an NLB takes one subnet per zone`,
    tries: [`leave one of them in networks.${name}.subnets`],
    exit: EXIT.configuration,
  })

const noAddresses = (name: string, ids: readonly string[]): NyahError =>
  nyahError({
    code: 'CONFIG_SUBNET_FULL',
    message: `${ids.join(', ')} of network ${name} ${ids.length === 1 ? 'has' : 'have'} no free address: no NLB can be made there`,
    tries: ['free some addresses', `name another subnet in networks.${name}.subnets`],
    exit: EXIT.configuration,
  })

const lostAddresses = (lost: readonly { readonly id: string; readonly address: string }[]): NyahError =>
  nyahError({
    code: 'CONFIG_ADDRESS_UNKNOWN',
    message: `there is no Elastic IP ${lost.map(({ id, address }) => `${address} (mirror of ${id})`).join(', ')} in this account and Region`,
    tries: ['mend mirrors.<uuid>.addresses', 'aws ec2 describe-addresses'],
    exit: EXIT.configuration,
  })
