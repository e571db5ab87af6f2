import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which process this is, told apart from a later one with the same number. */
export interface ProcessMark {
  /** Host name, and on Linux the boot and the pid namespace: numbers mean nothing elsewhere. */
  readonly machine: string
  readonly boot: string | null
  readonly pid: number
  /** When it started, in the system's own units; null where that cannot be told. */
  readonly started: string | null
}

export const thisProcess = (): ProcessMark => ({
  machine: machine(),
  boot: boot(),
  pid: process.pid,
  started: startOf(process.pid),
})

/**
 * Does the marked process still run? `elsewhere`: it ran on another machine or in another container, which nobody here
 * can look into.
 */
export function stateOf(mark: ProcessMark): 'alive' | 'dead' | 'elsewhere' {
  if (mark.machine !== machine()) return 'elsewhere'
  if (mark.boot !== boot()) return 'dead'
  try {
    process.kill(mark.pid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return 'dead'
  }
  const started = startOf(mark.pid)
  return started !== null && mark.started !== null && started !== mark.started ? 'dead' : 'alive'
}

const machine = (): string => `${hostname()} ${attempt(() => readlinkSync('/proc/self/ns/pid')) ?? ''}`.trim()

const boot = (): string | null => attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())

/** Linux: field 22 of /proc/PID/stat, behind the name in brackets (which may hold anything). Elsewhere: ps. */
function startOf(pid: number): string | null {
  if (process.platform === 'linux') {
    return attempt(() => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
    })
  }
  if (process.platform === 'win32') return null
  return attempt(() => {
    // Loaded here only: `run list` must not pay for it.
    const { spawnSync } = process.getBuiltinModule('node:child_process')
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 2_000 })
    return stdout.trim() || null
  })
}

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}
