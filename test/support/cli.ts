import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import type { Clock } from '../../src/lib/ports/clock.ts'
import { type OpenStack, sandboxOpenStack } from './openstack.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const BIN = join(ROOT, 'bin', 'run.js')
const WORLD = join(ROOT, 'fixtures', 'worlds', 'default.json')

/** What a command printed and how it ended. */
export interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Written to its standard input, which then ends; without it there is no standard input. */
  readonly input?: string
}

/** One command of the built `bin`, in surroundings that hold nothing of this machine's. */
export const nyah = (home: string, args: readonly string[], options: Options = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: options.cwd ?? home,
      env: { ...plainEnv(home), ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk) => (stdout += String(chunk)))
    child.stderr?.on('data', (chunk) => (stderr += String(chunk)))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ stdout, stderr, code, signal }))
    if (options.input !== undefined) child.stdin?.end(options.input)
  })

/** No cloud, no proxy, no CI: only what a process needs to start. */
export const plainEnv = (home: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  NYAH_STATE_DIR: join(home, 'state'),
  NYAH_ACTOR: 'tester',
  NO_COLOR: '1',
})

/** A sandbox in this process, and a home in which `--sandbox` finds it. */
export interface World {
  readonly home: string
  readonly sandbox: Sandbox
  readonly octavia: OpenStack
  run(args: readonly string[], options?: Options): Promise<Ended>
  close(): Promise<void>
}

export const newHome = (): string => mkdtempSync(join(tmpdir(), 'nyah-test-'))

/**
 * @param speed how many times faster than `clock` the sandbox's time runs
 * @param openstack what differs in that section of the built-in world
 */
export async function startWorld(speed = 200, clock: Clock = realClock(), openstack: JsonObject = {}): Promise<World> {
  const home = newHome()
  const built = loadWorld(WORLD)
  const world = { ...built, openstack: { ...built.openstack, ...openstack } }
  const sandbox = await startSandbox({ world, clock, speed })
  mkdirSync(join(home, 'state'), { mode: 0o700 })
  const beacon = { url: sandbox.url, pid: process.pid, env: sandbox.env, networks: world.networks }
  writeFileSync(join(home, 'state', 'sandbox.json'), JSON.stringify(beacon), { mode: 0o600 })
  const octavia = await sandboxOpenStack(sandbox)
  return {
    home,
    sandbox,
    octavia,
    run: (args, options) => nyah(home, args, options),
    close: async () => {
      await sandbox.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export const SHOP_WEB = '5f0c7c1e-0000-4000-8000-000000000001'

/** What differs from run to run, replaced by what stays: times, ids of runs, durations. */
export const steady = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)?/g, '<time>')
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, '<clock>')
    .replaceAll(/\b[0-9a-z]{8}-[0-9a-z]{4}\b(?!-)/g, '<run>')
    .replaceAll(/\b\d+(\.\d+)?s\b/g, '<s>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
