import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { mutatingFlags, noWaitFlag } from '../../lib/runtime/flags.ts'

export default class LbMirror extends NyahCommand {
  static override summary = 'Build the AWS NLB that does the job of an Octavia load balancer, and keep it true.'
  static override description = `Reads the load balancer, shows the plan, asks, applies it, and waits until the NLB is active and its targets are healthy.
Targets are the private cloud's members, reached over Direct Connect. Run it again at any time: it does what is left.`
  static override examples = [
    '<%= config.bin %> lb mirror 5f0c7c1e-0000-4000-8000-000000000001 --plan',
    '<%= config.bin %> lb mirror shop-web --yes',
  ]
  static override args = {
    'load-balancer': Args.string({ description: 'UUID, name or VIP.', required: true, ignoreStdin: true }),
  }
  static override flags = { ...mutatingFlags, ...noWaitFlag }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbMirror)
    await this.operate(flags, {
      operation: 'lb.mirror',
      names: [args['load-balancer']],
      arguments: { wait: !flags['no-wait'] },
    })
  }
}
