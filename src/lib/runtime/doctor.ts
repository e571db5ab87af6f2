import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { EXIT, errorData, nyahError, type ErrorData, type ExitCode, type NyahError } from '../core/errors.ts'
import { readingTools } from './reading.ts'
import { aimText } from '../render/aim.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { hanging, tryLines } from '../render/findings.ts'
import { choosePaint, type Tone } from '../render/paint.ts'
import type { Report } from './report.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { openContext, type Opened } from './open.ts'
import { interruptible } from './signals.ts'

/** `wrong` is for the operator to mend (exit 3); `unreachable` may pass by itself (exit 12). */
type Verdict = 'ok' | 'wrong' | 'unreachable' | 'not tried'

interface Check {
  readonly name: string
  readonly verdict: Verdict
  readonly detail: string
  readonly code: string | null
  readonly tries: readonly string[]
}

const LONGEST_CHECK_MS = 20_000

/** `nyah doctor`: all remotes at once, each check by itself, reads only. */
export async function doctor(io: Io, flags: SharedFlags): Promise<Report> {
  const { signal, release } = interruptible()
  const tools = readingTools(io, flags, signal, LONGEST_CHECK_MS)
  const local = [check('state directory', () => stateCheck(io))]
  const opened = await openContext(io, flags, tools).catch((error: unknown) => errorData(error))
  try {
    const remote = 'code' in opened ? [Promise.resolve(failed('configuration', opened))] : remoteChecks(opened, signal)
    const checks = await Promise.all([...local, ...remote])
    signal.throwIfAborted()
    return report(io, flags, once(checks))
  } finally {
    if (!('code' in opened)) await opened.close()
    release()
  }
}

function remoteChecks(opened: Opened, signal: AbortSignal): readonly Promise<Check>[] {
  const networks = Object.entries(opened.context.networks ?? {})
  return [
    check('configuration', async () => {
      const where = opened.sandbox === null ? (opened.loaded?.file ?? '') : `the sandbox (${opened.sandbox})`
      if (networks.length === 0) throw wrongNetworks(opened.name)
      return `context ${opened.name} of ${where}; networks ${networks.map(([name]) => name).join(', ')}`
    }),
    check('Keystone and Octavia', async () => {
      const source = await opened.source()
      const { user, project, roles, endpoint } = await source.check(signal)
      return `${user} in ${project ?? 'no project'} (${roles.join(', ') || 'no roles'}) at ${endpoint}`
    }),
    check('Octavia: read load balancers', async () => {
      const source = await opened.source()
      return `${(await source.list(signal)).length} can be seen`
    }),
    check('AWS credentials', async () => {
      const mirrors = await opened.mirrors()
      const { arn, account, region } = await mirrors.check(signal)
      return `${arn} (account ${account}, ${region})`
    }),
    check('ELBv2: read load balancers', async () => {
      const mirrors = await opened.mirrors()
      return `${(await mirrors.list(signal)).length} of nyah's NLBs`
    }),
    ...networks.map(([name, { vpcId, subnets }]) =>
      check(`network ${name}`, async () => {
        const network = await opened.network()
        const facts = await network.facts(vpcId, subnets, signal)
        const found = new Set(facts.subnets.map(({ id }) => id))
        const lost = subnets.filter((id) => !found.has(id))
        const foreign = facts.subnets.filter((subnet) => subnet.vpcId !== vpcId).map(({ id }) => id)
        if (lost.length > 0 || foreign.length > 0) throw wrongSubnets(name, vpcId, [...lost, ...foreign])
        const free = facts.subnets.map(({ id, freeAddresses }) => `${id} (${freeAddresses} free)`).join(', ')
        return `${vpcId} ${facts.vpcCidrs.join(', ')}; ${free}`
      }),
    ),
  ]
}

const wrongNetworks = (context: string): NyahError =>
  nyahError({
    code: 'CONFIG_NETWORK_MISSING',
    message: `context ${context} has no networks: nyah does not know where mirrors should live`,
    tries: [`add contexts.${context}.networks to the configuration`, 'nyah init'],
    exit: EXIT.configuration,
  })

const wrongSubnets = (name: string, vpcId: string, ids: readonly string[]): NyahError =>
  nyahError({
    code: 'CONFIG_SUBNET_UNKNOWN',
    message: `${ids.join(', ')} of network ${name} ${ids.length === 1 ? 'is' : 'are'} not in ${vpcId}`,
    tries: [`mend networks.${name}.subnets`, `aws ec2 describe-subnets --filters Name=vpc-id,Values=${vpcId}`],
    exit: EXIT.configuration,
  })

async function stateCheck(io: Io): Promise<string> {
  let folder = io.stateDir
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  try {
    if (!statSync(folder).isDirectory()) throw new Error('no directory')
    accessSync(folder, constants.W_OK)
  } catch {
    throw nyahError({
      code: 'STATE_UNWRITABLE',
      message: `${folder} cannot be written; without a journal nothing is changed`,
      tries: ['set NYAH_STATE_DIR to a directory of yours'],
      exit: EXIT.configuration,
    })
  }
  return io.stateDir
}

/** One cause (no credentials, an API that is down) fails several checks: it is told once. */
function once(checks: readonly Check[]): readonly Check[] {
  return checks.map((each, index) => {
    const first = checks
      .slice(0, index)
      .find(({ code, detail }) => code !== null && code === each.code && detail === each.detail)
    return first === undefined
      ? each
      : { ...each, verdict: 'not tried', detail: `see ${first.name}`, code: null, tries: [] }
  })
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, verdict: 'ok', detail: await look(), code: null, tries: [] }
  } catch (error) {
    return failed(name, errorData(error))
  }
}

function failed(name: string, { code, message, tries, exit }: ErrorData): Check {
  const verdict = exit === EXIT.remote || exit === EXIT.partialAnswer ? 'unreachable' : 'wrong'
  return { name, verdict, detail: message, code, tries }
}

const TONES: Readonly<Record<Verdict, Tone>> = { ok: 'ok', wrong: 'error', unreachable: 'warn', 'not tried': 'dim' }

function report(io: Io, flags: SharedFlags, all: readonly Check[]): Report {
  const checks = all.map((each) => ({ ...each, tries: each.tries.map((one) => aimText(one, flags)) }))
  const worst: ExitCode = checks.some(({ verdict }) => verdict === 'wrong')
    ? EXIT.configuration
    : checks.some(({ verdict }) => verdict === 'unreachable')
      ? EXIT.partialAnswer
      : EXIT.ok
  return {
    document: { ok: worst === EXIT.ok, exitCode: worst, checks },
    text: text(io, checks, aimText(NEXT[worst] ?? '', flags)),
    exitCode: worst,
  }
}

const NEXT: Readonly<Partial<Record<ExitCode, string>>> = {
  [EXIT.ok]: 'All is well. Next: nyah lb list',
  [EXIT.configuration]: 'Something is misconfigured (exit 3).',
  [EXIT.partialAnswer]: 'Some remote could not be reached (exit 12).',
}

function text(io: Io, checks: readonly Check[], next: string): string {
  const paint = choosePaint(io.colour.stdout)
  const widest = Math.max(...checks.map(({ name }) => name.length))
  const blank = ' '.repeat('unreachable  '.length)
  const lines = checks.flatMap(({ name, verdict, detail, code, tries }): readonly string[] => {
    const head = `${paint(TONES[verdict], verdict.padEnd(blank.length))}${name}`
    if (code !== null) {
      const said = hanging(`${blank}${code}  `, escapeLong(detail, 500), io.width)
      return [head, ...said, ...tryLines(blank, tries, io.width, paint)]
    }
    const start = `${blank}${name.padEnd(widest)}  `
    // In a pipe, one line for each check.
    const [first = '', ...rest] = hanging(start, escapeText(detail), io.tableWidth)
    return [`${head}${first.slice(blank.length + name.length)}`, ...rest]
  })
  return `${[...lines, '', next].join('\n')}\n`
}
