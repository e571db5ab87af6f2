import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { mutatingFlags } from '../../lib/runtime/flags.ts'

export default class RunResume extends NyahCommand {
  static override summary = 'Finish a run that was interrupted or applied in part.'
  static override description =
    'Observes the world and plans what is left of the same request; shows it and asks, as the first time.'
  static override examples = ['<%= config.bin %> run resume m3k9 --yes']
  static override args = {
    run: Args.string({ description: 'Id, or enough of its beginning.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    ...mutatingFlags,
    confirm: Flags.string({ description: 'Id to confirm, where the run cannot be taken back.', helpGroup: 'PLAN' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunResume)
    const { resumeErrand } = await import('../../lib/runtime/runs.ts')
    await this.operate(flags, await resumeErrand(this.io(flags), args.run))
  }
}
