import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { NO_CONSENT } from '../../lib/runtime/flags.ts'

export default class LbDiff extends NyahCommand {
  static override summary = 'Show how a mirror differs from its Octavia load balancer; exit 4 when it does.'
  static override examples = ['<%= config.bin %> lb diff shop-web']
  static override args = {
    'load-balancer': Args.string({ description: 'UUID, name, VIP or NLB name.', required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbDiff)
    await this.operate(
      { ...NO_CONSENT, ...flags, plan: true, 'detailed-exitcode': true },
      { operation: 'lb.diff', names: [args['load-balancer']], arguments: {} },
    )
  }
}
