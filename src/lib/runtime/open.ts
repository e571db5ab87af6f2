import { join, resolve } from 'node:path'
import type { Loaded } from '../config/load.ts'
import type { ContextConfig } from '../config/schema.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { LbSettings, Placement } from '../lb/model.ts'
import type { LbPorts } from '../lb/observe.ts'
import type { Clock } from '../ports/clock.ts'
import type { Conditions } from '../ports/conditions.ts'
import type { Dns, DnsReferences } from '../ports/dns.ts'
import type { HealthChecks } from '../ports/health-checks.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Mirrors } from '../ports/mirrors.ts'
import type { Network } from '../ports/network.ts'
import type { Permissions } from '../ports/permissions.ts'
import type { Retry } from '../ports/retry.ts'
import type { SwitchObjects } from '../ports/switch.ts'
import type { LoadBalancerSource } from '../ports/source.ts'
import { escapeText } from '../render/escape.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { once } from './once.ts'

/** One chosen context with its adapters, each loaded when it is first asked for. */
export interface Opened {
  readonly name: string
  /** Null with --sandbox: no file is read then. */
  readonly loaded: Loaded | null
  readonly context: ContextConfig
  readonly sandbox: 'running' | 'in this process' | null
  source(): Promise<LoadBalancerSource>
  mirrors(): Promise<Mirrors>
  network(): Promise<Network>
  dns(): Promise<DnsReferences>
  names(): Promise<Dns>
  checks(): Promise<HealthChecks>
  /** What a rehearsal is given up on; each kind's adapter loads with the first of that kind. */
  conditions(): Promise<Conditions>
  /** The data-plane switch in S3. */
  switches(): Promise<SwitchObjects>
  resolver(): Promise<Resolver>
  permissions(): Promise<Permissions>
  /** Of AWS, twelve digits. Only STS is asked. */
  account(signal: AbortSignal): Promise<string>
  /** Where the card of this context is, or the one that was named. */
  readonly card: CardPlace
  close(): Promise<void>
}

/** Where a command's card is, and whether it is to be used. */
export interface CardPlace {
  readonly path: string
  /** `--card FILE` */
  readonly given: boolean
  /** False: `--no-card`. */
  readonly used: boolean
}

/** What decides which context is opened, and with which card. */
export interface OpenFlags extends Pick<SharedFlags, 'context' | 'config' | 'sandbox'> {
  readonly card?: string | undefined
  readonly 'no-card'?: boolean
}

export interface Tools {
  readonly clock: Clock
  readonly retry: Retry
  /** Longest one call to a remote may take: no longer than the whole command, in milliseconds. */
  readonly callMs: number
}

/**
 * Opens the context that flags, environment and configuration name. Never falls back to the sandbox: it is
 * `--sandbox`, or a context that says so.
 */
export async function openContext(io: Io, flags: OpenFlags, tools: Tools): Promise<Opened> {
  if (flags.sandbox) return openSandbox(io, flags, null, tools)
  const { loadConfig } = await import('../config/load.ts')
  const loaded = await loadConfig({
    file: flags.config ?? null,
    context: flags.context ?? null,
    cwd: io.cwd,
    env: io.env,
  })
  if (loaded.context.sandbox === true) return openSandbox(io, flags, loaded, tools)
  return {
    name: loaded.contextName,
    loaded,
    context: loaded.context,
    sandbox: null,
    ...adapters(io, io.env, loaded.context, tools),
    card: cardFor(io, flags, loaded.contextName),
    close: async () => {},
  }
}

async function openSandbox(io: Io, flags: OpenFlags, loaded: Loaded | null, tools: Tools): Promise<Opened> {
  const { joinSandbox } = await import('./sandbox.ts')
  const sandbox = await joinSandbox(io, tools.clock)
  // Networks of the file win, so that a context can be rehearsed; clouds and credentials are always the sandbox's.
  const networks = loaded?.context.networks ?? sandbox.networks
  const context: ContextConfig = { ...loaded?.context, networks }
  const name = loaded?.contextName ?? 'sandbox'
  const nameServer = sandbox.env['NYAH_SANDBOX_DNS']
  const prometheus = sandbox.env['NYAH_SANDBOX_PROMETHEUS']
  const reached = {
    ...(nameServer === undefined ? {} : { dns: { resolver: nameServer } }),
    ...(prometheus === undefined ? {} : { gates: { prometheus } }),
  }
  return {
    name,
    loaded,
    context,
    sandbox: sandbox.where,
    ...adapters(io, sandbox.env, { networks, ...reached }, tools),
    card: cardFor(io, flags, name),
    close: sandbox.close,
  }
}

function cardFor({ stateDir, cwd }: Io, { card, 'no-card': unused = false }: OpenFlags, context: string): CardPlace {
  const path = card === undefined ? join(stateDir, 'cards', `${encodeURIComponent(context)}.json`) : resolve(cwd, card)
  return { path, given: card !== undefined, used: !unused }
}

function adapters(
  io: Io,
  env: Readonly<Record<string, string | undefined>>,
  context: ContextConfig,
  { clock, retry, callMs }: Tools,
): Omit<Opened, 'name' | 'loaded' | 'context' | 'sandbox' | 'card' | 'close'> {
  const session = once(async () => {
    const { createSession } = await import('../adapters/aws/session.ts')
    return createSession({ ...context.aws, env, callMs }, clock, {
      chain: () => import('../adapters/aws/credentials.sdk.ts'),
      sts: () => import('../adapters/aws/sts.sdk.ts'),
    })
  })
  const checks = once(async () => {
    const [{ createHealthChecks }, made] = await Promise.all([import('../adapters/aws/health-checks.ts'), session()])
    return createHealthChecks({ session: made, clock, retry })
  })
  return {
    source: once(async () => {
      const [{ loadCloud }, { createOctaviaSource }] = await Promise.all([
        import('../adapters/octavia/clouds.ts'),
        import('../adapters/octavia/source.ts'),
      ])
      const cloud = loadCloud({ cloud: context.octavia?.cloud ?? null, env, homedir: io.home, cwd: io.cwd })
      // What the operator should know of the way there (no TLS, unverified): each time, whatever the output is.
      for (const { code, message } of cloud.notes) io.err(`${code}  ${escapeText(message)}\n`)
      return createOctaviaSource({ cloud, clock, retry, callMs })
    }),
    mirrors: once(async () => {
      const [{ createMirrors }, made] = await Promise.all([import('../adapters/aws/mirrors.ts'), session()])
      return createMirrors({ session: made, clock, retry })
    }),
    network: once(async () => {
      const [{ createNetwork }, made] = await Promise.all([import('../adapters/aws/network.ts'), session()])
      return createNetwork({ session: made, clock, retry })
    }),
    dns: once(async () => {
      const [{ createDns }, made] = await Promise.all([import('../adapters/aws/dns.ts'), session()])
      return createDns({ session: made, clock, retry })
    }),
    names: once(async () => {
      const [{ createRecordSets }, made] = await Promise.all([import('../adapters/aws/record-sets.ts'), session()])
      return createRecordSets({ session: made, clock, retry })
    }),
    checks,
    conditions: once(async () => {
      const { createConditions } = await import('./conditions.ts')
      const deps = async () => ({ session: await session(), clock, retry })
      return createConditions({
        checks,
        alarms: async () => (await import('../adapters/aws/alarms.ts')).createAlarms(await deps()),
        prometheus: async (url) =>
          (await import('../adapters/metrics/prometheus.ts')).createPrometheus({ url, clock, retry, callMs }),
        url: context.gates?.prometheus ?? null,
      })
    }),
    switches: once(async () => {
      const [{ createSwitch }, made] = await Promise.all([import('../adapters/aws/switch.ts'), session()])
      return createSwitch({ session: made, clock, retry })
    }),
    resolver: once(async () => {
      const { createResolver } = await import('../adapters/host/resolver.ts')
      return createResolver(context.dns?.resolver ?? null)
    }),
    account: async (signal) => (await (await session()).identity(signal)).account,
    permissions: once(async () => {
      const [{ createPermissions }, made] = await Promise.all([import('../adapters/aws/permissions.ts'), session()])
      return createPermissions({ session: made, clock, retry })
    }),
  }
}

/** What the `lb` operations act through; the three adapters load at once. */
export async function lbPorts(opened: Opened): Promise<LbPorts> {
  const [source, mirrors, network] = await Promise.all([opened.source(), opened.mirrors(), opened.network()])
  return { source, mirrors, network }
}

/** Where each mirror of this context belongs: its own `network`, else the first of the context. */
export function lbSettings(opened: Opened): LbSettings {
  const networks = Object.entries(opened.context.networks ?? {})
  const own = opened.context.mirrors ?? {}
  return {
    particular: Object.keys(own),
    placementFor: (id): Placement => {
      const wanted = own[id]?.network
      const [name, network] = networks.find(([each]) => each === wanted || wanted === undefined) ?? []
      if (name === undefined || network === undefined)
        throw noNetwork(
          opened.name,
          wanted,
          networks.map(([each]) => each),
        )
      const { vpcId, scheme, subnets, routableCidrs } = network
      const { addresses = {}, weights } = own[id] ?? {}
      return {
        name,
        vpcId,
        scheme,
        subnets,
        routableCidrs: routableCidrs ?? null,
        addresses,
        certificates: opened.context.certificates ?? {},
        ...(weights === undefined ? {} : { weights }),
      }
    },
  }
}

const noNetwork = (context: string, wanted: string | undefined, names: readonly string[]): Error =>
  nyahError({
    code: 'CONFIG_NETWORK_MISSING',
    message:
      wanted === undefined
        ? `context ${context} has no networks: nyah does not know where mirrors should live`
        : `context ${context} has no network ${wanted}; it has ${names.join(', ') || 'none'}`,
    exit: EXIT.configuration,
    tries: [`add contexts.${context}.networks to the configuration`, 'nyah init', 'nyah config explain'],
  })
