import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { SandboxState } from '../../src/lib/sandbox/services.ts'
import { BIN, startWorld } from '../support/cli.ts'
import { deadRemotes } from '../support/dead-remotes.ts'
import { faultProxy } from '../support/faults.ts'
import { attachFleet } from '../support/names-fleet.ts'
import { median, parseTimes, ratios } from './measure.ts'

/**
 * What `failover to-aws` costs: CPU time up to the first byte of the change (the process is killed when it arrives) as a
 * multiple of a bare `node -e 0`; calls of Route 53 for 1, 100 and 1,000 names; and how long 300 names take while nothing but
 * their records answers. On the sandbox; prints, asserts nothing.
 *
 *   node test/bench/names.ts [PAIRS [first-byte]]     with `first-byte`: only the CPU time
 */
const PAIRS = Math.max(15, Number(process.argv[2] ?? 15))
const CPU_BUDGET = 4
const TIME_BUDGET_MS = 10_000
const REASON = ['--yes', '--reason', 'INC-4711']

const world = await startWorld()
await attachFleet(world, 1, '--check', 'tcp')
const upstream = new URL(world.sandbox.env['AWS_ENDPOINT_URL'] ?? '')
const pidFile = join(world.home, 'pid')
writeFileSync(join(world.home, 'nyah.config.json'), JSON.stringify({ currentContext: 'home', contexts: { home: {} } }))

/** Hands requests on; kills whoever sends a change as soon as its first bytes are here. */
const killer = http.createServer((request, response) => {
  if (request.method === 'POST' && /\/rrset\/?$/.test(request.url ?? '')) {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
    return void request.socket.destroy()
  }
  const onward = http.request(
    {
      host: upstream.hostname,
      port: upstream.port,
      method: request.method,
      path: `${upstream.pathname}${request.url}`,
      headers: { ...request.headers, host: upstream.host },
    },
    (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)),
  )
  onward.on('error', () => response.destroy())
  request.pipe(onward)
})
await new Promise<void>((resolve) => killer.listen(0, '127.0.0.1', resolve))

const refuser = await faultProxy(upstream.href)
refuser.inject({ action: 'ChangeResourceRecordSets', kind: 'error', code: 'AccessDenied', status: 403, times: 1000 })

const surroundings = (aws: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ...world.sandbox.env,
  PATH: process.env['PATH'] ?? '',
  HOME: world.home,
  LC_ALL: 'C',
  NYAH_STATE_DIR: join(world.home, 'state'),
  AWS_ENDPOINT_URL: aws,
  ...more,
})

/** CPU milliseconds of one command, bash's own left out; it ends as `exitCode` says. */
async function cpu(command: readonly string[], exitCode: number, aws: string): Promise<number> {
  const script =
    'pidfile=$1; shift; "$@" >/dev/null 2>&1 </dev/null & echo $! >"$pidfile"; wait $!; code=$?; times; echo $code'
  const child = spawn('bash', ['-c', script, 'bench', pidFile, ...command], {
    env: surroundings(aws),
    cwd: world.home,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += String(chunk)))
  await new Promise((resolve) => child.on('close', resolve))
  const ended = parseTimes(text)
  if (ended.exitCode !== exitCode) throw new Error(`${command.join(' ')} ended with ${ended.exitCode}, not ${exitCode}`)
  return ended.childrenMs
}

/** @param isArmed a card written just before is used, else none */
async function toFirstByte(name: string, names: readonly string[], isArmed: boolean): Promise<string> {
  const { port } = killer.address() as AddressInfo
  if (isArmed) {
    const { code, stderr } = await world.run(['failover', 'arm', '--all'], { env: surroundings(upstream.href) })
    if (code !== 0) throw new Error(`failover arm ended with ${code}: ${stderr.slice(-500)}`)
  }
  const which = isArmed ? names : [...names, '--no-card']
  const toAws = () =>
    cpu([process.execPath, BIN, 'failover', 'to-aws', ...which, ...REASON], 137, `http://127.0.0.1:${port}`)
  const bare = () => cpu([process.execPath, '-e', '0'], 0, '')
  // Whoever is killed leaves no compile cache: one that is refused does.
  await cpu([process.execPath, BIN, 'failover', 'to-aws', ...which, ...REASON], 7, refuser.url)
  await toAws()
  const samples: { ms: number; reference: number }[] = []
  for (let round = 0; round < PAIRS; round += 1) {
    const first = round % 2 === 0 ? await toAws() : null
    const reference = await bare()
    samples.push({ ms: first ?? (await toAws()), reference })
  }
  const ratio = median(ratios(samples))
  const ms = median(samples.map((each) => each.ms))
  const verdict = ratio <= CPU_BUDGET ? `within ${CPU_BUDGET}` : `OVER ${CPU_BUDGET}`
  return `  ${name.padEnd(30)} ${ratio.toFixed(2).padStart(6)} x ${ms.toFixed(1).padStart(8)} ms   ${verdict}`
}

let attached: SandboxState['aws']['zones'] = {}
world.sandbox.change((state) => {
  attached = state.aws.zones
  return state
})

/** So many names as they were attached. */
function fleetOf(count: number): void {
  world.sandbox.change((state) => {
    const zones = Object.entries(attached).map(([id, zone]) => {
      const kept = zone.records
      const its = kept.filter(({ name }) => name === 'shop.example.jp.' || name === 'a-shop.example.jp.')
      const copies = Array.from({ length: count - 1 }, (_, at) =>
        its.map((record) => ({ ...record, name: record.name.replace('shop', `app-${at}`) })),
      )
      return [id, { ...zone, records: [...kept, ...copies.flat()] }] as const
    })
    return { ...state, aws: { ...state.aws, zones: Object.fromEntries(zones) } }
  })
}

/** One `failover` of the whole fleet; how long it took, and what it asked Route 53. */
async function moved(side: string, dead: boolean): Promise<{ readonly ms: number; readonly calls: readonly string[] }> {
  const proxy = await faultProxy(upstream.href)
  const remotes = await deadRemotes()
  const hang = { kind: 'hang', times: 1000 } as const
  if (dead) proxy.inject({ ...hang, action: /HealthCheck|Tags|Protections|GetChange|GetHostedZone/ })
  const services = ['ELASTIC_LOAD_BALANCING_V2', 'EC2', 'STS', 'IAM', 'S3']
  const gone = Object.fromEntries(services.map((name) => [`AWS_ENDPOINT_URL_${name}`, remotes.url.hanging]))
  const began = performance.now()
  const { code, stderr } = await world.run(['failover', side, '--all', '--no-card', ...REASON, '--quiet'], {
    env: surroundings(proxy.url, dead ? { ...gone, OS_AUTH_URL: remotes.url.hanging } : {}),
  })
  const ms = performance.now() - began
  const calls = proxy.calls().map(({ action }) => action)
  await Promise.all([proxy.close(), remotes.close()])
  if (code !== 0) throw new Error(`failover ${side} ended with ${code}: ${stderr.slice(-500)}`)
  return { ms, calls }
}

const tally = (calls: readonly string[]): string => {
  const changes = calls.filter((action) => action === 'ChangeResourceRecordSets').length
  return `${changes} changes, ${calls.length - changes} other calls`
}

try {
  const line = (text: string): unknown => process.stdout.write(`${text}\n`)
  line(`failover to-aws, CPU time up to the first byte of the change against node -e 0, median of ${PAIRS} pairs`)
  for (const [count, names] of [
    [1, ['shop.example.jp']],
    [300, ['--all']],
  ] as const) {
    fleetOf(count)
    const what = count === 1 ? 'one name' : `--all, ${count} names`
    line(await toFirstByte(`${what}, armed`, names, true))
    line(await toFirstByte(`${what}, no card`, names, false))
  }
  if (process.argv[3] !== 'first-byte') await rest(line)
} finally {
  killer.closeAllConnections()
  killer.close()
  await refuser.close()
  await world.close()
}

/** How often AWS is asked, and how long it takes while nearly all of it is silent. */
async function rest(line: (text: string) => unknown): Promise<void> {
  line('failover to-aws --all, calls of AWS, with the read before and after')
  for (const count of [1, 100, 1000]) {
    fleetOf(count)
    const { calls, ms } = await moved('to-aws', false)
    line(`  ${`${count} names`.padEnd(30)} ${tally(calls)}, ${Math.round(ms)} ms`)
  }
  fleetOf(300)
  const { ms, calls } = await moved('to-aws', true)
  const verdict = ms <= TIME_BUDGET_MS ? 'within' : 'OVER'
  line('failover to-aws --all, 300 names, every remote hanging but the records of Route 53')
  line(`  ${''.padEnd(30)} ${Math.round(ms)} ms, ${tally(calls)}   ${verdict} ${TIME_BUDGET_MS} ms`)
}
