import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { EXIT, errorData, nyahError, type ExitCode } from '../core/errors.ts'
import { readingTools } from './reading.ts'
import { aimText } from '../render/aim.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { hanging, tryLines } from '../render/findings.ts'
import { choosePaint, type Tone } from '../render/paint.ts'
import { check, failed, once, type Check, type Verdict } from './doctor-check.ts'
import { remoteChecks } from './doctor-remote.ts'
import type { Report } from './report.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { openContext } from './open.ts'
import { interruptible } from './signals.ts'

/** A remote that does not answer keeps no other check waiting, and the command no longer than this. */
const LONGEST_CHECK_MS = 20_000

/** `nyah doctor`: all remotes at once, each check by itself, reads only. */
export async function doctor(io: Io, flags: SharedFlags): Promise<Report> {
  const { signal, release } = interruptible()
  const tools = readingTools(io, flags, signal, LONGEST_CHECK_MS)
  const local = [check('state directory', () => stateCheck(io))]
  const opened = await openContext(io, flags, tools).catch((error: unknown) => errorData(error))
  try {
    const remote =
      'code' in opened ? [Promise.resolve(failed('configuration', opened))] : remoteChecks(opened, tools.clock, signal)
    const checks = await Promise.all([...local, ...remote])
    signal.throwIfAborted()
    return report(io, flags, once(checks))
  } finally {
    if (!('code' in opened)) await opened.close()
    release()
  }
}

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

const SIGNS: Readonly<Record<Verdict, { readonly sign: string; readonly tone: Tone }>> = {
  ok: { sign: '✓', tone: 'ok' },
  wrong: { sign: '✗', tone: 'error' },
  unreachable: { sign: '✗', tone: 'warn' },
  unknown: { sign: '?', tone: 'hold' },
  'not tried': { sign: '-', tone: 'dim' },
}

function report(io: Io, flags: SharedFlags, all: readonly Check[]): Report {
  const checks = all.map((each) => ({ ...each, tries: each.tries.map((one) => aimText(one, flags)) }))
  const worst: ExitCode = checks.some(({ verdict }) => verdict === 'wrong')
    ? EXIT.configuration
    : checks.some(({ verdict }) => verdict === 'unreachable')
      ? EXIT.partialAnswer
      : EXIT.ok
  const open = checks.filter(({ verdict }) => verdict === 'unknown').length
  const well = open === 0 ? 'All is well.' : `All is well, as far as can be known (${open} unknown).`
  const next: Readonly<Partial<Record<ExitCode, string>>> = {
    [EXIT.ok]: `${well} Next: nyah lb list`,
    [EXIT.configuration]: 'Something is misconfigured (exit 3).',
    [EXIT.partialAnswer]: 'Some remote could not be reached (exit 12).',
  }
  return {
    document: { ok: worst === EXIT.ok, exitCode: worst, checks },
    text: text(io, checks, aimText(next[worst] ?? '', flags)),
    exitCode: worst,
  }
}

function text(io: Io, checks: readonly Check[], next: string): string {
  const paint = choosePaint(io.colour.stdout)
  const widest = Math.max(...checks.map(({ name }) => name.length))
  const blank = ' '.repeat('✗ unreachable  '.length)
  const advised = new Set<string>()
  const lines = checks.flatMap(({ name, verdict, detail, code, tries }): readonly string[] => {
    // What helps against one dead remote is said below the first check that met it.
    const fresh = tries.filter((one) => !advised.has(one))
    for (const one of tries) advised.add(one)
    const { sign, tone } = SIGNS[verdict]
    const head = `${paint(tone, `${sign} ${verdict}`.padEnd(blank.length))}${name}`
    if (code !== null) {
      const said = hanging(`${blank}${code}  `, escapeLong(detail, 1200), io.width)
      return [head, ...said, ...tryLines(blank, fresh, io.width, paint)]
    }
    const start = `${blank}${name.padEnd(widest)}  `
    // In a pipe, one line for each check.
    const [first = '', ...rest] = hanging(start, escapeText(detail), io.tableWidth)
    return [`${head}${first.slice(blank.length + name.length)}`, ...rest]
  })
  return `${[...lines, '', next].join('\n')}\n`
}
