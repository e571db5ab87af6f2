import type { Scene } from '../../../src/lib/engine/operation.ts'
import { TAG, type LbSettings, type Placement } from '../../../src/lib/lb/model.ts'
import type { LbPorts } from '../../../src/lib/lb/observe.ts'
import type { DnsReferences, NameReference } from '../../../src/lib/ports/dns.ts'
import type {
  AccountLimits,
  LoadBalancer,
  MirrorKey,
  Tags,
  TargetHealth,
  TargetTallies,
} from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { AT, EMPTY, type ModelWorld } from './model-world.ts'
import { facts, placement } from './sources.ts'

/** Ports that answer from plain data and write down what they were asked, in order. */
export interface Fakes extends LbPorts {
  readonly dns: DnsReferences
  readonly calls: (readonly [call: string, ...arguments_: unknown[]])[]
}

interface Answers {
  readonly sources?: readonly SourceTree[]
  readonly worlds?: Readonly<Record<string, ModelWorld>>
  readonly mirrors?: readonly LoadBalancer[]
  readonly health?: readonly TargetHealth[]
  /** By ARN, instead of `health`. */
  readonly healthOf?: Readonly<Record<string, readonly TargetHealth[]>>
  readonly records?: readonly NameReference[]
  readonly tallies?: TargetTallies
  readonly limits?: AccountLimits
  /** Calls that throw. */
  readonly failing?: Readonly<Record<string, Error>>
}

export const NO_LIMITS: AccountLimits = {
  networkLoadBalancers: null,
  listenersPerLoadBalancer: null,
  targetGroups: null,
  targetsPerLoadBalancer: null,
  targetsPerZone: null,
  targetsPerTargetGroup: null,
  certificatesPerLoadBalancer: null,
  targetGroupsPerAction: null,
  used: { networkLoadBalancers: 0, targetGroups: 0 },
}

const tagsOf = (worlds: readonly ModelWorld[], arn: string): Tags | null =>
  worlds
    .flatMap(({ mirror }) => [
      ...(mirror.loadBalancer === null ? [] : [mirror.loadBalancer]),
      ...mirror.targetGroups,
      ...mirror.listeners,
    ])
    .find((thing) => thing.arn === arn)?.tags ?? null

export function fakePorts(answers: Answers = {}): Fakes {
  const calls: Fakes['calls'] = []
  const does =
    <Answer>(call: string, answer: (...given: never[]) => Answer) =>
    async (...given: unknown[]): Promise<Answer> => {
      calls.push([call, ...given.filter((one) => !(one instanceof AbortSignal))])
      const failure = answers.failing?.[call]
      if (failure !== undefined) throw failure
      return answer(...(given as never[]))
    }
  const nothing = () => undefined
  const { sources = [], worlds = {} } = answers
  const written = new Map<string, Tags>()
  return {
    calls,
    dns: { pointingAt: does('dns.pointingAt', () => answers.records ?? []) },
    source: {
      changes: does('source.changes', () => ({
        at: null,
        loadbalancers: sources.map(({ loadbalancer: { id, updated_at, provisioning_status } }) => ({
          id,
          updated_at,
          provisioning_status,
        })),
      })),
      list: does('source.list', () => sources.map((one) => one.loadbalancer)),
      read: does('source.read', (id: string) => sources.find((one) => one.loadbalancer.id === id) ?? null),
      floatingIp: does('source.floatingIp', () => null),
      check: does('source.check', () => ({
        authUrl: '',
        endpoint: '',
        region: null,
        user: '',
        project: null,
        roles: [],
      })),
    },
    mirrors: {
      list: does('mirrors.list', () => answers.mirrors ?? []),
      read: does('mirrors.read', (keys: readonly MirrorKey[]) =>
        keys.map(({ octaviaId, hash }) => worlds[octaviaId]?.mirror ?? { ...EMPTY.mirror, hash }),
      ),
      limits: does('mirrors.limits', () => answers.limits ?? NO_LIMITS),
      health: does('mirrors.health', () => answers.tallies ?? { targetGroups: 0, byLoadBalancer: new Map() }),
      standings: does('mirrors.standings', () => ({ all: answers.mirrors ?? [], asked: [] })),
      tags: does('mirrors.tags', (arn: string) => {
        const tags = tagsOf(Object.values(worlds), arn)
        return tags === null ? null : { ...tags, ...written.get(arn) }
      }),
      tag: does('mirrors.tag', (arn: string, set: Tags) => {
        written.set(arn, { ...written.get(arn), ...set })
      }),
      targetHealth: does('mirrors.targetHealth', (arn: string) => answers.healthOf?.[arn] ?? answers.health ?? []),
      createTargetGroup: does('mirrors.createTargetGroup', () => ({ arn: 'arn:tg' })),
      modifyTargetGroup: does('mirrors.modifyTargetGroup', nothing),
      registerTargets: does('mirrors.registerTargets', nothing),
      deregisterTargets: does('mirrors.deregisterTargets', nothing),
      deleteTargetGroup: does('mirrors.deleteTargetGroup', nothing),
      createLoadBalancer: does('mirrors.createLoadBalancer', () => ({
        arn: 'arn:lb',
        dnsName: 'lb.example.com',
        hostedZoneId: 'Z1',
      })),
      modifyLoadBalancer: does('mirrors.modifyLoadBalancer', nothing),
      deleteLoadBalancer: does('mirrors.deleteLoadBalancer', nothing),
      createListener: does('mirrors.createListener', () => ({ arn: 'arn:listener' })),
      modifyListener: does('mirrors.modifyListener', nothing),
      deleteListener: does('mirrors.deleteListener', nothing),
      check: does('mirrors.check', () => ({ account: '', arn: '', region: '', endpointUrl: null })),
    },
    network: {
      facts: does('network.facts', (vpcId: string) => facts({ vpcId })),
      addresses: does('network.addresses', () => []),
      securityGroups: does('network.securityGroups', (vpcId: string, names: readonly string[]) =>
        Object.values(worlds).flatMap(({ securityGroup: group }) =>
          group !== null && group.vpcId === vpcId && names.includes(group.name) ? [group] : [],
        ),
      ),
      securityGroupsOf: does('network.securityGroupsOf', (ids: readonly string[]) =>
        Object.values(worlds).flatMap(({ securityGroup: group }) =>
          group !== null && ids.includes(group.tags[TAG.octaviaId] ?? '') ? [group] : [],
        ),
      ),
      tags: does(
        'network.tags',
        (id: string) =>
          Object.values(worlds).find(({ securityGroup: one }) => one?.id === id)?.securityGroup?.tags ?? null,
      ),
      createSecurityGroup: does('network.createSecurityGroup', () => ({ id: 'sg-1' })),
      modifySecurityGroup: does('network.modifySecurityGroup', nothing),
      deleteSecurityGroup: does('network.deleteSecurityGroup', nothing),
    },
  }
}

export const settings = (of: (id: string) => Partial<Placement> = () => ({})): LbSettings => ({
  placementFor: (id) => placement(of(id)),
})

export const scene = (signal: AbortSignal = new AbortController().signal): Scene => ({
  clock: { now: () => AT, sleep: () => Promise.resolve() },
  signal,
  emit: () => undefined,
})
