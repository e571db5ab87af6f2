import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// Loaded before time begins to move: a watch loads them when it needs them, and virtual time does not wait for that.
import '../../src/lib/adapters/aws/mirrors.ts'
import '../../src/lib/adapters/aws/network.ts'
import '../../src/lib/adapters/aws/session.ts'
import '../../src/lib/adapters/octavia/clouds.ts'
import '../../src/lib/adapters/octavia/source.ts'
import '../../src/lib/engine/run.ts'
import '../../src/lib/lb/operation.ts'
import '../../src/lib/lb/watch.ts'
import '../../src/lib/lb/watch-fleet.ts'
import '../../src/lib/runtime/sandbox.ts'
import type { NyahEvent } from '../../src/lib/core/events.ts'
import { NO_CONSENT } from '../../src/lib/runtime/flags.ts'
import type { Io } from '../../src/lib/runtime/io.ts'
import { watch, type WatchAsked } from '../../src/lib/runtime/watch.ts'
import type { WatchTold } from '../../src/lib/runtime/watch-loop.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { awsPicture } from './aws-picture.ts'
import { ROOT } from './cli.ts'
import { type VirtualClock, virtualClock } from './clock.ts'
import { type LbRun, runLb } from './lb-run.ts'
import { type Meddle, movingProxy } from './moving.ts'
import { type OpenStack, sandboxOpenStack } from './openstack.ts'
import { memoryStore } from './toy-run.ts'

/** A sandbox behind a proxy that counts, and a watch over it, both on one virtual clock. */
export interface WatchStage {
  readonly clock: VirtualClock
  readonly sandbox: Sandbox
  readonly octavia: OpenStack
  readonly stateDir: string
  readonly meddle: { octavia: Meddle; aws: Meddle }
  /** Requests so far, Keystone's left out. */
  readonly counted: { octavia: number; aws: number }
  mirror(...ids: readonly string[]): Promise<LbRun>
  watch(asked?: Partial<WatchAsked>, output?: string): Watching
  targets(): Promise<readonly { readonly name: string; readonly targets: readonly { readonly id: string }[] }[]>
  close(): Promise<void>
}

export interface Watching {
  readonly told: WatchTold[]
  readonly events: NyahEvent[]
  stdout(): string
  stderr(): string
  /** Until it holds; fails when the watch ends first, or after two hours of the watch's time. */
  until(what: string, is: () => boolean | Promise<boolean>): Promise<void>
  /** So many more polls that succeeded. */
  polls(amount: number): Promise<void>
  stop(signal: Error): Promise<number>
  readonly ended: Promise<number>
}

const LIMIT_MS = 2 * 3_600_000

/**
 * Turns of the event loop without a request under way, before time moves on. Turns, since real time says nothing on a busy
 * machine: what one of them begins, a few later ones see.
 */
const QUIET_TURNS = 15

export async function watchStage(): Promise<WatchStage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'nyah-watch-'))
  const counted = { octavia: 0, aws: 0 }
  let inFlight = 0
  let quiet = 0
  const clock = virtualClock({
    start: Date.UTC(2026, 10, 23),
    busy: () => {
      quiet = inFlight > 0 ? 0 : quiet + 1
      if (quiet < QUIET_TURNS) return true
      quiet = 0
      return false
    },
  })
  const world = loadWorld(join(ROOT, 'fixtures', 'worlds', 'default.json'))
  const sandbox = await startSandbox({ world, clock })
  const meddle: WatchStage['meddle'] = { octavia: () => undefined, aws: () => undefined }
  const began = (): void => {
    inFlight += 1
    quiet = 0
  }
  const ended = (): void => {
    inFlight -= 1
    quiet = 0
  }
  const door = await movingProxy(
    sandbox.url,
    (passing) => {
      const [, service = '', path = ''] = /^\/([^/]*)(.*)$/.exec(passing.path) ?? []
      if (service === 'identity') return undefined
      counted[service === 'aws' ? 'aws' : 'octavia'] += 1
      return (service === 'aws' ? meddle.aws : meddle.octavia)({ ...passing, path })
    },
    { began, ended },
  )
  const env = Object.fromEntries(
    Object.entries(sandbox.env).map(([key, value]) => [key, value.replace(sandbox.url, door.url)]),
  )
  writeFileSync(
    join(stateDir, 'sandbox.json'),
    JSON.stringify({
      url: door.url,
      pid: process.pid,
      env: { ...env, OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: `${door.url}/load-balancer` },
      networks: world.networks,
    }),
  )
  const octavia = await sandboxOpenStack(sandbox, (ms) => clock.sleep(ms))
  return {
    clock,
    sandbox,
    octavia,
    stateDir,
    meddle,
    counted,
    mirror: (...ids) =>
      runLb({
        clock,
        store: memoryStore(),
        stateDir,
        operation: 'lb.mirror',
        arguments: { ids: [...ids], wait: true },
      }),
    watch: (asked = {}, output = 'text') => startWatch(clock, stateDir, asked, output),
    targets: async () => (await awsPicture(sandbox.url)).targetGroups,
    close: async () => {
      await door.close()
      await sandbox.close()
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}

function startWatch(clock: VirtualClock, stateDir: string, asked: Partial<WatchAsked>, output: string): Watching {
  const told: WatchTold[] = []
  const events: NyahEvent[] = []
  const controller = new AbortController()
  let [stdout, stderr] = ['', '']
  let looks: (() => void)[] = []
  let isOver = false
  const look = (): void => {
    const now = looks
    looks = []
    for (const each of now) each()
  }
  const io: Io = {
    env: { NYAH_ACTOR: 'tester' },
    cwd: stateDir,
    home: stateDir,
    interactive: false,
    colour: { stdout: false, stderr: false },
    width: 100,
    tableWidth: 100,
    stateDir,
    out: (text) => void (stdout += text),
    err: (text) => void (stderr += text),
  }
  const ended = watch(
    io,
    {
      ...NO_CONSENT,
      yes: true,
      context: undefined,
      config: undefined,
      sandbox: true,
      json: false,
      output,
      timeout: '15m',
      quiet: false,
      debug: false,
      'no-color': true,
    },
    {
      names: [],
      selectors: { tags: [], names: [], all: true },
      mirroredOnly: true,
      interval: '30s',
      resync: '10m',
      membersOnly: false,
      metricsListen: undefined,
      ...asked,
    },
    {
      clock,
      random: () => 0.5,
      signal: controller.signal,
      told: (one) => {
        told.push(one)
        look()
      },
      event: (event) => {
        events.push(event)
        look()
      },
    },
  ).finally(() => {
    isOver = true
    look()
  })
  const until: Watching['until'] = async (what, is) => {
    const startedAt = clock.now()
    while (!(await is())) {
      if (isOver) throw new Error(`the watch ended before: ${what}\n${stdout}\n${stderr}`)
      if (clock.now() - startedAt > LIMIT_MS) throw new Error(`not in two hours: ${what}\n${stdout}\n${stderr}`)
      await new Promise<void>((resolve) => looks.push(resolve))
    }
  }
  const good = (): number => told.filter((one) => one.type === 'polled' && one.ok).length
  return {
    told,
    events,
    stdout: () => stdout,
    stderr: () => stderr,
    until,
    polls: (amount) => {
      const from = good()
      return until(`${amount} more polls`, () => good() >= from + amount)
    },
    stop: (signal) => {
      controller.abort(signal)
      return ended
    },
    ended,
  }
}
