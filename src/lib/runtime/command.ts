import { Command } from '@oclif/core/command'
import { EXIT, errorData, nyahError, type NyahError } from '../core/errors.ts'
import type { Aim } from '../render/aim.ts'
import { sharedFlags, type MutatingFlags, type SharedFlags } from './flags.ts'
import { processIo, type Io } from './io.ts'
import type { Report } from './report.ts'
import type { Errand } from './errand.ts'
import type { WatchAsked } from './watch.ts'

/** What every command shares: flags, one way to fail, one way to end. Whatever is heavy is loaded when it is used. */
export abstract class NyahCommand extends Command {
  static override baseFlags = sharedFlags

  /** Set for a whole CI job, NYAH_OUTPUT must not make `--json` a contradiction (oclif would call it one). */
  protected override async init(): Promise<void> {
    await super.init()
    if (this.argv.includes('--json')) delete process.env['NYAH_OUTPUT']
  }

  /** Carries out an operation: plan, guards, consent, apply, verify; sets the exit code. */
  protected async operate(flags: MutatingFlags, errand: Errand): Promise<void> {
    const { operate } = await import('./operate.ts')
    process.exitCode = await operate(this.io(flags), flags, errand)
  }

  /** Follows mirrors until it is told to stop; sets the exit code. */
  protected async watch(flags: MutatingFlags, asked: WatchAsked): Promise<void> {
    const { watch } = await import('./watch.ts')
    process.exitCode = await watch(this.io(flags), flags, asked)
  }

  /** Prints a result that only was read: a document with --json, else `text`. */
  protected async show(flags: SharedFlags, report: (io: Io) => Promise<Report>): Promise<void> {
    const io = this.io(flags)
    // NYAH_OUTPUT is meant for plans and runs: only who typed it is told.
    if (flags.output !== 'text' && this.argv.some((word) => /^--output(=|$)/.test(word)))
      throw nyahError({
        code: 'USAGE',
        message: `--output ${flags.output} is for plans and runs; this command prints text or --json`,
        exit: EXIT.usage,
        tries: ['the same command with --json'],
      })
    const { document, text, exitCode } = await report(io)
    io.out(flags.json ? `${JSON.stringify(document, null, 2)}\n` : text)
    process.exitCode = exitCode
  }

  protected io(flags: Pick<SharedFlags, 'no-color'>): Io {
    return processIo(flags['no-color'])
  }

  /** oclif's own handler prints stacks and parser contexts: errors are shown as `CODE  message` with a `Try:` line. */
  protected override async catch(error: Error): Promise<void> {
    if (isExit(error)) throw error
    const { aimError } = await import('../render/aim.ts')
    const data = aimError(errorData(usageError(error, this.id ?? '') ?? error), aimOf(this.argv))
    const io = processIo(this.argv.includes('--no-color'))
    const debug = this.argv.includes('--debug')
    if (this.argv.includes('--json')) {
      const { failureDocument, renderJson } = await import('../render/json.ts')
      io.out(renderJson(failureDocument(data)))
    } else {
      const { renderError } = await import('../render/errors.ts')
      io.err(renderError(data, { colour: io.colour.stderr, width: io.width, debug }))
    }
    if (debug && data.code === 'BUG') io.err(`${error.stack ?? ''}\n`)
    process.exitCode = data.exit
  }
}

/** Where a command line that may not even parse was sent. */
function aimOf(argv: readonly string[]): Aim {
  const valueOf = (flag: string): string | undefined => {
    const at = argv.indexOf(flag)
    return at < 0 ? argv.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) : argv[at + 1]
  }
  return { sandbox: argv.includes('--sandbox'), context: valueOf('--context'), config: valueOf('--config') }
}

const isExit = (error: Error): boolean => 'code' in error && error.code === 'EEXIT'

/** oclif's parse errors as ours. Their other fields hold the whole parser context: only the text is kept. */
function usageError(error: Error, id: string): NyahError | null {
  if (!('oclif' in error) && !('parse' in error)) return null
  const [first = '', ...rest] = error.message.split('\n')
  // oclif's note on flags with many values is not true of flags that take one value each time.
  const details = rest
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:See more help|Note: --|Alternatively, you can use "--")/.test(line))
  return nyahError({
    code: 'USAGE',
    message: [first.replace(/^(?:The following errors? occurred:|Parsing (--\S+))\s*$/, '$1'), ...details]
      .join(' ')
      .trim(),
    exit: EXIT.usage,
    tries: [`nyah ${id.replaceAll(':', ' ')} --help`],
  })
}
