import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { selectionOf } from '../../lib/runtime/errand.ts'
import { NO_CONSENT, selectorFlags } from '../../lib/runtime/flags.ts'

export default class LbDiff extends NyahCommand {
  static override summary = 'Show how mirrors differ from their Octavia load balancers; exit 4 when they do.'
  static override description = '--tag, --name and --all choose among the load balancers that have a mirror.'
  static override examples = ['<%= config.bin %> lb diff shop-web', '<%= config.bin %> lb diff --all']
  static override args = {
    'load-balancers': Args.string({
      description: 'UUIDs, names, VIPs or NLB names.',
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = selectorFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbDiff)
    await this.operate(
      { ...NO_CONSENT, ...flags, plan: true, 'detailed-exitcode': true },
      {
        operation: 'lb.diff',
        ...selectionOf(args['load-balancers'], flags, true, 'nyah lb diff'),
        arguments: {},
      },
    )
  }
}
