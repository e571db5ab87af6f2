import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, parseTimes, ratios } from './measure.ts'

/**
 * CPU time (user + system) of whole commands as a multiple of a bare `node -e 0` on the same Node: wall time says
 * little on a shared machine. Prints; asserts nothing (the arch lane holds modules and bytes).
 *
 *   npm run bench [-- PAIRS]     at least 15, the default
 */
interface Row {
  readonly name: string
  readonly command: readonly string[]
  /** The budget of the design; null: there is none. */
  readonly budget: number | null
  /** Exit codes that mean that it did what is measured. */
  readonly exits: readonly number[]
}

/** Each sample runs the command so often, because bash counts in milliseconds. */
const REPEAT = 3

const nyah = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'nyah-bench-'))

const refuser = spawn(process.execPath, [fileURLToPath(new URL('refuser.ts', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [port] = await once(refuser.stdout, 'data')
const remote = `http://127.0.0.1:${String(port).trim()}`

writeFileSync(
  join(home, 'nyah.config.yaml'),
  `currentContext: bench
contexts:
  bench:
    aws: { region: eu-central-1, endpointUrl: ${remote} }
    networks:
      internal: { vpcId: vpc-0a1b2c3d, scheme: internal, subnets: [subnet-0a1b2c3d] }
`,
)

const env = {
  PATH: process.env['PATH'],
  HOME: home,
  LC_ALL: 'C',
  NYAH_STATE_DIR: join(home, 'state'),
  OS_AUTH_URL: `${remote}/v3`,
  OS_USERNAME: 'bench',
  OS_PASSWORD: 'bench',
  OS_PROJECT_NAME: 'bench',
  OS_USER_DOMAIN_ID: 'default',
  OS_PROJECT_DOMAIN_ID: 'default',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_EC2_METADATA_DISABLED: 'true',
}

const own = (name: string, args: readonly string[], budget: number | null, exits: readonly number[] = [0]): Row => ({
  name: `nyah ${name}`,
  command: [process.execPath, nyah, ...args],
  budget,
  exits,
})

const ROWS: readonly Row[] = [
  own('--version', ['--version'], 1.2),
  own('--help', ['--help'], 2.5),
  own('lb mirror --help', ['lb', 'mirror', '--help'], 2.5),
  own('run list (no runs)', ['run', 'list'], 2.5),
  // AWS alone: ELBv2 and EC2, refused at the first answer, so a little more than the first call.
  own('lb unmirror --plan', ['lb', 'unmirror', '5f0c7c1e-0000-4000-8000-000000000001', '--plan'], 6, [3, 7]),
  // Each loads got for Octavia, and of the AWS SDK: ELBv2 | that, EC2 and STS. Refused at the first answer.
  own('lb list', ['lb', 'list'], null, [3, 7, 12]),
  own('doctor', ['doctor'], null, [3, 7, 12]),
  { name: 'kubectl version --client', command: ['kubectl', 'version', '--client'], budget: null, exits: [0] },
  { name: 'aws --version', command: ['aws', '--version'], budget: null, exits: [0] },
]

const REFERENCE: Row = { name: 'node -e 0', command: [process.execPath, '-e', '0'], budget: null, exits: [0] }

const onPath = (program: string): boolean => spawnSync('which', [program], { env }).status === 0

/** CPU milliseconds of one run of the command, bash's own left out. Throws when it ends with an unexpected code. */
function sample(row: Row): number {
  const script = `for i in $(seq ${REPEAT}); do "$@" >/dev/null 2>&1 </dev/null; code=$?; done; times; echo "$code"`
  const { stdout } = spawnSync('bash', ['-c', script, 'bench', ...row.command], { env, cwd: home, encoding: 'utf8' })
  const { childrenMs, exitCode } = parseTimes(stdout)
  if (!row.exits.includes(exitCode)) throw new Error(`${row.name} ended with ${exitCode}: ${row.command.join(' ')}`)
  return childrenMs / REPEAT
}

function measure(row: Row, pairs: number): string {
  sample(row)
  const samples = Array.from({ length: pairs }, (_, round) => {
    const first = round % 2 === 0 ? sample(row) : null
    const reference = sample(REFERENCE)
    return { ms: first ?? sample(row), reference }
  })
  const ratio = median(ratios(samples))
  const ms = median(samples.map((each) => each.ms))
  const verdict = row.budget === null ? '' : ratio <= row.budget ? `within ${row.budget}` : `OVER ${row.budget}`
  return `${row.name.padEnd(30)} ${ratio.toFixed(2).padStart(6)} x ${ms.toFixed(1).padStart(8)} ms   ${verdict}`
}

const pairs = Math.max(15, Number(process.argv[2] ?? 15))
process.stdout.write(`CPU time against node -e 0 (${process.version}), median of ${pairs} pairs, caches warm\n`)
try {
  for (const row of ROWS) {
    const [program = ''] = row.command
    const line =
      program.startsWith('/') || onPath(program) ? measure(row, pairs) : `${row.name.padEnd(30)} not installed`
    process.stdout.write(`${line}\n`)
  }
} finally {
  refuser.kill()
  rmSync(home, { recursive: true, force: true })
}

// What goes over the wire, and what a watch costs, is no start of a process: they measure themselves.
for (const file of ['mirror.ts', 'watch.ts', 'names.ts']) {
  const bench = fileURLToPath(new URL(file, import.meta.url))
  const { status } = spawnSync(process.execPath, ['--expose-gc', bench], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) process.exitCode = 1
}
