import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realClock } from '../adapters/host/clock.ts'
import { type ProcessMark, stateOf, thisProcess } from '../adapters/host/process.ts'
import { decodeConfig } from '../config/decode.ts'
import type { NetworkConfig } from '../config/schema.ts'
import { EXIT, type ExitCode, nyahError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Sandbox } from '../sandbox/server.ts'
import type { World } from '../sandbox/world.ts'
import type { Io } from './io.ts'
import { packageRoot } from './package.ts'
import { interruptible } from './signals.ts'

/** What a running sandbox leaves in the state directory for other processes of the same user. */
interface Beacon {
  readonly url: string
  readonly pid: number
  /** Tells it from a later process with the same number. */
  readonly process?: ProcessMark
  readonly env: Readonly<Record<string, string>>
  readonly networks: Readonly<Record<string, NetworkConfig>>
}

export interface JoinedSandbox {
  readonly where: 'running' | 'in this process'
  readonly env: Readonly<Record<string, string>>
  readonly networks: Readonly<Record<string, NetworkConfig>>
  close(): Promise<void>
}

/** A sandbox inside a command is over in seconds: minutes of an NLB's provisioning must pass in fewer. */
const IN_PROCESS_SPEED = 60

const beaconFile = (io: Io): string => join(io.stateDir, 'sandbox.json')

/** The running sandbox of this user, or a new one inside this process (said on stderr: its state ends with it). */
export async function joinSandbox(io: Io, clock: Clock): Promise<JoinedSandbox> {
  const beacon = readBeacon(io)
  if (beacon !== null) return { where: 'running', env: beacon.env, networks: beacon.networks, close: async () => {} }
  const { loadWorld } = await import('../sandbox/world.ts')
  const { startSandbox } = await import('../sandbox/server.ts')
  const world = loadWorld(defaultWorld())
  const sandbox = await startSandbox({ world, clock, speed: IN_PROCESS_SPEED })
  io.err('sandbox: inside this process; its state ends with this command (`nyah sandbox start` runs one that stays)\n')
  return { where: 'in this process', env: sandbox.env, networks: networksOf(world), close: sandbox.close }
}

/** The world's own networks pass the same door as a configuration file's. */
function networksOf(world: World): Readonly<Record<string, NetworkConfig>> {
  const { contexts } = decodeConfig('the sandbox world', { contexts: { sandbox: { networks: world.networks } } })
  return contexts['sandbox']?.networks ?? {}
}

const defaultWorld = (): string => join(packageRoot(), 'fixtures', 'worlds', 'default.json')

/** URL of the running sandbox of this user; null: none runs. */
export const runningSandbox = (io: Io): string | null => readBeacon(io)?.url ?? null

function readBeacon(io: Io): Beacon | null {
  try {
    const beacon = JSON.parse(readFileSync(beaconFile(io), 'utf8')) as Beacon
    // Only loopback is ever believed, whatever the file says; signal 0 asks whether the process lives.
    if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(beacon.url) || !isWhole(beacon)) return null
    process.kill(beacon.pid, 0)
    return beacon.process === undefined || stateOf(beacon.process) === 'alive' ? beacon : null
  } catch {
    return null
  }
}

const LOOPBACK = /^http:\/\/127\.0\.0\.1:\d+(\/|$)/

/** Both clouds are on this machine, and the networks are what a configuration file could say. */
function isWhole({ env, networks }: Beacon): boolean {
  decodeConfig('the beacon', { contexts: { sandbox: { networks } } })
  return ['OS_AUTH_URL', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'NYAH_SANDBOX_PROMETHEUS'].every((name) =>
    LOOPBACK.test(env[name] ?? ''),
  )
}

export interface SandboxFlags {
  readonly port: number
  readonly state: string | undefined
  readonly world: string | undefined
  readonly speed: number
  readonly json: boolean
}

/** `nyah sandbox start`: serves until a signal; leaves a beacon that `--sandbox` finds. */
export async function sandboxStart(io: Io, flags: SandboxFlags): Promise<ExitCode> {
  if (readBeacon(io) !== null)
    throw nyahError({
      code: 'SANDBOX_RUNNING',
      message: `a sandbox of yours is running already (${beaconFile(io)})`,
      exit: EXIT.stale,
      tries: [
        'use it: add --sandbox to any command',
        'end it with Ctrl-C where it runs',
        `none runs? rm ${beaconFile(io)}`,
      ],
    })
  const { loadWorld } = await import('../sandbox/world.ts')
  const { startSandbox } = await import('../sandbox/server.ts')
  const world = loadWorld(flags.world ?? defaultWorld())
  const sandbox = await startSandbox({
    port: flags.port,
    world,
    clock: realClock(),
    speed: flags.speed,
    ...(flags.state === undefined ? {} : { stateFile: flags.state }),
  })
  const beacon: Beacon = {
    url: sandbox.url,
    pid: process.pid,
    process: thisProcess(),
    env: sandbox.env,
    networks: networksOf(world),
  }
  const { signal, release } = interruptible()
  try {
    await leaveBeacon(io, beacon)
    io.out(flags.json ? `${JSON.stringify(beacon)}\n` : banner(sandbox, flags))
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    rmSync(beaconFile(io), { force: true })
  } finally {
    await sandbox.close()
    release()
  }
  return EXIT.ok
}

/** A new file of its own: what stood there may be a link to something else, or open to others. */
async function leaveBeacon(io: Io, beacon: Beacon): Promise<void> {
  const { createStateDir } = await import('../adapters/host/paths.ts')
  const { unwritable } = await import('../adapters/host/files.ts')
  createStateDir(io.stateDir)
  try {
    rmSync(beaconFile(io), { force: true })
    writeFileSync(beaconFile(io), JSON.stringify(beacon), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw unwritable(beaconFile(io), error)
  }
}

function banner({ url, env, nameServer }: Sandbox, flags: SandboxFlags): string {
  const lines = [
    `sandbox: ${url}  (Keystone, Octavia, ELBv2, EC2, STS, Route 53, CloudWatch, Prometheus; time runs ${flags.speed} times faster)`,
    `names: ${nameServer}  (what Route 53's zones answer, over UDP and TCP)`,
    flags.state === undefined ? 'state: in memory, gone when it ends' : `state: ${flags.state}`,
    '',
    'In another terminal:',
    '  nyah lb list --sandbox',
    '  nyah lb mirror shop-web --sandbox',
    '',
    'For other tools:',
    `  dig @${nameServer.replace(':', ' -p ')} +norecurse shop.example.jp`,
    ...Object.entries(env).map(([key, value]) => `  export ${key}=${value}`),
    '',
    'Ctrl-C ends it.',
  ]
  return `${lines.join('\n')}\n`
}
