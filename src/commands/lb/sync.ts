import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { mutatingFlags, noWaitFlag } from '../../lib/runtime/flags.ts'

export default class LbSync extends NyahCommand {
  static override summary = 'Bring an existing mirror up to date with its Octavia load balancer, once.'
  static override examples = ['<%= config.bin %> lb sync shop-web --yes']
  static override args = {
    'load-balancer': Args.string({ description: 'UUID, name, VIP or NLB name.', required: true, ignoreStdin: true }),
  }
  static override flags = { ...mutatingFlags, ...noWaitFlag }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbSync)
    await this.operate(flags, {
      operation: 'lb.sync',
      names: [args['load-balancer']],
      arguments: { wait: !flags['no-wait'] },
    })
  }
}
