import type { Scene } from '../../../src/lib/engine/operation.ts'
import type { LbSettings, Placement } from '../../../src/lib/lb/model.ts'
import type { LbPorts } from '../../../src/lib/lb/observe.ts'
import { hashOf, securityGroupName } from '../../../src/lib/lb/names.ts'
import type { LoadBalancer, TargetHealth } from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { EMPTY, type ModelWorld } from './model-world.ts'
import { facts, placement } from './sources.ts'

/** Ports that answer from plain data and write down what they were asked, in order. */
export interface Fakes extends LbPorts {
  readonly calls: (readonly [call: string, ...arguments_: unknown[]])[]
}

interface Answers {
  readonly sources?: readonly SourceTree[]
  readonly worlds?: Readonly<Record<string, ModelWorld>>
  readonly mirrors?: readonly LoadBalancer[]
  readonly health?: readonly TargetHealth[]
  /** Calls that throw. */
  readonly failing?: Readonly<Record<string, Error>>
}

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
  const world = (id: string): ModelWorld => worlds[id] ?? EMPTY
  const idOf = (known: (id: string) => string, key: string): string =>
    Object.keys(worlds).find((id) => known(id) === key) ?? ''
  return {
    calls,
    source: {
      list: does('source.list', () => sources.map((one) => one.loadbalancer)),
      read: does('source.read', (id: string) => sources.find((one) => one.loadbalancer.id === id) ?? null),
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
      read: does('mirrors.read', (hashes: readonly string[]) => hashes.map((hash) => world(idOf(hashOf, hash)).mirror)),
      targetHealth: does('mirrors.targetHealth', () => answers.health ?? []),
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
        names.flatMap((name) => {
          const group = world(idOf(securityGroupName, name)).securityGroup
          return group === null || group.vpcId !== vpcId ? [] : [group]
        }),
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
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  signal,
  emit: () => undefined,
})
