import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import type { SourceTree } from '../../src/lib/ports/source.ts'
import { startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { buildWorld } from '../support/octavia-world.ts'
import { listener, loadBalancer, member, pool } from '../unit/lb/sources.ts'
import { longestChain, longestChainMs, slowCalls, type Passed, type SlowCalls } from './slow-calls.ts'

/**
 * How long `nyah lb mirror` takes over clouds that are far away, for a load balancer of 10 listeners with 150 members
 * each, as a multiple of its chain of calls that need each other's answers: the requests of a load balancer of one listener with one
 * member have nothing that could be done at once, so their number is that chain's; what its calls took is what they took
 * in the large run, where the sandbox, one process on this machine, answers 135 requests one after the other.
 *
 *   node test/bench/mirror.ts
 */
const DELAY_MS = 50
const SMALL = '0be7c400-0000-4000-8000-000000000001'
const LARGE = '0be7c400-0000-4000-8000-000000000002'

/** The median of so many says more than one on a shared machine. */
const RUNS = 5

const WORLD = fileURLToPath(new URL('../../fixtures/worlds/default.json', import.meta.url))
const nyah = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

const tree = (id: string, name: string, ports: number, members: number): SourceTree => ({
  loadbalancer: loadBalancer({ id, name, vip_address: '203.0.113.99' }),
  listeners: Array.from({ length: ports }, (_, at) =>
    listener({ id: `l${at}`, name: `l${at}`, protocol_port: 8000 + at, default_pool_id: `p${at}` }),
  ),
  pools: Array.from({ length: ports }, (_, at) =>
    pool({
      id: `p${at}`,
      name: `p${at}`,
      members: Array.from({ length: members }, (_each, host) => member(`10.20.${1 + at}.${1 + host}`)),
    }),
  ),
})

interface Measured {
  readonly requests: number
  readonly chain: number
  readonly spanMs: number
  /** What one call takes at the least: the delay and the service's own time. */
  readonly callMs: number
  readonly passed: readonly Passed[]
}

/** One for all runs: as on any machine where nyah was used before, its code is compiled. */
const cache = mkdtempSync(join(tmpdir(), 'nyah-bench-cache-'))

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

function figures(passed: readonly Passed[]): Measured {
  return {
    requests: passed.length,
    chain: longestChain(passed),
    spanMs: Math.max(...passed.map(({ ended }) => ended)) - Math.min(...passed.map(({ began }) => began)),
    callMs: median(passed.map(({ began, ended }) => ended - began)),
    passed,
  }
}

/** One `nyah lb mirror --no-wait --yes` as a process of its own. */
async function mirror(sandbox: Sandbox, calls: SlowCalls, id: string): Promise<Measured> {
  const home = mkdtempSync(join(tmpdir(), 'nyah-bench-'))
  try {
    const world = loadWorld(WORLD)
    const contexts = {
      bench: { networks: world.networks, aws: { region: 'ap-northeast-1', endpointUrl: `${sandbox.url}/aws` } },
    }
    writeFileSync(join(home, 'nyah.config.json'), JSON.stringify({ currentContext: 'bench', contexts }))
    const child = spawn(process.execPath, [nyah, 'lb', 'mirror', id, '--yes', '--no-wait', '--json'], {
      cwd: home,
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        XDG_CACHE_HOME: cache,
        ...sandbox.env,
        NYAH_STATE_DIR: join(home, 'state'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += String(chunk)))
    child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
    const [code] = (await once(child, 'close')) as [number]
    if (code !== 0) throw new Error(`nyah lb mirror ${id} ended with ${code}: ${said.slice(0, 2000)}`)
    return figures(calls.take())
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

type Sandbox = Awaited<ReturnType<typeof startSandbox>>

/** Both load balancers in clouds of their own: what a service takes for a call depends on all that it has. */
async function pair() {
  const calls = slowCalls(DELAY_MS)
  const { arrived } = calls
  const sandbox = await startSandbox({ world: loadWorld(WORLD), clock: realClock(), arrived })
  try {
    // 1,500 targets in one zone are above AWS's default: an operator would have had the quota raised.
    sandbox.change((state) => ({ ...state, aws: { ...state.aws, targetsPerZone: 2000 } }))
    buildWorld(sandbox, tree(SMALL, 'bench-small', 1, 1), tree(LARGE, 'bench-large', 10, 150))
    const small = await mirror(sandbox, calls, SMALL)
    const large = await mirror(sandbox, calls, LARGE)
    // So many calls need each other's answers, however large the load balancer is; each takes what the services take for it.
    const chainMs = longestChainMs(large.passed, small.chain)
    return { small, large, chainMs, ratio: large.spanMs / chainMs, least: large.spanMs / (small.chain * large.callMs) }
  } finally {
    await sandbox.close()
  }
}

try {
  await pair()
  const runs: Awaited<ReturnType<typeof pair>>[] = []
  while (runs.length < RUNS) runs.push(await pair())
  const of = (pick: (run: (typeof runs)[number]) => number): number => Math.round(100 * median(runs.map(pick))) / 100
  const ratio = of((run) => run.ratio)
  const each = runs.map((run) => run.ratio.toFixed(2)).join(' ')
  const chain = of(({ small }) => small.chain)
  process.stdout.write(
    [
      `lb mirror with ${DELAY_MS} ms added to each call (first request to last answer), median of ${RUNS}`,
      `  1 listener x 1 member          ${of(({ small }) => small.requests)} requests, chain of ${chain}, ${Math.round(of(({ small }) => small.spanMs))} ms`,
      `  10 listeners x 150 members     ${of(({ large }) => large.requests)} requests, ${Math.round(of(({ large }) => large.spanMs))} ms`,
      `  of its longest chain           ${ratio.toFixed(2)} x (${chain} calls, ${Math.round(of((run) => run.chainMs))} ms; ${each})   ${ratio <= 1.3 ? 'within' : 'OVER'} 1.3`,
      `  were each call a median one    ${of((run) => run.least).toFixed(2)} x`,
      '',
    ].join('\n'),
  )
} finally {
  rmSync(cache, { recursive: true, force: true })
}
