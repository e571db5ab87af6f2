import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { createAlarms } from '../../../src/lib/adapters/aws/alarms.ts'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createDns } from '../../../src/lib/adapters/aws/dns.ts'
import { createMirrors } from '../../../src/lib/adapters/aws/mirrors.ts'
import { createNetwork } from '../../../src/lib/adapters/aws/network.ts'
import { createPermissions } from '../../../src/lib/adapters/aws/permissions.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { isNyahError, type NyahError } from '../../../src/lib/core/errors.ts'
import type { Clock } from '../../../src/lib/ports/clock.ts'
import type { Judge } from '../../../src/lib/ports/conditions.ts'
import type { DnsReferences } from '../../../src/lib/ports/dns.ts'
import type { ListenerSpec, LoadBalancerSpec, Mirrors, TargetGroupSpec } from '../../../src/lib/ports/mirrors.ts'
import type { Network, SecurityGroupSpec } from '../../../src/lib/ports/network.ts'
import type { Permissions } from '../../../src/lib/ports/permissions.ts'
import type { Retry } from '../../../src/lib/ports/retry.ts'
import type { VirtualClock } from '../../support/clock.ts'
import { type FaultProxy, faultProxy } from '../../support/faults.ts'

/** One AWS endpoint to hold the adapter against. */
export interface AwsBench {
  readonly url: string
  readonly region: string
  readonly vpcId: string
  /** Two of that VPC, in different zones. */
  readonly subnets: readonly [string, string]
  /** ARNs of three certificates that are there. */
  readonly certificates: readonly [string, string, string]
  /** A hosted zone for tests: its id, and its name with the trailing dot. */
  readonly zone: { readonly id: string; readonly name: string }
  /** Shared with a sandbox, so that its health checks and drains take place. */
  readonly clock: VirtualClock
  /** 4 hex digits that nobody else uses there just now. */
  readonly stamp: string
  /** Puts an alarm of a metric there, in this state. */
  alarm(name: string, state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'): Promise<void>
  close(): Promise<void>
}

/** The adapter in front of a bench, with a fault proxy between them. Filled before the first test. */
export interface Stage {
  bench: AwsBench
  proxy: FaultProxy
  mirrors: Mirrors
  network: Network
  dns: DnsReferences
  permissions: Permissions
  alarms: Judge<'alarm'>
  scene(): Scene
  /** Repeats a step while what it deletes is in use. */
  patiently(step: () => Promise<void>): Promise<void>
}

type Scene = ReturnType<typeof sceneOf>

const retryOn =
  (clock: Clock): Retry =>
  async (_what, call, signal) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call()
      } catch (error) {
        if (!isNyahError(error) || !error.retryable || attempt === 5) throw error
        await clock.sleep(200 * attempt, signal)
      }
    }
  }

export function awsStage(open: () => Promise<AwsBench>): Stage {
  let serial = 0
  // What a test makes goes away again: the real server is shared.
  const undo: (() => Promise<void>)[] = []
  const patiently = async (step: () => Promise<void>): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await step()
      } catch (error) {
        if (!isNyahError(error) || error.code !== 'AWS_IN_USE' || attempt === 40) throw error
        await stage.bench.clock.sleep(10_000)
      }
    }
  }
  const stage = { patiently, scene: () => sceneOf(stage, ++serial, undo) } as Stage

  beforeAll(async () => {
    const bench = await open()
    const proxy = await faultProxy(bench.url)
    const { clock } = bench
    const env = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret', HOME: '/nonexistent' }
    const session = createSession({ region: bench.region, endpointUrl: proxy.url, env }, clock, {
      chain: () => Promise.resolve(chain),
      sts: () => Promise.resolve(sts),
    })
    const deps = { session, clock, retry: retryOn(clock) }
    Object.assign(stage, { bench, proxy, mirrors: createMirrors(deps), network: createNetwork(deps) })
    Object.assign(stage, { dns: createDns(deps), permissions: createPermissions(deps), alarms: createAlarms(deps) })
  })
  afterEach(async () => {
    const unused = stage.proxy.unused()
    stage.proxy.reset()
    for (const step of undo.splice(0).reverse()) await patiently(step)
    expect(unused).toEqual([])
  })
  afterAll(async () => {
    await stage.proxy.close()
    await stage.bench.close()
  })
  return stage
}

/** One mirror's names and tags, and how to make its parts; each test has its own. */
function sceneOf({ bench, mirrors, network }: Stage, serial: number, undo: (() => Promise<void>)[]) {
  const hash = `${bench.stamp}${serial.toString(16).padStart(4, '0')}`
  const tags = {
    'nyah:managed': 'true',
    'nyah:octavia-id': `5f0c7c1e-0000-4000-8000-0000${hash}`,
    'nyah:schema': '1',
  }
  const securityGroup = (): SecurityGroupSpec => ({
    name: `nyah-shop-${hash}`,
    description: `nyah mirror of shop (${hash})`,
    vpcId: bench.vpcId,
    ingress: [
      { protocol: 'tcp', port: 443, cidr: '10.0.0.0/8' },
      { protocol: 'tcp', port: 443, cidr: '192.168.0.0/16' },
    ],
    tags: { ...tags, 'nyah:role': 'security-group' },
  })
  const targetGroup = (port = 443): TargetGroupSpec => ({
    name: `nyah-shop-${hash}-${port}`,
    protocol: 'TCP',
    port,
    vpcId: bench.vpcId,
    ipAddressType: 'ipv4',
    healthCheck: {
      protocol: 'TCP',
      port: 'traffic-port',
      intervalSeconds: 10,
      timeoutSeconds: 5,
      healthyThreshold: 3,
      unhealthyThreshold: 3,
    },
    attributes: { 'preserve_client_ip.enabled': 'false', 'deregistration_delay.timeout_seconds': '30' },
    tags: { ...tags, 'nyah:role': 'target-group', 'nyah:port': String(port) },
  })
  const loadBalancer = (securityGroups: readonly string[]): LoadBalancerSpec => ({
    name: `nyah-shop-${hash}`,
    scheme: 'internal',
    subnets: [...bench.subnets].sort(),
    securityGroups,
    ipAddressType: 'ipv4',
    tags: { ...tags, 'nyah:role': 'load-balancer' },
  })
  const listener = (targetGroupArn: string, more: Partial<ListenerSpec> = {}): ListenerSpec => ({
    protocol: 'TCP',
    port: 443,
    forward: [{ targetGroupArn, weight: 1 }],
    certificates: [],
    sslPolicy: null,
    alpnPolicy: null,
    attributes: {},
    tags: { ...tags, 'nyah:role': 'listener' },
    ...more,
  })
  const make = {
    async securityGroup(spec = securityGroup()) {
      const { id } = await network.createSecurityGroup(spec)
      undo.push(() => network.deleteSecurityGroup(id))
      return id
    },
    async targetGroup(spec = targetGroup()) {
      const { arn } = await mirrors.createTargetGroup(spec)
      undo.push(() => mirrors.deleteTargetGroup(arn))
      return arn
    },
    async loadBalancer(spec?: LoadBalancerSpec) {
      const made = await mirrors.createLoadBalancer(spec ?? loadBalancer([await make.securityGroup()]))
      undo.push(() => mirrors.deleteLoadBalancer(made.arn))
      return made
    },
    async listener(balancer: string, targetGroupArn: string, more: Partial<ListenerSpec> = {}) {
      const made = await mirrors.createListener(balancer, listener(targetGroupArn, more))
      undo.push(() => mirrors.deleteListener(made.arn))
      return made.arn
    },
  }
  const key = { octaviaId: tags['nyah:octavia-id'], hash }
  const tree = async () => (await mirrors.read([key]))[0]!
  const stranger = { ...tags, 'nyah:octavia-id': 'somebody-else' }
  return { hash, key, tags, securityGroup, targetGroup, loadBalancer, listener, make, tree, stranger }
}

/** The NyahError with which a promise fails; anything else fails the test. */
export async function failure(promise: Promise<unknown>): Promise<NyahError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!isNyahError(error)) throw new Error(`expected a NyahError, got ${String(error)}`)
  return error
}

/** So many targets of a private cloud behind Direct Connect. */
export const addresses = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    address: `10.20.${Math.floor(at / 250)}.${(at % 250) + 1}`,
    port: 8443,
    availabilityZone: 'all' as const,
  }))
