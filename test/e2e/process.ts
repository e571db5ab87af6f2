import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import { BIN, type Ended, type Options, plainEnv, startWorld, type World } from '../support/cli.ts'
import { type FaultProxy, faultProxy } from '../support/faults.ts'

/** A process that a test watches and interrupts while it runs. */
export interface Live {
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** Until what it has printed (both streams together) matches. Fails when it ends, or 40 s pass, without. */
  until(what: RegExp): Promise<void>
  readonly ended: Promise<Ended>
}

const LONGEST_WAIT_MS = 40_000

export function watch(child: ChildProcess): Live {
  let stdout = ''
  let stderr = ''
  let isOver = false
  const looks = new Set<() => void>()
  const look = (): void => {
    for (const each of looks) each()
  }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    look()
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    look()
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      isOver = true
      look()
      resolve({ stdout, stderr, code, signal })
    })
  })
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    until: (what) =>
      new Promise((resolve, reject) => {
        const end = (error: Error | null): void => {
          looks.delete(check)
          clearTimeout(timer)
          if (error === null) resolve()
          else reject(error)
        }
        const lost = (why: string): Error => new Error(`${why} without ${String(what)}:\n${stdout}\n${stderr}`)
        const check = (): void => {
          if (what.test(stdout + stderr)) end(null)
          else if (isOver) end(lost('it ended'))
        }
        const timer = setTimeout(() => end(lost(`${LONGEST_WAIT_MS} ms`)), LONGEST_WAIT_MS)
        looks.add(check)
        check()
      }),
  }
}

/** The built `bin`, without a terminal. */
export const startNyah = (home: string, args: readonly string[], options: Options = {}): Live =>
  watch(
    spawn(process.execPath, [BIN, ...args], {
      cwd: options.cwd ?? home,
      env: { ...plainEnv(home), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )

/** Some bash, in which `nyah` is the built `bin`. */
export const bash = (home: string, script: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  watch(
    spawn('bash', ['-c', `nyah() { "$NODE" "$BIN" "$@"; }; ${script}`], {
      cwd: home,
      env: { ...plainEnv(home), NODE: process.execPath, BIN, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  ).ended

/** A world whose clock goes as this machine's, or as the test pushes it, and whose AWS can be held up. */
export interface Stage extends World {
  readonly aws: FaultProxy
  /** Lets time pass in both clouds. */
  pass(ms: number): void
}

export const MINUTES = 60_000

/** @param speed 1: an NLB takes minutes, as the real one does; what a test does not want to wait for it lets `pass` */
export async function startStage(speed: number): Promise<Stage> {
  const real = realClock()
  let ahead = 0
  const world = await startWorld(speed, { now: () => real.now() + ahead, sleep: real.sleep })
  const aws = await faultProxy(world.sandbox.env['AWS_ENDPOINT_URL'] ?? '')
  const file = join(world.home, 'state', 'sandbox.json')
  const beacon = JSON.parse(readFileSync(file, 'utf8'))
  beacon.env.AWS_ENDPOINT_URL = aws.url
  writeFileSync(file, JSON.stringify(beacon))
  return {
    ...world,
    aws,
    pass: (ms) => {
      ahead += ms
    },
    close: async () => {
      await aws.close()
      await world.close()
    },
  }
}

/** Until a call has reached AWS. */
export async function untilCalled(aws: FaultProxy, action: string): Promise<void> {
  for (let waited = 0; waited < LONGEST_WAIT_MS; waited += 10) {
    if (aws.calls(action).length > 0) return
    await new Promise((done) => setTimeout(done, 10))
  }
  throw new Error(`${action} was not called in ${LONGEST_WAIT_MS} ms`)
}

/** The lines of an event stream. */
export const eventsIn = (stdout: string): readonly any[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
