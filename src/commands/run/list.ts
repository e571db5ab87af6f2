import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class RunList extends NyahCommand {
  static override summary = 'List the runs of this machine, newest first.'
  static override examples = ['<%= config.bin %> run list']
  static override flags = {
    limit: Flags.integer({ description: 'At most so many.', default: 20, min: 1, max: 1000 }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(RunList)
    await this.show(flags, async (io) => {
      const { runList } = await import('../../lib/runtime/runs.ts')
      return runList(io, flags.limit)
    })
  }
}
