import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class RunShow extends NyahCommand {
  static override summary = 'Show one run: what was asked, by whom, and what became of each change.'
  static override description =
    'With --output markdown: a timeline of it, ready for a post-mortem. With --output ndjson: every event.'
  static override examples = [
    '<%= config.bin %> run show m3k9',
    '<%= config.bin %> run show m3k9 --output markdown > incident.md',
    '<%= config.bin %> run show m3k9 --output ndjson',
  ]
  static override args = {
    run: Args.string({ description: 'Id, or enough of its beginning.', required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunShow)
    const { runShow } = await import('../../lib/runtime/runs.ts')
    process.exitCode = await runShow(this.io(flags), flags, args.run)
  }
}
