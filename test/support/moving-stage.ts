import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// Loaded before time begins to move: virtual time does not wait for that.
import '../../src/lib/adapters/aws/mirrors.ts'
import '../../src/lib/adapters/aws/network.ts'
import '../../src/lib/adapters/aws/session.ts'
import '../../src/lib/adapters/octavia/clouds.ts'
import '../../src/lib/adapters/octavia/source.ts'
import '../../src/lib/lb/operation.ts'
import '../../src/lib/runtime/sandbox.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import { hashOf } from '../../src/lib/lb/names.ts'
import type { AwsState, TargetGroupState } from '../../src/lib/sandbox/aws/state.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/server.ts'
import type { SandboxState } from '../../src/lib/sandbox/services.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { awsPicture } from './aws-picture.ts'
import { type VirtualClock, virtualClock } from './clock.ts'
import { type LbRun, type LbRunSettings, runLb } from './lb-run.ts'
import { type Meddle, movingProxy, type MovingProxy } from './moving.ts'
import { type OpenStack, sandboxOpenStack } from './openstack.ts'
import { memoryStore } from './toy-run.ts'

/** What writes: the start of its name says so. */
export const WRITES = /^(Create|Modify|Delete|Register|Deregister|Set|Add|Remove|Authorize|Revoke)/

/** Twenty proxies behind one listener: a group with a budget. */
export const CROWD = 'c20bd000-0000-4000-8000-000000000001'
export const TLS_INSIDE = 'f1e1d000-0000-4000-8000-000000000003'
export const WEIGHTED = 'f1e1d000-0000-4000-8000-000000000009'
/** Mirrored before anything happens; whatever happens to others, its mirror stays as it is. */
const BYSTANDER = 'f1e1d000-0000-4000-8000-000000000004'
const CERTIFICATE = 'arn:aws:acm:ap-northeast-1:123456789012:certificate/c0c00000-0000-4000-8000-000000000001'

/** In the account too, and no listener's. */
export const OTHER_CERTIFICATE = CERTIFICATE.replace(/1$/, '2')

/** `10.20.4.<host>:8443`, one of the crowd. */
export const crowdMember = (host: number) => ({ address: `10.20.4.${host}`, protocol_port: 8443 })
export const hosts = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_none, at) => from + at)

/** One nyah: its own state directory, its own way to both clouds. */
export interface Machine {
  /** Replaced by a test: what happens to this machine's requests. */
  meddle: { octavia: Meddle; aws: Meddle }
  /** Writes that reached AWS. */
  readonly writes: string[]
  run(operation: string, args: JsonObject, more?: Partial<LbRunSettings>): Promise<LbRun>
  /** As if killed: no request of it gets anywhere any more. */
  die(): void
}

/** Both clouds at one moment. */
export type Kept = SandboxState

export interface MovingStage {
  readonly clock: VirtualClock
  readonly sandbox: Sandbox
  readonly octavia: OpenStack
  /** @param sees where it asks OpenStack; absent: `sandbox` */
  machine(sees?: Sandbox): Promise<Machine>
  /** Another Octavia with the same ids, for a machine that sees something else. */
  elsewhere(): Promise<Sandbox>
  state(): SandboxState
  /** Both clouds become what they were; time goes on. */
  restore(kept: Kept): void
  /** Octavia alone becomes what it was at that moment. */
  octaviaOf(kept: Kept): void
  /** Somebody's hand: an ELBv2 or EC2 action by its name and form fields. Fails when AWS refuses. */
  hand(action: string, fields: Readonly<Record<string, string>>): Promise<void>
  /** All in the account that is of this load balancer's mirror: its names say so, whatever became of its tags. */
  ours(id: string): Ours
  /** All in the account that is not of this load balancer's mirror, as text. */
  others(id: string): string
  picture(): Promise<unknown>
  /** Looks at this mirror at each request of any machine from now on, and at no other. */
  lookAfter(id: string): Care
  close(): Promise<void>
}

export interface Ours {
  readonly loadBalancer: AwsState['loadBalancers'][string] | undefined
  readonly listeners: readonly AwsState['listeners'][string][]
  readonly targetGroups: readonly TargetGroupState[]
  readonly securityGroups: readonly AwsState['securityGroups'][string][]
}

export interface Care {
  /** The fewest healthy targets that a listener sent to. Infinity: no listener was ever seen. */
  readonly lowest: number
}

/** Two clouds that a test moves while any number of nyahs work on them, all on one virtual clock. */
export async function movingStage(): Promise<MovingStage> {
  const clock = virtualClock({ start: Date.UTC(2026, 10, 23) })
  const base = loadWorld('fields')
  const fields = base.openstack['loadbalancers'] as readonly JsonObject[]
  const loadbalancers = [...fields.filter(({ id }) => [TLS_INSIDE, WEIGHTED, BYSTANDER].includes(String(id))), crowd]
  const world = {
    ...base,
    openstack: { ...base.openstack, loadbalancers },
    aws: { ...base.aws, certificates: [CERTIFICATE, OTHER_CERTIFICATE] },
  }
  // Octavia's token of the test itself is to last as long as the test.
  const sandbox = await startSandbox({ world, clock, token: { lifetimeSeconds: 100_000_000 } })
  const directories: string[] = []
  const doors: MovingProxy[] = []
  const others: Sandbox[] = []
  const cares: { readonly id: string; lowest: number }[] = []

  const state = (): SandboxState => {
    let now: SandboxState | null = null
    sandbox.change((one) => (now = one))
    return now ?? fail('the sandbox has no state')
  }
  const ours = (id: string): Ours => {
    const { aws } = state()
    const hash = hashOf(id)
    const loadBalancer = Object.values(aws.loadBalancers).find(({ name }) => name.endsWith(`-${hash}`))
    return {
      loadBalancer,
      listeners: Object.values(aws.listeners).filter(({ loadBalancerArn }) => loadBalancerArn === loadBalancer?.arn),
      targetGroups: Object.values(aws.targetGroups).filter(({ name }) => name.includes(`-${hash}-`)),
      securityGroups: Object.values(aws.securityGroups).filter(({ name }) => name === `nyah-${hash}`),
    }
  }
  const look = (): void => {
    for (const care of cares) {
      const { listeners, targetGroups, loadBalancer } = ours(care.id)
      const activeSince = loadBalancer?.createdAt ?? 0
      const healthy = ({ targets, inUseSince, healthCheck }: TargetGroupState): readonly string[] => {
        const after = healthCheck.intervalSeconds * healthCheck.healthyThreshold * 1000
        return targets.flatMap(({ id, port, registeredAt, drainsUntil }) => {
          const since = Math.max(registeredAt, inUseSince ?? Infinity, activeSince)
          return drainsUntil === null && clock.now() >= since + after ? [`${id}:${port}`] : []
        })
      }
      for (const { targetGroups: forward } of listeners) {
        const carrying = targetGroups.filter(({ arn }) =>
          forward.some((one) => one.arn === arn && (forward.length === 1 || (one.weight ?? 1) > 0)),
        )
        const serving = new Set(carrying.flatMap(healthy))
        care.lowest = Math.min(care.lowest, serving.size)
      }
    }
  }

  const machine = async (sees: Sandbox = sandbox): Promise<Machine> => {
    const stateDir = mkdtempSync(join(tmpdir(), 'nyah-moving-'))
    directories.push(stateDir)
    let dead = false
    const made: Machine = {
      meddle: { octavia: () => undefined, aws: () => undefined },
      writes: [],
      die: () => void (dead = true),
      run: (operation, args, more = {}) =>
        runLb({ clock, store, stateDir, config, operation, arguments: args, ...more }),
    }
    const store = memoryStore()
    const config = join(stateDir, 'nyah.yaml')
    const passes: Meddle = async (passing) => {
      const [, service = '', path = ''] = /^\/([^/]*)(.*)$/.exec(passing.path) ?? []
      if (dead) return 'cut'
      if (service === 'identity') return undefined
      const meddling = await (service === 'aws' ? made.meddle.aws : made.meddle.octavia)({ ...passing, path })
      look()
      if (dead) return 'cut'
      if (meddling !== 'cut' && WRITES.test(passing.action)) made.writes.push(passing.action)
      return meddling
    }
    const toAws = await movingProxy(sandbox.url, passes)
    const toOpenStack = await movingProxy(sees.url, passes)
    doors.push(toAws, toOpenStack)
    const env = Object.fromEntries(
      Object.entries(sandbox.env).map(([key, value]) => [
        key,
        value.replace(sandbox.url, (key.startsWith('AWS') ? toAws : toOpenStack).url),
      ]),
    )
    writeFileSync(
      join(stateDir, 'sandbox.json'),
      JSON.stringify({
        url: toAws.url,
        pid: process.pid,
        // Keystone's catalogue names the sandbox itself.
        env: { ...env, OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: `${toOpenStack.url}/load-balancer` },
        networks: world.networks,
      }),
    )
    const here = {
      sandbox: true,
      networks: world.networks,
      certificates: { 'c0c00000-0000-4000-8000-000000000001': CERTIFICATE },
    }
    writeFileSync(config, JSON.stringify({ contexts: { here } }))
    return made
  }

  const octavia = await sandboxOpenStack(sandbox, (ms) => clock.sleep(ms))
  const first = await machine()
  await first.run('lb.mirror', { ids: [BYSTANDER], wait: false })

  return {
    clock,
    sandbox,
    octavia,
    machine,
    elsewhere: async () => {
      const other = await startSandbox({ world, clock })
      others.push(other)
      return other
    },
    state,
    ours,
    restore: (kept) => sandbox.change(() => kept),
    octaviaOf: (kept) =>
      sandbox.change((now) => ({ ...now, openstack: { ...now.openstack, octavia: kept.openstack.octavia } })),
    hand: (action, given) => byHand(sandbox.env['AWS_ENDPOINT_URL'] ?? '', action, given),
    others: (id) => {
      const { aws } = state()
      const mine = ours(id)
      const own = new Set([
        ...[mine.loadBalancer, ...mine.listeners, ...mine.targetGroups].map((one) => one?.arn),
        ...mine.securityGroups.map((one) => one.id),
      ])
      return JSON.stringify(
        [aws.loadBalancers, aws.listeners, aws.targetGroups, aws.securityGroups, aws.ec2Tags].map((part) =>
          Object.entries(part)
            .filter(([key]) => !own.has(key))
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ),
        // Since when somebody's listener sends to it is no setting of its own.
        (key, value: unknown) => (key === 'inUseSince' ? undefined : value),
      )
    },
    picture: () => awsPicture(sandbox.url),
    lookAfter: (id) => {
      const care = { id, lowest: Infinity }
      cares.splice(0, cares.length, care)
      return care
    },
    close: async () => {
      for (const door of doors) await door.close()
      for (const one of [sandbox, ...others]) await one.close()
      for (const directory of directories) rmSync(directory, { recursive: true, force: true })
    },
  }
}

function fail(why: string): never {
  throw new Error(why)
}

const crowd: JsonObject = {
  id: CROWD,
  project: 'shop',
  name: 'crowd',
  created_at: '2026-04-20T01:00:00',
  updated_at: '2026-04-20T01:00:00',
  vip_address: '203.0.113.150',
  vip_subnet_id: '00000000-0000-4000-8000-0000000020aa',
  listeners: [
    {
      name: 'tcp',
      protocol: 'TCP',
      protocol_port: 443,
      default_pool: {
        name: 'crowd-tcp',
        protocol: 'TCP',
        lb_algorithm: 'ROUND_ROBIN',
        members: hosts(1, 20).map((host) => ({ name: `proxy-${host}`, ...crowdMember(host) })),
        healthmonitor: { type: 'TCP', delay: 10, timeout: 5, max_retries: 3 },
      },
    },
  ],
}

/** One signed-looking request; the sandbox knows no secrets. */
async function byHand(endpoint: string, action: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const service =
    /SecurityGroup|Tags$/.test(action) && !('ResourceArns.member.1' in fields) ? 'ec2' : 'elasticloadbalancing'
  const version = service === 'ec2' ? '2016-11-15' : '2015-12-01'
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIAHAND/20261123/ap-northeast-1/${service}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    },
    body: new URLSearchParams({ Action: action, Version: version, ...fields }).toString(),
  })
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`)
}
