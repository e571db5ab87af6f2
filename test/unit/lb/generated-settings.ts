import * as fc from 'fast-check'
import { ASKED_NOTHING, type Asked, type Placement } from '../../../src/lib/lb/model.ts'
import type { AccountLimits } from '../../../src/lib/ports/mirrors.ts'
import type { ElasticAddress, NetworkFacts } from '../../../src/lib/ports/network.ts'
import { REFS } from './generated-odd.ts'
import { facts, placement } from './sources.ts'

/** All that decides a mirror besides its source: where it goes, what was asked for, what the account may have. */
export interface Settings {
  readonly placement: Placement
  readonly network: NetworkFacts
  readonly elasticAddresses: readonly ElasticAddress[]
  readonly limits: AccountLimits | null
  readonly asked: Asked
  /** Hosts (the last number of their address) of which the NLB says that they are ill. */
  readonly ill: readonly number[]
}

const CERTIFICATES = Object.fromEntries(
  REFS.slice(0, 3).map((ref, at) => [at === 0 ? ref : ref.split('/').at(-1), `arn:aws:acm:certificate/${at}`]),
)

const ELASTIC: readonly ElasticAddress[] = [
  { allocationId: 'eipalloc-a', publicIp: '203.0.113.1', inUse: false },
  { allocationId: 'eipalloc-c', publicIp: '203.0.113.2', inUse: false },
]

const V6 = { 'subnet-a': 'fd00:ec2::/65', 'subnet-c': 'fd00:ec2:0:0:8000::/65' } as const

const dual: NetworkFacts = facts({
  vpcCidrs: ['172.31.0.0/16', 'fd00:ec2::/64'],
  subnets: facts().subnets.map((subnet) => ({ ...subnet, ipv6Cidr: V6[subnet.id as keyof typeof V6] })),
})

const internal: fc.Arbitrary<Pick<Settings, 'placement' | 'network' | 'elasticAddresses'>> = fc
  .record({
    routableCidrs: fc.constantFrom(null, null, ['10.0.0.0/8', '100.64.0.0/10', '192.168.0.0/16'], ['10.0.0.0/8']),
    addresses: fc.constantFrom({}, {}, { 'subnet-a': '172.31.0.9' }),
    certificates: fc.constantFrom(CERTIFICATES, CERTIFICATES, {}),
    weights: fc.constantFrom(undefined, undefined, 'equal' as const, 'target-groups' as const),
  })
  .map(({ weights, ...over }) => ({
    placement: placement({ ...over, ...(weights === undefined ? {} : { weights }) }),
    network: facts(),
    elasticAddresses: [],
  }))

const facing: fc.Arbitrary<Pick<Settings, 'placement' | 'network' | 'elasticAddresses'>> = fc
  .record({
    addresses: fc.constantFrom({}, { 'subnet-a': 'eipalloc-a', 'subnet-c': 'eipalloc-c' }),
    network: fc.constantFrom(facts(), dual, dual),
  })
  .map(({ addresses, network }) => ({
    placement: placement({ name: 'public', scheme: 'internet-facing', addresses, certificates: CERTIFICATES }),
    network,
    elasticAddresses: ELASTIC.filter(({ allocationId }) => Object.values<string>(addresses).includes(allocationId)),
  }))

const NO_LIMITS: AccountLimits = {
  networkLoadBalancers: 50,
  listenersPerLoadBalancer: 50,
  targetGroups: 3_000,
  targetsPerLoadBalancer: 3_000,
  targetsPerZone: 500,
  targetsPerTargetGroup: 1_000,
  certificatesPerLoadBalancer: 25,
  targetGroupsPerAction: 5,
  used: { networkLoadBalancers: 3, targetGroups: 9 },
}

export const someSettings: fc.Arbitrary<Settings> = fc
  .record({
    place: fc.oneof({ weight: 2, arbitrary: internal }, { weight: 1, arbitrary: facing }),
    limits: fc.constantFrom(
      null,
      NO_LIMITS,
      NO_LIMITS,
      { ...NO_LIMITS, targetGroupsPerAction: 1 },
      { ...NO_LIMITS, targetGroupsPerAction: 2 },
      { ...NO_LIMITS, listenersPerLoadBalancer: 2, certificatesPerLoadBalancer: null },
    ),
    asked: fc.record({
      weights: fc.constantFrom(null, null, 'equal' as const, 'target-groups' as const, 'target-groups' as const),
      strict: fc.constantFrom(false, false, false, true),
      adopt: fc.constantFrom(false, false, false, true),
    }),
    ill: fc.constantFrom([], [], [], [3], [1, 2, 3], [1, 2, 3, 4, 5, 6, 9, 15]),
  })
  .map(({ place, limits, asked, ill }) => ({ ...place, limits, asked: { ...ASKED_NOTHING, ...asked }, ill }))
