import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { failoverStatusFlags } from '../../lib/runtime/failover-flags.ts'

export default class FailoverStatus extends NyahCommand {
  static override summary = 'Could users be moved now, what would stand in the way, and what would be left afterwards?'
  static override description =
    'Exit 0: ready. Exit 6: something known stands in the way. Exit 12: something could not be read.'
  static override examples = [
    '<%= config.bin %> failover status',
    '<%= config.bin %> failover status shop.example.jp',
    '<%= config.bin %> failover status --tag team=shop',
  ]
  static override flags = failoverStatusFlags
  static override args = {
    names: Args.string({
      description: 'Names in Route 53; all that nyah owns unless given.',
      multiple: true,
      ignoreStdin: true,
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FailoverStatus)
    await this.show(flags, async (io) => {
      const [{ failoverStatus }, { statusArguments }] = await Promise.all([
        import('../../lib/runtime/failover-status.ts'),
        import('../../lib/runtime/failover-errand.ts'),
      ])
      return failoverStatus(io, flags, statusArguments(args.names, flags))
    })
  }
}
